"""Simulates a plan on another computer; touches nothing.

The same stream of events, made from the plan or from a recording.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from app.decide.verification import simulated_results
from app.model.event import AnyPayload, Finished, Line, Progress, Started, StepEvent, Stopped
from app.model.plan import AnyStep, FetchWheels, InstallWheels, Plan, RunCheck
from app.ports import Stop

if TYPE_CHECKING:
    from app.engine.session import Session

_TICK = 0.02  # seconds between events while nobody waits for real work
_SLICE = 0.1  # seconds after which a change of speed is heard
_LEAST = 0.004  # seconds that are worth a wait; shorter gaps are saved up
_RATE = 25_000_000.0  # bytes a second of the pretended line


class Simulation:
    """Runs on a simulated machine: a recorded run where a report holds one, else one made up
    from the plan.
    """

    def __init__(self, session: Session, recording: tuple[StepEvent, ...]) -> None:
        self._session = session
        self.recording = recording
        self.profile: str | None = None  # the profile that the recording is a run of
        self.plan: Plan | None = None  # the plan of the recorded run
        self.speed = 10.0  # how many times as fast as it happened a recording is played

    def is_replay(self, plan: Plan) -> bool:
        """Whether running this plan would play a recorded run: the report has one, of this
        very setup.
        """
        steps = {step.id for step in plan.steps}
        return (
            bool(self.recording)
            and self.profile in (None, plan.profile)
            and any(e.step in steps for e in self.recording)
        )

    def play(self, plan: Plan) -> Iterator[StepEvent]:
        """What a run of this plan would tell on the simulated machine."""
        session = self._session
        checks = simulated_results.measurements(
            plan,
            session.knowledge.profile(plan.profile),
            session.known_facts(),
            session.knowledge.cards,
        )
        steps = {step.id for step in plan.steps}
        played = tuple(e for e in self.recording if e.step in steps) if self.is_replay(plan) else ()
        yield from simulate_run(plan, played, checks, session.system.stop, lambda: self.speed)


def simulate_run(
    plan: Plan,
    recording: tuple[StepEvent, ...],
    checks: dict[str, tuple[AnyPayload, ...]],
    stop: Stop,
    speed: Callable[[], float] = lambda: 20.0,
) -> Iterator[StepEvent]:
    """Yield what a run of this plan would tell. ``checks`` holds, for each check step, what it
    would measure.

    With a ``recording`` (a report's own events) that is played instead, ``speed()`` times as fast
    as it happened; the speed is asked all the time, so that it can be changed while it plays.
    """
    if recording:
        yield from _replay_recording(recording, stop, speed)
        return
    at = 0.0
    for step in plan.steps:
        for what, seconds in _simulate_step(step, checks.get(step.id, ())):
            at += seconds
            if stop.wait(_TICK):
                yield StepEvent(at=at, step=step.id, what=Stopped())
                return
            yield StepEvent(at=at, step=step.id, what=what)


def _replay_recording(
    recording: tuple[StepEvent, ...], stop: Stop, speed: Callable[[], float]
) -> Iterator[StepEvent]:
    last, owed = recording[0].at, 0.0  # owed: recorded seconds not waited for yet
    for event in recording:
        owed += max(event.at - last, 0.0)
        last = event.at
        while owed / speed() > _LEAST:
            now = speed()
            wait = min(owed / now, _SLICE)
            if stop.wait(wait):
                yield StepEvent(at=event.at, step=event.step, what=Stopped())
                return
            owed -= wait * now
        if stop.is_set():
            yield StepEvent(at=event.at, step=event.step, what=Stopped())
            return
        yield event


def _simulate_step(
    step: AnyStep, measured: tuple[AnyPayload, ...]
) -> Iterator[tuple[AnyPayload, float]]:
    yield Started(title=step.title), 0.1
    yield (
        Line(text=f"simulation: {step.title}; nothing is changed on this computer\n".encode()),
        0.1,
    )
    if isinstance(step, FetchWheels) and step.download_bytes:
        parts = 20
        for part in range(1, parts + 1):
            done = step.download_bytes * part // parts
            yield (
                Progress(done=done, total=step.download_bytes, unit="bytes", rate=_RATE),
                step.download_bytes / parts / _RATE,
            )
    elif isinstance(step, InstallWheels):
        yield Progress(done=1, total=1, unit="packages"), 20.0
    elif isinstance(step, RunCheck):
        for what in measured:
            yield what, 0.5
    for path in step.touches:
        yield Line(text=f"would touch {path}\n".encode()), 0.0
    yield Finished(seconds=round(step.download_bytes / _RATE + 1.0, 1)), 0.2
