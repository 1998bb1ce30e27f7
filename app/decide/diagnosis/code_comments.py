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
# A comment behind code on the same line.
_BEHIND = re.compile(r"[ \t](?:#+[ \t]+|//+[ \t]+)\S[^\n]*$", re.MULTILINE)
_BLOCK = re.compile(r"/\*.{0,20000}?\*/|<!--.{0,20000}?-->|\{#.{0,20000}?#\}", re.DOTALL)
# The docstring of a function or a class.
_DOCSTRING = re.compile(
    r"^[ \t]*(?:async )?(?:def|class) [^\n]*:[ \t]*\n[ \t]*[rbu]?(\"\"\"|''')[\s\S]{0,20000}?\1",
    re.MULTILINE,
)
_LOG = re.compile(
    r"[ \t]*(?:\[?\d{4}-\d\d-\d\d|\[?\d\d:\d\d:\d\d|\[?(?:debug|info|warn|warning|error|critical|fatal|trace|note|hint)\b[\]:]|"
    r"traceback|[\w.]*(?:error|exception|warning)\b[ \t]*:|#\d+ )"
)
_CODE = re.compile(
    r"[ \t]*(?:-*> ?)?(?:\d+[ \t]+)?(?:"
    # a Dockerfile's instruction
    r"(?:run|copy|add|workdir|entrypoint|expose|volume|healthcheck|cmd|arg|env|label|user)[ \t]+[\[\"'\w./$&-]+(?:[ =][^\n]*)?$|from \S+(?: as \S+)?$|"
    # a shell's command or block
    r"&&|\|\||(?:export|set|source|alias|unset|local|readonly) \S|(?:if|elif|while|until) \[|(?:fi|then|do|done|esac|else)$|for \w+ in |"
    r"(?:sudo )?(?:pip3?|uv|conda|apt(?:-get)?|dnf|yum|git|docker|podman|python3?|srun|sbatch|torchrun|accelerate|cd|mkdir|cp|mv|rm|ln|chmod|curl|wget|echo|make|cmake|module) [\w./~$\"'-]|"
    # Python, C, JavaScript
    r"(?:import \w|from [\w.]+ import |(?:async )?def \w+\(|class \w+\b|@\w|return\b|raise \w|pass$|break$|continue$|yield\b|assert\b|with \S[^\n]*:$|"
    r"(?:el)?if [^\n]*:$|else:$|for [^\n]* in [^\n]*:$|while [^\n]*:$|try:$|except\b[^\n]*:$|finally:$|lambda\b|const |let |var |function |#include\b|#define\b|static |void |int )|"
    # a value, a call, a block's end
    r"(?:self\.)?[\w.\[\]\"'-]+(?:: ?[\w\[\], .|]+)? ?(?:[+*/|-]?|:)=(?!=) ?\S|[\w.]+\([^\n]*[(,)]$|[\])}]+[,;)]*$|[^\n]*[{;\\]$|"
    # settings
    r"\[\[?[\w.\"' -]+\]\]?$|-? ?[a-z][\w.-]*:(?: [|>&*!][^\n]*| ?[\"'\[{]?[\w./$~{-][^\n:]*[\"'\]}]?)?$|-[ \t]+[\w./\"'$-]+$|\"[\w.-]+\": ?\S"
    r")"
)
_NEAR = 3  # lines between a comment and the code that shows that it is one


def find_comments(lower: str) -> Iterator[Span]:
    """Where comments of code stand in a log's small letters: blocks, what stands behind code on a line,
    and lines of their own that stand beside code.
    """
    if "/*" in lower or "<!--" in lower or "{#" in lower:
        yield from (one.span() for one in _BLOCK.finditer(lower))
    if '"""' in lower or "'''" in lower:
        yield from (one.span() for one in _DOCSTRING.finditer(lower))
    if not any(mark in lower for mark in ("# ", "#\t", "// ", "; ", "rem ", ":: ")):
        return
    lines = lower.split("\n")
    starts, at = [], 0
    for line in lines:
        starts.append(at)
        at += len(line) + 1
    comments = [_COMMENT.match(line) is not None for line in lines]
    for number, line in enumerate(lines):
        if comments[number]:
            if _is_beside_code(lines, comments, number):
                yield starts[number], starts[number] + len(line)
            continue
        behind = _BEHIND.search(line)
        if behind is not None and _is_code(line[: behind.start()]):
            yield starts[number] + behind.start(), starts[number] + len(line)


def _is_code(line: str) -> bool:
    line = line.rstrip()
    return bool(line.strip()) and not _LOG.match(line) and _CODE.match(line) is not None


def _is_beside_code(lines: list[str], comments: list[bool], number: int) -> bool:
    """Whether the next line above or below that is no comment is code."""
    for step in (1, -1):
        at, blank = number + step, 0
        while 0 <= at < len(lines) and (comments[at] or (not lines[at].strip() and blank < _NEAR)):
            blank += not comments[at]
            at += step
        if 0 <= at < len(lines) and _is_code(_BEHIND.sub("", lines[at])):
            return True
    return False
