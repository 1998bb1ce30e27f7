"""The memory model against runs of Unsloth that were measured on an H100 and an H200."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from app.decide.training import memory_estimate
from app.decide.training.memory_estimate import Checkpointing, MemoryEstimate
from app.knowledge import Knowledge
from app.model.guide import Shape


class Run(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One training run of Unsloth 2026.10.9 with torch 2.11.0+cu130 and random weights; bytes.

    ``loaded`` and ``peak`` are what torch's allocator held. ``with_buffers``: counted from an empty
    card; else from where Unsloth's 32 MiB of buffers were there already. ``error`` where the
    training was not reached.
    """

    card: str
    date: str
    model: str
    shape: Shape
    bits: int
    batch: int
    length: int
    checkpointing: Checkpointing
    rank: int
    optimizer_8bit: bool
    loaded: int
    peak: int = 0
    with_buffers: bool = True
    error: str = ""


ALL = [
    msgspec.json.decode(line, type=Run)
    for line in Path(__file__).with_name("memory_runs.jsonl").read_bytes().splitlines()
]
RUNS = [run for run in ALL if run.peak]
# Unsloth takes these when it is imported, before a model is there.
BUFFERS = 32 * 2**20


def predicted(run: Run) -> MemoryEstimate:
    """What the model says of a run."""
    return memory_estimate.predict(
        run.shape,
        bits=run.bits,
        rank=run.rank,
        batch=run.batch,
        length=run.length,
        checkpointing=run.checkpointing,
        optimizer_8bit=run.optimizer_8bit,
    )


def name(run: Run) -> str:
    """A run in short."""
    return (
        f"{run.model}-{run.bits}bit-{run.batch}x{run.length}-{run.checkpointing}-r{run.rank}"
        f"-{run.card.split()[1]}"
    )


@pytest.mark.parametrize("run", RUNS, ids=name)
def test_peak_is_hardly_ever_too_low(run: Run) -> None:
    """Each run lies within -3 % and +12 % of what was measured: too low is the wrong side."""
    got = predicted(run)
    more = 0 if run.with_buffers else BUFFERS
    assert 0.97 <= got.allocated / (run.peak + more) <= 1.12
    held = BUFFERS if run.with_buffers else 0
    assert got.weights == pytest.approx(run.loaded - held, rel=0.002)


def test_the_runs_cover_what_is_claimed() -> None:
    """Thirty-six runs, from 0.3 to 8 billion parameters and up to 32768 tokens, in every way of
    checkpointing.
    """
    assert len(RUNS) == 36
    sizes = [predicted(run).parameters for run in RUNS]
    assert min(sizes) < 0.4e9 and 7.9e9 < max(sizes) < 8.5e9
    assert max(run.length * run.batch for run in RUNS) == 32768
    assert {run.checkpointing for run in RUNS} == {"unsloth", "card", "none"}
    assert all("IndexError" in run.error for run in ALL if not run.peak)


@pytest.mark.parametrize(
    ("field", "small", "large"),
    [("batch", 1, 4), ("length", 512, 8192), ("rank", 8, 128), ("bits", 4, 16)],
)
def test_more_takes_more(field: str, small: int, large: int) -> None:
    """Every knob moves the estimate the right way."""
    shape = next(run.shape for run in RUNS if run.model == "llama 3b")
    low, high = (
        memory_estimate.predict(shape, **{field: value})  # type: ignore[arg-type]
        for value in (small, large)
    )
    assert low.process < high.process


def test_whole_logits_are_counted(knowledge: Knowledge) -> None:
    """Releases without the fused loss hold all logits: 8B with 2 x 32768 tokens fits no 24 GB."""
    shape = next(run.shape for run in RUNS if run.model == "llama 8b")
    fused = memory_estimate.predict(shape, batch=2, length=32768)
    whole = memory_estimate.predict(shape, batch=2, length=32768, whole_logits=True)
    assert fused.process < 24e9
    assert whole.process > 32e9
    old, new = knowledge.profile("legacy-2024.9.post4"), knowledge.profile("torch212-2026.10")
    middle = knowledge.profile("torch26-2025.3")
    asked = memory_estimate.holds_whole_logits
    assert asked(old, "8.6", 65536)
    assert not asked(new, "8.6", 65536)
    assert not asked(new, None, 512)
    assert asked(middle, "7.0", 65536)
    assert not asked(middle, "7.5", 65536)
    assert asked(middle, "8.6", 1024)


def test_the_guides_table_is_too_high(knowledge: Knowledge) -> None:
    """Each row of the guide's table has our figure beside it, below what it says."""
    assert len(knowledge.guide.memory) == 3
    for row in knowledge.guide.memory:
        low = float(row.guide.split("-")[0])
        for memory in memory_estimate.beside_the_guide(row, knowledge.guide.models):
            assert memory.process / 1e9 < low / 1.5


def test_fits_leaves_a_margin(knowledge: Knowledge) -> None:
    """A run that exactly fills the card does not fit."""
    shape = knowledge.guide.models[0].shape
    assert shape is not None
    need = memory_estimate.predict(shape)
    assert need.fits(need.process * 1.06)
    assert not need.fits(need.process)
