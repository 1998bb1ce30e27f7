"""The package as pip, uv and pipx take it: built, installed in an isolated place, and run there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.real, pytest.mark.posix, pytest.mark.slow]


def run(*words: str | Path, folder: Path = ROOT, **more: str) -> str:
    """A command that must succeed; its output."""
    done = subprocess.run(
        [str(word) for word in words],
        cwd=folder,
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built without a trace in it."""
    target = tmp_path_factory.mktemp("wheel")
    before = {path.name for path in (ROOT / "build").iterdir()}
    run(
        Path(sys.executable).with_name("uv"),
        "build",
        "--wheel",
        "--quiet",
        "--out-dir",
        target,
        ROOT,
    )
    assert {path.name for path in (ROOT / "build").iterdir()} == before
    return next(target.glob("*.whl"))


def test_the_wheel_holds_the_program_and_its_data_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"app"}
    assert "app/resources/findings.toml" in names
    assert "app/requirements-dev.txt" in names  # a bundle takes the program's own packages from it


def test_an_isolated_install_runs_the_command(wheel: Path, tmp_path: Path) -> None:
    """``uv tool install`` and ``pipx install`` do the same: an environment, and a link to its command."""
    run(
        Path(sys.executable).with_name("uv"),
        "tool",
        "install",
        "--quiet",
        wheel,
        UV_TOOL_DIR=str(tmp_path / "tools"),
        UV_TOOL_BIN_DIR=str(tmp_path / "bin"),
    )
    command = tmp_path / "bin" / "unsloth-setup"
    machine = ROOT / "resources" / "machines" / "rtx3090-windows.json"
    answer = json.loads(run(command, "plan", "--json", "--machine", machine, folder=tmp_path))
    assert answer["schema"] == "plan/1"
    assert answer["verdict"].startswith("ready")
