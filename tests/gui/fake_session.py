"""Real sessions over an invented PC for the window's tests: what a test decides is set as values."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TypeVar, cast

import msgspec
from PySide6.QtWidgets import QWidget

from app.adapters.local_system import open_system
from app.engine.editors import Editor
from app.engine.session import Session
from app.engine.undo import RollbackInfo, Unfinished
from app.engine.uninstalling import Uninstallable
from app.gui.wizard import Wizard
from app.knowledge import Knowledge, load
from app.model.advice import Choice, Diagnosis, Finding
from app.model.answers import Answers
from app.model.errors import InputError
from app.model.event import Failed, Line, Measured, StepEvent, Stopped
from app.model.home_layout import HomeLayout
from app.model.machine import MachineFacts, ProbeResult
from app.model.plan import (
    Plan,
)
from app.model.pointer import Pointer
from app.model.report import Packed, Preview
from app.model.sources import Sources
from app.model.status import Drift, ProgramAge, Status
from app.model.verdict import Verification
from app.steps.put_packages_back import SavedPackages
from tests.gui.sample_machine import CHOICES, FACTS, FINDINGS
from tests.gui.sample_run import CHECKS, DIAGNOSIS, ENV, HOME, PLAN, VERDICT, Act, good_install

RESOURCES = Path(__file__).parents[2] / "resources"
NO_SOURCES = Sources()
THREE_THINGS = tuple(
    Uninstallable(name, title, f"{HOME}\\{name}", size)
    for name, title, size in (
        ("envs", "Environment torch28-2025.11-0a1b2c3d", 7_100_000_000),
        ("wheels", "Fetched packages", 3_800_000_000),
        ("logs", "Logs", 1_200_000),
    )
)
BACK = Pointer(
    active="older", profile="guide-2024.9.post3", previous=ENV, at="2026-11-24T15:00:00Z"
)
PREVIEW = Preview(
    counts={"user": 12, "token": 1},
    text="Unsloth Setup report\n",
    page="<h1>Report</h1><p>It works.</p>",
    files=(Packed(name="report.html", size=40_200), Packed(name="run.log", size=9)),
)


def flush_and_close(wizard: Wizard) -> None:
    """End what the window still runs, so that it closes without a question."""
    for stream in list(wizard._streams):
        stream.close()
    wizard.busy = lambda: False


T = TypeVar("T", bound=QWidget)


def inside(widget: QWidget, kind: type[T]) -> list[T]:
    """All children of a kind, as a list that knows it."""
    return list(cast("list[T]", widget.findChildren(kind)))


@cache
def real_knowledge() -> Knowledge:
    """What the program really knows, read once: verdicts and estimates in these tests are the real
    ones.
    """

    def read(path: str) -> bytes | None:
        return (RESOURCES / path).read_bytes() if (RESOURCES / path).is_file() else None

    def names(path: str) -> tuple[str, ...]:
        folder = RESOURCES / path
        return tuple(sorted(p.name for p in folder.iterdir())) if folder.is_dir() else ()

    return load(read, names)


def answer(part: object, **given: Callable[..., object]) -> None:
    """Let a part answer with what a test says. Each must be a method of the part, and take what that
    takes or nothing.
    """
    for name, method in given.items():
        wanted = list(inspect.signature(getattr(part, name)).parameters)
        takes = list(inspect.signature(method).parameters)
        assert takes in (wanted, []), (name, wanted)
        setattr(part, name, method if takes else _ignoring_questions(method))


def _ignoring_questions(method: Callable[[], object]) -> Callable[..., object]:
    return lambda *_, **__: method()


class FakeSession(Session):
    """A real session over an invented PC. What it would ask this computer, the samples and the
    fields below answer; what follows from the answers is the real thing.
    """

    def __init__(
        self,
        facts: MachineFacts = FACTS,
        *,
        unfinished: Unfinished | None = None,
        simulated: str | None = None,
    ) -> None:
        super().__init__(
            open_system(simulated),
            real_knowledge(),
            Answers(language="en", theme="light"),
            lambda path: (RESOURCES / path).read_bytes(),
        )
        self.facts = None if simulated is None else facts
        self.to_find, self.surveys = facts, 0
        self.cut_off = unfinished
        self.active: Pointer | None = None
        self.opened: list[str] = []
        self.saved: dict[str, bytes] = {}
        self.on_task_bar: list[float] = []
        self.moved: dict[str, str] = {}  # shelf and where it came from
        self.occupied: set[str] = set()  # paths at which something lies again
        self.taken: list[SavedPackages] = []  # packages out of environments
        answer(self.system.files, disk=lambda: None)
        answer(self.home, pointer=lambda: self.active, require_real_machine=self._refuse)
        answer(self.network, sources=lambda: NO_SOURCES)
        answer(self.plans, install=self._plan)
        answer(
            self.undo,
            unfinished=lambda: self.cut_off,
            quarantined=lambda: tuple(self.moved.items()),
            removed_packages=lambda: iter(self.taken),
            put_back=self._put_back,
        )
        answer(
            self.desktop,
            save=lambda path, data: self.saved.update({path: data}),
            open=self._open,
            show_progress=self._show_progress,
        )

    @property
    def place(self) -> HomeLayout:
        """The home folder of the invented PC."""
        return HomeLayout(self.answers.home or HOME, "windows")

    def survey(self) -> Iterator[ProbeResult]:
        """Subject by subject, then all."""
        self.surveys += 1
        for name in ("os", "cpu", "memory", "disks", "gpus", "driver"):
            yield ProbeResult(subject=name, seconds=0.1, part=getattr(self.to_find, name))
        self.facts = self.to_find
        yield ProbeResult(subject="all", seconds=0.9, facts=self.to_find)

    def findings(self) -> tuple[Finding, ...]:
        """Three notes."""
        return FINDINGS

    def choices(self, facts: MachineFacts | None = None) -> tuple[Choice, ...]:
        """Four setups."""
        return CHOICES

    def _plan(self) -> Plan:
        profile = self.best().profile
        return msgspec.structs.replace(PLAN, title=profile.title, profile=profile.id)

    def _refuse(self) -> None:
        raise InputError("This PC is invented; expected one in which something can run.")

    def _open(self, target: str) -> None:
        self.opened.append(target)

    def _show_progress(self, window: int, share: float) -> None:
        self.on_task_bar.append(share)

    def _put_back(self, shelf: str) -> str:
        """Return one thing, unless its place is taken."""
        if self.moved[shelf] in self.occupied:
            raise InputError(
                f"{self.moved[shelf]} exists again, so the quarantined one stays where it is: "
                f"{shelf}."
            )
        return self.moved.pop(shelf)


class Staged(FakeSession):
    """A ``FakeSession`` whose runs play acts. ``gate`` holds the run at an act until it is set."""

    def __init__(
        self,
        folder: Path,
        acts: Callable[[], Iterator[Act]] = good_install,
        facts: MachineFacts = FACTS,
        simulated: str | None = None,
    ) -> None:
        super().__init__(facts, simulated=simulated)
        self.facts = facts
        self.acts = acts
        self.verdict: Verification | None = VERDICT
        self.gate: tuple[int, threading.Event] | None = None
        self.runs: list[Plan] = []
        self.changed: tuple[str, ...] = ()
        self.reports: list[str | None] = []
        self.newer: str | None = None
        self.offered = {"report", "folder", "terminal", "verify", "rollback"}
        self.execution.log_path = str(folder / "run.log")
        answer(
            self.plans,
            install=lambda: PLAN,
            verify=lambda: msgspec.structs.replace(PLAN, steps=CHECKS),
        )
        answer(
            self.execution,
            _run_steps=self._play,
            _simulate=self._play,
            _judge_run=self._judge,
            explain=lambda log: DIAGNOSIS if b"space" in log else Diagnosis(),
        )
        answer(
            self.environments,
            already_in_place=lambda: None,
            changes=lambda: self.changed,
            newer_profile=lambda: self.newer,
            status=self._status,
        )
        answer(
            self.undo,
            uninstallable=lambda: THREE_THINGS,
            rollback_info=lambda: RollbackInfo(environment="older", verdict="works"),
            rollback=lambda: BACK,
        )
        answer(
            self.exports,
            write_report=self._write_report,
            issue_text=self._issue_text,
            report_preview=lambda: PREVIEW,
        )
        answer(
            self.desktop,
            offers=lambda: self.offered,
            editors=lambda: (Editor(name="vscode", argv=("code",)),),
            open_editor=lambda editor, folder="": f"{editor.name} opens {folder}.",
        )

    def _play(self, plan: Plan) -> Iterator[StepEvent]:
        """Play the acts; the log is on disk before its event is told."""
        execution, stop = self.execution, self.system.stop
        self.runs.append(plan)
        failed = False
        known = {s.id for s in plan.steps}
        with Path(execution.log_path or "").open("ab", buffering=0) as log:
            for at, (step, what) in enumerate(self.acts()):
                if step not in known:
                    continue
                if self.gate is not None and at == self.gate[0]:
                    while not self.gate[1].wait(0.005) and not stop.is_set():
                        pass
                if stop.is_set():
                    execution.outcome = "stopped"
                    yield StepEvent(at=float(at), step=step, what=Stopped())
                    return
                if isinstance(what, Line):
                    log.write(what.text)
                failed = failed or isinstance(what, Failed)
                yield StepEvent(at=float(at), step=step, what=what)
        execution.outcome = "failed" if failed else "finished"

    def _judge(
        self, plan: Plan, measured: list[tuple[str, Measured]], failures: Mapping[str, Failed]
    ) -> None:
        self.execution.verification = None if failures else self.verdict

    def _write_report(self, path: str | None = None) -> str:
        """Remember that it was asked for."""
        self.reports.append(path)
        return path or "report.zip"

    def _issue_text(self, log: bytes | None = None, diagnosis: Diagnosis | None = None) -> str:
        """What was asked for, in one line."""
        ideas = [other.cause for other in diagnosis.others] if diagnosis else []
        return f"issue about {len(log or b'')} bytes: {', '.join(ideas)}"

    def _status(self) -> Status:
        """One environment that works, with one change where the test says so."""
        pointer = self.active
        return Status(
            program=ProgramAge(version="2", knowledge="2026-11-01", fresh_until="2027-03-01"),
            home=HOME,
            installed=pointer is not None,
            profile=pointer.profile if pointer is not None else None,
            environment=f"{HOME}\\envs\\{ENV}",
            path=f"{HOME}\\envs\\current",
            verdict="not_checked" if self.changed else "works",
            proven_at="2026-11-24T15:00:00Z",
            drift=tuple(Drift(package="torch", text=text) for text in self.changed),
            previous=pointer.previous if pointer is not None else None,
        )
