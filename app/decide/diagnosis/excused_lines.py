"""Finds lines that look like a failure and are none of the run that the log shows.

Steps that ended well, commands whose failure their writer allowed, runs that were repeated with
success, and text that talks about errors.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise

from app.decide.diagnosis.error_talk import find_error_talk
from app.decide.diagnosis.listed_lines import lines_with
from app.decide.diagnosis.run_outcome import (
    ENDED,
    ERROR_LINE,
    FETCHED,
    FETCHED_WORDS,
    LOGGED,
    NEW_RUN,
    PASSED,
    PREFIX,
    WORKED,
)

Span = tuple[int, int]

# BuildKit numbers the lines of a step and says DONE of each that ended with 0.
_STEP_DONE = re.compile(r"^#(\d+) done \d", re.MULTILINE)
_STEP_LINE = re.compile(r"^#(\d+) [^\n]*", re.MULTILINE)
# ``sh -x`` shows each command; with ``-e`` only a failure that was allowed lets the next one follow.
_TRACED_STRICT = re.compile(r"^\++ set -[a-z]*e", re.MULTILINE)
_TRACED = re.compile(r"^\++ \S", re.MULTILINE)
_ALLOWED = re.compile(r"\|\|[ \t]*(?:true\b|:(?:[ \t)]|$)|echo\b|printf\b|exit 0\b)")
_COMMAND = re.compile(r"[^\n]*")
# A step of a CI job or of the older docker build, with what it runs.
_STEP = re.compile(rf"^{PREFIX}(?:##\[group\]run |step \d+/\d+ : run )\S", re.MULTILINE)
# What pytest lists after its tests: warnings of the packages, whatever the tests failed on.
_WARNINGS_SUMMARY = re.compile(
    r"^=+ warnings summary[^\n]*\n[\s\S]*?(?=^=+ |^-- docs:|\Z)", re.MULTILINE
)
# make and Ansible say of which failure they took no notice.
_IGNORED = re.compile(r"^make[^\n]* error \d+ \(ignored\)|^\.\.\.ignoring\b", re.MULTILINE)
_MISSING = re.compile(r"no module named ['\"]?(\w+)[^\n]*")
_INSTALLED = re.compile(r"\n ?\+ ([\w.-]+)==|successfully installed ([^\n]+)")
_VERSION = re.compile(r"-\d[^-]*$")
# A program will try again by itself, and says so on the line of the failure or below it.
_RETRY_WORDS = (
    "retr",
    "tries",
    "attempt",
    "trying again",
    "versuch",
    "tentati",
    "reintent",
    "повтор",
    "重试",
    "重試",
    "再試行",
    "재시도",
)
_RETRY = re.compile(
    r"\bretry|\bretries\b|\btries (?:remaining|left)|\battempts? (?:\d+|remaining|left)|\btrying again|"
    r"versuche? (?:es )?erneut|erneuter versuch|nouvelle tentative|reintent|nuovo tentativo|повтор|重试|重試|再試行|재시도"
)
# A script is the same run whatever its options are.
_SCRIPT = re.compile(
    r"(?:\S*python[\d.]*(?:\.exe)?|py|uv run|torchrun|accelerate launch)\b[^\n]*?([\w./\\-]+\.py)\b"
)
# Tries that somebody's own program counts; what an earlier one met was overcome where a later one ran.
_TRY = re.compile(
    r"^\W{0,3}(?:attempt|trial|try|versuch|essai|intento|попытка|第)[ \t]*#?(\d+)\b[^\n]*",
    re.MULTILINE,
)


def find_excused_lines(lower: str) -> list[Span]:
    """Where such lines stand in a log's small letters. Each kind is looked for only where a plain
    string says that it may be there: a log may have 50 MB.
    """
    spans: list[Span] = []
    if "#1 " in lower and " done " in lower:
        spans += _steps_that_are_done(lower)
    if "+ set -" in lower:
        spans += _traced_commands_but_the_last(lower)
    if "||" in lower:
        spans += _allowed_commands(lower)
    if "##[error]" in lower:
        spans += _failures_before_good_steps(lower)
    if "= warnings summary" in lower:
        spans += (summary.span() for summary in _WARNINGS_SUMMARY.finditer(lower))
    spans += _earlier_tries(lower)
    if "(ignored)" in lower or "...ignoring" in lower:
        spans += _ignored_failures(lower)
    if "no module named" in lower and "install" in lower:
        spans += _installed_afterwards(lower)
    spans += _retries_that_helped(lower)
    spans += find_error_talk(lower)
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
    """From a command at a prompt, or of a step, whose failure does not matter to the next one."""
    starts = sorted(match.start() for begin in (NEW_RUN, _STEP) for match in begin.finditer(lower))
    for start, end in pairwise([*starts, len(lower)]):
        command = _COMMAND.match(lower, start)
        if command is not None and _ALLOWED.search(command[0]):
            yield start, end


def _failures_before_good_steps(lower: str) -> Iterator[Span]:
    """A failed step of a job on GitHub, where a later step did its work: it was allowed to fail. That
    a later step began says nothing, for some run always.
    """
    failed = lower.rfind("##[error]")
    following = _STEP.search(lower, failed)
    if following is not None and WORKED.search(lower, following.end()):
        yield 0, _line_end(lower, failed)


def _ignored_failures(lower: str) -> Iterator[Span]:
    starts = [match.start() for match in NEW_RUN.finditer(lower)]
    for ignored in _IGNORED.finditer(lower):
        yield max((at for at in starts if at < ignored.start()), default=0), ignored.end()


def _installed_afterwards(lower: str) -> Iterator[Span]:
    installed: dict[str, int] = {}
    for match in _INSTALLED.finditer(lower):
        names = [match[1]] if match[1] else [_VERSION.sub("", one) for one in match[2].split()]
        installed |= {name.replace("-", "_"): match.start() for name in names}
    for missing in _MISSING.finditer(lower):
        if missing.start() < installed.get(missing[1], -1):
            yield lower.rfind("\n", 0, missing.start()) + 1, missing.end()


def _retries_that_helped(lower: str) -> Iterator[Span]:
    """Lines that say that something is tried again, with the line above, where the same command says
    later that it has fetched all and shows no error until then.
    """
    retries = [line for line in lines_with(lower, _RETRY_WORDS) if _RETRY.search(lower, *line)]
    if not retries:
        return
    ends = [match.start() for match in NEW_RUN.finditer(lower)]
    ends += [m.start() for m in ERROR_LINE.finditer(lower) if not LOGGED.match(lower, m.start())]
    ends.sort()
    fetched = [
        start
        for start, end in lines_with(lower, FETCHED_WORDS)
        if FETCHED.search(lower, start, end)
    ]
    for start, end in retries:
        at, until = bisect_left(fetched, end), bisect_left(ends, end)
        if at < len(fetched) and (until == len(ends) or fetched[at] < ends[until]):
            yield lower.rfind("\n", 0, max(0, start - 1)) + 1, end


def _repeated_with_success(lower: str) -> list[Span]:
    """All before the last run of a command that was run before, where that run says that it ended
    well and shows no failure.
    """
    runs: dict[str, int] = {}
    again = -1
    for begun in NEW_RUN.finditer(lower):
        command = lower[begun.end() - 1 : _line_end(lower, begun.end())].strip()
        script = _SCRIPT.match(command)
        command = script[1] if script else command
        if command in runs:
            again = begun.start()
        runs[command] = begun.start()
    if again < 0:
        return []
    rest = lower[again:]
    fails = ENDED.search(rest) or ERROR_LINE.search(rest)
    return [(0, again)] if PASSED.search(rest) and not fails else []


def _line_end(lower: str, at: int) -> int:
    end = lower.find("\n", at)
    return len(lower) if end < 0 else end


def _earlier_tries(lower: str) -> Iterator[Span]:
    """Numbered tries before the last one, where that does more than fail at once."""
    tries = list(_TRY.finditer(lower))
    numbers = [int(one[1]) for one in tries]
    last = max(numbers, default=0)
    if numbers.count(last) > 1:
        yield from (one.span() for one, number in zip(tries, numbers, strict=True) if number < last)
