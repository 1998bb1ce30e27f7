"""Proof records: made from a verification that passed, and said in words that claim no more."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence

from packaging.utils import canonicalize_name

from app.model.errors import InputError
from app.model.machine import MachineFacts
from app.model.message import Message
from app.model.profile import Profile
from app.model.proof import Proof
from app.model.verdict import Verification

_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s\\;]+)[^\S\n]*(;[^\\\n]*)?", re.MULTILINE)
# What every environment holds beside the lock: the tools that installed it.
_TOOLS = frozenset({"pip", "uv", "wheel", "setuptools"})
_SHOWN = 6  # differences that a sentence names
# The end of the check that compares the installed versions with the lock, and the lines of the
# guide that name a version: where others are installed, these differ, and the record says which.
LOCK_DIFFERS = "packages-differ"
_VERSION_LINES = frozenset({"torch.version", "torch.cuda", "torch.cudnn", "unsloth.version"})


def make_record(
    profile: Profile,
    facts: MachineFacts,
    verdict: Verification,
    versions: Mapping[str, str],
    *,
    date: str,
    inside: str = "",
    failed: Collection[str] = (),
    checks: Sequence[str] = (),
) -> Proof:
    """The record of one verification. ``inside`` names what the system runs in, such as Wine,
    ``failed`` the codes that its checks failed with, ``checks`` the titles of those that passed.

    Other versions than the lock's fail the comparison with it and nothing else: that is a record of
    components. Raises ``InputError`` where the verification did not prove that training works.
    """
    family = facts.os.family
    held: dict[str, str] = {canonicalize_name(n): version for n, version in versions.items()}
    differences = _list_differences(profile, family, held)
    tuned = verdict.fine_tune
    if tuned is None or not _is_proven(verdict, failed, bool(differences)):
        raise InputError(
            Message(
                "There is nothing to record: expected a verification whose checks and "
                "first fine-tune passed (verify without --quick)."
            )
        )
    card = facts.main_card() if profile.needs.gpu else None
    known = {
        "tokens_per_s": tuned.tokens_per_s,
        "loss_first": tuned.loss_first,
        "loss_last": tuned.loss_last,
        "peak_bytes": tuned.peak_vram,
        "seconds": verdict.seconds,
        **{f"{b.name} ({b.unit})": b.value for b in verdict.benchmark},
    }
    # A line that is not there, such as a card's on a processor, is explained but nothing that passed.
    passed = [
        c.title or c.check
        for c in verdict.comparisons
        if c.result in ("same", "explained") and c.actual not in (None, "None", "False")
    ]
    passed += checks
    passed.append(f"first fine-tune, {tuned.steps} steps")
    if tuned.reloaded_equal:
        passed.append("adapter saved and loaded again with the same result")
    several = verdict.several_cards
    if several is not None and several.passed:
        passed.append(f"fine-tune on {several.processes} cards at once, the same weights on each")
        known["several_cards.tokens_per_s"] = several.tokens_per_s
    name = facts.os.name or family
    where = [inside] if inside else []
    if facts.os.wsl:
        where.append("WSL")
    return Proof(
        profile=profile.id,
        scope="components" if differences else "locked",
        lock=lock_hash(profile, family),
        date=date,
        system=f"{name} ({', '.join(where)})" if where else name,
        card=card.name if card else None,
        driver=facts.driver.version if card else None,
        passed=tuple(dict.fromkeys(passed)),
        figures={key: float(value) for key, value in known.items() if value is not None},
        differences=differences,
        versions=dict(sorted(held.items())),
    )


def _is_proven(verdict: Verification, failed: Collection[str], differs: bool) -> bool:
    """Whether all passed that must: with other versions than the lock's, all but what says so."""
    if verdict.fine_tune is None or not verdict.fine_tune.passed:
        return False
    if verdict.overall in ("works", "works_slowly"):
        return True
    wrong = {c.check for c in verdict.comparisons if c.result in ("different", "below", "missing")}
    return (
        differs
        and verdict.overall == "broken"
        and set(failed) == {LOCK_DIFFERS}
        and wrong <= _VERSION_LINES
        and not any(b.result == "wrong" for b in verdict.benchmark)
    )


def lock_hash(profile: Profile, family: str) -> str:
    """SHA-256 over the texts of a profile's locks for one system, in the order of its parts."""
    text = "".join(part.requirements for part in profile.parts if part.platform == family)
    return hashlib.sha256(text.encode()).hexdigest()


def describe_proofs(profile: Profile) -> str:
    """What is proven of a profile, rendered from its records alone."""
    if not profile.proof:
        return "There is no record yet of a verification with exactly these versions."
    return " ".join(_describe_proof(profile, proof) for proof in profile.proof)


def describe_exports(profile: Profile) -> str:
    """What was seen to be made of a run with a profile's versions, with what it was seen, and what was
    not.
    """
    seen = [one for one in profile.exports if one != "adapter"]
    missing = [one for one in ("merged", "gguf") if one not in seen]
    told = "The adapter is a copy and needs nothing."
    if seen:
        told += f" Seen: {', '.join(seen)} ({profile.exports_source})."
    if missing:
        told += f" Not seen with these versions: {', '.join(missing)}."
    return told


def in_brief(profile: Profile, family: str) -> str:
    """The strongest of a profile's records in one line, for one system; never more than it says."""
    platform = "windows" if family == "windows" else "linux"
    exact = [p for p in profile.proof if p.scope == "locked" and _of_system(p) == platform]
    now = [p for p in exact if p.lock == lock_hash(profile, platform)]
    best = next(iter(sorted(now, key=lambda p: (p.card is not None, p.date), reverse=True)), None)
    if best is not None:
        return Message(
            "Proven: exactly these versions trained {place}.", place=_describe_place(best)
        )
    parts = sorted(profile.proof, key=lambda p: (p.card is not None, p.date), reverse=True)
    if parts:
        return Message(
            "Partly proven: {place}, with other versions or another system.",
            place=_describe_place(parts[0]),
        )
    return Message("Not proven yet: no record of a training with these versions.")


def _of_system(proof: Proof) -> str:
    return "windows" if "windows" in proof.system.lower() else "linux"


def _describe_place(proof: Proof) -> str:
    card = proof.card or Message("the processor")
    return Message("on {card}, {system}, {date}", card=card, system=proof.system, date=proof.date)


def _describe_proof(profile: Profile, proof: Proof) -> str:
    on = proof.card or "the processor"
    driver = f", driver {proof.driver}" if proof.driver else ""
    where = f"on {on}{driver}, {proof.system}, {proof.date}"
    family = "windows" if "windows" in proof.system.lower() else "linux"
    if proof.scope == "locked" and proof.lock == lock_hash(profile, family):
        return f"Exactly these versions passed {where}: {', '.join(proof.passed)}."
    if proof.scope == "locked":
        return f"The lock of an earlier day passed {where}; this lock has not yet."
    return (
        f"Parts of it passed {where}: {', '.join(proof.passed)}; "
        f"this exact set has not yet ({_name_differences(profile, proof.differences)})."
    )


def _name_differences(profile: Profile, differences: Sequence[str]) -> str:
    """The differences of what the profile names in its versions first; many others are counted."""
    named = {canonicalize_name(field) for field in profile.versions.__struct_fields__}
    first = sorted(differences, key=lambda d: d.split(" ")[0] not in named)
    shown = first[: max(_SHOWN, sum(d.split(" ")[0] in named for d in differences))]
    more = len(first) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _list_differences(profile: Profile, family: str, held: Mapping[str, str]) -> tuple[str, ...]:
    """What is installed otherwise than locked, each in words. A line with a marker may be absent."""
    wanted: dict[str, str] = {}
    free: set[str] = set()
    for part in profile.parts:
        if part.platform == family:
            for name, version, marker in _PIN.findall(part.requirements):
                wanted[canonicalize_name(name)] = version
                if marker:
                    free.add(canonicalize_name(name))
    found = [
        f"{name} {held[name]} in place of {version}"
        if name in held
        else f"{name} {version} is missing"
        for name, version in wanted.items()
        if held.get(name, "") != version
        and not (name in free and name not in held)
        and _comparable_version(held.get(name, ""), version) != version
    ]
    found += [
        f"{name} {version} beside the lock"
        for name, version in held.items()
        if name not in wanted and name not in _TOOLS
    ]
    return tuple(sorted(found))


def _comparable_version(installed: str, locked: str) -> str:
    """The default index of Linux locks 2.8.0, and the wheel calls itself 2.8.0+cu128."""
    return installed if "+" in locked else installed.partition("+")[0]
