"""What the words of a log say of its outcome, and that the table is made from what is kept."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from app.adapters.resources import resource_names, resource_reader
from app.decide.diagnosis.explain import explain
from app.decide.diagnosis.outcome_words import BIAS, Outcome, outcome_words, weigh_outcome
from app.knowledge import known_issues
from build import outcome_words as weighing

KNOWN_ISSUES = known_issues(resource_reader(), resource_names())

DRILL = """fire drill 14 of the quarter, announced
planned steps: provoke each alarm once, see that the runbook's answer comes
[1/3] CUDA out of memory is provoked on a spare card ... alarm came, ok
[2/3] full disk is provoked on a loop device ... alarm came, ok
[3/3] proxy answers 407 ... alarm came, ok
all alarms came, drill passed, nothing was changed
"""


def test_the_table_is_made_from_what_is_kept() -> None:
    """Logs that were added are weighed again: python -m build.outcome_words."""
    assert json.loads(weighing.TABLE.read_text("utf-8"))["from"]["sha256"] == weighing.source_hash()


def test_what_speaks_for_one_side_is_found_and_told_of_logs_that_were_left_out() -> None:
    """Of made-up logs, each of 20 words of which two depend on the side, nine of ten are told."""
    chance = random.Random(3)
    plain = [f"word{number}" for number in range(60)]

    def made() -> tuple[bool, frozenset[str]]:
        fine = chance.random() < 0.4
        own = ["works", "ended"] if fine else ["broken", "stopped"]
        return fine, frozenset([*chance.sample(plain, 18), *own])

    weights = weighing.weigh([made() for _ in range(200)], most=40)
    left_out = [made() for _ in range(100)]
    told = [
        (weights[BIAS] + sum(weights.get(word, 0.0) for word in held) > 0) == fine
        for fine, held in left_out
    ]
    assert sum(told) > 90
    assert len(weights) <= 41 and weights["works"] > 0 > weights["broken"]


def test_the_end_and_the_beginning_count_once_more() -> None:
    words = outcome_words("pytest begins\n" + "middle part\n" * 20 + "two passed\n")
    assert {"^pytest", "^pytest begins", "$two passed", "passed", "middle part"} <= words
    assert "$pytest" not in words and "^passed" not in words


def test_a_few_lines_are_not_weighed() -> None:
    assert weigh_outcome("all passed\n" * 5, KNOWN_ISSUES.outcome) == Outcome()
    assert weigh_outcome(DRILL.lower(), KNOWN_ISSUES.outcome) != Outcome()
    assert weigh_outcome(DRILL.lower(), {}) == Outcome()


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_likelihood_is_one(share: float) -> None:
    """However many words speak, it stays between 0 and 1."""
    sign = "9.0" if share else "-9.0"
    table = {"harmless": {sign: ",".join(f"w{n}" for n in range(300))}, "untold": {}}
    lower = "\n".join(f"w{n}" for n in range(300))
    assert abs(weigh_outcome(lower, table).harmless - share) < 1e-6


def test_an_announced_drill_names_no_cause() -> None:
    found = explain(DRILL, KNOWN_ISSUES)
    assert (found.cause, found.fix) == (None, None)


def test_what_is_kept_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words that stand in five logs at least, with the judgement of each log."""
    monkeypatch.setattr(weighing, "KEPT", tmp_path / "kept.xz")
    logs = [
        ("harmless" if n % 2 else "unknown", frozenset({"often", f"once{n}"})) for n in range(8)
    ]
    weighing.keep(logs)
    assert sorted(weighing.kept()) == sorted((kind, frozenset({"often"})) for kind, _ in logs)


def test_a_button_needs_a_failure_that_is_seen() -> None:
    """A list of what others met names its cause without one; so does a line without its run."""
    found = explain(
        "search: export failed (5 hits)\n\nSaving to GGUF, the page of the docs\n"
        "Killed while merging: how much memory it needs, a blog\n"
        "Colab: no space left on device when converting 14B, solved\n\n"
        "note for the course: the first is the link for the handout\n",
        KNOWN_ISSUES,
    )
    assert found.fix is None or not found.fix.automatic
    seen = explain("OSError: [Errno 28] No space left on device", KNOWN_ISSUES)
    assert seen.fix is not None and seen.fix.automatic
