"""One window at a time: a named mutex on Windows, a lock file elsewhere."""

from __future__ import annotations

import os
import sys
from types import TracebackType

# The window waits for this file: hashlib (which loads OpenSSL) and ctypes.wintypes took a tenth of
# the packed program's own time before its first paint, and neither is needed here.
if sys.platform == "win32":
    import ctypes
    from ctypes import c_void_p
else:
    import fcntl
    import hashlib
    import tempfile


if sys.platform == "win32":

    def _make_lock_name(name: str) -> str:
        """``name`` as a mutex may be called: any 260 characters but a backslash, in small letters
        as paths are compared.
        """
        return f"unsloth-{name.lower().replace(chr(92), '/')[-200:]}"
else:

    def _make_lock_name(name: str) -> str:
        """``name`` as a file may be called: it holds no slash and may be long, so a hash of it."""
        return f"unsloth-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"


class Single:
    """Holds a name for as long as the context lasts, or knows that somebody else of this user does.

    ``first`` is true for the one that holds it. The system frees the name when the process ends in
    any way, so a crashed program never keeps the next one out. ``name`` tells programs apart and
    may hold a path; the user's own folder is mixed in, so that two users of one computer do not
    meet.
    """

    def __init__(self, name: str) -> None:
        self.name = _make_lock_name(f"{name}\n{os.path.expanduser('~')}")
        self.first = False
        self._handle: int | None = None

    def __enter__(self) -> Single:
        self.first = self._acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._release()

    if sys.platform == "win32":

        def _acquire(self) -> bool:
            kernel = ctypes.WinDLL("kernel32", use_last_error=True)
            kernel.CreateMutexW.restype = c_void_p
            kernel.CreateMutexW.argtypes = (c_void_p, ctypes.c_int, ctypes.c_wchar_p)
            ctypes.set_last_error(0)
            self._handle = kernel.CreateMutexW(None, False, f"Local\\{self.name}")
            error = ctypes.get_last_error()
            # 183 ERROR_ALREADY_EXISTS; 5 ERROR_ACCESS_DENIED: it exists and belongs to an elevated
            # process.
            return error not in {183, 5}

        def _release(self) -> None:
            if self._handle:
                kernel = ctypes.WinDLL("kernel32", use_last_error=True)
                kernel.CloseHandle.argtypes = (c_void_p,)
                kernel.CloseHandle(self._handle)
                self._handle = None
    else:

        def _acquire(self) -> bool:
            folder = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
            path = os.path.join(folder, f"{self.name}-{os.getuid()}.lock")
            try:
                self._handle = os.open(
                    path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
                )
            except OSError:
                # a folder that takes no file, or somebody else's file of that name: two windows do
                # less harm than none
                return True
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        def _release(self) -> None:
            if self._handle is not None:
                os.close(
                    self._handle
                )  # the lock goes with it; the empty file stays, so no newcomer locks another one
                self._handle = None


if sys.platform == "win32":

    def show_other(title: str) -> bool:
        """Bring the first visible window whose title ends with ``title`` to the front; whether one
        was found.
        """
        from ctypes import wintypes

        user = ctypes.WinDLL("user32", use_last_error=True)
        user.SetForegroundWindow.argtypes = user.IsIconic.argtypes = (
            user.IsWindowVisible.argtypes
        ) = (wintypes.HWND,)
        user.ShowWindow.argtypes = (wintypes.HWND, ctypes.c_int)
        user.GetWindowTextW.argtypes = (wintypes.HWND, wintypes.LPWSTR, ctypes.c_int)
        visit_type = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.HWND, wintypes.LPARAM)
        user.EnumWindows.argtypes = (visit_type, wintypes.LPARAM)
        found: list[int] = []

        def visit(window: int, _: int) -> bool:
            text = ctypes.create_unicode_buffer(256)
            user.GetWindowTextW(window, text, 256)
            if user.IsWindowVisible(window) and text.value.endswith(title):
                found.append(window)
            return not found

        user.EnumWindows(visit_type(visit), 0)
        if not found:
            return False
        if user.IsIconic(found[0]):
            user.ShowWindow(found[0], 9)  # SW_RESTORE
        user.SetForegroundWindow(found[0])
        return True
else:

    def show_other(title: str) -> bool:
        """Elsewhere the window manager decides which window is in front: nothing is done, and that
        is the answer.
        """
        return False
