"""The window on Windows' own platform.

It stands, closes on WM_CLOSE, and a second start brings the first to the front.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.windows, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
MACHINE = ROOT / "resources/machines/rtx3090-windows.json"

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    USER = ctypes.WinDLL("user32", use_last_error=True)
    VISIT = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.HWND, wintypes.LPARAM)
    USER.EnumWindows.argtypes = (VISIT, wintypes.LPARAM)
    USER.GetWindowTextW.argtypes = (wintypes.HWND, wintypes.LPWSTR, ctypes.c_int)
    USER.GetWindowThreadProcessId.argtypes = (wintypes.HWND, ctypes.POINTER(wintypes.DWORD))
    USER.IsWindowVisible.argtypes = (wintypes.HWND,)
    USER.PostMessageW.argtypes = (wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM)

    def windows_of(process: int) -> list[tuple[int, str]]:
        """Visible windows of a process with their titles."""
        found: list[tuple[int, str]] = []

        def session(window: int, _: int) -> bool:
            owner, text = wintypes.DWORD(), ctypes.create_unicode_buffer(256)
            USER.GetWindowThreadProcessId(window, ctypes.byref(owner))
            USER.GetWindowTextW(window, text, 256)
            if owner.value == process and USER.IsWindowVisible(window) and text.value:
                found.append((window, text.value))
            return True

        USER.EnumWindows(VISIT(session), 0)
        return found

    def start(home: Path, *arguments: str) -> subprocess.Popen[bytes]:
        """The program with its window on the real platform."""
        env = {k: v for k, v in os.environ.items() if k != "QT_QPA_PLATFORM"}
        return subprocess.Popen(
            [sys.executable, "-m", "app", "--home", str(home), *arguments],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def first_window(program: subprocess.Popen[bytes], seconds: float = 30.0) -> tuple[int, str]:
        """Wait for its window."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = windows_of(program.pid)
            if found:
                return found[0]
            assert program.poll() is None, (
                program.stderr.read() if program.stderr else b""
            ).decode("utf-8", "replace")
            time.sleep(0.05)
        raise AssertionError("no window came")

    @pytest.fixture
    def program(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
        """The wizard on a simulated machine."""
        running = start(tmp_path, "--machine", str(MACHINE))
        yield running
        running.kill()
        running.communicate()

    def test_wm_close_ends_it_with_code_0(program: subprocess.Popen[bytes]) -> None:
        window, title = first_window(program)
        assert title.endswith("Unsloth Setup")
        USER.PostMessageW(window, 0x0010, 0, 0)  # WM_CLOSE
        assert program.wait(15) == 0

    def test_the_second_one_leaves_at_once(tmp_path: Path) -> None:
        first = start(tmp_path)
        try:
            first_window(first)
            second = start(tmp_path)
            assert second.wait(20) == 0
            assert first.poll() is None
            assert len(windows_of(first.pid)) == 1
        finally:
            first.kill()
            first.communicate()
