"""Automatic fixes as plans: the steps that mend come first, then the plan that failed.

Planned, shown, journalled.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from app.model.advice import Diagnosis, Fix
from app.model.errors import InputError
from app.model.home_layout import HomeLayout
from app.model.message import Message
from app.model.plan import (
    AnyStep,
    CloseMapper,
    CreateEnvironment,
    FixOpenmp,
    InstallWheels,
    Plan,
    RemoveTree,
    SetVariables,
)

# Every remedy that data may name, with exactly what it does.
REMEDIES = {
    "retry": Message("Runs the plan again; it goes on where it stopped."),
    "refetch": Message(
        "Deletes the files that this program has fetched, then runs the plan "
        "again: they are fetched again and each is checked by its hash. "
        "Environments stay as they are."
    ),
    "clear-cache": Message(
        "Deletes this program's package cache, which only saves time, then runs "
        "the plan again. Environments and fetched files stay."
    ),
    "free-space": Message(
        "Deletes this program's package cache, which only saves time, then runs "
        "the plan again. Environments and fetched files stay."
    ),
    "rebuild-environment": Message(
        "Makes the environment again from its locked files and checks it. A setup "
        "that works stays in use until then, and can be gone back to."
    ),
    "system-certificates": Message(
        "Trusts the system's certificates alone and runs the plan again, for this "
        "visit. No setting of yours is changed."
    ),
    "compile-off": Message(
        "Makes the environment again from its locked files, with torch.compile "
        "switched off in it (TORCHDYNAMO_DISABLE is 1), and checks it. A setup "
        "that works stays in use until then, and can be gone back to."
    ),
    "compiler-unset": Message(
        "Makes the environment again from its locked files, without your variables "
        "CC and CXX in it, and checks it. Your own settings stay as they are, and "
        "a setup that works stays in use until then."
    ),
    "other-profile": Message(
        "Plans the best setup for this computer that was not tried here yet. What "
        "is installed stays, and can be gone back to."
    ),
}

# What these set for every Python of the environment; an empty value takes a variable away. Both
# seen to mend it on an H200: with no compiler at hand torch.compile ran with the first and failed
# without it, and so did Triton with a CC that may not be started.
VARIABLES = {
    "compile-off": (
        ("TORCHDYNAMO_DISABLE", "1"),
    ),  # torch.compile then hands back what it was given: torch._dynamo.config
    "compiler-unset": (
        ("CC", ""),
        ("CXX", ""),
    ),  # Triton and torch.compile then look for a compiler themselves
}


def fix_of(fix: Fix) -> Fix:
    """A fix with what this program would do where it can carry it out by itself."""
    return (
        msgspec.structs.replace(fix, does=REMEDIES[fix.remedy])
        if fix.automatic and fix.remedy
        else fix
    )


def without_button(fix: Fix) -> Fix:
    """The same fix as a person runs it, without a button."""
    return msgspec.structs.replace(fix, automatic=False, remedy=None, does="")


def by_hand(diagnosis: Diagnosis) -> Diagnosis:
    """The same diagnosis where the automatic fix would change nothing: what remains is what a
    person can do.
    """
    if diagnosis.fix is None:
        return diagnosis
    return msgspec.structs.replace(diagnosis, fix=without_button(diagnosis.fix))


def plan_fix(remedy: str, plan: Plan, place: HomeLayout, kept: Collection[str] = ()) -> Plan:
    """The plan with the remedy's steps before it.

    ``kept`` are the environments that work now, the active one and the one to go back to: they are
    never removed; a rebuild then gets a new name beside them. ``other-profile`` and
    ``system-certificates`` are choices, made before: the plan comes back as it is. Raises
    ``InputError`` for a remedy that does not exist.
    """
    if remedy not in REMEDIES:
        raise InputError(
            Message(
                "There is no fix {remedy}; expected one of {remedies}.",
                remedy=repr(remedy),
                remedies=", ".join(REMEDIES),
            )
        )
    if remedy == "refetch":
        return _prepend_step(
            plan, _remove_step("wheels", Message("Fetched files thrown away"), place.wheels)
        )
    if remedy in ("clear-cache", "free-space"):
        return _prepend_step(
            plan, _remove_step("cache", Message("Package cache emptied"), place.cache)
        )
    if remedy == "rebuild-environment" and plan.environment:
        return _start_over(plan, place, kept)
    if remedy in VARIABLES and plan.environment:
        return _with_variables(_start_over(plan, place, kept), place, VARIABLES[remedy])
    return plan


def plan_repair(plan: Plan, place: HomeLayout, kept: Collection[str]) -> Plan:
    """The plan with its environment made again from files that are unpacked again: what is damaged in an
    environment is damaged in the cache as well where the two share it by hard links.
    """
    rebuilt = _start_over(plan, place, kept)
    cache = _remove_step("cache", Message("Package cache emptied"), place.cache)
    return msgspec.structs.replace(rebuilt, steps=(cache, *rebuilt.steps))


def _start_over(plan: Plan, place: HomeLayout, kept: Collection[str]) -> Plan:
    if plan.environment not in kept:
        return _prepend_step(
            plan,
            _remove_step(
                "environment", Message("Old attempt removed"), place.environment(plan.environment)
            ),
        )
    name = plan.environment
    while name in kept:
        name = _next_name(name)
    return rename_environment(plan, place, name)


def _with_variables(plan: Plan, place: HomeLayout, variables: tuple[tuple[str, str], ...]) -> Plan:
    """The plan with variables set in its environment, once that is installed and before anything of
    it runs.
    """
    steps = [s for s in plan.steps if not isinstance(s, SetVariables)]
    python = next((s.python for s in steps if isinstance(s, CreateEnvironment)), None)
    if python is None:
        return plan  # nothing is made again, so there is nothing to set them in
    at = (
        max(
            n
            for n, s in enumerate(steps)
            if isinstance(s, CreateEnvironment | InstallWheels | FixOpenmp | CloseMapper)
        )
        + 1
    )
    touched = place.join(
        place.site_packages(plan.environment, python), "unsloth_setup_variables.pth"
    )
    step = SetVariables(
        id="set-variables",
        title=Message("Variables of the environment"),
        environment=plan.environment,
        python=python,
        variables=variables,
        touches=(touched,),
    )
    return msgspec.structs.replace(plan, steps=(*steps[:at], step, *steps[at:]))


def rename_environment(plan: Plan, place: HomeLayout, name: str) -> Plan:
    """The same plan for an environment of another name: every step and every path it touches."""
    old, new = place.environment(plan.environment), place.environment(name)

    def moved(step: AnyStep) -> AnyStep:
        touches = tuple(t.replace(old, new) for t in step.touches)
        changes: dict[str, object] = {"touches": touches}
        if getattr(step, "environment", None) == plan.environment:
            changes["environment"] = name
        return msgspec.structs.replace(step, **changes)

    return msgspec.structs.replace(
        plan, environment=name, steps=tuple(moved(s) for s in plan.steps)
    )


def _next_name(environment: str) -> str:
    """``p-12ab34cd`` becomes ``p-12ab34cd.2``, then ``.3``: the profile's id stays readable before
    the last dash.
    """
    stem, dot, number = environment.rpartition(".")
    return (
        f"{stem}.{int(number) + 1}"
        if dot and number.isdigit() and "-" in stem
        else f"{environment}.2"
    )


def _remove_step(name: str, title: str, path: str) -> RemoveTree:
    return RemoveTree(id=f"fix-{name}", title=title, path=path, touches=(path,))


def _prepend_step(plan: Plan, step: AnyStep) -> Plan:
    kept = tuple(s for s in plan.steps if not s.id.startswith("fix-"))
    return msgspec.structs.replace(plan, steps=(step, *kept))
