"""The memory model against runs of Unsloth that were measured on an H100."""

from __future__ import annotations

import pytest

from app.decide.training import memory_estimate
from app.decide.training.memory_estimate import Checkpointing
from app.knowledge import Knowledge
from app.model.guide import Shape

SHAPES = {
    "0.3b": Shape(
        width=1024, inner=4096, layers=16, heads=16, kv_heads=8, vocabulary=32768, tied=False
    ),
    "1b": Shape(
        width=2048, inner=8192, layers=16, heads=32, kv_heads=8, vocabulary=128256, tied=True
    ),
    "3b": Shape(
        width=3072, inner=8192, layers=28, heads=24, kv_heads=8, vocabulary=128256, tied=True
    ),
    "8b": Shape(
        width=4096, inner=14336, layers=32, heads=32, kv_heads=8, vocabulary=128256, tied=False
    ),
}
# Model, bits, batch, length, checkpointing, rank, 8-bit optimizer; weights after loading, peak of
# torch's allocator (bytes). Unsloth 2026.10.9, torch 2.11.0+cu130, H100 80GB, random weights,
# 2026-11-24.
RUNS: list[tuple[str, int, int, int, Checkpointing, int, bool, int, int]] = [
    ("1b", 4, 2, 2048, "unsloth", 16, True, 1027692544, 1640560640),
    ("1b", 4, 1, 2048, "unsloth", 16, True, 1027691520, 1413035008),
    ("1b", 4, 4, 2048, "unsloth", 16, True, 1027691520, 1937747968),
    ("1b", 4, 2, 2048, "card", 16, True, 1027691520, 1682173952),
    ("1b", 4, 2, 2048, "none", 16, True, 1027691520, 5633694720),
    ("1b", 4, 2, 2048, "unsloth", 64, True, 1027691520, 1910878208),
    ("1b", 4, 2, 2048, "unsloth", 64, False, 1027691520, 2146445312),
    ("1b", 16, 2, 2048, "unsloth", 16, True, 2471629824, 2950410240),
    ("3b", 4, 2, 2048, "unsloth", 16, True, 2242800640, 3023251456),
    ("8b", 4, 2, 2048, "unsloth", 16, True, 5702756352, 7138871296),
    ("8b", 4, 1, 2048, "unsloth", 32, True, 5702755328, 7001251840),
    ("8b", 4, 4, 1024, "card", 16, True, 5702755328, 7736590336),
    ("3b", 4, 1, 4096, "unsloth", 32, True, 2242800640, 3280611328),
    ("3b", 16, 4, 1024, "unsloth", 16, False, 6425500672, 7271378944),
    ("0.3b", 4, 4, 2048, "none", 16, True, 264358912, 4946553856),
    ("8b", 16, 2, 1024, "unsloth", 16, True, 16060523520, 16858701824),
]


@pytest.mark.parametrize("run", RUNS, ids=["-".join(map(str, r[:7])) for r in RUNS])
def test_peak_within_ten_percent(
    run: tuple[str, int, int, int, Checkpointing, int, bool, int, int],
) -> None:
    """Peak within 10 %, weights within 0.2 %."""
    name, bits, batch, length, checkpointing, rank, small, loaded, peak = run
    got = memory_estimate.predict(
        SHAPES[name],
        bits=bits,
        rank=rank,
        batch=batch,
        length=length,
        checkpointing=checkpointing,
        optimizer_8bit=small,
    )
    assert got.weights == pytest.approx(loaded, rel=0.002)
    assert got.allocated == pytest.approx(peak, rel=0.10)


def test_no_bias() -> None:
    """Over all runs the errors balance: the median is within 3 %."""
    errors = sorted(
        memory_estimate.predict(
            SHAPES[r[0]],
            bits=r[1],
            batch=r[2],
            length=r[3],
            checkpointing=r[4],
            rank=r[5],
            optimizer_8bit=r[6],
        ).allocated
        / r[8]
        - 1
        for r in RUNS
    )
    assert abs(errors[len(errors) // 2]) < 0.03


@pytest.mark.parametrize(
    ("field", "small", "large"),
    [("batch", 1, 4), ("length", 512, 8192), ("rank", 8, 128), ("bits", 4, 16)],
)
def test_more_takes_more(field: str, small: int, large: int) -> None:
    """Every knob moves the estimate the right way."""
    low, high = (
        memory_estimate.predict(SHAPES["3b"], **{field: value})  # type: ignore[arg-type]
        for value in (small, large)
    )
    assert low.process < high.process


def test_the_guides_table_is_too_high(knowledge: Knowledge) -> None:
    """Each row of the guide's table has our figure beside it, below half of what it says."""
    assert len(knowledge.guide.memory) == 3
    for row in knowledge.guide.memory:
        low = float(row.guide.split("-")[0])
        for memory in memory_estimate.beside_the_guide(row, knowledge.guide.models):
            assert memory.process / 1e9 < low / 1.5


def test_fits_leaves_a_margin() -> None:
    """A run that exactly fills the card does not fit."""
    need = memory_estimate.predict(SHAPES["1b"])
    assert need.fits(need.process * 1.06)
    assert not need.fits(need.process)
