"""Plans: the right steps in the right order, with bytes and everything they touch."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from app.decide.findings.fact_table import build_fact_table
from app.decide.plans.builder import (
    clean_up_plan,
    environment_name,
    find_guide_environments,
    install_plan,
    verify_plan,
)
from app.decide.training.several_cards import usable_cards
from app.knowledge import Knowledge
from app.model.answers import Answers
from app.model.checks import CHECKS
from app.model.encoding import encode
from app.model.errors import InputError
from app.model.home_layout import HomeLayout
from app.model.machine import MachineFacts
from app.model.plan import InstallWheels, Quarantine, RemoveTree, RunCheck, decode_plan

WINDOWS, LINUX = HomeLayout("C:\\Users\\kim\\u", "windows"), HomeLayout("/home/sam/u", "linux")
FACTS = msgspec.convert({"os": {"family": "windows"}}, MachineFacts)
HEAD = ["python", "fetch-torch", "fetch-packages", "environment", "install"]


def steps(
    knowledge: Knowledge,
    profile: str,
    place: HomeLayout,
    facts: MachineFacts = FACTS,
    answers: Answers | None = None,
) -> list[str]:
    return [
        s.id
        for s in install_plan(facts, knowledge.profile(profile), place, answers or Answers()).steps
    ]


def test_the_steps_of_an_install(knowledge: Knowledge) -> None:
    assert steps(knowledge, "torch28-2025.11", WINDOWS) == [
        *HEAD,
        "close-mapper",
        "first-import",
        *(f"check-{c.name}" for c in CHECKS if c.name != "unsloth_import" and not c.several),
        "activate",
    ]
    assert steps(knowledge, "torch28-2025.11", LINUX)[:3] == [
        "python",
        "fetch-packages",
        "environment",
    ]


def test_the_practice_profile_checks_what_a_processor_can(knowledge: Knowledge) -> None:
    for place in (WINDOWS, LINUX):
        found = [
            s.removeprefix("check-")
            for s in steps(knowledge, "practice-cpu", place)
            if s.startswith("check-")
        ]
        assert {"versions", "torch_basics", "kernel", "benchmark", "fine_tune"} <= {*found}
        assert not {"triton_kernel", "attention", "bnb_4bit"} & {*found}
        quick = steps(knowledge, "practice-cpu", place, answers=Answers(verify="quick"))
        assert "check-unsloth_import" in quick, "without the fine-tune its own check imports it"


def test_equal_cards_are_checked_together_last(knowledge: Knowledge) -> None:
    """On a PC with two of a kind; a setup for the processor and a quick look leave them out."""
    machine = Path(__file__).parents[3] / "resources" / "machines" / "two-equal-3090.json"
    facts = msgspec.json.decode(machine.read_bytes(), type=MachineFacts)
    cards = usable_cards(facts.gpus, facts.os.family).ids
    profile = knowledge.profile("torch28-2025.11")
    *_, check, last = install_plan(facts, profile, LINUX, Answers(), cards=cards).steps
    assert isinstance(check, RunCheck) and last.id == "activate"
    assert (check.id, check.cards) == ("check-several_cards", ("0", "1"))
    assert (check.arguments, check.needs) == (("--cards", "2"), ("check-fine_tune",))
    assert not check.decides
    for other, answers in (
        ("practice-cpu", Answers()),
        ("torch28-2025.11", Answers(verify="quick")),
    ):
        plan = install_plan(facts, knowledge.profile(other), LINUX, answers, cards=cards)
        assert not any(isinstance(s, RunCheck) and s.cards for s in plan.steps)


def test_the_versions_are_checked_with_what_the_profile_leaves_out(knowledge: Knowledge) -> None:
    """Triton has another name on Windows; a profile that leaves nothing out says nothing."""
    for place, name in ((LINUX, "triton"), (WINDOWS, "triton-windows")):
        plan = install_plan(FACTS, knowledge.profile("practice-cpu"), place, Answers())
        [check] = [s for s in plan.steps if isinstance(s, RunCheck) and s.check == "versions"]
        assert check.arguments[2:] == (
            *("--without", name),
            *("--without", "xformers"),
            *("--without", "torchvision"),
        )
    plan = install_plan(FACTS, knowledge.profile("torch28-2025.11"), LINUX, Answers())
    [check] = [s for s in plan.steps if isinstance(s, RunCheck) and s.check == "versions"]
    assert "--without" not in check.arguments


def test_the_openmp_file_is_mended_only_where_it_is_missing(knowledge: Knowledge) -> None:
    there = msgspec.convert(
        {"os": {"family": "windows"}, "tools": {"libomp140": "14.42"}}, MachineFacts
    )
    assert "mend-openmp" in steps(knowledge, "guide-2024.9.post3", WINDOWS)
    assert "mend-openmp" not in steps(knowledge, "guide-2024.9.post3", WINDOWS, there)
    assert "mend-openmp" not in steps(knowledge, "guide-2024.9.post3", LINUX)
    assert "mend-openmp" not in steps(knowledge, "torch28-2025.11", WINDOWS)


@pytest.mark.parametrize("place", [WINDOWS, LINUX])
def test_what_fetches_code_is_closed_before_anything_runs(
    knowledge: Knowledge, place: HomeLayout
) -> None:
    for profile in knowledge.profiles:
        made = list(steps(knowledge, profile.id, place))
        old = profile.versions.unsloth is not None and profile.versions.unsloth < "2026"
        assert ("close-mapper" in made) is old
        if old:
            assert made.index("close-mapper") < made.index("first-import")
            assert any("fetches a file from the network" in claim.text for claim in profile.bad)


@pytest.mark.parametrize("profile", ["practice-cpu", "torch28-2025.11", "guide-2024.9.post3"])
def test_one_process_of_a_verification_imports_unsloth(knowledge: Knowledge, profile: str) -> None:
    """Its import takes 20 s beside a card: the fine-tune's own serves as the check of it too."""
    for mode in ("full", "quick"):
        answers = Answers(verify=mode)
        made = steps(knowledge, profile, LINUX, answers=answers)
        assert len({"check-unsloth_import", "check-fine_tune"} & set(made)) == 1, mode


def test_quick_and_no_verification(knowledge: Knowledge) -> None:
    quick = steps(knowledge, "torch28-2025.11", WINDOWS, answers=Answers(verify="quick"))
    assert "check-unsloth_import" in quick
    assert not {"check-benchmark", "check-fine_tune"} & set(quick)
    none = steps(knowledge, "torch28-2025.11", WINDOWS, answers=Answers(verify="none"))
    assert none == [*HEAD, "close-mapper", "first-import", "activate"]


def test_every_step_tells_its_bytes_and_what_it_touches_below_the_home(
    knowledge: Knowledge,
) -> None:
    for profile in knowledge.profiles:
        for place in (WINDOWS, LINUX):
            plan = install_plan(FACTS, profile, place, Answers())
            assert plan.environment == environment_name(profile, place.family)
            assert len({s.id for s in plan.steps}) == len(plan.steps)
            for step in plan.steps:
                assert step.touches, step.id
                assert all(t.startswith(place.home) for t in step.touches)
            parts = [p for p in profile.parts if p.platform == place.family]
            assert plan.download_bytes >= sum(p.download for p in parts) > 10**8
            assert plan.disk_bytes > plan.download_bytes
            assert decode_plan(encode(plan)) == plan


def test_the_disk_that_the_rules_ask_for_is_the_plan_s(knowledge: Knowledge) -> None:
    for profile in knowledge.profiles:
        plan = install_plan(FACTS, profile, WINDOWS, Answers())
        needed = build_fact_table(FACTS, knowledge.rules, knowledge.cards, profile)["disk.needed"]
        assert abs(needed - plan.disk_bytes) < 0.05 * plan.disk_bytes


def test_a_missing_hash_is_said_in_the_plan(knowledge: Knowledge) -> None:
    titles = {
        s.id: s.title
        for s in install_plan(
            FACTS, knowledge.profile("guide-2024.9.post3"), WINDOWS, Answers()
        ).steps
    }
    assert "no hash on record for torchvision" in titles["fetch-torch"]
    whole = {
        s.id: s.title
        for s in install_plan(FACTS, knowledge.profile("torch28-2025.11"), WINDOWS, Answers()).steps
    }
    assert "hash" not in whole["fetch-torch"]


def test_a_bundle_downloads_nothing(knowledge: Knowledge) -> None:
    plan = install_plan(
        FACTS, knowledge.profile("torch28-2025.11"), WINDOWS, Answers(offline="D:\\bundle")
    )
    assert plan.download_bytes == 0


def test_no_lock_for_the_system_gives_no_steps(knowledge: Knowledge) -> None:
    place = HomeLayout("/Users/ada/u", "macos")
    assert install_plan(FACTS, knowledge.profile("practice-cpu"), place, Answers()).steps == ()


def test_the_name_follows_the_locks(knowledge: Knowledge) -> None:
    profile = knowledge.profile("practice-cpu")
    name = environment_name(profile, "linux")
    assert name.startswith("practice-cpu-")
    assert len(name) == len("practice-cpu-") + 8
    changed = msgspec.structs.replace(
        profile,
        parts=tuple(
            msgspec.structs.replace(p, requirements=p.requirements + "\n# x") for p in profile.parts
        ),
    )
    assert environment_name(changed, "linux") != name
    assert environment_name(profile, "windows") != name


def test_verification_of_an_installed_environment(knowledge: Knowledge) -> None:
    plan = verify_plan(
        knowledge.profile("torch28-2025.11"), WINDOWS, "torch28-2025.11-0123abcd", quick=True
    )
    assert all(
        isinstance(s, RunCheck) and s.environment == "torch28-2025.11-0123abcd" for s in plan.steps
    )
    apart = ["benchmark", "fine_tune"]  # without them Unsloth's import is a check of its own
    assert [s.id.removeprefix("check-") for s in plan.steps] == [
        check.name for check in CHECKS if check.name not in apart and not check.several
    ]


def test_clean_up_moves_what_is_foreign_and_deletes_what_is_own() -> None:
    facts = msgspec.convert(
        {
            "os": {"family": "linux"},
            "leftovers": [
                {"id": "venv:1", "kind": "venv", "path": "/home/sam/old"},
                {"id": "own:1", "kind": "own", "path": "/home/sam/u/envs/x"},
                {"id": "venv:2", "kind": "venv", "path": "/home/sam/keep"},
            ],
        },
        MachineFacts,
    )
    plan = clean_up_plan(facts, LINUX, ["venv:1", "own:1"])
    assert [type(s) for s in plan.steps] == [Quarantine, RemoveTree]
    assert {t for s in plan.steps for t in s.touches} == {
        "/home/sam/old",
        "/home/sam/u/envs/x",
        "/home/sam/u/quarantine",
    }
    with pytest.raises(InputError, match="venv:9"):
        clean_up_plan(facts, LINUX, ["venv:9"])


def test_the_guide_s_packages_come_out_of_the_named_environment_first(knowledge: Knowledge) -> None:
    found = steps(
        knowledge, "torch28-2025.11", WINDOWS, answers=Answers(uninstall_from="C:\\old\\python.exe")
    )
    assert found[:2] == ["uninstall", "python"]


def test_an_install_names_all_parts_of_its_system(knowledge: Knowledge) -> None:
    plan = install_plan(FACTS, knowledge.profile("torch28-2025.11"), WINDOWS, Answers())
    assert next(s for s in plan.steps if isinstance(s, InstallWheels)).parts == (
        "torch",
        "packages",
    )


def test_the_guides_clean_up_is_for_environments_outside_home_that_hold_its_packages() -> None:
    facts = msgspec.convert(
        {
            "os": {"family": "windows"},
            "pythons": [
                {
                    "path": "C:\\old\\Scripts\\python.exe",
                    "packages": {"torch": "2.1.0", "unsloth": "2024.8", "numpy": "2.0"},
                },
                {"path": "C:\\Python311\\python.exe", "packages": {"numpy": "2.0"}},
                {
                    "path": "c:\\users\\Kim\\u\\envs\\torch28\\Scripts\\python.exe",
                    "packages": {"torch": "2.8.0"},
                },
            ],
        },
        MachineFacts,
    )
    assert find_guide_environments(facts, WINDOWS) == (
        ("C:\\old\\Scripts\\python.exe", "torch 2.1.0, unsloth 2024.8"),
    )
