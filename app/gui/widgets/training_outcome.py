"""How a training run ended: why it failed and what is smaller, and the answers that its files keep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.gui.formatting import translate
from app.gui.messages import localize
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Label, across
from app.gui.widgets.diagnosis_card import DiagnosisCard, diagnosis_of
from app.model.event import Failed
from app.model.plan import Plan


def options_of(options: dict[str, Any]) -> str:
    """``batch 1, accumulate 8``: settings as people read them."""
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in options.items())


def after_failure(
    plan: Plan,
    failures: Sequence[tuple[str, Failed]],
    smaller: tuple[dict[str, Any], str] | None,
    take: Callable[[], object],
) -> DiagnosisCard | None:
    """The card of the failure; where less memory would do, one click to those settings and what they
    cost.
    """
    if not failures:
        return None
    step, failed = failures[0]
    titles = {one.id: localize(one.title) for one in plan.steps}
    card = DiagnosisCard(diagnosis_of(failed), step=titles.get(step, ""), retry=False, fixes=False)
    if smaller is not None:
        options, costs = smaller
        text = translate("Train", "Smaller settings: {options}. They cost {costs}.").format(
            options=options_of(options), costs=costs
        )
        button = Button(translate("Train", "&Take the smaller settings"), take)
        button.setAccessibleDescription(text)
        card.box.insertWidget(2, Label(text, "value"))
        card.box.insertLayout(3, across(button, None))
    return card


def answers_of(told: dict[str, Any]) -> list[dict[str, Any]]:
    """Pairs of answers from what a run wrote down (``run/1``); none where either half is missing."""
    before, after = told.get("answers_before"), told.get("answers_after")
    if not isinstance(before, list) or not isinstance(after, list):
        return []
    return [
        {**new, "before": old.get("answer")}
        for old, new in zip(before, after, strict=False)
        if isinstance(old, dict) and isinstance(new, dict)
    ]
