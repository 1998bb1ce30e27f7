"""Decodes a text as people and programs will read it.

Escapes resolved, colours gone, broken words joined, each sign with its place.

A secret is looked for in what a text says, not in how it is written: one reading serves JSON within
JSON, addresses, HTML, Python's and git's escapes, UTF-16 that was read as bytes, and whatever of
these is inside of another.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from html import unescape

LEVELS = 6  # how deep one way of writing is undone inside of another
# between stretches that are no neighbours in the text: nothing may be found across it
APART = "\n\x01\n"
_CONTEXT = 200  # characters of a line before its last sign that may tell what a broken word is
_NAME = 40  # characters
FULL = 79  # a line that long may have been broken because the window ended

_WRITTEN = re.compile(
    # colours, links
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]{0,2000}(?:\x07|\x1b\\)|[@-Z\\^_()][0-9A-Za-z]?)"
    r"|[\0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
    r"|\\[\\\"'/]|\\[nrt](?=[\w\"'-])"
    r"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\U000[0-9a-fA-F]{5}"
    r"|(?:\\x[0-9a-fA-F]{2})+|(?:\\[0-3][0-7]{2})+|(?:%[0-9a-fA-F]{2})+"
    r"|&(?:#\d{1,6}|#[xX][0-9a-fA-F]{1,5}|[a-zA-Z]{2,8}\d{0,2});"
)
# What each of these begins with: looking for one of a few signs is far cheaper.
_BEGINS = re.compile("[\x1b\0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\\\\%&]")
_BLOCK = re.compile(r"PRIVATE KEY|Private-Lines")
_PERCENT = re.compile(r"%[0-9a-fA-F]{2}")
_FORM = re.compile(r"(?<!\S)[^\s%]*%[0-9a-fA-F]{2}\S*")
_SPACES = {"n": "\n", "r": "\n", "t": "\t"}
_BREAK = re.compile(r"\r?\n[ \t]*(?:[│┃|>][ \t]*)?")
_LINE_END = " \t\r│┃|"
FRAME = _LINE_END + ">"  # what may stand around the text of a line
_SPACE = re.compile(r"[ \t]")
_RUN = re.compile(r"[^\s│┃]{0,400}")
_FOLDER = re.compile(
    r"(?:Users|home|Benutzer)[\\/]+[^\\/]*\Z", re.IGNORECASE
)  # somebody's, whose name may go on
_HEX = re.compile(r"[0-9a-fA-F-]+(?![^\W\d])")
_HEX_END = re.compile(r"[0-9a-fA-F-]{6,}\Z")
_MIXED = re.compile(
    r"[a-zA-Z][^\s]{0,8}\d|\d[^\s]{0,8}[a-zA-Z]|[a-z][A-Z]|[A-Z]{2}[a-z]|[A-Z0-9]{8}"
)
_WORD = re.compile(
    r"[A-Z]?[a-z]{3,}[.,:;!?)]*|[A-Z]{4,9}:?|[\w.]*(?:Error|Exception|Warning|Interrupt)\W*"
)  # stands alone
_DAY = re.compile(r"\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d")
_FIGURES = re.compile(r"(?:\A|[.:=\[/-])[0-9a-fA-F]{1,4}[.:-]*\Z")
_MORE_FIGURES = re.compile(r"[.:-]?[0-9a-fA-F]{1,4}(?![^\W\d])")
_IN_WORD = re.compile(r"[^\s\"'<>()\[\]{},;│┃]")


class DecodedView:
    """What a text says, ``text``, and where each part of it is written. ``breaks`` are where a line
    break was left out.
    """

    def __init__(self, source: DecodedView | None = None) -> None:
        self.text = ""
        self.breaks: list[int] = []
        self._decoded: list[str] = []
        self._length = 0
        self._at: list[int] = []
        self._spans: list[tuple[int, int]] = []
        self._source = source

    def copy(self, written: str, start: int, end: int) -> None:
        """What is written from ``start`` to ``end`` says what it says."""
        if end > start:
            self.append_text(written[start:end], start, end)

    def append_text(self, text: str, start: int, end: int) -> None:
        """The written signs from ``start`` to ``end`` say something."""
        if text:
            self._at.append(self._length)
            self._spans.append((start, end))
            self._decoded.append(text)
            self._length += len(text)

    def join(self) -> None:
        """A line break was left out here."""
        self.breaks.append(self._length)

    def done(self) -> DecodedView:
        """Itself, complete."""
        self.text = "".join(self._decoded)
        return self

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where the part of ``text`` from ``start`` to ``end`` is written."""
        found = self._locate_character(start)[0], self._locate_character(end - 1)[1]
        return self._source.place(*found) if self._source is not None else found

    def _locate_character(self, at: int) -> tuple[int, int]:
        piece = bisect_right(self._at, at) - 1
        begin, (start, end) = self._at[piece], self._spans[piece]
        length = (self._at[piece + 1] if piece + 1 < len(self._at) else self._length) - begin
        return (
            (start + at - begin, start + at - begin + 1) if length == end - start else (start, end)
        )


def decoded_views(text: str) -> list[DecodedView]:
    """The lines of a text in which something is written otherwise than it reads, with one way of
    writing undone, then two …
    """
    found: list[DecodedView] = []
    while len(found) < LEVELS:
        made = _decode_once(found[-1].text, found[-1]) if found else _decode_once(text, None)
        if made is None:
            break
        found.append(made)
    return found


def _decode_once(text: str, source: DecodedView | None) -> DecodedView | None:
    made: DecodedView | None = None
    at = end = -1
    whole = (
        _BLOCK.search(text) is not None
    )  # a key goes over many lines, of which few may be written strangely
    if source is None and "+" in text and "%" in text:
        text = _plus_as_space(text)  # as long as before
    for written in _find_encodings(text):
        if made is None:
            made = DecodedView(source)
            if whole:
                at, end = 0, len(text)
        if written.start() >= end:  # the first one in its line
            start = text.rfind("\n", 0, written.start()) + 1
            if end >= 0:
                made.copy(text, at, end)
                made.append_text("\n" if start == end + 1 else APART, end, start)
            at = start
            end = text.find("\n", written.end())
            end = len(text) if end < 0 else end
        made.copy(text, at, written.start())
        _append_decoded(made, written)
        at = written.end()
    if made is None:
        return None
    made.copy(text, at, end)
    return made.done()


def _plus_as_space(text: str) -> str:
    """Words with a sign in percent, as a form sends them: ``+`` is a space there.

    Their signs are looked for, and then the word around one: most words have none.
    """
    parts: list[str] = []
    at = 0
    for sign in _PERCENT.finditer(text):
        start = sign.start()
        if start < at:
            continue
        while start > at and not text[start - 1].isspace():
            start -= 1
        if (word := _FORM.match(text, start)) is not None:
            parts += [text[at:start], word.group().replace("+", " ")]
            at = word.end()
        else:
            parts.append(text[at : sign.end()])
            at = sign.end()
    return "".join([*parts, text[at:]]) if parts else text


def _find_encodings(text: str) -> Iterator[re.Match[str]]:
    """``_WRITTEN.finditer(text)``."""
    end = 0
    for begin in _BEGINS.finditer(text):
        if begin.start() >= end and (found := _WRITTEN.match(text, begin.start())) is not None:
            end = found.end()
            yield found


def _append_decoded(made: DecodedView, written: re.Match[str]) -> None:
    """What one way of writing says, sign by sign."""
    text, start, end = written.group(), written.start(), written.end()
    kind = text[0]
    if kind == "&":
        decoded = unescape(text)
        made.append_text(decoded if len(decoded) == 1 else "", start, end)
    elif kind == "%":
        _append_bytes(made, bytes.fromhex(text.replace("%", "")), start, 3)
    elif kind == "\\" and len(text) == 2:
        made.append_text(_SPACES.get(text[1], text[1]), start, end)
    elif kind == "\\" and text[1] in "uU":
        made.append_text(_decode_escape(text), start, end)
    elif kind == "\\" and text[1] == "x":
        _append_bytes(made, bytes.fromhex(text.replace("\\x", "")), start, 4)
    elif kind == "\\":
        _append_bytes(made, bytes(int(octal, 8) for octal in text.split("\\")[1:]), start, 4)


def _decode_escape(text: str) -> str:
    numbers = [int(part, 16) for part in re.split(r"\\[uU]", text)[1:]]
    if len(numbers) == 2:
        return chr(0x10000 + ((numbers[0] - 0xD800) << 10) + (numbers[1] - 0xDC00))
    return chr(numbers[0]) if numbers[0] < 0x110000 else ""


def _append_bytes(made: DecodedView, data: bytes, start: int, width: int) -> None:
    """Bytes as UTF-8, and those that are none as Windows' western code page has them; each is
    written ``width`` signs wide.
    """
    at = 0
    while at < len(data):
        for length in (1, 2, 3, 4):
            try:
                decoded = data[at : at + length].decode("utf-8")
                break
            except UnicodeDecodeError:
                continue
        else:
            length, decoded = 1, data[at : at + 1].decode("cp1252", "replace")
        made.append_text(decoded, start + at * width, start + min(at + length, len(data)) * width)
        at += length


def joined(text: str, halves: Callable[[str], bool] = lambda _: False) -> DecodedView | None:
    """Each line whose last word may go on in the next line, with that word; ``None`` where there
    are none.

    ``halves`` says of two words put together whether they hold a known name. A line of one word may
    be the middle of a longer one: such lines are joined again, all together.
    """
    made = DecodedView()
    chain: list[tuple[int, int]] = []
    for found in _BREAK.finditer(text):
        start = text.rfind("\n", 0, found.start()) + 1
        before, after = _trim_end(text, start, found.start()), found.end()
        if chain and _SPACE.search(text, chain[-1][1], before):
            _append_joined(made, text, chain if len(chain) > 1 else [])
            chain = []
        if (
            before == start
            or not _IN_WORD.match(text, after)
            or not (text[before - 1] == "'" or _IN_WORD.match(text, before - 1))
        ):
            continue
        word = _word_before(text, start, before)
        rest = _word_after(text, after)
        if not _may_be_halves(word, rest) and not halves(
            text[max(start, before - 80) : before] + _line_start(text, after)
        ):
            continue
        chain.append((before, after))
        _append_joined(made, text, chain[-1:])
    _append_joined(made, text, chain if len(chain) > 1 else [])
    return made.done() if made.breaks else None


def _may_be_halves(word: str, rest: str) -> bool:
    """Whether a line's last word and the next line's first may be one secret: random signs, and no
    word that stands alone.
    """
    if _HEX.fullmatch(rest) and _HEX_END.search(word):
        return True
    if _WORD.fullmatch(rest) or _DAY.match(rest):
        return False
    if _FOLDER.search(word) and ("\\" in rest or "/" in rest):
        return True
    return bool(
        _MIXED.search(word)
        or _MIXED.search(rest)
        or "@" in word
        or rest[:1] == "@"
        or (word[-1:] in "._+-" and "@" in rest)
        or (_FIGURES.search(word) and _MORE_FIGURES.match(rest))
    )


def _word_before(text: str, start: int, end: int) -> str:
    return text[
        max(
            text.rfind(" ", start, end) + 1, text.rfind("\t", start, end) + 1, start, end - 200
        ) : end
    ]


def _word_after(text: str, start: int) -> str:
    found = _RUN.match(text, start)
    return found.group() if found is not None else ""


def _line_start(text: str, start: int) -> str:
    """The beginning of a line, as far as a name may reach."""
    end = text.find("\n", start, start + _NAME)
    return text[start : end if end >= 0 else start + _NAME]


def _trim_end(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1] in _LINE_END:
        end -= 1
    return end


def _append_joined(made: DecodedView, text: str, breaks: list[tuple[int, int]]) -> None:
    """The line before the first of these breaks, what is between them, and the line behind the
    last.
    """
    if not breaks:
        return
    at = max(text.rfind("\n", 0, breaks[0][0]) + 1, breaks[0][0] - _CONTEXT)
    for before, after in breaks:
        made.copy(text, at, before)
        made.join()
        at = after
    made.copy(text, at, at + max(len(_word_after(text, at)), len(_line_start(text, at))))
    made.append_text(APART, at, at)


def goes_on_like(rest: str, line_length: int) -> bool:
    """Whether what follows a break reads like the rest of a secret, and not like the next line's
    first word.
    """
    if _DAY.match(rest) or re.fullmatch(r"[A-Za-z]?[a-z]*|\d+", rest):
        return False
    return line_length >= FULL or _MIXED.search(rest) is not None
