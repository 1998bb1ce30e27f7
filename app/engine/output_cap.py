"""Holds a run's output to a bound.

The first part as it comes, then a word, then the end of each step, which says why a child failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from app.model import limits
from app.model.errors import ExpectedError
from app.model.event import AnyPayload, Line


class OutputCap:
    """One run's output. ``filter`` takes the events of one step after another."""

    def __init__(self) -> None:
        self._room = limits.CHILD_LOG

    def filter(self, happenings: Iterable[AnyPayload]) -> Iterator[AnyPayload]:
        """The same events. Lines beyond the room are held back but for the last ``CHILD_END``
        bytes, which come when the step ends, however it ends.
        """
        end, passed, full = bytearray(), 0, False
        try:
            for what in happenings:
                if not isinstance(what, Line):
                    yield what
                    continue
                if not full and len(what.text) <= self._room:
                    self._room -= len(what.text)
                    yield what
                    continue
                if not full:
                    full = True
                    self._room = 0
                    yield Line(
                        text=b"\n[more than %d MB of output: what follows is left out, but for the "
                        b"end of each step]\n" % (limits.CHILD_LOG >> 20)
                    )
                passed += len(what.text)
                end += what.text
                del end[: -limits.CHILD_END]
        except ExpectedError:
            yield from _end_lines(end, passed)
            raise
        yield from _end_lines(end, passed)


def _end_lines(end: bytearray, passed: int) -> Iterator[Line]:
    if not end:
        return
    if passed > len(end):
        # it begins with a whole line: nobody can tell that half a token is one
        whole = bytes(end[end.find(b"\n") + 1 :])
        yield Line(text=b"[... %d bytes left out ...]\n" % (passed - len(whole)) + whole)
    else:
        yield Line(text=bytes(end))
