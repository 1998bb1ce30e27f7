"""Looking at another computer changes nothing on this one.

Also where both have the same folders.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from app.__main__ import main
from app.engine.uninstalling import Uninstallable
from app.model.errors import InputError
from tests.engine.test_load_machine import opened

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home as an install leaves it: two environments, one of them active, a shelf in quarantine."""
    found = tmp_path / "home"
    for name in ("practice-cpu-1", "practice-cpu-2"):
        python = (
            found
            / "envs"
            / name
            / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        )
        python.parent.mkdir(parents=True)
        python.write_text("")
    (found / "active.json").write_text(
        json.dumps(
            {
                "schema": "pointer/1",
                "active": "practice-cpu-2",
                "profile": "practice-cpu",
                "previous": "practice-cpu-1",
            }
        )
    )
    (found / "verification").mkdir()
    return found


@pytest.fixture
def machine(home: Path, tmp_path: Path) -> str:
    """A machine file whose home is that very folder."""
    own = "rtx3090-windows" if sys.platform == "win32" else "t4-cloud"
    facts = json.loads(
        (ROOT / "resources" / "machines" / f"{own}.json").read_text(encoding="utf-8")
    )
    facts["home"] = {"path": str(home)}
    path = tmp_path / "machine.json"
    path.write_text(json.dumps(facts), encoding="utf-8")
    return str(path)


def contents(folder: Path) -> dict[str, bytes | None]:
    return {
        str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None
        for p in sorted(folder.rglob("*"))
    }


@pytest.mark.parametrize(
    "command",
    [
        ["rollback"],
        ["uninstall", "--remove", "all", "--yes"],
        ["uninstall", "--remove", "env:practice-cpu-1", "--yes"],
        ["uninstall", "--put-back", "HOME/envs"],
        ["uninstall", "--put-back", "HOME/packages.txt"],
        ["install", "--yes"],
        ["install", "--yes", "--kernel", "--menu-entry"],
        ["verify"],
        ["plan"],
        ["detect"],
        ["script"],
        ["report"],
    ],
)
def test_no_command_changes_this_computer(
    command: list[str], home: Path, machine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(home)
    code = main([*(part.replace("HOME", str(home)) for part in command), "--machine", machine])
    assert contents(home) == before
    assert code in (0, 2)
    output = capsys.readouterr()
    assert "Traceback" not in output.err
    assert "Removed" not in output.err


def test_what_would_change_something_says_that_it_is_a_simulation(home: Path, machine: str) -> None:
    session = opened(machine)
    item = Uninstallable(
        id="env:practice-cpu-1", title="", path=str(home / "envs" / "practice-cpu-1"), size=1
    )
    for act in (
        session.undo.rollback,
        lambda: list(session.undo.remove((item,))),
        lambda: session.undo.put_back(str(home)),
        lambda: session.plans.packages_back(str(home / "packages.txt")),
    ):
        with pytest.raises(InputError, match="simulation"):
            act()
    assert session.home.pointer() is None
    assert session.undo.uninstallable() == ()


def test_a_bundle_for_another_computer_is_made_with_the_folders_of_this_one(
    home: Path, machine: str, tmp_path: Path
) -> None:
    """It is really made, so caches and journal are this computer's; its sources too."""
    session = opened(machine, index="https://mirror.example/simple")
    here = session.home.site_here()
    assert Path(here.place.home) != home
    assert here.sources.index == "https://mirror.example/simple"
    assert session.home.site().place.home == str(home)
    mine = opened(machine, home=str(tmp_path / "mine")).home.site_here()
    mine.record("made", {"path": "x"})
    assert (tmp_path / "mine" / "journal.jsonl").exists()
    assert not (home / "journal.jsonl").exists()
