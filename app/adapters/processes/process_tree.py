"""One child and everything it starts, ended together.

Windows: started suspended without a window, put into a Job Object that ends its processes when its
last handle is closed, then resumed, so not even the first instruction runs outside the job; if this
program dies, Windows ends the tree. POSIX: a session of its own and ``killpg``; on Linux the child
also asks to be ended with its parent. A bare ``terminate()`` leaves grandchildren behind.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from typing import Protocol


class Tree(Protocol):
    """A running child with its descendants."""

    room: int
    """Bytes that its pipe holds before the child has to wait; 0 where that is the system's affair."""

    def read(self, most: int) -> bytes:
        """What came next from standard output and error; empty at the end, after which the pipe is
        closed.
        """

    def wait(self, seconds: float) -> int | None:
        """The exit code, or ``None`` when it still runs after that time."""

    def end(self) -> None:
        """End every process of the tree. Ending twice is fine."""


def _read(process: subprocess.Popen[bytes], most: int) -> bytes:
    """One read by the only thread that reads, which therefore may close: a handle is never closed
    under a read.
    """
    pipe = process.stdout
    if pipe is None or pipe.closed:
        return b""
    data = os.read(pipe.fileno(), most)
    if not data:
        pipe.close()
    return data


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _KERNEL = ctypes.WinDLL("kernel32", use_last_error=True)
    _NTDLL = ctypes.WinDLL("ntdll")
    _SUSPENDED, _NO_WINDOW = 0x4, 0x08000000
    _KILL_ON_JOB_CLOSE, _EXTENDED_LIMITS = 0x2000, 9
    _INTERNAL_ERROR, _STARTS, _PAUSE = 1359, 4, 0.1  # seconds
    _KERNEL.CreateJobObjectW.restype = wintypes.HANDLE
    _KERNEL.CreateJobObjectW.argtypes = [ctypes.c_void_p, wintypes.LPCWSTR]
    _KERNEL.AssignProcessToJobObject.argtypes = [wintypes.HANDLE, wintypes.HANDLE]
    _KERNEL.TerminateJobObject.argtypes = [wintypes.HANDLE, wintypes.UINT]
    _KERNEL.SetInformationJobObject.argtypes = [
        wintypes.HANDLE,
        ctypes.c_int,
        ctypes.c_void_p,
        wintypes.DWORD,
    ]
    _KERNEL.CloseHandle.argtypes = [wintypes.HANDLE]
    _NTDLL.NtResumeProcess.argtypes = [wintypes.HANDLE]

    class _Basic(ctypes.Structure):
        _fields_ = [
            ("PerProcessUserTimeLimit", ctypes.c_int64),
            ("PerJobUserTimeLimit", ctypes.c_int64),
            ("LimitFlags", wintypes.DWORD),
            ("MinimumWorkingSetSize", ctypes.c_size_t),
            ("MaximumWorkingSetSize", ctypes.c_size_t),
            ("ActiveProcessLimit", wintypes.DWORD),
            ("Affinity", ctypes.c_size_t),
            ("PriorityClass", wintypes.DWORD),
            ("SchedulingClass", wintypes.DWORD),
        ]

    class _Extended(ctypes.Structure):
        _fields_ = [
            ("Basic", _Basic),
            ("IoInfo", ctypes.c_uint64 * 6),
            ("ProcessMemoryLimit", ctypes.c_size_t),
            ("JobMemoryLimit", ctypes.c_size_t),
            ("PeakProcessMemoryUsed", ctypes.c_size_t),
            ("PeakJobMemoryUsed", ctypes.c_size_t),
        ]

    def _job() -> int:
        job = _KERNEL.CreateJobObjectW(None, None)
        if not job:
            raise ctypes.WinError(ctypes.get_last_error())
        limits = _Extended()
        limits.Basic.LimitFlags = _KILL_ON_JOB_CLOSE
        if not _KERNEL.SetInformationJobObject(
            job, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)
        ):
            raise ctypes.WinError(ctypes.get_last_error())
        return int(job)

    class _JobTree:
        room = 0

        def __init__(self, process: subprocess.Popen[bytes], job: int) -> None:
            self._process, self._job = process, job

        def read(self, most: int) -> bytes:
            return _read(self._process, most)

        def wait(self, seconds: float) -> int | None:
            try:
                return self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                return None

        def end(self) -> None:
            if self._job:
                _KERNEL.TerminateJobObject(self._job, 1)
                _KERNEL.CloseHandle(self._job)
                self._job = 0
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5)

    def _suspended(
        argv: list[str], env: dict[str, str], folder: str | None
    ) -> subprocess.Popen[bytes]:
        """A new process that has not run yet.

        "Internal error" means that it died before it was ready, so nothing of it has run and it may
        be started again. Seen in 8 of 16,000 starts under Wine; scanners that look into new
        processes can cause the same on Windows.
        """

        def new() -> subprocess.Popen[bytes]:
            return subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=env or None,
                cwd=folder,
                creationflags=_SUSPENDED | _NO_WINDOW,
                bufsize=0,
            )

        for _ in range(_STARTS - 1):
            try:
                return new()
            except OSError as error:
                if error.winerror != _INTERNAL_ERROR:
                    raise
            time.sleep(_PAUSE)
        return new()

    def start(argv: list[str], env: dict[str, str], folder: str | None) -> Tree:
        """Start a child in a tree of its own. Raises ``OSError``."""
        job = _job()
        try:
            process = _suspended(argv, env, folder)
        except OSError:
            _KERNEL.CloseHandle(job)
            raise
        handle = int(process._handle)  # type: ignore[attr-defined]  # no public way to the handle it holds anyway
        # A job of an older Windows or a service may forbid nesting: then the child still runs, and
        # end() kills it alone.
        _KERNEL.AssignProcessToJobObject(job, handle)
        _NTDLL.NtResumeProcess(handle)
        return _JobTree(process, job)

else:
    import ctypes
    import fcntl

    _WIDE = (
        1 << 20
    )  # what Linux lets anybody ask for (fs.pipe-max-size); unused room costs no memory
    _DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG, linux/prctl.h
    _LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def _die_with_parent() -> None:
        """In the child, before it starts: be ended when this program dies, even by SIGKILL."""
        if _LIBC is not None:
            _LIBC.prctl(_DEATH_SIGNAL, signal.SIGKILL)

    def _widen(process: subprocess.Popen[bytes]) -> int:
        """Give the child's pipe more room than 64 KiB; what it now holds, or 0 where it stays as it
        was.
        """
        if process.stdout is None or not hasattr(fcntl, "F_SETPIPE_SZ"):
            return 0
        try:
            return fcntl.fcntl(process.stdout.fileno(), fcntl.F_SETPIPE_SZ, _WIDE)
        except OSError:
            return 0  # this user's pipes have all the room that they may have

    class _SessionTree:
        def __init__(self, process: subprocess.Popen[bytes]) -> None:
            self._process = process
            self.room = _widen(process)

        def read(self, most: int) -> bytes:
            return _read(self._process, most)

        def wait(self, seconds: float) -> int | None:
            try:
                return self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                return None

        def end(self) -> None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5)

    def start(argv: list[str], env: dict[str, str], folder: str | None) -> Tree:
        """Start a child in a session of its own. Raises ``OSError``."""
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=env or None,
            cwd=folder,
            start_new_session=True,
            bufsize=0,
            preexec_fn=_die_with_parent,  # noqa: PLW1509  (one system call, nothing that locks)
        )
        return _SessionTree(process)
