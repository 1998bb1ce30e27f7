"""What changes for a person who takes one setup instead of another, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from app.decide.findings.advisories import advisories_for
from app.decide.plans.builder import bytes_of
from app.decide.verification.proof import in_brief
from app.model.advisory import Advisory
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
        found.append(f"Known security advisories on its versions: {after} instead of {before}.")
    if in_brief(old, family) != in_brief(new, family):
        found.append(in_brief(new, family))
    return tuple(sentence for sentence in found if sentence)


def _compare_versions(old: Profile, new: Profile) -> list[str]:
    found = []
    for key, name in _FELT:
        one, other = getattr(old.versions, key), getattr(new.versions, key)
        if one == other:
            continue
        if one is None or other is None:
            found.append(f"{name} {other} comes in." if other else f"{name} is not in it.")
            continue
        main = one.split(".")[0] != other.split(".")[0] and key in ("transformers", "trl")
        more = " That is another main version: scripts may need changes." if main else ""
        found.append(f"{name} {other} instead of {one}.{more}")
    return found


def _compare_age(old: Profile, new: Profile) -> str:
    try:
        days = (date.fromisoformat(new.pinned_on) - date.fromisoformat(old.pinned_on)).days
    except ValueError:
        return ""
    months = round(abs(days) / 30.4)
    if not days:
        return ""
    span = f"{months} months" if months > 1 else "a month" if months else f"{abs(days)} days"
    return f"Pinned {span} {'later' if days > 0 else 'earlier'}: {new.pinned_on}."


def _compare_bytes(old: Profile, new: Profile, family: str) -> str:
    platform = "windows" if family == "windows" else "linux"

    first, second = (bytes_of(profile, family) for profile in (old, new))  # type: ignore[arg-type]
    if not second[0] or not first[0]:
        return ""
    parts = [p for profile in (old, new) for p in profile.parts if p.platform == platform]
    word = "About " if any(part.estimated for part in parts) else ""
    one, two = (
        f"{_format_size(abs(second[n] - first[n]))} {'more' if second[n] >= first[n] else 'less'}"
        for n in (0, 1)
    )
    sentence = f"{one} to download and {two} on disk."
    return word + sentence if word else sentence


def _compare_pythons(old: Profile, new: Profile) -> str:
    return f"Python {new.python} instead of {old.python}." if old.python != new.python else ""


def _compare_drivers(old: Profile, new: Profile, family: str) -> str:
    name = "driver_windows" if family == "windows" else "driver_linux"
    if old.needs.gpu and not new.needs.gpu:
        return "It works on the processor alone; the card is not used."
    if new.needs.gpu and not old.needs.gpu:
        return "It trains on the card instead of the processor."
    one, other = getattr(old.needs, name), getattr(new.needs, name)
    return f"Needs driver {other} or newer instead of {one}." if one != other and other else ""


def _format_size(number: int) -> str:
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.0f} MB"
