"""What changes for a person who takes one setup instead of another, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from app.decide.findings.advisories import advisories_for
from app.decide.plans.builder import bytes_of
from app.decide.verification.proof import in_brief
from app.model.advisory import Advisory
from app.model.message import Message
from app.model.profile import Profile

# What training scripts and models are written against, so that a new main version is felt.
_FELT = (
    ("unsloth", "Unsloth"),
    ("torch", "PyTorch"),
    ("transformers", "transformers"),
    ("trl", "trl"),
)


def differences(
    old: Profile, new: Profile, family: str, advisories: Sequence[Advisory] = ()
) -> tuple[str, ...]:
    """What taking ``new`` instead of ``old`` changes on one system. Empty for the same setup."""
    if old.id == new.id:
        return ()
    found = [
        *_compare_versions(old, new),
        _compare_age(old, new),
        _compare_bytes(old, new, family),
        _compare_pythons(old, new),
    ]
    found.append(_compare_drivers(old, new, family))
    before, after = len(advisories_for(old, advisories)), len(advisories_for(new, advisories))
    if before != after:
        found.append(
            Message(
                "Known security advisories on its versions: {after} instead of {before}.",
                after=after,
                before=before,
            )
        )
    if in_brief(old, family) != in_brief(new, family):
        found.append(in_brief(new, family))
    return tuple(sentence for sentence in found if sentence)


def _compare_versions(old: Profile, new: Profile) -> list[str]:
    found: list[str] = []
    for key, name in _FELT:
        one, other = getattr(old.versions, key), getattr(new.versions, key)
        if one == other:
            continue
        if one is None or other is None:
            found.append(
                Message("{name} {other} comes in.", name=name, other=other)
                if other
                else Message("{name} is not in it.", name=name)
            )
            continue
        main = one.split(".")[0] != other.split(".")[0] and key in ("transformers", "trl")
        more = Message(" That is another main version: scripts may need changes.") if main else ""
        found.append(
            Message(
                "{name} {other} instead of {one}.{more}", name=name, other=other, one=one, more=more
            )
        )
    return found


def _compare_age(old: Profile, new: Profile) -> str:
    try:
        days = (date.fromisoformat(new.pinned_on) - date.fromisoformat(old.pinned_on)).days
    except ValueError:
        return ""
    months = round(abs(days) / 30.4)
    if not days:
        return ""
    span = (
        Message("{months} months", months=months)
        if months > 1
        else Message("a month")
        if months
        else Message("{days} days", days=abs(days))
    )
    return Message(
        "Pinned {span} later: {day}." if days > 0 else "Pinned {span} earlier: {day}.",
        span=span,
        day=new.pinned_on,
    )


def _compare_bytes(old: Profile, new: Profile, family: str) -> str:
    platform = "windows" if family == "windows" else "linux"

    first, second = (bytes_of(profile, family) for profile in (old, new))  # type: ignore[arg-type]
    if not second[0] or not first[0]:
        return ""
    parts = [p for profile in (old, new) for p in profile.parts if p.platform == platform]
    one, two = (
        Message(
            "{size} more" if second[n] >= first[n] else "{size} less",
            size=_format_size(abs(second[n] - first[n])),
        )
        for n in (0, 1)
    )
    return Message(
        "About {one} to download and {two} on disk."
        if any(part.estimated for part in parts)
        else "{one} to download and {two} on disk.",
        one=one,
        two=two,
    )


def _compare_pythons(old: Profile, new: Profile) -> str:
    return (
        Message("Python {new} instead of {old}.", new=new.python, old=old.python)
        if old.python != new.python
        else ""
    )


def _compare_drivers(old: Profile, new: Profile, family: str) -> str:
    name = "driver_windows" if family == "windows" else "driver_linux"
    if old.needs.gpu and not new.needs.gpu:
        return Message("It works on the processor alone; the card is not used.")
    if new.needs.gpu and not old.needs.gpu:
        return Message("It trains on the card instead of the processor.")
    one, other = getattr(old.needs, name), getattr(new.needs, name)
    return (
        Message("Needs driver {other} or newer instead of {one}.", other=other, one=one)
        if one != other and other
        else ""
    )


def _format_size(number: int) -> Message:
    if number >= 1e9:
        return Message("{amount:.1f} GB", amount=number / 1e9)
    return Message("{amount:.0f} MB", amount=number / 1e6)
