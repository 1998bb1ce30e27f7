"""Parses one raw line of a log into pieces to paint.

Escape codes become colours, redraws their latest state, bad bytes are replaced.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from app.gui.log_view.store import find_severity

MOST = 4096  # characters painted and copied of one line

_SGR = re.compile(r"\x1b\[([0-9;:]*)m")
# Every other escape: cursor and erase commands, hyperlinks and titles (OSC up to BEL or ESC \),
# two-byte ones; then the control characters that would show as boxes.
_OTHER = re.compile(
    r"\x1b\[[0-9;:?<=>!]*[ -/]*[@-ln-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-Z\\-_]|\x1b(?!\[)"
    r"|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]"
)
_STAMP = re.compile(
    r"(?:\[?\d{4}-\d\d-\d\d[T ])?\[?\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?\]?(?=\s)"
)
_OK = re.compile(r"(?:\bhash ok|\bok|\bpassed|\bverified|\bdone)(?=[.)]?$)", re.IGNORECASE)
# Terminal colours by the theme's names, so that each is readable on light and on dark.
_TERMINAL = ("text", "err", "ok", "warn", "info", "accent", "accent", "text")


class Piece(NamedTuple):
    """Some characters in one look. ``tone`` is a token of the theme."""

    text: str
    tone: str = "text"
    bold: bool = False


def latest(line: bytes) -> bytes:
    """What a terminal would show of a line that was redrawn with carriage returns: its last state."""
    line = line.rstrip(b"\r")
    return line.rsplit(b"\r", 1)[-1] if b"\r" in line else line


def plain(line: bytes) -> str:
    """A line's text without any codes, as it is copied and read out."""
    text = latest(line).decode("utf-8", "replace")
    if "\x1b" in text:
        text = _SGR.sub("", text)
    if not text.isprintable():
        text = _OTHER.sub("", text).expandtabs(8)
    return text[:MOST]


def pieces(line: bytes) -> list[Piece]:
    """A line as pieces, left to right; their texts joined are ``plain(line)``."""
    line = latest(line)
    if b"\x1b[" in line:
        coloured = _parse_colours(line.decode("utf-8", "replace"))
        if any(p.tone != "text" or p.bold for p in coloured):
            return coloured
    text = plain(line)
    ground = {"error": "err", "warn": "warn"}.get(find_severity(line), "text")
    made = []
    if stamp := _STAMP.match(text):
        made.append(Piece(stamp[0], "muted"))
        text = text[stamp.end() :]
    if ground == "text" and (good := _OK.search(text, max(0, len(text) - 12))):
        return [
            *made,
            Piece(text[: good.start()]),
            Piece(good[0], "ok"),
            *([Piece(rest)] if (rest := text[good.end() :]) else []),
        ]
    return [*made, Piece(text, ground)]


def _parse_colours(text: str) -> list[Piece]:
    """Pieces of a line with colour codes. Tabs and other escapes are resolved in each piece."""
    made: list[Piece] = []
    tone, bold, width = "text", False, 0
    for at, part in enumerate(_SGR.split(text)):
        if at % 2:
            tone, bold = _apply_codes(part, tone, bold)
            continue
        part = _OTHER.sub("", part)
        if "\t" in part:
            part = (" " * (width % 8) + part).expandtabs(8)[width % 8 :]
        part = part[: MOST - width]
        if part:
            made.append(Piece(part, tone, bold))
            width += len(part)
    return made or [Piece("")]


def _apply_codes(codes: str, tone: str, bold: bool) -> tuple[str, bool]:
    """The look after one colour code."""
    numbers = [int(n) if n else 0 for n in codes.replace(":", ";").split(";")]
    while numbers:
        n = numbers.pop(0)
        if n == 0:
            tone, bold = "text", False
        elif n == 1:
            bold = True
        elif n == 2:
            tone = "muted"
        elif n == 22:
            bold = False
        elif 30 <= n <= 37:
            tone = _TERMINAL[n - 30]
        elif n == 90:
            tone = "muted"
        elif 91 <= n <= 97:
            tone = _TERMINAL[n - 90]
        elif n == 39:
            tone = "text"
        elif n in (38, 48):
            chosen = _parse_extended_colour(numbers)
            tone = chosen if n == 38 else tone
    return tone, bold


def _parse_extended_colour(numbers: list[int]) -> str:
    """The tone nearest to a 256-colour or RGB code; takes its numbers off the list."""
    kind = numbers.pop(0) if numbers else 0
    if kind == 5 and numbers:
        n = numbers.pop(0)
        if n < 16:
            return "muted" if n == 8 else _TERMINAL[n % 8]
        if n >= 232:
            return "muted" if n < 250 else "text"
        n -= 16
        return _nearest_tone(n // 36, n // 6 % 6, n % 6)
    if kind == 2 and len(numbers) >= 3:
        r, g, b = numbers[:3]
        del numbers[:3]
        return _nearest_tone(r, g, b)
    return "text"


def _nearest_tone(r: int, g: int, b: int) -> str:
    """A tone for a mix of red, green and blue of any scale."""
    top, low = max(r, g, b), min(r, g, b)
    if top - low <= top // 4:
        return "text"
    if r == top:
        return "warn" if g > (top + low) // 2 else "err"
    if g == top:
        return "accent" if b > (top + low) // 2 else "ok"
    return "info"
