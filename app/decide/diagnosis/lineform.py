"""Takes off what other programs put around the lines of a log: times and names before them,
escapes, a console's width.

Every function gives back a text as long as before, so that a position still lies in the line that
it lay in.
"""

from __future__ import annotations

import re
from collections import Counter

_CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d+)?"
# What stands before the message, one after the other: times, services and processes, levels, quotes
# of an answer.
_BEFORE = re.compile(
    rf"""^(?:
        # 2026-11-24T15:00:00.123Z, with or without brackets
        \[?(?:task[ ])?\d{{4}}[-/]\d\d[-/]\d\d[t ]+{_CLOCK}(?:z|[ ]?[+-]\d\d:?\d\d)?\]?[ ]?
      | \[{_CLOCK}\][ ]?
        # journald
      | (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[ ]{{1,2}}\d{{1,2}}[ ]{_CLOCK}[ ][\w.-]+[ ][\w./@-]+\[\d+\]:[ ]?
      | [a-z][\w.-]*-\d+[ ]+\|[ ]          # docker compose
      | \#\d+[ ]\d+\.\d+[ ]                # docker build
        # loguru
      | \|[ ](?:trace|debug|info|success|warning|error|critical)[ ]+\|[ ][\w.<>]+:[\w<>]+:\d+[ ]-[ ]
        # glog and torch: W0722 08:14:33.677000 24492 x.py:29]
      | [iwefdc]\d{{4}}[ ]{_CLOCK}[ ]+(?:\d+[ ]+)?[^\s\]]+:\d+\][ ]?
        # Python's logging, where it only tells: [INFO] [x.py:29:main], INFO:root:, - root - INFO -, and INFO behind a time
      | (?<=[z\d\]][ ])(?:debug|info)[ ]+(?=\S)
      | \[(?:trace|debug|info)\][ ](?:\[[\w.]+:\d+[^\]\n]{{0,60}}\][ ])?
      | (?:debug|info):[\w.]+:[ ]?
      | (?:-[ ])?[\w.]{{1,60}}[ ]-[ ](?:debug|info)[ ]-[ ]
      | \[rank\d+\]:?[ ]?
      | \((?:\w+[ ])?pid=\d+(?:,[ ]ip=[\d.]+)?\)[ ]?   # ray and vllm
      | >[ ](?=[^>])
      | [^\n|]{{0,80}}?\b\d{{1,2}}%\|[^|\n]*\|[^\]\n]*\]  # a bar that is not full
    )+""",
    re.MULTILINE | re.VERBOSE,
)
_FILE = re.compile(r"[\w.]+[\\/]\S+\.(?:py|cc|cpp|h)\b")
# A line that was written out with its escapes: of a JSON log, or a traceback within a message.
_LINE = re.compile(r"^[^\n]*(?<!\\)\\n[^\n]*$", re.MULTILINE)
_WRITTEN = re.compile(
    r'^\W*"[\w.]+"\s*:|"(?:message|event|error|stack|log|msg|detail|output|traceback)"\s*:|traceback \(most recent call last\):\\n'
)
_LONG = 3000  # letters from which on a line is taken for a written-out one whatever it looks like
_BREAK = re.compile(r"(?<!\\)\\n")
_ESCAPE = re.compile(r"\\(?:u001b\[[\d;]*m|(.))")
_MEANS = {"t": " ", "r": "", '"': '"', "\\": "\\", "/": "/"}
# A console's width: a usual one shows in two full lines, any other in three.
_USUAL = {80, 100, 120, 132}
_LEAST, _MOST = 60, 240
# a line that ends so is a frame, a table or a rule and goes on in no other
_FRAME_ENDS = "│┃║|╮╯╗╝┐┘┤─━═+=-_*#~]"
_NEW = re.compile(r"  |traceback |file |[\w.]+(?:error|exception|warning)\b|[\[{(<>#*|]")


def bare(lower: str) -> str:
    """The text (of small letters) without what stands around its lines."""
    if "\\n" in lower:
        lower = _LINE.sub(_read, lower)
    return _rejoined(_without_before(lower))


def _without_before(lower: str) -> str:
    """Each line begins with its message; of what stood before it a file's name moves behind it, the
    rest is blanked out.
    """
    out: list[str] = []
    at = 0
    for match in _BEFORE.finditer(lower):
        end = lower.find("\n", match.end())
        end = len(lower) if end < 0 else end
        size = len(match.group())
        file = _FILE.search(match.group())
        behind = f" {file.group()[: size - 1]}" if file else ""
        out += [lower[at : match.start()], lower[match.end() : end], behind.ljust(size)]
        at = end
    return "".join([*out, lower[at:]])


def _read(match: re.Match[str]) -> str:
    """A line that was written out with its escapes, as the lines that it tells."""
    line = match.group()
    if len(line) < _LONG and not _WRITTEN.search(line):
        return line
    return " \n".join(
        _ESCAPE.sub(_meaning, piece).ljust(len(piece)) for piece in _BREAK.split(line)
    )


def _meaning(escape: re.Match[str]) -> str:
    return _MEANS.get(escape[1], escape[0]) if escape[1] else ""


def _rejoined(lower: str) -> str:
    """Lines that a console broke at its width, in one again; the breaks that were taken out stand
    as spaces at its end.
    """
    lines = lower.split("\n")
    widths = Counter(map(len, lines))
    width = max(widths)  # a line that is longer shows that nothing was broken
    if not _LEAST <= width <= _MOST or widths[width] < (2 if width in _USUAL else 3):
        return lower
    out: list[str] = []
    taken = 0
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        out.append(line)
        full = len(line) == width and line[-1] not in _FRAME_ENDS and not line.endswith("  ")
        if full and following.strip() and not _NEW.match(following):
            taken += 1
        else:
            out.append(" " * taken + "\n")
            taken = 0
    return "".join(out)[:-1]
