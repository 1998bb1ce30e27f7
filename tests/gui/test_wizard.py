"""The window: the way through, the keyboard, names for screen readers.

Small screens, other machines, other languages.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec
import pytest
from PySide6.QtCore import QCoreApplication, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QProgressBar,
    QRadioButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.engine.stages import STAGES, Stage
from app.gui import languages, theme
from app.gui.main import application
from app.gui.menu import make_menu
from app.gui.widgets.buttons import Button
from app.gui.wizard import Wizard
from app.model.machine import MachineFacts, ProbeResult
from tests.gui.fake_session import FakeSession
from tests.gui.sample_machine import FACTS

T = TypeVar("T", bound=QWidget)
MINE: tuple[Stage, ...] = ("welcome", "this-pc", "setup", "clean-up")


@pytest.fixture(autouse=True)
def _speaks_english(qapp: object) -> Iterator[None]:
    application()
    languages.install_language("en")
    yield
    languages.install_language("en")


def opened(qtbot: QtBot, session: Any, **more: Any) -> Wizard:
    """A shown window whose survey is over."""
    wizard = Wizard(session, **more)
    qtbot.addWidget(wizard)
    with qtbot.waitSignal(wizard.surveyed, timeout=5000):
        wizard.show()
        wizard.resize(1120, 740)
    qtbot.waitUntil(wizard.isActiveWindow)
    return wizard


def go(wizard: Wizard, stage: Stage) -> None:
    """To a page, and until it is shown."""
    wizard.go(stage)
    QCoreApplication.processEvents()


def inside(widget: QWidget, kind: type[T]) -> list[T]:
    """All children of a kind (the stubs of 6.8 know no type for them)."""
    return cast("list[T]", widget.findChildren(kind))


def text_of(wizard: Wizard) -> str:
    """Everything that the current page says."""
    # what has just been added to a layout shows with the next event
    QCoreApplication.processEvents()
    return "\n".join(
        label.text() for label in inside(wizard.currentPage(), QLabel) if label.isVisible()
    )


def test_the_window_is_painted_before_the_survey_begins(qtbot: QtBot) -> None:
    session = FakeSession()
    wizard = Wizard(session)
    qtbot.addWidget(wizard)
    seen: list[bool] = []
    real = session.survey

    def survey() -> Iterator[ProbeResult]:
        seen.append(wizard.painted)
        return real()

    session.survey = survey  # type: ignore[method-assign]
    assert session.surveys == 0
    with qtbot.waitSignal(wizard.surveyed, timeout=5000):
        wizard.show()
    assert seen == [True] and session.surveys == 1


def test_the_window_is_there_before_the_session(qtbot: QtBot) -> None:
    let = threading.Event()

    def opening() -> Any:
        let.wait(5)
        return FakeSession()

    wizard = Wizard(opening)
    qtbot.addWidget(wizard)
    wizard.show()
    qtbot.waitUntil(lambda: wizard.painted)
    assert not wizard.ready
    assert "What will happen" in text_of(wizard)
    primary = wizard.page_of("welcome").bar.primary
    assert primary is not None
    primary.click()  # remembered until it can be done
    assert wizard.stage == "welcome"
    let.set()
    qtbot.waitUntil(lambda: wizard.stage == "this-pc", timeout=5000)
    assert wizard.ready


def test_a_session_that_cannot_be_opened_is_said_and_the_window_closes(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[BaseException] = []

    def show(_wizard: object, fault: BaseException, then: Callable[[], object]) -> None:
        shown.append(fault)
        then()

    monkeypatch.setattr("app.gui.error_dialog.show_fault", show)

    def opening() -> Any:
        raise OSError("resources/gpus.toml cannot be read")

    wizard = Wizard(opening)
    qtbot.addWidget(wizard)
    wizard.show()
    qtbot.waitUntil(lambda: not wizard.isVisible(), timeout=5000)
    assert str(shown[0]) == "resources/gpus.toml cannot be read"


def test_forward_and_back_through_the_pages(qtbot: QtBot) -> None:
    wizard = opened(qtbot, FakeSession())
    passed = [wizard.stage]
    for _ in MINE[1:]:
        wizard.forward()
        passed.append(wizard.stage)
    assert tuple(passed) == MINE
    for expected in reversed(MINE[:-1]):
        wizard.backward()
        assert wizard.stage == expected
    go(wizard, "clean-up")
    for move, expected in ((wizard.backward, "setup"), (wizard.forward, "clean-up")):
        move()
        assert wizard.stage == expected


def test_clean_up_is_skipped_where_there_is_nothing(qtbot: QtBot) -> None:
    wizard = opened(qtbot, FakeSession(msgspec.structs.replace(FACTS, leftovers=(), pythons=())))
    go(wizard, "setup")
    assert wizard.page_of("setup").bar.primary.text() == "Next: the plan"  # type: ignore[union-attr]
    assert wizard.nextId() == 4
    assert "nothing to do" in wizard.rail.steps["clean-up"].accessibleName()


def test_the_keyboard_alone_reaches_clean_up(qtbot: QtBot) -> None:
    wizard = opened(qtbot, FakeSession())
    for expected in MINE[1:]:
        QTest.keyClick(wizard.focusWidget() or wizard, Qt.Key.Key_Return)
        qtbot.waitUntil(
            lambda: wizard.stage == expected and wizard.currentPage().isVisible(),  # noqa: B023
            timeout=15000,
        )


def test_alt_and_the_letter_press_the_button(qtbot: QtBot) -> None:
    wizard = opened(qtbot, FakeSession())
    go(wizard, "this-pc")
    QTest.keyClick(wizard, Qt.Key.Key_C, Qt.KeyboardModifier.AltModifier)
    # A page that does not show yet answers no key: on a busy machine the next press came before it.
    qtbot.waitUntil(
        lambda: wizard.stage == "setup" and wizard.page_of("setup").bar.isVisible(), timeout=15000
    )
    QTest.keyClick(wizard, Qt.Key.Key_B, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: wizard.stage == "this-pc", timeout=15000)


def test_the_lines_under_the_letters_show_while_alt_is_held(qtbot: QtBot) -> None:
    wizard = opened(qtbot, FakeSession())
    primary = wizard.page_of("welcome").bar.primary
    assert primary is not None and primary.text() == "Look at this PC"
    QTest.keyPress(wizard, Qt.Key.Key_Alt)
    assert primary.text() == "&Look at this PC"
    QTest.keyRelease(wizard, Qt.Key.Key_Alt)
    assert primary.text() == "Look at this PC"


def test_tab_reaches_every_control_of_a_page(qtbot: QtBot) -> None:
    wizard = opened(qtbot, FakeSession())
    for stage in MINE:
        go(wizard, stage)
        wanted = {
            w
            for w in inside(wizard.currentPage(), QWidget)
            if w.isVisible()
            and w.isEnabled()
            and isinstance(w, (QAbstractButton, QComboBox, QLineEdit))
            and w.focusPolicy() & Qt.FocusPolicy.TabFocus
            and not isinstance(w.parent(), QComboBox)
        }
        wanted -= {
            w for w in wanted if isinstance(w, QRadioButton) and not w.isChecked()
        }  # one stop for all of them
        reached: set[QWidget] = set()
        for _ in range(80):
            QTest.keyClick(wizard.focusWidget() or wizard, Qt.Key.Key_Tab)
            if wizard.focusWidget() is not None:
                reached.add(wizard.focusWidget())
        assert wanted <= reached, [
            w.accessibleName() or getattr(w, "text", lambda: "")() for w in wanted - reached
        ]


def test_every_control_has_a_name(qtbot: QtBot) -> None:
    wizard = opened(qtbot, FakeSession())
    for stage in MINE:
        go(wizard, stage)
        for widget in inside(wizard, QWidget):
            controls = (QAbstractButton, QComboBox, QLineEdit, QProgressBar)
            if type(widget) is QAbstractButton and not widget.isVisibleTo(wizard):
                # QWizard's own back button of the Vista style, on Windows there but never shown
                continue
            if isinstance(widget, controls) and not isinstance(widget.parent(), QComboBox):
                name = widget.accessibleName() or (
                    widget.text() if isinstance(widget, QAbstractButton) else ""
                )
                assert name.strip(), f"{stage}: {type(widget).__name__} has no name"
        assert wizard.currentPage().accessibleName()
        assert wizard.windowTitle().endswith("Unsloth Setup")


def test_each_page_has_exactly_one_primary_button(qtbot: QtBot) -> None:
    wizard = opened(qtbot, FakeSession())
    for stage in MINE:
        go(wizard, stage)
        primary = [
            b
            for b in inside(wizard.currentPage(), QAbstractButton)
            if b.property("kind") == "primary" and b.isVisible()
        ]
        assert len(primary) == 1
        assert isinstance(primary[0], Button) and primary[0].isDefault()


@pytest.mark.parametrize("size", [(1024, 640), (800, 560), (1120, 740)])
def test_nothing_is_cut_at_the_side(qtbot: QtBot, size: tuple[int, int]) -> None:
    wizard = opened(qtbot, FakeSession())
    wizard.resize(*size)
    for stage in MINE:
        go(wizard, stage)
        qtbot.wait(20)
        assert (wizard.width(), wizard.height()) == size, stage
        page = wizard.currentPage()
        for widget in inside(page, QWidget):
            if widget.isVisible() and isinstance(widget, (QAbstractButton, QLabel)):
                right = widget.mapTo(page, QPoint(widget.width(), 0)).x()
                assert right <= page.width(), (
                    f"{stage}: {widget.text()!r} ends at {right} of {page.width()}"
                )


def test_the_rail_fills_the_height_and_says_where_the_visit_stands(qtbot: QtBot) -> None:
    wizard = opened(qtbot, FakeSession())
    go(wizard, "setup")
    qtbot.wait(20)
    corner = wizard.rail.mapTo(wizard, QPoint(0, 0))
    assert (corner.x(), corner.y(), wizard.rail.width(), wizard.rail.height()) == (
        0,
        0,
        theme.RAIL_WIDTH,
        wizard.height(),
    )
    assert wizard.currentPage().mapTo(wizard, QPoint(0, 0)) == QPoint(theme.RAIL_WIDTH, 0)
    assert (
        wizard.rail.steps["setup"].accessibleName() == f"Step 3 of {len(STAGES)}: Setup, this page"
    )
    assert wizard.rail.steps["welcome"].accessibleName().endswith("done")
    assert wizard.rail.card.text() == "GeForce RTX 3090"
    assert wizard.rail.detail.text() == "24 GB · driver 576.80"
    assert wizard.rail.system.text() == "Windows 11 · 300 GB free"


def test_another_language_at_once_and_on_the_same_page(qtbot: QtBot) -> None:
    wizard = opened(qtbot, FakeSession())
    go(wizard, "setup")
    wizard.set_language("de")
    assert wizard.stage == "setup"
    assert wizard.session.answers.language == "de"
    assert "Zurück" in {b.text() for b in inside(wizard.currentPage(), QAbstractButton)}
    assert wizard.rail.steps["install"].accessibleName().startswith(f"Schritt 5 von {len(STAGES)}")


def test_another_look_at_once(qtbot: QtBot) -> None:
    wizard = opened(qtbot, FakeSession())
    wizard.set_theme("dark")
    assert theme.current() is theme.DARK
    assert wizard.grab().toImage().pixelColor(600, 20).name() == theme.DARK.bg
    wizard.set_theme("light")
    assert wizard.grab().toImage().pixelColor(600, 20).name() == theme.LIGHT.bg


def test_a_simulation_says_so_on_every_page(qtbot: QtBot) -> None:
    wizard = opened(qtbot, FakeSession(simulated="laptop.json"))
    for stage in MINE:
        go(wizard, stage)
        assert "Simulation: this is another computer, nothing is changed." in text_of(wizard)


def test_to_another_machine_and_back(qtbot: QtBot) -> None:
    other = FakeSession(MachineFacts(os=FACTS.os, gpus=()), simulated="no-card")
    wizard = opened(
        qtbot, FakeSession(), rehearse=lambda _name: other, machines=(("no-card", FACTS),)
    )
    go(wizard, "setup")
    titles = [a.text() for a in make_menu(wizard).actions()]
    assert "Try it on &another machine …" in titles and "Back to &this PC" not in titles
    with qtbot.waitSignal(wizard.surveyed, timeout=5000):
        wizard.open_session(other)
    assert wizard.stage == "welcome" and "Simulation" in text_of(wizard)
    assert "Back to &this PC" in [a.text() for a in make_menu(wizard).actions()]
    assert wizard.home_session is not None
    with qtbot.waitSignal(wizard.surveyed, timeout=5000):
        wizard.open_session(wizard.home_session)
    assert wizard.home_session is None and "Simulation" not in text_of(wizard)


def test_a_running_plan_is_asked_about_before_the_window_closes(qtbot: QtBot) -> None:
    """Enter keeps it running; only the named answer stops it; a question whose run is over goes."""
    wizard = opened(qtbot, FakeSession())
    running = [True]
    wizard.busy = lambda: running[0]

    def with_dialog(act: Callable[[QWidget], object]) -> None:
        def look() -> None:
            dialog = QApplication.activeModalWidget()
            if dialog is None:
                QTimer.singleShot(10, look)
            else:
                act(dialog)

        QTimer.singleShot(0, look)
        wizard.close()

    with_dialog(lambda dialog: QTest.keyClick(dialog, Qt.Key.Key_Return))
    assert wizard.isVisible()

    def end_run(_dialog: QWidget) -> None:
        running[0] = False
        wizard.stream(lambda: iter(()), lambda _event: None).start()

    with_dialog(end_run)
    assert wizard.isVisible() and QApplication.activeModalWidget() is None
    running[0] = True

    def stop(dialog: QWidget) -> None:
        yes = next(b for b in inside(dialog, Button) if b.text() == "Stop and close")
        QTest.mouseClick(yes, Qt.MouseButton.LeftButton)

    with_dialog(stop)
    assert not wizard.isVisible()
    wizard.close()  # a window that is closed asks nothing any more


def test_escape_on_a_page_never_closes_the_window(qtbot: QtBot) -> None:
    wizard = opened(qtbot, FakeSession())
    for stage in MINE:
        go(wizard, stage)
        QTest.keyClick(wizard.focusWidget() or wizard, Qt.Key.Key_Escape)
        QTest.keyClick(wizard, Qt.Key.Key_Escape)
        assert wizard.isVisible() and wizard.stage == stage


def test_the_wheel_over_a_closed_box_changes_nothing(qtbot: QtBot) -> None:
    wizard = opened(qtbot, FakeSession())
    seen = 0
    for stage in MINE:
        go(wizard, stage)
        for box in inside(wizard.currentPage(), QComboBox):
            before = box.currentIndex()
            for turn in (-120, 120, 120, -120, -120):
                at = QPointF(box.rect().center())
                event = QWheelEvent(
                    at,
                    QPointF(box.mapToGlobal(at.toPoint())),
                    QPoint(),
                    QPoint(0, turn),
                    Qt.MouseButton.NoButton,
                    Qt.KeyboardModifier.NoModifier,
                    Qt.ScrollPhase.NoScrollPhase,
                    False,
                )
                QCoreApplication.sendEvent(box, event)
                assert box.currentIndex() == before
            seen += 1
    assert seen >= 3


def test_every_box_of_the_program_is_of_the_kind_that_ignores_the_wheel() -> None:
    turned = re.compile(r"\b(QComboBox|Q\w*SpinBox|Q\w*Slider|QDial|Q\w*TimeEdit|QDateEdit)[()]")
    gui = Path(__file__).parents[2] / "app" / "gui"
    made = {
        str(path.relative_to(gui)): turned.findall(path.read_text("utf-8"))
        for path in sorted(gui.rglob("*.py"))
    }
    assert {path: found for path, found in made.items() if found} == {
        "widgets/combo.py": ["QComboBox"]
    }


def test_closing_joins_a_survey_that_is_still_running(qtbot: QtBot) -> None:
    session = FakeSession()
    left = threading.Event()

    def slow() -> Iterator[ProbeResult]:
        try:
            while not left.wait(0.01):
                yield ProbeResult(subject="disks", seconds=0.1)
        finally:
            left.set()

    session.survey = slow  # type: ignore[method-assign]
    wizard = Wizard(session)
    qtbot.addWidget(wizard)
    wizard.show()
    qtbot.waitUntil(lambda: len(wizard.sightings) > 2, timeout=5000)
    wizard.close()
    assert left.is_set() and not wizard.is_surveying
