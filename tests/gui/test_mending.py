"""The primary button leads: to what mends the one thing in the way, then to another look; the
processor is never chosen for somebody whose card could serve.
"""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.gui.pages.setup import Setup
from app.gui.pages.this_pc import ThisPc
from app.model.advice import Action, Finding
from tests.gui.fakes import CHOICES, FakeSession
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
    two = (DRIVER, msgspec.structs.replace(DRIVER, id="disk", title="Full"))
    monkeypatch.setattr(session, "findings", lambda: two)
    wizard = opened(qtbot, session)
    go(wizard, "this-pc")
    primary = at(wizard, ThisPc).bar.primary
    assert primary is not None and primary.text() == "Choose a setup"


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
    assert primary is not None and not primary.isEnabled()
    assert not any(radio.isChecked() for radio in radios) and session.profile is None
    assert "Nothing is chosen" in page.reason.text()
    chosen = next(radio for radio in radios if radio.isEnabled())
    chosen.setFocus()
    QTest.keyClick(chosen, Qt.Key.Key_Space)  # a person may
    assert primary.isEnabled() and session.profile is not None
