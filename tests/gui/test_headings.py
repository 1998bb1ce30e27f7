"""Titles of pages, dialogs and cards are headings to whoever cannot see them."""

from __future__ import annotations

import gc
from functools import partial

import pytest
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget, QLabel, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import Shiboken

from app.engine.stages import STAGES, Stage
from app.gui.widgets import heading as headings
from app.gui.widgets.card import Heading, Label
from app.gui.widgets.dialog import Dialog
from app.gui.wizard import Wizard
from tests.gui.fake_session import inside


def told(label: QLabel) -> tuple[QAccessible.Role, str, object]:
    """Role, name and level of a label, as Qt's bridge asks for them."""
    found: QAccessibleInterface = QAccessible.queryAccessibleInterface(label)
    attributes = found.attributesInterface()
    level = None if attributes is None else attributes.attributeValue(QAccessible.Attribute.Level)
    return found.role(), found.text(QAccessible.Text.Name), level


def ended(interface: QAccessibleInterface) -> bool:
    """Whether Qt has deleted it."""
    return not Shiboken.isValid(interface)


@pytest.mark.parametrize("stage", STAGES)
def test_every_page_has_one_title_and_cards_below_it(
    qtbot: QtBot, wizard: Wizard, stage: Stage
) -> None:
    wizard.go(stage)
    page = wizard.page_of(stage)
    qtbot.waitUntil(lambda: page.title_label.isVisible() and page.title_label.height() < 100)
    assert told(page.title_label) == (QAccessible.Role.Heading, page.title_label.text(), 1)
    below = [told(one) for one in inside(page, Heading) if one is not page.title_label]
    assert {(role, level) for role, _, level in below} <= {(QAccessible.Role.Heading, 2)}
    # it stands in the tree where its label stands
    title = QAccessible.queryAccessibleInterface(page.title_label)
    above = title.parent()
    assert above.child(above.indexOfChild(title)).role() == QAccessible.Role.Heading
    assert title.rect().size() == page.title_label.size()


def test_a_dialogs_title_is_a_heading_and_its_text_is_none(qtbot: QtBot) -> None:
    top = QWidget()
    qtbot.addWidget(top)
    dialog = Dialog(top, "Stop", "It goes on at the same place.")
    seen = [told(one) for one in inside(dialog, Label)]
    assert seen[0] == (QAccessible.Role.Heading, "Stop", 1)
    assert seen[1][0] == QAccessible.Role.StaticText


def test_a_heading_says_its_new_text_and_goes_with_its_label(qtbot: QtBot) -> None:
    for _ in range(30):
        top = QWidget()
        label = Heading("Verify")
        label.setParent(top)
        label.setText("It works")
        assert told(label)[1] == "It works"
        kept = headings._held[-1]
        del label
        gc.collect()
        assert Shiboken.isValid(kept)  # the label lives on in its parent, and so does its heading
        top.deleteLater()
        qtbot.waitUntil(partial(ended, kept))
        del top, kept
    last = Heading("clears away what has ended")
    assert not [one for one in headings._held if ended(one)]
    assert told(last)[0] == QAccessible.Role.Heading


def test_nothing_is_kept_at_the_address_of_an_interface_that_qt_deleted(qtbot: QtBot) -> None:
    # a QTextDocument that came to lie there was handed out as an accessible interface
    for _ in range(5):
        top = QWidget()
        Heading("Verify").setParent(top)
        kept = headings._held[-1]
        top.show()
        top.deleteLater()
        qtbot.waitUntil(partial(ended, kept))
        gc.collect()
        known = [one for one in Shiboken.getAllValidWrappers() if one is not kept]
        assert not [one for one in known if isinstance(one, QAccessibleWidget)]
        del top, kept
