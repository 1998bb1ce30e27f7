"""Parquet through the environment's own pyarrow: rows as from any other file, faults as sentences."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.engine import training_runs
from app.model.dataset import Dataset
from app.model.errors import InputError
from app.model.training import TrainingPreview, TrainingRequest
from tests.training.conftest import TRAINING_PYTHON, with_unsloth
from tests.training.homes import make_home, make_model, open_session

if sys.platform == "win32":
    pytest.skip("links into another environment are of POSIX", allow_module_level=True)
pytestmark = [with_unsloth, pytest.mark.real]
MAKE = """import datetime, sys, pyarrow, pyarrow.parquet
turns = [{"role": "user", "content": "h\\u00f6"}, {"role": "assistant", "content": "da"}]
table = pyarrow.table({"messages": [turns] * 3, "day": [datetime.date(2026, 1, 2)] * 3, "raw": [b"x", b"\\xff", None]})
pyarrow.parquet.write_table(table, sys.argv[1])
"""


def seen(home: Path, data: Path, model: Path) -> Dataset:
    """What a preview recognises."""
    request = TrainingRequest(data=str(data), model=str(model))
    last = list(training_runs.preview(open_session(home), request))[-1]
    assert isinstance(last, TrainingPreview) and last.tokens is not None
    assert last.tokens["training"] == last.dataset.rows
    return last.dataset


def test_parquet_is_read_like_any_other_file(tmp_path: Path) -> None:
    """Nested turns, dates and bytes; nothing of the reading stays; a broken file is one sentence."""
    home, model = make_home(tmp_path / "home", TRAINING_PYTHON), make_model(tmp_path / "model")
    data = tmp_path / "rows.parquet"
    subprocess.run([TRAINING_PYTHON, "-c", MAKE, str(data)], check=True)
    found = seen(home, data, model)
    assert (found.format, found.shape, found.rows) == ("parquet", "messages", 3)
    assert found.unused == ("day", "raw") and found.size == data.stat().st_size
    assert "hö" in found.samples[0]
    assert not (home / "work" / "parquet").exists()
    data.write_bytes(data.read_bytes()[:40])
    with pytest.raises(InputError, match=r"rows\.parquet cannot be read as Parquet"):
        seen(home, data, model)
