"""Which folder is a home of this program, which may become one, and which is somebody else's.

Looked at on a real disk.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from app.adapters.local_system import open_system
from app.model.home_layout import HomeLayout
from app.probe.home import HomeState, home_state, place_refused

SYSTEM = open_system()
JOURNAL = '{"at":"2026-11-24T15:00:00Z","run":"1","kind":"ended","outcome":"finished"}\n'
POINTER = '{"schema":"pointer/1","active":"p-1","profile":"p"}'


def look(home: Path | str) -> HomeState:
    return home_state(SYSTEM, HomeLayout(str(home), SYSTEM.computer.family))


def fill(home: Path, *names: str, **texts: str) -> None:
    for name in names:
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts.get("text", "mine"))


def test_a_new_or_an_empty_folder_may_become_one(tmp_path: Path) -> None:
    for home in (tmp_path, tmp_path / "not" / "yet"):
        assert look(home).refused is None and not look(home).ours


@pytest.mark.parametrize(
    "names",
    [
        ("thesis.docx",),
        ("cache/x", "thesis.docx"),
        ("UnslothSetup/journal.jsonl",),
        (".hidden",),
        ("journal.jsonl", "photo.jpg"),
        ("active.json", "package.json"),
        ("unsloth-setup-home.json", "photo.jpg"),
        ("envs/mine/pyvenv.cfg", "models/m.bin"),
        ("Cache/x",),
    ],
)
def test_a_folder_with_other_files_is_refused_and_not_touched(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    fill(tmp_path, *names)
    before = {p: p.lstat().st_mtime_ns for p in (tmp_path, *tmp_path.rglob("*"))}
    if sys.platform == "win32" and names == ("Cache/x",):
        pytest.skip("names are the same in small letters there")
    assert look(tmp_path).refused == "not-empty"
    assert {p: p.lstat().st_mtime_ns for p in (tmp_path, *tmp_path.rglob("*"))} == before


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("journal.jsonl", JOURNAL),
        ("journal.jsonl", "garbage\n" + JOURNAL),
        ("journal.jsonl", JOURNAL + '{"at":"2026'),
        ("journal.jsonl", JOURNAL.replace('"run"', '"new":{"field":1},"run"')),
        ("active.json", POINTER),
        ("active.json", POINTER.replace('"profile"', '"newer":1,"profile"')),
        ("unsloth-setup-home.json", '{"schema":"home/1"}'),
        ("unsloth-setup-home.json", '{"schema":"home/7","more":[]}'),
    ],
)
def test_a_home_is_known_by_each_of_its_papers(tmp_path: Path, name: str, text: str) -> None:
    """Whatever else a person keeps in it."""
    (tmp_path / name).write_text(text)
    fill(tmp_path, "thesis.docx")
    assert look(tmp_path).ours and look(tmp_path).refused is None
    assert look(tmp_path).marked is (name == "unsloth-setup-home.json")


def test_a_home_is_known_when_it_holds_only_what_its_first_version_made(tmp_path: Path) -> None:
    fill(tmp_path, "wheels/x.whl", "cache/y", "logs/1.log", "running.lock")
    assert look(tmp_path).ours and not look(tmp_path).marked


@pytest.mark.skipif(sys.platform == "win32", reason="folders of POSIX")
@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/", "drive-root"),
        ("//", "drive-root"),
        ("/usr/..", "drive-root"),
        ("/usr", "system"),
        ("/usr/bin/x", "system"),
        ("/etc/unsloth", "system"),
        ("/proc", "drive-root"),
        ("/var", "system"),
        ("/opt", "system"),
        ("/opt/unsloth-setup", None),
        ("~", "profile"),
        ("~/", "profile"),
        ("~/UnslothSetup", None),
    ],
)
def test_places_where_no_home_is_made(path: str, why: str | None) -> None:
    whole = str(Path.home()) + path[1:] if path.startswith("~") else path
    found = place_refused(SYSTEM, HomeLayout(whole, SYSTEM.computer.family))
    assert found == why


class Elsewhere:
    """A Windows PC's adapters, as far as the place of a home asks for them."""

    class Computer:
        family = "windows"

        def known_folder(self, name: str) -> str | None:
            return {
                "profile": "C:\\Users\\Jürgen",
                "documents": "D:\\Papers",
                "windows": "C:\\Windows",
                "program-files": "C:\\Program Files",
            }.get(name)

        def variables(self) -> dict[str, str]:
            return {"ProgramData": "C:\\ProgramData", "SystemRoot": "C:\\WINDOWS"}

    class Files:
        def __init__(self, locks: bool) -> None:
            self._locks = locks

        def disk(self, path: str) -> None:
            return None

        def locks(self, path: str) -> bool:
            return self._locks

    def __init__(self, locks: bool = True) -> None:
        self.computer, self.files = self.Computer(), self.Files(locks)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("C:\\", "drive-root"),
        ("d:/", "drive-root"),
        ("\\\\?\\E:\\", "drive-root"),
        ("\\\\server\\share", "drive-root"),
        ("\\\\server\\share\\", "drive-root"),
        ("\\\\server\\share\\setup", None),
        ("C:\\Users\\jürgen", "profile"),
        ("c:/users/JÜRGEN/", "profile"),
        ("C:\\Users", "profile"),
        ("d:\\papers", "profile"),
        ("C:\\Users\\Jürgen\\AppData\\Local\\UnslothSetup", None),
        ("C:\\windows\\System32\\x", "system"),
        ("C:\\Program Files", "system"),
        ("C:\\Program Files\\UnslothSetup", None),
        ("C:\\ProgramData", "system"),
        ("C:\\ProgramData\\UnslothSetup", None),
        ("C:\\Windows Old", None),
    ],
)
def test_places_where_no_home_is_made_on_windows(path: str, why: str | None) -> None:
    assert place_refused(Elsewhere(), HomeLayout(path, "windows")) == why  # type: ignore[arg-type]


def test_a_disk_without_locks_is_no_place() -> None:
    place = HomeLayout("\\\\server\\share\\setup", "windows")
    assert place_refused(Elsewhere(locks=False), place) == "no-locks"  # type: ignore[arg-type]
