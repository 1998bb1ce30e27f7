"""Runs blocking generators in a thread and brings their events to the window.

A timer delivers them, a bounded batch a tick.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from shiboken6 import isValid

TICK_MS = 16
BATCH = 500  # events a tick at most
BUDGET = 0.005  # seconds a tick at most: the window paints in the other eleven milliseconds


class _End:
    """The worker's last word: how the generator ended."""

    def __init__(self, fault: BaseException | None) -> None:
        self.fault = fault


class _Worker(threading.Thread):
    """Pulls the generator. Nothing of it touches a widget and no signal is sent for an event: at a
    million lines a signal each freezes the window for 50 to 70 s (measured).

    No ``QThread``: the program would abort where one still runs when it ends, and a probe may hang
    in the system.
    """

    def __init__(self, make: Callable[[], Iterator[Any]], out: queue.SimpleQueue[Any]) -> None:
        super().__init__(name="stream", daemon=True)
        self._make, self._out = make, out
        self.leave = False

    def run(self) -> None:
        """Pull until the generator ends, fails, or nobody wants more."""
        fault: BaseException | None = None
        try:
            source = self._make()
            for item in source:
                self._out.put(item)
                if self.leave:
                    close = getattr(source, "close", None)
                    if close is not None:
                        close()
                    break
        except BaseException as error:  # noqa: BLE001 - the window is a face: it shows the fault, whatever it is
            fault = error
        self._out.put(_End(fault))


class Stream(QObject):
    """One run of one generator.

    ``make`` is called in the thread and gives the generator; ``take`` gets each event in the
    window's thread; ``ended`` is emitted once, after the last event, with the exception that ended
    it or ``None``. ``stop`` is the wish to stop that the generator's adapters see (``Session.stop``).
    Where ``take`` is the method of a widget, the stream is let go of with that widget.
    """

    ended = Signal(object)

    def __init__(
        self,
        make: Callable[[], Iterator[Any]],
        take: Callable[[Any], None],
        *,
        stop: Callable[[], object] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._take, self._stop = take, stop
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._worker = _Worker(make, self._queue)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._deliver_batch)
        self.running = self.abandoned = False

    def start(self) -> Stream:
        """Begin; returns itself."""
        self.running = True
        self._worker.start()
        self._timer.start()
        return self

    def stop(self) -> None:
        """Ask the generator to stop; its last events still arrive, then ``ended``."""
        self._worker.leave = self._worker.leave or self._stop is None
        if self._stop is not None and self.running:
            self._stop()

    def close(self, wait_ms: int = 10_000) -> bool:
        """Stop, wait for the thread, drop what is left. Whether the thread ended in time."""
        self._worker.leave = True
        if self._stop is not None and self.running:
            self._stop()
        self._timer.stop()
        if self._worker.ident is not None:
            self._worker.join(wait_ms / 1000)
        self.running = False
        return not self._worker.is_alive()

    def abandon(self) -> None:
        """Let go of it at once: nothing of it arrives any more, not even ``ended``. The thread is
        asked to stop and ends by itself; nobody waits for it.
        """
        self._worker.leave = True
        if self._stop is not None and self.running:
            self._stop()
        self._timer.stop()
        self.running, self.abandoned = False, True

    def _deliver_batch(self) -> None:
        owner = getattr(self._take, "__self__", None)
        if isinstance(owner, QObject) and not isValid(owner):
            self.abandon()
            return
        until = time.perf_counter() + BUDGET
        for _ in range(BATCH):
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return
            if isinstance(item, _End):
                self._timer.stop()
                self._worker.join()
                self.running = False
                self.ended.emit(item.fault)
                return
            self._take(item)
            if not self.running or time.perf_counter() > until:
                return
