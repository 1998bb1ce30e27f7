"""What a healthy computer of this kind would measure, for simulations.

Numbers made from data and marked as such.
"""

from __future__ import annotations

import math
from typing import Any

from app.model.card import CardCatalogue, CardModel
from app.model.event import AnyPayload, Measured
from app.model.machine import Gpu, MachineFacts
from app.model.plan import Plan, RunCheck
from app.model.profile import Profile

_STEPS = 20
# What the wheels of each CUDA bring, as resources/guide/expected.toml has it for each torch.
_CUDNN = {"cu121": 90100, "cu124": 90100, "cu128": 91002, "cu130": 92000}


def measurements(
    plan: Plan, profile: Profile, facts: MachineFacts, cards: CardCatalogue
) -> dict[str, tuple[AnyPayload, ...]]:
    """For each check step of the plan what it would tell. Every value carries ``simulated`` in its
    detail.
    """
    gpu = facts.main_card() if profile.needs.gpu else None
    card = cards.named(gpu.name, gpu.memory_total) if gpu is not None else None
    made = {
        "versions": _simulate_versions(profile),
        "torch_basics": _simulate_torch(profile, gpu, card, cards),
        "kernel": [],
        "unsloth_import": _simulate_unsloth(profile),
        "benchmark": _simulate_benchmark(card, cards),
        "fine_tune": _simulate_unsloth(profile) + _fine_tune(gpu),
    }
    return {
        step.id: tuple(
            _together(step, gpu, card, cards) if step.cards else made.get(step.check, [])
        )
        for step in plan.steps
        if isinstance(step, RunCheck)
    }


def _simulate(name: str, value: Any, unit: str | None = None, **detail: Any) -> Measured:
    return Measured(name=name, value=value, unit=unit, detail={"simulated": True, **detail})


def _simulate_versions(profile: Profile) -> list[Measured]:
    return [
        _simulate("python.version", profile.python),
        _simulate("packages.checked", 1, "packages", differ={}, extra={}),
    ]


def _simulate_torch(
    profile: Profile, gpu: Gpu | None, card: CardModel | None, cards: CardCatalogue
) -> list[Measured]:
    versions = profile.versions
    tag = "" if versions.cuda_tag in ("", "cpu") else f"+{versions.cuda_tag}"
    measured = [
        _simulate("torch.version", versions.torch.split("+")[0] + (tag or "+cpu")),
        _simulate("torch.build", versions.cuda_tag),
        _simulate("torch.cuda_available", gpu is not None),
        _simulate("torch.cuda", versions.cuda),
    ]
    if gpu is not None:
        measured += [
            _simulate("torch.cudnn", _CUDNN.get(versions.cuda_tag)),
            _simulate("gpu.name", gpu.name),
        ]
        if gpu.memory_total:
            measured.append(_simulate("gpu.memory", int(gpu.memory_total * 0.994), "bytes"))
        if card is not None:
            measured.append(_simulate("torch.bf16", card.bf16_native, native=card.bf16_native))
    return measured


def _simulate_unsloth(profile: Profile) -> list[Measured]:
    inductor = _simulate("torch.inductor", True)
    if profile.versions.unsloth is None:
        return [inductor]
    return [
        inductor,
        _simulate("unsloth.version", profile.versions.unsloth),
        _simulate("unsloth.import", True, seconds=31.0),
        _simulate("unsloth.fast_language_model", True),
    ]


def _simulate_benchmark(card: CardModel | None, cards: CardCatalogue) -> list[Measured]:
    """The middle of the band that a healthy card of this model reaches."""
    if card is None:
        return [_simulate("bench.matmul.fp32", 0.11, "TFLOP/s", spread=0.02, comparable=False)]
    share = cards.expect
    rows = (
        ("bench.matmul.bf16", card.bf16_tensor_tflops, share.tensor, "TFLOP/s"),
        ("bench.matmul.fp16", card.fp16_tensor_fp32acc_tflops, share.tensor, "TFLOP/s"),
        ("bench.matmul.fp32", card.fp32_tflops, share.fp32, "TFLOP/s"),
        ("bench.copy", card.mem_bandwidth_gb_s, share.copy, "GB/s"),
    )
    return [
        _simulate(name, round(figure * sum(band) / 2, 1), unit, spread=0.01)
        for name, figure, band, unit in rows
        if figure
    ]


def _fine_tune(gpu: Gpu | None) -> list[Measured]:
    losses = [round(6.1 + 2.25 * math.exp(-step / 5.5), 3) for step in range(_STEPS)]
    measured = [
        _simulate("fine_tune.loss", loss, "nats a token", step=step + 1)
        for step, loss in enumerate(losses)
    ]
    measured.append(
        _simulate(
            "fine_tune.result",
            True,
            steps=_STEPS,
            loss_first=losses[0],
            loss_last=losses[-1],
            tokens_per_s=5000.0 if gpu is not None else 700.0,
            peak_vram=900_000_000,
            reloaded_equal=True,
            losses=losses,
            device="cuda:0" if gpu is not None else "cpu",
            trainer="simulated",
        )
    )
    return measured


def _together(
    step: RunCheck, gpu: Gpu | None, card: CardModel | None, cards: CardCatalogue
) -> list[Measured]:
    """The same fine-tune on all cards of a step."""
    alone = _fine_tune(gpu)[-1].detail
    product = next(
        (m.value for m in _simulate_benchmark(card, cards) if m.name == "bench.matmul.fp16"), None
    )
    name = gpu.name if gpu is not None else None
    rows = [
        {"card": name, "id": one, "product": product, "unit": "TFLOP/s", "ok": True}
        for one in step.cards
    ]
    known = {"cards": rows, "processes": len(rows), "equal": True, "trainer": "simulated"}
    speed = alone["tokens_per_s"] * len(rows)
    detail = {**alone, **known, "tokens_per_s": speed}
    del detail["simulated"]
    return [_simulate("several_cards.result", True, **detail)]
