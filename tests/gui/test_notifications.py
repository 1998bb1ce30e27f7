"""The end of a run is told by the system where nobody looks at the window; here by a recorded port."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSystemTrayIcon, QWidget
from pytestqt.qtbot import QtBot

from app.engine.session import Session
from app.gui import languages
from app.gui.log_view.pane import LogPane
from app.gui.main import application
from app.gui.notifications import TrayNotifications
from app.gui.plan_run import PlanRun
from app.gui.wizard import Wizard
from app.model.training import TrainingRequest
from tests.gui.fake_session import flush_and_close
from tests.training.homes import make_home, make_model, open_session, plan_of, write_rows

pytestmark = pytest.mark.posix
WAIT = 60_000


class Recorded:
    """The port: whether somebody looks, and what the system was asked to tell."""

    def __init__(self, watched: bool) -> None:
        self.is_watched, self.told = watched, list[tuple[str, str]]()

    def watched(self) -> bool:
        """As it was said."""
        return self.is_watched

    def show(self, title: str, text: str) -> None:
        """Remembered."""
        self.told.append((title, text))


def session_for(folder: Path, pretend: str) -> tuple[Session, TrainingRequest]:
    session = open_session(make_home(folder / "home"), pretend)
    model = make_model(folder / "model")
    return session, TrainingRequest(data=str(write_rows(folder / "rows.jsonl")), model=str(model))


@pytest.fixture
def windows(qtbot: QtBot) -> Iterator[list[Wizard]]:
    application()
    languages.install_language("en")
    made: list[Wizard] = []
    yield made
    for one in made:
        flush_and_close(one)


@pytest.mark.parametrize(("pretend", "watched", "stopped", "told"), [
    ("{}", False, False, "ended"), ('{"fail": 1}', False, False, "failed"), ("{}", True, False, ""),
    ('{"steps": 4000, "seconds": 0.05}', False, True, ""),
])  # fmt: skip
def test_a_training_run_that_ends_unseen_is_told(
    qtbot: QtBot,
    windows: list[Wizard],
    tmp_path: Path,
    pretend: str,
    watched: bool,
    stopped: bool,
    told: str,
) -> None:
    """Not where the window is in front, and not where a person has stopped it."""
    session, request = session_for(tmp_path, pretend)
    wizard = Wizard(session)
    windows.append(wizard)
    qtbot.addWidget(wizard)
    recorded = Recorded(watched)
    wizard.notifications = recorded
    plan = plan_of(session, request)
    pane = LogPane()
    qtbot.addWidget(pane)
    run = PlanRun(wizard, plan, pane)
    with qtbot.waitSignal(run.ended, timeout=WAIT):
        run.start()
        if stopped:
            qtbot.waitUntil(
                lambda: any((tmp_path / "home").glob("runs/*/output/run.json")), timeout=WAIT
            )
            run.stop()
    assert [title for title, _ in recorded.told] == ["Unsloth Setup"] * bool(told)
    assert [told in text and plan.title in text for _, text in recorded.told] == [True] * bool(told)


def test_without_a_tray_nothing_is_shown_and_nothing_fails(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one the message goes to it, and its icon goes when the window is seen again."""
    window = QWidget()
    qtbot.addWidget(window)
    shown: list[tuple[str, str]] = []
    monkeypatch.setattr(
        QSystemTrayIcon, "showMessage", lambda _icon, title, text, *_: shown.append((title, text))
    )
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: False)
    port = TrayNotifications(window)
    port.show("Unsloth Setup", "A run: ended.")
    assert shown == [] and port._icon is None
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)
    monkeypatch.setattr(QSystemTrayIcon, "supportsMessages", lambda: True)
    port.show("Unsloth Setup", "A run: ended.")
    assert shown == [("Unsloth Setup", "A run: ended.")] and port._icon is not None
    assert port._icon.isVisible()
    port._icon.messageClicked.emit()
    application().applicationStateChanged.emit(Qt.ApplicationState.ApplicationActive)
    assert not port._icon.isVisible()
