"""Clean-up: nothing is ticked by itself, what was moved away can be put back."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.gui.dialogs.restore import Restore
from app.gui.pages.clean_up import CleanUp
from app.gui.run_progress import rows_of
from app.gui.widgets.icons import Mark
from app.gui.widgets.plan_list import PlanList, taken_away
from app.model.plan import Plan, ProvidePython, Quarantine, RemoveTree, UninstallPackages
from tests.gui.fake_session import FakeSession
from tests.gui.sample_machine import FACTS
from tests.gui.test_pages import at
from tests.gui.test_wizard import _speaks_english, go, inside, opened, text_of  # noqa: F401


def test_nothing_is_ticked_and_ticks_are_kept(qtbot: QtBot) -> None:
    session = FakeSession()
    wizard = opened(qtbot, session)
    go(wizard, "clean-up")
    page = at(wizard, CleanUp)
    assert [b.isChecked() for b in page.boxes.values()] == [False, False]
    assert page.sum.text() == "11.4 GB in all, nothing chosen"
    page.boxes["env:1"].setFocus()
    QTest.keyClick(page.boxes["env:1"], Qt.Key.Key_Space)
    assert page.sum.text() == "7.3 GB of 11.4 GB go to the quarantine"
    wizard.backward()
    assert session.answers.clean_up == ("env:1",)
    wizard.forward()
    assert at(wizard, CleanUp).boxes["env:1"].isChecked()


def test_what_was_moved_away_is_put_back_or_says_why_not(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = FakeSession()
    wizard = opened(qtbot, session)
    go(wizard, "clean-up")
    assert not at(wizard, CleanUp).put_back.isVisible()
    session.moved = {"Q:\\001": "C:\\old", "Q:\\002": "C:\\older"}
    session.occupied = {"C:\\older"}
    wizard.backward()
    wizard.forward()
    page = at(wizard, CleanUp)
    assert page.put_back.isVisible()
    messages: dict[str, str] = {}

    def press_all(dialog: Restore) -> int:
        for button in dialog.buttons.values():
            button.click()
        messages.update({shelf: label.text() for shelf, label in dialog.notes.items()})
        return 1

    monkeypatch.setattr(Restore, "exec", press_all)
    with qtbot.waitSignal(
        wizard.surveyed, timeout=5000
    ):  # the page looks again: what is back is among what was found
        page.put_back.click()
    assert session.moved == {"Q:\\002": "C:\\older"}
    assert messages["Q:\\001"] == "Back where it was"
    assert messages["Q:\\002"].startswith("C:\\older exists again")
    assert page.put_back.isVisible() and session.surveys == 2


def test_the_guides_own_clean_up_is_offered_and_never_chosen_by_itself(qtbot: QtBot) -> None:
    session = FakeSession()
    wizard = opened(qtbot, session)
    go(wizard, "clean-up")
    page = at(wizard, CleanUp)
    held = FACTS.pythons[1].path
    assert [page.guide.itemData(n) for n in range(page.guide.count())] == [None, held]
    assert page.guide.itemText(1) == f"{held} · torch 2.6.0+cpu"
    assert page.guide.currentIndex() == 0 and page.sum.text() == "11.4 GB in all, nothing chosen"
    page.leave()
    assert session.answers.uninstall_from is None
    page.guide.setFocus()
    assert not page.take_out.isVisible()
    QTest.keyClick(page.guide, Qt.Key.Key_Down)
    assert page.take_out.isVisible() and held in page.take_out.accessibleName()
    page.leave()
    assert session.answers.uninstall_from is None  # seen in the box is not ticked
    QTest.keyClick(page.take_out, Qt.Key.Key_Space)
    page.leave()
    assert session.answers.uninstall_from == held
    wizard.rebuild_stage("clean-up")
    assert page.take_out.isChecked() and page.guide.currentData() == held
    QTest.keyClick(page.guide, Qt.Key.Key_Up)
    page.leave()
    assert session.answers.uninstall_from is None


def test_a_step_that_takes_something_away_stands_out_in_the_plan(qtbot: QtBot) -> None:
    python = "C:\\miniconda3\\envs\\unsloth\\python.exe"
    steps = (
        UninstallPackages(id="out", title="Take out", python=python, packages=("torch",)),
        Quarantine(id="move", title="Move", leftover="env:1", path="C:\\old"),
        RemoveTree(id="gone", title="Remove", path="C:\\own"),
        ProvidePython(id="python", title="Python 3.12", version="3.12"),
    )
    found = [taken_away(row) for row in rows_of(Plan(title="", steps=steps))]
    assert python in found[0] and "C:\\old" in found[1] and "for good" in found[2] and not found[3]
    listed = PlanList(Plan(title="", steps=steps))
    qtbot.addWidget(listed)
    assert [mark.state for mark in inside(listed, Mark)] == ["warn", "warn", "warn", "wait"]
    assert set(found[:3]) <= {label.text() for label in inside(listed, QLabel)}


def test_without_such_an_environment_the_guides_clean_up_is_not_offered(qtbot: QtBot) -> None:
    wizard = opened(qtbot, FakeSession(msgspec.structs.replace(FACTS, pythons=())))
    go(wizard, "clean-up")
    assert not at(wizard, CleanUp).guide_card.isVisible()


def test_a_tick_of_what_is_gone_is_dropped(qtbot: QtBot) -> None:
    session = FakeSession()
    wizard = opened(qtbot, session)
    go(wizard, "clean-up")
    at(wizard, CleanUp).boxes["env:1"].click()
    session.to_find = msgspec.structs.replace(FACTS, leftovers=FACTS.leftovers[1:])
    with qtbot.waitSignal(wizard.surveyed, timeout=5000):
        wizard.start_survey()
    assert list(at(wizard, CleanUp).boxes) == ["cache:1"] and session.answers.clean_up == ()
