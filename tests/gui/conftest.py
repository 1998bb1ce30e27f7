"""The window that most tests of the pages look at.

Over an invented session, shown at the size of the pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.gui.wizard import Wizard
from tests.gui.fake_session import Staged, flush_and_close


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
