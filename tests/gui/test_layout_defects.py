"""No page and no dialog has widgets that are cut, lie over one another or reach off the window.

In English, in a pretended language a third longer, from the smallest window to an ordinary one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QPoint, QRect
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from app.gui.dialogs.compare_output import CompareOutput
from app.gui.dialogs.paste_log import PasteLog
from app.gui.dialogs.plan_details import PlanDetails
from app.gui.dialogs.remove import Remove
from app.gui.dialogs.restore import Restore
from app.gui.dialogs.sources import SourcesDialog
from app.gui.pages.install import Install
from app.gui.pages.setup import Setup
from app.gui.widgets.card import Elided
from app.gui.widgets.dialog import Dialog
from app.gui.wizard import Wizard
from app.model.pointer import Pointer
from build.pseudo import PseudoTranslator
from tests.gui.fake_session import Staged, inside
from tests.gui.sample_run import ENV, PLAN, VERDICT, failed_install
from tests.gui.test_text_clipping import cut
from tests.gui.test_wizard import _speaks_english  # noqa: F401

WAYS = (("en", (640, 330)), ("en", (1024, 640)), ("pseudo", (1120, 740)))


@pytest.fixture
def session(tmp_path: Path) -> Staged:
    """A session with everything to show: an active setup, a change in it, a newer one, a failure."""
    staged = Staged(tmp_path, failed_install)
    staged.offered |= {"kernel", "shortcut"}
    staged.active = Pointer(
        active=ENV, profile="torch28-2025.11", previous="older", at="2026-11-24T15:00:00Z"
    )
    staged.changed = ("peft 0.18.0 is missing from the environment.",)
    staged.newer = "torch212-2026.10"
    staged.execution.verification = VERDICT
    staged.moved = {"Q:\\1": "C:\\Users\\kim\\miniconda3\\envs\\old"}
    return staged


@pytest.fixture
def tongue(request: pytest.FixtureRequest) -> Iterator[str]:
    translator = PseudoTranslator()
    if request.param == "pseudo":
        QCoreApplication.installTranslator(translator)
    yield request.param
    QCoreApplication.removeTranslator(translator)


def leaves(top: QWidget) -> list[QWidget]:
    """What is written or pressed, as far as it can be seen."""
    kinds = (QAbstractButton, QLabel, QLineEdit, QComboBox)
    found: list[QWidget] = []
    for widget in inside(top, QWidget):
        if not isinstance(widget, kinds) or not widget.isVisible():
            continue
        if isinstance(widget.parentWidget(), kinds):
            continue  # a part of one of them
        if isinstance(widget, QLabel) and not widget.text():
            continue
        found.append(widget)
    return found


def seen_of(widget: QWidget, top: QWidget) -> QRect:
    """Where a widget lies, as far as the areas that it scrolls in show it."""
    place = QRect(widget.mapTo(top, QPoint(0, 0)), widget.size())
    at = widget.parentWidget()
    while at is not None and at is not top:
        if isinstance(at, QScrollArea):
            view = at.viewport()
            place &= QRect(view.mapTo(top, QPoint(0, 0)), view.size())
        at = at.parentWidget()
    return place


def overlaps(top: QWidget) -> list[str]:
    """Pairs that lie over one another by more than a hairline."""
    found = []
    for one, other in combinations([(w, seen_of(w, top)) for w in leaves(top)], 2):
        both = one[1] & other[1]
        if both.width() > 2 and both.height() > 2:
            found.append(f"{text_of(one[0])!r} over {text_of(other[0])!r}")
    return found


def squeezed(top: QWidget) -> list[str]:
    """Texts of several lines that have less height than their lines need."""
    return [
        f"{label.text()[:40]!r}: {label.height()} of {label.heightForWidth(label.width())} high"
        for label in inside(top, QLabel)
        if label.isVisible()
        and label.text()
        and label.wordWrap()
        and not isinstance(label, Elided)
        and label.height() + 1 < label.heightForWidth(label.width())
    ]


def outside(top: QWidget) -> list[str]:
    """What can be seen, but not whole within the window, and not by scrolling."""
    room = QRect(QPoint(0, 0), top.size())
    return [
        f"{text_of(widget)!r} reaches out of the window"
        for widget in leaves(top)
        if not seen_of(widget, top).isEmpty() and not room.contains(seen_of(widget, top))
    ]


def text_of(widget: QWidget) -> str:
    text = getattr(widget, "text", None)
    return str(text())[:40] if callable(text) else type(widget).__name__


def defects(top: QWidget) -> list[str]:
    return cut(top) + overlaps(top) + squeezed(top) + outside(top)


def _rests(page: Install) -> bool:
    return not page.running


def judged(qtbot: QtBot, top: QWidget, name: str) -> list[str]:
    """The defects that stay: bars fold and lines wrap a moment after a window has its size."""
    end = time.monotonic() + 5
    qtbot.wait(60)
    while (found := defects(top)) and time.monotonic() < end:
        qtbot.wait(60)
    return [f"{name}: {one}" for one in found]


@pytest.mark.parametrize(("tongue", "size"), WAYS, indirect=["tongue"])
def test_no_page_has_a_defect(
    qtbot: QtBot, wizard: Wizard, session: Staged, tongue: str, size: tuple[int, int]
) -> None:
    qtbot.waitUntil(lambda: not wizard.is_surveying, timeout=30_000)
    wizard.resize(*size)
    wizard.rebuild_stage("welcome")
    qtbot.waitUntil(lambda: not any(s.running for s in wizard._streams), timeout=30_000)
    found = judged(qtbot, wizard, "home")
    session.active = None
    wizard.rebuild_stage("welcome")
    found += judged(qtbot, wizard, "welcome")
    for page in ("this-pc", "setup", "clean-up", "install", "verify", "ready"):
        wizard.go(page)
        found += judged(qtbot, wizard, page)
        shown = wizard.currentPage()
        if isinstance(shown, Setup):
            shown.more.click()
            found += judged(qtbot, wizard, "setup, others")
        if isinstance(shown, Install):
            shown.start(PLAN)
            qtbot.waitUntil(partial(_rests, shown), timeout=30_000)
            found += judged(qtbot, wizard, "failed")
    assert found == []


DIALOGS: dict[str, Callable[[Wizard, Staged], Dialog]] = {
    "sources": lambda wizard, _: SourcesDialog(wizard),
    "remove": lambda wizard, session: Remove(wizard, session.undo.uninstallable()),
    "restore": Restore,
    "compare": lambda wizard, _: CompareOutput(wizard),
    "paste": PasteLog,
    "plan": lambda wizard, _: PlanDetails(wizard, PLAN),
}


@pytest.mark.parametrize(("tongue", "size"), WAYS, indirect=["tongue"])
def test_no_dialog_has_a_defect(
    qtbot: QtBot, wizard: Wizard, session: Staged, tongue: str, size: tuple[int, int]
) -> None:
    qtbot.waitUntil(lambda: not wizard.is_surveying, timeout=30_000)
    wizard.resize(*size)
    found = []
    for name, make in DIALOGS.items():
        dialog = make(wizard, session)
        dialog.fit()
        dialog.show()
        found += judged(qtbot, dialog, name)
        assert dialog.height() <= wizard.height() and dialog.width() <= wizard.width(), name
        dialog.close()
    assert found == []
