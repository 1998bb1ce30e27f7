"""The pages that run plans, for keyboard and screen reader.

Every control has a name and a place in the tab order.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.gui import theme
from app.gui.dialogs.memory_table import MemoryTable
from app.gui.pages.clean_up import CleanUp
from app.gui.pages.install import Install
from app.gui.pages.page import Page
from app.gui.pages.ready import Ready
from app.gui.widgets.card import Elided, Label
from app.gui.widgets.collapsible import Collapsible
from app.gui.wizard import Wizard
from app.model.event import StepEvent
from tests.gui.fake_session import Staged, inside
from tests.gui.sample_run import PLAN, VERDICT, failed_install
from tests.gui.test_removed_packages import TAKEN


@pytest.fixture
def session(tmp_path: Path) -> Staged:
    return Staged(tmp_path, failed_install)


def brought(wizard: Wizard, session: Staged, qtbot: QtBot, page: str) -> Page:
    """The page in the state that has most on it."""
    if page == "failed":
        wizard.go("install")
        install = wizard.page_of("install")
        assert isinstance(install, Install)
        install.start(PLAN)
        qtbot.waitUntil(lambda: not install.running)
        return install
    session.execution.verification = VERDICT
    wizard.go(page)  # type: ignore[arg-type]
    return wizard.page_of(page)  # type: ignore[arg-type]


@pytest.mark.parametrize("page", ["install", "failed", "verify", "ready"])
def test_every_control_says_what_it_is(
    wizard: Wizard, session: Staged, qtbot: QtBot, page: str
) -> None:
    shown = brought(wizard, session, qtbot, page)
    controls = [
        w
        for kind in (QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit, QProgressBar)
        for w in inside(shown, kind)
        if w.isVisibleTo(shown) and w.objectName() not in ("qt_spinbox_lineedit",)
    ]
    assert controls
    nameless = [
        type(w).__name__
        for w in controls
        if not w.accessibleName() and not getattr(w, "text", str)()
    ]
    assert not nameless


@pytest.mark.parametrize("page", ["install", "failed", "verify", "ready"])
def test_the_tab_key_reaches_every_button_and_comes_round(
    wizard: Wizard, session: Staged, qtbot: QtBot, page: str
) -> None:
    shown = brought(wizard, session, qtbot, page)
    wizard.activateWindow()
    qtbot.waitUntil(wizard.isActiveWindow)
    wanted = {
        b
        for b in inside(shown, QAbstractButton)
        if b.isVisibleTo(shown) and b.isEnabled() and b.focusPolicy() & Qt.FocusPolicy.TabFocus
    }
    assert wanted
    seen: set[QWidget | None] = set()
    for _ in range(120):
        QTest.keyClick(QApplication.focusWidget() or wizard, Qt.Key.Key_Tab)
        seen.add(QApplication.focusWidget())
    missed = [b.text() for b in wanted if b not in seen]
    assert not missed


def tabbed(wizard: Wizard, page: QWidget) -> list[QWidget]:
    """The page's stops in the order in which the Tab key comes to them, from the first of its body
    on.
    """
    wizard.activateWindow()
    seen: list[QWidget] = []
    for _ in range(80):
        QTest.keyClick(QApplication.focusWidget() or wizard, Qt.Key.Key_Tab)
        now = QApplication.focusWidget()
        if now is None or now in seen:
            break
        seen.append(now)
    menu = next(
        at for at, stop in enumerate(seen) if not page.isAncestorOf(stop)
    )  # the rail's, before all of the page
    return seen[menu + 1 :] + seen[:menu]


@pytest.mark.parametrize("page", ["install", "verify", "ready", "clean-up"])
def test_the_tab_key_goes_as_the_eye_does(
    wizard: Wizard, session: Staged, qtbot: QtBot, page: str
) -> None:
    session.taken = [TAKEN]
    session.moved = {"Q:\\1": "C:\\old"}
    shown = brought(wizard, session, qtbot, page)
    qtbot.waitUntil(lambda: not wizard._streams, timeout=20_000)
    qtbot.wait(50)
    if isinstance(shown, CleanUp | Ready):
        qtbot.waitUntil(lambda: bool(shown.taken.rows), timeout=20_000)
    order = tabbed(wizard, shown)
    assert len(order) >= 4
    cards = [stop for stop in order if not shown.bar.isAncestorOf(stop)]
    assert [shown.bar.isAncestorOf(stop) for stop in order] == [False] * len(cards) + [True] * (
        len(order) - len(cards)
    )

    def place(stop: QWidget) -> tuple[int, int]:
        """The card, or what else is the outermost in the page's body, and in it the row."""
        outer = stop
        while (
            above := outer.parentWidget()
        ) is not None and above is not shown.body.parentWidget():
            outer = above
        return outer.y(), 0 if isinstance(outer, Collapsible) else stop.mapTo(
            outer, QPoint(0, 0)
        ).y() // 24

    assert [place(stop) for stop in cards] == sorted(place(stop) for stop in cards)


def test_the_tab_key_goes_past_a_table(qtbot: QtBot, wizard: Wizard, session: Staged) -> None:
    sheet = MemoryTable(wizard, session.knowledge.guide)
    qtbot.addWidget(sheet)
    sheet.show()
    sheet.activateWindow()
    sheet.table.setFocus()
    QTest.keyClick(sheet.table, Qt.Key.Key_Tab)
    assert isinstance(QApplication.focusWidget(), QAbstractButton)


@pytest.mark.parametrize("page", ["install", "failed", "verify", "ready"])
@pytest.mark.parametrize("size", [(1024, 640), (1120, 740), (1920, 1080)])
def test_nothing_is_wider_than_the_page(
    wizard: Wizard, session: Staged, qtbot: QtBot, page: str, size: tuple[int, int]
) -> None:
    shown = brought(wizard, session, qtbot, page)
    wizard.resize(*size)
    QApplication.processEvents()
    QApplication.processEvents()
    right = shown.mapToGlobal(shown.rect().topRight()).x()
    beyond = [
        f"{type(w).__name__} {w.accessibleName()}"
        for w in inside(shown, QWidget)
        if w.objectName() == "card"
        and w.isVisibleTo(shown)
        and w.mapToGlobal(w.rect().topRight()).x() > right
    ]
    assert not beyond


def test_high_contrast_and_dark_paint_every_page(
    wizard: Wizard, session: Staged, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.execution.events = [
        StepEvent(at=0.0, step=PLAN.steps[0].id, what=next(w for _, w in failed_install()))
    ]
    pictures = set()
    for look in (theme.LIGHT, theme.DARK, theme.high_contrast(theme.palette(theme.DARK))):
        monkeypatch.setattr(theme, "_current", look)
        wizard.setStyleSheet(theme.sheet(look))
        for page in ("install", "verify", "ready"):
            image = brought(wizard, session, qtbot, page).grab().toImage()
            pictures.add(image.pixelColor(4, 4).name())
    assert len(pictures) >= 2


@pytest.mark.parametrize(
    "text",
    [
        "<img src='//evil/share/x.png'>",
        "NVIDIA <b>RTX</b> &lt;i&gt;",
        "a\n  b <a href='x'>c</a>",
        "1 < 2 & 3",
    ],
)
def test_a_tool_tip_shows_a_strangers_text_as_it_is(qtbot: QtBot, text: str) -> None:
    """Qt would open the file, or on Windows the share, that an <img> names."""
    for label in (Label("x"), Elided(text)):
        qtbot.addWidget(label)
        label.setToolTip(text)
        shown = QTextDocument()
        shown.setHtml(label.toolTip())
        assert shown.toPlainText() == text
    assert Elided("/plain/path").toolTip() == "/plain/path"
