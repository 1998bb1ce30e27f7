"""What the setup guide says and what is right.

Expected output, settings, corrections, reference figures, models.
"""

from __future__ import annotations

from typing import Literal

from app.model.value import Value

Rule = Literal["same", "begins", "at_least", "between", "card", "any"]
Figure = Literal["copy", "fp32", "tf32", "fp16", "bf16", "pcie", ""]


class PrintedLine(Value, frozen=True, kw_only=True):
    """How the guide's own script prints a line: a regular expression, and its value (group 1 where
    ``value`` is empty).
    """

    regex: str
    value: str = ""


class Expected(Value, frozen=True, kw_only=True):
    """One line of the guide's expected output. The first line whose conditions hold here is the one
    that counts.

    ``expected`` is a template over ``{python} {torch} {cuda} {unsloth} {gpu} {memory_low}
    {memory_high} {cudnn}``; ``card``: only with (or without) a card; ``native_bf16``: only on cards
    that compute in bf16 (or do not); ``profiles``: only for these; ``why`` is said where the right
    value is not the guide's, ``wrong`` where what came out is not right; ``scale`` turns a printed
    number into the measured unit.
    """

    check: str
    title: str
    guide: str
    rule: Rule
    expected: str
    why: str
    wrong: str
    source: str
    date: str
    evidence: str = ""
    card: bool | None = None
    native_bf16: bool | None = None
    profiles: tuple[str, ...] = ()
    serious: bool = True
    scale: float = 1.0
    prints: tuple[PrintedLine, ...] = ()


class Cudnn(Value, frozen=True, kw_only=True):
    """The cuDNN that a torch brings, as ``torch.backends.cudnn.version()`` counts it."""

    torch: str
    version: int
    source: str
    date: str


class Correction(Value, frozen=True, kw_only=True):
    """A claim of the guide, what is right, how that is known, and where and when it was looked up."""

    claim: str
    truth: str
    source: str
    date: str
    evidence: str = ""


class GuideSetting(Value, frozen=True, kw_only=True):
    """One training setting that the guide gives, the value that is right, and why."""

    name: str
    guide: str
    right: str
    why: str
    source: str
    date: str


class Benchmark(Value, frozen=True, kw_only=True):
    """A benchmark that is judged: the maker's figure it belongs to and its title."""

    name: str
    title: str
    unit: str
    figure: Figure = ""


class Reference(Value, frozen=True, kw_only=True):
    """What was measured on a real card with this very benchmark; ``low`` is the lowest that is
    still as expected.
    """

    card: str
    name: str
    value: float
    low: float
    source: str
    date: str


class Shape(Value, frozen=True, kw_only=True):
    """A decoder of the Llama shape. ``head_dim`` is the length of one head, 0 for ``width / heads``;
    ``head_norm``: queries and keys are normed before they meet, as in Qwen 3 and Gemma 3.
    """

    width: int
    inner: int
    layers: int
    heads: int
    kv_heads: int
    vocabulary: int
    tied: bool
    head_dim: int = 0
    head_norm: bool = False


class Model(Value, frozen=True, kw_only=True):
    """A model that a starter script may name. ``label`` is its size for people; ``since`` the first
    Unsloth that knows it (of those whose list was read), ``transformers`` the first of these that
    knows its family. ``gated``: it asks for an account. ``source`` and ``date`` say where and when
    that was looked up, ``unchecked`` what of it was not. Without a ``shape`` (another kind than
    Llama's) its memory is not known: ``billions`` of parameters say its size, ``note`` what a
    person should know, and it is never proposed by itself.
    """

    id: str
    label: str
    since: str
    shape: Shape | None = None
    billions: float = 0.0
    note: str = ""
    sixteen_bit: str = ""
    card: bool = True
    transformers: str = ""
    licence: str = ""
    gated: bool = False
    source: str = ""
    date: str = ""
    unchecked: tuple[str, ...] = ()


class SmallCard(Value, frozen=True, kw_only=True):
    """The most that is advised on a card with less memory than ``below_gib``, as the finding
    ``vram-low`` says it: parameters in billions, rows of a step, tokens.
    """

    below_gib: float
    billions: float
    batch: int
    length: int
    source: str
    date: str


class MemoryRow(Value, frozen=True, kw_only=True):
    """One row of the guide's memory table, with the model and rank that stand for it in our
    prediction.
    """

    label: str
    batch: int
    length: int
    accumulation: int
    guide: str
    models: tuple[str, ...]
    rank: int


class Guide(Value, frozen=True, kw_only=True):
    """All of ``resources/guide/guide.toml``."""

    lines: tuple[Expected, ...] = ()
    cudnn: tuple[Cudnn, ...] = ()
    corrections: tuple[Correction, ...] = ()
    settings: tuple[GuideSetting, ...] = ()
    benchmarks: tuple[Benchmark, ...] = ()
    references: tuple[Reference, ...] = ()
    models: tuple[Model, ...] = ()
    memory: tuple[MemoryRow, ...] = ()
    small_cards: tuple[SmallCard, ...] = ()
