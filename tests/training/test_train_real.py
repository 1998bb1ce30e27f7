"""The training script with the real Unsloth on the processor: whole runs, stops, resumes and kills."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.training.conftest import TRAINING_PYTHON, Ended, run_script, small_options, with_unsloth

pytestmark = [with_unsloth, pytest.mark.real, pytest.mark.slow]


def write_rows(path: Path, count: int = 24) -> Path:
    """Questions with answers, in the canonical form."""
    rows = [
        {
            "messages": [
                {"role": "user", "content": f"Say {n}"},
                {"role": "assistant", "content": f"The number is {n}."},
            ]
        }
        for n in range(count)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def weights(folder: Path) -> dict[str, Any]:
    """The saved adapter's numbers, read by the environment's own Python."""
    code = (
        "import json, sys; from safetensors.torch import load_file\n"
        "print(json.dumps({k: v.double().flatten().tolist() for k, v in load_file(sys.argv[1]).items()}))"
    )
    file = folder / "adapter" / "adapter_model.safetensors"
    done = subprocess.run(
        [TRAINING_PYTHON, "-c", code, str(file)], capture_output=True, text=True, check=True
    )
    numbers: dict[str, Any] = json.loads(done.stdout)
    return numbers


def largest_difference(one: dict[str, Any], other: dict[str, Any]) -> float:
    """The largest difference of two adapters over the largest number in the first."""
    assert one.keys() == other.keys()
    largest: float = max(abs(x) for values in one.values() for x in values)
    apart: float = max(abs(a - b) for key in one for a, b in zip(one[key], other[key], strict=True))
    return apart / largest


def losses(*runs: Ended) -> dict[int, float]:
    """Step to loss of runs that went on from one another."""
    return {
        e["detail"]["step"]: e["value"]
        for run in runs
        for e in run.events
        if e.get("name") == "train.loss"
    }


class StopAt:
    """Sends a signal, or makes the stop file, when a step was reached."""

    def __init__(self, step: int, stop_file: Path | None = None, send: int = signal.SIGINT) -> None:
        self.step, self.stop_file, self.send, self.sent = step, stop_file, send, False

    def __call__(self, event: dict[str, Any], process: subprocess.Popen[str]) -> None:
        if (
            event.get("name") == "train.loss"
            and event["detail"]["step"] >= self.step
            and not self.sent
        ):
            self.sent = True
            if self.stop_file is not None:
                self.stop_file.touch()
            else:
                process.send_signal(self.send)


@pytest.fixture(scope="module")
def undisturbed(
    small_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, Ended]:
    """Data, output and events of a run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    data = write_rows(folder / "data.jsonl")
    return data, folder / "out", run_script(*small_options(small_model, data, folder / "out"))


def test_a_whole_run_learns_and_saves(undisturbed: tuple[Path, Path, Ended]) -> None:
    """Three epochs by default; the loss falls; the adapter, the losses and three answers of before and after are there."""
    _, output, run = undisturbed
    assert run.code == 0, run.output[-3000:]
    seen = run.detail("train.data")
    assert (seen["training"], seen["evaluation"], seen["held_out"]) == (21, 3, 3)
    assert run.values("train.steps") == [seen["steps"]] == [9]
    step_losses = losses(run)
    assert step_losses[9] < step_losses[1] - 0.5
    assert run.values("train.evaluation_loss")[-1] < run.values("train.evaluation_loss")[0]
    answers = [e["detail"] for e in run.events if e.get("name") == "train.answer"]
    assert len(answers) == 3
    assert all(
        a["expected"].startswith("The number is") and a["before"] != a["answer"] for a in answers
    )
    record = json.loads((output / "run.json").read_text("utf-8"))
    assert (record["state"], record["step"], record["total"]) == ("finished", 9, 9)
    assert {p.name for p in output.iterdir()} == {"adapter", "checkpoints", "run.json"}


def test_stopped_and_resumed_is_as_undisturbed(
    undisturbed: tuple[Path, Path, Ended], small_model: Path, tmp_path: Path
) -> None:
    """Stopped by a signal, gone on with, stopped by a file, gone on with: the same losses and the same adapter."""
    data, whole, run = undisturbed
    output, stop_file = tmp_path / "out", tmp_path / "stop"
    options = small_options(small_model, data, output)
    first = run_script(*options, on_event=StopAt(2))
    assert first.code == 6, first.output[-3000:]
    assert first.values("train.stopping") == [True]
    stopped = first.values("train.stopped")[0]
    assert Path(first.detail("train.stopped")["checkpoint"]).is_dir()
    check = run_script(*options, "--check-resume", python=sys.executable)
    assert check.values("train.resumable") == [stopped]
    second = run_script(
        *options, "--resume", "--stop-file", str(stop_file), on_event=StopAt(5, stop_file)
    )
    assert second.code == 6, second.output[-3000:]
    assert second.detail("train.steps")["begin"] == stopped
    assert not stop_file.exists()
    third = run_script(*options, "--resume")
    assert third.code == 0, third.output[-3000:]
    apart = losses(first, second, third)
    assert apart.keys() == losses(run).keys()
    assert all(abs(apart[step] - loss) <= 1e-4 * abs(loss) for step, loss in losses(run).items())
    assert largest_difference(weights(whole), weights(output)) <= 1e-4
