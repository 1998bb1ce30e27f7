"""Turns the bytes of any log into plain lines: encodings, colours, redraws, and what is too long to read whole."""

from __future__ import annotations

import re

# Above this size a log is thinned out before patterns are tried (measured: 50 MB must be judged in under 2 s).
WHOLE = 1_000_000
HEAD = 100_000
TAIL = 300_000

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_()][0-9A-Za-z]?)")
_ESCAPE_BYTES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[@-Z\\^_()][0-9A-Za-z]?)")
_SHAPE = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", b"abcdefghijklmnopqrstuvwxyz" + b"0" * 10)
# One character for one, so that positions stay where they were.
_PLAIN = {0x00A0: " ", 0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x202F: " ", 0xFEFF: " ", 0x200B: " "}
# Words that tell something failed; used to choose what is kept of a long log.
_ALARMS = (b"rror", b"xception", b"raceback", b"ailed", b"arning", b"cannot", b"annot ", b"could not", b"not found",
           b"no module", b"denied", b"unsupported", b"not supported", b"not compatible", b"incompatible", b"out of memory",
           b"no space", b"timed out", b"refused", b"nvml", b"was found", b"not defined", b"requires", b"cause:", b"winerror",
           b"unable", b"died", b"too old", b"mismatch", b"unsatisfiable", b"virus", b"recognized", b"recognised")


def decode(log: bytes | str) -> str:
    """The text of a log: UTF-16 with or without a mark, UTF-8, and for lines that are neither, a Windows code page."""
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
    """UTF-16 without a mark shows as zero bytes at every second place (PowerShell's ``>`` cut at the front)."""
    sample = log[:4000]
    if len(sample) < 8:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odd > half * 0.4 and even < half * 0.1:
        return "utf-16-le"
    if even > half * 0.4 and odd < half * 0.1:
        return "utf-16-be"
    return None


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
    if page == "cp936":  # the 3,755 common characters are the first half of the page, from 0xB0A1 to 0xD7F9
        good = sum(b"\xb0\xa1" <= c.encode("gbk") <= b"\xd7\xf9" or c in "，。、：“”（）？！" for c in beyond)
        return good / len(beyond) * 0.98
    if page in {"cp1251", "cp866"}:  # words of small letters
        good = sum("а" <= c <= "я" for c in beyond)
        return good / len(beyond) * 0.99
    words = re.findall(r"[a-z][äöüßàâçéèêëîïôûùñáíóú][a-z]|[äöüàâçéèêôûù][a-z]{2}|[a-z]{2}[éèêàßüöä]\b", text)
    return min(1.0, len(words) / len(beyond)) * 0.9


class Text:
    """A log made ready: ``lower`` is searched; ``line`` and ``shown`` give back what stands there, by position."""

    def __init__(self, log: bytes | str) -> None:
        if isinstance(log, bytes) and len(log) > WHOLE and not _is_wide(log):
            kept, self._numbers = thin(log)
            text = _ESCAPES.sub("", decode(kept))
        else:
            self._numbers = None
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
        self.lower = lower.replace("\r", "\n").replace("\0", " ")

    def line(self, position: int) -> int:
        """The line of the log, counted from 1, in which a position lies."""
        number = self.original.count("\n", 0, position)
        return self._numbers[number] if self._numbers and number < len(self._numbers) else number + 1

    def shown(self, position: int, longest: int = 400) -> str:
        """The line at a position, as the log has it, cut at both ends where it is very long."""
        start = max(self.lower.rfind("\n", 0, position) + 1, position - longest // 2)
        end = self.lower.find("\n", position)
        line = self.original[start:end if end >= 0 else len(self.original)]
        return line[:longest].strip()

    def strike(self, spans: list[tuple[int, int]]) -> None:
        """Make these spans unreadable for patterns; line ends stay."""
        parts, at = [], 0
        for start, end in sorted(spans):
            if start < at:
                continue
            parts += [self.lower[at:start], re.sub(r"[^\n]", " ", self.lower[start:end])]
            at = end
        self.lower = "".join([*parts, self.lower[at:]])


def _is_wide(log: bytes) -> bool:
    return log.startswith((b"\xff\xfe", b"\xfe\xff")) or _wide(log) is not None


def thin(log: bytes) -> tuple[bytes, list[int]]:
    """What is worth reading of a long log, and the numbers of the lines that were kept.

    Kept whole: the first and the last part. In between: of lines that differ only in their digits the first and the
    last, and of those only lines with a word of alarm and their neighbours.
    """
    if b"\x1b" in log:
        log = _ESCAPE_BYTES.sub(b"", log)
    lines = log.split(b"\n")
    shapes = log.translate(_SHAPE).split(b"\n")
    last = {shape: number for number, shape in enumerate(shapes)}
    shapes.reverse()
    top = len(shapes) - 1
    first = {shape: top - number for number, shape in enumerate(shapes)}
    shapes.reverse()
    alarming = {n for shape, n in first.items() if _alarming(shape)} | {n for shape, n in last.items() if _alarming(shape)}
    keep: set[int] = set()
    for number in sorted(alarming)[:20_000]:
        keep.update(range(max(0, number - 3), min(len(lines), number + 6)))
    keep.update(_edge(lines, HEAD), _edge(lines, TAIL, backwards=True))
    chosen = sorted(keep)
    return b"\n".join(lines[n][:4000] for n in chosen), [n + 1 for n in chosen]


def _alarming(shape: bytes) -> bool:
    return any(word in shape for word in _ALARMS)


def _edge(lines: list[bytes], size: int, backwards: bool = False) -> range:
    """The lines at one end that make up about ``size`` bytes."""
    total, count = 0, 0
    for line in reversed(lines) if backwards else lines:
        total += len(line) + 1
        if total > size:
            break
        count += 1
    return range(len(lines) - count, len(lines)) if backwards else range(count)
