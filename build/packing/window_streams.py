"""Turns what a window would print into a message box.

Runs first in the packed programs: a window has no console.

PyInstaller leaves ``sys.stdout`` and ``sys.stderr`` at ``None`` in a program without console. Here
both collect what is written; if the program ends before it had a window of its own, that text is
shown, and otherwise it is dropped, since the window has said it already.
"""

from __future__ import annotations

import atexit
import io
import sys


class CapturedOutput(io.TextIOBase):
    """A stream that remembers."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        self.text = (self.text + text)[-4000:]
        return len(text)


def _show_message(captured: CapturedOutput) -> None:
    widgets = sys.modules.get("PySide6.QtWidgets")
    if not captured.text.strip() or (
        widgets is not None and widgets.QApplication.instance() is not None
    ):
        return
    if sys.platform == "win32":
        import ctypes

        information = 0x40
        ctypes.windll.user32.MessageBoxW(None, captured.text.strip(), "Unsloth Setup", information)


if sys.stderr is None:
    sys.stdout = sys.stderr = CapturedOutput()
    atexit.register(_show_message, sys.stderr)
