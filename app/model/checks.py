"""The checks of a verification, in the order in which they run: a row for each."""

from __future__ import annotations

from typing import NamedTuple

from app.model.message import Message


class Check(NamedTuple):
    """A script of ``resources/checks``, its title, its time limit in seconds, and to which part of
    the verify page it belongs. ``files`` are the scripts that it imports beside ``telling.py``;
    ``usual`` is how many seconds it takes on an ordinary PC, measured on two; ``gpu``: only setups
    for a card run it; ``several``: only where cards are equal, and its failure says nothing of one;
    ``early``: it may import its libraries while the small checks run.
    """

    name: str
    title: str
    limit: float
    stage: str = "checks"
    gpu: bool = False
    usual: float = 6.0
    files: tuple[str, ...] = ()
    several: bool = False
    early: bool = False

    @property
    def scripts(self) -> tuple[str, ...]:
        """The files below ``resources/checks`` that it needs, its own script first."""
        return (f"{self.name}.py", "telling.py", *self.files)


_BENCH = ("__init__", "timing", "sensors", "transfers", "products", "attention", "training")
_TUNING = ("small_model.py", "loops.py", "unsloth_import.py")
# Limits are far above what a slow disk and a first compilation need: a check that hits one hangs.
# Each is a process and imports torch again (4 s). What only asks torch shares one; what runs code of
# its own on the card (kernel, Triton, attention, bitsandbytes) stays apart, so that a crash costs one
# fact.
CHECKS = (
    Check("versions", Message("Installed versions"), 180),
    Check("torch_basics", Message("PyTorch itself"), 600, usual=10.0, files=("card.py",)),
    Check("kernel", Message("A real matrix product"), 300),
    Check("triton_kernel", Message("A kernel compiled by Triton"), 600, gpu=True, usual=10.0),
    Check("attention", Message("Attention"), 600, gpu=True),
    Check("bnb_4bit", Message("4-bit weights with bitsandbytes"), 300, gpu=True),
    Check("unsloth_import", Message("Unsloth's import"), 900, usual=40.0),
    Check(
        "benchmark",
        Message("Benchmark"),
        600,
        stage="benchmark",
        usual=35.0,
        files=tuple(f"bench/{name}.py" for name in _BENCH),
    ),
    Check(
        "fine_tune",
        Message("First fine-tune"),
        1800,
        stage="fine-tune",
        usual=70.0,
        files=_TUNING,
        early=True,
    ),
    Check(
        "several_cards",
        Message("Fine-tune on several cards"),
        1800,
        stage="fine-tune",
        gpu=True,
        usual=40.0,  # 33 and 35 s on two H200
        files=(
            *("fine_tune.py", *_TUNING),
            *(f"bench/{name}.py" for name in ("__init__", "timing", "products")),
        ),
        several=True,
    ),
)


def check_named(name: str) -> Check:
    """The row of a check; one with nothing but its script where this program knows none."""
    return next((one for one in CHECKS if one.name == name), Check(name, name, 600))
