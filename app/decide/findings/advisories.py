"""Which security advisories concern a profile: their ranges against the versions in its locks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from app.model.advisory import Advisory
from app.model.message import Message
from app.model.profile import Profile

_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s\\;]+)", re.MULTILINE)


def locked_versions(profile: Profile) -> dict[str, frozenset[str]]:
    """The versions that a profile's locks hold of each package, on all systems together."""
    found: dict[str, set[str]] = {}
    for part in profile.parts:
        for name, version in _PIN.findall(part.requirements):
            found.setdefault(canonicalize_name(name), set()).add(version)
    return {name: frozenset(versions) for name, versions in found.items()}


def advisories_for(profile: Profile, advisories: Sequence[Advisory]) -> tuple[Advisory, ...]:
    """The advisories that a profile's pins fall under, the gravest first."""
    held = locked_versions(profile)
    found = [a for a in advisories if _applies(a, held)]
    return tuple(sorted(found, key=lambda a: (-(a.score or 0.0), a.id)))


def describe_advisory(advisory: Advisory) -> str:
    """One advisory for people."""
    score = (
        Message(" ({score:g} of 10, {scale})", score=advisory.score, scale=advisory.scale)
        if advisory.score is not None
        else ""
    )
    mended = (
        Message(
            " Mended in {package} {fixed_in}.", package=advisory.package, fixed_in=advisory.fixed_in
        )
        if advisory.fixed_in
        else ""
    )
    return Message(
        "{id}{score}, {package}: {summary}{mended}",
        id=advisory.id,
        score=score,
        package=advisory.package,
        summary=advisory.summary,
        mended=mended,
    )


def _applies(advisory: Advisory, held: Mapping[str, frozenset[str]]) -> bool:
    ranges = {advisory.package: advisory.affected, **advisory.beside}
    return all(
        any(_is_in_range(version, wanted) for version in held.get(canonicalize_name(name), ()))
        for name, wanted in ranges.items()
    )


def _is_in_range(version: str, wanted: str) -> bool:
    # A local part such as +cu121 names a build, not another state of the code.
    return SpecifierSet(wanted).contains(Version(version).public, prereleases=True)
