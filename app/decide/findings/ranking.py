"""Which profile for this machine: every profile judged, ranked and explained, best first."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from app.decide.findings.advisories import advisories_for
from app.decide.findings.conditions import fill
from app.decide.findings.fact_table import build_fact_table
from app.decide.findings.rules import matching_rules, verdict
from app.model.advice import Choice, Finding
from app.model.advisory import Advisory
from app.model.answers import Answers
from app.model.card import CardCatalogue
from app.model.condition import parse_version
from app.model.machine import MachineFacts
from app.model.message import Message, lower_first, without_stop
from app.model.profile import Profile
from app.model.rules import Rule, Rules
from app.model.value import Value

log = logging.getLogger(__name__)


class RankedProfile(Value, frozen=True, kw_only=True):
    """One profile on this machine. ``serves``: its kind is right here, even where something must be
    mended first.
    """

    profile: Profile
    fired: tuple[tuple[Rule, Finding], ...]
    circumstances: dict[str, Any]
    serves: bool
    score: int


def rank(
    facts: MachineFacts,
    profiles: Sequence[Profile],
    rules: Rules,
    cards: CardCatalogue,
    answers: Answers | None = None,
    advisories: Sequence[Advisory] = (),
) -> tuple[Choice, ...]:
    """Every profile as a choice, best first; the first is recommended.

    Architecture decides first; of the profiles for it, one that the driver at hand can run stands
    before one that needs another driver. The best profile for a usable card stays first even when something
    that a person can mend holds it back; the practice profile comes first only where no NVIDIA card
    can be used. Behind the first, what works now stands before what does not, and what never will
    comes last.
    """
    judged = [_judge_profile(facts, profile, rules, cards, answers) for profile in profiles]
    card_serves = any(j.serves and j.profile.needs.gpu for j in judged)
    newest = max(
        (j.profile.pinned_on for j in judged if j.serves and j.profile.needs.gpu), default=""
    )

    def before(j: RankedProfile) -> tuple[int, bool, int]:
        if not j.serves:  # where nothing serves, the simplest stands first
            return (3 if j.profile.needs.gpu else 2, False, -j.score)
        return (0 if j.profile.needs.gpu is card_serves else 1, _needs_driver(j), -j.score)

    order = sorted(judged, key=before)
    for j in order:
        log.info("profile %s: score %s, serves %s", j.profile.id, j.score, j.serves)
    rest = sorted(order[1:], key=lambda j: (not j.serves, _is_blocked(j), before(j)))
    return tuple(
        _build_choice(j, number == 0, card_serves, newest, advisories_for(j.profile, advisories))
        for number, j in enumerate((*order[:1], *rest))
    )


def _judge_profile(
    facts: MachineFacts,
    profile: Profile,
    rules: Rules,
    cards: CardCatalogue,
    answers: Answers | None,
) -> RankedProfile:
    circumstances = build_fact_table(facts, rules, cards, profile, answers)
    fired_rules = matching_rules(circumstances, rules)
    architecture = circumstances.get("card.architecture")
    # A card of unknown generation is taken for the common case: what most generations rank highest.
    score = (
        profile.rank.get(architecture, 0)
        if architecture
        else max(
            (n for name, n in profile.rank.items() if name in ("Ampere", "Ada", "Blackwell")),
            default=0,
        )
    )
    serves = bool(circumstances["profile.platform"]) and not any(
        rule.unfixable and rule.severity == "blocks" for rule, _ in fired_rules
    )
    return RankedProfile(
        profile=profile, fired=fired_rules, circumstances=circumstances, serves=serves, score=score
    )


def _is_blocked(judged: RankedProfile) -> bool:
    return any(rule.severity == "blocks" for rule, _ in judged.fired)


def _needs_driver(judged: RankedProfile) -> bool:
    return any(r.severity == "blocks" and r.id == "driver-too-old" for r, _ in judged.fired)


def _build_choice(
    judged: RankedProfile,
    first: bool,
    card_serves: bool,
    newest: str,
    advisories: tuple[Advisory, ...],
) -> Choice:
    found = tuple(finding for _, finding in judged.fired)
    blocks = [(rule, finding) for rule, finding in judged.fired if rule.severity == "blocks"]
    blocking = next((pair for pair in blocks if pair[0].unfixable), blocks[0] if blocks else None)
    tag: str = Message("Recommended") if first else Message("Possible")
    if blocking:
        tag = blocking[0].tag or Message("Not possible now")
    elif not judged.profile.needs.gpu and card_serves:
        tag = Message("Not needed here")
    return Choice(
        profile=judged.profile,
        verdict=verdict(found),
        why=_explain_choice(judged, blocking, card_serves, first, newest, advisories),
        advisories=advisories,
        findings=found,
        recommended=first,
        tag=tag,
    )


def _explain_choice(
    judged: RankedProfile,
    blocking: tuple[Rule, Finding] | None,
    card_serves: bool,
    first: bool,
    newest: str,
    advisories: tuple[Advisory, ...],
) -> str:
    """One sentence: the reason of this profile for this card, then what stands in the way or speaks
    for it.
    """
    profile, facts = judged.profile, judged.circumstances
    architecture = facts.get("card.architecture") or "default"
    reason = (
        profile.reasons.get(architecture)
        or profile.reasons.get("default")
        or (
            _describe_age(profile, first, newest, advisories)
            if profile.needs.gpu
            else without_stop(profile.summary)
        )
    )
    if facts.get("card.architecture") is None:
        unknown = "{card.architecture} cards", "this kind of card"
        known = reason.values if isinstance(reason, Message) else {}
        reason = Message(
            (reason.text if isinstance(reason, Message) else reason).replace(*unknown), **known
        )
    reason = fill(reason, facts)
    if blocking:
        rule, finding = blocking
        return (
            Message("{title}: {seen}.", title=finding.title, seen=finding.seen)
            if rule.unfixable
            else Message("{reason}. {need}", reason=reason, need=_describe_need(finding, facts))
        )
    if not profile.needs.gpu:
        return (
            Message("{reason}. This PC has a card that can do more.", reason=reason)
            if card_serves
            else Message("{reason}.", reason=reason)
        )
    return Message("{reason}; {driver}.", reason=reason, driver=_describe_driver(facts))


def _describe_age(
    profile: Profile, first: bool, newest: str, advisories: tuple[Advisory, ...]
) -> str:
    """What dates and advisories say of a profile."""
    if profile.pinned_on >= newest:
        age = Message("The newest setup")
    else:  # an older one is first only where the newest needs another driver
        age = (
            Message("The newest setup that your driver runs")
            if first
            else Message("An older setup")
        )
    grave = max((a.score or 0.0 for a in advisories), default=0.0)
    safety = (
        Message(
            "; security advisories on its versions: {count}, the gravest {grave:g} of 10",
            count=len(advisories),
            grave=grave,
        )
        if advisories
        else ""
    )
    return Message(
        "{age} for {card.architecture} cards, pinned on {pinned_on}{safety}",
        age=age,
        pinned_on=profile.pinned_on,
        safety=safety,
    )


def _describe_need(finding: Finding, facts: Mapping[str, Any]) -> str:
    if finding.id == "driver-too-old" and facts.get("driver.version"):
        return Message(
            "Needs driver {needed} or newer; yours is {found}.",
            needed=facts["profile.driver"],
            found=facts["driver.version"],
        )
    if finding.id == "disk-low":
        return fill(Message("Needs {disk.needed}; {disk.free} are free on {disk.root}."), facts)
    own_name = finding.title.startswith(("NVIDIA", "Windows", "Linux"))
    title = finding.title if own_name else lower_first(finding.title)
    return Message("In the way: {title}.", title=title)


def _describe_driver(facts: Mapping[str, Any]) -> str:
    own, cuda, wanted = (
        facts.get("driver.version"),
        facts.get("profile.cuda"),
        facts.get("profile.driver"),
    )
    mark, installed = parse_version(str(wanted or "")), parse_version(str(own or ""))
    if installed is None or mark is None:
        return Message(
            "its CUDA {cuda} wants driver {wanted} or newer, and yours could not be read",
            cuda=cuda,
            wanted=wanted,
        )
    if installed >= mark:
        return Message(
            "your driver {own} runs CUDA {cuda} directly ({wanted} or newer)",
            own=own,
            cuda=cuda,
            wanted=wanted,
        )
    return Message(
        "your driver {own} runs CUDA {cuda} by NVIDIA's compatibility promise "
        "({wanted} or newer is better)",
        own=own,
        cuda=cuda,
        wanted=wanted,
    )
