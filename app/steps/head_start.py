"""Imports a later check's libraries while smaller checks run.

Unsloth's import is one thread of Python, 13 to 34 s on machines with an H200, the small checks before
the benchmark were 15 to 26 s there. The benchmark itself never runs beside it.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from copy import copy
from dataclasses import replace

import msgspec

from app.model import limits
from app.model.checks import check_named
from app.model.errors import StoppedError
from app.model.event import AnyPayload, Quiet
from app.model.machine import MachineFacts, main_card
from app.model.plan import Plan, RunCheck
from app.ports import Command
from app.steps.background import Background
from app.steps.script_events import ScriptEnd, relay
from app.steps.step_context import StepContext

_LOOK = 0.05  # seconds
_BEAT = 200  # looks after which the waiting is told
_END = 10.0  # seconds for a killed one to be gone
# Room for two at a time: the import alone peaked at 1.2 GB of main memory and held 718 MiB of an H200;
# the small checks need as much, and the benchmark more of the card.
_MEMORY, _CARD_MEMORY = 8e9, 12e9


def early_check(plan: Plan, facts: MachineFacts, on_card: bool) -> RunCheck | None:
    """The check of a plan that may begin before its turn; ``None`` where none gains by it, or where
    this computer has not the room for two at a time.
    """
    checks = [step for step in plan.steps if isinstance(step, RunCheck)]
    at = next((n for n, step in enumerate(checks) if check_named(step.check).early), 0)
    card = main_card(facts.gpus)
    small = on_card and (card is None or (card.memory_total or 0) < _CARD_MEMORY)
    if not at or small or (facts.memory.available or 0) < _MEMORY or (facts.cpu.threads or 0) < 2:
        return None
    return checks[at]


class HeadStart:
    """One check that is started ahead. It imports what it needs and then waits for a file, its turn."""

    def __init__(self, step: RunCheck) -> None:
        self.step = step
        self._stop = threading.Event()
        self._turn = ""
        self._work: Background[ScriptEnd] | None = None

    @property
    def begun(self) -> bool:
        """Whether it was started."""
        return self._work is not None

    def begin(self, site: StepContext, command: Command) -> None:
        """Start it; it ends with ``close`` at the latest."""
        self._turn = site.place.join(command.folder or "", "turn")
        own = copy(site.system)
        own.stop, own.processes = self._stop, site.system.processes.with_stop(self._stop)
        ahead = msgspec.structs.replace(command, env={**command.env, "CHECK_TURN": self._turn})
        # What it waits for has limits of its own.
        limit = self.step.limit_seconds * 2
        self._work = Background(relay(replace(site, system=own), ahead, limit, limits.CHECK_EVENTS))

    def settle(self, site: StepContext) -> Iterator[AnyPayload]:
        """Wait until its import is over, so that nothing runs beside a measurement."""
        looks = 0
        while self._work is not None and not self._work.ended:
            if site.system.files.exists(self._turn + ".ready"):
                return
            if site.system.stop.wait(_LOOK):
                raise StoppedError
            looks += 1
            if looks % _BEAT == 0:
                yield Quiet(seconds=round(looks * _LOOK, 1))

    def finish(self, site: StepContext) -> Generator[AnyPayload, None, ScriptEnd]:
        """Its turn has come: hand on what it said and says, to its end."""
        work = self._work
        if work is None:
            raise RuntimeError("it was not begun")
        if site.system.stop.is_set():
            raise StoppedError
        site.system.files.write(self._turn, b"")
        yield from (what for what in work.passed_on() if not isinstance(what, Quiet))
        while True:
            over = work.ended
            yield from work.passed_on()
            if over and (ended := work.result()) is not None:
                return ended
            work.wait(_LOOK)
            if site.system.stop.is_set():
                self._stop.set()

    def close(self) -> None:
        """End it where it still runs, as after a failure."""
        self._stop.set()
        if self._work is not None:
            self._work.wait(_END)
