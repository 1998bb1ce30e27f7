"""Turns the bytes of any log into plain lines: encodings, colours, redraws, and what is too long to
read whole.
"""

from __future__ import annotations

import re

# Above this size a log is thinned out before patterns are tried (measured: 50 MB must be judged in
# under 2 s).
WHOLE = 1_000_000
HEAD = 100_000
TAIL = 300_000

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_()][0-9A-Za-z]?)"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LONG_LINE = re.compile(r"[^\n]{3000,}")
# Small letters, one digit, and a redraw begins a new line.
_SHAPE = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789\r", b"abcdefghijklmnopqrstuvwxyz" + b"0" * 10 + b"\n"
)
# One character for one, so that positions stay where they were.
_PLAIN = {
    0x00A0: " ",
    0x2018: "'",
    0x2019: "'",
    0x201C: '"',
    0x201D: '"',
    0x202F: " ",
    0xFEFF: " ",
    0x200B: " ",
}
# uv breaks its sentences at the window's width and goes on indented; a blank line, a mark or a new
# head ends one.
_WRAPPED = re.compile(r"(?<=[^\n])\n(?:[ \t]*[│┃|])?[ \t]{4,}(?=[^\s╰├│×-])")
_UV_TALK = re.compile(
    r"(?:╰─▶|├─▶|`?-> |\bhint: )[^\n]*(?:\n(?:[ \t]*[│┃|])?[ \t]{4,}[^\s╰├│×-][^\n]*)+"
)
# Words that tell something failed; they choose what is kept of a long log.
_ALARMS = (
    b"rror",
    b"xception",
    b"fail",
    b"warning",
    b"not ",
    b"no module",
    b"denied",
    b"timed out",
    b"refused",
    b"no space",
    b"out of memory",
    b"too old",
    b"mismatch",
    b"virus",
    b"requires",
    b"+cpu",
    b"died",
    b"unable",
)
MOST_HITS = 120_000  # how many alarms are looked at, over all words
LONGEST = 20_000  # a longer line loses its middle (progress bars that were never ended)
MOST_KEPT = 1_500  # how many different ones are kept for each word
NEIGHBOURLY = 150  # with how many of them the lines around are kept


def plain(text: str) -> str:
    """The text without colours, cursor movements and other control characters; line breaks and tabs
    stay.
    """
    return _CONTROLS.sub("", _ESCAPES.sub("", text))


def decode(log: bytes | str) -> str:
    """The text of a log: UTF-16 with or without a mark, UTF-8, and for lines that are neither, a
    Windows code page.
    """
    if isinstance(log, str):
        return log
    if log.startswith((b"\xff\xfe", b"\xfe\xff")):
        return log.decode("utf-16", "replace")
    wide = _wide(log)
    if wide:
        return log.decode(wide, "replace")
    if log.startswith(b"\xef\xbb\xbf"):
        log = log[3:]
    try:
        return log.decode("utf-8")
    except UnicodeDecodeError:
        return _mixed(log)


def _wide(log: bytes) -> str | None:
    """UTF-16 without a mark (PowerShell's ``>``, cut at the front): zero bytes beside plain
    letters. The side with more different letters is the right one, for a frame's lines read the
    wrong way round look like one letter again and again."""
    sample = log[:4000]
    if len(sample) < 8 or sample.count(0) < len(sample) * 0.03:
        return None
    low, high = sample[0::2], sample[1::2]
    little = len({one for one, zero in zip(low, high, strict=False) if not zero and one})
    big = len({one for zero, one in zip(low, high, strict=False) if not zero and one})
    return None if little == big else "utf-16-le" if little > big else "utf-16-be"


def _mixed(log: bytes) -> str:
    """Lines of UTF-8 stay; the others are read in the one code page that fits all of them best."""
    lines = log.split(b"\n")
    strange: list[int] = []
    texts: list[str] = []
    for number, line in enumerate(lines):
        try:
            texts.append(line.decode("utf-8"))
        except UnicodeDecodeError:
            strange.append(number)
            texts.append("")
    sample = b"\n".join(lines[n] for n in strange[:200])
    page = code_page(sample)
    for number in strange:
        texts[number] = lines[number].decode(page, "replace")
    return "\n".join(texts)


def code_page(sample: bytes) -> str:
    """The Windows or DOS code page in which these bytes look most like words of a language."""
    best, score = "cp1252", 0.0
    for page in ("cp1252", "cp850", "cp1251", "cp866", "cp936", "cp932"):
        try:
            text = sample.decode(page)
        except UnicodeDecodeError:
            continue
        found = _likeness(text, page)
        if found > score:
            best, score = page, found
    return best


def _likeness(text: str, page: str) -> float:
    """How much of what lies beyond ASCII reads like words of the page's language, 0 to 1."""
    beyond = [c for c in text if c > "\x7f"]
    if not beyond:
        return 0.0
    if page == "cp932":  # Japanese without kana is rare; half-width kana are mostly misread Chinese
        kana = sum("ぁ" <= c <= "ヿ" for c in beyond)
        good = kana + sum("一" <= c <= "鿿" for c in beyond)
        return good / len(beyond) if kana * 5 >= len(beyond) else 0.0
    if (
        page == "cp936"
    ):  # the 3,755 common characters are the first half of the page, from 0xB0A1 to 0xD7F9
        good = sum(
            b"\xb0\xa1" <= c.encode("gbk") <= b"\xd7\xf9" or c in "，。、：“”（）？！"
            for c in beyond
        )
        return good / len(beyond) * 0.98
    if page in {"cp1251", "cp866"}:  # words of small letters, not single ones between Latin letters
        good = sum(len(word) for word in re.findall(r"[А-Яа-яё][а-яё]+", text))
        return good / len(beyond) * 0.99
    words = re.findall(
        r"[a-z][äöüßàâçéèêëîïôûùñáíóú][a-z]|[äöüàâçéèêôûù][a-z]{2}|[a-z]{2}[éèêàßüöä]\b", text
    )
    return min(1.0, len(words) / len(beyond)) * 0.9


class Text:
    """A log made ready: ``lower`` is searched; ``line`` and ``shown`` give back what stands there,
    by position."""

    def __init__(self, log: bytes | str) -> None:
        self._numbers: list[int] | None = None
        if isinstance(log, bytes) and len(log) > WHOLE and not _is_wide(log):
            kept, self._numbers = thin(log)
            text = _ESCAPES.sub("", decode(kept))
        else:
            text = _ESCAPES.sub("", decode(log))
            if len(text) > 2 * WHOLE:
                kept, self._numbers = thin(text.encode("utf-8", "replace"))
                text = decode(kept)
        text = text.replace("\r\n", "\n").translate(_PLAIN)
        self.original = text
        lower = text.lower()
        if len(lower) != len(text):  # some letters grow when made small (İ); keep positions
            lower = "".join(low if len(low := c.lower()) == 1 else c for c in text)
        # A redraw begins a new line for the patterns but not for the count of lines.
        lower = lower.replace("\r", "\n").replace("\0", " ")
        if "hint:" in lower or "╰─▶" in lower or "-> " in lower:
            lower = _UV_TALK.sub(_unwrapped, lower)
        self.lower = _LONG_LINE.sub(_folded, lower)

    def line(self, position: int) -> int:
        """The line of the log, counted from 1, in which a position lies."""
        number = self.original.count("\n", 0, position)
        return (
            self._numbers[number] if self._numbers and number < len(self._numbers) else number + 1
        )

    def shown(self, position: int, longest: int = 400) -> str:
        """The line at a position, as the log has it, cut at both ends where it is very long."""
        start = max(
            self.lower.rfind("\n", 0, position) + 1,
            self.original.rfind("\n", 0, position) + 1,
            position - longest // 2,
        )
        ends = [
            end for text in (self.lower, self.original) if (end := text.find("\n", position)) >= 0
        ]
        end = min(ends, default=len(self.original))
        if self.original.startswith("\\n", end - 1):  # a line's end that is written out
            end -= 1
        return self.original[start:end][:longest].strip()

    def strike(self, spans: list[tuple[int, int]]) -> None:
        """Make these spans unreadable for patterns; line ends stay."""
        parts, at = [], 0
        for start, end in sorted(spans):
            if end <= at:
                continue
            start = max(start, at)
            parts += [self.lower[at:start], re.sub(r"[^\n]", " ", self.lower[start:end])]
            at = end
        self.lower = "".join([*parts, self.lower[at:]])


def _unwrapped(match: re.Match[str]) -> str:
    """A sentence of uv in one line, as long as before: the spaces of the indents stand behind the
    whole.
    """
    text = match.group()
    joined = _WRAPPED.sub(" ", text)
    return joined + " " * (len(text) - len(joined))


def _folded(match: re.Match[str]) -> str:
    """A very long line in pieces, as long as before: patterns that look along a line must not take
    for ever.
    """
    text = match.group()
    pieces = list(text)
    at = 0
    while len(text) - at > 2000:
        found = text.find("\n", at, at + 1500)
        if found < 0:
            found = max(text.rfind(" ", at + 1000, at + 1500), at + 1000)
            pieces[found] = "\n"
        at = found + 1
    return "".join(pieces)


def _is_wide(log: bytes) -> bool:
    return log.startswith((b"\xff\xfe", b"\xfe\xff")) or _wide(log) is not None


def thin(log: bytes) -> tuple[bytes, list[int]]:
    """What is worth reading of a long log, and the numbers of the lines that were kept.

    Kept whole: the first and the last part. In between: lines with a word of alarm and their
    neighbours, once for all lines that differ only in their digits.
    """
    shape = log.translate(_SHAPE)
    spans = [(0, _line_end(shape, HEAD)), (_line_start(shape, len(log) - TAIL), len(log))]
    seen: set[bytes] = set()
    left = MOST_HITS
    for word in _ALARMS:
        hits = _distinct(shape, word, seen, left)
        left -= len(hits)
        for number, at in enumerate(hits):
            start, end = at, _line_end(shape, at)
            if number < NEIGHBOURLY:
                for _ in range(3):
                    start = _line_start(shape, start - 1)
                for _ in range(4):
                    end = _line_end(shape, min(end + 1, len(log)))
            spans.append((start, end))
    return _cut(log, sorted(spans))


def _distinct(shape: bytes, word: bytes, seen: set[bytes], left: int) -> list[int]:
    """Where lines with a word begin, each shape of line once."""
    found: list[int] = []
    at = shape.find(word)
    while at >= 0 and left > 0 and len(found) < MOST_KEPT:
        left -= 1
        start, end = _line_start(shape, at), _line_end(shape, at)
        line = shape[start : min(end, start + 300)]
        if line not in seen:
            seen.add(line)
            found.append(start)
        at = shape.find(word, end)
    return found


def _cut(log: bytes, spans: list[tuple[int, int]]) -> tuple[bytes, list[int]]:
    """What lies inside of sorted spans, with the numbers of its lines."""
    kept: list[bytes] = []
    numbers: list[int] = []
    at, line = 0, 1
    for start, end in spans:
        start = max(start, at)
        if start > end:
            continue
        line += log.count(b"\n", at, start)
        for text in log[start:end].split(b"\n"):
            kept.append(
                text
                if len(text) <= LONGEST
                else text[: LONGEST // 2] + b" ... " + text[-LONGEST // 2 :]
            )
            numbers.append(line)
            line += 1
        at, line = end, line - 1
    return b"\n".join(kept), numbers


def _line_start(log: bytes, at: int) -> int:
    return log.rfind(b"\n", 0, max(0, at)) + 1


def _line_end(log: bytes, at: int) -> int:
    end = log.find(b"\n", at)
    return len(log) if end < 0 else end
