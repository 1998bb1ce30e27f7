"""Which cards of a PC may train one model together: equal ones, and why others may not."""

from __future__ import annotations

from collections.abc import Sequence

from app.model.machine import Family, Gpu, main_card
from app.model.message import Message
from app.model.value import Value

# Drivers keep a little of each card for themselves, not the same of each.
SAME_MEMORY = 0.01


class UsableCards(Value, frozen=True, kw_only=True):
    """The cards that a run may use at most, in the order of their slots; the one that is used alone
    where there is only one. ``text`` says why there are no more.
    """

    cards: tuple[Gpu, ...] = ()
    text: Message

    @property
    def ids(self) -> tuple[str, ...]:
        """As ``CUDA_VISIBLE_DEVICES`` takes them, which counts in the order of the bus here."""
        return tuple(gpu.uuid or str(gpu.index) for gpu in self.cards)


def usable_cards(gpus: Sequence[Gpu], family: Family) -> UsableCards:
    """The cards that are equal to the one that training takes: each trains the same number of rows,
    and the slowest or smallest would set the pace and the room of all.
    """
    main = main_card(gpus)
    if main is None:
        return UsableCards(text=Message("This PC has no NVIDIA card."))
    name = main.name or Message("a card of unknown name")
    ours = [gpu for gpu in gpus if gpu.of_nvidia]
    equal = tuple(
        sorted(
            (gpu for gpu in ours if gpu is main or _is_equal(gpu, main)), key=lambda gpu: gpu.index
        )
    )
    if len(ours) == 1:
        text = Message("{card} is the only NVIDIA card.", card=name)
    elif family != "linux":
        # Cards exchange what they learnt through NCCL: "Windows supports all collective
        # communications backends but NCCL" (docs.pytorch.org/docs/stable/distributed, 2026-11-30).
        equal = (main,)
        text = Message(
            "{card} is used alone: several cards train together on Linux only.", card=name
        )
    elif len(equal) == 1:
        others = ", ".join(dict.fromkeys(gpu.name or "?" for gpu in ours if gpu is not main))
        text = Message(
            "{card} is used alone, the one with the most memory of those that are new enough: "
            "no other is equal to it in name, memory and compute capability ({others}).",
            card=name,
            others=others,
        )
    else:
        text = Message("{count} cards are equal: {card}.", count=len(equal), card=name)
    return UsableCards(cards=equal, text=text)


def _is_equal(one: Gpu, other: Gpu) -> bool:
    """What is not known of a card is not equal to anything."""
    if not (one.name and one.compute_capability and one.memory_total and other.memory_total):
        return False
    apart = abs(one.memory_total - other.memory_total)
    return (one.name, one.compute_capability) == (other.name, other.compute_capability) and (
        apart <= SAME_MEMORY * other.memory_total
    )
