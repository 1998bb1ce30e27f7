"""What the program says on every machine that ships with it, held against goldens.

A person has read them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.decide.findings.ranking import rank
from app.decide.plans.builder import install_plan
from app.knowledge import Knowledge
from app.model.answers import Answers
from app.model.home_layout import HomeLayout
from app.model.machine import MachineFacts
from app.model.plan import RunCheck

MACHINES = sorted((Path(__file__).parents[2] / "resources" / "machines").glob("*.json"))
GOLDENS = Path(__file__).parent / "goldens"


def describe(machine: Path, knowledge: Knowledge) -> dict[str, Any]:
    """Verdict, profile, findings, alternatives and steps, as the plan command would print them; the
    checks are the same on all.
    """
    facts = msgspec.json.decode(machine.read_bytes(), type=MachineFacts)
    best, *others = rank(
        facts,
        knowledge.profiles,
        knowledge.rules,
        knowledge.cards,
        advisories=knowledge.advisories,
    )
    place = HomeLayout(facts.home.path if facts.home else "/home/x", facts.os.family)
    plan = install_plan(facts, best.profile, place, Answers())
    return {
        "verdict": best.verdict,
        "profile": best.profile.id,
        "tag": best.tag,
        "why": best.why,
        "findings": [f"{f.severity} {f.id}: {f.seen}" for f in best.findings],
        "others": [f"{c.verdict} {c.profile.id} [{c.tag}] {c.why}" for c in others],
        "steps": [
            f"{s.id} ({s.kind}, {s.download_bytes // 10**6} MB, {s.disk_bytes // 10**6} MB)"
            for s in plan.steps
            if not isinstance(s, RunCheck)
        ],
    }


@pytest.mark.parametrize("machine", MACHINES, ids=lambda p: p.stem)
def test_the_program_says_what_was_approved(
    machine: Path, knowledge: Knowledge, request: pytest.FixtureRequest
) -> None:
    golden = GOLDENS / f"{machine.stem}.json"
    described = describe(machine, knowledge)
    if request.config.getoption("--approve", default=False):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(
            json.dumps(described, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    assert golden.exists(), (
        f"No golden for {machine.name}: run pytest tests/machines --approve and read it."
    )
    assert described == json.loads(golden.read_text("utf-8"))


def test_there_are_machines_of_every_kind_and_no_golden_without_one() -> None:
    assert len(MACHINES) >= 25
    assert {p.stem for p in GOLDENS.glob("*.json")} == {p.stem for p in MACHINES}


@pytest.mark.parametrize("machine", MACHINES, ids=lambda p: p.stem)
def test_a_machine_says_what_it_is(machine: Path) -> None:
    """The menu shows this sentence."""
    facts = msgspec.json.decode(machine.read_bytes(), type=MachineFacts)
    assert [n.text for n in facts.notes if n.about == "machine"]
