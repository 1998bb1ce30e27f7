"""One window at a time, seen from two processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.adapters.processes.single_instance import Single, show_other

OTHER = """
import sys
from app.adapters.processes.single_instance import Single
with Single(sys.argv[1]) as mine:
    print(mine.first, flush=True)
    sys.stdin.read()
"""


def start_other(name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", OTHER, name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def first_line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def test_the_second_process_knows_that_it_is_not_the_first() -> None:
    name = f"single-{os.getpid()}"
    with Single(name) as mine:
        assert mine.first
        other = start_other(name)
        assert first_line(other) == "False"
        other.communicate()
    with Single(name) as again:
        assert again.first, "the name was not freed"


def test_a_killed_process_keeps_nobody_out() -> None:
    name = f"single-killed-{os.getpid()}"
    other = start_other(name)
    assert first_line(other) == "True"
    with Single(name) as mine:
        assert not mine.first
    other.kill()
    other.communicate()
    with Single(name) as again:
        assert again.first


def test_different_names_do_not_meet() -> None:
    with Single(f"one-{os.getpid()}") as one, Single(f"two-{os.getpid()}") as two:
        assert one.first
        assert two.first


@pytest.mark.parametrize("name", [r"home-C:\Users\Jürgen\x", "home-/a/b", "x" * 400])
def test_a_name_may_hold_a_path(name: str) -> None:
    with Single(name) as mine, Single(name) as second:
        assert mine.first
        assert not second.first


def test_no_window_of_that_title_is_no_fault() -> None:
    assert show_other("no window has this title 4711") is False


@pytest.mark.posix
@pytest.mark.skipif(sys.platform == "win32", reason="a mutex needs no folder")
@pytest.mark.parametrize("how", ["a link of somebody else", "no folder"])
def test_where_no_lock_can_be_had_the_window_opens_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The folder is everybody's: a file or link put there by another user must neither be followed
    nor keep the window shut.
    """
    folder = tmp_path / "run"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    if sys.platform != "win32" and how != "no folder":  # said once more for the types of Windows
        folder.mkdir()
        (folder / f"{Single('x').name}-{os.getuid()}.lock").symlink_to(tmp_path / "precious")
    with Single("x") as mine:
        assert mine.first
    assert not (tmp_path / "precious").exists()
