"""What a hand may do at any moment.

Before the session is open, while a simulation plays, while a fault is on screen. Nothing meets a
deleted widget, and a session takes along what it runs.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from app.adapters.local_system import open_system
from app.gui import languages, theme
from app.gui.error_dialog import show_fault
from app.gui.main import _make_excepthook
from app.gui.pages.install import Install
from app.gui.pages.this_pc import ThisPc
from app.gui.pages.welcome import Welcome
from app.gui.widgets.buttons import Button
from app.gui.widgets.dialog import Dialog
from app.gui.wizard import Wizard
from app.model.errors import ExpectedError
from app.model.machine import ProbeResult
from tests.gui.fake_session import FakeSession, Staged, flush_and_close
from tests.gui.sample_machine import FACTS
from tests.gui.sample_run import PLAN
from tests.gui.test_wizard import _speaks_english, go, inside, opened  # noqa: F401


def dialogs() -> list[Dialog]:
    return [w for w in QApplication.topLevelWidgets() if isinstance(w, Dialog) and w.isVisible()]


def close_each(seen: list[str]) -> QTimer:
    """Note every dialog that is on screen and close it with the key that a person would use."""

    def look() -> None:
        there = dialogs()
        if there:
            seen.append(f"{len(there)}: {there[0].windowTitle()}")
            QTest.keyClick(there[0], Qt.Key.Key_Escape)

    timer = QTimer()
    timer.setInterval(10)
    timer.timeout.connect(look)
    timer.start()
    return timer


@pytest.fixture
def slow(qtbot: QtBot) -> Iterator[tuple[Wizard, FakeSession, threading.Event]]:
    """A window whose session is still being opened."""
    let, session = threading.Event(), FakeSession()

    def opening() -> Any:
        let.wait(20)
        return session

    wizard = Wizard(opening)
    qtbot.addWidget(wizard)
    wizard.show()
    qtbot.waitUntil(lambda: wizard.painted and isinstance(wizard.page_of("welcome"), Welcome))
    qtbot.waitUntil(lambda: hasattr(wizard.page_of("welcome"), "language"))
    yield wizard, session, let
    let.set()
    flush_and_close(wizard)
    languages.install_language("en")
    wizard.apply_theme("light")


def test_language_and_appearance_chosen_before_the_session_is_open_are_kept(
    qtbot: QtBot, slow: tuple[Wizard, FakeSession, threading.Event]
) -> None:
    wizard, session, let = slow
    welcome = wizard.page_of("welcome")
    assert isinstance(welcome, Welcome)
    QTest.keyClick(welcome.language, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: languages.current_language() == "de")
    QTest.keyClick(welcome.appearance, Qt.Key.Key_End)
    qtbot.waitUntil(lambda: theme.current().dark)
    assert not wizard.ready and not dialogs()
    assert welcome.language.currentData() == "de" and welcome.appearance.currentData() == "dark"
    with qtbot.waitSignal(wizard.surveyed, timeout=10_000):
        let.set()
    assert (session.answers.language, session.answers.theme) == ("de", "dark")
    assert languages.current_language() == "de" and theme.current().dark
    assert welcome.language.currentData() == "de" and welcome.appearance.currentData() == "dark"


def test_a_fault_is_shown_after_its_handler_and_one_at_a_time(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    wizard = opened(qtbot, FakeSession())
    order: list[str] = []
    seen: list[str] = []

    def press() -> None:
        for number in (1, 1, 2):
            show_fault(wizard, ExpectedError("odd", f"Fault {number}"))
        order.append("handler over" if not dialogs() else "dialog within the handler")

    button = Button("Press", press)
    qtbot.addWidget(button)
    button.show()
    keeper = close_each(seen)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not wizard.faults)
    keeper.stop()
    assert order == ["handler over"]
    assert seen == ["1: Fault 1", "1: Fault 2"]


def test_a_page_may_be_built_anew_under_the_button_whose_fault_is_shown(qtbot: QtBot) -> None:
    wizard = opened(qtbot, FakeSession())
    go(wizard, "setup")
    seen: list[str] = []
    primary = wizard.page_of("setup").bar.primary
    assert primary is not None
    primary.clicked.connect(lambda: show_fault(wizard, ExpectedError("odd", "Odd")))
    primary.clicked.connect(lambda: QTimer.singleShot(0, lambda: wizard.rebuild_stage("setup")))
    keeper = close_each(seen)
    QTest.mouseClick(primary, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: seen == ["1: Odd"] and not wizard.faults)
    keeper.stop()
    assert wizard.currentPage().isVisible()


def endless() -> Iterator[Any]:
    """A recorded run that has much to say."""
    from app.model.event import Line, Progress, Started

    yield "torch", Started(title="PyTorch")
    while True:
        yield "torch", Line(text=b"Downloading\n")
        yield "torch", Progress(done=1.0, total=2.0, rate=1.0)


@pytest.mark.parametrize("watched_from", ["install", "verify"])
def test_back_to_this_pc_while_a_simulated_run_plays(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, watched_from: str
) -> None:
    home, other = Staged(tmp_path), Staged(tmp_path, endless, simulated="other")
    wizard = opened(qtbot, home)
    faults: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", lambda _kind, error, _trace: faults.append(error))
    wizard.open_session(other)
    go(wizard, "install")
    install = wizard.page_of("install")
    assert isinstance(install, Install)
    install.start(PLAN)
    qtbot.waitUntil(
        lambda: install.view is not None and install.view.run_progress.rows[2].state == "down"
    )
    if watched_from == "verify":
        go(wizard, "verify")
    old = list(wizard._streams)
    assert wizard.busy() and old
    back = next(b for b in inside(wizard.currentPage(), Button) if b.text() == "Back to this PC")
    with qtbot.waitSignal(wizard.surveyed, timeout=10_000):
        QTest.mouseClick(back, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: wizard.session.simulated is None)
    qtbot.waitUntil(lambda: not any(s._worker.is_alive() for s in old))  # nothing runs on unseen
    assert not faults and not dialogs() and not wizard.busy()
    assert wizard.stage == "welcome" and not install.running and not install._clock.isActive()
    go(wizard, "install")
    assert install.title_label.text() == "Plan" and not faults


def test_what_is_ticked_on_another_machine_does_not_come_along(qtbot: QtBot) -> None:
    home, other = FakeSession(), FakeSession(simulated="other")
    wizard = opened(qtbot, home)
    wizard.open_session(other)
    go(wizard, "clean-up")
    page = wizard.page_of("clean-up")
    QTest.keyClick(page.boxes["env:1"], Qt.Key.Key_Space)  # type: ignore[attr-defined]
    wizard.open_session(home)
    assert home.answers.clean_up == () and home.answers.uninstall_from is None


def test_a_machine_chosen_during_the_first_survey_shows_its_own_facts_alone(qtbot: QtBot) -> None:
    let, home = threading.Event(), FakeSession()
    real = home.survey

    def survey() -> Iterator[ProbeResult]:
        yield next(iter(real()))
        let.wait(20)
        yield ProbeResult(subject="all", seconds=0.1, facts=FACTS)

    home.survey = survey  # type: ignore[method-assign]
    wizard = Wizard(home)
    qtbot.addWidget(wizard)
    wizard.show()
    qtbot.waitUntil(lambda: bool(wizard.sightings))
    old = list(wizard._streams)
    none = msgspec.structs.replace(FACTS, gpus=())
    with qtbot.waitSignal(wizard.surveyed, timeout=10_000):
        wizard.open_session(FakeSession(none, simulated="other"))
        go(wizard, "this-pc")
        let.set()
    qtbot.waitUntil(lambda: not any(s._worker.is_alive() for s in old))
    QApplication.processEvents()
    page = wizard.page_of("this-pc")
    assert isinstance(page, ThisPc) and page.card_name.text() == "None found"
    assert all(s.facts is not FACTS for s in wizard.sightings)


def test_a_plan_that_really_runs_is_not_left_for_another_machine(
    qtbot: QtBot, tmp_path: Path
) -> None:
    home = Staged(tmp_path, endless)
    wizard = opened(qtbot, home)
    go(wizard, "install")
    install = wizard.page_of("install")
    assert isinstance(install, Install)
    install.start(PLAN)
    wizard.open_session(FakeSession(simulated="other"))
    assert wizard.session is home and install.running
    home.execution.stop()
    flush_and_close(wizard)


def raising(error: Exception) -> Callable[[], object]:
    def act() -> object:
        raise error

    return act


@pytest.mark.parametrize("from_home", [True, False])
def test_a_fault_in_a_simulation_leaves_nothing_in_the_simulated_home(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, from_home: bool
) -> None:
    """With real files: the other person's home is a path that could be written here too."""
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    system: Any = open_system(simulated="other")
    monkeypatch.setattr(type(system.computer), "data_folder", lambda _self: str(ours))
    other, home = FakeSession(simulated="other"), FakeSession()
    for session, folder in ((other, theirs), (home, ours)):
        session.change(home=str(folder))
        session.system = system
    wizard = opened(qtbot, home if from_home else other)
    if from_home:
        wizard.open_session(other)
    go(wizard, "this-pc")
    messages: list[str] = []

    def close() -> None:
        for dialog in dialogs():
            messages.extend(label.text() for label in inside(dialog, QLabel))
            QTest.keyClick(dialog, Qt.Key.Key_Escape)

    keeper = QTimer()
    keeper.timeout.connect(close)
    keeper.start(10)
    _make_excepthook(wizard)(RuntimeError, RuntimeError("odd"), None)
    qtbot.waitUntil(lambda: bool(messages) and not wizard.faults)
    keeper.stop()
    assert not theirs.exists()
    [crash] = (ours / "reports").glob("crash-*.txt")
    assert any(crash.name in text for text in messages)
