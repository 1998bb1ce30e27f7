"""What a killed single file left in the folder for temporary files goes with a later start.

Nothing else does.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from build.packing import sweep

pytestmark = pytest.mark.windows


def unpacked(place: Path, name: str, age: float = 3600.0) -> Path:
    """A folder as a single file of this program leaves it, ``age`` seconds old."""
    folder = place / name
    (folder / "PySide6" / "plugins").mkdir(parents=True)
    (folder / "PySide6" / "plugins" / "qwindows.dll").write_bytes(b"MZ")
    (folder / "python313.dll").write_bytes(b"MZ")
    mark = folder / sweep.MARK
    mark.write_bytes(sweep.TEXT)
    then = time.time() - age
    os.utime(mark, (then, then))
    return folder


def test_what_a_killed_one_left_is_removed(tmp_path: Path) -> None:
    own, old = unpacked(tmp_path, "_MEI1"), unpacked(tmp_path, "_MEI2")
    assert sweep.sweep(str(tmp_path), str(own)) == [str(old)]
    assert own.is_dir()
    assert not old.exists()


@pytest.mark.parametrize("what", ["no mark", "another mark", "being unpacked", "another name"])
def test_what_is_not_surely_left_over_stays(tmp_path: Path, what: str) -> None:
    folder = unpacked(tmp_path, "MEI2" if what == "another name" else "_MEI2")
    mark = folder / sweep.MARK
    if what == "no mark":
        mark.unlink()
    elif what == "another mark":
        mark.write_bytes(b"somebody else's\n")
        os.utime(mark, (1.0, 1.0))
    elif what == "being unpacked":
        os.utime(mark)
    before = sorted(p.name for p in folder.rglob("*"))
    assert sweep.sweep(str(tmp_path), str(tmp_path / "_MEI1")) == []
    assert sorted(p.name for p in folder.rglob("*")) == before


def test_the_folder_of_a_running_one_stays_until_it_ends(tmp_path: Path) -> None:
    folder = unpacked(tmp_path, "_MEI2")
    program = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "from build.packing import sweep\n"
        "print(sweep.hold(sys.argv[1]), flush=True); sys.stdin.read()"
    )
    root = str(Path(__file__).resolve().parents[2])
    with subprocess.Popen(
        [sys.executable, "-c", program, str(folder), root],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "True"
        assert sweep.sweep(str(tmp_path), str(tmp_path / "_MEI1")) == []
        assert (folder / "python313.dll").is_file()
        child.kill()
    assert sweep.sweep(str(tmp_path), str(tmp_path / "_MEI1")) == [str(folder)]


def test_one_that_cannot_be_removed_whole_waits_for_the_next_start(tmp_path: Path) -> None:
    folder = unpacked(tmp_path, "_MEI2")
    with (folder / "python313.dll").open("rb"):  # in use: Windows lets nobody delete it
        assert sweep.sweep(str(tmp_path), str(tmp_path / "_MEI1")) == []
        assert (folder / sweep.MARK).is_file()
    assert sweep.sweep(str(tmp_path), str(tmp_path / "_MEI1")) == [str(folder)]
