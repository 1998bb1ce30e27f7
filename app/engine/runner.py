"""Carries out a plan: a stream of events, one step after another. Asks nothing; can be stopped and run again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from app.decide.secrets import Veil
from app.engine.journal import Journal
from app.model.advice import Diagnosis
from app.model.errors import ExpectedError, Stopped
from app.model.event import Failed, Finished, Halted, Line, Skipped, Started, StepEvent, What
from app.model.plan import AnyStep, Plan, RunCheck
from app.steps.site import Site

Outcome = str  # "finished", "failed", "stopped"
_TAIL = 200_000


class Runner:
    """One run of one plan. After the stream has ended, ``outcome`` says how and ``error`` why it failed."""

    def __init__(self, site: Site, handlers: Mapping[str, Any], journal: Journal, run: str,
                 log: Callable[[bytes], None], explain: Callable[[bytes, str], Diagnosis], veil: Veil | None = None) -> None:
        self._site, self._handlers, self._journal, self._run = site, handlers, journal, run
        self._veil = veil or Veil(())
        self._log, self._explain = log, explain
        self.outcome: Outcome = "stopped"
        self.error: ExpectedError | None = None
        self.failed: set[str] = set()

    def run(self, plan: Plan) -> Iterator[StepEvent]:
        """Yield every happening of every step. A failed check lets the others go on; any other failure ends the plan."""
        clock = self._site.world.clock
        began = clock.monotonic()
        self._journal.began(self._run, plan)
        try:
            for step in plan.steps:
                for what in self._step(step):
                    yield StepEvent(at=clock.monotonic() - began, step=step.id, what=what)
                if step.id in self.failed and not isinstance(step, RunCheck):
                    self.outcome = "failed"
                    return
                if self.outcome == "halted":
                    self.outcome = "stopped"
                    return
            self.outcome = "failed" if self.failed else "finished"
        finally:
            self._journal.ended(self._run, self.outcome)

    def _step(self, step: AnyStep) -> Iterator[What]:
        missing = [n for n in getattr(step, "needs", ()) if n in self.failed]
        if missing:
            yield Skipped(why=f"It needs “{missing[0]}”, which did not pass.")
            self.failed.add(step.id)
            return
        clock = self._site.world.clock
        began = clock.monotonic()
        site = replace(self._site, record=self._journal.effect(self._run, step.id))
        tail = bytearray()
        try:
            found = self._handlers[step.kind].done(step, site)
            if found is not None:
                yield self._veil.happening(Skipped(why=found))
                return
            yield Started(title=step.title)
            for what in self._veil.over(self._handlers[step.kind].run(step, site)):
                if isinstance(what, Line):
                    self._log(what.text)
                    tail += what.text
                    del tail[:-_TAIL]
                yield what
        except Stopped:
            self.outcome = "halted"
            yield Halted()
        except ExpectedError as error:
            self.failed.add(step.id)
            self.error = self._veil.error(error)
            self._log(f"{error.message}\n".encode())
            yield Failed(code=error.code, message=error.message, details=error.details, hint=error.hint,
                         diagnosis=self._diagnosis(error, bytes(tail)))
        else:
            self._journal.step_done(self._run, step.id)
            yield Finished(seconds=round(clock.monotonic() - began, 3))

    def _diagnosis(self, error: ExpectedError, tail: bytes) -> Diagnosis | None:
        """What the step's own output says, or its error where the output is silent."""
        log = tail + b"\n" + error.details.encode() + b"\n" + error.message.encode()
        found = self._explain(log, error.code)
        return found if found.cause is not None else None
