"""The whole way for real, by keyboard alone.

From Welcome to Ready on this computer, with real packages and a real fine-tune.
"""

from __future__ import annotations

import argparse
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFileDialog,
    QLineEdit,
    QRadioButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.__main__ import machines, open_session
from app.gui import languages
from app.gui.dialogs.report_preview import ReportPreview
from app.gui.main import application
from app.gui.pages.ready import Ready
from app.gui.pages.setup import Setup
from app.gui.pages.verify import Verify
from app.gui.wizard import Wizard
from tests.gui.fake_session import flush_and_close, inside

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.posix,
    pytest.mark.skipif(sys.platform == "win32", reason="the Windows journey is in tests/windows"),
]
MINUTES = 60_000


@pytest.fixture
def wizard(qtbot: QtBot, tmp_path: Path) -> Iterator[Wizard]:
    application()
    languages.install_language("en")
    home = str(tmp_path / "Jürgens Ordner")
    options = argparse.Namespace(
        answers=None,
        home=home,
        profile=None,
        offline=None,
        index=None,
        pytorch_index=None,
        machine=None,
    )
    made = Wizard(lambda: open_session(options), machines=machines)
    qtbot.addWidget(made)
    yield made
    flush_and_close(made)


def press(key: Qt.Key, where: QWidget | None = None) -> None:
    """One key to whatever has the focus, as a keyboard does."""
    target = QApplication.focusWidget() or where or QApplication.activeWindow()
    assert target is not None
    QTest.keyClick(target, key)


def tab_to(text: str) -> None:
    """Tab until the button with this text has the focus."""
    for _ in range(60):
        focus = QApplication.focusWidget()
        if isinstance(focus, QAbstractButton) and focus.text() == text:
            return
        press(Qt.Key.Key_Tab)
    raise AssertionError(f"no Tab leads to {text!r}")


def ready_for_enter(wizard: Wizard) -> bool:
    """The page's primary button is there and has the focus."""
    primary = wizard.page_of(wizard.stage).bar.primary
    return primary is not None and primary.isEnabled() and QApplication.focusWidget() is primary


def choose_practice(qtbot: QtBot, wizard: Wizard) -> None:
    """By arrow keys among the setups."""
    if wizard.session.profile is not None and wizard.session.profile.id == "practice-cpu":
        return
    page = wizard.currentPage()
    assert isinstance(page, Setup)
    tab_to(page.more.text())  # it is among the other setups
    press(Qt.Key.Key_Space)
    chosen = next(r for r in inside(page, QRadioButton) if r.isChecked())
    qtbot.waitUntil(chosen.isVisible, timeout=5000)
    tab_to(chosen.text())
    for _ in range(12):
        if wizard.session.profile is not None and wizard.session.profile.id == "practice-cpu":
            return
        press(Qt.Key.Key_Down)
    raise AssertionError("the arrow keys do not lead to practice-cpu")


def test_from_welcome_to_ready_by_keyboard(qtbot: QtBot, wizard: Wizard, tmp_path: Path) -> None:
    with qtbot.waitSignal(wizard.surveyed, timeout=2 * MINUTES) as signal:
        wizard.show()
    assert signal.args == [None]
    qtbot.waitUntil(wizard.isActiveWindow, timeout=5000)
    session, passed = wizard.session, [wizard.stage]
    for _ in range(
        4
    ):  # Clean-up is among them only where this computer holds something to clean up
        if wizard.stage == "install":
            break
        before = wizard.stage
        if before == "setup":
            choose_practice(qtbot, wizard)
            tab_to(wizard.page_of("setup").bar.primary.text())  # type: ignore[union-attr]
        qtbot.waitUntil(lambda: ready_for_enter(wizard), timeout=5000)
        press(Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: wizard.stage != before, timeout=5000)  # noqa: B023
        passed.append(wizard.stage)
    assert passed[:3] == ["welcome", "this-pc", "setup"] and wizard.stage == "install"
    assert not Path(session.place.home, "envs").exists(), (
        "nothing may be installed before the plan was seen"
    )

    qtbot.waitUntil(lambda: ready_for_enter(wizard), timeout=5000)
    press(Qt.Key.Key_Return)
    qtbot.waitUntil(wizard.busy, timeout=5000)
    qtbot.waitUntil(lambda: not wizard.busy(), timeout=20 * MINUTES)
    assert session.execution.outcome == "finished", [
        session.execution.error,
        wizard.page_of("install").subtitle_label.text(),
    ]

    qtbot.waitUntil(lambda: wizard.stage == "verify" and ready_for_enter(wizard), timeout=5000)
    proof = wizard.currentPage()
    assert isinstance(proof, Verify)
    assert proof.title_label.text() == "It works"
    assert (
        "on the processor" in proof.subtitle_label.text()
        and "on this card" not in proof.subtitle_label.text()
    )
    tuned = (
        session.execution.verification.fine_tune
        if session.execution.verification is not None
        else None
    )
    assert tuned is not None and tuned.passed and tuned.reloaded_equal
    assert (
        tuned.loss_last is not None
        and tuned.loss_first is not None
        and tuned.loss_last < tuned.loss_first - 0.5
    )

    press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: wizard.stage == "ready", timeout=5000)
    last = wizard.currentPage()
    assert isinstance(last, Ready)
    assert "proven on this machine" in last.subtitle_label.text()
    assert "import" in last.script.toPlainText()
    qtbot.waitUntil(lambda: last.script.isVisible() and ready_for_enter(wizard), timeout=5000)
    save_the_report(qtbot, tmp_path / "report.zip")
    with zipfile.ZipFile(tmp_path / "report.zip") as report:
        assert json.loads(report.read("report.json"))["overall"] == "works"
    pointer = json.loads(Path(session.place.home, "active.json").read_text())
    assert pointer["profile"] == "practice-cpu"


def save_the_report(qtbot: QtBot, path: Path) -> None:
    """Tab to the button, wait for the preview, Enter, type a name, Enter, Esc."""
    steps: list[str] = []
    saved: list[str] = []

    def later(act: Callable[[], object]) -> None:
        QTimer.singleShot(
            0, act
        )  # what opens a dialog returns when that is closed, and a timer waits for its own call

    def drive() -> None:
        window = QApplication.activeModalWidget()
        if isinstance(window, QFileDialog):
            field = QApplication.focusWidget()
            if (
                "typed" not in steps and isinstance(field, QLineEdit) and field.window() is window
            ):  # a little after it is shown
                steps.append("typed")
                field.setCompleter(None)  # type: ignore[arg-type]  # it lists the folder in a thread and may finish the name first
                QTest.keyClicks(field, str(path))
                assert field.text() == str(path)
                later(lambda: press(Qt.Key.Key_Return, window))
        elif isinstance(window, ReportPreview):
            if window.saved:
                steps.append("saved")
                saved.append(window.saved)
                clock.stop()
                press(Qt.Key.Key_Escape, window)
            elif window.save.isEnabled() and "asked" not in steps:
                steps.append("asked")
                later(lambda: press(Qt.Key.Key_Return, window))

    clock = QTimer()
    clock.setInterval(100)
    clock.timeout.connect(drive)
    clock.start()
    QTimer.singleShot(
        2 * MINUTES, lambda: [w.close() for w in QApplication.topLevelWidgets() if w.isModal()]
    )
    tab_to("Diagnostics report …")
    press(Qt.Key.Key_Space)
    clock.stop()
    assert steps == ["asked", "typed", "saved"]
    assert saved == [str(path)]
