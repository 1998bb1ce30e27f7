"""What a person trains on is no business of a report: of training runs it holds numbers alone."""

from __future__ import annotations

from typing import Any

import msgspec

from app.model.event import Measured, StepEvent
from app.model.plan import Plan, PrepareTraining

_NAMES = ("train.", "training.", "chat.")


def without_rows(event: StepEvent) -> StepEvent:
    """The event without texts: rows, answers and names of columns are the person's."""
    what = event.what
    if not isinstance(what, Measured) or not what.name.startswith(_NAMES):
        return event
    told = msgspec.structs.replace(
        what, value=_numbers(what.value), detail=_numbers(what.detail) or {}
    )
    return msgspec.structs.replace(event, what=told)


def without_source(plan: Plan | None) -> Plan | None:
    """The plan without the name of the data file and of its columns."""
    if plan is None:
        return None
    steps = tuple(
        msgspec.structs.replace(
            step,
            record=msgspec.structs.replace(
                step.record, source="", mapping={}, unused=(), read=type(step.record.read)(),
                agreed=type(step.record.agreed)(),
            ),
        )
        if isinstance(step, PrepareTraining)
        else step
        for step in plan.steps
    )  # fmt: skip
    return msgspec.structs.replace(plan, steps=steps)


def _numbers(value: Any) -> Any:
    """The same with every text left out."""
    if isinstance(value, dict):
        kept = {
            key: sum(item.values())
            if key == "left_out" and isinstance(item, dict)
            else _numbers(item)
            for key, item in value.items()  # why rows were left out may quote them
        }
        return {key: item for key, item in kept.items() if item is not None}
    if isinstance(value, list | tuple):
        return [item for one in value if (item := _numbers(one)) is not None]
    return value if isinstance(value, int | float) else None
