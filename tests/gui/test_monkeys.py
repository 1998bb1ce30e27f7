"""Seeded monkeys: random clicks, keys, wheel turns, resizes and pasted rubbish.

Over a dozen machines. Whatever they do: no exception, no warning of Qt, no page that contradicts
itself.

The events are real ones, sent to the widget under the pointer or in focus, as a mouse and a
keyboard send them. What would leave the program or the simulation is stubbed at its adapter: native
file dialogs, and the window's own end.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
from PySide6.QtCore import (
    QMessageLogContext,
    QPoint,
    QPointF,
    Qt,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from app.gui import languages
from app.gui.main import application
from app.gui.pages.install import Install
from app.gui.pages.setup import Setup
from app.gui.pages.this_pc import ThisPc
from app.gui.widgets.buttons import Button
from app.gui.wizard import Wizard
from tests.gui.fake_session import flush_and_close, inside
from tests.gui.test_replay import session_of

FOLDER = Path(__file__).parents[2] / "resources" / "machines"
MACHINES = (
    *("amd-only", "company-proxy", "gtx1080", "h100-server", "no-card-office"),
    *("rtx2080ti-conda", "rtx3060-disk-full", "rtx3090-windows", "rtx4060ti-no-driver"),
    *("rtx4070-umlaut", "two-cards-3090-2060", "wsl-rtx3060"),
)
EVENTS = 100
KEYS = (
    *(Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_Escape),
    *(Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_F10),
    *(Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Delete, Qt.Key.Key_A, Qt.Key.Key_F1),
)
RUBBISH = (
    "",
    "\0\x1b[31m",
    "<img src=x>" * 40,
    "Traceback (most recent call last):\n" * 9,
    "ü€漢" * 99,
)
SIZES = ((640, 330), (800, 500), (1024, 640), (1120, 740), (1500, 900))


class Watch:
    """What must not happen: exceptions in handlers, and warnings of Qt."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def message(self, kind: QtMsgType, _where: QMessageLogContext, text: str | None) -> None:
        if kind not in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg) and not (
            (text or "").startswith(("This plugin does not", "propagateSizeHints"))
        ):  # what the platform without a screen says of itself
            self.faults.append(f"Qt: {text}")

    def exception(
        self, kind: type[BaseException], error: BaseException, _trace: TracebackType | None
    ) -> None:
        self.faults.append(f"{kind.__name__}: {error}")


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    made = Watch()
    monkeypatch.setattr(sys, "excepthook", made.exception)
    before = qInstallMessageHandler(made.message)
    yield made
    qInstallMessageHandler(before)


@pytest.fixture(autouse=True)
def doors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Native dialogs answer at once, mostly with nothing."""
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: ("", ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_a, **_k: ("", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_a, **_k: "D:\\other")


def contradictions(wizard: Wizard) -> list[str]:
    """What a page says twice, or differently from what is."""
    found = []
    page = wizard.currentPage()
    if page is None:
        return ["no page"]
    primary = [
        b for b in inside(page, Button) if b.kind == "primary" and b.isVisible() and b.text()
    ]
    bar = getattr(page, "bar", None)
    if bar is not None and len([b for b in primary if bar.isAncestorOf(b)]) > 1:
        found.append(f"{wizard.stage}: two primary buttons {[b.text() for b in primary]}")
    if isinstance(page, Setup) and page.built and page._shown:
        checked = [b for b in page.group.buttons() if b.isChecked()]
        chosen = wizard.session.profile
        if len(checked) > 1:
            found.append("setup: two are chosen")
        if checked and (chosen is None or wizard.session.best().verdict == "blocked"):
            found.append("setup: one that cannot work is chosen")
    if isinstance(page, Install) and page.built and not page.running and bar is not None:
        told = bar.primary.text() if bar.primary is not None else ""
        if told == "Install" and wizard.session.best().verdict == "blocked":
            found.append("install: offered on a blocked plan")
    if isinstance(page, ThisPc) and page.built and wizard.session.facts is None:
        found.append("this-pc: no facts")
    focus = QApplication.focusWidget()
    if focus is not None and focus.window() is wizard and not focus.isVisible():
        found.append(f"{wizard.stage}: the focus is on a hidden {type(focus).__name__}")
    return found


def top_of(wizard: Wizard) -> QWidget:
    """What gets the events: a menu or popover, else the modal dialog, else the window."""
    for found in (QApplication.activePopupWidget(), QApplication.activeModalWidget()):
        if found is not None:
            return found
    return wizard


class Monkey:
    """One seed, one machine."""

    def __init__(self, wizard: Wizard, seed: int) -> None:
        self.wizard, self.chance = wizard, random.Random(seed)
        self.did: list[str] = []

    def act(self) -> None:
        """One event to what is on top."""
        top = top_of(self.wizard)
        deed = self.chance.choices(
            (self.click, self.key, self.wheel, self.resize, self.paste, self.press),
            (30, 30, 10, 4, 4, 30),
        )[0]
        self.did.append(f"{deed.__name__} on {type(top).__name__}")
        deed(top)

    def somewhere(self, top: QWidget) -> tuple[QWidget, QPoint]:
        at = QPoint(
            self.chance.randrange(max(1, top.width())), self.chance.randrange(max(1, top.height()))
        )
        child = top.childAt(at) or top
        return child, child.mapFrom(top, at)

    def click(self, top: QWidget) -> None:
        child, at = self.somewhere(top)
        QTest.mouseClick(child, Qt.MouseButton.LeftButton, pos=at)

    def press(self, top: QWidget) -> None:
        """Any button that can be pressed, which a blind pointer seldom finds."""
        buttons = [b for b in inside(top, Button) if b.isVisible() and b.isEnabled()]
        if buttons:
            button = self.chance.choice(buttons)
            self.did[-1] += f" {button.text()!r}"
            QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def key(self, top: QWidget) -> None:
        target = QApplication.focusWidget() or top
        key = self.chance.choice(KEYS)
        self.did[-1] += f" {key.name}"
        QTest.keyClick(target, key)

    def wheel(self, top: QWidget) -> None:
        child, at = self.somewhere(top)
        event = QWheelEvent(
            QPointF(at),
            QPointF(child.mapToGlobal(at)),
            QPoint(0, 0),
            QPoint(0, self.chance.choice((-120, 120))),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(child, event)

    def resize(self, _top: QWidget) -> None:
        self.wizard.resize(*self.chance.choice(SIZES))

    def paste(self, top: QWidget) -> None:
        QGuiApplication.clipboard().setText(self.chance.choice(RUBBISH))
        target = QApplication.focusWidget() or top
        QTest.keyClick(target, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)


@pytest.mark.parametrize("name", MACHINES)
def test_a_monkey_breaks_nothing(qtbot: QtBot, watch: Watch, name: str) -> None:
    application()
    languages.install_language("en")
    session = session_of(FOLDER / f"{name}.json")
    wizard = Wizard(session, rehearse=lambda other: session_of(FOLDER / f"{other}.json"))
    qtbot.addWidget(wizard)
    wizard.show()
    qtbot.waitUntil(lambda: wizard.painted and not wizard.is_surveying, timeout=60_000)
    monkey = Monkey(wizard, seed=sum(name.encode()))
    wrong: list[str] = []
    left: list[bool] = []
    state: dict[str, Any] = {"n": 0, "waits": 0}

    def again() -> None:
        """One event, then the next one from the loop that runs then: a dialog brings its own."""
        if state["n"] >= EVENTS or wrong or watch.faults or left:
            wind_up()
            return
        # New widgets are shown by the loop after the handler that made them: a page has some turns
        # of it to become consistent.
        found = contradictions(wizard) if top_of(wizard) is wizard else []
        if found and state["waits"] < 200:
            state["waits"] += 1
            QTimer.singleShot(10, again)
            return
        state["waits"] = 0
        wrong.extend(found)
        state["n"] += 1
        # The next is due before this one acts: what it opens may not return for a while.
        QTimer.singleShot(2, again)
        monkey.act()
        if not wizard.isVisible():  # closed by its own button
            left.append(True)

    def wind_up() -> None:
        """Close what is still open, from the innermost outwards, so that its loop returns."""
        top = top_of(wizard)
        if top is wizard:
            state["over"] = True
            return
        QTimer.singleShot(10, wind_up)
        top.close()

    again()
    qtbot.waitUntil(lambda: "over" in state, timeout=300_000)
    flush_and_close(wizard)
    qtbot.wait(20)
    assert watch.faults == [] and wrong == [], (watch.faults, wrong, monkey.did[-12:])
    assert state["n"] >= EVENTS or left
