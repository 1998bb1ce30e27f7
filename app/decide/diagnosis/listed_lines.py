"""Finds lists that name errors without having one: commits, changes, tables of results, counts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby

Span = tuple[int, int]

_LEAST = 3  # lines that make a list, and cells that make a row
_FULL_COLUMNS = 2
_MOST_ROWS = 1000  # of a table that somebody reads
_LEVEL = r"(?:debug|info|warn(?:ing)?|error|critical|fatal|trace)"
# One commit a line, maybe with the graph before it; and a commit with author, date and message. A log
# may begin its lines with a request's number, and then with a level or a time.
_COMMIT = re.compile(
    rf"^[*|\\/_ ]{{0,12}}([0-9a-f]{{7,40}}) (?!\W?{_LEVEL}\b(?! \w)|\W?{_LEVEL}[ :|\]]+\w|\S*\d:\d\d)(?=\S)[^\n]*",
    re.MULTILINE,
)
_HASH = re.compile(r"(?=.*[a-f])(?=.*\d)")
_FULL_COMMIT = re.compile(
    r"^(?:[*|\\/ ]+)?commit [0-9a-f]{7,40}\b[^\n]*"
    r"(?:\n(?:(?:author|date|merge|commit|authordate|commitdate)\b[^\n]*|[ \t|*]+[^\n]*|(?=\n)))*",
    re.MULTILINE,
)
# A version as a heading and the items below it; an item that names its request or author; a task.
_ITEM = r"[ \t]*[-*•+] [^\n]*(?:\n[ \t]{2,}[^\s*•+-][^\n]*)*"
_CHANGES = re.compile(
    r"^(?:#{1,4} (?:\w[\w .-]{0,30} )?|(?:version|release) |[a-z][\w.-]{1,30} (?=[^\n]*\n[=~-]{3}))?"
    r"\[?v?\d+\.\d+(?:\.\d+)?\w*\]?(?: ?[(–—-][^\n]{0,40})?:?[ \t]*\n"
    rf"(?:(?:[ \t]*|[=~-]{{3,}}[ \t]*|#+ [^\n]*|\w[\w ]{{0,24}}:?[ \t]*)\n)*"
    rf"{_ITEM}(?:\n(?:{_ITEM}|#+ [^\n]*|\w[\w ]{{0,24}}:|\w[\w ]{{0,24}}(?=\n[ \t]*[-*•+] )|[ \t]*(?=\n)))*",
    re.MULTILINE,
)
_REQUEST = re.compile(
    r"^[ \t]*[-*•+] [^\n]*(?:\(#\d+\)|\[#\d+\]\S*|\bby @[\w-]+[^\n]*)[ \t]*$|^[ \t]*[-*+] \[[ x]\] [^\n]*|"
    r"^#?\d{1,6}[ \t]+\S[^\n]*(?:\bago|\t(?:open|closed|merged)\b[^\n]*)[ \t]*$",
    re.MULTILINE,
)
_DEBIAN = re.compile(
    r"^\S+ \([^)\n]+\) [\w -]+; urgency=\w+(?:\n(?:[ \t]+[^\n]*|(?=\n)))*", re.MULTILINE
)
# What was caught and counted, or was to come: ``caught torch.OutOfMemoryError 4x``, ``(expected)``.
_CAUGHT = re.compile(
    r"\b(?:caught|expected|handled|tolerated|survived|skipped)\b[^\n]{1,60}?\b\d+ ?(?:x|×|times)(?!\w)|"
    r"\b\d+ ?(?:x|×|times) [^\n]{1,60}?\b(?:caught|expected|handled|tolerated|skipped)\b|"
    r"[(\[](?:as )?expected[)\]]|\b(?:pruned|skipped|tolerated) ?[(:]|\bskipp(?:ed|ing) [^\n(]{1,160}\(|"
    r"\b(?:simulat|inject|provok|pretend|mock)(?:e[ds]?|ing|ed|s)?\b[^\n]*\b(?:ok|caught|handled|pass(?:ed)?|recovered)\b|"
    r"(?<!not )\bas expected\b|\bexpected (?:failure|error|exception)\b"
)
_GAVE_UP = re.compile(r"\bg(?:i|a)v(?:e|es|en|ing) up|\babort|\bfatal|\bexiting\b|\btoo many\b")
_CAUGHT_WORDS = ("caught", "expected", "handled", "tolerated", "survived", "skipp", "pruned")
_SIMULATED_WORDS = ("simulat", "inject", "provok", "pretend", "mock")
_MARKDOWN_TABLE = re.compile(
    r"^[ \t]*\|[^\n]*\n[ \t]*\|?(?:[ \t]*:?-{2,}:?[ \t]*\|)+(?:[ \t]*:?-{2,}:?)?[ \t]*(?:\n[ \t]*\|[^\n]*)+",
    re.MULTILINE,
)
# A table with lines between its head and its rows, as databases and consoles draw it. nvidia-smi
# draws one too, and what it says is seen.
_RULED_TABLE = re.compile(
    r"(?:^[ \t]*[|│┃][^\n]*\n|^[^\n]*[^\s|][^\n]*\|[^\n]*\n)"
    r"[ \t]*[+├┝╞┣╟]?[-─═━]{2,}(?:[+┼╪╋┿╫][-─═━]{2,})+[+┤╡┫╢]?[ \t]*(?:\n[^\n]*[|│┃][^\n]*)+",
    re.MULTILINE,
)
_OF_NVIDIA_SMI = re.compile(r"nvidia-smi|driver version|processes:|gpu-util")
# A record of fields that comes again and again: what a model was asked, what it answered.
_FIELD = re.compile(
    r"^\W{0,12}(?:\d{1,6}\W{1,3})?(?:(prompt|question|instruction|user|asked)|(answer(?:ed)?|response|completion|assistant|"
    r"gold|reference|target|expected|predict(?:ion|ed)|generated))(?:[ _]\d+)?[ \t]*[:=][^\n]*",
    re.MULTILINE,
)
# A row that begins with a figure, and how its cells are parted.
_ROW = re.compile(r"^[ \t]*[|│]?[ \t]*[\d.,]+(?=[\t |│,;])[^\n]*", re.MULTILINE)
_A_LEVEL = re.compile(_LEVEL)
_BETWEEN = re.compile(r"[ \t]*[|│\t;,][ \t]*|[ \t]{2,}")
_FIGURE = re.compile(r"[-+]?[\d.]+(?:e[-+]?\d+)?%?")


# Points of a list, each with its number or letter.
_POINT = re.compile(r"^[ \t]{0,8}\(?(\d{1,2}|[a-z])[.)][ \t]+\S[^\n]*", re.MULTILINE)
_TELLS_FAILURE = re.compile(
    r"error\b|exception|fail|cannot|\bnot\b|denied|refused|out of memory|killed|insufficient|false|time-?out|crash"
)
# A result of none: ``oom kills in 24 h ..... 0``.
_NONE_FOUND = re.compile(
    r"^[^\n]{0,60}\b(?:\w*errors?|\w*fail\w*|oom\S*|kill\w*|crash\w*|faults?|retries|time-?outs?|xid|warnings?|denied|"
    r"resets?|drop\w*|lost|quarantin\w*|threats?|infect\w*|viruses|"
    r"corrupt\w*|nans?)\b[^\n]{0,40}?(?:[.:=|][.:=| \t]*)(?:0(?: ?/ ?0)?|none|no)[ \t]*$",
    re.MULTILINE,
)


def find_listed_lines(lower: str) -> Iterator[Span]:
    """Where such lines stand in the small letters of a log that is no larger than people write. Each
    kind is looked for only where a plain string says that it may be there.
    """
    commits = [one for one in _COMMIT.finditer(lower) if _HASH.match(one[1])]
    if len({one[1] for one in commits}) >= _LEAST:
        yield from (one.span() for one in commits)
    if "commit " in lower:
        yield from (one.span() for one in _FULL_COMMIT.finditer(lower))
    if "\n- " in lower or "\n* " in lower or " - " in lower or " * " in lower or "• " in lower:
        yield from (one.span() for one in _CHANGES.finditer(lower))
    if "#" in lower or "@" in lower or "] " in lower or "\t" in lower:
        yield from (one.span() for one in _REQUEST.finditer(lower))
    if "; urgency=" in lower:
        yield from (one.span() for one in _DEBIAN.finditer(lower))
    for line in lines_with(lower, (*_CAUGHT_WORDS, *_SIMULATED_WORDS)):
        if _CAUGHT.search(lower, *line) and not _GAVE_UP.search(lower, *line):
            yield line
    if "--" in lower:
        yield from (one.span() for one in _MARKDOWN_TABLE.finditer(lower))
    if "-+-" in lower or any(cross in lower for cross in "┼╪╋┿╫"):
        tables = _RULED_TABLE.finditer(lower)
        yield from (one.span() for one in tables if not _OF_NVIDIA_SMI.search(one[0]))
    yield from _records(lower)
    yield from _table_rows(lower)
    yield from _points(lower)
    yield from (one.span() for one in _NONE_FOUND.finditer(lower))


def _records(lower: str) -> Iterator[Span]:
    """Fields of records: what was asked and what was answered, each twice at least."""
    fields = list(_FIELD.finditer(lower))
    times = Counter(one.lastindex for one in fields)
    if times[1] > 1 and times[2] > 1:
        yield from (one.span() for one in fields)


def _points(lower: str) -> Iterator[Span]:
    """Points that follow each other in order, three at least, of which two tell a failure."""
    rows: list[list[re.Match[str]]] = []
    for point in _POINT.finditer(lower):
        if rows and rows[-1] and point[1] == _next_mark(rows[-1][-1][1]):
            rows[-1].append(point)
        elif point[1] in ("1", "a"):
            rows.append([point])
    for row in rows:
        telling = [point.span() for point in row if _TELLS_FAILURE.search(point[0])]
        if len(row) >= _LEAST and len(telling) > 1:
            yield from telling


def _next_mark(mark: str) -> str:
    return str(int(mark) + 1) if mark.isdecimal() else chr(ord(mark) + 1)


def lines_with(lower: str, words: Iterable[str]) -> list[Span]:
    """Each line that holds one of some words, in order: quicker than an expression of many words."""
    lines: set[Span] = set()
    for word in words:
        at = lower.find(word)
        while at >= 0:
            end = lower.find("\n", at)
            end = len(lower) if end < 0 else end
            lines.add((lower.rfind("\n", 0, at) + 1, end))
            at = lower.find(word, end)
    return sorted(lines)


def _table_rows(lower: str) -> Iterator[Span]:
    """Rows with as many cells as their neighbours, where what is no figure in one of them is a figure
    in the same column of another: a result that could not be had.
    """
    block: list[Span] = []
    for row in _ROW.finditer(lower):
        if block and row.start() != block[-1][1] + 1:
            yield from _tables(lower, block)
            block = []
        block.append(row.span())
    yield from _tables(lower, block)


def _tables(lower: str, block: list[Span]) -> Iterator[Span]:
    """The rows of a block of lines, parted where the number of cells changes."""
    if not _LEAST <= len(block) <= _MOST_ROWS:
        return
    rows = [(span, _BETWEEN.split(lower[slice(*span)].strip(" \t|│"))) for span in block]
    for _, table in groupby(rows, key=lambda row: len(row[1])):
        yield from _results(list(table))


def _results(rows: list[tuple[Span, list[str]]]) -> Iterator[Span]:
    """The rows of a table: two columns at least hold nothing but figures, or one does in part."""
    if len(rows) < _LEAST or len(rows[0][1]) < _LEAST:
        return
    if any(_A_LEVEL.fullmatch(cell) for _, cells in rows for cell in cells):
        return  # a log with a tab between its parts
    columns = [
        [_FIGURE.fullmatch(cell) is not None for cell in column]
        for column in zip(*(cells for _, cells in rows), strict=True)
    ]
    if sum(all(column) for column in columns) >= _FULL_COLUMNS:
        yield from (span for span, _ in rows)
    for column in columns:
        if any(column):
            yield from (span for (span, _), figure in zip(rows, column, strict=True) if not figure)
