"""A verdict in words: the page's title and the sentence under it."""

from __future__ import annotations

from app.gui import formatting
from app.gui.formatting import translate
from app.gui.messages import localize
from app.model.verdict import Verification


def headline(verdict: Verification) -> str:
    """The title: whether it works."""
    return {
        "works": translate("Verify", "It works"),
        "works_slowly": translate("Verify", "It works, slowly"),
        "broken": translate("Verify", "It does not work yet"),
        "not_checked": translate("Verify", "Not checked yet"),
    }[verdict.overall]


def sentence(verdict: Verification, for_cards: bool) -> str:
    """What the title means. ``for_cards``: whether the setup is one for cards; a simulation of the
    other names no device.
    """
    device = verdict.device or (verdict.fine_tune.device if verdict.fine_tune is not None else "")
    on_card = for_cards and not device.startswith("cpu")
    where = (
        translate("Verify", "on this card") if on_card else translate("Verify", "on the processor")
    )
    together = verdict.several_cards
    if verdict.overall == "works" and together is not None and not together.passed:
        return translate(
            "Verify", "One card works, training on several cards does not. {why}"
        ).format(why=localize(together.why))
    if verdict.overall == "works":
        if verdict.seconds is None:
            return translate("Verify", "Checked, measured and trained {where}.").format(where=where)
        return translate("Verify", "Checked, measured and trained {where} in {time}.").format(
            where=where, time=formatting.seconds(verdict.seconds)
        )
    if verdict.overall == "works_slowly":
        why = next((r.title for r in verdict.remarks if r.severity != "informs"), "")
        return localize(why) or translate(
            "Verify", "Everything runs; some figures are below what this card reaches elsewhere."
        )
    if verdict.overall == "broken":
        why = next((r.title for r in verdict.remarks if r.severity == "blocks"), "")
        return localize(why) or translate(
            "Verify", "A check failed. The cause and what to do stand below."
        )
    return translate("Verify", "The checks have not run to their end.")
