"""The licences of what is inside can be read in the window."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QDialog, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from app.gui import menu, theme
from app.gui.dialogs.licences import PACKED, licence_text
from app.gui.wizard import Wizard
from tests.gui.fake_session import inside


def test_a_checkout_shows_the_texts_of_its_resources() -> None:
    text = licence_text()
    for words in ("GNU LESSER GENERAL PUBLIC LICENSE", "HarfBuzz", "NVIDIA CORPORATION"):
        assert words.lower() in text.lower()


def test_a_packed_program_shows_the_text_that_was_made_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("resources")
    (place / "licences").mkdir()
    (place / "licences" / PACKED).write_text("all of it: Grüße\n", "utf-8")
    (place / "licences" / "another.txt").write_text("not this one", "utf-8")
    monkeypatch.setattr(theme, "RESOURCES", place.as_posix())
    assert licence_text() == "all of it: Grüße\n"


def test_about_leads_to_them(wizard: Wizard, qtbot: QtBot) -> None:
    seen: list[str] = []

    def press() -> None:
        top = QApplication.activeModalWidget()
        assert isinstance(top, QDialog)
        if texts := inside(top, QPlainTextEdit):
            seen.append(texts[0].toPlainText())
            top.accept()
            return
        QTimer.singleShot(0, press)
        [button] = [b for b in inside(top, QPushButton) if "Licences" in b.text()]
        button.click()
        top.accept()

    QTimer.singleShot(0, press)
    menu.about(wizard)
    assert len(seen) == 1
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in seen[0]
