"""A closed window ends the program; nothing goes on unseen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from app import __main__ as program

def leave():
    [window] = [w for w in QApplication.topLevelWidgets() if w.isVisible()]
    QTest.keyClick(window, Qt.Key.Key_Escape)  # nothing to the window
    assert window.isVisible()
    window.close()

run = QApplication.exec
QApplication.exec = lambda *_: (QTimer.singleShot(1500, leave), run())[1]
sys.exit(program.main(["--machine", sys.argv[1], "--home", sys.argv[2]]))
"""


def test_the_program_ends_with_its_window(tmp_path: Path) -> None:
    seen = subprocess.run(
        [
            sys.executable,
            "-c",
            PROGRAM,
            str(ROOT / "resources/machines/rtx3090-windows.json"),
            str(tmp_path),
        ],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert seen.returncode == 0, seen.stderr
