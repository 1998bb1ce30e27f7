"""The training script as two processes on the processor with the real Unsloth: stop, go on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.training.conftest import Ended, run_script, small_options, with_unsloth
from tests.training.test_train_real import StopAt, losses, write_rows

if sys.platform == "win32":
    pytest.skip("several cards are for Linux", allow_module_level=True)
pytestmark = [with_unsloth, pytest.mark.real, pytest.mark.slow]


@pytest.fixture
def options(small_model: Path, tmp_path: Path) -> list[str]:
    """A run of nine steps on two processes."""
    data = write_rows(tmp_path / "data.jsonl")
    few = small_options(small_model, data, tmp_path / "out")
    return [*few, "--batch", "1", "--cards", "2"]


def processes(run: Path) -> list[int]:
    """The processes that train into this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if entry.name.isdigit() and str(run).encode() in words:
            found.append(int(entry.name))
    return found


def checkpoints(output: Path) -> list[str]:
    """The checkpoints that were written."""
    return [path.name for path in (output / "checkpoints").iterdir()]


def test_two_processes_stop_as_one_and_go_on(options: list[str], tmp_path: Path) -> None:
    """A file, then a signal: each time one checkpoint, exit code 6; then to the end; steps count both batches.
    A person's accelerate file decides nothing, and NVLink's variables are as the user has them.
    """
    output, stop_file = tmp_path / "out", tmp_path / "stop"
    first = run_script(*options, "--stop-file", str(stop_file), on_event=StopAt(2, stop_file))
    assert first.code == 6, first.output[-3000:]
    assert first.values("train.stopping") == [True]
    stopped = first.values("train.stopped")[0]
    assert checkpoints(output) == [f"checkpoint-{stopped}"]
    assert not stop_file.exists() and processes(output) == []
    assert first.values("train.steps") == [9]
    second = run_script(*options, "--resume", on_event=StopAt(stopped + 2, None, signal.SIGTERM))
    assert second.code == 6, second.output[-3000:]
    assert second.detail("train.steps")["begin"] == stopped
    third = run_script(*options, "--resume")
    assert third.code == 0, third.output[-3000:]
    assert losses(first, second, third).keys() == set(range(1, 10))
    record = json.loads((output / "run.json").read_text("utf-8"))
    assert (record["state"], record["settings"]["CARDS"]) == ("finished", 2)
    assert (output / "adapter" / "adapter_config.json").is_file()
    fewer = run_script(*options[:-2], "--resume")
    assert fewer.code == 2


def test_a_wrong_setting_and_a_full_folder_end_with_2(options: list[str], tmp_path: Path) -> None:
    """One sentence of the first process; what the launcher says of its end is not in it."""
    assert run_script(*options, "--epochs", "0").code == 2
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("kept")
    ended = run_script(*options)
    assert ended.code == 2, ended.output[-3000:]
    assert [e["code"] for e in ended.events if e["what"] == "failed"] == ["output-not-empty"]
    assert "Traceback" not in ended.output
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_children_keep_the_users_variables_and_end_with_their_parent(
    options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NVLink multicast as the user has it, in the launcher and in both; who wrote an accelerate
    file decides nothing; a parent that is killed leaves nobody behind.
    """
    own = {"NCCL_NVLS_ENABLE": "0", "TORCH_SYMM_MEM_DISABLE_MULTICAST": "1", "NVSHMEM_DISABLE_NVLS": "1"}  # fmt: skip
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "hub" / "accelerate").mkdir(parents=True)
    (tmp_path / "hub" / "accelerate" / "default_config.yaml").write_text(
        "compute_environment: LOCAL_MACHINE\ndistributed_type: 'NO'\nnum_processes: 1\n"
        "gpu_ids: '0'\nmixed_precision: fp8\nuse_cpu: false\ndebug: true\n"
    )
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    seen: list[dict[str, str]] = []

    def kill(event: dict[str, Any], process: subprocess.Popen[str]) -> None:
        if event.get("name") == "train.loss" and not seen:
            for one in processes(tmp_path / "out"):
                text = Path(f"/proc/{one}/environ").read_bytes().decode().split("\0")
                seen.append(dict(line.split("=", 1) for line in text if "=" in line))
            process.kill()

    ended: Ended = run_script(*options, on_event=kill)
    assert ended.code == -signal.SIGKILL
    shared = {variables["TRAIN_SHARED"] for variables in seen if "TRAIN_SHARED" in variables}
    assert len(seen) == 4  # the parent, the launcher, two that train
    assert [variables.get("RANK") for variables in seen].count("1") == 1
    assert all(own.items() <= variables.items() for variables in seen)
    while left := processes(tmp_path / "out"):
        assert os.getpid() not in left
        time.sleep(0.1)
    assert len(shared) == 1 and not Path(*shared).exists()


@pytest.mark.parametrize(
    ("way", "code", "name"), [("killed", 4, "failed"), ("twice", 6, "stopped")]
)
def test_ended_from_outside(
    options: list[str], tmp_path: Path, way: str, code: int, name: str
) -> None:
    """One of two that is killed, as by a full memory, ends the other and is told; a second Ctrl+C ends all at once."""
    done: list[bool] = []

    def act(event: dict[str, Any], process: subprocess.Popen[str]) -> None:
        if event.get("name") != "train.loss" or done:
            return
        done.append(True)
        if way == "killed":
            for one in processes(tmp_path / "out"):
                if b"\0RANK=1\0" in Path(f"/proc/{one}/environ").read_bytes():
                    os.kill(one, signal.SIGKILL)
            return
        process.send_signal(signal.SIGINT)
        time.sleep(0.05)  # two signals that come at the same moment are one to the system
        process.send_signal(signal.SIGINT)

    ended = run_script(*options, on_event=act)
    assert ended.code == code, ended.output[-3000:]
    assert json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))["state"] == name
    told = [event.get("code") or event.get("name") for event in ended.events]
    assert told.count("process-ended" if way == "killed" else "train.ended") == 1
    assert processes(tmp_path / "out") == []
    again = run_script(*options, "--check-resume", python=sys.executable)
    assert again.code == 0
