"""The installers under Wine.

Silent and by keys, over older, newer and running ones, with registry and files compared before and
after.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from build import make_installer, windows_lab
from build.packing import records
from tests.packed.screen import (
    DIST,
    FORMS,
    NEEDS_PROGRAMS,
    PICTURES,
    end,
    lab,
    press,
    running,
    until,
    wait_for,
    windows,
)

pytestmark = NEEDS_PROGRAMS
DRIVE = windows_lab.LAB / "prefix/drive_c"
PROGRAMS = DRIVE / "users/root/AppData/Local/Programs/UnslothSetup"
MACHINE_WIDE = DRIVE / "Program Files/UnslothSetup"
HOME = DRIVE / "users/root/AppData/Local/UnslothSetup"
MENU = DRIVE / "users/root/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Unsloth Setup.lnk"
COMMON_MENU = DRIVE / "ProgramData/Microsoft/Windows/Start Menu/Programs/Unsloth Setup.lnk"
KEY = r"Software\Microsoft\Windows\CurrentVersion\Uninstall\UnslothSetup"
CAPTION = r"^Unsloth Setup [0-9.]+"
DONE, CANCELLED, NOT_WRITTEN, NEWER, RUNNING, NOT_PURGED = range(6)

REGISTRY = r"""
import json, sys, winreg
found = {}
def walk(root, name, path):
    try:
        with winreg.OpenKey(root, path, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY) as key:
            keys, values, _ = winreg.QueryInfoKey(key)
            read = [winreg.EnumValue(key, i) for i in range(values)]
            inner = [winreg.EnumKey(key, i) for i in range(keys)]
    except OSError:  # gone meanwhile, or not for reading
        return
    found[name + path] = {n: repr(d) for n, d, _ in read}
    for one in inner:
        walk(root, name, (path + "\\" if path else "") + one)
for root, name, path in ((winreg.HKEY_CURRENT_USER, "HKCU:", ""), (winreg.HKEY_LOCAL_MACHINE, "HKLM:", "Software\\Microsoft")):
    walk(root, name, path)
sys.stdout.write(json.dumps(found))
"""


def registry() -> dict[str, dict[str, str]]:
    """Every key and value of this user, and of the computer below Microsoft's key."""
    seen = lab("python", "-c", REGISTRY)
    assert seen.returncode == 0, seen.stderr
    found: dict[str, dict[str, str]] = json.loads(seen.stdout)
    # Wine itself writes down there what any program asks of the desktop; and what every Windows has,
    # the list of installed programs, it makes with the first of them
    listed = KEY.rpartition("\\")[0]
    return {
        k: v
        for k, v in found.items()
        if not k.startswith(r"HKCU:Software\Wine") and k.partition(":")[2] != listed
    }


def files() -> dict[str, int]:
    """Every file of every user's folders and of the program folders, with its size."""
    found = {}
    for top in ("users", "Program Files", "ProgramData"):
        for path in (DRIVE / top).rglob("*"):
            name = path.relative_to(DRIVE).as_posix()
            if path.is_file() and not path.is_symlink() and "/Temp/" not in name:
                found[name] = path.stat().st_size
    return found


def entry(hive: str = "HKCU") -> dict[str, str]:
    """What *Installed apps* knows of the program."""
    return registry().get(f"{hive}:{KEY}", {})


def run(program: Path, *arguments: str) -> int:
    """Run an installer or an uninstaller to its end; its exit code."""
    return lab("run-exe", str(program), *arguments, limit=300).returncode


def remove(folder: Path = PROGRAMS, *arguments: str) -> int:
    """Uninstall silently, waiting for it: started in its own place it does not hand over to a copy.
    (A folder with a space in its name cannot be told so through Wine's quoting.)
    """
    place = "C:" + str(folder.relative_to(DRIVE).as_posix()).join(("/", "")).replace("/", "\\")
    code = run(folder / "uninstall.exe", "/S", *arguments, f"_?={place}")
    if code == DONE:  # a program cannot delete itself, as its copy would
        (folder / "uninstall.exe").unlink(missing_ok=True)
        if not list(folder.iterdir()):
            folder.rmdir()
    return code


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    """No installed program before and after."""
    yield
    if windows():  # a test that failed left it there
        press("alt+F4")
        until("the program has closed", lambda: not windows(), 30)
    for folder in (PROGRAMS, MACHINE_WIDE):
        uninstaller = folder / "uninstall.exe"
        if uninstaller.is_file():
            run(uninstaller, "/S")
            until("the uninstaller is through", partial(_is_gone, uninstaller))
        shutil.rmtree(folder, ignore_errors=True)


def _is_gone(path: Path) -> bool:
    return not path.exists()


@pytest.fixture(scope="module")
def installers() -> dict[bool, Path]:
    """The installers of the program in ``dist/``, as ``build/make_installer.py`` made them; by
    whether they are for everybody.
    """
    version = json.loads((DIST / "records/sizes.json").read_text("utf-8"))["version"]
    made = {w: DIST / make_installer.installer_name(version, w) for w in (False, True)}
    if not made[False].is_file():
        pytest.skip("dist/ has no installer: python build/make_installer.py makes it")
    return made


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A folder of the same shape that is quickly packed: both programs are a console launcher."""
    import pip

    folder = tmp_path / "small"
    (folder / "_internal/deep").mkdir(parents=True)
    for name in ("UnslothSetup.exe", "unsloth-setup.exe"):
        shutil.copy(Path(pip.__file__).parent / "_vendor/distlib/w64.exe", folder / name)
    (folder / "_internal/LICENSE").write_text("licence\n", "ascii")
    (folder / "_internal/deep/a $b Grüße.txt").write_text("1\n", "ascii")
    return folder


def pack(folder: Path, version: str, everybody: bool = False) -> Path:
    """An installer of a folder, beside it."""
    target = folder.parent / make_installer.installer_name(version, everybody)
    make_installer.make(folder, version, everybody, target)
    return target


def test_two_builds_of_one_folder_are_equal(small: Path, tmp_path: Path) -> None:
    first = pack(small, "1.0.0").read_bytes()
    again = tmp_path / "elsewhere" / "small"
    shutil.copytree(small, again)
    for path in again.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    assert pack(again, "1.0.0").read_bytes() == first
    (again / "_internal/LICENSE").write_text("another\n", "ascii")
    assert pack(again, "1.0.0").read_bytes() != first


def test_silently_installed_used_and_removed(installers: dict[bool, Path]) -> None:
    before = registry(), files()
    assert run(installers[False], "/S") == DONE
    folder = FORMS["folder"]
    wanted = {
        p.relative_to(folder).as_posix(): records.sha256(p) for p in records.files_below(folder)
    }
    there = {p.relative_to(PROGRAMS).as_posix(): p for p in records.files_below(PROGRAMS)}
    assert set(there) == {*wanted, "uninstall.exe"}
    assert all(records.sha256(there[name]) == digest for name, digest in wanted.items())
    registered = entry()
    assert registered["DisplayName"] == "'Unsloth Setup'"
    assert re.fullmatch(r"'\d+\.\d+\.\d+'", registered["DisplayVersion"])
    assert registered["Publisher"] == "'Unsloth Setup Wizard contributors'"
    assert registered["QuietUninstallString"].endswith("uninstall.exe\" /S'")
    size = sum(p.stat().st_size for p in records.files_below(folder)) // 1024
    assert int(registered["EstimatedSize"]) == size
    assert MENU.is_file()
    assert "UnslothSetup.exe".encode("utf-16-le") in MENU.read_bytes()
    seen = lab("exec", str(PROGRAMS / "unsloth-setup.exe"), "--version")
    assert seen.stdout.split()[-1] == registered["DisplayVersion"].strip("'"), seen.stderr
    assert remove() == DONE
    after = registry(), files()
    assert {k for k in after[0].keys() ^ before[0].keys() if "Unsloth" in k} == set()
    assert after[0].keys() ^ before[0].keys() == set()
    assert after[1] == before[1]


def test_the_copy_that_removes_itself_leaves_nothing(small: Path) -> None:
    """As *Installed apps* starts it: it hands over to a copy of itself, which takes it away too."""
    assert run(pack(small, "1.0.0"), "/S") == DONE
    assert run(PROGRAMS / "uninstall.exe", "/S") == DONE
    until("the folder is gone", lambda: not PROGRAMS.exists(), 60)
    assert entry() == {}


def test_an_upgrade_leaves_no_old_file_and_no_other_is_touched(small: Path) -> None:
    (small / "_internal/old.txt").write_text("old", "ascii")
    assert run(pack(small, "1.0.0"), "/S") == DONE
    (PROGRAMS / "_internal/mine.txt").write_text("a person's own", "ascii")
    (small / "_internal/old.txt").unlink()
    (small / "_internal/new.txt").write_text("new", "ascii")
    assert run(pack(small, "1.10.0"), "/S") == DONE
    there = {p.relative_to(PROGRAMS).as_posix() for p in PROGRAMS.rglob("*") if p.is_file()}
    assert "_internal/old.txt" not in there
    assert {"_internal/new.txt", "_internal/mine.txt", "_internal/deep/a $b Grüße.txt"} <= there
    assert entry()["DisplayVersion"] == "'1.10.0'"
    assert remove() == DONE
    assert (PROGRAMS / "_internal/mine.txt").read_text("ascii") == "a person's own"


def test_an_older_one_is_refused_unless_asked_for(small: Path) -> None:
    older, newer = pack(small, "1.9.0"), pack(small, "1.10.0")
    assert run(newer, "/S") == DONE
    before = registry(), files()
    assert run(older, "/S") == NEWER
    assert (registry(), files()) == before
    assert run(older, "/S", "/DOWNGRADE") == DONE
    assert entry()["DisplayVersion"] == "'1.9.0'"


def test_it_goes_to_the_place_that_is_asked_for_and_upgrades_there(small: Path) -> None:
    place = DRIVE / "users/root/Programme-Jürgen"
    assert run(pack(small, "1.0.0"), "/S", r"/D=C:\users\root\Programme-Jürgen") == DONE
    assert (place / "UnslothSetup.exe").is_file()
    assert run(pack(small, "1.1.0"), "/S") == DONE
    assert entry()["InstallLocation"].endswith("rgen'")
    assert not PROGRAMS.exists()
    assert remove(place) == DONE
    assert not place.exists()


def test_a_running_program_ends_a_silent_run_and_goes_on(installers: dict[bool, Path]) -> None:
    assert run(installers[False], "/S") == DONE
    process = int(lab("start-exe", str(PROGRAMS / "UnslothSetup.exe")).stdout.split()[-1])
    try:
        wait_for("Welcome")
        before = registry(), files()
        assert run(installers[False], "/S") == RUNNING
        assert remove() == RUNNING
        assert running(process)
        assert (registry().keys(), files()) == (before[0].keys(), before[1])
    finally:
        end(process)
    assert remove() == DONE


def test_by_keys_over_a_running_program_and_away_again(installers: dict[bool, Path]) -> None:
    """License, folder, files; the running program is asked to close and does; the last page starts
    the new one; the uninstaller names what is there and has no tick set.
    """
    PICTURES.mkdir(parents=True, exist_ok=True)
    assert run(installers[False], "/S") == DONE
    stamp = PROGRAMS / "_internal/LICENSE"
    before = stamp.stat().st_mtime_ns
    process = int(lab("start-exe", str(PROGRAMS / "UnslothSetup.exe")).stdout.split()[-1])
    wait_for("Welcome")
    lab("start-exe", str(installers[False]))
    until("the installer's window", lambda: titles(CAPTION))
    picture("installer-1-licence")
    press("Return", CAPTION)
    picture("installer-2-folder")
    press("Return", CAPTION)
    until("the question about the running program", lambda: len(titles(CAPTION)) > 1)
    picture("installer-3-running")
    press_dialog("Return")
    until("the program is asked and goes", lambda: not running(process))
    until("the files are new", lambda: stamp.is_file() and stamp.stat().st_mtime_ns != before)
    until("the entry", MENU.is_file)
    picture("installer-4-files", seconds=3)
    press("Return", CAPTION)
    picture("installer-5-finish")
    press("Return", CAPTION)
    wait_for("Welcome")
    press("alt+F4")
    until("the program has closed", lambda: not windows())
    lab("start-exe", str(PROGRAMS / "uninstall.exe"))
    until("the uninstaller's window", lambda: titles(CAPTION))
    picture("uninstaller-1-choice", seconds=6)
    press("Return", CAPTION)
    until("the program is gone", lambda: not PROGRAMS.exists())
    picture("uninstaller-2-files", seconds=3)
    press("Return", CAPTION)
    until("the uninstaller has closed", lambda: not titles(CAPTION))
    assert entry() == {}
    assert not MENU.exists()


def test_purging_takes_what_the_journal_names_and_nothing_else(
    installers: dict[bool, Path],
) -> None:
    assert run(installers[False], "/S") == DONE
    made = lab("exec", str(PROGRAMS / "unsloth-setup.exe"), "report")
    assert made.returncode == 0, made.stderr
    assert list((HOME / "reports").glob("*.zip"))
    (HOME / "my notes.txt").write_text("a person's own", "ascii")
    assert remove() == DONE
    assert list((HOME / "reports").glob("*.zip")), "a silent uninstall took what it was not told to"
    assert run(installers[False], "/S") == DONE
    assert remove(PROGRAMS, "/PURGE") == DONE
    assert (HOME / "my notes.txt").read_text("ascii") == "a person's own"
    assert not list(HOME.glob("reports/*.zip"))
    shutil.rmtree(HOME)


def test_for_everybody_it_goes_to_the_computers_own_places(small: Path) -> None:
    before = registry(), files()
    assert run(pack(small, "1.0.0", everybody=True), "/S") == DONE
    assert (MACHINE_WIDE / "UnslothSetup.exe").is_file()
    assert not PROGRAMS.exists()
    assert COMMON_MENU.is_file()
    assert entry("HKLM")["DisplayVersion"] == "'1.0.0'"
    assert entry() == {}
    assert run(pack(small, "1.1.0", everybody=True), "/S") == DONE
    assert entry("HKLM")["DisplayVersion"] == "'1.1.0'"
    assert run(MACHINE_WIDE / "uninstall.exe", "/S") == DONE
    until("the folder is gone", lambda: not MACHINE_WIDE.exists(), 60)
    after = registry(), files()
    assert after[0].keys() ^ before[0].keys() == set()
    assert after[1] == before[1]


def test_each_installer_asks_for_the_rights_it_needs(installers: dict[bool, Path]) -> None:
    for everybody, level in ((False, b"asInvoker"), (True, b"requireAdministrator")):
        assert b'requestedExecutionLevel level="' + level in installers[everybody].read_bytes()


def titles(pattern: str) -> list[str]:
    """Titles of visible windows that fit."""
    seen = lab("xdo", "search", "--onlyvisible", "--name", pattern, "getwindowname", "%@")
    return [line for line in seen.stdout.splitlines() if re.search(pattern, line)]


def press_dialog(key: str) -> None:
    """A key press in whatever window is on top, which a message box is."""
    seen = lab("xdo", "search", "--onlyvisible", "--name", CAPTION).stdout.split()
    lab("xdo", "windowfocus", "--sync", seen[-1], "key", "--clearmodifiers", key)


def picture(name: str, seconds: float = 1.5) -> None:
    """A picture for people, taken when the window has had time to draw."""
    import time

    time.sleep(seconds)
    lab("screenshot", str(PICTURES / f"{name}.png"))
