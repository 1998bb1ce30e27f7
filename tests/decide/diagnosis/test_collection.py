"""How often the diagnosis is right on the collection that a stranger judged.

Silent where the log says nothing, and never firm in what is wrong. The figures stand in the closing
summary of pytest.
"""

from __future__ import annotations

import pytest

from tests.decide.diagnosis.score_collection import TABLE, Score, collection, table
from tests.decide.diagnosis.test_explain import KNOWN_ISSUES


@pytest.fixture(scope="module")
def score() -> Score:
    return Score(collection(), KNOWN_ISSUES)


def test_the_collection_is_the_one_that_was_judged() -> None:
    logs = collection()
    failures = [one for one in logs if not one.id.startswith("h")]
    assert (len(failures), len(logs) - len(failures)) == (436, 188)
    assert {one.half for one in logs} == {
        "read",
        "kept",
        "second",
        "third",
        "fourth",
        "fifth",
        "sixth",
    }


def test_where_a_label_exists_it_is_named(score: Score, figures: list[str]) -> None:
    figures += [
        f"Diagnosis, the judged collection with all that was learnt from it: {line}"
        for line in score.lines()
    ]
    assert score.first >= 0.93 * score.labelled
    assert score.among >= 0.97 * score.labelled


def test_nothing_wrong_stands_beside_an_automatic_fix(score: Score) -> None:
    assert score.mended == []


def test_where_the_log_does_not_say_nothing_is_named(score: Score) -> None:
    assert len(score.named) <= score.unknown * 2 / 24, score.named
    assert len(score.alarmed) <= score.harmless * 1 / 27, score.alarmed


def test_the_table_of_confusions_is_what_the_run_gives(score: Score) -> None:
    """After a change: ``python -m tests.decide.diagnosis.score_collection --write``."""
    assert TABLE.read_text(encoding="utf-8") == table(score)
