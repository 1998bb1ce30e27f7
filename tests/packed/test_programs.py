"""The packed programs themselves, under Wine.

The command line, the window walked by keys, a second start, what a killed one leaves.

Needs ``dist/`` from ``build/make_exe.py`` and the lab; ``build/test.py`` makes both. Pictures of
the walk go to ``dist/records/pictures/``.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from build import windows_lab
from build.packing import sweep
from tests.packed.screen import (
    FORMS,
    KILL,
    MACHINE,
    NEEDS_PROGRAMS,
    PICTURES,
    STAGES,
    console,
    end,
    lab,
    press,
    running,
    until,
    wait_for,
    windows,
)

pytestmark = NEEDS_PROGRAMS


@pytest.mark.parametrize("form", FORMS)
def test_detect_prints_a_machine_file(form: str) -> None:
    seen = console(form, "detect", "--json")
    assert seen.returncode == 0, seen.stderr
    facts = json.loads(seen.stdout)
    assert (facts["schema"], facts["os"]["family"], facts["os"]["arch"]) == (
        "machine/1",
        "windows",
        "x86_64",
    )
    notes = {note["about"]: note["text"] for note in facts["notes"]}
    # the lab has no uv of its own on the search path: what was looked for and not found is said
    for tool in ("git", "cmake", "uv"):
        assert facts["tools"].get(tool) or notes[f"tools.{tool}"], tool


def test_the_uv_beside_the_program_runs() -> None:
    uv = FORMS["folder"] / "_internal" / "uv" / "uv.exe"
    seen = lab("exec", str(uv), "--version")
    assert seen.returncode == 0, seen.stderr
    assert re.match(r"uv \d+\.\d+\.\d+", seen.stdout)


@pytest.mark.parametrize("form", FORMS)
def test_plan_for_another_machine(form: str) -> None:
    seen = console(form, "plan", "--json", "--machine", MACHINE)
    assert seen.returncode == 0, seen.stderr
    plan = json.loads(seen.stdout)
    assert plan["schema"] == "plan/1"
    assert plan["profile"] == "torch28-2025.11"


def test_the_single_file_knows_what_the_folder_knows() -> None:
    """Its data files lie unopened in it: what they hold reads the same as from the folder's plain
    files.
    """
    for arguments in (
        ("profiles", "--json"),
        ("plan", "--json", "--machine", "resources/machines/wsl-rtx3060.json"),
    ):
        seen = [console(form, *arguments) for form in FORMS]
        assert [s.returncode for s in seen] == [0, 0], seen[1].stderr
        assert seen[0].stdout == seen[1].stdout
    assert len(json.loads(console("single", "profiles", "--json").stdout)) == 7


def test_bad_input_is_one_sentence_and_code_2() -> None:
    seen = console("folder", "plan", "--machine", "no such file.json")
    assert seen.returncode == 2
    assert seen.stdout == ""
    assert "no such file.json" in seen.stderr
    assert "Traceback" not in seen.stderr


@pytest.fixture
def program(request: pytest.FixtureRequest) -> Iterator[int]:
    """The window of one form on a simulated machine, on the lab's screen."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    started = lab("start-exe", str(FORMS[request.param] / "UnslothSetup.exe"), "--machine", MACHINE)
    process = int(started.stdout.split()[-1])
    yield process
    if running(process):
        os.kill(process, 15)


@pytest.mark.parametrize("program", ["folder"], indirect=True)
def test_the_window_is_walked_to_the_end_by_keys(program: int) -> None:
    for number, title in enumerate(STAGES):
        wait_for(title)
        time.sleep(1.5)  # the page fills in
        lab("screenshot", str(PICTURES / f"{number + 1}.png"))
        if title != "Ready":
            press("Return")
    assert end(program), "closing the window on the last page did not end the program"


@pytest.mark.parametrize("program", ["single"], indirect=True)
def test_the_single_file_opens_its_window_and_closes(program: int) -> None:
    wait_for("Welcome")
    lab("screenshot", str(PICTURES / "single.png"))
    assert end(program)


def test_a_later_start_sweeps_up_after_a_killed_one_alone() -> None:
    """Of three folders that a start meets, the killed one's goes; a running one's and another
    program's stay.
    """
    temporary = windows_lab.LAB / "prefix/drive_c/users/root/AppData/Local/Temp"
    for left in temporary.glob("_MEI*"):
        shutil.rmtree(left)
    single = str(FORMS["single"] / "UnslothSetup.exe")
    killed = int(lab("start-exe", single, "--machine", MACHINE).stdout.split()[-1])
    wait_for("Welcome")
    for process in single_files():
        os.kill(process, KILL)
    until("the killed one is gone", lambda: not running(killed) and not windows())
    [left] = temporary.glob("_MEI*")
    foreign = temporary / "_MEI99999"
    shutil.copytree(left, foreign)
    (foreign / sweep.MARK).write_bytes(b"another program's\n")
    alive = int(lab("start-exe", single, "--machine", MACHINE).stdout.split()[-1])
    wait_for("Welcome")
    assert left.is_dir(), "one that may still be unpacking was taken"
    for folder in temporary.glob("_MEI*"):  # an hour later
        os.utime(folder / sweep.MARK, (time.time() - 3600,) * 2)
    try:
        seen = console("single", "detect", "--json")
        assert seen.returncode == 0, seen.stderr
        until("the left folder is swept", lambda: sweeps(left))
        assert foreign.is_dir()
        assert running(alive)
        assert len(list(temporary.glob("_MEI*"))) == 2
    finally:
        assert end(alive)
        shutil.rmtree(foreign)
    assert list(temporary.glob("_MEI*")) == []


def sweeps(left: Path) -> bool:
    """One more start of the command line, after which ``left`` may be gone."""
    console("single", "profiles", "--json")
    return not left.exists()


def single_files() -> list[int]:
    """Processes of the single window program, whichever forked them."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes()
                if b"single" in words and b"UnslothSetup.exe" in words and b"bash" not in words:
                    found.append(int(entry.name))
    return found


def test_a_second_one_leaves_the_first_alone() -> None:
    """On this computer itself, single file: the second sees the first's mutex and ends with code 0."""
    single = str(FORMS["single"] / "UnslothSetup.exe")
    first = int(lab("start-exe", single).stdout.split()[-1])
    try:
        wait_for("Welcome")
        second = lab("run-exe", single, limit=90)
        assert second.returncode == 0, second.stderr
        assert running(first)
        assert len(windows()) == 1
        assert end(first)
    finally:
        if running(first):
            os.kill(first, 15)


READ = """
import json, pefile, sys
found = {}
for path in sys.argv[1:]:
    pe = pefile.PE(path)
    strings = {k.decode(): v.decode() for info in pe.FileInfo[0] if hasattr(info, "StringTable")
               for table in info.StringTable for k, v in table.entries.items()}
    kinds = {entry.id: entry for entry in pe.DIRECTORY_ENTRY_RESOURCE.entries}
    leaf = kinds[24].directory.entries[0].directory.entries[0].data.struct
    manifest = pe.get_data(leaf.OffsetToData, leaf.Size).decode()
    found[path.replace(chr(92), "/").rpartition("/")[2]] = [strings, manifest, 3 in kinds, pe.OPTIONAL_HEADER.Subsystem]
print(json.dumps(found))
"""


@pytest.mark.parametrize("form", FORMS)
def test_version_icon_and_manifest_are_in_the_programs(form: str) -> None:
    names = ["UnslothSetup.exe", "unsloth-setup.exe"]
    seen = lab("python", "-c", READ, *(str(FORMS[form] / n) for n in names))
    assert seen.returncode == 0, seen.stderr
    found = json.loads(seen.stdout)
    for name, subsystem in zip(names, (2, 3), strict=True):  # 2 window, 3 console
        strings, manifest, icon, kind = found[name]
        assert strings["OriginalFilename"] == name
        assert strings["ProductName"] == "Unsloth Setup"
        assert re.fullmatch(r"\d+\.\d+\.\d+", strings["ProductVersion"])
        assert "PerMonitorV2" in manifest
        assert "longPathAware" in manifest
        assert 'level="asInvoker"' in manifest
        assert icon
        assert kind == subsystem


def test_nothing_of_the_tests_or_of_this_machine_is_inside() -> None:
    inside = [p.relative_to(FORMS["folder"]).as_posix() for p in FORMS["folder"].rglob("*")]
    assert "_internal/uv/uv.exe" in inside
    assert any(p.startswith("_internal/resources/profiles/") for p in inside)
    assert not [
        p
        for p in inside
        if "test" in p.lower().rpartition("/")[2] and not p.startswith("_internal/resources")
    ]
