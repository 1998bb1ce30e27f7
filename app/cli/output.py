"""The two output streams of the command line.

No foreign text can play with the terminal, colours come only where somebody looks, progress comes a
line at a time elsewhere.
"""

from __future__ import annotations

import re
from typing import TextIO

from app.cli.text import size
from app.model.event import Progress
from app.model.terminal_text import plain

# What a terminal obeys and JSON lets through as it is.
_SIGNS = re.compile(r"[\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_RED, _YELLOW, _GREEN = "31", "33", "32"
_COLOURS = (
    (re.compile(r"^(?: *\[x\]|Failed:|unsloth-setup:|It does not work)", re.MULTILINE), _RED),
    (re.compile(r"^(?: *\[!\]|It works, but)", re.MULTILINE), _YELLOW),
    (re.compile(r"^(?:It works\.|All is in place:)", re.MULTILINE), _GREEN),
)
_EVERY = 5.0  # seconds between two lines of progress on what is no terminal


class SanitizedStream:
    """A stream on which no stranger's text can move the cursor, set a title or turn words round.

    Names of machines, logs and children's output come from outside. In a JSON ``document`` such
    signs are written as escapes, so that it says the same; in words for people they are left out.
    ``colour`` paints the beginnings of lines that carry a verdict, after that.
    """

    def __init__(self, stream: TextIO, *, document: bool = False, colour: bool = False) -> None:
        self._stream, self._document, self._colour = stream, document, colour
        self.lost: OSError | None = (
            None  # why nothing more can be written; ``BrokenPipeError`` where nobody reads any more
        )

    def write(self, words: str) -> None:
        """Write without control signs; line breaks, tabs and the return of a progress line stay."""
        if self._document:
            words = _SIGNS.sub(lambda sign: f"\\u{ord(sign[0]):04x}", words)
        else:
            words = "\r".join(plain(piece) for piece in words.split("\r"))
        for pattern, code in _COLOURS if self._colour else ():
            words = pattern.sub(f"\x1b[{code}m\\g<0>\x1b[0m", words)
        try:
            self._stream.write(words)
        except OSError as error:
            self.lost = self.lost or error

    def flush(self) -> None:
        """Hand on what waits."""
        try:
            self._stream.flush()
        except OSError as error:
            self.lost = self.lost or error

    def isatty(self) -> bool:
        """Whether somebody looks at it."""
        return self._stream.isatty()


class ProgressLine:
    """How far a step is: one line that is drawn over on a terminal, a line every few seconds on a
    file or a pipe.
    """

    def __init__(self, err: SanitizedStream) -> None:
        self._err, self._step, self._last = err, "", 0.0

    def show(self, step: str, at: float, progress: Progress) -> None:
        """``at`` is seconds since the run began. A step that is over soon says nothing to a file."""
        if step != self._step:
            self._step, self._last = step, at
        if progress.unit == "bytes":
            done, total = size(progress.done), size(progress.total) if progress.total else "?"
            rate = f", {size(progress.rate)}/s" if progress.rate else ""
            words = f"{done} of {total}{rate}"
        else:
            words = f"{progress.done:.0f} of {progress.total or 0:.0f} {progress.unit}"
        if self._err.isatty():
            over = bool(progress.total and progress.done >= progress.total)
            self._err.write(f"\r    {words}        " + ("\n" if over else ""))
        elif at - self._last >= _EVERY:
            self._last = at
            self._err.write(f"    {words}\n")
        self._err.flush()
