"""Runs a plan: a stream of events, one step after another.

Asks nothing; can be stopped and run again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from app.decide.redaction.masking import SecretMasker
from app.engine.journal import Journal
from app.engine.output_cap import OutputCap
from app.model.advice import Diagnosis
from app.model.errors import ExpectedError, StoppedError
from app.model.event import AnyPayload, Failed, Finished, Line, Skipped, Started, StepEvent, Stopped
from app.model.message import Message
from app.model.plan import AnyStep, Plan, RunCheck
from app.steps.step_context import StepContext

log = logging.getLogger(__name__)

Outcome = str  # "finished", "failed", "stopped"
_TAIL = 200_000


class Runner:
    """One run of one plan. After the stream has ended, ``outcome`` says how and ``error`` why it
    failed.
    """

    def __init__(
        self,
        site: StepContext,
        handlers: Mapping[str, Any],
        journal: Journal,
        run: str,
        log: Callable[[bytes], None],
        explain: Callable[[bytes, str], Diagnosis],
        masker: SecretMasker | None = None,
        keep: Callable[[StepEvent], None] | None = None,
    ) -> None:
        """``log`` appends to the run's log, ``keep`` to its record; where the disk takes no more,
        the step has failed.
        """
        self._site, self._handlers, self._journal, self._run = site, handlers, journal, run
        self._masker = masker or SecretMasker(())
        self._log, self._explain = log, explain
        self._keep = keep or (lambda _: None)
        self._cap = OutputCap()
        self._began = 0.0
        self.outcome: Outcome = "stopped"
        self.error: ExpectedError | None = None
        self.failed: set[str] = set()

    def run(self, plan: Plan) -> Iterator[StepEvent]:
        """Yield every event of every step. A failed check lets the others go on; any other
        failure ends the plan.
        """
        self._began = self._site.system.clock.monotonic()
        self._journal.began(self._run, plan)
        try:
            for step in plan.steps:
                yield from self._run_step(step)
                if step.id in self.failed and not isinstance(step, RunCheck):
                    self.outcome = "failed"
                    return
                if self.outcome == "halted":
                    self.outcome = "stopped"
                    return
            failed = (step.id in self.failed and _decides(step) for step in plan.steps)
            self.outcome = "failed" if any(failed) else "finished"
        finally:
            with suppress(
                ExpectedError
            ):  # a full disk takes no more; without it the run counts as cut off, which is the same
                self._journal.ended(self._run, self.outcome)

    def _run_step(self, step: AnyStep) -> Iterator[StepEvent]:
        began = self._site.system.clock.monotonic()
        tail = bytearray()
        try:
            acted = yield from self._run_handler(step, tail)
        except StoppedError:
            self.outcome = "halted"
            yield self._emit_end(step, Stopped())
        except ExpectedError as error:
            self.failed.add(step.id)
            if _decides(step):
                self.error = self._masker.error(error)
            log.warning("step %s failed: %s: %s", step.id, error.code, error.message)
            with suppress(ExpectedError):  # as in ``_emit_end``
                self._log(f"{error.message}\n".encode("utf-8", "replace"))
            yield self._emit_end(
                step,
                Failed(
                    code=error.code,
                    message=error.message,
                    details=error.details,
                    hint=error.hint,
                    diagnosis=self._diagnose(error, bytes(tail)),
                ),
            )
        else:
            if acted:
                yield self._emit_end(
                    step, Finished(seconds=round(self._site.system.clock.monotonic() - began, 3))
                )

    def _run_handler(self, step: AnyStep, tail: bytearray) -> Generator[StepEvent, None, bool]:
        """What the step does; ``tail`` takes its last output. Returns whether anything had to be
        done.
        """
        missing = [n for n in getattr(step, "needs", ()) if n in self.failed]
        if missing:
            self.failed.add(step.id)
            yield self._emit(
                step,
                Skipped(
                    why=Message("It needs “{missing}”, which did not pass.", missing=missing[0])
                ),
            )
            return False
        site = replace(self._site, record=self._journal.effect(self._run, step.id))
        found = self._handlers[step.kind].done(step, site)
        if found is not None:
            log.info("step %s is done already: %s", step.id, found)
            yield self._emit(step, self._masker.mask_payload(Skipped(why=found)))
            return False
        log.info("step %s (%s) begins", step.id, step.kind)
        yield self._emit(step, Started(title=step.title))
        for what in self._cap.filter(
            self._masker.filter(self._handlers[step.kind].run(step, site))
        ):
            if isinstance(what, Line):
                self._log(what.text)
                tail += what.text
                del tail[:-_TAIL]
            yield self._emit(step, what)
        self._journal.step_done(self._run, step.id)
        return True

    def _emit(self, step: AnyStep, what: AnyPayload) -> StepEvent:
        event = StepEvent(
            at=self._site.system.clock.monotonic() - self._began, step=step.id, what=what
        )
        self._keep(event)
        return event

    def _emit_end(self, step: AnyStep, what: AnyPayload) -> StepEvent:
        """How a step ended is told, whether or not a full disk takes it."""
        try:
            return self._emit(step, what)
        except ExpectedError:
            return StepEvent(
                at=self._site.system.clock.monotonic() - self._began, step=step.id, what=what
            )

    def _diagnose(self, error: ExpectedError, tail: bytes) -> Diagnosis | None:
        """What the step's own output says, or its error where the output is silent."""
        log = tail + f"\n{error.details}\n{error.message}".encode("utf-8", "replace")
        found = self._explain(log, error.code)
        return found if found.cause is not None else None


def _decides(step: AnyStep) -> bool:
    """Whether the failure of a step is one of its run."""
    return step.decides if isinstance(step, RunCheck) else True
