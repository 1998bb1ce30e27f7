"""The task bar's progress, against the real COM object."""

from __future__ import annotations

import subprocess
import sys

import pytest

from app.adapters.windows.taskbar import FLAGS, TaskBar, thousandths


@pytest.mark.posix
def test_elsewhere_it_does_nothing_and_says_so() -> None:
    bar = TaskBar()
    assert not bar.available
    assert bar.show(0, "normal", 1, 2) is False


@pytest.mark.parametrize(
    ("done", "total", "wanted"), [(0, 7, 0), (3.5, 7, 500), (7, 7, 1000), (9, 7, 1000), (-1, 7, 0)]
)
def test_progress_stays_on_the_bar(done: float, total: float, wanted: int) -> None:
    assert thousandths(done, total) == wanted


WINDOW = """
import ctypes, sys
from app.adapters.windows.taskbar import TaskBar, FLAGS
user = ctypes.windll.user32
user.CreateWindowExW.restype = ctypes.c_void_p
window = user.CreateWindowExW(0, "STATIC", "task bar test", 0x10CF0000, 0, 0, 200, 100, None, None, None, None)
bar = TaskBar()
print(bar.available, bool(window), [bar.show(window, state, 3, 10) for state in FLAGS])
"""


@pytest.mark.windows
def test_every_state_reaches_the_object_and_nothing_crashes() -> None:
    """In a process of its own: a wrong slot of the table would end it."""
    seen = subprocess.run(
        [sys.executable, "-c", WINDOW], capture_output=True, text=True, check=False, timeout=60
    )
    assert seen.returncode == 0, seen.stderr
    answers = seen.stdout.split(" ", 2)
    assert answers[:2] == ["True", "True"], seen.stdout
    assert answers[2].strip() in {str([True] * len(FLAGS)), str([False] * len(FLAGS))}, seen.stdout
