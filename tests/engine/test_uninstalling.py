"""Taking things away on a real disk.

Whole or not at all, in use, half deleted, killed at every step, with links.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.adapters.clock import SystemClock
from app.adapters.computer import FAMILY
from app.adapters.local_system import open_system
from app.engine import home_folder, uninstalling
from app.engine.journal import Journal
from app.engine.uninstalling import Uninstallable, list_removable
from app.model.answers import Answers
from app.model.errors import ExpectedError
from app.model.home_layout import HomeLayout
from app.model.plan import Quarantine
from app.model.pointer import decode_pointer
from app.model.sources import Sources
from app.probe.home import home_state
from app.steps import quarantine
from app.steps.step_context import StepContext
from tests import windows_rules
from tests.windows_rules import WindowsRules

SYSTEM = open_system()
CHANGES = ("write", "append", "remove", "remove_empty", "set_aside", "move", "make_folder")
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has these rules by itself")


class Killed(BaseException):
    """The program ended here."""


class Mortal:
    """The disk; the program is killed before or after its n-th change."""

    def __init__(self, at: int, after: bool) -> None:
        self.at, self.after, self.number = at, after, 0

    def __getattr__(self, name: str) -> Any:
        real = getattr(SYSTEM.files, name)
        return self._mortal(real) if name in CHANGES else real

    def _mortal(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def act(*given: Any) -> Any:
            self.number += 1
            if self.number == self.at and not self.after:
                raise Killed
            done = real(*given)
            if self.number == self.at:
                raise Killed
            return done

        return act


class Home:
    """A home with two environments, made as a run makes it."""

    def __init__(self, folder: Path, files: Any = SYSTEM.files) -> None:
        self.place, self.files = HomeLayout(str(folder), FAMILY), files
        self.journal = Journal(files, SystemClock(), self.place.journal)

    def make(self) -> Home:
        record = self.journal.effect("1", "")
        home_folder.write_marker(
            SYSTEM, self.place, home_state(SYSTEM, self.place), self.journal, "1"
        )
        for folder in self.place.layout:
            record("made", {"path": folder})
            self.files.make_folder(folder)
            if folder != self.place.environments:
                self.files.write(self.place.join(folder, "one"), b"x")
        for name in ("p-1", "p-2"):
            root = Path(self.place.environment(name))
            record("made", {"path": str(root)})
            for inner in ("Lib/site-packages/a.py", "Lib/b.py", "pyvenv.cfg", "made.txt"):
                self.files.write(str(root / inner), b"x")
        self.files.write(
            self.place.pointer,
            b'{"schema":"pointer/1","active":"p-2","profile":"p","previous":"p-1"}',
        )
        self.files.write(self.place.verification("p-2"), b"{}")
        return self

    def items(self, *ids: str) -> list[Uninstallable]:
        data = self.files.read(self.place.pointer)
        pointer = decode_pointer(data, "pointer") if data else None
        return [
            item
            for item in list_removable(self.files, self.place, pointer, self.journal)
            if (item.in_all if not ids else item.id in ids)
        ]

    def remove(self, *ids: str) -> list[Uninstallable]:
        """What ``uninstall --remove`` does."""
        if self.files.exists(self.place.home):
            uninstalling.finish_removals(self.files, self.place, self.journal)
        done = list(uninstalling.remove(self.items(*ids), self.files, self.place, self.journal))
        if not self.files.exists(self.place.home) or not self.items():
            uninstalling.remove_home(self.files, self.place)
        return done

    def tree(self) -> list[str]:
        root = Path(self.place.home)
        return sorted(str(p.relative_to(root)) for p in root.rglob("*"))


@pytest.fixture(autouse=True)
def no_power_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs are killed here, not computers: nothing has to reach the platter, and nobody works in it."""
    monkeypatch.setattr("os.fsync", lambda _: None)
    for module in ("files", "disk_errors"):  # tests/adapters/test_removal.py tries them
        monkeypatch.setattr(f"app.adapters.{module}.find_users", lambda _: ())


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").make()


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> WindowsRules:
    return windows_rules.apply(monkeypatch)


@posix
def test_an_environment_in_use_stays_whole_and_active(home: Home, windows: WindowsRules) -> None:
    windows.hold(home.place.environment("p-2") + "/Lib/b.py")
    before = home.tree()
    with pytest.raises(ExpectedError, match="in use"):
        home.remove("env:p-2")
    assert home.tree() == before
    assert [item.in_all for item in home.items("env:p-2")] == [True]
    windows.let_go()
    home.remove("env:p-2")
    assert not home.files.exists(home.place.environment("p-2"))
    assert not home.files.exists(home.place.pointer)
    assert not home.files.exists(home.place.verification("p-2"))


@posix
@pytest.mark.parametrize("held", ["Lib/b.py", "pyvenv.cfg"])
def test_an_environment_with_a_persons_files_goes_whole_or_not_at_all(
    home: Home, windows: WindowsRules, held: str
) -> None:
    root = Path(home.place.environment("p-2"))
    home.files.write(str(root / "my_adapter" / "weights.bin"), b"mine")
    before = home.tree()
    windows.hold(root / held)
    with pytest.raises(ExpectedError, match="in use"):
        home.remove("env:p-2")
    assert home.tree() == before
    windows.let_go()
    assert [item.left for item in home.remove("env:p-2")] == [""]
    assert [p.name for p in root.rglob("*")] == ["my_adapter", "weights.bin"]


@posix
def test_what_cannot_be_deleted_is_said_and_tried_again(home: Home, windows: WindowsRules) -> None:
    """A scanner that opens a file between the renaming and the deleting."""
    windows.hold(home.place.environment("p-2") + ".gone/Lib/b.py")
    (item,) = home.remove("env:p-2")
    assert "Lib/b.py is in use" in item.left and "next start" in item.left
    assert not home.files.exists(home.place.environment("p-2"))
    assert not home.files.exists(home.place.pointer)
    assert home.remove() and home.files.exists(home.place.marker)  # marker and journal stay
    assert home.files.exists(home.place.journal)
    windows.let_go()
    assert uninstalling.finish_removals(home.files, home.place, home.journal) == ()
    home.remove()
    assert not home.files.exists(home.place.home)


@posix
@pytest.mark.parametrize("kind", ["junction", "link"])
@pytest.mark.parametrize("what", ["cache", "wheels", "envs/p-1", "logs"])
def test_a_link_in_home_goes_and_its_target_stays(
    home: Home, windows: WindowsRules, tmp_path: Path, what: str, kind: str
) -> None:
    there = Path(home.place.at(*what.split("/")))
    there.rename(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / ".tmpmine").write_text("mine")
    if kind == "junction":
        windows.junction(there, tmp_path / "elsewhere")
    else:
        there.symlink_to(tmp_path / "elsewhere")
    before = sorted(tmp_path.joinpath("elsewhere").rglob("*"))
    home.remove()
    assert not home.files.exists(home.place.home)
    assert sorted(tmp_path.joinpath("elsewhere").rglob("*")) == before


def test_a_home_with_other_files_keeps_its_papers(home: Home) -> None:
    home.files.write(home.place.at("thesis.txt"), b"mine")
    home.remove()
    assert home.tree() == ["journal.jsonl", "thesis.txt", "unsloth-setup-home.json"]
    Path(home.place.at("thesis.txt")).unlink()
    home.remove()
    assert not home.files.exists(home.place.home)


def test_what_is_made_after_an_uninstall_is_not_ours_by_its_name(home: Home) -> None:
    home.files.write(home.place.at("thesis.txt"), b"mine")
    home.remove()
    home.files.write(home.place.at("wheels", "mine.whl"), b"mine")
    home.remove()
    assert home.files.read(home.place.at("wheels", "mine.whl")) == b"mine"


def kills(count: Callable[[Mortal], None]) -> Iterator[tuple[int, bool]]:
    """Every moment at which a run can be killed."""
    alive = Mortal(0, after=False)
    count(alive)
    for at in range(1, alive.number + 1):
        yield from ((at, False), (at, True))


@pytest.mark.fault("kills of an uninstall")
def test_an_uninstall_that_is_killed_anywhere_is_finished_by_the_next(tmp_path: Path) -> None:
    tried = 0
    Home(tmp_path / "template").make()

    def all_of(files: Mortal) -> None:
        folder = tmp_path / f"{tried}-{files.after}"
        shutil.copytree(tmp_path / "template", folder)  # a home may be moved
        Home(folder, files).remove()

    for at, after in kills(all_of):
        tried += 1
        with pytest.raises(Killed):
            all_of(Mortal(at, after))
        folder = tmp_path / f"{tried}-{after}"
        here = Home(folder)
        data = here.files.read(here.place.pointer)
        if data is not None and folder.exists():
            named = Path(here.place.environment(decode_pointer(data, "p").active))
            assert not named.exists() or len(list(named.rglob("*"))) == 6, (at, after)
        here.remove()
        assert [p.name for p in tmp_path.iterdir() if p.name.startswith(folder.name)] == [], (
            at,
            after,
        )
    assert tried > 60


@pytest.mark.fault("kills of a quarantine")
def test_a_quarantine_that_is_killed_anywhere_leaves_no_empty_shelf(tmp_path: Path) -> None:
    tried = 0

    def all_of(files: Any) -> None:
        folder = tmp_path / str(tried)
        here = Home(folder / "home", files)
        site = StepContext(
            system=SYSTEM,
            place=here.place,
            profiles={},
            answers=Answers(),
            sources=Sources(),
            resource=str.encode,
            record=here.journal.effect("1", "q"),
        )
        system = open_system()
        system.files = files
        site = StepContext(**{**site.__dict__, "system": system})
        step = Quarantine(id="q", title="Move", leftover="l", path=str(folder / "old"))
        if quarantine.done(step, site) is None:
            list(quarantine.run(step, site))
        (shelf,) = quarantine.shelves(site)
        quarantine.put_back(shelf[0], site)

    Home(tmp_path / "template").make()

    def fresh() -> Path:
        folder = tmp_path / str(tried)
        shutil.copytree(tmp_path / "template", folder / "home")
        (folder / "old").mkdir()
        (folder / "old" / "mine").write_text("mine")
        return folder

    fresh()
    moments = list(kills(all_of))
    for at, after in moments:
        tried += 1
        folder = fresh()
        with pytest.raises(Killed):
            all_of(Mortal(at, after))
        here = Home(folder / "home")
        uninstalling.finish_removals(here.files, here.place, here.journal)
        found = [p for p in folder.rglob("mine") if p.is_file()]
        assert [p.read_text() for p in found] == ["mine"], (at, after)
        if found[0].parent == folder / "old":
            assert not (folder / "home" / "quarantine").exists(), (at, after)
        else:
            assert len(list((folder / "home" / "quarantine").iterdir())) == 1, (at, after)
    assert len(moments) > 10
