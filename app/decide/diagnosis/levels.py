"""Which lines of a log its own program says at a level for the curious: debug and trace lines, and
information.
"""

from __future__ import annotations

import re

_LEVEL = r"(?P<{0}>trace|debug|verbose|info)"
# Before the level stand only times, brackets, numbers, a bar, or the name of a logger with a dash
# behind it.
_AHEAD = (
    r"(?:(?>(?=[^\d\s]{0,30}\d)[\w.,:/+-]+[ \t]+)|(?>[\[(][^\])\n]{1,40}[\])]:?[ \t]*)|(?>[|>-][ \t]+)|"
    r"(?>[a-z_][\w.]{0,60}[ \t]+(?=[-|:][ \t]))){0,6}"
)
_SAID = re.compile(
    rf"""^[ \t]*(?:
        (?:\[rank\d+\]:?[ ]?|\([^)\n]{{1,40}}\)[ ]?)?\[?(?P<glog>[vdi])\d{{4}}[ ][\d:.]+[ ]+[^\]\n]{{1,120}}\]
      | {_AHEAD}\[?{_LEVEL.format("word")}\]?(?=[ \t]*[:|\]-]|[ \t]+\S|[ \t]*$)
      | {_AHEAD}nccl[ ](?P<nccl>info|trace)\b
      | (?=[^\n]{{0,40}}(?:time|ts)\w*=)[^\n]{{0,80}}?\blevel={_LEVEL.format("pair")}\b
      | \{{(?=")[^\n]{{0,200}}?"level(?:name)?"[ ]?:[ ]?"{_LEVEL.format("json")}"
    )[^\n]*""",
    re.MULTILINE | re.VERBOSE,
)
# torch quotes code and settings at these levels, where nothing is said of a failure.
_QUOTES = re.compile(r"^[^\n]{0,60}?\b[vd]\d{4} [\d:.]+ +(?:\d+ +)?torch[/\\]", re.MULTILINE)
_HUNG = re.compile(
    r"\ntraceback \(most recent call last\):[^\n]*(?:\n[ \t]+[^\n]*)+(?:\n[\w.]+(?:error|exception)\b[^\n]*)?"
)


class Said:
    """Lines of one log by how much they say: ``quoting`` is code and settings only, ``debug`` is
    meant for the curious, ``info`` tells what goes on. Each is a list of spans."""

    def __init__(self, lower: str) -> None:
        self.quoting: list[tuple[int, int]] = []
        self.debug: list[tuple[int, int]] = []
        self.info: list[tuple[int, int]] = []
        for match in _SAID.finditer(lower):
            level = (
                match["glog"] or match["word"] or match["nccl"] or match["pair"] or match["json"]
            )
            if _QUOTES.match(match.group()):
                self.quoting.append(match.span())
            elif level in ("info", "i"):
                self.info.append(match.span())
            else:
                hung = _HUNG.match(
                    lower, match.end()
                )  # the exception that a program caught and told with its message
                self.debug.append((match.start(), hung.end() if hung else match.end()))


def without(text: str, spans: list[tuple[int, int]]) -> str:
    """The text without these spans, which are sorted and do not meet."""
    parts, at = [], 0
    for start, end in spans:
        parts.append(text[at:start])
        at = end
    return "".join([*parts, text[at:]])
