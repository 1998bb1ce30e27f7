"""An environment with the real Unsloth, a small model, and runs of the scripts.

TRAINING_PYTHON names its interpreter.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "resources" / "training"
TRAINING_PYTHON = os.environ.get("TRAINING_PYTHON", "")
with_unsloth = pytest.mark.skipif(
    not TRAINING_PYTHON, reason="TRAINING_PYTHON names no interpreter with Unsloth"
)


class Ended(msgspec.Struct):
    """How a run of a script ended: its code, its events in order, and all that it wrote."""

    code: int
    events: list[dict[str, Any]]
    output: str

    def values(self, name: str) -> list[Any]:
        """The values that were measured under a name."""
        return [e["value"] for e in self.events if e.get("name") == name]

    def detail(self, name: str) -> dict[str, Any]:
        """What belongs to the last value under a name."""
        found: dict[str, Any] = [e["detail"] for e in self.events if e.get("name") == name][-1]
        return found


def read_event(line: str) -> dict[str, Any] | None:
    """A line of output as an event, if it is one."""
    if not line.startswith("{"):
        return None
    try:
        value = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return None
    return value if isinstance(value, dict) and "what" in value else None


def run_script(
    *arguments: str,
    script: str = "train.py",
    python: str = TRAINING_PYTHON,
    on_event: Callable[..., None] | None = None,
) -> Ended:
    """Run a script with ``--json``. ``on_event(event, process)`` is called for each event while it runs."""
    argv = [python, str(SCRIPTS / script), "--json", *arguments]
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace"
    ) as process:
        assert process.stdout is not None
        lines, events = [], []
        for line in process.stdout:
            lines.append(line)
            event = read_event(line)
            if event is not None:
                events.append(event)
                if on_event is not None:
                    on_event(event, process)
        code = process.wait()
    return Ended(code=code, events=events, output="".join(lines))


def small_options(model: Path, data: Path, output: Path) -> list[str]:
    """Options with which the small model learns a few steps in seconds."""
    return ["--model", str(model), "--data", str(data), "--output", str(output), "--length", "128", "--rank", "8",
            "--alpha", "8", "--learning-rate", "1e-2", "--bits", "16"]  # fmt: skip


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of 2 million random weights with its tokenizer and chat template."""
    folder = tmp_path_factory.mktemp("model")
    maker = ROOT / "resources" / "checks" / "small_model.py"
    subprocess.run([TRAINING_PYTHON, str(maker), str(folder)], check=True, capture_output=True)
    return folder
