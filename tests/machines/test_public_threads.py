"""Machines after public threads: the verdict that would have saved the person, held."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.decide.findings.ranking import rank
from app.knowledge import Knowledge
from app.model.machine import MachineFacts

HERE = Path(__file__).parent
CASES: list[dict[str, Any]] = tomllib.loads((HERE / "issues.toml").read_text("utf-8"))["machine"]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["file"].removesuffix(".json"))
def test_the_verdict_would_have_saved_the_person(
    case: dict[str, Any], knowledge: Knowledge
) -> None:
    facts = msgspec.json.decode((HERE / "issues" / case["file"]).read_bytes(), type=MachineFacts)
    best = rank(facts, knowledge.profiles, knowledge.rules, knowledge.cards)[0]
    found = {f.id for f in best.findings}
    assert (best.verdict, best.profile.id) == (case["verdict"], case["profile"]), sorted(found)
    assert set(case["found"]) <= found
    assert not set(case["absent"]) & found


def test_there_are_at_least_forty_and_each_names_its_thread() -> None:
    assert len(CASES) >= 40
    assert len({c["file"] for c in CASES}) == len(CASES)
    assert all(c["thread"].startswith("https://github.com/") for c in CASES)
    assert {p.name for p in (HERE / "issues").glob("*.json")} == {c["file"] for c in CASES}
