"""From facts to findings: which rules of ``findings.toml`` hold on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.decide.findings.conditions import fill, holds
from app.decide.findings.fact_table import build_fact_table
from app.model.advice import Finding, ReadyVerdict, Severity
from app.model.answers import Answers
from app.model.card import CardCatalogue
from app.model.machine import MachineFacts
from app.model.profile import Profile
from app.model.rules import Rule, Rules

_WEIGHT: dict[Severity, int] = {"blocks": 0, "warns": 1, "informs": 2}


def findings(
    facts: MachineFacts,
    rules: Rules,
    cards: CardCatalogue,
    profile: Profile | None,
    answers: Answers | None = None,
) -> tuple[Finding, ...]:
    """Every finding about this machine, worst first; with a profile also those about the two
    together.

    ``profile`` ``None`` asks about the machine alone. ``answers`` are the user's choices (folder,
    offline, mirrors).
    """
    return tuple(
        finding
        for _, finding in matching_rules(
            build_fact_table(facts, rules, cards, profile, answers), rules
        )
    )


def matching_rules(
    circumstances: Mapping[str, Any], rules: Rules
) -> tuple[tuple[Rule, Finding], ...]:
    """The rules that surely hold, the first of each id, with their findings; worst first."""
    found: dict[str, tuple[Rule, Finding]] = {}
    for rule in rules.rules:
        if rule.id not in found and holds(rule.when, circumstances, rules) is True:
            found[rule.id] = (rule, _build_finding(rule, circumstances, rules))
    return tuple(sorted(found.values(), key=lambda pair: _WEIGHT[pair[0].severity]))


def _build_finding(rule: Rule, circumstances: Mapping[str, Any], rules: Rules) -> Finding:
    def text(raw: str) -> str:
        return fill(raw, circumstances, rules)

    return Finding(
        id=rule.id,
        severity=rule.severity,
        title=text(rule.title),
        detail=text(rule.detail),
        seen=text(rule.seen),
        remedy=text(rule.remedy),
        source=rule.source,
        action=rule.action,
    )


def verdict(found: tuple[Finding, ...]) -> ReadyVerdict:
    """What the findings amount to."""
    severities = {f.severity for f in found}
    if "blocks" in severities:
        return "blocked"
    return "ready_with_warnings" if "warns" in severities else "ready"
