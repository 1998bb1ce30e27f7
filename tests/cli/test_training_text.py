"""What the terminal tells of training.

Values as they come, times, and scripts that say other things than expected.
"""

from __future__ import annotations

import pytest

from app.cli import training_text
from app.decide.datasets.recognise import recognise
from app.model.event import Measured
from app.model.training import TrainingPreview, TrainingSettings


def told(name: str, value: object, **detail: object) -> str:
    """The words for one value."""
    return training_text.measured(Measured(name=name, value=value, detail=detail))


def test_values_are_told_in_words() -> None:
    loss = told(
        "train.loss", 1.23456, step=7, tokens_per_s=812.4, seconds_left=4000, memory=3 << 30
    )
    assert loss.strip() == "step 7: loss 1.2346, 812 tokens/s, 67 min left, 3.0 GB on the card"
    assert "evaluation loss 0.5000" in told("train.evaluation_loss", 0.5, step=3)
    assert "--batch 1 --accumulate 8" in told(
        "train.smaller", {"batch": 1, "accumulate": 8}, costs="speed"
    )
    answer = told("train.answer", "c", question="a", expected="b", before="z")
    assert [line.split()[-1] for line in answer.splitlines()] == ["a", "b", "z", "c"]
    assert told("export.needs", 3) == ""


@pytest.mark.parametrize(
    "name", ["train.loss", "train.answer", "train.smaller", "train.data", "train.evaluation_loss"]
)
@pytest.mark.parametrize("value", [None, "x", [], {}, float("nan")])
def test_a_value_of_another_shape_ends_nothing(name: str, value: object) -> None:
    assert isinstance(told(name, value), str)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (89, "89 s"), (90, "2 min"), (5400, "1 h 30 min")]
)
def test_times(seconds: float, words: str) -> None:
    assert training_text.duration(seconds) == words


def test_a_preview_names_what_would_be_lost() -> None:
    """Columns, bad rows by line, the open questions; what is learnt stands in brackets."""
    data = b'{"instruction": "q", "output": "a", "id": 1}\n{"instruction": "q", "output": ""}\n'
    found = recognise("rows.jsonl", data)
    seen = {
        "rows": [{"text": "user: q bot: a", "learnt": [[13, 14]], "tokens": 5, "cut": 2}], "training": 1,
        "evaluation": 0, "held_out": 0, "cut": 1, "tokens": 5, "learnt_tokens": 1, "steps": 3, "notes": ["noted"],
        "left_out": {"why not": 2}, "length": {"edges": [8], "counts": [1], "median": 5, "longest": 5},
    }  # fmt: skip
    whole = training_text.preview(
        TrainingPreview(
            profile="p", settings=TrainingSettings(model="m"), dataset=found, tokens=seen,
            open_questions=("open?",), seconds=7200.0,
        )
    )  # fmt: skip
    for part in ("'id': not used", "line 2:", "? open?", "bot: [[a]]", "2 are cut off", "2 rows, because why not", "2 h 0 min",
                 "noted", "3 steps"):  # fmt: skip
        assert part in whole, part
