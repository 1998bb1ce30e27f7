"""A run of the real Unsloth as GGUF by the fetched llama.cpp, read again and answered with."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.training.conftest import TRAINING_PYTHON, with_unsloth
from tests.training.homes import make_home, write_rows
from tests.training.test_export_real import PROBE, probe
from tests.training.test_train_command_real import Run

pytestmark = [with_unsloth, pytest.mark.real, pytest.mark.slow]
RUNTIME = os.environ.get("LLAMA_RUNTIME", "")  # a Python with llama-cpp-python


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose active environment has the real Unsloth."""
    return make_home(tmp_path_factory.mktemp("gguf") / "home", TRAINING_PYTHON)


@pytest.fixture(scope="module")
def run_id(home: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A finished run of a model whose tokenizer llama.cpp knows."""
    folder = tmp_path_factory.mktemp("model")
    model = folder / "model"
    probe("sentencepiece", model)
    data = write_rows(folder / "rows.jsonl", 24)
    run = Run(home, "train", "--data", str(data), "--model", str(model), "--length", "128", "--rank", "8",
              "--learning-rate", "0.01", "--max-steps", "6")  # fmt: skip
    assert run.end() == 0, run.errors[-2000:] + json.dumps(run.events[-5:])
    return run.folder.name


@pytest.fixture(scope="module")
def merged(home: Path, run_id: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run merged, to compare with."""
    folder = tmp_path_factory.mktemp("merged") / "merged"
    run = Run(home, "export", run_id, "--format", "merged", "--output", str(folder))
    assert run.end() == 0, run.errors
    return folder


@pytest.fixture(scope="module")
def exported(home: Path, run_id: str) -> Path:
    """Its first GGUF: the converter is fetched for it."""
    run = Run(home, "export", run_id, "--format", "gguf")
    assert run.end() == 0, run.errors + json.dumps(run.events[-3:])
    steps = [e["step"] for e in run.events if e.get("what") == "started"]
    assert steps == ["llama-cpp", "export"]
    return Path(run.events[-1]["export"])


def read(home: Path, file: Path, merged: Path) -> Any:
    """What llama.cpp's own reader finds in it."""
    tools = next((home / "tools").glob("llama.cpp-*"))
    return probe("gguf", file, tools / "gguf-py", merged)


def test_the_weights_are_those_of_the_merged_model(
    home: Path, exported: Path, merged: Path
) -> None:
    """All tensors, 8 bits near the merged ones, and the model's own chat template."""
    seen = read(home, exported / "model.gguf", merged)
    assert seen["tensors"] == seen["expected"] and "Q8_0" in seen["kinds"]
    assert seen["apart"] < 0.02
    template = json.loads((merged / "tokenizer_config.json").read_text()).get("chat_template")
    template = template or (merged / "chat_template.jinja").read_text()
    assert seen["text"]["tokenizer.chat_template"] == template


def test_the_modelfile_has_the_models_template_and_stop_words(exported: Path) -> None:
    text = (exported / "Modelfile").read_text("utf-8")
    assert "FROM ./model.gguf" in text
    assert "[INST] " in text and " [/INST]" in text and "{{ .Content }}" in text
    assert 'PARAMETER stop "</s>"' in text


@pytest.fixture(scope="module")
def half(home: Path, run_id: str, exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another one in 16 bits, for which nothing is fetched again."""
    folder = tmp_path_factory.mktemp("half") / "half"
    run = Run(home, "export", run_id, "--format", "gguf", "--quantization", "f16", "--output",
              str(folder))  # fmt: skip
    assert run.end() == 0, run.errors
    assert [e["step"] for e in run.events if e.get("what") == "started"] == ["export"]
    assert not list((home / "wheels").glob("llama*"))
    return folder


def test_sixteen_bits_are_the_merged_model_rounded(home: Path, half: Path, merged: Path) -> None:
    seen = read(home, half / "model.gguf", merged)
    assert seen["kinds"] == ["F16", "F32"] and seen["apart"] < 1e-3


@pytest.mark.skipif(not RUNTIME, reason="LLAMA_RUNTIME names no Python with llama-cpp-python")
def test_the_runtime_computes_what_the_merged_model_does(
    home: Path, run_id: str, exported: Path, half: Path, merged: Path
) -> None:
    """llama.cpp loads both files; their logits are near the merged model's, and the untrained model's
    are not: largest difference over the largest logit.
    """
    record = json.loads((home / "runs" / run_id / "training.json").read_text("utf-8"))
    right = probe("logits", merged)
    plain = probe("logits", record["settings"]["model"])
    apart = {
        kind: largest_apart(asked(folder), right)
        for kind, folder in (("f16", half), ("q8_0", exported))
    }
    apart["untrained"] = largest_apart(plain, right)
    print(apart)
    assert apart["f16"] < 0.01 and apart["q8_0"] < 0.05 < apart["untrained"], apart


@pytest.mark.skipif(not RUNTIME, reason="LLAMA_RUNTIME names no Python with llama-cpp-python")
def test_a_trained_model_ends_its_answers_in_the_runtime(
    home: Path, run_id: str, exported: Path, tmp_path: Path
) -> None:
    """With the template and the end mark that the file holds, and nothing else; after six steps it ends
    and does not know the answer yet, after 240 it does.
    """
    model = json.loads((home / "runs" / run_id / "training.json").read_text("utf-8"))["settings"]["model"]  # fmt: skip
    data = write_rows(tmp_path / "rows.jsonl", 24)
    run = Run(home, "train", "--data", str(data), "--model", model, "--length", "128", "--rank", "16",
              "--learning-rate", "0.005", "--max-steps", "240", "--evaluate", "0")  # fmt: skip
    assert run.end() == 0, run.errors[-2000:]
    longer = Run(home, "export", run.folder.name, "--format", "gguf")
    assert longer.end() == 0, longer.errors
    answers = {
        name: asked(folder, "Say 7")
        for name, folder in (("6", exported), ("240", Path(longer.events[-1]["export"])))
    }
    print(answers)
    assert answers["240"]["ended"] == "stop"
    assert answers["240"]["answer"].strip() == "It is 7." != answers["6"]["answer"].strip()


def asked(folder: Path, *question: str) -> Any:
    """What the runtime says of a GGUF file, or answers to a question."""
    argv = [RUNTIME, str(PROBE.with_name("gguf_runtime_probe.py")), str(folder / "model.gguf"), *question]  # fmt: skip
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


def largest_apart(one: Any, other: Any) -> float:
    """The largest difference of two answers' logits over the largest logit of the second."""
    assert one["prompt"] == other["prompt"]
    pairs = [
        pair
        for a, b in zip(one["logits"], other["logits"], strict=True)
        for pair in zip(a, b, strict=True)
    ]
    return float(max(abs(a - b) for a, b in pairs) / max(abs(b) for _, b in pairs))
