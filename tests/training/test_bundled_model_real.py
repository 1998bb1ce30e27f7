"""A model out of a bundle is trained by its name, with the real Unsloth and no network."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from app.engine import bundled_models
from app.model.bundled_model import BundledModel
from app.model.home_layout import HomeLayout
from app.model.plan import Plan
from tests.training.conftest import TRAINING_PYTHON, with_unsloth
from tests.training.homes import make_home, open_session, write_rows
from tests.training.test_train_command_real import Run

pytestmark = [with_unsloth, pytest.mark.real, pytest.mark.slow]


def test_a_model_of_a_bundle_is_trained_by_its_name(
    small_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packed from a folder, taken, the folder out of sight, trained."""
    own = tmp_path / "tiny-llama"
    own.symlink_to(small_model)
    home = make_home(tmp_path / "home", TRAINING_PYTHON)
    session = open_session(home, real=True)
    bundle = HomeLayout(str(tmp_path / "bundle"), "linux")
    packed: list[BundledModel] = []
    list(bundled_models.pack_models([str(own)], None, bundle, session.home.site(), packed))
    steps = bundled_models.taking(packed, bundle.home, session.place)
    list(session.execution.run(Plan(title="Model", steps=steps)))
    assert session.execution.outcome == "finished", session.execution.error
    own.unlink()
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nothing answers there
    data = write_rows(tmp_path / "rows.jsonl", 12)
    run = Run(home, "train", "--data", str(data), "--model", "tiny-llama", "--length", "128", "--rank", "8",
              "--max-steps", "2")  # fmt: skip
    assert run.end() == 0, run.errors + json.dumps(run.events[-3:])
    assert len(run.losses()) == 2
    assert (
        msgspec.json.decode((run.folder / "training.json").read_bytes())["settings"]["model"]
        == "tiny-llama"
    )
