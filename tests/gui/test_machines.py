"""The dialog of other machines.

The shipped ones are told apart, one is chosen by keyboard or mouse, or a file is.
"""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.__main__ import machines
from app.gui import menu
from app.gui.dialogs.machines import Machines, row_of
from app.gui.messages import localize
from app.gui.wizard import Wizard
from tests.gui.fake_session import FakeSession
from tests.gui.test_wizard import _speaks_english, opened  # noqa: F401


@pytest.fixture
def shipped(qtbot: QtBot) -> Wizard:
    return opened(
        qtbot,
        FakeSession(),
        rehearse=lambda _name: FakeSession(simulated="other"),
        machines=machines,
    )


def test_every_shipped_machine_is_told_from_the_others() -> None:
    rows = [row_of(facts) for _, facts in machines()]
    assert len(set(rows)) == len(rows) >= 25
    assert all(card and system and special for card, system, special in rows)


def test_what_is_special_is_said_in_german_too(qtbot: QtBot) -> None:
    from app.gui import languages

    languages.install_language("de")
    english = {
        note.text for _, facts in machines() for note in facts.notes if note.about == "machine"
    }
    assert not [text for text in english if localize(text) == text]


def test_enter_takes_the_machine_that_is_chosen(qtbot: QtBot, shipped: Wizard) -> None:
    sheet = Machines(shipped)
    qtbot.addWidget(sheet)
    sheet.show()
    assert sheet.table.currentRow() == 0
    rows = [sheet.table.item(at, 2).text() for at in range(sheet.table.rowCount())]  # type: ignore[union-attr]
    wanted = rows.index("A PC without internet.")
    for _ in range(wanted):
        QTest.keyClick(sheet.table, Qt.Key.Key_Down)
    QTest.keyClick(sheet.table, Qt.Key.Key_Return)
    assert sheet.chosen == "rtx3060-offline" and sheet.result()


@pytest.mark.parametrize("width", [460, 820])
def test_no_sentence_is_cut(qtbot: QtBot, shipped: Wizard, width: int) -> None:
    sheet = Machines(shipped)
    qtbot.addWidget(sheet)
    sheet.show()
    sheet.resize(width, 400)
    table = sheet.table

    def needed(row: int) -> int:
        room = QRect(0, 0, table.columnWidth(2) - 20, 1000)
        text = table.item(row, 2).text()  # type: ignore[union-attr]
        return table.fontMetrics().boundingRect(room, int(Qt.TextFlag.TextWordWrap), text).height()

    qtbot.waitUntil(
        lambda: all(table.rowHeight(row) >= needed(row) for row in range(table.rowCount())),
        timeout=5_000,
    )


def test_a_file_can_be_chosen_instead(
    qtbot: QtBot, shipped: Wizard, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = Machines(shipped)
    qtbot.addWidget(sheet)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    sheet._browse_for_file()
    assert sheet.chosen is None and not sheet.result()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("Q:\\machine.json", ""))
    sheet._browse_for_file()
    assert sheet.chosen == "Q:\\machine.json" and sheet.result()


@pytest.mark.parametrize(("taken", "gone"), [(True, ["h100-server"]), (False, [])])
def test_the_menu_goes_there_only_when_one_was_taken(
    shipped: Wizard, monkeypatch: pytest.MonkeyPatch, taken: bool, gone: list[str]
) -> None:
    def answer(sheet: Machines) -> bool:
        sheet.chosen = "h100-server"
        return taken

    went: list[str] = []
    monkeypatch.setattr(Machines, "exec", answer)
    monkeypatch.setattr(menu, "open_simulated", lambda _wizard, name: went.append(name))
    next(a for a in menu.make_menu(shipped).actions() if "another machine" in a.text()).trigger()
    assert went == gone
