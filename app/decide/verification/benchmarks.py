"""The benchmark's figures against the reference of this very card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from app.model.card import CardCatalogue, CardModel
from app.model.event import Measured
from app.model.guide import Benchmark, Guide
from app.model.machine import Gpu
from app.model.message import Message
from app.model.verdict import Bench

# A card of so few watts, drawn from the slot alone (75 W is what a PCIe slot gives), does not hold its
# boost clock under load.
SLOT_POWER_W = 75.0
# GB/s of one lane after line coding, by generation: the transfers of PCI-SIG's specifications (2.5, 5,
# 8, 16, 32, 64 GT/s) times 8/10 up to generation 2, 128/130 up to 5, 242/256 in 6, by 8 bits.
LANE = {1: 0.25, 2: 0.5, 3: 0.985, 4: 1.969, 5: 3.938, 6: 7.563}


def judge_benchmarks(
    measured: Sequence[Measured], gpu: Gpu | None, cards: CardCatalogue, guide: Guide
) -> tuple[Bench, ...]:
    """One value for each benchmark that was measured, in the order of the data."""
    found = {m.name.removeprefix("bench."): m for m in measured if m.name.startswith("bench.")}
    name = found["card"].value if "card" in found else (gpu.name if gpu is not None else None)
    card = cards.named(str(name), gpu.memory_total if gpu is not None else None) if name else None
    return tuple(
        _judge_benchmark(row, found[row.name], card, gpu, cards, guide)
        for row in guide.benchmarks
        if row.name in found
    )


def _judge_benchmark(
    row: Benchmark,
    m: Measured,
    card: CardModel | None,
    gpu: Gpu | None,
    cards: CardCatalogue,
    guide: Guide,
) -> Bench:
    value = float(m.value) if isinstance(m.value, int | float) else None
    made: dict[str, Any] = {
        "name": row.name,
        "title": row.title,
        "value": value,
        "unit": m.unit or row.unit,
        "spread": m.detail.get("spread"),
    }
    if m.detail.get("ok") is False:
        return Bench(
            **made,
            result="wrong",
            note=Message("The result is wrong: {error}.", error=m.detail.get("error")),
        )
    if m.detail.get("comparable") is False or m.detail.get("device") == "cpu":
        return Bench(**made, note=Message("On a processor; there is no reference for it."))
    if card is None or value is None:
        return Bench(**made, note=Message("No figures of this card are on record."))
    return Bench(**made, **_compare_with_reference(row, value, m.detail, card, gpu, cards, guide))


def _compare_with_reference(
    row: Benchmark,
    value: float,
    detail: dict[str, Any],
    card: CardModel,
    gpu: Gpu | None,
    cards: CardCatalogue,
    guide: Guide,
) -> dict[str, Any]:
    """Reference, ratio, result and note: what was measured on this model, else the maker's figure
    times a usual share.
    """
    peak = detail.get("peak")
    burst = (
        Message(" In a short burst it reached {peak:.0f}.", peak=peak)
        if isinstance(peak, int | float) and peak > value * 1.05
        else ""
    )
    known = next((r for r in guide.references if r.card == card.id and r.name == row.name), None)
    if known is not None:
        return _compared(
            value,
            known.value,
            known.low,
            Message("Reference: {source}.{burst}", source=known.source, burst=burst),
        )
    figure, band, source = _maker_figure(row, card, gpu, cards)
    if not figure:
        return {"note": Message("No reference for this card yet.{burst}", burst=burst)}
    if card.confidence == "low":
        return {
            "note": Message(
                "The maker's figures of this card are not confirmed; not judged.{burst}",
                burst=burst,
            )
        }
    laptop = card.power_varies or card.kind in ("laptop", "workstation-laptop")
    if laptop or card.max_power_w <= SLOT_POWER_W:
        clock = detail.get("sm_mhz")
        if row.figure in ("copy", "pcie"):
            pass  # memory and link do not depend on the power budget
        elif isinstance(clock, int | float) and card.boost_mhz:
            figure *= clock / card.boost_mhz
            source = Message(
                "{figure}, at the {clock:.0f} MHz that this card ran at under its power budget",
                figure=source,
                clock=clock,
            )
        elif laptop:
            return {"note": Message("A laptop card whose power budget is not known; not compared.")}
        else:
            return {
                "note": Message(
                    "A card of {power:.0f} W does not hold its boost clock under load; "
                    "not compared.",
                    power=card.max_power_w,
                )
            }
    low, high = band
    return _compared(
        value,
        figure * (low + high) / 2,
        figure * low,
        Message(
            "Reference: {source}, times the share that healthy cards reach ({low:.0%} "
            "to {high:.0%}, an estimate).{burst}",
            source=source,
            low=low,
            high=high,
            burst=burst,
        ),
    )


def _compared(value: float, reference: float, low: float, note: str) -> dict[str, Any]:
    result: Literal["as_expected", "below"] = "as_expected" if value >= low else "below"
    return {
        "reference": round(reference, 1),
        "ratio": round(value / reference, 3),
        "result": result,
        "note": note,
    }


def _maker_figure(
    row: Benchmark, card: CardModel, gpu: Gpu | None, cards: CardCatalogue
) -> tuple[float, tuple[float, float], str]:
    """The maker's figure, the band of shares of it, and where it comes from. Zero where the card
    has no such units.
    """
    share = cards.expect
    if row.figure == "copy":
        return (
            card.mem_bandwidth_gb_s,
            share.copy,
            Message(
                "memory bandwidth {bandwidth:.0f} GB/s",
                bandwidth=card.mem_bandwidth_gb_s,
            ),
        )
    if row.figure == "pcie":
        lanes, lane = card.pcie_lanes, LANE.get(card.pcie_gen, 0.0)
        return (
            lanes * lane,
            share.pcie,
            Message(
                "PCIe generation {generation} with {lanes} lanes, {speed:.1f} GB/s",
                generation=card.pcie_gen,
                lanes=lanes,
                speed=lanes * lane,
            ),
        )
    if row.figure == "fp32":
        return (
            card.fp32_tflops,
            share.fp32,
            Message("{speed:.1f} TFLOP/s of its fp32 units", speed=card.fp32_tflops),
        )
    tensor = {
        "tf32": card.tf32_tensor_tflops,
        "fp16": card.fp16_tensor_fp32acc_tflops,
        "bf16": card.bf16_tensor_tflops,
    }
    figure = tensor.get(row.figure, 0.0)
    half = card.kind in ("desktop", "laptop") and card.compute_capability in (
        "7.5",
        "8.6",
        "8.9",
        "12.0",
    )
    extra = (
        Message(", half the advertised rate since GeForce adds up in fp32 at half speed")
        if half
        else ""
    )
    return (
        figure,
        share.tf32 if row.figure == "tf32" else share.tensor,
        Message("{figure:.0f} TFLOP/s of its tensor units{extra}", figure=figure, extra=extra),
    )
