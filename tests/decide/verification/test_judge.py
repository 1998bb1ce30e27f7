"""The verdict: on event streams that were recorded on a real H100, and on made-up troubles."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.cli import text as cli_text
from app.decide.verification import benchmarks, judge
from app.knowledge import Knowledge
from app.model.event import Failed, Measured
from app.model.machine import Gpu, MachineFacts, Os
from app.model.profile import Profile
from app.model.verdict import Comparison, Verification

RECORDED = Path(__file__).parents[2] / "checks" / "recorded"
H100 = Gpu(
    vendor="nvidia",
    name="NVIDIA H100 80GB HBM3",
    memory_total=85520809984,
    compute_capability="9.0",
)
RTX3090 = Gpu(
    vendor="nvidia",
    name="NVIDIA GeForce RTX 3090",
    memory_total=25769803776,
    compute_capability="8.6",
    display=True,
)
RTX2080 = Gpu(
    vendor="nvidia",
    name="NVIDIA GeForce RTX 2080 Ti",
    memory_total=11811160064,
    compute_capability="7.5",
)
LAPTOP = Gpu(
    vendor="nvidia",
    name="NVIDIA GeForce RTX 4060 Laptop GPU",
    memory_total=8585740288,
    compute_capability="8.9",
)
Stream = list[tuple[str, Measured]]


def machine(*gpus: Gpu) -> MachineFacts:
    """A Windows computer with these cards."""
    return MachineFacts(os=Os(family="windows"), gpus=gpus)


def recorded(name: str) -> Stream:
    """The measurements of one recorded stream."""
    events = [
        json.loads(line)
        for line in (RECORDED / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    return [
        (
            e["step"],
            msgspec.convert({k: v for k, v in e.items() if k not in ("step", "what")}, Measured),
        )
        for e in events
        if e["what"] == "measured"
    ]


def measured(**values: Any) -> Stream:
    """Measurements by name, dots written as two underscores; a tuple gives value, unit, detail."""
    made = []
    for name, value in values.items():
        row = value if isinstance(value, tuple) else (value, None, {})
        made.append(
            (
                "check-x",
                Measured(name=name.replace("__", "."), value=row[0], unit=row[1], detail=row[2]),
            )
        )
    return made


def good(profile: Profile, gpu: Gpu, **other: Any) -> Stream:
    """What a healthy environment of a profile measures on a card."""
    v = profile.versions
    values: dict[str, Any] = {
        "python__version": profile.python + ".9",
        "torch__version": v.torch,
        "torch__cuda_available": True,
        "torch__cuda": v.cuda,
        "torch__cudnn": 92000,
        "gpu__name": gpu.name,
        "gpu__memory": int((gpu.memory_total or 0) * 0.994),
        "torch__bf16": (True, None, {"native": True}),
        "unsloth__import": True,
        "unsloth__version": v.unsloth,
        "unsloth__fast_language_model": True,
        "torch__inductor": True,
    }
    return measured(**{**values, **other})


def verdict(
    knowledge: Knowledge, stream: Stream, profile: str, *gpus: Gpu, **failures: Failed
) -> Verification:
    """The judge's answer."""
    return judge.judge(
        stream,
        failures,
        knowledge.profile(profile),
        machine(*gpus),
        knowledge.cards,
        knowledge.guide,
    )


def line(rows: Sequence[Comparison], check: str) -> Comparison:
    """One line of the comparison."""
    return next(row for row in rows if row.check == check)


def h100_profile(knowledge: Knowledge) -> Profile:
    """The newest profile as it was on the recorded machine, whose torch was 2.11."""
    newest = knowledge.profile("torch212-2026.10")
    return msgspec.structs.replace(
        newest, versions=msgspec.structs.replace(newest.versions, torch="2.11.0+cu130")
    )


def test_recorded_h100_works(knowledge: Knowledge) -> None:
    """All checks, the benchmark and Unsloth's 4-bit fine-tune of a real card come out as working."""
    stream = recorded("h100_checks") + recorded("h100_benchmark")
    got = judge.judge(
        stream, {}, h100_profile(knowledge), machine(H100), knowledge.cards, knowledge.guide
    )
    assert got.overall == "works"
    assert got.device == "NVIDIA H100 80GB HBM3"
    assert len(got.comparisons) == 12
    assert {row.result for row in got.comparisons} == {"same", "explained"}
    assert got.fine_tune is not None
    assert (
        got.fine_tune.passed
        and got.fine_tune.reloaded_equal
        and got.fine_tune.trainer == "unsloth, 4-bit"
    )
    assert len(got.fine_tune.losses) == 20
    assert got.telemetry
    titles = [remark.title for remark in got.remarks]
    assert "The card ran at its power limit" in titles
    assert "xformers does not run here" in titles
    assert all(remark.severity == "informs" for remark in got.remarks)


def test_recorded_benchmark_against_its_own_reference(knowledge: Knowledge) -> None:
    """On the measured card every figure has a reference and lies within a tenth of it; bf16 repeats
    within 2 %.
    """
    got = verdict(knowledge, recorded("h100_benchmark"), "torch212-2026.10", H100)
    assert len(got.benchmark) >= 11
    for bench in got.benchmark:
        assert bench.result == "as_expected", bench
        assert bench.ratio == pytest.approx(1.0, abs=0.1)
    bf16 = next(b for b in got.benchmark if b.name == "matmul.bf16")
    assert bf16.spread is not None and bf16.spread <= 0.02
    assert "short burst" in bf16.note


def test_recorded_4bit_product(knowledge: Knowledge) -> None:
    """The 4-bit parts, which ran in a process of their own, are judged too."""
    got = verdict(knowledge, recorded("h100_benchmark_4bit"), "torch212-2026.10", H100)
    assert {b.name: b.result for b in got.benchmark} == {
        "matmul.nf4": "as_expected",
        "train.qlora": "not_compared",
    }


@pytest.mark.parametrize(
    "profile",
    [
        "guide-2024.9.post3",
        "legacy-2024.9.post4",
        "torch26-2025.3",
        "torch28-2025.11",
        "torch212-2026.10",
    ],
)
def test_healthy_environment_of_each_profile(knowledge: Knowledge, profile: str) -> None:
    """On the guide's own card nothing is missing or different, and the guide's four wrong lines are
    explained.
    """
    got = verdict(knowledge, good(knowledge.profile(profile), RTX3090), profile, RTX3090)
    assert got.overall == "works"
    assert {row.result for row in got.comparisons} <= {"same", "explained"}
    for check in ("torch.cudnn", "gpu.memory", "torch.inductor", "python.version"):
        row = line(got.comparisons, check)
        assert row.result == "explained" and row.why, check
    assert line(got.comparisons, "gpu.name").result == "same"


def test_the_guides_profile_matches_the_guides_versions(knowledge: Knowledge) -> None:
    """With the guide's own versions its right lines come out the same."""
    got = verdict(
        knowledge,
        good(knowledge.profile("guide-2024.9.post3"), RTX3090),
        "guide-2024.9.post3",
        RTX3090,
    )
    for check in (
        "torch.version",
        "torch.cuda",
        "torch.cuda_available",
        "torch.bf16",
        "unsloth.version",
        "unsloth.import",
    ):
        assert line(got.comparisons, check).result == "same", check
    assert line(got.comparisons, "gpu.memory").actual == "25.62 GB"


def test_practice_profile_on_the_processor(knowledge: Knowledge) -> None:
    """Without a card the lines say so instead of missing, and the benchmark is not compared."""
    stream = measured(
        python__version="3.11.7",
        torch__version="2.13.0+cpu",
        torch__cuda_available=False,
        torch__cuda=None,
        torch__cudnn=None,
        gpu__name=(None, None, {"skipped": "x"}),
        torch__inductor=True,
        unsloth__import=True,
        unsloth__version="2026.10.9",
        unsloth__fast_language_model=True,
        bench__copy=(19.0, "GB/s", {"ok": True, "comparable": False, "device": "cpu"}),
    )
    got = verdict(knowledge, stream, "practice-cpu")
    assert got.overall == "works"
    assert got.device == "processor"
    real = {"unsloth.import", "unsloth.fast_language_model"}
    assert {row.check for row in got.comparisons if row.result == "same"} == real
    assert {row.result for row in got.comparisons} == {"same", "explained"}
    assert got.benchmark[0].result == "not_compared"


def test_what_is_left_out_on_purpose_is_told_with_its_reason(knowledge: Knowledge) -> None:
    """What the profile leaves out has the profile's reason; what it does not name says who asks."""
    rows = [
        {"by": "unsloth", "name": "triton", "asked": ">=3.0.0", "found": None},
        {"by": "unsloth-zoo", "name": "triton", "asked": ">=3.0.0", "found": None},
        {"by": "thing", "name": "other", "asked": "<2", "found": "2.1"},
    ]
    stream = measured(torch__version="2.13.0+cpu", packages__unmet=(3, None, {"rows": rows}))
    got = verdict(knowledge, stream, "practice-cpu").remarks
    [reason] = [
        o.why for o in knowledge.profile("practice-cpu").left_out("linux") if o.name == "triton"
    ]
    assert [(r.title, r.detail) for r in got] == [
        ("triton is left out on purpose", reason),
        (
            "A requirement of a package is not met: other",
            "Version 2.1 is installed. Who asks for it: thing (other<2).",
        ),
    ]


def test_processor_build_where_a_card_belongs(knowledge: Knowledge) -> None:
    """The classic: the wheel of the default index came instead."""
    stream = good(
        knowledge.profile("torch28-2025.11"),
        RTX3090,
        torch__version="2.8.0+cpu",
        torch__cuda_available=False,
        torch__cuda=None,
    )
    got = verdict(knowledge, stream, "torch28-2025.11", RTX3090)
    assert got.overall == "broken"
    assert line(got.comparisons, "torch.version").result == "different"
    assert line(got.comparisons, "torch.cuda_available").result == "different"


def test_other_torch_is_broken_older_cudnn_is_not(knowledge: Knowledge) -> None:
    """A replaced torch breaks what the lock promises; an older cuDNN is only told."""
    profile = knowledge.profile("torch28-2025.11")
    assert (
        verdict(
            knowledge, good(profile, RTX3090, torch__version="2.9.0+cu128"), profile.id, RTX3090
        ).overall
        == "broken"
    )
    got = verdict(knowledge, good(profile, RTX3090, torch__cudnn=90100), profile.id, RTX3090)
    assert (got.overall, line(got.comparisons, "torch.cudnn").result) == ("works", "below")


@pytest.mark.parametrize("said", [True, False])
def test_bf16_on_turing_may_say_either(knowledge: Knowledge, said: bool) -> None:
    """A card without bf16 units is right with both answers."""
    got = verdict(
        knowledge,
        good(knowledge.profile("torch26-2025.3"), RTX2080, torch__bf16=said),
        "torch26-2025.3",
        RTX2080,
    )
    assert line(got.comparisons, "torch.bf16").result in ("explained", "same")
    assert got.overall == "works"


def test_failures(knowledge: Knowledge) -> None:
    """A failed check breaks; one that could not be made, or a benchmark without memory, does not; a
    wrong sum does.
    """
    stream = good(knowledge.profile("torch28-2025.11"), RTX3090)

    def overall(step: str, code: str) -> str:
        return verdict(
            knowledge, stream, "torch28-2025.11", RTX3090, **{step: Failed(code=code, message="m")}
        ).overall

    assert overall("check-triton_kernel", "check-failed") == "broken"
    assert overall("check-versions", "lock-unreadable") == "works"
    assert overall("check-benchmark", "cuda-out-of-memory") == "works"
    assert overall("check-benchmark", "wrong-result") == "broken"
    assert verdict(knowledge, [], "torch28-2025.11", RTX3090).overall == "not_checked"
    failure = {"check-torch_basics": Failed(code="x", message="m")}
    assert verdict(knowledge, [], "torch28-2025.11", RTX3090, **failure).overall == "broken"


def test_failed_fine_tune_breaks(knowledge: Knowledge) -> None:
    """A training that does not learn is not working."""
    stream = good(
        knowledge.profile("torch28-2025.11"),
        RTX3090,
        fine_tune__result=(
            False,
            None,
            {
                "steps": 20,
                "loss_first": 8.4,
                "loss_last": 8.4,
                "losses": [8.4, "nan"],
                "reloaded_equal": True,
                "passed": False,
            },
        ),
    )
    got = verdict(knowledge, stream, "torch28-2025.11", RTX3090)
    assert got.overall == "broken"
    assert got.fine_tune is not None and got.fine_tune.losses == (8.4,)


def bench(name: str, value: float, **detail: Any) -> dict[str, Any]:
    """One benchmark measurement."""
    return {
        f"bench__{name.replace('.', '__')}": (
            value,
            "TFLOP/s",
            {"ok": True, "comparable": True, "device": "cuda", **detail},
        )
    }


def test_slow_card_and_its_reasons_in_order(knowledge: Knowledge) -> None:
    """Heat explains more than a lowered limit, that more than a narrow slot; all three are said."""
    facts = {
        "power_limit_w": 220,
        "power_default_w": 350,
        "pcie_width_max": 16,
        "busy": 0,
        "other_processes": 0,
    }
    stream = good(
        knowledge.profile("torch28-2025.11"),
        RTX3090,
        **bench("matmul.bf16", 20.0),
        **bench("pcie.to_card", 3.0, pcie_width=4),
        bench__card=("NVIDIA GeForce RTX 3090", None, facts),
        bench__sensors=(
            100,
            None,
            {"throttle": {"hw_thermal": 0.4, "power_cap": 0.5}, "temp_c": 92},
        ),
    )
    got = verdict(knowledge, stream, "torch28-2025.11", RTX3090)
    assert got.overall == "works_slowly"
    assert {b.name: b.result for b in got.benchmark} == {
        "matmul.bf16": "below",
        "pcie.to_card": "below",
    }
    titles = [remark.title for remark in got.remarks]
    assert titles[:3] == [
        "The card was too hot",
        "The power limit is lowered",
        "The card has 4 of 16 lanes",
    ]
    assert "The card also draws the screen" in titles


def test_geforce_half_rate_is_taken_into_account(knowledge: Knowledge) -> None:
    """A 3090 at 65 of the advertised 142 TFLOP/s is as expected: 71 is its rate with fp32 sums."""
    got = verdict(knowledge, measured(**bench("matmul.fp16", 65.0)), "torch28-2025.11", RTX3090)
    assert got.benchmark[0].result == "as_expected"
    assert "half" in got.benchmark[0].note


def test_laptop_is_measured_at_its_own_clock(knowledge: Knowledge) -> None:
    """A laptop under a small power budget is not called slow, one that is slow at its clock is;
    unknown is not compared.
    """
    card = knowledge.cards.named(LAPTOP.name, LAPTOP.memory_total)
    assert card is not None
    usual = card.bf16_tensor_tflops * 0.8

    def result(value: float, **detail: Any) -> str:
        return (
            verdict(
                knowledge,
                measured(**bench("matmul.bf16", value, **detail)),
                "torch28-2025.11",
                LAPTOP,
            )
            .benchmark[0]
            .result
        )

    assert result(usual / 2, sm_mhz=card.boost_mhz / 2) == "as_expected"
    assert result(usual / 4, sm_mhz=card.boost_mhz) == "below"
    assert result(usual) == "not_compared"


def test_unknown_card_is_not_compared(knowledge: Knowledge) -> None:
    """A card without a row has no reference, and that is no fault."""
    unknown = Gpu(
        vendor="nvidia",
        name="NVIDIA GeForce RTX 9999",
        memory_total=10**10,
        compute_capability="13.0",
    )
    got = verdict(knowledge, measured(**bench("matmul.bf16", 5.0)), "torch28-2025.11", unknown)
    assert (got.benchmark[0].result, got.overall) == ("not_compared", "works")


def test_wrong_result_never_counts_as_fast(knowledge: Knowledge) -> None:
    """An unstable overclock is broken however fast it is."""
    stream = measured(
        bench__matmul__bf16=(90.0, "TFLOP/s", {"ok": False, "error": "3 of 24 products differ"})
    )
    got = verdict(knowledge, stream, "torch28-2025.11", RTX3090)
    assert (got.overall, got.benchmark[0].result) == ("broken", "wrong")


def test_second_card_is_found_by_name(knowledge: Knowledge) -> None:
    """PyTorch's first card need not be the survey's first."""
    got = verdict(
        knowledge,
        good(knowledge.profile("torch28-2025.11"), RTX3090),
        "torch28-2025.11",
        RTX2080,
        RTX3090,
    )
    assert line(got.comparisons, "gpu.name").result == "same"
    assert line(got.comparisons, "gpu.memory").result == "explained"


PASTED = """PS C:\\> python check.py
Python version: 3.11.9 (tags/v3.11.9:de54cf5, Apr  2 2024, 10:12:12) [MSC v.1938 64 bit (AMD64)]
PyTorch version: 2.4.0+cu121
CUDA available: True
CUDA version: 12.1
cuDNN version: 90100
GPU: NVIDIA GeForce RTX 3090
GPU Memory: 25.77 GB
BFloat16 supported: True
✓ Unsloth imported successfully
"""
CRASH = """Traceback (most recent call last):
  File "check.py", line 20, in <module>
AttributeError: module 'unsloth' has no attribute '__version__'
"""


def test_pasted_output_of_the_guides_script(knowledge: Knowledge) -> None:
    """The script's crash on a good installation is recognised as one; lines that never came are
    missing.
    """
    rows = judge.compare_pasted(
        PASTED + CRASH, knowledge.profile("guide-2024.9.post3"), machine(RTX3090), knowledge.guide
    )
    assert line(rows, "gpu.memory").actual == "25.77 GB"
    assert line(rows, "gpu.memory").result == "explained"
    assert line(rows, "unsloth.version").result == "same"
    assert line(rows, "unsloth.import").result == "same"
    assert line(rows, "torch.inductor").result == "missing"
    assert line(rows, "torch.cudnn").result == "explained"


def test_pasted_failures(knowledge: Knowledge) -> None:
    """A processor build and a failed import are named, Windows line ends or not."""
    text = (
        "PyTorch version: 2.4.0+cpu\r\nCUDA available: False\r\n✗ Unsloth import failed: No "
        "module named "
        "'triton'\r\n"
    )
    rows = judge.compare_pasted(
        text, knowledge.profile("guide-2024.9.post3"), machine(RTX3090), knowledge.guide
    )
    assert line(rows, "torch.version").result == "different"
    assert line(rows, "torch.cuda_available").result == "different"
    assert (line(rows, "unsloth.import").actual, line(rows, "unsloth.import").result) == (
        "No module named 'triton'",
        "different",
    )


def test_pasted_nonsense(knowledge: Knowledge) -> None:
    """A text without any of the lines gives twelve missing ones, not an error."""
    rows = judge.compare_pasted(
        "hello", knowledge.profile("guide-2024.9.post3"), machine(RTX3090), knowledge.guide
    )
    assert {row.result for row in rows} == {"missing"}
    assert len(rows) == 12


def test_every_correction_has_both_sides(knowledge: Knowledge) -> None:
    """Claim and truth of each correction and setting are there, and no line claims what it
    corrects.
    """
    assert len(knowledge.guide.corrections) >= 25
    assert all(c.claim and c.truth and c.claim != c.truth for c in knowledge.guide.corrections)
    assert all(s.guide and s.right and s.why for s in knowledge.guide.settings)


@pytest.mark.parametrize(
    "words",
    [
        "torch._inductor.config does not exist",
        "No module named 'torch._inductor'",
        "has no attribute 'amp'",
        "git+https",
        "[windows]",
        "cu121-ampere-torch240",
        "PR #1753",
        "unsloth-zoo==2024.9.post3",
        "unsloth==2024.9.post3",
        "2024.8",
        "most stable",
        "torch >= 2.4.0, < 2.5.0",
        "3.11.14",
        "nvcc",
        "CMake",
        "Developer Command Prompt",
        "8902",
        "24.00 GB",
        "__version__",
        "triton-windows.git",
        "18-22 GB",
        "Llama-3.2-7B",
        "dataset_num_proc=1",
        "production-ready",
        "torch2XX",
        "latest NVIDIA driver",
    ],
)
def test_every_wrong_claim_of_the_guide_has_its_correction(
    knowledge: Knowledge, words: str
) -> None:
    """Words of the guide's own text; what each is corrected to was checked in the packages."""
    assert any(words in c.claim for c in knowledge.guide.corrections)


@pytest.mark.parametrize(
    ("name", "judged"),
    [
        ("NVIDIA L40", True),
        ("Tesla T4", False),
        ("NVIDIA RTX PRO 4500 Blackwell", False),
        ("NVIDIA RTX PRO 5000 Blackwell", False),
    ],
)
def test_a_bar_that_no_healthy_card_reaches_judges_nobody(
    knowledge: Knowledge, name: str, judged: bool
) -> None:
    """Half of the dense rate is as expected on an L40; unconfirmed figures and clocks that a card
    of 75 W cannot hold are no bar.
    """
    card = knowledge.cards.named(name)
    assert card is not None
    fp16 = Measured(name="bench.matmul.fp16", value=0.7 * card.fp16_tensor_fp32acc_tflops, unit="")
    low = Measured(name="bench.matmul.fp16", value=1.0, unit="TFLOP/s")
    gpu = Gpu(name=name, vendor="nvidia")
    (good,), (bad,) = (
        benchmarks.judge_benchmarks([m], gpu, knowledge.cards, knowledge.guide) for m in (fp16, low)
    )
    assert (good.result == "as_expected") is judged
    assert (bad.result == "below") is judged
    assert good.note and bad.note
    if name == "NVIDIA L40":
        assert (card.bf16_tensor_tflops, card.tf32_tensor_tflops) == (181.05, 90.5)


TOGETHER: dict[str, Any] = {
    "processes": 2,
    "steps": 20,
    "loss_first": 8.4,
    "loss_last": 6.2,
    "losses": [8.4, 6.2],
    "tokens_per_s": 9000.0,
    "equal": True,
    "device": "cuda",
    "cards": [
        {"card": "RTX 3090", "id": "0", "product": 70.0, "unit": "TFLOP/s", "ok": True, "peak": 9},
        {"card": "RTX 3090", "id": "1", "product": 69.0, "unit": "TFLOP/s", "ok": True, "peak": 9},
    ],
}
TUNED = (True, None, {"steps": 20, "losses": [8.4, 6.2], "passed": True, "reloaded_equal": True})


def together(
    knowledge: Knowledge, result: dict[str, Any] | None, why: str = "", alone: str = ""
) -> Verification:
    """The verdict where one card trained well and several were tried."""
    profile = knowledge.profile("torch212-2026.10")
    more = {"several_cards__result": (not why, None, result)} if result is not None else {}
    failures = {"check-several_cards": Failed(code="several-cards-failed", message=why)}
    return judge.judge(
        good(profile, RTX3090, fine_tune__result=TUNED, **more),
        failures if why else {},
        profile,
        machine(RTX3090, RTX3090),
        knowledge.cards,
        knowledge.guide,
        alone,
    )


def test_cards_that_train_together_are_told(knowledge: Knowledge) -> None:
    got = together(knowledge, TOGETHER)
    assert got.overall == "works" and not got.remarks
    assert got.several_cards is not None and got.several_cards.passed
    assert [card.id for card in got.several_cards.cards] == ["0", "1"]
    text = cli_text.verification(got)
    assert "Fine-tune on 2 cards: 20 steps, loss 8.40 to 6.20, 9000 tokens/s" in text
    assert "RTX 3090 1: 69 TFLOP/s, computed right" in text


@pytest.mark.parametrize("result", [None, {**TOGETHER, "equal": False}])
def test_cards_that_do_not_train_together_break_nothing(
    knowledge: Knowledge, result: dict[str, Any] | None
) -> None:
    """One card works, and the reason stands in the verdict, in NCCL's own words."""
    why = "Training on 2 cards stopped: NCCL: Cuda failure 217."
    got = together(knowledge, result, why)
    assert got.overall == "works"
    assert got.several_cards is not None and not got.several_cards.passed
    [remark] = got.remarks
    assert (remark.severity, remark.detail) == ("warns", why)
    assert remark.title == "One card works, training on several cards does not"
    assert f"{remark.title}. {why}" in cli_text.verification(got)


def test_one_that_holds_its_equals_up_is_named(knowledge: Knowledge) -> None:
    slow = {**TOGETHER["cards"][1], "product": 61.0}
    got = together(knowledge, {**TOGETHER, "cards": [TOGETHER["cards"][0], slow]})
    [remark] = got.remarks
    assert (got.overall, remark.severity) == ("works", "informs")
    assert remark.title == "Card 1 is slower than its equals"
    assert remark.detail.startswith("RTX 3090 1: 61 TFLOP/s, the fastest 70.")


def test_why_one_of_several_is_used_is_told(knowledge: Knowledge) -> None:
    """As on Windows, where cards do not train together."""
    why = "NVIDIA GeForce RTX 3090 is used alone: several cards train together on Linux only."
    got = together(knowledge, None, alone=why)
    assert got.several_cards is None
    assert [(r.severity, r.detail) for r in got.remarks] == [("informs", why)]
