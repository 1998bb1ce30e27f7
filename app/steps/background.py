"""Runs a generator of events in the background.

What it says is passed on, what it returns or raises is asked for.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Generator, Iterator
from typing import Generic, TypeVar

from app.model.errors import ExpectedError, StoppedError
from app.model.event import AnyPayload

T = TypeVar("T")


class Background(Generic[T]):
    """Starts at once. It ends by itself: whatever it waits for looks at the stop wish and has a
    limit.
    """

    def __init__(self, work: Generator[AnyPayload, None, T]) -> None:
        self._work, self._events = work, deque[AnyPayload]()
        self._result: list[T] = []
        self._fault: ExpectedError | StoppedError | None = None
        self._thread = threading.Thread(target=self._run_generator, name="later", daemon=True)
        self._thread.start()

    def _run_generator(self) -> None:
        try:
            while True:
                self._events.append(next(self._work))
        except StopIteration as end:
            self._result.append(end.value)
        except (ExpectedError, StoppedError) as fault:
            self._fault = fault

    def passed_on(self) -> Iterator[AnyPayload]:
        """What has happened since the last asking."""
        while self._events:
            yield self._events.popleft()

    def wait(self, seconds: float) -> None:
        """Give it this time to end."""
        self._thread.join(seconds)

    @property
    def ended(self) -> bool:
        """Whether it is over, well or badly."""
        return not self._thread.is_alive()

    def result(self) -> T | None:
        """What it returned; ``None`` while it runs. Raises what it raised."""
        if not self.ended:
            return None
        if self._fault is not None:
            raise self._fault
        if not self._result:
            raise RuntimeError("the background work ended without a result")
        return self._result[0]
