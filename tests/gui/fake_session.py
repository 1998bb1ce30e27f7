"""Real sessions over an invented PC for the window's tests: what a test decides is set as values."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar, cast

import msgspec
from PySide6.QtWidgets import QWidget

from app.adapters.local_system import open_system
from app.engine.desktop import Desktop
from app.engine.editors import Editor
from app.engine.environments import Environments
from app.engine.execution import Execution
from app.engine.exports import Exports
from app.engine.home import OwnHome
from app.engine.network_access import NetworkAccess
from app.engine.plans import Plans
from app.engine.session import Session
from app.engine.undo import RollbackInfo, Undo, Unfinished
from app.engine.uninstalling import Uninstallable
from app.gui.wizard import Wizard
from app.knowledge import Knowledge, load
from app.model.advice import Choice, Diagnosis, Finding
from app.model.answers import Answers
from app.model.errors import InputError
from app.model.event import Failed, Line, StepEvent, Stopped
from app.model.home_layout import HomeLayout
from app.model.machine import MachineFacts, ProbeResult
from app.model.plan import (
    Activate,
    CreateEnvironment,
    FetchWheels,
    InstallWheels,
    Plan,
    ProvidePython,
    RunCheck,
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


class FakeSession(Session):
    """A session over an invented PC: facts, findings and setups are the samples. What its parts
    would read of this computer, a test sets as values; the rest of them is real.
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
        self.opened: list[str] = []
        self.saved: dict[str, bytes] = {}
        self.on_task_bar: list[float] = []
        self.moved: dict[str, str] = {}  # shelf and where it came from
        self.occupied: set[str] = set()  # paths at which something lies again
        self.taken: list[SavedPackages] = []  # packages out of environments
        self.home: OwnHome = FakeHome(self)
        self.network: NetworkAccess = FakeNetwork(self)
        self.plans: Plans = FakePlans(self)
        self.undo: Undo = FakeUndo(self)
        self.exports: Exports = FakeExports(self)
        self.desktop: Desktop = FakeDesktop(self)

    @property
    def place(self) -> HomeLayout:
        """The home folder of the invented PC."""
        return HomeLayout(self.answers.home or HOME, "windows")

    def change(self, **fields: object) -> None:
        """Take answers."""
        self.answers = msgspec.structs.replace(self.answers, **fields)

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

    def best(self) -> Choice:
        """The first, or the chosen one."""
        return next(
            (c for c in CHOICES if self.profile is not None and c.profile.id == self.profile.id),
            CHOICES[0],
        )

    def choose(self, profile_id: str) -> None:
        """Take a profile."""
        self.profile = next(c.profile for c in CHOICES if c.profile.id == profile_id)


class FakeHome(OwnHome):
    """A home on an invented PC, in which nothing is installed."""

    def pointer(self) -> Pointer | None:
        """Nothing is installed."""
        return None

    def require_real_machine(self) -> None:
        """Nothing is trained on an invented PC."""
        raise InputError("This PC is invented; expected one in which something can run.")


class FakeNetwork(NetworkAccess):
    """No settings of this computer's pip and uv."""

    def sources(self) -> Sources:
        """Nothing set."""
        return Sources()


class FakePlans(Plans):
    """An install of five steps."""

    def install(self) -> Plan:
        """Five steps."""
        profile, name = self._session.best().profile, ENV
        return Plan(
            title=profile.title,
            profile=profile.id,
            environment=name,
            steps=(
                ProvidePython(id="python", title="Python 3.12", version="3.12"),
                FetchWheels(
                    id="torch",
                    title="PyTorch for CUDA 12.8",
                    profile=profile.id,
                    part="torch",
                    download_bytes=4_118_402_316,
                ),
                CreateEnvironment(
                    id="environment", title="Own environment", environment=name, python="3.12"
                ),
                InstallWheels(
                    id="install",
                    title="Unsloth and 71 packages",
                    environment=name,
                    profile=profile.id,
                    parts=("torch",),
                    disk_bytes=9_600_000_000,
                ),
                Activate(
                    id="activate",
                    title="Switch to the new setup",
                    environment=name,
                    profile=profile.id,
                ),
            ),
        )

    def is_applicable(self, remedy: str | None) -> bool:
        """Every fix but the one for certificates, as nothing names a file of them."""
        return remedy != "system-certificates"


class FakeUndo(Undo):
    """What the test cut off, moved away and took out."""

    def __init__(self, session: FakeSession) -> None:
        super().__init__(session)
        self._test = session

    def unfinished(self) -> Unfinished | None:
        """A run that was cut off, if the test wants one."""
        return self._test.cut_off

    def quarantined(self) -> tuple[tuple[str, str], ...]:
        """What the test moved away."""
        return tuple(self._test.moved.items())

    def removed_packages(self) -> Iterator[SavedPackages]:
        """What the test took out of environments."""
        yield from self._test.taken

    def put_back(self, shelf: str) -> str:
        """Return one thing, unless its place is taken."""
        moved = self._test.moved
        if moved[shelf] in self._test.occupied:
            raise InputError(
                f"{moved[shelf]} exists again, so the quarantined one stays where it is: {shelf}."
            )
        return moved.pop(shelf)


class FakeExports(Exports):
    """The facts as they are."""

    def machine_file(self) -> bytes:
        """The facts as JSON."""
        return msgspec.json.encode(self._session.facts)


class FakeDesktop(Desktop):
    """Keeps what it was asked for."""

    def __init__(self, session: FakeSession) -> None:
        super().__init__(session)
        self._test = session

    def save(self, path: str, data: bytes) -> None:
        """Keep what was saved."""
        self._test.saved[path] = data

    def open(self, target: str) -> None:
        """Keep what was opened."""
        self._test.opened.append(target)

    def show_progress(self, window: int, share: float) -> None:
        """What the task bar would show."""
        self._test.on_task_bar.append(share)


class Staged(FakeSession):
    """A ``FakeSession`` whose ``execution.run`` plays acts. ``gate`` holds the run at an act until
    it is set.
    """

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
        self.halt = threading.Event()
        self.gate: tuple[int, threading.Event] | None = None
        self.runs: list[Plan] = []
        self.changed: tuple[str, ...] = ()
        self.active: Pointer | None = None
        self.reports: list[str | None] = []
        self.newer: str | None = None
        self.offered = {"report", "folder", "terminal", "verify", "rollback"}
        self.home = StagedHome(self)
        self.plans = StagedPlans(self)
        self.execution: Execution = StagedExecution(self, folder / "run.log")
        self.environments: Environments = StagedEnvironments(self)
        self.undo = StagedUndo(self)
        self.exports = StagedExports(self)
        self.desktop = StagedDesktop(self)


class StagedHome(FakeHome):
    """A home whose pointer the test sets."""

    def __init__(self, session: Staged) -> None:
        super().__init__(session)
        self._test = session

    def pointer(self) -> Pointer | None:
        """None before an install."""
        return self._test.active


class StagedPlans(FakePlans):
    """An install like the pictures', and its checks."""

    def install(self) -> Plan:
        """An install like the pictures'."""
        return PLAN

    def verify(self, quick: bool = False, environment: str | None = None) -> Plan:
        """The checks alone."""
        return Plan(title=PLAN.title, profile=PLAN.profile, environment=ENV, steps=CHECKS)


class StagedExecution(Execution):
    """Plays the acts of a test."""

    def __init__(self, session: Staged, log: Path) -> None:
        super().__init__(session)
        self._test = session
        self.log_path: str | None = str(log)

    def run(self, plan: Plan) -> Generator[StepEvent, None, None]:
        """Play the acts; the log is on disk before its event is told."""
        test = self._test
        self.events, self.outcome, self.last_plan = [], "", plan
        test.halt.clear()
        test.runs.append(plan)
        failed = False
        known = {s.id for s in plan.steps}
        with Path(self.log_path or "").open("ab", buffering=0) as log:
            for at, (step, what) in enumerate(test.acts()):
                if step not in known:
                    continue
                if test.gate is not None and at == test.gate[0]:
                    while not test.gate[1].wait(0.005) and not test.halt.is_set():
                        pass
                if test.halt.is_set():
                    self.outcome = "stopped"
                    yield StepEvent(at=float(at), step=step, what=Stopped())
                    return
                if isinstance(what, Line):
                    log.write(what.text)
                failed = failed or isinstance(what, Failed)
                event = StepEvent(at=float(at), step=step, what=what)
                self.events.append(event)
                yield event
        self.outcome = "failed" if failed else "finished"
        self.verification = (
            test.verdict
            if any(isinstance(s, RunCheck) for s in plan.steps) and not failed
            else None
        )

    def stop(self) -> None:
        """End the run."""
        self._test.halt.set()

    def explain(self, log: bytes) -> Diagnosis:
        """Knows one cause."""
        return DIAGNOSIS if b"space" in log else Diagnosis()


class StagedEnvironments(Environments):
    """One environment that works, with the changes that the test sets."""

    def __init__(self, session: Staged) -> None:
        super().__init__(session)
        self._test = session

    def already_in_place(self, plan: Plan) -> Verification | None:
        """Not yet."""
        return None

    def changes(self, plan: Plan) -> tuple[str, ...]:
        """What the test says."""
        return self._test.changed

    def newer_profile(self, kept: str, facts: MachineFacts | None = None) -> str | None:
        """What the test says."""
        return self._test.newer

    def status(self) -> Status:
        """One environment that works, with one change where the test says so."""
        pointer, changed = self._test.active, self._test.changed
        return Status(
            program=ProgramAge(version="2", knowledge="2026-11-01", fresh_until="2027-03-01"),
            home=HOME,
            installed=pointer is not None,
            profile=pointer.profile if pointer is not None else None,
            environment=f"{HOME}\\envs\\{ENV}",
            path=f"{HOME}\\envs\\current",
            verdict="not_checked" if changed else "works",
            proven_at="2026-11-24T15:00:00Z",
            drift=tuple(Drift(package="torch", text=text) for text in changed),
            previous=pointer.previous if pointer is not None else None,
        )


class StagedUndo(FakeUndo):
    """Things that take room, and a way back."""

    def uninstallable(self) -> tuple[Uninstallable, ...]:
        """Three things that take room."""
        return tuple(
            Uninstallable(name, title, f"{HOME}\\{name}", size)
            for name, title, size in (
                ("envs", "Environment torch28-2025.11-0a1b2c3d", 7_100_000_000),
                ("wheels", "Fetched packages", 3_800_000_000),
                ("logs", "Logs", 1_200_000),
            )
        )

    def rollback_info(self) -> RollbackInfo:
        """To one that works."""
        return RollbackInfo(environment="older", verdict="works")

    def rollback(self) -> Pointer:
        """Swap."""
        return Pointer(
            active="older", profile="guide-2024.9.post3", previous=ENV, at="2026-11-24T15:00:00Z"
        )


class StagedExports(FakeExports):
    """Short texts, and a report that is asked for."""

    def __init__(self, session: Staged) -> None:
        super().__init__(session)
        self._test = session

    def plan_script(self, shell: str | None = None) -> str:
        """A script."""
        return "$ErrorActionPreference = 'Stop'\nuv venv\n"

    def write_report(self, path: str | None = None) -> str:
        """Remember that it was asked for."""
        self._test.reports.append(path)
        return path or "report.zip"

    def issue_text(self, log: bytes | None = None, diagnosis: Diagnosis | None = None) -> str:
        """What was asked for, in one line."""
        ideas = [other.cause for other in diagnosis.others] if diagnosis else []
        return f"issue about {len(log or b'')} bytes: {', '.join(ideas)}"

    def report_preview(self) -> Preview:
        """Two files, three things taken out."""
        return Preview(
            counts={"user": 12, "token": 1},
            text="Unsloth Setup report\n",
            page="<h1>Report</h1><p>It works.</p>",
            files=(Packed(name="report.html", size=40_200), Packed(name="run.log", size=9)),
        )

    def training_script(
        self,
        model: str | None = None,
        length: int | None = None,
        batch: int | None = None,
        bits: int | None = None,
        rank: int | None = None,
    ) -> str:
        """The knobs in a line."""
        return (
            f"# model={model} length={length} batch={batch} bits={bits} rank={rank}\n"
            f"import unsloth\n"
        )


class StagedDesktop(FakeDesktop):
    """What the test offers, and VS Code."""

    def __init__(self, session: Staged) -> None:
        super().__init__(session)
        self._staged = session

    def offers(self) -> set[str]:
        """What the test wants."""
        return self._staged.offered

    def editors(self) -> tuple[Editor, ...]:
        """VS Code alone."""
        return (Editor(name="vscode", argv=("code",)),)

    def open_editor(self, editor: Editor) -> str:
        """A sentence."""
        return f"{editor.name} opens."
