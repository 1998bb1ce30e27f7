"""Several cards that trained together: what came out, and what is said of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from app.model.event import Failed, Measured
from app.model.message import Message
from app.model.verdict import Remark, SeveralCards, TrainedCard

STEP = "check-several_cards"
# Cards of one kind differ by 3 % (two H200: resources/checks/bench/products.py), a hot one by 8 %.
SLOWER = 0.9


def several_cards(result: Measured | None, failed: Failed | None) -> SeveralCards | None:
    """The check's own figures and the reason of its failure; ``None`` where it did not run."""
    if result is None:
        return SeveralCards(why=failed.message) if failed is not None else None
    d = result.detail
    return SeveralCards(
        cards=tuple(_card(row) for row in d.get("cards", ())),
        processes=int(d.get("processes", 0)),
        steps=int(d.get("steps", 0)),
        loss_first=_number(d.get("loss_first")),
        loss_last=_number(d.get("loss_last")),
        tokens_per_s=_number(d.get("tokens_per_s")),
        equal=d.get("equal"),
        losses=tuple(x for x in map(_number, d.get("losses", ())) if x is not None),
        device=str(d.get("device", "")),
        trainer=str(d.get("trainer", "")),
        passed=bool(result.value) and failed is None,
        why=failed.message if failed is not None else "",
    )


def remarks(found: SeveralCards | None, alone: str) -> Iterator[Remark]:
    """What there is to know: that they do not train together, or one holds the others up. ``alone``
    is why a PC of several cards trains on one.
    """
    if alone:
        yield Remark(
            severity="informs", title=Message("One of several cards is used"), detail=alone
        )
    if found is None:
        return
    if not found.passed:
        yield Remark(
            severity="warns",
            title=Message("One card works, training on several cards does not"),
            detail=found.why,
        )
    figures = [card.product for card in found.cards if card.product]
    for number, card in enumerate(found.cards):
        if card.product and card.product < SLOWER * max(figures) and found.device != "cpu":
            yield Remark(
                severity="informs",
                title=Message("Card {number} is slower than its equals", number=number),
                detail=Message(
                    "{name} {id}: {product:.0f} {unit}, the fastest {most:.0f}. Together all go at "
                    "the pace of the slowest.",
                    name=card.name,
                    id=card.id,
                    product=card.product,
                    unit=card.unit,
                    most=max(figures),
                ),
            )


def _card(row: dict[str, Any]) -> TrainedCard:
    peak = row.get("peak")
    return TrainedCard(
        name=str(row.get("card", "")),
        id=str(row.get("id", "")),
        product=_number(row.get("product")),
        unit=str(row.get("unit", "")),
        ok=bool(row.get("ok")),
        peak_vram=peak if isinstance(peak, int) else None,
    )


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None
