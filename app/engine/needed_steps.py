"""Which steps of a plan would change something, and why the others need not run.

``plan`` says what ``install`` would do.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from app.model.plan import FetchWheels, MakeKernel, Plan
from app.model.verdict import Verification
from app.ports import Files, System
from app.steps.step_context import StepContext

_WORDS = {"works": "it works", "works_slowly": "it works, slowly", "not_checked": "not verified"}


def find_unneeded(
    plan: Plan, site: StepContext, handlers: Mapping[str, Any], proven: Verification | None
) -> dict[str, str]:
    """The steps that are done already, by id, each with what was found.

    ``proven`` is the verification of the plan's environment where that is in place: then nothing
    that makes or checks it is needed. A kernel's packages are not fetched for a kernel that is
    there.
    """
    found: dict[str, str] = {}
    if not site.system.files.exists(site.place.journal):
        return found  # nothing of ours is here, and looking with uv would leave its folders
    site = replace(site, system=_read_only_system(site.system), record=_record_nothing)
    kernels = {
        step.kernel: handlers[step.kind].done(step, site)
        for step in plan.steps
        if isinstance(step, MakeKernel)
    }
    for step in plan.steps:
        why: str | None = kernels.get(step.profile) if isinstance(step, FetchWheels) else None
        if why is None and proven is not None and _serves_own_environment(step, plan):
            why = f"{plan.environment} is active and in place ({_WORDS[proven.overall]})."
        elif why is None:
            why = handlers[step.kind].done(step, site)
        if why is not None:
            found[step.id] = why
    return found


class _Reading:
    """A disk on which what a look would note down for the next one is not written."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def __getattr__(self, name: str) -> Any:
        return getattr(self._files, name)

    def write(self, path: str, data: bytes) -> None:
        """Nothing: a plan changes nothing."""


def _read_only_system(system: System) -> System:
    own = copy.copy(system)
    own.files = cast(Files, _Reading(system.files))
    return own


def _serves_own_environment(step: Any, plan: Plan) -> bool:
    """Whether a step is one of those that make, check or switch to the plan's own environment."""
    if step.kind in ("make-kernel", "make-shortcut", "add-packages"):
        return False
    own = getattr(step, "environment", None) == plan.environment
    return own or step.kind == "provide-python" or getattr(step, "profile", None) == plan.profile


def _record_nothing(effect: str, values: dict[str, str]) -> None:
    """Nothing is done here, so nothing is written down."""
