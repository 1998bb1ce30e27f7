"""The runner with small handlers.

Order, skips, failures, needs, stopping, and what the journal keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.adapters.local_system import open_system
from app.engine.journal import Journal
from app.engine.runner import Runner
from app.model import limits
from app.model.advice import Diagnosis
from app.model.answers import Answers
from app.model.errors import ExpectedError, StoppedError
from app.model.event import AnyPayload, Failed, Line, StepEvent
from app.model.home_layout import HomeLayout
from app.model.plan import AnyStep, CreateEnvironment, Plan, RunCheck
from app.model.sources import Sources
from app.steps.step_context import StepContext


class Scripted:
    """A handler that does what the step's title says."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def done(self, step: AnyStep, site: StepContext) -> str | None:
        return "It was there." if step.title == "there" else None

    def run(self, step: AnyStep, site: StepContext) -> Iterator[AnyPayload]:
        self.ran.append(step.id)
        site.record("made", {"path": step.id})
        yield Line(text=b"working\n")
        if step.title.startswith("prints"):
            for number in range(int(step.title.split()[1])):
                yield Line(text=b"%06d %s\n" % (number, b"x" * 92))
            if step.title.endswith("fails"):
                raise ExpectedError("child-failed", "It failed.")
        if step.title == "fails":
            raise ExpectedError("disk_full", "The disk is full.", details="No space left on device")
        if step.title == "stops":
            raise StoppedError


def make(step_id: str, title: str) -> CreateEnvironment:
    return CreateEnvironment(id=step_id, title=title, environment="e", python="3.11")


def check(step_id: str, title: str, needs: tuple[str, ...] = ()) -> RunCheck:
    return RunCheck(
        id=step_id, title=title, environment="e", check=step_id, profile="p", needs=needs
    )


class Bench:
    def __init__(self, home: Path) -> None:
        self.system = open_system()
        self.place = HomeLayout(str(home), self.system.computer.family)
        self.journal = Journal(self.system.files, self.system.clock, self.place.journal)
        self.scripted = Scripted()
        self.log = bytearray()
        self.explained: list[tuple[bytes, str]] = []

    def run(
        self,
        *steps: AnyStep,
        log: Callable[[bytes], None] | None = None,
        keep: Callable[[StepEvent], None] | None = None,
    ) -> tuple[Runner, list[StepEvent]]:
        site = StepContext(
            system=self.system,
            place=self.place,
            profiles={},
            answers=Answers(),
            sources=Sources(),
            resource=str.encode,
            record=self.journal.effect("x", ""),
        )
        handlers: dict[str, Any] = {"create-environment": self.scripted, "run-check": self.scripted}
        runner = Runner(
            site, handlers, self.journal, "x", log or self.log.extend, self.explain, keep=keep
        )
        return runner, list(runner.run(Plan(title="t", environment="e", profile="p", steps=steps)))

    def explain(self, log: bytes, code: str) -> Diagnosis:
        self.explained.append((log, code))
        return Diagnosis(cause=code, title="Disk full")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def outline(events: list[StepEvent]) -> list[tuple[str, str]]:
    return [(e.step, str(e.what.__struct_config__.tag)) for e in events]


def test_steps_run_in_order_and_those_that_are_done_are_skipped(bench: Bench) -> None:
    runner, events = bench.run(make("a", "works"), make("b", "there"), make("c", "works"))
    assert outline(events) == [
        ("a", "started"),
        ("a", "line"),
        ("a", "finished"),
        ("b", "skipped"),
        ("c", "started"),
        ("c", "line"),
        ("c", "finished"),
    ]
    assert runner.outcome == "finished"
    assert bytes(bench.log) == b"working\nworking\n"
    assert bench.journal.unfinished() is None
    assert bench.journal.made() == ("c", "a")


def test_a_failed_step_ends_the_plan_with_its_diagnosis(bench: Bench) -> None:
    runner, events = bench.run(make("a", "fails"), make("b", "works"))
    failed = events[-1].what
    assert isinstance(failed, Failed)
    assert (failed.code, failed.diagnosis and failed.diagnosis.cause) == ("disk_full", "disk_full")
    assert runner.outcome == "failed"
    assert bench.scripted.ran == ["a"]
    log, code = bench.explained[0]
    assert code == "disk_full"
    assert b"working" in log and b"No space left" in log
    assert bench.journal.unfinished() is not None


@pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="the system has no device that is always full"
)
@pytest.mark.parametrize("which", ["log", "keep"])
def test_a_disk_that_takes_no_more_of_the_log_or_the_record_fails_the_step(
    bench: Bench, which: str
) -> None:
    full = bench.system.files.open_log("/dev/full")
    kept: list[StepEvent] = []

    def keep(event: StepEvent) -> None:
        if isinstance(event.what, Line | Failed):
            full(b"line")
        kept.append(event)

    steps = make("a", "works"), make("b", "works")
    runner, events = bench.run(*steps, log=full) if which == "log" else bench.run(*steps, keep=keep)
    assert outline(events) == [("a", "started"), ("a", "failed")]
    assert isinstance(events[-1].what, Failed) and events[-1].what.code == "disk_full"
    assert runner.outcome == "failed" and runner.error is not None
    assert outline(kept) == ([] if which == "log" else [("a", "started")])


def test_a_failed_check_lets_the_others_go_on_but_not_those_that_need_it(bench: Bench) -> None:
    runner, events = bench.run(
        check("torch", "fails"), check("kernel", "works", ("torch",)), check("versions", "works")
    )
    assert bench.scripted.ran == ["torch", "versions"]
    assert ("kernel", "skipped") in outline(events)
    assert runner.outcome == "failed"


def test_stopping_is_told_and_kept_to_go_on_with(bench: Bench) -> None:
    runner, events = bench.run(make("a", "works"), make("b", "stops"), make("c", "works"))
    assert outline(events)[-1] == ("b", "stopped")
    assert runner.outcome == "stopped"
    unfinished = bench.journal.unfinished()
    assert unfinished is not None
    assert unfinished[1] == ("a",)


@pytest.mark.parametrize("end", ["", " fails"])
def test_the_log_of_endless_output_is_capped_says_so_and_keeps_the_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(limits, "CHILD_LOG", 100_000)
    monkeypatch.setattr(limits, "CHILD_END", 10_000)
    bench = Bench(tmp_path)
    _, events = bench.run(make("one", f"prints 5000{end}"), check("two", f"prints 50{end}"))
    lines = bytes(bench.log).splitlines()
    assert len(bench.log) < 130_000
    assert lines[1].startswith(b"000000 ")
    assert sum(b"of output: what follows is left out" in line for line in lines) >= 1
    assert any(b"bytes left out ...]" in line for line in lines)
    assert any(line.startswith(b"004999 ") for line in lines)
    if not end:
        assert lines[-1].startswith(b"000049 ")
    output = b"".join(e.what.text for e in events if isinstance(e.what, Line))
    assert bytes(bench.log).startswith(output)


def test_short_output_is_handed_on_as_it_is(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.run(make("one", "prints 500"))
    assert b"left out" not in bytes(bench.log)
    assert len(bench.log) == 8 + 500 * 100
