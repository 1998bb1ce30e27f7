"""The check of several cards with the real Unsloth: two processes on the processor."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.model.event import Failed, Measured
from app.model.plan import Plan, RunCheck
from tests.training.conftest import ROOT, TRAINING_PYTHON, read_event, with_unsloth
from tests.training.homes import ENVIRONMENT, make_home, open_session

if sys.platform == "win32":
    pytest.skip("several cards are for Linux", allow_module_level=True)
pytestmark = [with_unsloth, pytest.mark.real, pytest.mark.slow]
CHECKS = ROOT / "resources" / "checks"
LOSS = "several_cards.loss"


def run_check(
    temporary: Path,
    act: Callable[[subprocess.Popen[bytes]], None] = lambda _: None,
    checks: Path = CHECKS,
) -> tuple[int, list[dict[str, Any]]]:
    """Run the check on two processes as a step does; ``act`` once both have trained a step. Its exit
    code and events.
    """
    temporary.mkdir(exist_ok=True)
    argv = [TRAINING_PYTHON, "-I", str(checks / "several_cards.py"), "--cards", "2"]
    env = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=env, cwd=temporary) as process:
        events, acted = [], False
        for line in process.stdout or ():
            event = read_event(line.decode("utf-8", "replace").strip())
            if event is None:
                continue
            events.append(event)
            if event.get("name") == LOSS and not acted:
                acted = True
                act(process)
    return process.returncode, events


def trainers(below: Path) -> dict[int, dict[str, str]]:
    """The processes that train under a folder, each with its variables."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            text = (entry / "environ").read_bytes().decode("utf-8", "replace").split("\0")
        except OSError:
            continue
        variables = dict(line.split("=", 1) for line in text if "=" in line)
        if "RANK" in variables and variables.get("SEVERAL_CARDS_FOLDER", "").startswith(str(below)):
            found[int(entry.name)] = variables
    return found


def until_gone(below: Path) -> None:
    """Wait for the end of all that trains under a folder."""
    while trainers(below):
        time.sleep(0.1)


def test_as_a_step_two_processes_learn_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step itself: the loss falls, the weights are equal; both see the chosen cards in the order
    of the bus, and NVLink's variables as the user has them.
    """
    own = {"NCCL_NVLS_ENABLE": "0", "TORCH_SYMM_MEM_DISABLE_MULTICAST": "1", "NVSHMEM_DISABLE_NVLS": "1"}  # fmt: skip
    for name, value in {**own, "TMPDIR": str(tmp_path / "temp")}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "temp").mkdir()
    session = open_session(make_home(tmp_path / "home", TRAINING_PYTHON), real=True)
    step = RunCheck(
        id="check-several_cards",
        title="Several cards",
        environment=ENVIRONMENT,
        check="several_cards",
        profile="practice-cpu",
        arguments=("--cards", "2"),
        cards=("GPU-aa", "GPU-bb"),
        decides=False,
    )
    seen: dict[int, dict[str, str]] = {}
    measured: dict[str, Measured] = {}
    for event in session.execution.run(
        Plan(title="t", profile="practice-cpu", environment=ENVIRONMENT, steps=(step,))
    ):
        assert not isinstance(event.what, Failed), event.what
        if isinstance(event.what, Measured):
            measured[event.what.name] = event.what
            seen = seen or trainers(tmp_path)
    assert sorted(variables["RANK"] for variables in seen.values()) == ["0", "1"]
    wanted = {**own, "CUDA_VISIBLE_DEVICES": "GPU-aa,GPU-bb", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    assert all(wanted.items() <= variables.items() for variables in seen.values())
    assert measured.keys() == {LOSS, "several_cards.result"}  # what Unsloth's import tells is not
    assert session.execution.verification is not None
    found = session.execution.verification.several_cards
    assert found is not None and found.passed and found.equal and found.processes == 2
    assert found.loss_first is not None and found.loss_last is not None
    assert found.steps == 20 and found.loss_last < found.loss_first - 0.5
    assert [card.ok for card in found.cards] == [True, True]
    assert measured["several_cards.result"].detail["backend"] == "gloo"
    until_gone(tmp_path)
    assert list((tmp_path / "temp").iterdir()) == []


def test_one_that_is_killed_ends_the_other_and_is_told(tmp_path: Path) -> None:
    def kill(process: subprocess.Popen[bytes]) -> None:
        one = next(pid for pid, have in trainers(tmp_path).items() if have["RANK"] == "1")
        os.kill(one, signal.SIGKILL)

    code, events = run_check(tmp_path / "temp", kill)
    assert (code, events[-1]["code"]) == (1, "process-ended")
    assert events[-1]["message"] == (
        "Training on 2 cards stopped: One of the processes was ended from outside."
    )
    until_gone(tmp_path)
    assert list((tmp_path / "temp").iterdir()) == []


def test_a_check_that_is_stopped_leaves_nobody_behind(tmp_path: Path) -> None:
    """A stop kills the script and its session; a launcher puts its processes into sessions of their own."""
    seen: list[int] = []

    def kill(process: subprocess.Popen[bytes]) -> None:
        seen.extend(trainers(tmp_path))
        process.kill()

    code, _ = run_check(tmp_path / "temp", kill)
    assert code == -signal.SIGKILL and len(seen) == 2
    until_gone(tmp_path)
    assert list((tmp_path / "temp").glob("several_cards_*")) == []


@pytest.mark.parametrize(("line", "change", "code", "words"), [
    ("    trainer.train()\n", "    if rank: next(p for p in model.parameters() if p.requires_grad).data.add_(1e-6)\n",
     "several-cards-wrong", "ran, but the cards did not end with the same weights."),
    ("    trainer.train()\n", "    if rank: raise RuntimeError('NCCL error in: x.cpp:1\\nLast error:\\nCuda failure 217')\n",
     "several-cards-failed", "stopped: NCCL: Cuda failure 217."),
])  # fmt: skip
def test_what_goes_wrong_in_one_process_is_the_answer(
    tmp_path: Path, line: str, change: str, code: str, words: str
) -> None:
    """One weight of one process that is a millionth off; an exception with NCCL's own words."""
    checks = tmp_path / "checks"
    shutil.copytree(CHECKS, checks)
    text = (checks / "several_cards.py").read_text("utf-8")
    assert text.count(line) == 1
    (checks / "several_cards.py").write_text(text.replace(line, line + change), encoding="utf-8")
    ended, events = run_check(tmp_path / "temp", checks=checks)
    assert (ended, events[-1]["code"]) == (1, code)
    assert events[-1]["message"] == f"Training on 2 cards {words}"
