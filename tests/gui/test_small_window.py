"""A full HD screen at 300 % leaves 640 by 330 pixels.

Every page fits, every button can be pressed, the rest scrolls.
"""

from __future__ import annotations

from typing import cast

import msgspec
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.engine import stages
from app.engine.stages import STAGES, Stage
from app.gui import frame as frame_module
from app.gui import languages, theme
from app.gui import wizard as wizard_module
from app.gui.pages.install import Install
from app.gui.pages.page import Page
from app.gui.pages.this_pc import ThisPc
from app.gui.widgets.buttons import Button
from app.gui.widgets.rail import Rail
from app.gui.wizard import Wizard
from tests.gui.fake_session import Staged, inside
from tests.gui.sample_run import PLAN, failed_install

WIDE, HIGH = 640, 330


@pytest.fixture
def small(qtbot: QtBot, wizard: Wizard) -> Wizard:
    """The window at that size, in the longer language."""
    languages.install_language("de")
    qtbot.waitUntil(lambda: not wizard.is_surveying, timeout=30_000)
    wizard.set_language("de")
    wizard.resize(WIDE, HIGH)
    return wizard


@pytest.fixture(autouse=True)
def english_again() -> object:
    """The next test speaks English."""
    yield
    languages.install_language("en")


def whole(widget: QWidget, wizard: Wizard) -> bool:
    """Whether all of a widget lies in the window and nothing of it is cut."""
    at = widget.mapTo(wizard, QPoint(0, 0))
    in_window = (
        at.x() >= 0
        and at.y() >= 0
        and at.x() + widget.width() <= WIDE
        and at.y() + widget.height() <= HIGH
    )
    return (
        in_window
        and widget.visibleRegion().boundingRect() == widget.rect()
        and widget.width() >= widget.sizeHint().width()
    )


@pytest.mark.parametrize("stage", STAGES)
def test_every_page_fits_and_its_acts_are_in_sight(
    qtbot: QtBot, small: Wizard, stage: Stage
) -> None:
    small.go(stage)
    qtbot.wait(50)
    assert (small.width(), small.height()) == (WIDE, HIGH)
    buttons = [b for b in inside(small.page_of(stage).bar, Button) if b.isVisible()]
    assert buttons
    qtbot.waitUntil(
        lambda: all(whole(b, small) for b in buttons), timeout=20_000
    )  # the bar folds a moment later
    for step in small.rail.steps.values():
        assert whole(step, small), (
            step.geometry(),
            step.sizeHint(),
            step.visibleRegion().boundingRect(),
        )
    assert whole(small.rail.menu_button, small)


def test_a_failure_can_be_read_and_tried_again(
    qtbot: QtBot, small: Wizard, session: Staged
) -> None:
    session.acts = failed_install
    small.go("install")
    page = small.page_of("install")
    assert isinstance(page, Install)
    page.start(PLAN)
    qtbot.waitUntil(lambda: not page.running, timeout=30_000)
    qtbot.wait(50)
    assert (small.width(), small.height()) == (WIDE, HIGH)
    primary = page.bar.primary
    assert primary is not None
    qtbot.waitUntil(lambda: whole(primary, small), timeout=20_000)  # the bar folds a moment later


def test_the_rail_has_names_again_when_there_is_room(qtbot: QtBot, small: Wizard) -> None:
    assert small.rail.width() == theme.RAIL_NARROW
    assert not any(step.name.isVisible() for step in small.rail.steps.values())
    assert (
        "Einrichtung" in small.rail.steps["setup"].accessibleName()
        and small.rail.steps["setup"].toolTip() == "Einrichtung"
    )
    small.resize(1120, 740)
    qtbot.waitUntil(lambda: small.rail.width() == theme.RAIL_WIDTH, timeout=10_000)
    assert (
        all(step.name.isVisible() for step in small.rail.steps.values())
        and small.rail.card.isVisible()
    )


def test_figures_side_by_side_stand_on_one_line(qtbot: QtBot, wizard: Wizard) -> None:
    """1024x640 with a frame around: no name of a figure takes a second line there."""
    qtbot.waitUntil(lambda: not wizard.is_surveying, timeout=30_000)
    wizard.resize(1008, 601)
    wizard.go("this-pc")
    page = wizard.page_of("this-pc")
    assert isinstance(page, ThisPc)
    facts = (page.architecture, page.driver, page.cuda, page.toolkit)
    qtbot.waitUntil(lambda: 0 < page.cuda.name.width() < 100)  # laid out for that width
    for fact in facts:
        wanted = fact.name.fontMetrics().horizontalAdvance(fact.name.text())
        assert wanted <= fact.name.width(), fact.name.text()


def test_a_training_has_no_empty_line_under_its_bar(qtbot: QtBot, wizard: Wizard) -> None:
    qtbot.waitUntil(lambda: wizard.painted)
    wizard.go("install")
    page = wizard.page_of("install")
    assert isinstance(page, Install)
    nothing_to_fetch = msgspec.structs.replace(
        PLAN, steps=tuple(s for s in PLAN.steps if not s.download_bytes)
    )
    for plan, told in ((PLAN, True), (nothing_to_fetch, False)):
        page.start(plan)
        assert page.view is not None
        assert page.view.bytes.isVisibleTo(page.view) is told
        qtbot.waitUntil(lambda: not page.running)
        wizard.go("install")


class Extra(Page):
    """A page that this program does not have yet."""

    def build(self) -> None:
        self.bar.main("Done", self.frame.close)


@pytest.mark.parametrize("more", [1, 2, 3])
@pytest.mark.parametrize("size", [(WIDE, HIGH), (640, 499), (1008, 500), (1008, 601)])
def test_the_rail_has_room_for_more_pages_than_there_are(
    qtbot: QtBot,
    session: Staged,
    monkeypatch: pytest.MonkeyPatch,
    more: int,
    size: tuple[int, int],
) -> None:
    """Their rows come closer; none is cut, and neither is what stands above and below."""
    names = [cast("Stage", f"extra-{number}") for number in range(more)]
    known, title_rows = wizard_module.make_page, wizard_module.titles()
    for module in (stages, frame_module, wizard_module):
        monkeypatch.setattr(module, "STAGES", (*STAGES, *names))
    monkeypatch.setattr(
        wizard_module, "titles", lambda: [*title_rows, *((name, "Another page") for name in names)]
    )
    monkeypatch.setattr(
        wizard_module,
        "make_page",
        lambda stage, wizard: Extra(wizard) if stage in names else known(stage, wizard),
    )
    wizard = Wizard(session)
    qtbot.addWidget(wizard)
    wizard.show()
    qtbot.waitUntil(lambda: wizard.rail.card.text() != "" and not wizard.is_surveying)
    wizard.resize(*size)
    for stage in (names[-1], "ready"):
        wizard.go(stage)
        assert (wizard.stage, wizard.width(), wizard.height()) == (stage, *size)
        qtbot.waitUntil(lambda: misfits(wizard.rail) == [])


def misfits(rail: Rail) -> list[str]:
    """What of a rail lies over something, is cut, or reaches below it."""
    found, below = [], 0
    foot = rail.menu_button.parentWidget()
    assert foot is not None
    for row in [*rail.steps.values(), foot]:
        if row.y() < below or row.visibleRegion().boundingRect() != row.rect():
            found.append(row.accessibleName() or "foot")
        below = row.y() + row.height()
    for row in rail.steps.values():
        if row.height() < 20:
            found.append(f"{row.accessibleName()} is flat")
    said = [label for label in (rail.card, rail.detail, rail.system) if label.isVisible()]
    texts: list[QLabel | QAbstractButton] = [*said, rail.menu_button]
    for part in texts:
        folds = part.hasHeightForWidth()
        needed = part.heightForWidth(part.width()) if folds else part.sizeHint().height()
        low = part.mapTo(rail, QPoint(0, part.height())).y()
        if low > rail.height() or part.height() < needed:
            found.append(part.text())
    return found
