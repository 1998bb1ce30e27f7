"""Each shape of data trained end to end by the command, with the real Unsloth on the processor."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from tests.training.conftest import TRAINING_PYTHON, with_unsloth
from tests.training.homes import make_home
from tests.training.test_train_command_real import Run
from tests.training.test_train_real import weights

pytestmark = [with_unsloth, pytest.mark.real, pytest.mark.slow]
DATA = Path(__file__).parent / "data"

# file, rows, and whether the answers alone are learnt
FILES = {
    "a_instruction.jsonl": (6, True),
    "c_messages.jsonl": (6, True),
    "d_sharegpt.jsonl": (6, True),
    "h_prompt_completion.jsonl": (6, True),
    "m_qa.jsonl": (6, True),
    "j_text.txt": (1, False),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose active environment has the real Unsloth."""
    return make_home(tmp_path_factory.mktemp("shapes") / "home", TRAINING_PYTHON)


@pytest.mark.parametrize("name", FILES)
def test_a_shape_is_trained_end_to_end(name: str, home: Path, small_model: Path) -> None:
    """Every row arrives, the right words are learnt, and the adapter has moved."""
    rows, answers = FILES[name]
    run = Run(home, "train", "--data", str(DATA / name), "--model", str(small_model), "--length", "128",
              "--rank", "8", "--learning-rate", "0.01", "--max-steps", "3", "--evaluate", "0")  # fmt: skip
    assert run.end() == 0, run.errors[-2000:] + json.dumps(run.events[-3:])
    written = (run.folder / "data.jsonl").read_text("utf-8").splitlines()
    assert len(written) == rows
    told = next(e["detail"] for e in run.events if e.get("name") == "train.data")
    assert 0 < told["learnt_tokens"] <= told["tokens"]
    assert (told["learnt_tokens"] < told["tokens"]) is answers
    losses = run.losses()
    assert sorted(losses) == [1, 2, 3] and all(map(math.isfinite, losses.values()))
    moved = [abs(x) for key, numbers in weights(run.folder / "output").items() if "lora_B" in key
             for x in numbers]  # fmt: skip
    assert max(moved) > 0
