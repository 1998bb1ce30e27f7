"""The whole way by keys alone, and what Tab, Enter, Esc and F1 mean on each page."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QWidget
from pytestqt.qtbot import QtBot

from app.engine.stages import STAGES, Stage
from app.gui.dialogs.keys import Keys
from app.gui.pages.install import Install
from app.gui.widgets.dialog import Dialog
from app.gui.widgets.tab_order import tab_stops
from app.gui.wizard import Wizard
from app.model.pointer import Pointer
from tests.gui.fake_session import Staged, flush_and_close, inside
from tests.gui.sample_run import ENV, VERDICT
from tests.gui.test_removed_packages import TAKEN


def focused() -> QWidget:
    """What has the keyboard. It is never something that cannot be seen or used."""
    found = QApplication.focusWidget()
    assert found is not None
    assert found.isVisible() and found.isEnabled(), found
    return found


def press(key: Qt.Key) -> None:
    """One key to whatever has the focus, as a keyboard does."""
    QTest.keyClick(focused(), key)


def tab_to(text: str) -> None:
    """Tab until the button that says this has the focus."""
    for _ in range(60):
        now = focused()
        if isinstance(now, QAbstractButton) and now.text() == text:
            return
        press(Qt.Key.Key_Tab)
    raise AssertionError(f"no Tab leads to {text!r}")


def leads(wizard: Wizard) -> bool:
    """Whether the page's primary button is there and has the keyboard."""
    primary = wizard.page_of(wizard.stage).bar.primary
    return (
        primary is not None
        and primary.isVisible()
        and primary.isEnabled()
        and QApplication.focusWidget() is primary
    )


def in_dialog(act: Callable[[Dialog], None]) -> list[BaseException]:
    """Use the next dialog by keys once it has the keyboard; it is closed whatever happens. What went
    wrong is in the list."""
    failed: list[BaseException] = []

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        now = QApplication.focusWidget()
        if not isinstance(dialog, Dialog) or now is None or not dialog.isAncestorOf(now):
            QTimer.singleShot(10, look)
            return
        try:
            act(dialog)
        except BaseException as error:  # noqa: BLE001  (given back)
            failed.append(error)
            dialog.reject()

    QTimer.singleShot(0, look)
    return failed


def surveyed(qtbot: QtBot, wizard: Wizard) -> None:
    wizard.activateWindow()
    qtbot.waitUntil(wizard.isActiveWindow)
    qtbot.waitUntil(lambda: wizard._survey is not None and not wizard.is_surveying, timeout=30_000)


def test_from_welcome_to_the_end_by_keys_alone(
    qtbot: QtBot, wizard: Wizard, session: Staged
) -> None:
    surveyed(qtbot, wizard)
    passed: list[Stage] = []
    while wizard.stage != "install":
        qtbot.waitUntil(lambda: leads(wizard), timeout=15_000)
        passed.append(wizard.stage)
        assert len(passed) == len(set(passed)), "Enter leads on, never round"
        before = wizard.stage
        press(Qt.Key.Key_Escape)  # ends nothing
        assert wizard.isVisible() and wizard.stage == before
        press(Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: wizard.stage != before, timeout=15_000)  # noqa: B023
    assert passed == ["welcome", "this-pc", "setup", "clean-up"]
    assert not session.runs, "nothing runs before the plan was seen"
    qtbot.waitUntil(lambda: leads(wizard), timeout=15_000)
    assert focused().text() == "Install"  # type: ignore[attr-defined]
    tab_to("Back")
    press(Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: wizard.stage == "clean-up", timeout=15_000)
    qtbot.waitUntil(lambda: leads(wizard), timeout=15_000)
    press(Qt.Key.Key_Enter)  # of the number pad
    qtbot.waitUntil(lambda: wizard.stage == "install" and leads(wizard), timeout=15_000)
    press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: wizard.stage == "verify" and leads(wizard), timeout=30_000)
    assert len(session.runs) == 1 and session.execution.outcome == "finished"
    press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: wizard.stage == "ready" and leads(wizard), timeout=15_000)
    press(Qt.Key.Key_Return)  # Close
    qtbot.waitUntil(lambda: not wizard.isVisible(), timeout=15_000)


def test_a_run_is_stopped_and_gone_on_with_by_keys(
    qtbot: QtBot, wizard: Wizard, session: Staged
) -> None:
    session.gate = (8, threading.Event())
    surveyed(qtbot, wizard)
    wizard.go("install")
    page = wizard.page_of("install")
    assert isinstance(page, Install)
    qtbot.waitUntil(lambda: leads(wizard), timeout=15_000)
    press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.running and len(session.execution.events) >= 4, timeout=15_000)
    for key in (Qt.Key.Key_Escape, Qt.Key.Key_Return):
        press(key)
        assert page.running, f"{key} stops nothing"
    answers: list[str] = []

    def answer(_asked: Dialog) -> None:
        answers.append(focused().text())  # type: ignore[attr-defined]
        tab_to("Stop now")
        press(Qt.Key.Key_Return)

    qtbot.waitUntil(page._stopper.isVisible)
    tab_to("Stop")
    failed = in_dialog(answer)
    press(Qt.Key.Key_Space)
    assert not failed
    qtbot.waitUntil(lambda: not page.running, timeout=15_000)
    assert answers and answers != ["Stop now"], "the answer that changes nothing has the focus"
    session.gate = None
    wizard.activateWindow()  # this platform gives the keyboard to nobody when a dialog closes
    qtbot.waitUntil(lambda: leads(wizard), timeout=15_000)
    press(Qt.Key.Key_Return)  # Go on
    qtbot.waitUntil(lambda: wizard.stage == "verify", timeout=30_000)


@pytest.mark.parametrize("stage", STAGES)
def test_f1_shows_the_keys_and_esc_leads_back_to_where_one_was(
    qtbot: QtBot, wizard: Wizard, stage: Stage
) -> None:
    surveyed(qtbot, wizard)
    wizard.go(stage)
    qtbot.waitUntil(lambda: wizard.stage == stage and wizard.currentPage().isVisible())
    qtbot.waitUntil(
        lambda: (at := QApplication.focusWidget()) is not None and at.isVisible(), timeout=15_000
    )
    before = focused()
    seen: list[object] = []

    def look(shown: Dialog) -> None:
        seen.append(type(shown))
        press(Qt.Key.Key_F1)  # not a second one over it
        seen.append(type(QApplication.activeModalWidget()))
        press(Qt.Key.Key_Escape)

    failed = in_dialog(look)
    press(Qt.Key.Key_F1)
    assert not failed and seen == [Keys, Keys]
    assert QApplication.activeModalWidget() is None
    assert wizard.focusWidget() is before
    assert wizard.isVisible() and wizard.stage == stage


@pytest.mark.parametrize("stage", [*STAGES, "home"])
def test_every_stop_shows_that_it_has_the_keyboard(
    qtbot: QtBot, tmp_path: Path, stage: Stage | str
) -> None:
    session = Staged(tmp_path)
    session.execution.verification, session.taken = VERDICT, [TAKEN]
    session.offered |= {"kernel", "shortcut"}
    if stage == "home":
        session.active = Pointer(
            active=ENV, profile="torch28-2025.11", previous="older", at="2026-11-24T15:00:00Z"
        )
    wizard = Wizard(session)
    qtbot.addWidget(wizard)
    wizard.show()
    surveyed(qtbot, wizard)
    wizard.go("welcome" if stage == "home" else stage)  # type: ignore[arg-type]
    page = wizard.page_of(wizard.stage)
    qtbot.waitUntil(lambda: page.bar.isVisible() and not wizard._streams, timeout=20_000)
    stops = [s for s in tab_stops(page) if s.isVisible() and s.isEnabled()]
    stops += [s for s in inside(wizard.rail, QAbstractButton) if s.isVisible() and s.isEnabled()]
    assert len(stops) > 1
    unseen = []
    for stop in stops:
        other = next(one for one in stops if one is not stop)
        above = stop.parentWidget()
        assert above is not None
        other.setFocus(Qt.FocusReason.TabFocusReason)
        without = [one.grab().toImage() for one in (stop, above)]
        stop.setFocus(Qt.FocusReason.TabFocusReason)
        if [one.grab().toImage() for one in (stop, above)] == without:
            unseen.append(
                (type(stop).__name__, stop.accessibleName() or getattr(stop, "text", str)())
            )
    flush_and_close(wizard)
    assert not unseen


def test_enter_means_the_primary_button_where_a_field_has_the_keyboard(
    qtbot: QtBot, wizard: Wizard
) -> None:
    surveyed(qtbot, wizard)
    qtbot.waitUntil(lambda: leads(wizard), timeout=15_000)
    for _ in range(20):
        if isinstance(focused(), QComboBox):
            break
        press(Qt.Key.Key_Tab)
    assert isinstance(focused(), QComboBox)
    press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: wizard.stage == "this-pc", timeout=15_000)
