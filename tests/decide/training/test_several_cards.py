"""Which cards may train together, and what is said of the others."""

from __future__ import annotations

import pytest

from app.decide.training.several_cards import usable_cards
from app.model.machine import Family, Gpu

GIB = 2**30


def card(index: int, name: str = "NVIDIA H200", gib: float = 140, capability: str | None = "9.0") -> Gpu:  # fmt: skip
    """An NVIDIA card."""
    memory = int(gib * GIB)
    return Gpu(
        index=index, vendor="nvidia", name=name, compute_capability=capability, memory_total=memory
    )


INTEL = Gpu(index=0, vendor="intel", name="Intel UHD 770")


@pytest.mark.parametrize(
    ("gpus", "family", "used", "said"),
    [
        ((), "linux", [], "no NVIDIA card"),
        ((INTEL,), "linux", [], "no NVIDIA card"),
        ((INTEL, card(0)), "linux", [0], "is the only NVIDIA card"),
        ((card(1), card(0)), "linux", [0, 1], "2 cards are equal: NVIDIA H200"),
        ((card(0), card(1, gib=139)), "linux", [0, 1], "2 cards are equal"),
        ((card(0), card(1, gib=138)), "linux", [0], "no other is equal"),
        ((card(0), card(1), card(2), card(3, "Tesla T4", 15, "7.5")), "linux", [0, 1, 2], "3 cards"),
        ((card(0, "Tesla T4", 15, "7.5"), card(1, "Tesla T4", 15, "7.5"), card(2)), "linux", [2], "(Tesla T4)"),
        ((card(0, "A"), card(1, "B")), "linux", [0], "A is used alone"),
        ((card(0), card(1, capability="8.0")), "linux", [0], "no other is equal"),
        ((card(0, capability=None), card(1, capability=None)), "linux", [0], "no other is equal"),
        ((card(0), card(1)), "windows", [0], "on Linux only"),
    ],
)  # fmt: skip
def test_equal_cards_train_together(
    gpus: tuple[Gpu, ...], family: Family, used: list[int], said: str
) -> None:
    """In the order of the slots; else the one that training takes, with the reason."""
    found = usable_cards(gpus, family)
    assert [gpu.index for gpu in found.cards] == used
    assert said in found.text


def test_a_card_of_unknown_memory_is_equal_to_none() -> None:
    unknown = [Gpu(index=n, vendor="nvidia", name="X", compute_capability="9.0") for n in (0, 1)]
    assert len(usable_cards(unknown, "linux").cards) == 1
