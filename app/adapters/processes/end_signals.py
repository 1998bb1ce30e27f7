"""Wishes to end from outside (SIGTERM, a closed terminal or console, log-off).

Each ends this program like Ctrl+C, with its children's trees.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from app.model import limits

_NAMES = ("SIGTERM", "SIGHUP", "SIGBREAK")


def _catchable_signals() -> list[signal.Signals]:
    """The signals that would end this process at once. One that is ignored stays so (``nohup``)."""
    if threading.current_thread() is not threading.main_thread():
        return []
    known = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    return [one for one in known if signal.getsignal(one) == signal.SIG_DFL]


@contextlib.contextmanager
def like_ctrl_c() -> Iterator[None]:
    """While the context lasts each of them raises ``KeyboardInterrupt`` in the main thread, once: a
    second one must not disturb the ending.
    """
    heard = _catchable_signals()

    def interrupt(number: int, frame: FrameType | None) -> None:
        for one in heard:
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt

    for one in heard:
        signal.signal(one, interrupt)
    try:
        with _console_close_handled():
            yield
    finally:
        for one in heard:
            signal.signal(one, signal.SIG_DFL)


@contextlib.contextmanager
def asked_first(ask: Callable[[], None]) -> Iterator[None]:
    """While the context lasts the first wish to end (Ctrl+C included) calls ``ask``, so that work can
    come to its own end; the second one raises ``KeyboardInterrupt``.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    names = ("SIGINT", *_NAMES)
    former = {
        one: signal.getsignal(one)
        for one in (getattr(signal, name) for name in names if hasattr(signal, name))
        if signal.getsignal(one) not in (signal.SIG_IGN, None)  # one that is ignored stays so
    }
    asked = False

    def hear(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        ask()

    for one in former:
        signal.signal(one, hear)
    try:
        yield
    finally:
        for one, handler in former.items():
            signal.signal(one, handler)


class EndSignals:
    """The same for an event loop, which runs no Python while it waits: ``fileno`` becomes readable
    with the first of them, Ctrl+C included.
    """

    def __init__(self) -> None:
        self._heard = _catchable_signals()
        if threading.current_thread() is threading.main_thread():
            self._heard.append(signal.SIGINT)
        self._read, self._write = socket.socketpair()
        self._write.setblocking(False)
        self._former = {one: signal.signal(one, self._ignore_signal) for one in self._heard}
        if self._heard:
            signal.set_wakeup_fd(self._write.fileno(), warn_on_full_buffer=False)

    @staticmethod
    def _ignore_signal(number: int, frame: FrameType | None) -> None:
        """Nothing: the byte in the socket wakes the loop."""

    def fileno(self) -> int:
        """What to watch for reading."""
        return self._read.fileno()

    def close(self) -> None:
        """Hear no more."""
        if self._heard:
            signal.set_wakeup_fd(-1)
        for one, former in self._former.items():
            signal.signal(one, former)
        self._read.close()
        self._write.close()


if sys.platform == "win32":
    import _thread
    import ctypes
    import time
    from ctypes import wintypes

    _HANDLER = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.DWORD)
    _ENDS = (2, 5, 6)  # wincon.h: CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT

    @contextlib.contextmanager
    def _console_close_handled() -> Iterator[None]:
        """Windows tells in a thread of its own and ends the process when that returns."""
        fired = threading.Event()

        def on_console_event(event: int) -> bool:
            if event not in _ENDS:
                return False
            fired.set()
            _thread.interrupt_main()
            time.sleep(limits.CLOSING)  # the main thread ends the process sooner
            return True

        handler = _HANDLER(on_console_event)
        ctypes.windll.kernel32.SetConsoleCtrlHandler(handler, True)
        try:
            yield
        finally:
            if not fired.is_set():
                ctypes.windll.kernel32.SetConsoleCtrlHandler(handler, False)
else:

    @contextlib.contextmanager
    def _console_close_handled() -> Iterator[None]:
        """A closed terminal is SIGHUP here."""
        yield
