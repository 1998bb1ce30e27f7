"""How far a plan has come.

What is shown as one row, bytes fetched, the share of the whole, the time that is left.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from app.gui.formatting import translate
from app.gui.messages import localize
from app.model.checks import check_named
from app.model.event import Failed, Finished, Progress, Skipped, Started, StepEvent, Stopped
from app.model.plan import (
    Activate,
    AnyStep,
    CreateEnvironment,
    FetchWheels,
    FirstImport,
    InstallWheels,
    Plan,
    ProvidePython,
    RunCheck,
    RunTraining,
)

RowState = Literal["wait", "run", "down", "ok", "skip", "err", "stop"]

# Seconds that steps take on an ordinary PC, measured on two machines; they weigh the whole bar
# until real ones are known.
_LINE = 10e6  # bytes a second of an ordinary line
_DISK = 60e6  # bytes a second of unpacking with hashes and byte code
SILENT = 5.0  # seconds without a byte after which the network is said to be waited for


@dataclass
class ProgressRow:
    """One or several steps that people see as one: the checks are one row."""

    steps: tuple[AnyStep, ...]
    title: str
    state: RowState = "wait"
    seconds: float | None = None  # how long it took
    began: float = 0.0
    done: int = 0  # steps of the row that are over
    note: str = ""  # what it says of itself now
    progress: Progress | None = None
    heard: float = 0.0  # when a byte came last
    waiting: bool = False  # for the network: no byte for a while, and some are still to come
    ended: set[str] = field(default_factory=set)

    @property
    def share(self) -> float | None:
        """How far it is, 0 to 1; ``None`` where that is not known."""
        if self.state == "ok":
            return 1.0
        own = (
            min(1.0, self.progress.done / self.progress.total)
            if self.progress and self.progress.total
            else None
        )
        if len(self.steps) > 1:
            return (self.done + (own or 0.0)) / len(self.steps)
        return own


def rows_of(plan: Plan) -> list[ProgressRow]:
    """The plan's steps as rows; checks that follow one another are one."""
    made: list[ProgressRow] = []
    for step in plan.steps:
        if isinstance(step, RunCheck) and made and isinstance(made[-1].steps[-1], RunCheck):
            made[-1].steps += (step,)
        else:
            made.append(ProgressRow(steps=(step,), title=localize(step.title)))
    for row in made:
        if isinstance(row.steps[0], RunCheck) and len(row.steps) > 1:
            tuned = any(isinstance(s, RunCheck) and s.check == "fine_tune" for s in row.steps)
            row.title = (
                translate("Steps", "Checks and first fine-tune")
                if tuned
                else translate("Steps", "Checks")
            )
    return made


def expected_seconds(step: AnyStep, line: float = _LINE) -> float:
    """How long a step will take, roughly."""
    fetching = step.download_bytes / line
    if isinstance(step, FetchWheels | ProvidePython):
        return fetching + 3.0
    if isinstance(step, InstallWheels):
        return step.disk_bytes / _DISK + 5.0
    if isinstance(step, FirstImport):
        return 60.0
    if isinstance(step, RunCheck):
        return check_named(step.check).usual
    if isinstance(step, RunTraining):
        return 1800.0  # beside it the rest of its plan is nothing; how long it is, its steps tell
    return 2.0 if isinstance(step, CreateEnvironment | Activate) else 5.0


class RunProgress:
    """Takes the events of a run and keeps the sums. All times are seconds of the run."""

    def __init__(self, plan: Plan) -> None:
        self.rows = rows_of(plan)
        self.plan = plan
        self.rate: float | None = None
        self.now = 0.0
        self.current: ProgressRow | None = None
        self.step: AnyStep | None = None
        self._rows = {step.id: row for row in self.rows for step in row.steps}
        self._steps = {step.id: step for step in plan.steps}
        self._shares = dict.fromkeys(self._steps, 0.0)
        self._share = 0.0
        self._unneeded: set[str] = set()  # passed over: nothing was fetched for them

    def take(self, event: StepEvent) -> ProgressRow | None:
        """Count one event; the row that it belongs to, where it changes how that row looks."""
        row, what = self._rows.get(event.step), event.what
        self.now = max(self.now, event.at)
        if row is None:
            return None
        self.step = self._steps[event.step]
        if isinstance(what, Started):
            self._begin_row(row, event.at, self.step)
        elif isinstance(what, Progress):
            if what.unit == "bytes":
                self._update_fetch(row, event.at, what)
            row.progress = what
            if what.total:
                self._shares[event.step] = min(1.0, what.done / what.total)
        elif isinstance(what, Finished | Skipped | Failed):
            self._end_row(row, event, what)
        elif isinstance(what, Stopped):
            row.state, row.waiting = "stop", False
        else:
            return None
        return row

    def _begin_row(self, row: ProgressRow, at: float, step: AnyStep) -> None:
        self.current = row
        if row.state != "err":
            row.state = "run"
        row.progress, row.heard, row.waiting = None, at, False
        if not row.done:
            row.began = at
        row.note = localize(step.title) if len(row.steps) > 1 else ""

    def _end_row(
        self, row: ProgressRow, event: StepEvent, what: Finished | Skipped | Failed
    ) -> None:
        if not isinstance(what, Failed) or isinstance(self.step, RunCheck):
            self._shares[event.step] = (
                1.0  # after a failed check the plan goes on; any other stays where it broke
            )
        row.ended.add(event.step)
        if isinstance(what, Skipped):
            self._unneeded.add(event.step)
        row.done, row.progress, row.waiting = len(row.ended), None, False
        decides = self.step.decides if isinstance(self.step, RunCheck) else True
        if isinstance(what, Failed) and decides:
            row.state, row.note = "err", localize(what.message)
        elif row.done == len(row.steps):
            skipped = isinstance(what, Skipped)
            if row.state != "err":
                row.state = "skip" if skipped and len(row.steps) == 1 else "ok"
                row.note = (
                    localize(what.why) if isinstance(what, Skipped) and len(row.steps) == 1 else ""
                )
                if isinstance(what, Failed):
                    row.note = localize(what.message)
            row.seconds = event.at - row.began if not skipped else None
            if isinstance(what, Finished) and len(row.steps) == 1 and what.seconds:
                row.seconds = what.seconds

    def _update_fetch(self, row: ProgressRow, at: float, what: Progress) -> None:
        """One telling of a fetch. A line that is cut says nothing of its speed: what it was before
        stays known.
        """
        row.state = "down"
        moved = row.progress is None or row.progress.done != what.done
        if moved or not what.total or what.done >= what.total:
            row.heard = at
        waited, row.waiting = row.waiting, at - row.heard >= SILENT
        if waited and not row.waiting:
            self.rate = None  # what comes after a gap may be another line
        if moved:
            self._update_rate(what.rate)

    def _update_rate(self, rate: float | None) -> None:
        if rate:
            self.rate = rate if self.rate is None else 0.7 * self.rate + 0.3 * rate

    @property
    def number(self) -> int:
        """The step that is at work, counted from 1."""
        return self.plan.steps.index(self.step) + 1 if self.step is not None else 1

    @property
    def waiting_seconds(self) -> float:
        """Seconds for which the network has been waited for; 0 where it is not."""
        row = self.current
        return self.now - row.heard if row is not None and row.waiting else 0.0

    @property
    def fetched(self) -> float:
        """Bytes that were fetched in this run."""
        return sum(
            step.download_bytes * self._shares[step.id]
            for step in self.plan.steps
            if step.id not in self._unneeded
        )

    @property
    def to_fetch(self) -> int:
        """Bytes of this run in all: what turned out to be here already is not among them."""
        return sum(step.download_bytes for step in self.plan.steps if step.id not in self._unneeded)

    @property
    def fetching(self) -> bool:
        """Whether bytes are still to come."""
        return self.fetched < self.to_fetch

    @property
    def share(self) -> float:
        """How much of the whole plan is done, 0 to 1; never goes back."""
        whole = sum(expected_seconds(s) for s in self.plan.steps) or 1.0
        done = sum(expected_seconds(s) * self._shares[s.id] for s in self.plan.steps)
        self._share = max(self._share, min(1.0, done / whole))
        return self._share

    @property
    def seconds_left(self) -> float:
        """Seconds still to go, by the speed of the line and what the other steps usually take."""
        line = self.rate or _LINE
        return sum(expected_seconds(s, line) * (1.0 - self._shares[s.id]) for s in self.plan.steps)
