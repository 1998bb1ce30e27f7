"""Finds comments in source code, scripts, Dockerfiles and settings: what they name did not happen."""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int]

# A line that is a comment: as shells, Python, YAML, C, SQL and batch files write it. A frame of a
# notebook's traceback has the number of the line before it. BuildKit's ``#12 4.5`` and ``#include`` are none.
_COMMENT = re.compile(
    r"[ \t]*(?:-*> ?)?(?:\d+[ \t]+)?(?:#+[ \t]+|//+[ \t]|;+[ \t]|@?rem[ \t]|::[ \t])\S"
)
# A comment behind something else on the same line; only ``#`` is seldom anything else.
_BEHIND = re.compile(r"[ \t](#+|//+|;+)[ \t]+\S[^\n]*$", re.MULTILINE)
_BLOCKS = (("/*", "*/"), ("<!--", "-->"), ("{#", "#}"), ("<#", "#>"))
# Where the docstring of a function or a class begins.
_DOCSTRING = re.compile(
    r"^[ \t]*(?:async )?(?:def|class) [^\n]*:[ \t]*\n[ \t]*[rbu]?(\"\"\"|''')", re.MULTILINE
)
_LOG = re.compile(
    r"[ \t]*(?:\[?\d{4}-\d\d-\d\d|\[?\d\d:\d\d:\d\d|\[?(?:debug|info|warn|warning|error|critical|fatal|trace|note|hint)\b[\]:]|"
    r"traceback|[\w.]*(?:error|exception|warning)\b[ \t]*:|#\d+ )"
)
_CODE = re.compile(
    r"[ \t]*(?:-*> ?)?(?:\d+[ \t]+)?(?:"
    # a Dockerfile's instruction
    r"(?:run|copy|add|workdir|entrypoint|expose|volume|healthcheck|cmd|arg|env|label|user)[ \t]+"
    r"[\[\"'\w./$&,-]+(?:[ =][^\n]*)?$|from \S+(?: as \S+)?$|"
    # a shell's command or block
    r"&&|\|\||(?:export|set|source|alias|unset|local|readonly) \S|(?:if|elif|while|until) \[|"
    r"(?:fi|then|do|done|esac|else)$|for \w+ in |"
    r"(?:sudo )?(?:pip3?|uv|conda|apt(?:-get)?|dnf|yum|git|docker|podman|python3?|srun|sbatch|torchrun|"
    r"accelerate|cd|mkdir|cp|mv|rm|ln|chmod|curl|wget|echo|make|cmake|module) [\w./~$\"'-]|"
    # Python, C, JavaScript
    r"import \w|from [\w.]+ import |(?:async )?def \w+\(|class \w+\b|@\w|return\b|raise \w|"
    r"(?:pass|break|continue)$|yield\b|assert\b|lambda\b|(?:try|else|finally):$|"
    r"(?:with|if|elif|while|except)\b[^\n]*:$|for [^\n]* in [^\n]*:$|"
    r"(?:const|let|var|function|static|void|int) |#include\b|#define\b|"
    # a value, a call, a block's end
    r"(?:self\.)?[\w.\[\]\"'-]+(?:: ?[\w\[\], .|]+)? ?(?:[+*/|-]?|:)=(?!=) ?\S|"
    r"[\w.]+\([^\n]*[(,)]$|[\])}]+[,;)]*$|[^\n]*[{;\\]$|"
    # settings, and packages with their versions
    r"[\w.-]+(?:\[[\w, -]+\])? ?[=~<>!]=[\w.*+!, <>=~]+$|"
    r"\[\[?[\w.\"' -]+\]\]?$|-[ \t]+[\w./\"'$=<>~*,-]+$|\"[\w.-]+\": ?\S|"
    r"-? ?[a-z][\w.-]*:(?: [|>&*!][^\n]*| ?[\"'\[{]?[\w./$~{-][^\n:]*[\"'\]}]?)?$"
    r")"
)
_NEAR = 3  # lines between a comment and the code that shows that it is one


def find_comments(lower: str) -> Iterator[Span]:
    """Where comments of code stand in a log's small letters: blocks, what stands behind code on a line,
    and lines of their own that stand beside code.
    """
    for mark, closes in _BLOCKS:
        yield from _blocks(lower, mark, closes)
    if '"""' in lower or "'''" in lower:
        for head in _DOCSTRING.finditer(lower):
            end = lower.find(head[1], head.end())
            if end >= 0:
                yield head.end(), end
    if not any(mark in lower for mark in ("# ", "#\t", "// ", "; ", "rem ", ":: ")):
        return
    lines = lower.split("\n")
    starts, at = [], 0
    for line in lines:
        starts.append(at)
        at += len(line) + 1
    kinds = [_kind(line) for line in lines]
    above, below = _nearest(kinds), _nearest(kinds[::-1])[::-1]
    for number, line in enumerate(lines):
        if kinds[number] == "comment":
            if "code" in (above[number], below[number]):
                yield starts[number], starts[number] + len(line)
            continue
        behind = _BEHIND.search(line)
        if behind is not None and _has_comment(line[: behind.start()], behind[1]):
            yield starts[number] + behind.start(), starts[number] + len(line)


def _has_comment(before: str, mark: str) -> bool:
    """Whether what follows ``mark`` on a line that begins with ``before`` is a comment."""
    if mark[0] == "#":
        return bool(before.strip()) and not _LOG.match(before)
    return _is_code(before)


def _blocks(lower: str, mark: str, closes: str) -> Iterator[Span]:
    start = lower.find(mark)
    while start >= 0:
        end = lower.find(closes, start + len(mark))
        if end < 0:
            return
        yield start, end + len(closes)
        start = lower.find(mark, end)


def _kind(line: str) -> str:
    """Whether a line is ``code``, a ``comment``, ``blank`` or something ``else``."""
    if not line.strip():
        return "blank"
    if _COMMENT.match(line):
        return "comment"
    return "code" if _is_code(_BEHIND.sub("", line)) else "else"


def _is_code(line: str) -> bool:
    line = line.rstrip()
    return bool(line.strip()) and not _LOG.match(line) and _CODE.match(line) is not None


def _nearest(kinds: list[str]) -> list[str]:
    """For each line the kind of the last one before it that is no comment, over few blank lines."""
    nearest, last, blank = [], "", 0
    for kind in kinds:
        nearest.append(last)
        if kind == "blank":
            blank += 1
            last = last if blank <= _NEAR else ""
        elif kind != "comment":
            last, blank = kind, 0
    return nearest
