"""The ranking: never ready where it cannot work.

Architecture first, honest about what holds a card back.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.decide.findings.fact_table import driver_version, nvidia_adapters
from app.decide.findings.home_facts import disk_for
from app.decide.findings.ranking import rank
from app.knowledge import Knowledge
from app.model.advice import Choice
from app.model.condition import parse_version
from app.model.machine import MachineFacts

GIB = 2**30


def machine(
    capability: str | None = "8.6",
    driver: str | None = "581.80",
    family: str = "windows",
    **more: Any,
) -> MachineFacts:
    gpus = (
        []
        if capability == ""
        else [{"vendor": "nvidia", "compute_capability": capability, "memory_total": 24 * GIB}]
    )
    return msgspec.convert(
        {
            "os": {"family": family, "arch": "x86_64", "build": 26100},
            "gpus": gpus,
            "driver": {"version": driver, "nvml": "ok" if driver else "missing"},
            "memory": {"total": 32 * GIB},
            "tools": {"vc_runtime": "14.44"},
            **more,
        },
        MachineFacts,
    )


def ranked(knowledge: Knowledge, facts: MachineFacts) -> tuple[Choice, ...]:
    return rank(
        facts,
        knowledge.profiles,
        knowledge.rules,
        knowledge.cards,
        advisories=knowledge.advisories,
    )


@pytest.mark.parametrize(
    ("capability", "first", "second"),
    [
        ("7.0", "torch26-2025.3", "legacy-2024.9.post4"),
        ("7.5", "torch26-2025.3", "legacy-2024.9.post4"),
        ("8.0", "torch212-2026.10", "torch28-2025.11"),
        ("8.6", "torch212-2026.10", "torch28-2025.11"),
        ("8.9", "torch212-2026.10", "torch28-2025.11"),
        ("9.0", "torch212-2026.10", "torch28-2025.11"),
        ("10.0", "torch212-2026.10", "torch28-2025.11"),
        ("12.0", "torch212-2026.10", "torch28-2025.11"),
        ("10.3", "torch212-2026.10", "practice-cpu"),
        ("12.1", "torch212-2026.10", "practice-cpu"),
        ("6.1", "practice-cpu", None),
        ("", "practice-cpu", None),
        ("14.0", "practice-cpu", None),
    ],
)
@pytest.mark.parametrize("family", ["windows", "linux"])
def test_the_architecture_decides(
    capability: str, first: str, second: str | None, family: str, knowledge: Knowledge
) -> None:
    choices = ranked(knowledge, machine(capability, family=family))
    assert choices[0].profile.id == first
    if second:
        assert choices[1].profile.id == second
    else:
        assert choices[0].verdict == "ready_with_warnings"
        assert all(c.verdict == "blocked" for c in choices[1:])


def test_every_profile_is_there_once_with_a_reason_and_one_is_recommended(
    knowledge: Knowledge,
) -> None:
    choices = ranked(knowledge, machine())
    assert sorted(c.profile.id for c in choices) == sorted(p.id for p in knowledge.profiles)
    assert [c.recommended for c in choices] == [True] + [False] * (len(choices) - 1)
    assert all(c.why.endswith(".") and "{" not in c.why and c.tag for c in choices)
    assert choices[0].why == (
        "The newest setup for Ampere cards, pinned on 2026-11-20; security advisories on its "
        "versions: 1, the gravest 1.9 of 10; your driver 581.80 runs CUDA 13.0 directly (580.88 or "
        "newer)."
    )
    assert [a.id for a in choices[0].advisories] == ["CVE-2025-3000"]


def test_a_good_card_held_back_stays_with_its_best_profile(knowledge: Knowledge) -> None:
    best, *others = ranked(knowledge, machine(driver=None))
    assert (best.profile.id, best.verdict, best.tag) == (
        "torch212-2026.10",
        "blocked",
        "Needs the driver",
    )
    assert next(c for c in others if c.verdict != "blocked").profile.id == "practice-cpu"


def test_a_newer_driver_is_asked_for_by_number(knowledge: Knowledge) -> None:
    newest = next(
        c for c in ranked(knowledge, machine(driver="576.80")) if c.profile.id == "torch212-2026.10"
    )
    assert newest.tag == "Needs a newer driver"
    assert newest.why == (
        "The newest setup for Ampere cards, pinned on 2026-11-20; security advisories on its "
        "versions: 1, the gravest 1.9 of 10. Needs driver 580.88 or newer; yours is 576.80."
    )


def test_under_wsl_the_driver_counts_as_windows(knowledge: Knowledge) -> None:
    facts = machine(driver="570.30", family="linux", os={"family": "linux", "wsl": True})
    assert "driver-too-old" in {f.id for f in ranked(knowledge, facts)[0].findings}
    assert "driver-too-old" not in {
        f.id for f in ranked(knowledge, machine(driver="570.30", family="linux"))[0].findings
    }


def test_of_several_cards_the_one_that_can_train_decides(knowledge: Knowledge) -> None:
    facts = machine(
        gpus=[
            {
                "vendor": "nvidia",
                "index": 0,
                "compute_capability": "6.1",
                "memory_total": 24 * GIB,
                "name": "Tesla P40",
            },
            {
                "vendor": "nvidia",
                "index": 1,
                "compute_capability": "8.6",
                "memory_total": 12 * GIB,
                "name": "NVIDIA GeForce RTX 3060",
            },
        ]
    )
    assert nvidia_adapters(facts, knowledge.cards)[0].gpu.index == 1
    assert ranked(knowledge, facts)[0].profile.id == "torch212-2026.10"


@pytest.mark.parametrize("capability", ["8.0", "8.6", "8.9", "9.0", "12.0"])
@pytest.mark.parametrize(
    ("driver", "first"),
    [
        ("610.10", "torch212-2026.10"),
        ("580.88", "torch212-2026.10"),
        ("579.99", "torch28-2025.11"),
        ("570.65", "torch28-2025.11"),
        ("536.99", "torch28-2025.11"),
        ("452.06", "torch212-2026.10"),
        (None, "torch212-2026.10"),
    ],
)
def test_the_driver_at_hand_decides_between_setups(
    capability: str, driver: str | None, first: str, knowledge: Knowledge
) -> None:
    """The newest that runs now; where the driver must be replaced anyway, the newest of all."""
    assert ranked(knowledge, machine(capability, driver=driver))[0].profile.id == first


@pytest.mark.parametrize(
    ("day", "found"),
    [("2026-11-29", set()), ("2027-03-20", set()), ("2027-04-01", {"setup-old", "knowledge-old"})],
)
def test_after_its_time_the_knowledge_says_how_old_it_is(
    day: str, found: set[str], knowledge: Knowledge
) -> None:
    best = ranked(knowledge, machine(taken_at=f"{day}T10:00:00Z"))[0]
    findings = {f.id: f for f in best.findings if f.id in ("setup-old", "knowledge-old")}
    assert set(findings) == found
    assert all(f.severity == "informs" and "{" not in f.detail + f.seen for f in findings.values())


@pytest.mark.parametrize(
    ("name", "pci", "capability"),
    [
        ("NVIDIA GeForce RTX 3090", None, "8.6"),
        ("GeForce RTX 3090", None, "8.6"),
        (None, "10de:2204", "8.6"),
        (None, "10DE:2B85", "12.0"),
        ("NVIDIA RTX PRO 6000 Blackwell Workstation Edition", None, "12.0"),
        ("Quadro RTX 8000", None, "7.5"),
        ("Quadro P2200", None, "6.1"),
        ("NVIDIA T1000 8GB", None, "7.5"),
        ("NVIDIA TITAN V", None, "7.0"),
        ("NVIDIA TITAN Xp", None, "6.1"),
        ("NVIDIA GeForce MX450", None, "7.5"),
        ("NVIDIA GeForce MX350", None, "6.1"),
        ("NVIDIA RTX 4000 Ada Generation", None, "8.9"),
        ("NVIDIA L40S", None, "8.9"),
        ("NVIDIA A10G", None, "8.6"),
        ("NVIDIA A100-PCIE-40GB", None, "8.0"),
        ("NVIDIA H200", None, "9.0"),
        ("NVIDIA GB200", None, "10.0"),
        ("NVIDIA B300 SXM6 AC", None, "10.3"),
        ("NVIDIA GB10", None, "12.1"),
        ("Tesla K80", None, "3.7"),
        ("NVIDIA GeForce GTX 750 Ti", None, "5.0"),
        ("NVIDIA GeForce GTX 970", None, "5.2"),
        ("Tesla M60", None, "5.2"),
        ("NVIDIA GeForce GTX 1660 Ti", None, "7.5"),
        ("Tesla T4", None, "7.5"),
        ("NVIDIA RTXA6000-24Q", None, "8.6"),
        (None, "10de:1eb8", "7.5"),
        (None, "10de:1db1", "7.0"),
        (None, "8086:4680", None),
        ("Quadro RTX 3000 with Max-Q Design", None, "7.5"),
        ("Quadro RTX 4000 with Max-Q Design", None, "7.5"),
        ("Quadro RTX 5000 with Max-Q Design", None, "7.5"),
        ("NVIDIA RTX 3000 Ada Generation Laptop GPU", None, "8.9"),
        ("NVIDIA RTX 3500 Ada Generation Laptop GPU", None, "8.9"),
        ("NVIDIA Corporation GA104 [GeForce RTX 3070]", None, "8.6"),
        ("Tesla K10", None, "3.0"),
        ("GeForce GTX 870M", None, "3.0"),
        ("NVS 510", None, "3.0"),
        ("GeForce 610M", None, "2.1"),
        ("Tesla M2090", None, "2.0"),
        ("GeForce GTX 285", None, "1.3"),
        ("GeForce 9800 GT", None, "1.1"),
        ("GeForce MX130", None, "5.0"),
        (None, "10de:1180", "3.0"),
        (None, "10de:1287", "3.5"),
        (None, "10de:06dd", "2.0"),
        (None, "10de:0a65", "1.2"),
        (None, "10de:1380", "5.0"),
        ("Something else", None, None),
    ],
)
def test_a_card_is_told_by_name_or_pci_id(
    name: str | None, pci: str | None, capability: str | None, knowledge: Knowledge
) -> None:
    assert knowledge.cards.capability_of(name, pci) == capability


def test_what_a_series_says_agrees_with_every_model_on_record(knowledge: Knowledge) -> None:
    """A new spelling of a known card must not become another generation: RTX 3000 is not a
    30-series card.
    """
    for card in knowledge.cards.gpu:
        for name in card.nvml_names:
            found = [
                row.compute_capability
                for row in knowledge.cards.series
                if re.search(row.regex, name, re.IGNORECASE)
            ]
            assert found[:1] == [card.compute_capability], name


@pytest.mark.parametrize(
    ("told", "number"),
    [
        ("576.80", "576.80"),
        ("32.0.15.7680", "576.80"),
        ("31.0.15.3699", "536.99"),
        ("580.65.06", "580.65.06"),
        ("unknown", None),
        (None, None),
    ],
)
def test_driver_numbers(told: str | None, number: str | None) -> None:
    assert driver_version(told) == number


def test_the_volume_is_the_longest_root(knowledge: Knowledge) -> None:
    facts = machine(
        family="linux",
        disks=[
            {"root": "/", "free": 1},
            {"root": "/home", "free": 2},
            {"root": "/home/s", "free": 3},
        ],
    )
    assert [
        d.free for p in ("/opt", "/home/sam/u", "/home/s/u", "/homes") if (d := disk_for(facts, p))
    ] == [1, 2, 3, 1]


maybe = st.none()
MACHINES = st.fixed_dictionaries(
    {
        "os": st.fixed_dictionaries(
            {"family": st.sampled_from(["windows", "linux", "macos"])},
            optional={
                "name": maybe | st.sampled_from(["Windows 11", "Ubuntu 18.04", "x"]),
                "build": maybe | st.integers(2600, 30000),
                "arch": maybe | st.sampled_from(["x86_64", "AMD64", "arm64", "x86"]),
                "wsl": maybe | st.booleans(),
                "long_paths": maybe | st.booleans(),
            },
        ),
        "memory": st.fixed_dictionaries(
            {"total": maybe | st.integers(0, 2**40), "available": maybe | st.integers(0, 2**40)}
        ),
        "cpu": st.fixed_dictionaries({"avx2": maybe | st.booleans()}),
        "disks": st.lists(
            st.fixed_dictionaries(
                {
                    "root": st.sampled_from(["C:\\", "/", "/home"]),
                    "free": maybe | st.integers(0, 10**13),
                }
            ),
            max_size=2,
        ),
        "gpus": st.lists(
            st.fixed_dictionaries(
                {
                    "vendor": st.sampled_from(["nvidia", "amd", "intel", "other"]),
                    "name": maybe
                    | st.sampled_from(["NVIDIA GeForce RTX 3090", "GTX 1080", "?", ""]),
                    "pci_id": maybe
                    | st.sampled_from(["10de:2204", "10de:ffff", "1002:744c", "", "x"]),
                    "compute_capability": maybe
                    | st.sampled_from(
                        ["3.5", "6.1", "7.0", "7.5", "8.6", "9.0", "10.3", "12.0", "13.0", "?"]
                    ),
                    "memory_total": maybe | st.integers(0, 2**40),
                    "memory_used": maybe | st.integers(0, 2**40),
                }
            ),
            max_size=3,
        ),
        "driver": st.fixed_dictionaries(
            {
                "version": maybe
                | st.sampled_from(["391.35", "528.33", "576.80", "600", "x", "32.0.15.7680"]),
                "cuda_version": maybe | st.sampled_from(["11.4", "12.2", "13.0", "ERR!"]),
                "nvml": st.sampled_from(["ok", "missing", "mismatch", "error", "crashed"]),
            }
        ),
        "home": maybe
        | st.fixed_dictionaries(
            {
                "path": st.sampled_from(["C:\\u", "/home/u", "", "D:\\a;b"]),
                "writable": maybe | st.booleans(),
            }
        ),
        "network": st.fixed_dictionaries(
            {
                n: st.sampled_from(["reachable", "unreachable", "blocked", "untrusted", "unknown"])
                for n in ("index", "pytorch")
            }
        ),
        "variables": st.dictionaries(
            st.sampled_from(["PYTHONPATH", "PATH", "CUDA_VISIBLE_DEVICES"]), st.text(max_size=3)
        ),
    }
)


HELD: list[Knowledge] = []


@pytest.fixture(scope="module")
def held(knowledge: Knowledge) -> None:
    """Knowledge for the property: not as an argument, which a failing example would print in full."""
    HELD[:] = [knowledge]


@pytest.mark.usefixtures("held")
@settings(max_examples=120, deadline=None)
@given(raw=MACHINES)
def test_on_any_machine_the_promises_hold(raw: dict[str, Any]) -> None:
    knowledge = HELD[0]
    facts = msgspec.convert(raw, MachineFacts)
    choices = ranked(knowledge, facts)
    assert sorted(c.profile.id for c in choices) == sorted(p.id for p in knowledge.profiles)
    ours = nvidia_adapters(facts, knowledge.cards)
    capability = parse_version(ours[0].capability or "") if ours else None
    for choice in choices:
        severities = {f.severity for f in choice.findings}
        expected = (
            "blocked"
            if "blocks" in severities
            else "ready_with_warnings"
            if "warns" in severities
            else "ready"
        )
        assert choice.verdict == expected
        needs = choice.profile.needs
        if facts.os.family == "macos" or (facts.os.arch in ("arm64", "x86")):
            assert choice.verdict == "blocked"
        if (
            needs.gpu
            and not ours
            and facts.driver.nvml in ("ok", "missing")
            and facts.os.wsl is not True
        ):
            assert choice.verdict == "blocked"
        if (
            needs.gpu
            and capability
            and not (
                (parse_version(needs.compute_min or "") or ())
                <= capability
                <= (parse_version(needs.compute_max or "") or ())
            )
        ):
            assert choice.verdict == "blocked"
        if needs.gpu and (
            facts.driver.nvml == "mismatch"
            or (facts.driver.nvml == "missing" and facts.driver.version is None)
        ):
            assert choice.verdict == "blocked"
    served = [
        c
        for c in choices
        if c.profile.needs.gpu and c.tag not in ("Not for this card", "Not for this PC")
    ]
    if choices[0].profile.id == "practice-cpu":
        assert not served
        assert choices[0].verdict != "ready"


@pytest.mark.parametrize("family", ["windows", "linux"])
@pytest.mark.parametrize(
    ("driver", "found"),
    [("595.71.05", "driver-too-new"), ("590.00", "driver-too-new"), ("580.95.05", None)],
)
def test_a_driver_that_left_the_generation_behind_blocks(
    driver: str, found: str | None, family: str, knowledge: Knowledge
) -> None:
    """The cure is an older driver, never a newer one; a card of today is not concerned."""
    best = ranked(knowledge, machine("7.0", driver=driver, family=family))[0]
    assert best.profile.id == "torch26-2025.3"
    assert (best.verdict == "blocked") is (found is not None)
    findings = [f for f in best.findings if f.id == "driver-too-new"]
    assert bool(findings) is (found is not None)
    assert all("570 or 580" in f.remedy for f in findings)
    today = ranked(knowledge, machine("8.6", driver=driver, family=family))[0]
    assert "driver-too-new" not in {f.id for f in today.findings}


def test_without_a_driver_volta_is_not_sent_to_the_newest(knowledge: Knowledge) -> None:
    found = {
        capability: next(
            f
            for f in ranked(knowledge, machine(capability, driver=None, family="linux"))[0].findings
            if f.id == "driver-missing"
        ).remedy
        for capability in ("7.0", "7.5")
    }
    assert "570 or 580" in found["7.0"]
    assert "570 or 580" not in found["7.5"]


@pytest.mark.parametrize("family", ["windows", "linux"])
@pytest.mark.parametrize("name", ["aarch64", "arm64", "ARM64"])
def test_arm_is_told_that_others_serve_it(name: str, family: str, knowledge: Knowledge) -> None:
    facts = machine("12.1", family=family, os={"family": family, "arch": name, "build": 26100})
    best = ranked(knowledge, facts)[0]
    finding = next(f for f in best.findings if f.id == "os-arch-unsupported")
    assert finding.severity == "blocks"
    assert "DGX Spark" in finding.remedy
