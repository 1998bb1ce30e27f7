"""A known failure: what a log says when it happens, what it means, what mends it. Read from
``resources/known_issues/``.
"""

from __future__ import annotations

from app.model.advice import Fix
from app.model.value import Value


class Pattern(Value, frozen=True, kw_only=True):
    """One way in which a failure shows in a log.

    All patterns are regular expressions over lower-case text. ``regex`` is the line that proves it;
    every pattern in ``needs`` must be found somewhere else in the log, none in ``unless``, and none
    in ``settled`` after the proof. ``weight`` is how surely it names the cause: 90 the message
    itself names it, 60 it usually does, 30 a hint. ``weak`` signs count only where the log shows
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


class KnownIssue(Value, frozen=True, kw_only=True):
    """One cause. ``label`` is its name in the taxonomy, ``supersedes`` names causes that are only its
    symptoms, ``codes`` are the codes of this program's own faults (``ExpectedError``) that mean the
    same."""

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


class Harmless(Value, frozen=True, kw_only=True):
    """Output that looks like a fault and is none: what matches ``regex`` is struck out before
    anything is judged.
    """

    regex: str
    why: str


class Chapter(Value, frozen=True, kw_only=True):
    """One file of troubles, in TOML."""

    known_issue: tuple[KnownIssue, ...] = ()
    harmless: tuple[Harmless, ...] = ()


class KnownIssues(Value, frozen=True, kw_only=True):
    """Everything that is known about failures, from all chapters."""

    causes: tuple[KnownIssue, ...] = ()
    harmless: tuple[Harmless, ...] = ()
    words: dict[
        str, dict[str, str]
    ] = {}  # cause, points, words that speak for it: app/decide/diagnosis/word_scores.py

    def find(self, label: str) -> KnownIssue | None:
        """The cause with this label, or the one that a fault's code means."""
        return next((t for t in self.causes if label == t.label or label in t.codes), None)
