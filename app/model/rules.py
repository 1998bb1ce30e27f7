"""The rules by which facts become findings, as ``resources/findings.toml`` holds them."""

from __future__ import annotations

from typing import Any

from app.model.advice import Action, Severity
from app.model.condition import Condition
from app.model.value import Value


class Threshold(Value, frozen=True, kw_only=True):
    """One limit. Rules ask for it as ``limit.<id>``; it stands here once, with where it comes from
    and when.
    """

    id: str
    value: str
    source: str
    date: str


class RuleTable(Value, frozen=True, kw_only=True):
    """One ``[[rule]]`` as written, before its condition is read."""

    id: str
    severity: Severity
    when: Any
    title: str
    detail: str
    seen: str
    remedy: str
    tag: str = ""
    unfixable: bool = False
    source: str = ""
    date: str = ""
    action: Action | None = None


class Rule(RuleTable, frozen=True, kw_only=True):
    """When … then this finding. Of several rules with one id the first that surely holds speaks.

    Texts may hold ``{name}`` of the rules' language. ``unfixable``: nobody can mend it on this
    machine, so a profile that it blocks is no way at all. ``tag`` is the two or three words on the
    profile's card.
    """

    when: Condition


class ConflictingVariable(Value, frozen=True, kw_only=True):
    """An environment variable that disturbs a Python setup. ``values`` empty: any value does; else
    one of these patterns.

    ``beyond_cards``: so does a value whose first number counts a card that is not there.
    """

    name: str
    why: str
    values: tuple[str, ...] = ()
    beyond_cards: bool = False


class Rules(Value, frozen=True, kw_only=True):
    """All of ``findings.toml``. ``old_systems`` are parts of names of systems whose C library is
    too old.

    ``unsafe_characters`` in the home's path break some tool (with the reason),
    ``broken_characters`` break the setup. ``unknown`` holds the words that stand in a text for a
    fact that could not be found out. ``fresh_until`` is the day up to which all of this is taken
    for current. ``sources`` says for fields of these names where they are from, and under ``date`` when
    that was looked up.
    """

    thresholds: tuple[Threshold, ...] = ()
    rules: tuple[Rule, ...] = ()
    variables: tuple[ConflictingVariable, ...] = ()
    old_systems: tuple[str, ...] = ()
    fresh_until: str = ""
    sources: dict[str, str] = {}
    unsafe_characters: dict[str, str] = {}
    broken_characters: dict[str, str] = {}
    unknown: dict[str, str] = {}

    def limit(self, name: str) -> str | None:
        """The value of ``limit.<id>`` as written."""
        return next((t.value for t in self.thresholds if "limit." + t.id == name), None)


class RulesFile(Value, frozen=True, kw_only=True):
    """``findings.toml`` as written."""

    threshold: tuple[Threshold, ...]
    rule: tuple[RuleTable, ...]
    variable: tuple[ConflictingVariable, ...] = ()
    old_systems: tuple[str, ...] = ()
    fresh_until: str = ""
    sources: dict[str, str] = {}
    unsafe_characters: dict[str, str] = {}
    broken_characters: dict[str, str] = {}
    unknown: dict[str, str] = {}
