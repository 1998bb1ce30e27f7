"""Judges a verification.

The guide's expected output line by line, the benchmark against this card, the fine-tune.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.decide.verification import benchmarks, slowdowns, together
from app.model.card import CardCatalogue, plain
from app.model.event import Failed, Measured
from app.model.guide import Expected, Guide
from app.model.machine import Gpu, MachineFacts
from app.model.message import Message
from app.model.profile import Profile
from app.model.verdict import (
    Bench,
    Comparison,
    ComparisonResult,
    FineTune,
    Overall,
    Remark,
    Verification,
)

# A check that ends with one of these could not be made; that says nothing about the environment.
NOT_A_VERDICT = frozenset({"lock-unreadable", "stopped"})
# PyTorch sees less than NVML: 0.6 % less on an H100 (85.02 and 85.52 GB, 2026-11-24); 3 % for drivers
# that keep more for themselves is an estimate.
MEMORY_SHARE = (0.97, 1.003)


def judge(
    measured: Sequence[tuple[str, Measured]],
    failures: Mapping[str, Failed],
    profile: Profile,
    facts: MachineFacts,
    cards: CardCatalogue,
    guide: Guide,
    alone: str = "",
) -> Verification:
    """The whole verdict from what the checks measured (step id and event) and from the steps
    that failed. ``alone`` is why a PC of several cards trains on one of them.
    """
    found = _latest_by_name(measured)
    gpu = the_card(facts, found.get("gpu.name"))
    comparisons = (
        compare(found, profile, gpu, guide)
        if "torch.version" in found or "python.version" in found
        else ()
    )
    benches = benchmarks.judge_benchmarks([m for _, m in measured], gpu, cards, guide)
    tune = fine_tune(found.get("fine_tune.result"))
    several = together.several_cards(found.get("several_cards.result"), failures.get(together.STEP))
    remarks = (
        slowdowns.explain_slowdowns([m for _, m in measured], benches, gpu, facts)
        + _unmet_remarks(found.get("packages.unmet"), profile)
        + _failure_remarks(failures)
        + tuple(together.remarks(several, alone if tune is not None else ""))
    )
    return Verification(
        overall=_decide_overall(comparisons, benches, tune, failures, guide, bool(measured)),
        device=_device_name(found),
        comparisons=comparisons,
        benchmark=benches,
        fine_tune=tune,
        several_cards=several,
        remarks=remarks,
        telemetry=tuple(
            m.detail
            for _, m in measured
            if m.name == "bench.telemetry" and "skipped" not in m.detail
        ),
    )


def compare_pasted(
    text: str, profile: Profile, facts: MachineFacts, guide: Guide
) -> tuple[Comparison, ...]:
    """The same comparison for the pasted output of the guide's own script, whatever stands around
    it.
    """
    found: dict[str, Measured] = {}
    for line in guide.lines:
        for form in line.prints:
            match = re.search(form.regex, text.replace("\r\n", "\n"), re.MULTILINE)
            if match and line.check not in found:
                printed = (
                    form.value.replace("{unsloth}", profile.versions.unsloth or "") or match[1]
                )
                value = float(printed) * line.scale if line.scale != 1.0 else printed
                found[line.check] = Measured(name=line.check, value=value)
    return compare(found, profile, the_card(facts, found.get("gpu.name")), guide)


def closest(
    text: str, profiles: Sequence[Profile], facts: MachineFacts, guide: Guide, own: Profile | None
) -> str | None:
    """The id of the profile that most lines of a pasted output are right for; ``own`` goes before
    its equals. ``None`` where no line is in the text.
    """
    best: tuple[int, bool] = (0, False)
    found = None
    for profile in profiles:
        lines = [c for c in compare_pasted(text, profile, facts, guide) if c.actual is not None]
        right = sum(c.actual == c.expected for c in lines)
        mine = own is not None and profile.id == own.id
        if (right, mine) > best:
            best, found = (right, mine), profile.id
    return found


def compare(
    found: Mapping[str, Measured], profile: Profile, gpu: Gpu | None, guide: Guide
) -> tuple[Comparison, ...]:
    """Each line of the guide once, by the first entry whose conditions hold for this profile and
    card.
    """
    made: dict[str, Comparison] = {}
    words = _template_words(profile, gpu, guide)
    for line in guide.lines:
        if line.check not in made and _is_applicable(line, profile, gpu):
            made[line.check] = _compare_line(line, found.get(line.check), words)
    return tuple(made.values())


def the_card(facts: MachineFacts, named: Measured | None) -> Gpu | None:
    """The card that PyTorch named, else the one that training takes: PyTorch and the driver count
    in different orders.
    """
    card_name = plain(str(named.value)) if named is not None and named.value else ""
    return next(
        (g for g in facts.gpus if g.of_nvidia and g.name and plain(g.name) == card_name),
        facts.main_card(),
    )


def fine_tune(result: Measured | None) -> FineTune | None:
    """The fine-tune's own figures as a value; ``None`` where it did not come to an end."""
    if result is None:
        return None
    d = result.detail
    losses = tuple(x for x in map(_number_or_none, d.get("losses", ())) if x is not None)
    return FineTune(
        steps=int(d.get("steps", 0)),
        loss_first=_number_or_none(d.get("loss_first")),
        loss_last=_number_or_none(d.get("loss_last")),
        tokens_per_s=_number_or_none(d.get("tokens_per_s")),
        peak_vram=d.get("peak_vram"),
        reloaded_equal=d.get("reloaded_equal"),
        losses=losses,
        device=str(d.get("device", "")),
        trainer=str(d.get("trainer", "")),
        passed=bool(d.get("passed", result.value)),
    )


def _latest_by_name(measured: Sequence[tuple[str, Measured]]) -> dict[str, Measured]:
    return {m.name: m for _, m in measured}


def _number_or_none(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _is_applicable(line: Expected, profile: Profile, gpu: Gpu | None) -> bool:
    if line.profiles and profile.id not in line.profiles:
        return False
    if line.card is not None and line.card != profile.needs.gpu:
        return False
    if line.native_bf16 is None:
        return True
    capability = gpu.compute_capability if gpu is not None else None
    native = int(capability.split(".")[0]) >= 8 if capability else True
    return line.native_bf16 == native


def _template_words(profile: Profile, gpu: Gpu | None, guide: Guide) -> dict[str, str]:
    """What fills the templates; an empty word makes its expectation one that cannot be compared."""
    memory = gpu.memory_total if gpu is not None else None
    base = profile.versions.torch.partition("+")[0]
    cudnn = next((row.version for row in guide.cudnn if row.torch == base), None)
    low, high = (
        (Message("{amount:.1f}", amount=memory * share / 1e9) for share in MEMORY_SHARE)
        if memory
        else ("", "")
    )
    return {
        "python": profile.python,
        "torch": profile.versions.torch,
        "cuda": profile.versions.cuda or "",
        "unsloth": profile.versions.unsloth or "",
        "gpu": (gpu.name or "") if gpu is not None else "",
        "memory_low": low,
        "memory_high": high,
        "cudnn": str(cudnn or ""),
    }


def _compare_line(line: Expected, found: Measured | None, words: Mapping[str, str]) -> Comparison:
    names = re.findall(r"\{(\w+)\}", line.expected)
    known = all(words[name] for name in names)
    expected = Message(line.expected, **words) if known else ""
    actual = _format_actual(line, found)
    result, why = _decide_result(line, found, actual, expected, words)
    return Comparison(
        check=line.check,
        title=line.title,
        guide=line.guide,
        expected=expected,
        actual=actual,
        result=result,
        why=Message(why, **words),
        evidence=line.evidence,
    )


def _decide_result(
    line: Expected,
    found: Measured | None,
    actual: str | None,
    expected: str,
    words: Mapping[str, str],
) -> tuple[ComparisonResult, str]:
    """Verdict and reason: same, explained, below, different or missing."""
    if line.rule == "any":
        return ("same" if actual == line.guide else "explained"), line.why
    if expected == "None":  # right here is that there is nothing, and a printed None says so too
        return ("explained", line.why) if actual in (None, "None") else ("different", line.wrong)
    if found is None or actual is None:
        return "missing", (
            line.wrong if found is not None and found.value is False else Message("Not measured.")
        )
    if not expected:
        return "explained", Message("Nothing on record to compare this with.")
    if _is_as_expected(line, found.value, actual, expected, words):
        return ("same", "") if actual == line.guide else ("explained", line.why)
    low = line.rule in ("at_least", "between") and _is_lower(line, found.value, words)
    return ("below" if low else "different"), line.wrong


def _is_as_expected(
    line: Expected, value: Any, actual: str, expected: str, words: Mapping[str, str]
) -> bool:
    if line.rule == "begins":
        return actual == expected or actual.startswith(expected + ".")
    if line.rule == "card":
        return plain(actual) == plain(expected)
    if line.rule == "at_least":
        return float(value) >= float(words["cudnn"])
    if line.rule == "between":
        return (
            float(words["memory_low"])
            <= round(float(value) / line.scale, 1)
            <= float(words["memory_high"])
        )
    return actual == expected or ("+" not in actual and actual == expected.partition("+")[0])


def _is_lower(line: Expected, value: Any, words: Mapping[str, str]) -> bool:
    limit = words["cudnn"] if line.rule == "at_least" else words["memory_low"]
    return float(value) / line.scale < float(limit)


def _format_actual(line: Expected, found: Measured | None) -> str | None:
    """What came out, in the words of the guide's script."""
    if found is None or (
        found.value is None and "skipped" in found.detail and line.expected != "None"
    ):
        return None
    value = found.value
    if value is None:
        return None
    if line.scale != 1.0:
        return Message("{amount:.2f} GB", amount=float(value) / line.scale)
    if (
        isinstance(value, bool)
        and not line.check.startswith("torch.cuda_")
        and line.check != "torch.bf16"
    ):
        positive = next((form.value for form in line.prints if form.value), "True")
        return positive if value else Message("not {positive}", positive=positive)
    return str(value)


def _unmet_remarks(unmet: Measured | None, profile: Profile) -> tuple[Remark, ...]:
    """What installed packages declare and nothing meets: the profile's own reason, or who asks for it."""
    asked: dict[str, list[dict[str, Any]]] = {}
    for row in unmet.detail.get("rows", ()) if unmet is not None else ():
        asked.setdefault(str(row["name"]), []).append(row)
    reason = {one.name: one.why for one in profile.without}
    made = []
    for name, rows in asked.items():
        if name in reason:
            made.append(
                Remark(
                    severity="informs",
                    title=Message("{name} is left out on purpose", name=name),
                    detail=reason[name],
                )
            )
            continue
        by = ", ".join(f"{row['by']} ({name}{row['asked']})" for row in rows)
        version = rows[0]["found"]
        made.append(
            Remark(
                severity="informs",
                title=Message("A requirement of a package is not met: {name}", name=name),
                detail=Message(
                    "Version {version} is installed. Who asks for it: {by}.", version=version, by=by
                )
                if version
                else Message("It is not installed. Who asks for it: {by}.", by=by),
            )
        )
    return tuple(made)


def _failure_remarks(failures: Mapping[str, Failed]) -> tuple[Remark, ...]:
    return tuple(
        Remark(
            severity="informs" if f.code in NOT_A_VERDICT else "blocks",
            title=Message("{check} failed", check=_title_of_step(step)),
            detail=f.message,
        )
        for step, f in failures.items()
        if step != together.STEP
    )


def _title_of_step(step: str) -> str:
    return step.removeprefix("check-").replace("_", " ").capitalize()


def _device_name(found: Mapping[str, Measured]) -> str:
    card = found.get("gpu.name")
    if card is not None and card.value:
        return str(card.value)
    return "processor" if found else ""


def _decide_overall(
    comparisons: Sequence[Comparison],
    benches: Sequence[Bench],
    tune: FineTune | None,
    failures: Mapping[str, Failed],
    guide: Guide,
    anything: bool,
) -> Overall:
    """Broken beats slow beats works. A benchmark that only could not run (no memory, no time)
    breaks nothing, and neither do cards that do not train together.
    """
    if not anything and not failures:
        return "not_checked"
    for step, failure in failures.items():
        harmless = step == together.STEP or (
            step.endswith("benchmark") and failure.code != "wrong-result"
        )
        if failure.code not in NOT_A_VERDICT and not harmless:
            return "broken"
    trivial = {line.check for line in guide.lines if not line.serious}
    wrong = [
        c for c in comparisons if c.result in ("different", "below") and c.check not in trivial
    ]
    if wrong or any(b.result == "wrong" for b in benches) or (tune is not None and not tune.passed):
        return "broken"
    return "works_slowly" if any(b.result == "below" for b in benches) else "works"
