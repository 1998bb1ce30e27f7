"""The window that most tests of the pages look at.

Over an invented session, shown at the size of the pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.gui.wizard import Wizard
from tests.gui.fake_session import Staged, flush_and_close

PATIENCE = 120_000  # milliseconds; on two busy cores a state took over the default of 5000


class PatientQtBot(QtBot):
    """Waits for a state as long as a busy machine needs; what never comes still fails."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = 0) -> None:
        """As pytest-qt's, for at least ``PATIENCE``."""
        super().waitUntil(callback, timeout=max(timeout, PATIENCE))

    def waitSignal(self, signal: Any, *, timeout: int = 0, **other: Any) -> Any:
        """As pytest-qt's, for at least ``PATIENCE``."""
        return super().waitSignal(signal, timeout=max(timeout, PATIENCE), **other)

    def addWidget(
        self, widget: QWidget, *, before_close_func: Callable[[Any], None] | None = None
    ) -> None:
        """As pytest-qt's. A window whose test failed in the middle of a run closes without its
        question, which nobody would answer.
        """
        if before_close_func is None and isinstance(widget, Wizard):
            before_close_func = flush_and_close
        super().addWidget(widget, before_close_func=before_close_func)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    """pytest-qt's own, more patient."""
    return PatientQtBot(request)


@pytest.fixture
def session(tmp_path: Path) -> Staged:
    """An install that works. Modules with other acts have a fixture of their own by this name."""
    return Staged(tmp_path)


@pytest.fixture
def wizard(qtbot: QtBot, session: Staged) -> Iterator[Wizard]:
    """The window over that session; nothing of it runs on when the test is over."""
    made = Wizard(session)
    qtbot.addWidget(made)
    made.show()
    made.resize(1120, 740)
    yield made
    session.execution.stop()
    flush_and_close(made)
