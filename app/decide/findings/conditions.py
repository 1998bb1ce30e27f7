"""Answers a condition over a machine's facts: yes, no, or cannot know; and fills facts into texts."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from app.model.condition import (
    NAMES,
    All,
    Clause,
    Condition,
    Kind,
    Not,
    parse_literal,
    parse_version,
)
from app.model.message import Message, places
from app.model.rules import Rules

Facts = Mapping[str, Any]

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_UNKNOWN = Message("unknown")


def holds(condition: Condition, facts: Facts, rules: Rules | None = None) -> bool | None:
    """Whether a condition holds: ``True``, ``False``, or ``None`` where a fact that decides it is
    unknown (Kleene).
    """
    if isinstance(condition, Clause):
        return _evaluate_clause(condition, facts, rules)
    if isinstance(condition, Not):
        inner = holds(condition.part, facts, rules)
        return None if inner is None else not inner
    answers = [holds(part, facts, rules) for part in condition.parts]
    decisive = not isinstance(condition, All)
    if decisive in answers:
        return decisive
    return None if None in answers else not decisive


def _evaluate_clause(clause: Clause, facts: Facts, rules: Rules | None) -> bool | None:
    kind = NAMES[clause.left]
    left = _to_comparable(kind, facts.get(clause.left))
    if clause.operator in ("known", "unknown"):
        return (left is None) is (clause.operator == "unknown")
    if left is None:
        return None
    if clause.operator == "holds":
        return bool(left)
    rights = [_right_operand(kind, clause, text, facts, rules) for text in clause.right]
    if clause.operator in ("in", "not in"):
        if left in rights:
            return clause.operator == "in"
        return None if None in rights else clause.operator == "not in"
    right = rights[0]
    if right is None:
        return None
    if clause.operator in ("is", "is not"):
        return (left == right) is (clause.operator == "is")
    if clause.operator == "contains":
        return bool(right in left)
    return _ORDER[clause.operator](left, right)


def _right_operand(kind: Kind, clause: Clause, text: str, facts: Facts, rules: Rules | None) -> Any:
    if not clause.named:
        return parse_literal(kind, text)
    if text.startswith("limit."):
        written = rules.limit(text) if rules else None
        return None if written is None else parse_literal(kind, written)
    return _to_comparable(kind, facts.get(text))


def _to_comparable(kind: Kind, value: Any) -> Any:
    if value is None:
        return None
    if kind == "version":
        return parse_version(str(value))
    if kind == "text":
        return str(value).lower()
    return value


def fill(text: str, facts: Facts, rules: Rules | None = None) -> Message:
    """A template with each ``{name}`` that it has no value for yet filled with the fact in words; an
    unknown one reads as the rules say, else ``unknown``.
    """

    def word(name: str) -> str:
        if name.startswith("limit."):
            return (rules.limit(name) if rules else None) or _UNKNOWN
        if facts.get(name) is None and rules is not None and name in rules.unknown:
            return rules.unknown[name]
        return format_value(NAMES.get(name, "text"), facts.get(name))

    template, own = (text.text, text.values) if isinstance(text, Message) else (text, {})
    return Message(template, **{**{name: word(name) for name in places(template)}, **own})


def format_value(kind: Kind, value: Any) -> str:
    """A value as people read it. Memory counts in GB of 2^30 bytes as cards are sold, disks in GB
    of 10^9.
    """
    if value is None:
        return _UNKNOWN
    if kind == "yes-no":
        return "yes" if value else "no"
    if kind == "memory":
        return gigabytes(value / 2**30)
    if kind == "disk":
        return gigabytes(value / 1e9)
    if kind == "number" and isinstance(value, float):
        return f"{value:.0%}" if 0 <= value <= 1 else f"{value:g}"
    return value if isinstance(value, str) else str(value)


def gigabytes(amount: float) -> Message:
    """``24 GB``, ``7.3 GB``, ``620 MB``: three figures at most."""
    if amount < 0.95:
        return Message("{amount:.0f} MB", amount=amount * 1000)
    whole = amount >= 99.5 or abs(amount - round(amount)) < 0.05
    return Message("{amount:.0f} GB" if whole else "{amount:.1f} GB", amount=amount)
