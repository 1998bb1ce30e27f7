"""What a screen reader is told without being asked: ends of steps, failures, verdicts, blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QAccessible
from pytestqt.qtbot import QtBot

from app.gui import announce as announcing
from app.gui.pages.install import Install
from app.gui.wizard import Wizard
from tests.gui.fake_session import FakeSession, Staged, flush_and_close
from tests.gui.sample_run import PLAN, failed_install
from tests.gui.test_mending import DRIVER
from tests.gui.test_wizard import _speaks_english, go, opened  # noqa: F401


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Every announcement that reaches Qt's bridge: its words, and whether it interrupts."""
    found: list[tuple[str, bool]] = []
    politeness = QAccessible.AnnouncementPoliteness

    def take(event: Any) -> None:
        found.append((event.message(), event.politeness() == politeness.Assertive))

    class Bridge:
        AnnouncementPoliteness = politeness
        updateAccessibility = staticmethod(take)  # noqa: N815  (Qt names it)

    monkeypatch.setattr(announcing, "QAccessible", Bridge)
    return found


def test_each_step_and_the_verdict_are_heard(
    qtbot: QtBot, wizard: Wizard, heard: list[tuple[str, bool]]
) -> None:
    wizard.go("install")
    install = wizard.page_of("install")
    assert isinstance(install, Install)
    install.start(PLAN)
    qtbot.waitUntil(lambda: wizard.stage == "verify", timeout=30_000)
    said = [words for words, _ in heard]
    assert "PyTorch for CUDA 12.8: done" in said and "Own environment: was already done" in said
    assert any(words.startswith("It works.") for words in said)
    assert len(said) <= len(PLAN.steps) + 3  # ends, not each event


def test_a_failure_interrupts(qtbot: QtBot, tmp_path: Path, heard: list[tuple[str, bool]]) -> None:
    session = Staged(tmp_path, failed_install)
    made = Wizard(session)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: made.painted, timeout=30_000)  # nothing is announced before
    made.go("install")
    install = made.page_of("install")
    assert isinstance(install, Install)
    install.start(PLAN)
    qtbot.waitUntil(lambda: not install.running, timeout=30_000)
    assert ("Installing offline, hashes checked: failed", True) in heard
    qtbot.waitUntil(
        lambda: any(words.startswith("Not finished.") and urgent for words, urgent in heard),
        timeout=30_000,
    )
    flush_and_close(made)


def test_what_is_in_the_way_is_heard(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, heard: list[tuple[str, bool]]
) -> None:
    session = FakeSession()
    monkeypatch.setattr(session, "findings", lambda: (DRIVER,))
    wizard = opened(qtbot, session)
    go(wizard, "this-pc")
    assert ("In the way: No driver", True) in heard
