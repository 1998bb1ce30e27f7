"""Proof records: what they hold, and that no word claims more."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from app.decide.findings.advisories import locked_versions
from app.decide.verification import proof
from app.knowledge import Knowledge, profile
from app.model.errors import InputError
from app.model.machine import Driver, Gpu, MachineFacts, Os
from app.model.profile import Profile
from app.model.proof import Proof
from app.model.verdict import Bench, Comparison, FineTune, SeveralCards, Verification

CARD = Gpu(vendor="nvidia", name="NVIDIA H200", memory_total=150 << 30, compute_capability="9.0")
FACTS = MachineFacts(
    os=Os(family="linux", name="Ubuntu 24.04"), gpus=(CARD,), driver=Driver(version="580.95.05")
)
PASSED = Verification(
    overall="works",
    fine_tune=FineTune(
        steps=20,
        loss_first=3.0,
        loss_last=0.5,
        tokens_per_s=1000.0,
        peak_vram=2**31,
        reloaded_equal=True,
        passed=True,
    ),
)


def other(check: str) -> Comparison:
    """A line of the guide that came out otherwise."""
    return Comparison(check=check, guide="", expected="a", actual="b", result="different")


def locked(one: Profile) -> dict[str, str]:
    """All that the Linux locks hold, as it is installed."""
    parts = tuple(part for part in one.parts if part.platform == "linux")
    held = locked_versions(msgspec.structs.replace(one, parts=parts))
    return {name: next(iter(versions)) for name, versions in held.items()}


def made(one: Profile, versions: dict[str, str], **more: Any) -> Proof:
    """A record of this profile."""
    return proof.make_record(one, FACTS, PASSED, versions, date="2026-11-29", **more)


def test_several_cards_are_recorded_where_they_passed(knowledge: Knowledge) -> None:
    one = knowledge.profile("torch212-2026.10")
    for passed in (True, False):
        several = SeveralCards(processes=2, tokens_per_s=8400.0, passed=passed)
        verdict = msgspec.structs.replace(PASSED, several_cards=several)
        record = proof.make_record(one, FACTS, verdict, locked(one), date="2026-11-30")
        said = "fine-tune on 2 cards at once, the same weights on each"
        assert (said in record.passed) is passed
        assert ("several_cards.tokens_per_s" in record.figures) is passed


@pytest.mark.parametrize("name", ["torch212-2026.10", "torch26-2025.3", "practice-cpu"])
def test_only_the_very_lock_is_called_so(knowledge: Knowledge, name: str) -> None:
    """One other version makes it components, named in the record and in the words."""
    one = knowledge.profile(name)
    same = made(one, {**locked(one), "torch": locked(one)["torch"], "uv": "0.13"})
    assert (same.scope, same.differences) == ("locked", ())
    other = made(one, {**locked(one), "trl": "9.9", "extra-thing": "1.0"}, inside="a container")
    assert other.scope == "components"
    assert f"trl 9.9 in place of {locked(one)['trl']}" in other.differences
    assert "extra-thing 1.0 beside the lock" in other.differences
    assert other.system == "Ubuntu 24.04 (a container)"
    assert made(one, {**locked(one), "pip": "9.9"}).scope == "components"
    lacking = {n: v for n, v in locked(one).items() if n != "peft"}
    assert any("peft" in d and "missing" in d for d in made(one, lacking).differences)
    with_records = msgspec.structs.replace(one, proof=(other,))
    assert "this exact set has not yet" in proof.describe_proofs(with_records)
    assert "trl 9.9" in proof.describe_proofs(with_records)
    sentence = proof.describe_proofs(msgspec.structs.replace(one, proof=(same,)))
    assert sentence.startswith("Exactly these versions passed on")
    assert ("NVIDIA H200, driver 580.95.05" in sentence) is one.needs.gpu


def test_a_build_tag_is_the_same_version(knowledge: Knowledge) -> None:
    """The default index locks 2.12.1, and the wheel calls itself 2.12.1+cu130."""
    one = knowledge.profile("torch212-2026.10")
    assert made(one, {**locked(one), "torch": "2.12.1+cu130"}).scope == "locked"


def test_a_record_of_another_lock_proves_no_more(knowledge: Knowledge) -> None:
    one = knowledge.profile("practice-cpu")
    old = msgspec.structs.replace(made(one, locked(one)), lock="0" * 64)
    sentence = proof.describe_proofs(msgspec.structs.replace(one, proof=(old,)))
    assert "this lock has not yet" in sentence
    assert "Exactly" not in sentence
    assert "no record" in proof.describe_proofs(msgspec.structs.replace(one, proof=()))


@pytest.mark.parametrize(
    "verdict",
    [
        msgspec.structs.replace(PASSED, overall="broken"),
        msgspec.structs.replace(PASSED, fine_tune=None),
        Verification(),
    ],
)
def test_what_failed_leaves_no_record(knowledge: Knowledge, verdict: Verification) -> None:
    one = knowledge.profile("practice-cpu")
    with pytest.raises(InputError, match="nothing to record"):
        proof.make_record(one, FACTS, verdict, locked(one), date="2026-11-29")


DIFFERS = msgspec.structs.replace(
    PASSED,
    overall="broken",
    comparisons=(
        Comparison(
            check="torch.version",
            title="PyTorch",
            guide="2.4.0",
            expected="2.12.1+cu130",
            actual="2.11.0+cu130",
            result="different",
        ),
        Comparison(
            check="gpu.name", title="Card", guide="", expected="", actual="x", result="same"
        ),
    ),
)


def test_other_versions_alone_are_a_record_of_components(knowledge: Knowledge) -> None:
    """The check against the lock has failed, and the guide's line of PyTorch's version: that is
    what the record names.
    """
    one = knowledge.profile("torch212-2026.10")
    found = proof.make_record(
        one,
        FACTS,
        DIFFERS,
        {**locked(one), "torch": "2.11.0+cu130"},
        date="2026-11-30",
        failed=[proof.LOCK_DIFFERS],
        checks=["Attention"],
    )
    assert (found.scope, found.differences) == (
        "components",
        ("torch 2.11.0+cu130 in place of 2.12.1",),
    )
    assert found.passed[:2] == ("Card", "Attention")
    assert "PyTorch" not in found.passed


@pytest.mark.parametrize(
    ("changed", "failed", "torch"),
    [
        ({}, [proof.LOCK_DIFFERS, "wrong-result"], "2.11.0+cu130"),
        ({}, [], "2.11.0+cu130"),
        ({}, [proof.LOCK_DIFFERS], "2.12.1+cu130"),
        ({"comparisons": (other("torch.bf16"),)}, [proof.LOCK_DIFFERS], "2.11.0+cu130"),
        (
            {"benchmark": (Bench(name="copy", value=1.0, unit="GB/s", result="wrong"),)},
            [proof.LOCK_DIFFERS],
            "2.11.0+cu130",
        ),
    ],
)
def test_anything_else_that_failed_leaves_none(
    knowledge: Knowledge, changed: dict[str, Any], failed: list[str], torch: str
) -> None:
    """A second failed check, no failed comparison with the lock, no difference from it, another
    line that differs, a wrong figure.
    """
    one = knowledge.profile("torch212-2026.10")
    with pytest.raises(InputError, match="nothing to record"):
        proof.make_record(
            one,
            FACTS,
            msgspec.structs.replace(DIFFERS, **changed),
            {**locked(one), "torch": torch},
            date="2026-11-30",
            failed=failed,
        )


def test_the_newest_setup_is_partly_proven_and_no_more(knowledge: Knowledge) -> None:
    """Its record was made beside another PyTorch: no sentence says that these versions trained."""
    one = knowledge.profile("torch212-2026.10")
    assert {p.scope for p in one.proof} == {"components"}
    whole = proof.describe_proofs(one)
    assert "NVIDIA H200" in whole and "torch 2.11.0 in place of 2.12.1" in whole
    assert re.search(r" and \d+ more\)\.$", whole)
    assert "this exact set has not yet" in whole and "Exactly" not in whole
    for family in ("linux", "windows"):
        assert proof.in_brief(one, family).startswith("Partly proven: on NVIDIA H200")


def test_records_in_a_profile_s_folder_are_read_and_must_be_its_own(knowledge: Knowledge) -> None:
    """A record of another profile names file and fault."""
    one = knowledge.profile("practice-cpu")
    data = msgspec.json.encode(made(one, locked(one)))
    from app.adapters.resources import resource_reader

    read = resource_reader()

    def with_record(path: str) -> bytes | None:
        return data if path.endswith("/proof/a.json") else read(path)

    assert profile(with_record, "practice-cpu", proofs=["a.json"]).proof[0].scope == "locked"
    with pytest.raises(InputError, match=r"proof/a\.json.*practice-cpu"):
        profile(with_record, "torch26-2025.3", proofs=["a.json"])
