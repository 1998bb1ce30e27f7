"""The primary button leads to what mends the one thing in the way, then to another look.

The processor is never chosen for somebody whose card could serve.
"""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.gui.mending import leading
from app.gui.pages.setup import Setup
from app.gui.pages.this_pc import ThisPc
from app.model.advice import Action, Finding
from tests.gui.fake_session import FakeSession
from tests.gui.sample_machine import CHOICES
from tests.gui.test_pages import at
from tests.gui.test_wizard import _speaks_english, go, opened  # noqa: F401

DRIVER = Finding(
    id="driver-missing",
    severity="blocks",
    title="No driver",
    seen="A card without a driver.",
    remedy="Install a driver.",
    source="test",
    detail="The card has no driver.",
    action=Action(kind="open", label="Open NVIDIA's driver page", target="https://www.nvidia.com"),
)


def test_one_thing_in_the_way_is_the_primary_act_and_then_another_look(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = FakeSession()
    monkeypatch.setattr(session, "findings", lambda: (DRIVER,))
    wizard = opened(qtbot, session)
    go(wizard, "this-pc")
    page = at(wizard, ThisPc)
    primary = page.bar.primary
    assert primary is not None and primary.text() == "Open NVIDIA's driver page"
    assert page.onward.isVisible()  # the way on stays open
    QTest.mouseClick(primary, Qt.MouseButton.LeftButton)
    assert session.opened == ["https://www.nvidia.com"] and wizard.stage == "this-pc"
    assert primary.text() == "Look again" and not page.again.isVisible()
    monkeypatch.setattr(session, "findings", lambda: ())
    with qtbot.waitSignal(wizard.surveyed, timeout=10_000):
        QTest.mouseClick(primary, Qt.MouseButton.LeftButton)
    assert primary.text() == "Choose a setup" and not page.onward.isVisible()
    QTest.mouseClick(primary, Qt.MouseButton.LeftButton)
    assert at(wizard, Setup).isVisible()


def test_two_things_in_the_way_lead_to_the_list(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = FakeSession()
    folder = Action(kind="page", label="Choose another folder", target="folder")
    full = msgspec.structs.replace(DRIVER, id="disk", title="Full", action=folder)
    two = (DRIVER, full)
    monkeypatch.setattr(session, "findings", lambda: two)
    wizard = opened(qtbot, session)
    go(wizard, "this-pc")
    primary = at(wizard, ThisPc).bar.primary
    assert primary is not None and primary.text() == "Choose a setup"


def test_what_one_act_mends_is_one_thing(qtbot: QtBot) -> None:
    sources = Action(kind="page", label="Choose a mirror", target="sources")
    index = msgspec.structs.replace(DRIVER, id="offline", action=sources)
    pytorch = msgspec.structs.replace(DRIVER, id="mirror", action=sources)
    unfixable = msgspec.structs.replace(DRIVER, id="old", action=None)
    note = msgspec.structs.replace(DRIVER, id="note", severity="warns")
    assert leading((index, pytorch, note)) is index
    assert leading((index, unfixable)) is None
    assert leading((unfixable,)) is None and leading((note,)) is None


def test_a_full_disk_leads_to_the_choice_of_a_folder_and_that_opens(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = FakeSession()
    folder = Action(kind="page", label="Choose another folder", target="folder")
    full = msgspec.structs.replace(DRIVER, id="disk-low", title="Full", action=folder)
    monkeypatch.setattr(session, "findings", lambda: (full,))
    asked: list[str] = []

    def choose(*_words: object) -> str:
        asked.append(session.place.home)
        return "D:\\ai"

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", choose)
    wizard = opened(qtbot, session)
    go(wizard, "this-pc")
    primary = at(wizard, ThisPc).bar.primary
    assert primary is not None and primary.text() == "Choose another folder"
    QTest.mouseClick(primary, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(asked) == 1, timeout=5_000)
    assert wizard.stage == "setup" and session.answers.home == "D:\\ai"
    assert at(wizard, Setup).folder.accessibleName() == "D:\\ai"


def test_setup_leads_to_the_mending_where_nothing_can_be_chosen(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = FakeSession()
    blocked = msgspec.structs.replace(
        CHOICES[0], verdict="blocked", recommended=True, findings=(DRIVER,)
    )
    monkeypatch.setattr(session, "choices", lambda: (blocked,))
    wizard = opened(qtbot, session)
    go(wizard, "setup")
    primary = at(wizard, Setup).bar.primary
    assert primary is not None and primary.isEnabled()
    assert primary.text() == "Open NVIDIA's driver page"
    QTest.mouseClick(primary, Qt.MouseButton.LeftButton)
    assert session.opened == ["https://www.nvidia.com"] and primary.text() == "Look again"
    before = session.surveys
    with qtbot.waitSignal(wizard.surveyed, timeout=10_000):
        QTest.mouseClick(primary, Qt.MouseButton.LeftButton)
    assert session.surveys == before + 1


def test_the_processor_is_not_chosen_by_itself_where_a_card_could_serve(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = FakeSession()
    needs = CHOICES[0].profile.needs
    cpu = msgspec.structs.replace(
        CHOICES[1],
        verdict="ready",
        recommended=False,
        profile=msgspec.structs.replace(
            CHOICES[1].profile, needs=msgspec.structs.replace(needs, gpu=False)
        ),
    )
    card = msgspec.structs.replace(
        CHOICES[0],
        verdict="blocked",
        recommended=True,
        profile=msgspec.structs.replace(
            CHOICES[0].profile, needs=msgspec.structs.replace(needs, gpu=True)
        ),
    )
    monkeypatch.setattr(session, "choices", lambda: (card, cpu))
    wizard = opened(qtbot, session)
    go(wizard, "setup")
    page = at(wizard, Setup)
    primary, radios = page.bar.primary, page.group.buttons()
    assert primary is not None and primary.text() != "Next: the plan"
    assert not any(radio.isChecked() for radio in radios) and session.profile is None
    assert "Nothing is chosen" in page.reason.text()
    chosen = next(radio for radio in radios if radio.isEnabled())
    chosen.setFocus()
    QTest.keyClick(chosen, Qt.Key.Key_Space)  # a person may
    assert primary.isEnabled() and session.profile is not None
