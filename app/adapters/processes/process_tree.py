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

from app.model import limits


class Tree(Protocol):
    """A running child with its descendants."""

    room: int
    """Bytes that its pipe holds before the child has to wait; 0 where that is the system's affair."""

    def read(self, most: int) -> bytes:
        """What came next from standard output and error; empty at the end, after which the pipe is
        closed.
        """

    def ready(self) -> bool:
        """Wait until something can be read, or the end; at once false where the system cannot say."""

    def read_errors(self, most: int) -> bytes:
        """The same of standard error alone, where ``start`` was asked to keep it apart."""

    def wait(self, seconds: float) -> int | None:
        """The exit code, or ``None`` when it still runs after that time."""

    def unread(self) -> int:
        """Bytes that lie in its pipe now and that nobody has read yet."""

    def end(self) -> None:
        """End every process of the tree. Ending twice is fine."""


def _read_pipe(process: subprocess.Popen[bytes], most: int, *, errors: bool = False) -> bytes:
    """One read by the only thread that reads this pipe, which therefore may close: a handle is never
    closed under a read.
    """
    pipe = process.stderr if errors else process.stdout
    if pipe is None or pipe.closed:
        return b""
    data = os.read(pipe.fileno(), most)
    if not data:
        pipe.close()
    return data


def _kill_with_descendants(process: subprocess.Popen[bytes]) -> None:
    """End a child and those that descend from it, where the system keeps no group of them."""
    import psutil  # seldom needed

    with contextlib.suppress(psutil.Error):
        for one in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                one.kill()
    with contextlib.suppress(OSError):
        process.kill()


if sys.platform == "win32":
    import ctypes
    import msvcrt
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
    _KERNEL.AssignProcessToJobObject.restype = wintypes.BOOL
    _KERNEL.PeekNamedPipe.argtypes = [wintypes.HANDLE, *([ctypes.c_void_p] * 5)]
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

    def _create_job_object() -> int:
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
            """``job`` is 0 where Windows refused it: then ``end`` looks for descendants itself."""
            self._process, self._job = process, job
            self._without_job = not job

        def read(self, most: int) -> bytes:
            return _read_pipe(self._process, most)

        def ready(self) -> bool:
            return False

        def read_errors(self, most: int) -> bytes:
            return _read_pipe(self._process, most, errors=True)

        def wait(self, seconds: float) -> int | None:
            try:
                return self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                return None

        def unread(self) -> int:
            pipe = self._process.stdout
            if pipe is None or pipe.closed:
                return 0
            waiting = wintypes.DWORD()
            with contextlib.suppress(OSError, ValueError):  # closed by its reader meanwhile
                handle = msvcrt.get_osfhandle(pipe.fileno())
                if _KERNEL.PeekNamedPipe(handle, None, None, None, ctypes.byref(waiting), None):
                    return int(waiting.value)
            return 0

        def end(self) -> None:
            if self._job:
                _KERNEL.TerminateJobObject(self._job, 1)
                _KERNEL.CloseHandle(self._job)
                self._job = 0
            elif self._without_job and self._process.poll() is None:
                _kill_with_descendants(self._process)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(limits.ENDING)

    def _start_suspended(
        argv: list[str], env: dict[str, str] | None, folder: str | None, stderr: int
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
                stderr=stderr,
                env=env,
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

    def start(
        argv: list[str],
        env: dict[str, str] | None,
        folder: str | None,
        stderr: int = subprocess.STDOUT,
    ) -> _JobTree:
        """Start a child in a tree of its own. Raises ``OSError``."""
        job = _create_job_object()
        try:
            process = _start_suspended(argv, env, folder, stderr)
        except OSError:
            _KERNEL.CloseHandle(job)
            raise
        handle = int(process._handle)  # type: ignore[attr-defined]  # no public way to the handle it holds anyway
        # A job of an older Windows or a service may forbid nesting: then the child still runs, and
        # end() looks for its descendants itself.
        if not _KERNEL.AssignProcessToJobObject(job, handle):
            _KERNEL.CloseHandle(job)
            job = 0
        _NTDLL.NtResumeProcess(handle)
        return _JobTree(process, job)

else:
    import array
    import ctypes
    import fcntl
    import select
    import termios

    _WIDE = (
        1 << 20
    )  # what Linux lets anybody ask for (fs.pipe-max-size); unused room costs no memory
    _DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG, linux/prctl.h
    # looked up now: a child between fork and exec must not wait for the loader's lock
    _PRCTL = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None

    def _die_with_parent() -> None:
        """In the child, before it starts: be ended when this program dies, even by SIGKILL."""
        if _PRCTL is not None:
            _PRCTL(_DEATH_SIGNAL, signal.SIGKILL)

    def _widen_pipe(process: subprocess.Popen[bytes]) -> int:
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
            self.room = _widen_pipe(process)

        def read(self, most: int) -> bytes:
            return _read_pipe(self._process, most)

        def ready(self) -> bool:
            pipe = self._process.stdout
            if pipe is None or pipe.closed:
                return False
            waiting = select.poll()
            waiting.register(pipe.fileno(), select.POLLIN)
            waiting.poll()
            return True

        def read_errors(self, most: int) -> bytes:
            return _read_pipe(self._process, most, errors=True)

        def wait(self, seconds: float) -> int | None:
            try:
                return self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                return None

        def unread(self) -> int:
            pipe = self._process.stdout
            if pipe is None or pipe.closed:
                return 0
            waiting = array.array("i", [0])
            with contextlib.suppress(OSError, ValueError):  # closed by its reader meanwhile
                fcntl.ioctl(pipe.fileno(), termios.FIONREAD, waiting)
            return waiting[0]

        def end(self) -> None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(limits.ENDING)

    def start(
        argv: list[str],
        env: dict[str, str] | None,
        folder: str | None,
        stderr: int = subprocess.STDOUT,
    ) -> _SessionTree:
        """Start a child in a session of its own. Raises ``OSError``."""
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=env,
            cwd=folder,
            start_new_session=True,
            bufsize=0,
            preexec_fn=_die_with_parent,  # noqa: PLW1509  (one system call, nothing that locks)
        )
        return _SessionTree(process)
