"""The packed programs on the lab's screen.

Start them, press keys, take pictures, and wait for what they show.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from build import start, windows_lab

DIST = start.ROOT / "dist"
PICTURES = DIST / "records" / "pictures"
MACHINE = "resources/machines/rtx3090-windows.json"
FORMS = {"folder": DIST / "UnslothSetup", "single": DIST / "single"}
KILL = 9  # SIGKILL, a name that Windows types do not have
STAGES = ["Welcome", "This PC", "Setup", "Clean-up", "Plan", "It works", "Ready"]

NEEDS_PROGRAMS = [
    pytest.mark.posix,
    pytest.mark.slow,
    pytest.mark.skipif(
        not all((f / "UnslothSetup.exe").is_file() for f in FORMS.values()),
        reason="dist/ is not there: python build/make_exe.py makes it",
    ),
    pytest.mark.skipif(
        not (windows_lab.LAB / "prefix/.winlab-ready").exists(),
        reason="the Windows lab is not set up",
    ),
]


def lab(verb: str, *arguments: str, limit: float = 120.0) -> subprocess.CompletedProcess[str]:
    """One call of winlab.sh. Windows shall be seen, so the suite's offscreen platform does not
    reach them.
    """
    env = {k: v for k, v in windows_lab.environment().items() if k != "QT_QPA_PLATFORM"}
    return subprocess.run(
        windows_lab.command(verb, *arguments),
        cwd=start.ROOT,
        env=env,
        text=True,
        encoding="utf-8",
        errors="replace",
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=limit,
    )


def console(form: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line program of one form."""
    return lab("exec", str(FORMS[form] / "unsloth-setup.exe"), *arguments)


def windows() -> list[str]:
    """Titles of the program's visible windows on the lab's screen."""
    seen = lab("xdo", "search", "--onlyvisible", "--name", "Unsloth Setup$", "getwindowname", "%@")
    return [line for line in seen.stdout.splitlines() if line.endswith("Unsloth Setup")]


def wait_for(title: str, seconds: float = 90.0) -> None:
    """Wait until a window of that page stands."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if any(t.startswith(title) for t in windows()):
            return
        time.sleep(0.3)
    raise AssertionError(f"no window {title!r}; there are {windows()}")


def running(process: int) -> bool:
    """Whether a process that winlab.sh started goes on."""
    with contextlib.suppress(OSError):
        return (
            "Z"
            not in Path(f"/proc/{process}/stat")
            .read_text("ascii", "replace")
            .rpartition(")")[2]
            .split()[0]
        )
    return False


def press(key: str, window: str = "Unsloth Setup$") -> None:
    """A real key press in the window whose title fits; there is no window manager, so the focus is
    given first.
    """
    found = ("search", "--onlyvisible", "--name", window)
    lab("xdo", *found, "windowfocus", "--sync", "key", "--clearmodifiers", key)


def until(what: str, seen: Callable[[], object], seconds: float = 120.0) -> None:
    """Wait until ``seen`` says yes; past the time it fails and names ``what``."""
    deadline = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < deadline, f"{what}: not seen in {seconds:.0f} s"
        time.sleep(0.3)


def end(process: int, seconds: float = 30.0) -> bool:
    """Close the program as a person does (Alt+F4); whether it went by itself. What stays is ended."""
    press("alt+F4")
    deadline = time.monotonic() + seconds
    while running(process) and time.monotonic() < deadline:
        time.sleep(0.2)
    left = running(process)
    with contextlib.suppress(OSError):
        if left:
            os.kill(process, KILL)
    return not left
