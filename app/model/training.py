"""A training run: what a person asks for, the settings that it has, and what a preview shows."""

from __future__ import annotations

from typing import Any, Literal

from app.model.dataset import Confirmation, Dataset, ReadOptions
from app.model.value import Value

RunState = Literal["finished", "stopped", "failed"]
ExportFormat = Literal["adapter", "merged", "gguf"]
EXPORT_FORMATS: tuple[ExportFormat, ...] = ("adapter", "merged", "gguf")
# What llama.cpp's converter writes, then what its llama-quantize writes (resources/training/export.py).
QUANTIZATIONS = (
    "f32", "f16", "bf16", "q8_0",
    "q2_k", "q3_k_m", "q4_0", "q4_k_s", "q4_k_m", "q5_k_s", "q5_k_m", "q6_k",
)  # fmt: skip


class ModelInfo(Value, frozen=True, kw_only=True):
    """What the hub says of a model before it is fetched. ``licence`` is empty where it names none."""

    model: str
    bytes: int
    files: int = 0
    licence: str = ""
    gated: bool = False
    revision: str = ""


class TrainingSettings(Value, frozen=True, kw_only=True):
    """The settings at the head of the training script, under the same names.

    ``model`` is a folder or a name on the hub, ``models`` the folder of the hub's cache that holds it
    (empty: the usual one). ``length`` is the context in tokens, ``batch`` rows at once,
    ``accumulate`` batches for each step of the weights, ``evaluate`` the share of rows that is kept
    apart. ``max_steps`` 0: ``epochs`` decides. Each of ``cards`` takes a batch of its own.
    """

    model: str
    models: str = ""
    epochs: float = 3.0
    max_steps: int = 0
    length: int = 2048
    batch: int = 2
    accumulate: int = 4
    rank: int = 16
    alpha: int = 16
    learning_rate: float = 2e-4
    bits: int = 4
    learn: Literal["answers", "all"] = "answers"
    evaluate: float = 0.05
    checkpoint_minutes: float = 10.0
    seed: int = 3407
    cards: int = 1


class TrainingRequest(Value, frozen=True, kw_only=True):
    """What a person asks for. ``None``: let the program choose by the card.

    ``data`` is a whole path, ``output`` the folder for adapter and checkpoints (``None``: under
    home). ``resume`` is the id of the run to go on with.
    """

    data: str | None = None
    read: ReadOptions = ReadOptions()
    agreed: Confirmation = Confirmation()
    model: str | None = None
    epochs: float | None = None
    max_steps: int | None = None
    length: int | None = None
    batch: int | None = None
    rank: int | None = None
    bits: int | None = None
    learning_rate: float | None = None
    learn: Literal["answers", "all"] | None = None
    evaluate: float | None = None
    checkpoint_minutes: float | None = None
    seed: int | None = None
    cards: int | None = None
    output: str | None = None
    overwrite: bool = False
    resume: str | None = None


class MemoryNeed(Value, frozen=True, kw_only=True):
    """Bytes that a run takes on the card by our estimate, and bytes that it may take; ``None`` where
    either is not known. ``text`` says it for people.
    """

    needed: float | None = None
    available: float | None = None
    fits: bool | None = None
    text: str = ""


class TrainingPreview(Value, frozen=True, kw_only=True):
    """What a run would train on, schema ``training-preview/1``.

    ``tokens`` is what the training script says with its ``--preview``: ``rows`` (three, as the model
    sees them, ``learnt`` are spans of characters), ``training``, ``evaluation`` and ``held_out``
    rows, ``length`` (a histogram), ``cut`` rows, ``tokens``, ``learnt_tokens`` and ``steps``; ``None``
    where a question of ``dataset`` has to be answered first. ``seconds`` is expected from runs of the
    same model here; ``None`` where there was none.
    """

    schema: Literal["training-preview/1"] = "training-preview/1"
    profile: str
    settings: TrainingSettings
    dataset: Dataset
    open_questions: tuple[str, ...] = ()
    tokens: dict[str, Any] | None = None
    memory: MemoryNeed = MemoryNeed()
    seconds: float | None = None


class RunRecord(Value, frozen=True, kw_only=True):
    """What lies beside a run's script, schema ``training/1``: where its data came from, how they were
    read, and with what it is trained.
    """

    schema: Literal["training/1"] = "training/1"
    run: str
    at: str
    environment: str
    profile: str
    settings: TrainingSettings
    source: str
    source_sha256: str
    rows: int
    mapping: dict[str, str] = {}
    left_out: int = 0
    unused: tuple[str, ...] = ()
    read: ReadOptions = ReadOptions()
    agreed: Confirmation = Confirmation()
    output: str


class RunSummary(Value, frozen=True, kw_only=True):
    """One run as the lists show it. ``why`` says what keeps it from being gone on with."""

    id: str
    state: RunState
    folder: str
    output: str
    step: int = 0
    total: int | None = None
    resumable: bool = False
    why: str = ""
    model: str = ""
    adapter: str | None = None
