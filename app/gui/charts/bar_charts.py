"""The base of every chart, and the benchmark's bars with their reference marks.

Every chart gives its figures as a table, too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEvent, QLocale, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QSizePolicy,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QToolTip,
    QWidget,
)

from app.gui import theme

Rows = Sequence[Sequence[str]]


def format_figure(value: float) -> str:
    """A measured value with about three digits: ``846``, ``68.4``, ``5.12``, ``0.034``, ``71``."""
    if not math.isfinite(value):
        return str(value)
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 or size == 0 else 3
    while digits and round(value, digits - 1) == round(value, digits):
        digits -= 1
    return QLocale().toString(float(value), ord("f"), digits)


class Chart(QWidget):
    """A picture of figures. Subclasses give ``table`` and ``summary``; both are what a screen
    reader gets.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        # A stop for the Tab key, so that a screen reader comes by; the ring shows where it is.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def headers(self) -> Sequence[str]:
        """The columns of the table."""
        raise NotImplementedError

    def rows(self) -> Rows:
        """The chart's figures as text, a row each."""
        raise NotImplementedError

    def summary(self) -> str:
        """One sentence that says what the picture shows."""
        raise NotImplementedError

    def changed(self) -> None:
        """Figures have changed: paint again and tell the screen reader."""
        lines = [", ".join(filter(None, row)) for row in self.rows()[-40:]]
        self.setAccessibleDescription("\n".join([self.summary(), *lines]))
        self.updateGeometry()
        self.update()

    def start(self) -> tuple[QPainter, theme.Tokens]:
        """A painter with smooth edges, and the colours of the moment; the ring of the focus is
        drawn.
        """
        painter, t = QPainter(self), theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setPen(QPen(t.colour("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
        return painter, t


class Tabled(QStackedWidget):
    """A chart with its table behind it: ``show_table`` turns the card over."""

    LONG = 320  # pixels from which on a table scrolls for itself

    def __init__(self, chart: Chart) -> None:
        super().__init__()
        self.chart = chart
        self.table = QTableWidget()
        self.table.setAccessibleName(chart.accessibleName())
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        self.table.setFont(theme.font("small", tabular=True))
        self.addWidget(chart)
        self.addWidget(self.table)
        self.setSizePolicy(chart.sizePolicy())

    def show_table(self, on: bool) -> None:
        """Show the table instead of the picture, filled with the figures of now."""
        if on:
            self.fill()
        self.setCurrentIndex(int(on))
        self.updateGeometry()

    def fill(self) -> None:
        """Take the chart's figures over."""
        fill_table(self.table, self.chart.headers(), self.chart.rows())

    def sizeHint(self) -> QSize:
        """The chart's own, or the height of a table that is no longer than a few rows."""
        hint = self.chart.sizeHint()
        if self.currentWidget() is self.table:
            return QSize(hint.width(), max(hint.height(), min(whole_height(self.table), self.LONG)))
        return hint


def whole_height(table: QTableWidget) -> int:
    """The height at which nothing of a table has to scroll."""
    return (
        table.horizontalHeader().sizeHint().height()
        + table.verticalHeader().length()
        + 2 * table.frameWidth()
    )


def fill_table(table: QTableWidget, headers: Sequence[str], rows: Rows) -> None:
    """Put texts into a table; its columns share the width. The Tab key goes past it, the arrow keys
    through it.
    """
    table.setTabKeyNavigation(False)
    table.setColumnCount(len(headers))
    table.setHorizontalHeaderLabels(list(headers))
    table.setRowCount(len(rows))
    for y, row in enumerate(rows):
        for x, text in enumerate(row):
            item = QTableWidgetItem(text)
            item.setToolTip(text)  # the whole, where a narrow column cuts it
            table.setItem(y, x, item)
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    table.horizontalHeader().setDefaultAlignment(
        Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    )
    table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
    table.verticalHeader().setMinimumSectionSize(30)
    table.resizeRowsToContents()


@dataclass(frozen=True)
class Bar:
    """One figure of the benchmark. ``state`` ``waiting`` is not measured yet, ``none`` has nothing
    to compare with.
    """

    title: str
    value: float | None
    unit: str
    reference: float | None = None
    state: Literal["good", "below", "wrong", "waiting", "none"] = "waiting"
    note: str = ""

    @property
    def share(self) -> float | None:
        """Value against reference."""
        return self.value / self.reference if self.value is not None and self.reference else None


class BenchBars(Chart):
    """A bar for each figure against a mark at the reference for this card."""

    MARK = 0.88  # where the reference stands, as a share of the track: a faster card goes beyond it
    ROW = 31

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.bars: tuple[Bar, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_content(self, bars: Sequence[Bar]) -> None:
        """Show these."""
        self.bars = tuple(bars)
        self.changed()

    def headers(self) -> Sequence[str]:
        """Name, value, reference, share, verdict, and what there is to say of it."""
        return (
            self.tr("Test"),
            self.tr("Measured"),
            self.tr("Reference"),
            self.tr("Share"),
            self.tr("Result"),
            self.tr("Note"),
        )

    def rows(self) -> Rows:
        """A row for each bar."""
        return [
            (
                b.title,
                f"{format_figure(b.value)} {b.unit}" if b.value is not None else "",
                f"{format_figure(b.reference)} {b.unit}" if b.reference else "",
                f"{round(b.share * 100)} %" if b.share is not None else "",
                self._verdict_text(b),
                b.note,
            )
            for b in self.bars
        ]

    def _verdict_text(self, bar: Bar) -> str:
        return {
            "good": self.tr("as expected"),
            "below": self.tr("below"),
            "wrong": self.tr("wrong result"),
            "waiting": self.tr("not measured yet"),
            "none": self.tr("not compared"),
        }[bar.state]

    def summary(self) -> str:
        """How many were measured and how many are below."""
        measured = sum(b.value is not None for b in self.bars)
        below = sum(b.state in ("below", "wrong") for b in self.bars)
        return self.tr("{measured} of {all} measured, {below} below the reference").format(
            measured=measured, all=len(self.bars), below=below
        )

    def event(self, event: QEvent) -> bool:
        """A bar's note is its tool tip."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            at = event.y() // self._row_height()
            note = self.bars[at].note if 0 <= at < len(self.bars) else ""
            QToolTip.showText(event.globalPos(), note, self)
            return True
        return super().event(event)

    def sizeHint(self) -> QSize:
        """A row each."""
        return QSize(480, max(1, len(self.bars)) * self._row_height())

    def minimumSizeHint(self) -> QSize:
        """Room for the words and a short bar."""
        return QSize(300, max(1, len(self.bars)) * self._row_height())

    def _row_height(self) -> int:
        return max(self.ROW, round(QFontMetricsF(theme.font()).height() * 1.7))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Title, track with bar and mark, figures."""
        painter, t = self.start()
        text = QFontMetricsF(theme.font())
        left = min(
            self.width() * 0.34,
            12 + max([150.0, *(text.horizontalAdvance(b.title) + 16 for b in self.bars)]),
        )
        right = min(
            self.width() * 0.34, 12 + max([150.0, *(self._figures_width(b) for b in self.bars)])
        )
        high = self._row_height()
        for at, bar in enumerate(self.bars):
            box = QRectF(0, at * high, self.width(), high)
            self._draw_title(painter, t, bar, QRectF(box.left(), box.top(), left - 12, high), text)
            self._draw_track(
                painter, t, bar, QRectF(left, box.center().y() - 7, self.width() - left - right, 14)
            )
            self._draw_figures(
                painter, t, bar, QRectF(self.width() - right + 12, box.top(), right - 12, high)
            )
        painter.end()

    def _draw_title(
        self, painter: QPainter, t: theme.Tokens, bar: Bar, box: QRectF, text: QFontMetricsF
    ) -> None:
        painter.setFont(theme.font())
        painter.setPen(t.colour("muted" if bar.value is None else "text"))
        painter.drawText(
            box,
            Qt.AlignmentFlag.AlignVCenter,
            text.elidedText(bar.title, Qt.TextElideMode.ElideRight, box.width()),
        )

    def _draw_track(self, painter: QPainter, t: theme.Tokens, bar: Bar, box: QRectF) -> None:
        painter.setPen(t.colour("line") if t.high_contrast else Qt.PenStyle.NoPen)
        painter.setBrush(t.colour("track"))
        painter.drawRoundedRect(box, 3, 3)
        mark = round(box.left() + box.width() * self.MARK)
        if bar.share is not None:
            filled = QRectF(box)
            filled.setWidth(max(3.0, box.width() * min(1.0, bar.share * self.MARK)))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(t.colour({"below": "warn", "wrong": "err"}.get(bar.state, "accent")))
            painter.drawRoundedRect(filled, 3, 3)
        if bar.reference:
            painter.setPen(QPen(t.colour("ref"), 2))
            painter.drawLine(QPointF(mark, box.top() - 3), QPointF(mark, box.bottom() + 3))

    def _figure_texts(self, bar: Bar) -> tuple[str, str]:
        """The measured figure, and what it is of."""
        if bar.value is None:
            return "", self.tr("waiting") if bar.state == "waiting" else self.tr("not measured")
        sign = {"below": "! ", "wrong": "× "}.get(bar.state, "")
        if not bar.reference:
            return sign + format_figure(bar.value), bar.unit
        return sign + format_figure(bar.value), self.tr("of {reference} {unit}").format(
            reference=format_figure(bar.reference), unit=bar.unit
        )

    def _figures_width(self, bar: Bar) -> float:
        value, rest = self._figure_texts(bar)
        strong, small = (
            QFontMetricsF(theme.font("strong", True)),
            QFontMetricsF(theme.font("small", True)),
        )
        return strong.horizontalAdvance(value) + small.horizontalAdvance(rest) + 18

    def _draw_figures(self, painter: QPainter, t: theme.Tokens, bar: Bar, box: QRectF) -> None:
        value, rest = self._figure_texts(bar)
        painter.setFont(theme.font("small", True))
        painter.setPen(t.colour("muted"))
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, rest)
        box = box.adjusted(
            0, 0, -QFontMetricsF(theme.font("small", True)).horizontalAdvance(rest) - 5, 0
        )
        painter.setFont(theme.font("strong", True))
        painter.setPen(t.colour({"below": "warn", "wrong": "err"}.get(bar.state, "text")))
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, value)
