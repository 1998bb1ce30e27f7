"""What of each setup lies under home already, in bytes.

A run that goes on needs no room for it a second time.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.decide.findings.home_facts import PYTHON_BYTES
from app.decide.plans.builder import environment_name
from app.decide.plans.pylock import canonical
from app.model.home_layout import HomeLayout
from app.model.machine import MachineFacts
from app.model.profile import Part, Profile, parts_for
from app.ports import Files


def measure_resumable(
    facts: MachineFacts,
    profiles: Sequence[Profile],
    place: HomeLayout,
    files: Files,
    active: str | None,
    unfinished: str | None,
) -> dict[str, int]:
    """Bytes by profile id, where there are any. ``active`` is an environment, ``unfinished`` the
    profile of a run that was cut off.

    Never more than the setup's own figures. What that run has unpacked so far lies in the cache; an
    environment is linked from it.
    """
    fetched = _wheelhouse_bytes(place, files)
    own = {left.path: left.size or 0 for left in facts.leftovers if left.kind == "own"}
    unpacked = files.size(place.cache) or 0 if unfinished is not None else 0
    found = {}
    for profile in profiles:
        parts = parts_for(profile, place.family)
        if not parts:
            continue
        name, whole = environment_name(profile, place.family), sum(part.disk for part in parts)
        made = sum(size for path, size in own.items() if _belongs_to(path, place.environment(name)))
        made += unpacked if unfinished == profile.id else 0
        here = _fetched_bytes(parts, fetched)
        if active is not None and _belongs_to(active, name):
            here, made = (
                sum(part.download for part in parts),
                whole,
            )  # it was proven: nothing of it has to come again
        python = PYTHON_BYTES if files.exists(place.python_note(profile.python)) else 0
        if total := here + min(made, whole) + python:
            found[profile.id] = total
    return found


def _belongs_to(name: str, environment: str) -> bool:
    """The environment itself, or one that was made again beside it (``NAME.2``)."""
    return name == environment or name.startswith(environment + ".")


def _wheelhouse_bytes(place: HomeLayout, files: Files) -> dict[tuple[str, str], int]:
    """Bytes in the wheelhouse by package and public version; half-fetched files count as far as
    they are there.
    """
    found: dict[tuple[str, str], int] = {}
    for file in files.names(place.wheels):
        name, _, rest = file.partition("-")
        key = canonical(name), _public_version(rest.partition("-")[0])
        found[key] = found.get(key, 0) + (files.size(place.wheel(file)) or 0)
    return found


def _fetched_bytes(parts: Sequence[Part], fetched: dict[tuple[str, str], int]) -> int:
    here = 0
    for part in parts:
        known = sum(
            fetched.get((canonical(w.name), _public_version(w.version)), 0) for w in part.wheels
        )
        here += min(known, part.download)
    return here


def _public_version(version: str) -> str:
    return version.partition("+")[0]
