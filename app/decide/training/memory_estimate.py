"""Estimates the card memory, in bytes, that a LoRA run with Unsloth needs.

From the model's shape and the settings.
"""

from __future__ import annotations

from typing import Literal

from app.model.condition import parse_version
from app.model.guide import MemoryRow, Model, Shape
from app.model.profile import Profile
from app.model.value import Value

Checkpointing = Literal["unsloth", "card", "none"]

# Bytes for each weight. 4-bit: NF4, with its 8-bit scale for 64 weights and a 32-bit one for 64 x
# 256 (arXiv 2305.14314).
WEIGHT = {4: 0.5159, 8: 1.02, 16: 2.0}
# Weight and gradient in fp32; the optimizer's two states in 8 bits with scales, or in fp32.
ADAPTER, STATES_8BIT, STATES = 8.0, 2.03, 8.0
# Chunked cross-entropy and work areas: set from 36 runs (tests/decide/training/memory_runs.jsonl).
FIXED = 160e6
# Unsloth's checkpointing takes 64 MiB beforehand: runs with checkpointing in the card hold that
# much less.
BUFFERS = 64 * 2.0**20
# What the backward pass of one layer adds, in numbers for each token: shares of ``inner`` and of
# the queries' width, set from the same runs.
BACKWARD: dict[Checkpointing, tuple[float, float]] = {
    "unsloth": (2.0, 1.0),
    "card": (1.0, 0.0),
    "none": (1.0, 0.0),
}
# A logit that is held whole: 16 bits for the backward pass (unsloth/models/llama.py of 2024.9.post4
# and kernels/cross_entropy_loss.py, which writes the gradient in place) and the copy in 32 bits
# that accelerate 0.34 makes of what a forward pass gives out. The 2 bytes were read in Unsloth's wheels,
# the 4 are from memory; neither was measured.
LOGIT = 2.0 + 4.0
# Measured beside the allocator: 3 % that it keeps, 0.45 to 0.88 GB for the CUDA context and
# libraries.
SLACK, CONTEXT = 1.03, 0.55e9


class MemoryEstimate(Value, frozen=True, kw_only=True):
    """What a run takes on the card. ``allocated`` is what torch's allocator peaks at, ``process``
    what the card loses.

    Checked against 36 runs of Unsloth 2026.10.9 on an H100 and an H200 (0.3 to 8 billion
    parameters, up to 32768 tokens): -3 to +11 %, see
    ``tests/decide/training/test_memory_estimate.py``. Not reached: more than 8 billion parameters,
    cards of other makes. What whole logits take is computed from sources, not measured.
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
    whole_logits: bool = False,
) -> MemoryEstimate:
    """Memory of one run. ``length`` is the context in tokens, ``batch`` the rows of one step.

    Each layer keeps ``2 (3 inner + 4 queries)`` bytes a token for its backward pass, and with norms
    of the heads those of queries and keys: all layers without checkpointing, one with it. In-card
    checkpointing adds every layer's input; Unsloth's own moves those to main memory. On top comes
    the greater of what one layer's backward pass adds and the logits, where they are held whole.
    """
    head = shape.head_dim or shape.width // shape.heads
    queries, keys = shape.heads * head, shape.kv_heads * head
    matrices = [
        (shape.width, queries),
        (shape.width, keys),
        (shape.width, keys),
        (queries, shape.width),
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
    layer = 2.0 * (3 * shape.inner + 4 * queries + (queries + keys if shape.head_norm else 0))
    kept = tokens * layer * (shape.layers if checkpointing == "none" else 1)
    if checkpointing == "card":
        kept += tokens * 2.0 * shape.width * shape.layers
    of_inner, of_queries = BACKWARD[checkpointing]
    passing = tokens * 2.0 * (of_inner * shape.inner + of_queries * queries)
    logits = tokens * LOGIT * shape.vocabulary if whole_logits else 0.0
    activations = kept + max(passing, logits)
    # One matrix of the largest is unpacked to 16 bits at a time.
    unpacked = 2.0 * shape.width * shape.inner if bits < 16 else 0.0
    fixed = FIXED + unpacked - (BUFFERS if checkpointing == "card" else 0)
    allocated = weights + adapters + activations + fixed
    return MemoryEstimate(
        parameters=linear + embedding,
        weights=weights,
        adapters=adapters,
        activations=activations,
        fixed=fixed,
        allocated=allocated,
        process=allocated * SLACK + CONTEXT,
    )


def holds_whole_logits(profile: Profile, capability: str | None, tokens: int) -> bool:
    """Whether this profile's Unsloth holds all logits of a step of so many tokens on such a card.

    A card of unknown capability is taken for one on which the loss is fused, as on most.
    """
    training = profile.training
    if not training.fused_loss_from or tokens <= training.fused_loss_above:
        return True
    parsed, least = parse_version(capability or ""), parse_version(training.fused_loss_from)
    return parsed is not None and least is not None and parsed < least


def beside_the_guide(row: MemoryRow, models: tuple[Model, ...]) -> tuple[MemoryEstimate, ...]:
    """Our figures for one row of the guide's table: one for each model that stands for its size."""
    shapes = {model.id: model.shape for model in models if model.shape is not None}
    return tuple(
        predict(shapes[name], rank=row.rank, batch=row.batch, length=row.length)
        for name in row.models
    )
