"""The commands of a person's own model with the real Unsloth on the processor.

Train, stop, go on, export, ask.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.engine import model_exports, training_records
from app.model.event import Measured
from tests.training.conftest import TRAINING_PYTHON, with_unsloth
from tests.training.homes import make_home, open_session, write_rows
from tests.training.test_export_real import probe
from tests.training.test_train_real import largest_difference, weights

pytestmark = [with_unsloth, pytest.mark.real, pytest.mark.slow]
ROOT = Path(__file__).parents[2]


class Run:
    """One command as a process of its own, its events read as they come."""

    def __init__(self, home: Path, *words: str) -> None:
        argv = [sys.executable, "-m", "app", words[0], "--home", str(home), "--json", *words[1:]]
        self.process = subprocess.Popen(
            argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
        )
        self.events: list[dict[str, Any]] = []
        self.errors = ""

    def end(self, on_event: Callable[[dict[str, Any]], None] = lambda _: None) -> int:
        """To its end; its exit code."""
        assert self.process.stdout is not None and self.process.stderr is not None
        for line in self.process.stdout:
            self.events.append(json.loads(line))
            on_event(self.events[-1])
        self.errors = self.process.stderr.read()
        return self.process.wait()

    def losses(self) -> dict[int, float]:
        """Step to loss."""
        events = [e for e in self.events if e.get("name") == "train.loss"]
        return {e["detail"]["step"]: e["value"] for e in events}

    @property
    def folder(self) -> Path:
        """The run's folder, as the last object names it."""
        return Path(self.events[-1]["run"]["folder"])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose active environment has the real Unsloth."""
    return make_home(tmp_path_factory.mktemp("trained") / "home", TRAINING_PYTHON)


@pytest.fixture(scope="module")
def words(small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The options of a run of nine steps."""
    data = write_rows(tmp_path_factory.mktemp("data") / "rows.jsonl", 24)
    return ["train", "--data", str(data), "--model", str(small_model), "--length", "128", "--rank", "8",
            "--learning-rate", "0.01", "--checkpoint-minutes", "0"]  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(home: Path, words: list[str]) -> Run:
    """A run that nobody disturbed."""
    run = Run(home, *words)
    assert run.end() == 0, run.errors[-2000:] + json.dumps(run.events[-5:])
    return run


def test_a_whole_run(undisturbed: Run, home: Path) -> None:
    """It learns; what ran lies there and runs by itself; answers of before and after are told."""
    losses = undisturbed.losses()
    assert len(losses) == 9 and losses[9] < losses[1] - 0.5
    answers = [e["detail"] for e in undisturbed.events if e.get("name") == "train.answer"]
    assert len(answers) == 3 and all(a["before"] != a["answer"] for a in answers)
    last = undisturbed.events[-1]
    assert (last["outcome"], last["run"]["state"]) == ("finished", "finished")
    script = [TRAINING_PYTHON, str(undisturbed.folder / "train.py"), "--check-resume"]
    completed = subprocess.run(script, capture_output=True, text=True, check=False)
    assert completed.returncode == 2 and "finished" in completed.stdout
    assert not list(home.glob("**/temp")) and not list((home / "work").iterdir())


def test_stopped_by_the_system_and_gone_on_with_is_as_undisturbed(
    undisturbed: Run, home: Path, words: list[str]
) -> None:
    """Exit code 6 with a checkpoint, then the same weights as without the stop."""
    run = Run(home, *words)

    def stop(event: dict[str, Any]) -> None:
        if event.get("name") == "train.loss" and event["detail"]["step"] == 3:
            run.process.send_signal(signal.SIGTERM)

    assert run.end(stop) == 6, run.errors
    last = run.events[-1]
    assert (last["outcome"], last["run"]["state"], last["run"]["resumable"]) == (
        "stopped", "stopped", True
    )  # fmt: skip
    again = Run(home, "train", "--resume", last["run"]["id"])
    assert again.end() == 0, again.errors
    assert min(again.losses()) == last["run"]["step"] + 1
    same_as(undisturbed, run, again)


def same_as(whole: Run, *parts: Run) -> None:
    """The parts together are the whole: each loss and the adapter, within 1e-4 of it."""
    losses: dict[int, float] = {}
    for part in parts:
        losses |= part.losses()
    assert losses.keys() == whole.losses().keys()
    assert all(abs(losses[s] - loss) <= 1e-4 * abs(loss) for s, loss in whole.losses().items())
    apart = largest_difference(
        weights(whole.folder / "output"), weights(parts[-1].folder / "output")
    )
    assert apart <= 1e-4


def test_killed_at_random_moments_and_gone_on_with(
    undisturbed: Run, home: Path, words: list[str], request: pytest.FixtureRequest, faults: Any
) -> None:
    """The whole program is killed, its child with it; five times by a seed, thirty with --long."""
    kills = 30 if request.config.getoption("--long") else 5
    chance = random.Random(20261130)
    whole, parts, command, killed = undisturbed, [], words, 0
    if kills > 5:  # more steps than kills can use up
        command = [*words, "--max-steps", "90"]
        whole = Run(home, *command)
        assert whole.end() == 0, whole.errors
    while True:
        run = Run(home, *command)
        if killed == kills:
            assert run.end() == 0, run.errors
            parts.append(run)
            break
        moment = chance.choice(
            ("started", "train.data", "train.steps", "train.loss", "train.checkpoint")
        )
        pause = chance.random() * 0.3

        def kill(
            event: dict[str, Any], run: Run = run, moment: str = moment, pause: float = pause
        ) -> None:
            last = event["step"] == "train" if "step" in event else False
            if last and moment in (event.get("what"), event.get("name")):
                time.sleep(pause)
                run.process.kill()

        code = run.end(kill)
        newest = training_records.runs(open_session(home, real=True))[0]
        if code == 0:
            pytest.fail(f"the run ended before {killed + 1} kills: it is too short for so many")
        killed += 1
        parts.append(run)
        faults.add("kills of a training run", newest.resumable)
        assert newest.resumable, newest
        command = ["train", "--resume", newest.id]
    losses: dict[int, float] = {}
    for part in parts:
        losses |= part.losses()
    assert all(abs(losses[s] - loss) <= 1e-4 * abs(loss) for s, loss in whole.losses().items())
    folder = parts[-1].folder / "output"
    assert largest_difference(weights(whole.folder / "output"), weights(folder)) <= 1e-4


def test_merged_loaded_again_and_asked(
    undisturbed: Run, home: Path, small_model: Path, tmp_path: Path
) -> None:
    """The merged model says what model and adapter say; a prompt is answered piece by piece."""
    run, target = undisturbed.folder.name, tmp_path / "merged"
    export = Run(home, "export", run, "--format", "merged", "--output", str(target))
    assert export.end() == 0, export.errors
    assert export.events[-1]["export"] == str(target)
    seen = probe("compare", small_model, undisturbed.folder / "output" / "adapter", target)
    assert seen["merged"] < 1e-5 < seen["plain"]
    answers = [
        e
        for e in model_exports.ask(open_session(home, real=True), run, "Say 3")
        if isinstance(e, Measured)
    ]
    pieces = [e.value for e in answers if e.name == "chat.piece"]
    whole = [e.value for e in answers if e.name == "chat.answer"]
    assert len(pieces) > 1 and ["".join(pieces)] == whole


def test_nothing_of_the_run_is_left_when_it_is_killed(home: Path, words: list[str]) -> None:
    """Its child ends with it, so that no card stays taken."""
    run = Run(home, *words)
    children: list[int] = []

    def kill(event: dict[str, Any]) -> None:
        if event.get("name") == "train.steps":
            found = subprocess.run(
                ["pgrep", "-f", str(home / "runs")], capture_output=True, text=True, check=False
            )
            children.extend(int(n) for n in found.stdout.split() if int(n) != os.getpid())
            run.process.kill()

    run.end(kill)
    assert children
    for child in children:
        gone_by = time.monotonic() + 60  # a busy machine; it is no measure of speed
        while Path(f"/proc/{child}").exists() and time.monotonic() < gone_by:
            if Path(f"/proc/{child}/status").read_text().find("State:\tZ") >= 0:
                break
            time.sleep(0.2)
        else:
            assert not Path(f"/proc/{child}").exists()
