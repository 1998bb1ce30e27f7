"""The temperature of the card while a training run works, asked of the driver now and then."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from contextlib import closing

import msgspec

from app.model import limits
from app.model.event import AnyPayload, Measured
from app.model.machine import Gpu
from app.ports import Cards, Nvml
from app.steps.script_events import ScriptEnd


class CardTemperature:
    """Puts ``temperature`` (°C; of several cards the hottest that the run may use) beside each loss.

    It is asked for once a loss names memory of a card: a run on the processor has none. Where the
    library names no temperature, ``temperature`` is ``None`` and one note says why.
    """

    def __init__(self, nvml: Nvml, visible: str | None) -> None:
        self._nvml, self._visible = nvml, visible
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._answer: Cards | None = None
        self._noted = False

    def beside(
        self, events: Generator[AnyPayload, None, ScriptEnd]
    ) -> Generator[AnyPayload, None, ScriptEnd]:
        """The same events, each loss with the temperature as it was last answered."""
        with closing(events):
            try:
                while True:
                    what = next(events)
                    if isinstance(what, Measured) and what.name == "train.loss":
                        yield from self._complete(what)
                    else:
                        yield what
            except StopIteration as end:
                ended: ScriptEnd = end.value
                return ended
            finally:
                self._over.set()

    def _complete(self, loss: Measured) -> Generator[AnyPayload, None, None]:
        if loss.detail.get("memory") is None:
            yield loss
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._ask, name="temperature", daemon=True)
            self._thread.start()
        answer = self._answer
        if answer is None:  # no answer yet
            yield loss
            return
        found = [
            answer.temperatures[index]
            for index in used_cards(self._visible, answer.gpus)
            if index in answer.temperatures
        ]
        if not found and not self._noted:
            self._noted = True
            why = answer.note or "the driver names none for this card"
            yield Measured(
                name="train.note", value=f"The card's temperature cannot be read: {why}."
            )
        degrees = max(found, default=None)
        yield msgspec.structs.replace(loss, detail={**loss.detail, "temperature": degrees})

    def _ask(self) -> None:
        while not self._over.is_set():
            self._answer = self._nvml.cards()
            self._over.wait(limits.TEMPERATURE_PAUSE)


def used_cards(visible: str | None, gpus: Sequence[Gpu]) -> tuple[int, ...]:
    """The cards that ``CUDA_VISIBLE_DEVICES`` leaves to a process, by NVML's index, which is the order
    of the bus as the script asks CUDA for it. All where it is not set; what follows an entry that
    names no card does not count (CUDA C++ programming guide, "CUDA environment variables").
    """
    if visible is None:
        return tuple(card.index for card in gpus)
    if len(gpus) == 1:  # its number is not asked for, and a run on a card runs on this one
        return (gpus[0].index,)
    found = []
    for entry in (part.strip() for part in visible.split(",")):
        match = [
            card.index
            for card in gpus
            if entry == str(card.index)
            or (entry.startswith("GPU-") and (card.uuid or "").startswith(entry))
        ]
        if len(match) != 1:
            break
        found += match
    return tuple(found)
