"""Automatic fixes as plans: the steps that mend come first, the plan that failed follows. Planned, shown, journalled."""

from __future__ import annotations

import msgspec

from app.model.errors import BadInput
from app.model.place import Place
from app.model.plan import AnyStep, Plan, RemoveTree

# Every remedy that data may name, with what it does in one sentence.
REMEDIES = {
    "retry": "Run the plan again; it goes on where it stopped.",
    "refetch": "Throw the fetched files away and fetch them again, each checked by its hash.",
    "clear-cache": "Empty this program's package cache; nothing else is touched.",
    "free-space": "Empty this program's package cache, which is only there to save time.",
    "rebuild-environment": "Make the environment anew from its lock, beside one that works.",
    "system-certificates": "Trust the certificates of the system instead of a bundle of its own.",
    "other-profile": "Take the next best setup for this machine.",
}


def mended(remedy: str, plan: Plan, place: Place, active: str | None) -> Plan:
    """The plan with the remedy's steps before it.

    ``active`` is the environment that works now: it is never removed; a rebuild then gets a new name beside it.
    ``other-profile`` and ``system-certificates`` are choices, made before: the plan comes back as it is.
    Raises ``BadInput`` for a remedy that does not exist.
    """
    if remedy not in REMEDIES:
        raise BadInput(f"There is no fix {remedy!r}; expected one of {', '.join(REMEDIES)}.")
    if remedy == "refetch":
        return _before(plan, _remove("wheels", "Fetched files thrown away", place.wheels))
    if remedy in ("clear-cache", "free-space"):
        return _before(plan, _remove("cache", "Package cache emptied", place.cache))
    if remedy == "rebuild-environment" and plan.environment:
        if plan.environment != active:
            return _before(plan, _remove("environment", "Old attempt removed", place.environment(plan.environment)))
        return renamed(plan, place, _next_name(plan.environment))
    return plan


def renamed(plan: Plan, place: Place, name: str) -> Plan:
    """The same plan for an environment of another name: every step and every path it touches."""
    old, new = place.environment(plan.environment), place.environment(name)

    def moved(step: AnyStep) -> AnyStep:
        touches = tuple(t.replace(old, new) for t in step.touches)
        changes: dict[str, object] = {"touches": touches}
        if getattr(step, "environment", None) == plan.environment:
            changes["environment"] = name
        return msgspec.structs.replace(step, **changes)

    return msgspec.structs.replace(plan, environment=name, steps=tuple(moved(s) for s in plan.steps))


def _next_name(environment: str) -> str:
    """``p-12ab34cd`` becomes ``p-12ab34cd.2``, then ``.3``: the profile's id stays readable before the last dash."""
    stem, dot, number = environment.rpartition(".")
    return f"{stem}.{int(number) + 1}" if dot and number.isdigit() and "-" in stem else f"{environment}.2"


def _remove(name: str, title: str, path: str) -> RemoveTree:
    return RemoveTree(id=f"fix-{name}", title=title, path=path, touches=(path,))


def _before(plan: Plan, step: AnyStep) -> Plan:
    kept = tuple(s for s in plan.steps if not s.id.startswith("fix-"))
    return msgspec.structs.replace(plan, steps=(step, *kept))
