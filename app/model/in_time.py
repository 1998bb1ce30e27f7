"""Asks questions that may hang or fail, each with a time limit.

Asked side by side in threads, left behind when their time is over.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

Answer = TypeVar("Answer")


def in_time(
    questions: Sequence[Callable[[], Answer]], seconds: float, at_once: int = 64
) -> list[Answer | Exception | None]:
    """The answers in order, ``at_once`` of them asked at the same time; ``None`` for one that did not
    come within ``seconds``, the exception that one ended with.
    """
    found: list[Answer | Exception | None] = [None] * len(questions)
    lock = threading.Lock()
    waiting = list(enumerate(questions))[::-1]

    def work() -> None:
        while True:
            with lock:
                if not waiting:
                    return
                place, question = waiting.pop()
            try:
                found[place] = question()
            except Exception as error:  # noqa: BLE001  (one question's fault is its own answer)
                found[place] = error

    threads = [
        threading.Thread(target=work, name="in-time", daemon=True)
        for _ in range(min(at_once, len(questions)))
    ]
    for thread in threads:
        thread.start()
    until = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    with lock:
        waiting.clear()  # nobody begins another one now
    return list(found)  # what comes later finds nobody
