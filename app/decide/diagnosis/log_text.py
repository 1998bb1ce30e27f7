"""Turns the bytes of any log into plain lines.

Encodings, colours, redraws, and what is too long to read whole.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

from app.decide.diagnosis.saved_output import join_cut_lines, without_json, without_tags
from app.model.terminal_text import without_escapes

# Above this size a log is thinned out before patterns are tried (measured: 50 MB must be judged in
# under 2 s).
WHOLE = 1_000_000
HEAD = 100_000
TAIL = 300_000

_LONG_LINE = re.compile(r"[^\n]{3000,}")
# What two lines share that differ only in their figures: small letters, and no digits at all.
_SHAPE = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz")
_FIGURES = b"0123456789"
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
    r"(?:╰─▶|├─▶|(?<!-)`?-> |\bhint: )[^\n]*(?:\n(?:[ \t]*[│┃|])?[ \t]{4,}[^\s╰├│×-][^\n]*)+"
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
LONGEST = 20_000  # a longer line loses its middle (progress bars that were never ended)
MOST_KEPT = 1_500  # how many different ones are kept for each word
NEIGHBOURLY = 150  # with how many of them the lines around are kept


def decode(log: bytes | str) -> str:
    """The text of a log: UTF-16 with or without a mark, UTF-8, and for lines that are neither, a
    Windows code page.
    """
    if isinstance(log, str):
        return log
    if log.startswith((b"\xff\xfe", b"\xfe\xff")):
        return log.decode("utf-16", "replace")
    wide = _detect_utf16(log)
    if wide:
        return log.decode(wide, "replace")
    if log.startswith(b"\xef\xbb\xbf"):
        log = log[3:]
    try:
        return log.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_mixed(log)


def _detect_utf16(log: bytes) -> str | None:
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


def _decode_mixed(log: bytes) -> str:
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
        found = _score_language(text, page)
        if found > score:
            best, score = page, found
    return best


def _score_language(text: str, page: str) -> float:
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
        if len(log) > WHOLE:
            kept, self._numbers = condense(split_blocks(log))
            log = kept
        text = without_escapes(decode(log)).replace("\r\n", "\n")
        text = without_tags(without_json(text)).translate(_PLAIN)
        self.original = text
        lower = text.lower()
        if len(lower) != len(text):  # some letters grow when made small (İ); keep positions
            lower = "".join(low if len(low := c.lower()) == 1 else c for c in text)
        # A redraw begins a new line for the patterns but not for the count of lines.
        lower = lower.replace("\r", "\n").replace("\0", " ")
        if "hint:" in lower or "╰─▶" in lower or "-> " in lower:
            lower = _UV_TALK.sub(_unwrap, lower)
        self.lower = join_cut_lines(_LONG_LINE.sub(_fold_long_line, lower))

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

    def blank_out(self, spans: list[tuple[int, int]]) -> None:
        """Make these spans unreadable for patterns; line ends stay."""
        parts, at = [], 0
        for start, end in sorted(spans):
            if end <= at:
                continue
            start = max(start, at)
            parts += [self.lower[at:start], re.sub(r"[^\n]", " ", self.lower[start:end])]
            at = end
        self.lower = "".join([*parts, self.lower[at:]])


def _unwrap(match: re.Match[str]) -> str:
    """A sentence of uv in one line, as long as before: the spaces of the indents stand behind the
    whole.
    """
    text = match.group()
    joined = _WRAPPED.sub(" ", text)
    return joined + " " * (len(text) - len(joined))


def _fold_long_line(match: re.Match[str]) -> str:
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


def split_blocks(log: bytes | str, size: int = 4_000_000) -> Iterator[bytes]:
    """A long log in pieces of about ``size`` bytes that end where lines do, so that never much more
    than the log itself lies in memory. The last piece is at least as long as what is kept of the
    end. UTF-16 becomes UTF-8; a line without an end is broken.
    """
    rest = b""
    for piece in _split_bytes(log, size):
        text = rest + piece if rest else piece
        if len(text) < size + TAIL:
            rest = text
            continue
        end = text.rfind(b"\n", 0, len(text) - TAIL) + 1 or len(text) - TAIL
        yield text[:end]
        rest = text[end:]
    yield rest


def _split_bytes(log: bytes | str, size: int) -> Iterator[bytes]:
    if isinstance(log, str):
        for at in range(0, len(log), size):
            yield log[at : at + size].encode("utf-8", "replace")
        return
    marked = log.startswith((b"\xff\xfe", b"\xfe\xff"))
    wide = "utf-16" if marked else _detect_utf16(log)
    if wide is None:
        for at in range(0, len(log), size):
            yield log[at : at + size]
        return
    decoder = codecs.getincrementaldecoder(wide)("replace")
    for at in range(0, len(log), size):
        yield decoder.decode(log[at : at + size]).encode("utf-8", "replace")


def condense(pieces: Iterable[bytes]) -> tuple[bytes, list[int]]:
    """What is worth reading of a long log, and the numbers of the lines that were kept.

    Kept whole: the first and the last part. In between: lines with a word of alarm and their
    neighbours, once for all lines that differ only in their figures.
    """
    kept: list[bytes] = []
    numbers: list[int] = []
    seen: set[bytes] = set()
    found = dict.fromkeys(_ALARMS, 0)
    head, number = HEAD, 1
    following = iter(pieces)
    block: bytes | None = next(following, b"")
    while block is not None:
        after = next(following, None)
        lines = block.split(b"\n")
        chosen = _find_alarming_lines(block, seen, found)
        chosen.update(_lines_within(lines, head))
        head -= len(block)
        if after is None:
            chosen.update(len(lines) - 1 - at for at in _lines_within(lines[::-1], TAIL))
        for at in sorted(chosen):
            # an empty last one is the beginning of the next piece's first line
            if 0 <= at < len(lines) and (lines[at] or after is None or at < len(lines) - 1):
                kept.append(_shorten(lines[at]))
                numbers.append(number + at)
        number += len(lines) - 1
        block = after
    return b"\n".join(kept), numbers


def _find_alarming_lines(block: bytes, seen: set[bytes], found: dict[bytes, int]) -> set[int]:
    """Which lines of a block hold a word of alarm, each shape of line once, the first ones with the
    lines around them. ``seen`` are shapes that were met, ``found`` counts what each word has kept.
    """
    shape = block.translate(_SHAPE, _FIGURES)
    words = [word for word in _ALARMS if found[word] < MOST_KEPT and word in shape]
    chosen: set[int] = set()
    for at, line in enumerate(shape.split(b"\n")):
        if not words:
            break
        mark = line[:300]
        if mark in seen:
            continue
        word = next((word for word in words if word in line), None)
        if word is None:
            continue
        seen.add(mark)
        chosen.update(range(at - 3, at + 5) if found[word] < NEIGHBOURLY else (at,))
        found[word] += 1
        if found[word] == MOST_KEPT:
            words.remove(word)
    return chosen


def _lines_within(lines: list[bytes], size: int) -> Iterator[int]:
    """The indices of the lines in the first ``size`` bytes."""
    for at, line in enumerate(lines):
        if size <= 0:
            return
        yield at
        size -= len(line) + 1


def _shorten(line: bytes) -> bytes:
    """A line without its middle where it is very long."""
    if len(line) <= LONGEST:
        return line
    return line[: LONGEST // 2] + b" ... " + line[-LONGEST // 2 :]
