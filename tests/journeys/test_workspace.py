"""A folder in which VS Code finds the environment: made, kept, never over a person's file, undone."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fault_index import FaultIndex, lock_of
from tests.journeys import command

pytestmark = [pytest.mark.slow, pytest.mark.posix]
if sys.platform == "win32":
    pytest.skip("the small profile's journeys are of POSIX", allow_module_level=True)


class Home:
    """A home with the small setup installed, and commands on it."""

    def __init__(self, folder: Path, index: FaultIndex, lock: Path) -> None:
        self.folder, self.index, self.lock = folder, index, lock

    def run(self, *words: str) -> tuple[int, Any]:
        """Exit code and last object; of ``uninstall`` alone its list."""
        done = command.run(self.folder, self.lock, self.index.url, *words, "--json")
        told = done.stdout.strip()
        return done.returncode, json.loads(
            told if words == ("uninstall",) else told.splitlines()[-1]
        )


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    wheels = command.wheels()
    lock = tmp_path / "lock.txt"
    lock.write_text(lock_of(wheels))
    with FaultIndex(wheels) as index:
        made = Home(tmp_path / "home", index, lock)
        assert made.run("install")[0] == 0
        yield made


def test_it_names_the_environment_stays_right_and_goes_with_the_uninstall(
    home: Home, tmp_path: Path
) -> None:
    folder = tmp_path / "Jürgens Texte" / "new"
    settings = folder / ".vscode" / "settings.json"
    code, last = home.run("workspace", str(folder))
    assert (code, last["changed"]) == (0, True), last
    written = json.loads(settings.read_text("utf-8"))
    python = Path(written["python.defaultInterpreterPath"])
    assert python == home.folder / "current" / "bin" / "python" and python.exists()
    assert written["python.terminal.activateEnvironment"] is True
    assert written["terminal.integrated.env.linux"] == {
        "UNSLOTH_DISABLE_STATISTICS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    assert home.run("workspace", str(folder))[1]["changed"] is False
    kept = tmp_path / "kept"
    assert home.run("workspace", str(kept))[0] == 0
    (kept / ".vscode" / "settings.json").write_text('{"mine": 1}')
    (tmp_path / "there" / ".vscode").mkdir(parents=True)
    assert home.run("workspace", str(tmp_path / "there"))[0] == 0
    listed = {item["path"] for item in home.run("uninstall")[1]}
    assert str(settings) in listed and str(kept / ".vscode" / "settings.json") not in listed
    assert home.run("uninstall", "--remove", "all", "--yes")[0] == 0
    assert not home.folder.exists()
    assert not (tmp_path / "Jürgens Texte").exists()  # made for it, and empty
    assert (kept / ".vscode" / "settings.json").read_text() == '{"mine": 1}'
    assert list((tmp_path / "there").iterdir()) == [tmp_path / "there" / ".vscode"]
    assert not list((tmp_path / "there" / ".vscode").iterdir())


def test_a_persons_settings_are_never_replaced(home: Home, tmp_path: Path) -> None:
    """Not theirs, not what they changed of ours; what is ours and unchanged is written again."""
    settings = tmp_path / "mine" / ".vscode" / "settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text('{"mine": 1}')
    code, last = home.run("workspace", str(tmp_path / "mine"))
    assert (code, last["error"]["code"], last["changed"]) == (3, "settings-there", False)
    assert str(settings) in last["error"]["message"]
    assert settings.read_text() == '{"mine": 1}'
    settings.unlink()
    assert home.run("workspace", str(tmp_path / "mine"))[0] == 0
    ours = settings.read_bytes()
    (home.folder / "current").unlink()
    (home.folder / "current").mkdir()  # a file system without links: the environment's own path
    assert home.run("workspace", str(tmp_path / "mine"))[0] == 0
    assert settings.read_bytes() != ours and b"/envs/" in settings.read_bytes()
    settings.write_bytes(ours)
    assert home.run("workspace", str(tmp_path / "mine"))[1]["error"]["code"] == "settings-there"
    assert settings.read_bytes() == ours


@pytest.mark.parametrize("where", ["home", "file"])
def test_a_folder_that_cannot_be_a_persons_is_refused(
    home: Home, tmp_path: Path, where: str
) -> None:
    (tmp_path / "file").write_text("mine")
    folder = {"home": home.folder / "work", "file": tmp_path / "file"}[where]
    code, last = home.run("workspace", str(folder))
    assert code == 2 and "expected a folder" in last["error"]["message"]
    assert (tmp_path / "file").read_text() == "mine"
