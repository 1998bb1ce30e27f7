"""How much card memory a LoRA run with Unsloth needs, from the model's shape and the settings.
Bytes.
"""

from __future__ import annotations

from typing import Literal

from app.model.guide import MemoryRow, Model, Shape
from app.model.value import Value

Checkpointing = Literal["unsloth", "card", "none"]

# Bytes for each weight. 4-bit: NF4, with its 8-bit scale for 64 weights and a 32-bit one for 64 x
# 256 (arXiv 2305.14314).
WEIGHT = {4: 0.5159, 8: 1.02, 16: 2.0}
# Weight and gradient in fp32; the optimizer's two states in 8 bits with scales, or in fp32.
ADAPTER, STATES_8BIT, STATES = 8.0, 2.03, 8.0
# Chunked cross-entropy, one unpacked matrix, work areas: the one constant that was set from runs
# (nine on an H100).
FIXED = 235e6
# Of which Unsloth's checkpointing takes 64 MiB beforehand: runs with checkpointing in the card hold
# that much less.
BUFFERS = 64 * 2.0**20
# Measured beside the allocator: 3 % that it keeps, 0.45 to 0.88 GB for the CUDA context and
# libraries.
SLACK, CONTEXT = 1.03, 0.55e9


class Memory(Value, frozen=True, kw_only=True):
    """What a run takes on the card. ``allocated`` is what torch's allocator peaks at, ``process``
    what the card loses.

    Checked against 16 runs of Unsloth on an H100 (17 M to 8 B parameters): -4 to +10 %, see
    ``tests/decide/training/test_memory.py``.
    """

    parameters: float
    weights: float
    adapters: float
    activations: float
    fixed: float
    allocated: float
    process: float

    def fits(self, free: float) -> bool:
        """Whether it fits into free bytes with a twentieth to spare."""
        return self.process * 1.05 <= free


def predict(
    shape: Shape,
    *,
    bits: int = 4,
    rank: int = 16,
    batch: int = 2,
    length: int = 2048,
    checkpointing: Checkpointing = "unsloth",
    optimizer_8bit: bool = True,
) -> Memory:
    """Memory of one run. ``length`` is the context in tokens, ``batch`` the rows of one step.

    Each layer keeps ``2 (3 inner + 4 width)`` bytes a token for its backward pass: all layers
    without checkpointing, one with it. In-card checkpointing adds every layer's input; Unsloth's
    own moves those to main memory.
    """
    kv = shape.width // shape.heads * shape.kv_heads
    matrices = [
        (shape.width, shape.width),
        (shape.width, kv),
        (shape.width, kv),
        (shape.width, shape.width),
        (shape.width, shape.inner),
        (shape.width, shape.inner),
        (shape.inner, shape.width),
    ]
    linear = shape.layers * sum(a * b for a, b in matrices)
    embedding = shape.vocabulary * shape.width * (1 if shape.tied else 2)
    trained = shape.layers * rank * sum(a + b for a, b in matrices)
    tokens = batch * length
    weights = 2.0 * embedding + WEIGHT[bits] * linear
    adapters = trained * (ADAPTER + (STATES_8BIT if optimizer_8bit else STATES))
    activations = (
        tokens
        * 2.0
        * (3 * shape.inner + 4 * shape.width)
        * (shape.layers if checkpointing == "none" else 1)
    )
    if checkpointing == "card":
        activations += tokens * 2.0 * shape.width * shape.layers
    fixed = FIXED - (BUFFERS if checkpointing == "card" else 0)
    allocated = weights + adapters + activations + fixed
    return Memory(
        parameters=linear + embedding,
        weights=weights,
        adapters=adapters,
        activations=activations,
        fixed=fixed,
        allocated=allocated,
        process=allocated * SLACK + CONTEXT,
    )


def beside_the_guide(row: MemoryRow, models: tuple[Model, ...]) -> tuple[Memory, ...]:
    """Our figures for one row of the guide's table: one for each model that stands for its size."""
    named = {model.id: model for model in models}
    return tuple(
        predict(named[name].shape, rank=row.rank, batch=row.batch, length=row.length)
        for name in row.models
    )
