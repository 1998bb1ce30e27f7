"""The first import tells import and byte code apart, and brings in what a profile trains with."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.adapters.resources import resource_reader
from app.knowledge import profile
from app.steps import first_import


def counted(folder: Path, *names: str) -> list[tuple[str, int]]:
    """What one run of the step's code says: each module and how many files were translated."""
    code = f"import sys; sys.path.insert(0, {str(folder)!r})\n" + first_import._CODE
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, "token", *names],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("all imported token\n")
    lines = re.findall(r"^import (\S+): [\d.]+ s; byte code of (\d+) files: ", done.stdout, re.M)
    return [(name, int(files)) for name, files in lines]


def test_byte_code_is_counted_once_and_then_found(tmp_path: Path) -> None:
    """Two files of one package are translated at the first import, none at the second."""
    (tmp_path / "pieces").mkdir()
    (tmp_path / "pieces" / "__init__.py").write_text("from pieces import other\n")
    (tmp_path / "pieces" / "other.py").write_text("VALUE = 1\n")
    (tmp_path / "single.py").write_text("")
    assert counted(tmp_path, "pieces", "single") == [("pieces", 2), ("single", 1)]
    assert counted(tmp_path, "pieces", "single") == [("pieces", 0), ("single", 0)]


@pytest.mark.parametrize(
    ("name", "second"), [("practice-cpu", "unsloth"), ("torch212-2026.10", "transformers")]
)
def test_unsloth_is_imported_where_no_card_is_needed(name: str, second: str) -> None:
    """Before transformers and trl, parts of which it replaces."""
    assert first_import.modules(profile(resource_reader(), name))[:2] == ("torch", second)
