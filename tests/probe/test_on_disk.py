"""Environments that really lie on this disk: found, sized and read, without being started."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.adapters.computer import FAMILY, LocalComputer
from app.adapters.files import LocalFiles
from app.adapters.local_system import LocalSystem, open_system
from app.adapters.windows.registry import SystemRegistry
from app.model.home_layout import HomeLayout
from app.probe.leftovers import leftovers
from app.probe.pythons import pythons


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalSystem:
    """This computer, but its user's folders are below a fresh one and nothing is on the search
    path.
    """
    profile = tmp_path / "Jürgen Groß"
    for name in (
        "HF_HOME",
        "HF_HUB_CACHE",
        "PIP_CACHE_DIR",
        "UV_CACHE_DIR",
        "VIRTUAL_ENV",
        "WORKON_HOME",
        "XDG_CACHE_HOME",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "")
    opened = open_system()
    own = LocalComputer(SystemRegistry())
    computer: Any = SimpleNamespace(
        family=FAMILY,
        variables=lambda: {"PATH": ""},
        disks=tuple,
        facts=own.facts,
        which=lambda _: None,
        uv=own.uv,
        known_folder={"profile": str(profile), "cache": str(profile / ".cache")}.get,
    )
    opened.computer = computer
    profile.mkdir()
    return opened


def _package(environment: Path, name: str, files: dict[str, str]) -> None:
    pattern = "Lib/site-packages" if sys.platform == "win32" else "lib/python3*/site-packages"
    site = next(environment.glob(pattern))
    (site / name).mkdir()
    (site / name / "METADATA").write_text("x" * 100)
    for path, text in files.items():
        (site / path).parent.mkdir(exist_ok=True)
        (site / path).write_text(text)


def test_a_real_venv_with_an_old_torch(system: LocalSystem, tmp_path: Path) -> None:
    profile = Path(system.computer.known_folder("profile") or "")
    environment = profile / "my lora" / ".venv"
    venv.create(environment, with_pip=False, symlinks=sys.platform != "win32")
    _package(
        environment, "torch-2.4.0.dist-info", {"torch/version.py": "__version__ = '2.4.0+cu121'\n"}
    )
    place = HomeLayout(str(tmp_path / "home"), FAMILY)
    mine = next(one for one in pythons(system, place) if one.origin == "venv")
    assert mine.version == ".".join(map(str, sys.version_info[:3]))
    assert mine.packages == {"torch": "2.4.0+cu121"}
    assert Path(mine.path).exists()
    [left] = leftovers(system, place).leftovers
    assert (left.kind, left.path, left.detail) == ("venv", str(environment), "torch 2.4.0+cu121")
    assert left.size == sum(
        one.lstat().st_size for one in environment.rglob("*") if not one.is_dir()
    )


@pytest.mark.posix
@pytest.mark.skipif(sys.platform == "win32", reason="uses du and links")
def test_the_size_is_that_of_du(system: LocalSystem, tmp_path: Path) -> None:
    tree = Path(system.computer.known_folder("profile") or "") / ".cache" / "huggingface"
    (tree / "hub").mkdir(parents=True)
    (tree / "hub" / "a").write_bytes(b"x" * 10_000)
    (tree / "hub" / "hard").hardlink_to(tree / "hub" / "a")
    (tree / "hub" / "soft").symlink_to(tree / "hub" / "a")
    (tree / "elsewhere").symlink_to("/usr")
    [left] = leftovers(system, HomeLayout(str(tmp_path / "home"), FAMILY)).leftovers
    completed = subprocess.run(
        ["/usr/bin/du", "-sb", str(tree)], capture_output=True, text=True, check=True
    ).stdout
    folders = sum(
        one.lstat().st_size for one in (tree, tree / "hub", tree / "elsewhere")
    )  # du counts these too
    assert left.size == int(completed.split()[0]) - folders
    assert left.kind == "model-cache"
    assert LocalFiles().exists(str(tree / "hub" / "a"))
