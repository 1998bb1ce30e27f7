"""The tokenizer step with real tokenizers.

What is learnt is the answers with their end marks, and nothing else.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.training.conftest import ROOT, SCRIPTS, TRAINING_PYTHON, with_unsloth

pytestmark = [with_unsloth, pytest.mark.real, pytest.mark.slow]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the probe saw, for every template and row."""
    probe = Path(__file__).parent / "tokens_probe.py"
    maker = ROOT / "resources" / "checks" / "small_model.py"
    folder = tmp_path_factory.mktemp("tokenizer")
    argv = [TRAINING_PYTHON, str(probe), str(SCRIPTS / "train.py"), str(maker), str(folder)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    values: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return values


ANSWERS = {
    "chatml": ["assistant\n<|im_end|>", " Größe 好. <|im_end|>"], "llama3": ["assistant<|eot_id|>", "Größe 好.<|eot_id|>"],
    "gemma": ["assistant<end_of_turn>", "Größe 好.<end_of_turn>"], "mistral": [" assistant\n</s>", "  Größe 好. </s>"],
    "thinking": ["assistant\n<|im_end|>", "<think>\n\n</think>\n\n Größe 好. <|im_end|>"],
    "none": ["assistant\n</s>", " Größe 好. </s>"],
}  # fmt: skip


@pytest.mark.parametrize("template", ANSWERS)
def test_the_answers_are_learnt_with_their_ends(seen: dict[str, Any], template: str) -> None:
    """Also where a question reads like a role's name, and over several turns; the text is the template's own."""
    row = seen[template]["rows"]["turns"]
    assert row["whole"] and not row["twice"]
    if (
        template == "mistral"
    ):  # the space before an answer is one token with it, and is written by the template
        row["learnt"] = [part.lstrip(" ") for part in row["learnt"]]
        expected = [part.lstrip(" ") for part in ANSWERS[template]]
    else:
        expected = ANSWERS[template]
    assert row["learnt"] == expected
    assert (
        seen[template]["rows"]["one"]["learnt"][0]
        .lstrip()
        .removeprefix("<think>\n\n</think>\n\n")
        .startswith("Exact versions.")
    )


@pytest.mark.parametrize(
    ("template", "takes"), [("chatml", True), ("gemma", False), ("mistral", False), ("none", True)]
)
def test_a_system_text_is_never_lost(seen: dict[str, Any], template: str, takes: bool) -> None:
    """Where a template has no system role it stands before the first question."""
    assert seen[template]["system"] is takes
    assert "Be brief." in seen[template]["rows"]["turns"]["text"]


def test_thoughts_of_earlier_turns(seen: dict[str, Any]) -> None:
    """A template that leaves them out still gives both answers; one that keeps them teaches them."""
    assert seen["thinking"]["rows"]["thought"]["spans"] == [
        "First.<|im_end|>",
        "<think>\n\n</think>\n\nSecond.<|im_end|>",
    ]
    assert (
        seen["chatml"]["rows"]["thought"]["spans"][0] == "<think>\nhm\n</think>\n\nFirst.<|im_end|>"
    )


def test_a_template_that_changes_answers_is_refused(seen: dict[str, Any]) -> None:
    """The row says why; nothing else is learnt instead."""
    assert "changes the answers" in seen["changing"]["rows"]["one"]["fault"]


def test_an_end_mark_is_added_where_a_template_has_none(seen: dict[str, Any]) -> None:
    """The model learns to stop, and it is said."""
    bare = seen["bare"]
    assert [part.lstrip() for part in bare["rows"]["one"]["learnt"]] == ["Exact versions.\n</s>"]
    assert (
        any("without an end mark" in note for note in bare["notes"]) and not seen["chatml"]["notes"]
    )


def test_the_beginning_mark_stands_once(seen: dict[str, Any]) -> None:
    """Templates write it themselves."""
    assert seen["llama3"]["rows"]["one"]["begins"] and not seen["llama3"]["rows"]["one"]["twice"]


def test_prompts_end_where_the_answer_begins(seen: dict[str, Any]) -> None:
    """As when the model is used."""
    assert seen["chatml"]["prompt"] == ["<|im_start|>user\nWhat is a lock?<|im_end|>\n<|im_start|>assistant\n",
                                        "Exact versions.", "What is a lock?"]  # fmt: skip
    assert seen["none"]["prompt"][0] == "### Instruction:\nWhat is a lock?\n\n### Response:\n"
    assert seen["none"]["notes"]


def test_what_is_cut_and_what_is_not(seen: dict[str, Any]) -> None:
    """A conversation is cut at the context; text goes on in pieces without a loss; a row with nothing left to learn is out."""
    cut = seen["cut"]
    assert (cut["tokens"], cut["learnt"]) == (16, 0) and cut["over"] > 0
    assert cut["pieces"] > 1 and cut["longest"] == 16 and cut["all"]
    assert cut["same"] == "one card and one driver " * 20 + "</s>"
    prepared = seen["prepared"]
    assert prepared["left_out"] == {"all that would be learnt lies beyond the context": 3}
    assert (
        prepared["examples"]
        == 20
        == prepared["training"] + max(prepared["evaluation"], prepared["held_out"])
    )
    assert sum(prepared["length"]["counts"]) == 23
