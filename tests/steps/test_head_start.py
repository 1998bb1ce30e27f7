"""A check that imports its libraries before its turn: real processes, the order told by files."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.resources import resource_names, resource_reader
from app.decide.plans.builder import verify_plan
from app.knowledge import load
from app.model.errors import ExpectedError, StoppedError
from app.model.event import AnyPayload, Line, Measured
from app.model.machine import Cpu, Gpu, MachineFacts, Memory, Os
from app.model.plan import Plan, RunCheck
from app.steps import run_check
from app.steps.head_start import HeadStart, early_check
from app.steps.step_context import StepContext

READY = "os.path.exists(os.path.join('..', 'early', 'turn.ready'))"
SCRIPTS = {
    "telling.py": "",
    # Tells its imports, waits for its turn, tells what it measured.
    "early.py": """import json, os, time
print("imported", flush=True)
open("pid", "w").write(str(os.getpid()))
turn = os.environ.get("CHECK_TURN")
if turn:
    open(turn + ".ready", "wb").close()
    while not os.path.exists(turn):
        time.sleep(0.01)
print(json.dumps({"what": "measured", "name": "early", "value": bool(turn)}))
print(json.dumps({"what": "finished"}))
""",
    "broken.py": 'import json\nprint(json.dumps({"what": "failed", "code": "import-failed", '
    '"message": "It cannot be imported.", "details": ""}))\nraise SystemExit(1)\n',
    "small.py": 'import json\nprint(json.dumps({"what": "finished"}))\n',
    "bench.py": f"""import json, os
print(json.dumps({{"what": "measured", "name": "alone", "value": {READY}}}))
print(json.dumps({{"what": "finished"}}))
""",
}  # fmt: skip


def step(name: str, stage: str = "checks") -> RunCheck:
    return RunCheck(
        id=f"check-{name}", title=name, environment="e", check=name, profile="small", stage=stage
    )


@pytest.fixture
def made(site: StepContext) -> StepContext:
    """A home with an environment that is this Python."""
    python = Path(site.place.environment_python("e"))
    python.parent.mkdir(parents=True)
    if sys.platform == "win32":
        pytest.skip("an environment here is a link to this Python")
    python.symlink_to(sys.executable)
    return replace(site, resource=lambda name: SCRIPTS[name.removeprefix("checks/")].encode())


def measured(events: list[AnyPayload]) -> dict[str, object]:
    return {what.name: what.value for what in events if isinstance(what, Measured)}


def test_it_imports_beside_the_small_ones_and_goes_on_at_its_turn(made: StepContext) -> None:
    """The measurement begins after its import; nothing of it is told before its own turn."""
    early = step("early", "fine-tune")
    site = replace(made, head_start=HeadStart(early))
    small = list(run_check.run(step("small"), site))
    bench = list(run_check.run(step("bench", "benchmark"), site))
    own = list(run_check.run(early, site))
    assert not any(isinstance(what, Line) and b"imported" in what.text for what in small + bench)
    assert measured(bench) == {"alone": True}
    assert measured(own) == {"early": True}
    words = [what.text for what in own if isinstance(what, Line)]
    assert words[0].startswith(b"> ") and b"imported\n" in words
    assert not made.system.files.exists(made.place.at("work", "early"))
    later = list(run_check.run(step("small"), site))  # one after it begins nothing again
    assert measured(later) == {} and not made.system.files.exists(made.place.at("work", "early"))


def test_without_an_earlier_check_it_simply_runs(made: StepContext) -> None:
    early = step("early", "fine-tune")
    events = list(run_check.run(early, replace(made, head_start=HeadStart(early))))
    assert measured(events) == {"early": True}


def test_a_failed_import_is_told_at_its_own_turn(made: StepContext) -> None:
    broken = step("broken", "fine-tune")
    site = replace(made, head_start=HeadStart(broken))
    list(run_check.run(step("small"), site))
    list(run_check.run(step("bench", "benchmark"), site))
    with pytest.raises(ExpectedError, match=r"It cannot be imported\."):
        list(run_check.run(broken, site))


def test_a_stop_and_a_failure_leave_no_process(made: StepContext) -> None:
    for way in ("stop", "failure"):
        early = step("early", "fine-tune")
        ahead = HeadStart(early)
        site = replace(made, head_start=ahead)
        list(run_check.run(step("small"), site))
        while not made.system.files.exists(made.place.at("work", "early", "turn.ready")):
            time.sleep(0.01)
        process = int(Path(made.place.at("work", "early", "pid")).read_text())
        if way == "stop":
            made.system.stop.set()
            with pytest.raises(StoppedError):
                list(run_check.run(step("bench", "benchmark"), site))
            with pytest.raises(StoppedError):
                list(run_check.run(early, site))
            made.system.stop.clear()
        ahead.close()
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
        made.system.files.remove(made.place.at("work", "early"))


def facts(gigabytes: float = 24, threads: int = 4, card: float | None = None) -> MachineFacts:
    gpus = () if card is None else (
        Gpu(vendor="nvidia", name="A card", memory_total=int(card * 1e9), compute_capability="8.9"),
    )  # fmt: skip
    return MachineFacts(
        os=Os(family="linux"),
        memory=Memory(available=int(gigabytes * 1e9)),
        cpu=Cpu(threads=threads),
        gpus=gpus,
    )


def test_it_begins_only_where_there_is_room(made: StepContext) -> None:
    """Memory, a second thread, a card that has room for both; never where the plan has one check."""
    known = load(resource_reader(), resource_names())
    on_card, without = known.profile("torch212-2026.10"), known.profile("practice-cpu")
    plan = verify_plan(without, made.place, "e", False)
    found = early_check(plan, facts(), False)
    assert found is not None and found.check == "fine_tune"
    assert early_check(plan, facts(gigabytes=4), False) is None
    assert early_check(plan, facts(threads=1), False) is None
    assert early_check(plan, MachineFacts(os=Os(family="linux")), False) is None
    assert early_check(verify_plan(without, made.place, "e", True), facts(), False) is None
    assert early_check(Plan(title="t", profile="p", steps=(found,)), facts(), False) is None
    plan = verify_plan(on_card, made.place, "e", False)
    assert early_check(plan, facts(card=24), True) is not None
    assert early_check(plan, facts(card=8), True) is None
    assert early_check(plan, facts(), True) is None
