"""Nothing that is written is cut.

On every page, in both languages, from a cramped window to a large one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QAbstractButton, QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from app.gui import languages
from app.gui.charts.bar_charts import whole_height
from app.gui.log_view.panel import SearchLine
from app.gui.pages.install import Install
from app.gui.pages.ready import Ready
from app.gui.pages.verify import Verify
from app.gui.widgets.card import Elided, Label
from app.gui.widgets.collapsible import Collapsible
from app.gui.widgets.combo import Combo
from app.gui.widgets.popover import Popover
from app.gui.widgets.training_result import AnswersCard
from app.gui.wizard import Wizard
from app.model.pointer import Pointer
from tests.gui.fake_session import Staged, inside
from tests.gui.sample_run import ENV, PLAN, VERDICT, failed_install

SIZES = ((640, 330), (1024, 640), (1120, 740), (1600, 1000))


@pytest.fixture(params=["en", "de"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    """The window's language for one test."""
    languages.install_language(request.param)
    yield request.param
    languages.install_language("en")


@pytest.fixture
def session(tmp_path: Path, language: str) -> Staged:
    staged = Staged(tmp_path, failed_install)
    staged.change(language=language)
    staged.offered |= {"kernel", "shortcut"}
    staged.active = Pointer(
        active=ENV, profile="torch28-2025.11", previous="older", at="2026-11-24T15:00:00Z"
    )
    longer = msgspec.structs.replace(
        VERDICT.comparisons[3],
        title="Card memory",
        guide="24.00 GB",
        expected="25.0 to 25.8 GB",
        actual="25.62 GB",
    )  # what a real verdict says of this card
    staged.execution.verification = msgspec.structs.replace(
        VERDICT, comparisons=(*VERDICT.comparisons, longer)
    )
    return staged


def edge_of(widget: QWidget, page: QWidget) -> int:
    """How far to the right a widget may reach, seen from itself: to the edge of what it scrolls in,
    or of the page.
    """
    at, holder = widget.parentWidget(), page
    while at is not None and at is not page:
        area = at.parentWidget()
        if area is not None and isinstance(area.parentWidget(), QScrollArea):
            holder = area
            break
        at = at.parentWidget()
    return widget.mapFrom(holder, QPoint(holder.width(), 0)).x()


def cut(page: QWidget) -> list[str]:
    """Buttons and single lines that have less room than they need or reach over the edge."""
    found = []
    written: list[QAbstractButton | QLabel] = [
        *inside(page, QAbstractButton),
        *inside(page, QLabel),
    ]
    for widget in written:
        if (
            not widget.isVisible()
            or not widget.text()
            or isinstance(widget, Elided)
            or isinstance(widget.parent(), SearchLine)
        ):
            continue
        wraps = isinstance(widget, QLabel) and widget.wordWrap()
        own = widget.property("kind") is None and isinstance(
            widget, QAbstractButton
        )  # cards to choose elide for themselves
        if (
            not wraps and not own and widget.width() < widget.sizeHint().width()
        ) or widget.width() > edge_of(widget, page):
            found.append(
                f"{widget.text()!r}: {widget.width()} of {widget.sizeHint().width()} pixels"
            )
    return found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "page",
    [
        "welcome",
        "this-pc",
        "setup",
        "clean-up",
        "install",
        "failed",
        "verify",
        "verify as tables",
        "ready",
        "train",
    ],
)
def test_nothing_written_is_cut(
    qtbot: QtBot, wizard: Wizard, page: str, size: tuple[int, int]
) -> None:
    qtbot.waitUntil(lambda: not wizard.is_surveying, timeout=30_000)
    wizard.resize(*size)
    name = "install" if page == "failed" else page.split(maxsplit=1)[0]
    wizard.go(name)  # type: ignore[arg-type]
    shown = wizard.page_of(name)  # type: ignore[arg-type]
    if page == "failed":
        assert isinstance(shown, Install)
        shown.start(PLAN)
        qtbot.waitUntil(lambda: not shown.running, timeout=30_000)
    if page == "verify as tables":
        assert isinstance(shown, Verify)
        shown._toggle_tables()
    end = time.monotonic() + 5  # rows and bars fold a moment after the window has its size
    qtbot.wait(50)
    while cut(shown) and time.monotonic() < end:
        qtbot.wait(50)
    assert cut(shown) == []
    assert (wizard.width(), wizard.height()) == size


def test_the_last_page_scrolls_only_where_it_must(
    qtbot: QtBot, wizard: Wizard, language: str
) -> None:
    wizard.go("ready")
    page = wizard.page_of("ready")
    assert isinstance(page, Ready)
    area = inside(page, QScrollArea)[0]
    wizard.resize(
        *((1120, 740) if language == "en" else (1280, 860))
    )  # longer words, more rows of buttons
    qtbot.waitUntil(lambda: area.verticalScrollBar().maximum() == 0, timeout=5_000)
    assert page.script.height() >= 132


def test_tools_of_the_log_stand_below_the_search_where_they_do_not_fit_beside_it(
    qtbot: QtBot, wizard: Wizard
) -> None:
    wizard.go("install")
    page = wizard.page_of("install")
    assert isinstance(page, Install)
    page.start(PLAN)
    qtbot.waitUntil(lambda: not page.running, timeout=30_000)
    assert page.view is not None
    panel = page.view.panel
    head = inside(panel, Collapsible)[0]
    wizard.resize(1600, 1000)
    qtbot.waitUntil(
        lambda: not head.folded and panel.search.y() == panel.filter.mapTo(head, QPoint(0, 0)).y(),
        timeout=5_000,
    )
    wide = panel.search.width()
    panel.search.setText("space")
    qtbot.waitUntil(lambda: panel.search.note.text() != "", timeout=5_000)
    assert (
        panel.search.width() == wide
        and panel.search.textMargins().right() >= panel.search.note.width()
    )  # nothing moves
    wizard.resize(640, 330)
    qtbot.waitUntil(lambda: head.folded, timeout=5_000)
    assert panel.pane.height() >= 50  # some lines of the log stay in sight


def test_a_choice_that_does_not_fit_ends_in_an_ellipsis(qtbot: QtBot) -> None:
    box = Combo()
    qtbot.addWidget(box)
    box.addItem("8B · Meta-Llama-3.1-8B-Instruct")
    box.resize(120, 34)
    assert (
        box.visible_text().startswith("8B · M")
        and box.visible_text().endswith("…")
        and box.toolTip() == box.currentText()
    )
    box.resize(600, 34)
    assert box.visible_text() == box.currentText()


def test_a_reason_has_no_holes_between_its_lines(qtbot: QtBot) -> None:
    beside = QLabel("why")
    qtbot.addWidget(beside)
    sheet = Popover(
        beside,
        "cuDNN",
        "torch 2.8.0 brings cuDNN 9.10.2. The guide's number belongs to torch 2.1.",
        "its metadata",
    )
    sheet.pop(beside)
    labels = inside(sheet, QLabel)
    assert sum(label.height() for label in labels) == sum(
        label.heightForWidth(label.width()) for label in labels
    )
    sheet.close()


def test_a_short_table_is_there_as_a_whole(qtbot: QtBot, wizard: Wizard) -> None:
    wizard.go("verify")
    page = wizard.page_of("verify")
    assert isinstance(page, Verify)
    page._toggle_tables()
    table = page.bench.tabled.table
    qtbot.waitUntil(lambda: table.height() >= whole_height(table), timeout=5_000)


def test_an_answer_without_spaces_is_seen_whole(qtbot: QtBot) -> None:
    """A label breaks lines between words alone; a model may answer without any."""
    answer = "u" * 200 + " and 数" * 2 + "0" * 90
    card = AnswersCard([{"question": "How?", "before": "", "answer": answer, "expected": "ten"}])
    qtbot.addWidget(card)
    card.resize(700, 300)
    card.show()
    label = next(one for one in inside(card, Label) if one.text().startswith("uuu"))
    assert label.text().replace("\u200b", "") == answer
    longest = max(label.text().replace("\u200b", " ").split(), key=len)
    assert label.fontMetrics().horizontalAdvance(longest) <= label.width()
