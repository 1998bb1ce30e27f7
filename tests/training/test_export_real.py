"""Exports with real models: merged and loaded again, from 16 and from 4 bits.

What cannot be exported is one sentence.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.training.conftest import SCRIPTS, TRAINING_PYTHON, run_script, with_unsloth

pytestmark = [with_unsloth, pytest.mark.real, pytest.mark.slow]
PROBE = Path(__file__).parent / "export_probe.py"


def probe(*arguments: object) -> Any:
    """What the probe prints."""
    argv = [TRAINING_PYTHON, str(PROBE), *map(str, arguments)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.strip().splitlines()[-1]) if done.stdout.strip() else None


@pytest.fixture(scope="module")
def adapter(small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter that changes much."""
    folder = tmp_path_factory.mktemp("made") / "adapter"
    probe("adapter", small_model, folder, "rslora")
    return folder


def test_merged_and_loaded_again_says_the_same(
    small_model: Path, adapter: Path, tmp_path: Path
) -> None:
    """In several files, with the model's own chat template; the adapter did change the model."""
    done = run_script("--adapter", str(adapter), "--format", "merged", "--to", str(tmp_path / "merged"), "--piece", "2000000",
                      script="export.py")  # fmt: skip
    assert done.code == 0, done.output
    assert (
        done.detail("export.merged")["matrices"] == 14 and done.detail("export.merged")["files"] > 1
    )
    seen = probe("compare", small_model, adapter, tmp_path / "merged")
    assert seen["merged"] < 1e-5 and seen["plain"] > 0.05 and seen["template"]
    assert [p.name for p in tmp_path.iterdir()] == ["merged"]


def test_a_model_in_four_bits_is_unpacked_exactly(
    small_model: Path, adapter: Path, tmp_path: Path
) -> None:
    """Each weight as bitsandbytes itself unpacks it; the merged model is in 16 bits and has no trace of the packing."""
    probe("four", small_model, tmp_path / "four")
    assert probe("dequantized", SCRIPTS / "export.py", tmp_path / "four") == {
        "matrices": 14,
        "worst": 0.0,
    }
    done = run_script("--adapter", str(adapter), "--base", str(tmp_path / "four"), "--format", "merged", "--to",
                      str(tmp_path / "merged"), script="export.py")  # fmt: skip
    assert done.code == 0, done.output
    assert "quantization_config" not in (tmp_path / "merged" / "config.json").read_text("utf-8")
    seen = probe("compare", small_model, adapter, tmp_path / "merged")
    assert seen["merged"] < seen["plain"]  # four bits cost some precision


@pytest.mark.parametrize(("more", "code"), [
    (["--format", "gguf"], "no-llama-cpp"), (["--format", "gguf", "--llama-cpp", "nothing"], "no-llama-cpp"),
    (["--format", "merged", "--base", "no/such-model"], "model"), (["--format", "adapter", "--modelfile"], "modelfile"),
])  # fmt: skip
def test_what_cannot_be_exported_says_so(
    adapter: Path, tmp_path: Path, more: list[str], code: str
) -> None:
    """One sentence; nothing is left behind."""
    done = run_script(
        "--adapter", str(adapter), "--to", str(tmp_path / "out"), *more, script="export.py"
    )
    assert done.code in (2, 4) and done.events[-1]["code"] == code, done.output
    assert "Traceback" not in done.output and list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_empty_is_refused(adapter: Path, tmp_path: Path) -> None:
    """Nothing in it is touched."""
    (tmp_path / "mine.txt").write_text("kept")
    done = run_script(
        "--adapter", str(adapter), "--format", "merged", "--to", str(tmp_path), script="export.py"
    )
    assert done.code == 2 and done.events[-1]["code"] == "output-not-empty"
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_chat_streams_an_answer(adapter: Path) -> None:
    """The adapter is loaded with its model; pieces come before the whole."""
    done = run_script(
        "--adapter", str(adapter), "--prompt", "Say 3", "--tokens", "12", script="chat.py"
    )
    assert done.code == 0, done.output[-3000:]
    pieces, whole = done.values("chat.piece"), done.values("chat.answer")
    assert len(pieces) > 1 and ["".join(pieces)] == whole
