"""Finds lines that look like a failure and are none of the run that the log shows.

Steps that ended well, commands whose failure their writer allowed, runs that were repeated with
success, and text that talks about errors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from app.decide.diagnosis.run_outcome import ENDED, ERROR_LINE, NEW_RUN, PASSED

Span = tuple[int, int]

# BuildKit numbers the lines of a step and says DONE of each that ended with 0.
_STEP_DONE = re.compile(r"^#(\d+) done \d", re.MULTILINE)
_STEP_LINE = re.compile(r"^#(\d+) [^\n]*", re.MULTILINE)
# ``sh -x`` shows each command; with ``-e`` only a failure that was allowed lets the next one follow.
_TRACED_STRICT = re.compile(r"^\++ set -[a-z]*e", re.MULTILINE)
_TRACED = re.compile(r"^\++ \S", re.MULTILINE)
_ALLOWED = re.compile(r"\|\|[ \t]*(?:true\b|:(?:[ \t]|$)|echo\b)")
_COMMAND = re.compile(r"^[^\n]*")
# A person's line of a chat, a question of a FAQ, and what stands in a unified diff.
_CHAT = re.compile(r"^\[\d{1,2}:\d\d(?::\d\d)?\] ([^\n:\[\]]{1,30}): [^\n]*", re.MULTILINE)
_LOGGERS = re.compile(r"(?:debug|info|warn|warning|error|critical|fatal|trace|notice)\b")
_QUESTION = re.compile(r"^(?:\*\*)?q\d*(?:\*\*)?[:.] [^\n]*", re.MULTILINE)
_HUNK = re.compile(r"^@@ -\d[^\n]*\n(?:[ +-][^\n]*\n?|\n(?=[ +-]))*", re.MULTILINE)
_PEOPLE = 2  # who take part in a chat, at least


def find_excused_lines(lower: str) -> list[Span]:
    """Where such lines stand in a log's small letters. Each kind is looked for only where a plain
    string says that it may be there: a log may have 50 MB.
    """
    spans: list[Span] = []
    if "#1 " in lower and " done " in lower:
        spans += _steps_that_are_done(lower)
    if "+ set -" in lower:
        spans += _traced_commands_but_the_last(lower)
    if "|| " in lower or "||true" in lower:
        spans += _allowed_commands(lower)
    if "\n@@ -" in lower:
        spans += (match.span() for match in _HUNK.finditer(lower))
    if "] " in lower and "\n[" in lower:
        spans += _chat(lower)
    if "q: " in lower or "q:** " in lower:
        spans += (match.span() for match in _QUESTION.finditer(lower))
    spans += _repeated_with_success(lower)
    return spans


def _steps_that_are_done(lower: str) -> Iterator[Span]:
    done = {match[1] for match in _STEP_DONE.finditer(lower)}
    if done:
        for line in _STEP_LINE.finditer(lower):
            if line[1] in done:
                yield line.span()


def _traced_commands_but_the_last(lower: str) -> Iterator[Span]:
    strict = _TRACED_STRICT.search(lower)
    if strict is not None:
        *before, last = (match.start() for match in _TRACED.finditer(lower, strict.start()))
        if before:
            yield strict.start(), last


def _allowed_commands(lower: str) -> Iterator[Span]:
    """From a command at a prompt whose failure does not matter to the next prompt."""
    starts = [match.start() for match in NEW_RUN.finditer(lower)]
    for start, end in pairwise([*starts, len(lower)]):
        command = _COMMAND.match(lower, start)
        if command is not None and _ALLOWED.search(command[0]):
            yield start, end


def _chat(lower: str) -> list[Span]:
    lines = [one for one in _CHAT.finditer(lower) if not _LOGGERS.match(one[1])]
    people = {one[1] for one in lines}
    return [one.span() for one in lines] if len(people) >= _PEOPLE else []


def _repeated_with_success(lower: str) -> list[Span]:
    """All before the last run of a command that was run before, where that run says that it ended
    well and shows no failure.
    """
    runs: dict[str, int] = {}
    again = -1
    starts = [match.start() for match in NEW_RUN.finditer(lower)]
    for start in starts:
        command = lower[start : _line_end(lower, start)].strip()
        if command in runs:
            again = start
        runs[command] = start
    if again < 0:
        return []
    rest = lower[again:]
    fails = ENDED.search(rest) or ERROR_LINE.search(rest)
    return [(0, again)] if PASSED.search(rest) and not fails else []


def _line_end(lower: str, at: int) -> int:
    end = lower.find("\n", at)
    return len(lower) if end < 0 else end
