"""A known failure: what a log says when it happens, what it means, what mends it.

Read from ``resources/known_issues/``.
"""

from __future__ import annotations

from app.model.advice import Fix
from app.model.value import Value


class Pattern(Value, frozen=True, kw_only=True):
    """One way in which a failure shows in a log.

    All patterns are regular expressions over lower-case text. ``regex`` is the line that proves it;
    every pattern in ``needs`` must be found somewhere else in the log, none in ``unless``, and none
    in ``settled`` after the proof. ``weight`` is how surely it names the cause: 90 the message
    itself names it (from 88 on the cause is certain), 60 it usually does, 30 a hint that names
    nothing. ``weak`` signs count only where the log shows
    that something failed at all.
    """

    regex: str
    needs: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()
    weight: int = 70
    weak: bool = False


class Hint(Value, frozen=True, kw_only=True):
    """A fact of the machine that makes a cause more (or, with a negative ``adds``, less) likely.

    ``fact`` is a dotted path in the machine file (``os.family``, ``driver.nvml``); ``values`` are
    the answers, as text in lower case, that count.
    """

    fact: str
    values: tuple[str, ...]
    adds: int


class FixCase(Value, frozen=True, kw_only=True):
    """Another fix, for logs in which ``regex`` is found: there the usual one cannot help."""

    regex: str
    fix: Fix


class KnownIssue(Value, frozen=True, kw_only=True):
    """One cause. ``label`` is its name in the taxonomy, ``supersedes`` names causes that are only its
    symptoms, ``codes`` are the codes of this program's own faults (``ExpectedError``) that mean the
    same, ``unless`` rules the cause out, ``cases`` are other fixes for some logs.

    ``lasting``: work that goes on does not show that it was overcome; ``passing``: any success
    after it does, as with networks and memory. ``check`` is a first thing to look at where the
    cause is only an idea; empty takes the one of its stage. ``source`` says where meaning and fix
    are from, ``date`` when that was looked up (CONTRIBUTING.md tells their form)."""

    label: str
    title: str
    stage: str
    means: str
    fix: Fix
    related: tuple[str, ...] = ()
    supersedes: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    hints: tuple[Hint, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    unless: tuple[str, ...] = ()
    cases: tuple[FixCase, ...] = ()
    lasting: bool = False
    passing: bool = False
    check: str = ""
    source: str = ""
    date: str = ""


class Harmless(Value, frozen=True, kw_only=True):
    """Output that looks like a fault and is none: what matches ``regex`` is struck out before
    anything is judged. ``source`` and ``date`` bear out ``why``.
    """

    regex: str
    why: str
    source: str
    date: str


class Chapter(Value, frozen=True, kw_only=True):
    """One file of known issues, in TOML. ``checks`` holds a first thing to look at for each stage."""

    known_issue: tuple[KnownIssue, ...] = ()
    harmless: tuple[Harmless, ...] = ()
    checks: dict[str, str] = {}


class KnownIssues(Value, frozen=True, kw_only=True):
    """Everything that is known about failures, from all chapters."""

    causes: tuple[KnownIssue, ...] = ()
    harmless: tuple[Harmless, ...] = ()
    words: dict[
        str, dict[str, str]
    ] = {}  # cause, points, words that speak for it: app/decide/diagnosis/word_scores.py

    checks: dict[str, str] = {}
    outcome: dict[str, dict[str, str]] = {}  # app/decide/diagnosis/outcome_words.py

    def check(self, known_issue: KnownIssue) -> str:
        """A first thing to look at for a cause that is only an idea."""
        return known_issue.check or self.checks.get(known_issue.stage, "")

    def find(self, label: str) -> KnownIssue | None:
        """The cause with this label, or the one that a fault's code means."""
        return next((t for t in self.causes if label == t.label or label in t.codes), None)
