"""The log in people's hands: selects, copies, and answers mouse and keyboard as any text does."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
)
from PySide6.QtWidgets import QMenu

from app.gui.log_view.paint import TOP
from app.gui.log_view.text import plain
from app.gui.log_view.view import LogView, TextPosition

COPY_MOST = (
    8 << 20
)  # bytes of log put on the clipboard at once; a clipboard of 80 MB stops some desktops


class LogPane(LogView):
    """A log to work with. ``search_wanted`` asks for the line that is searched with."""

    search_wanted = Signal()

    # ---- selection and clipboard

    def select_all(self) -> None:
        """Select every line."""
        self._anchor, self._head = (0, 0), (self.store.lines, 0)
        self.viewport().update()

    def copy(self) -> None:
        """Put the selection on the clipboard, or all that is shown where nothing is selected."""
        chosen = self.selection()
        begin, end = chosen or ((0, 0), (self.store.lines, 0))
        text, cut = self._selected_text(begin, end)
        QGuiApplication.clipboard().setText(text)
        count = text.count("\n") + (not text.endswith("\n") and bool(text))
        self.message_ready.emit(
            self.tr(
                "Copied the last %n line(s); more would be too much for the clipboard", "", count
            )
            if cut
            else self.tr("Copied %n line(s)", "", count)
        )

    def _selected_text(self, begin: TextPosition, end: TextPosition) -> tuple[str, bool]:
        """Plain text between two spots, and whether its beginning was left out for its size."""
        first, last = begin[0], end[0]
        cut = self.store.start_of(last + 1) - self.store.start_of(first) > COPY_MOST
        if cut:
            first = self.store.line_at(max(0, self.store.start_of(last + 1) - COPY_MOST)) + 1
        made = []
        row, rows = self._row_of(first), self._row_of(last)
        while row <= rows and (some := self._read_rows(row, min(512, rows + 1 - row))):
            for line, raw in some:
                text = plain(raw)
                to = end[1] if line == last else None
                made.append(text[begin[1] if line == begin[0] else 0 : to])
            row += len(some)
        return "\n".join(made), cut

    # ---- hands

    def position_at(self, point: QPoint) -> TextPosition:
        """The line and column under a point of the viewport."""
        row = self.verticalScrollBar().value() + int((point.y() - TOP) // self._brush.line_height)
        row = min(max(0, row), max(0, self.rows() - 1))
        some = self._read_rows(row, 1)
        if not some:
            return 0, 0
        line, raw = some[0]
        return line, self._brush.column(plain(raw), point.x() - self._text_left())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a selection; with Shift, extend it."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        position = self.position_at(event.position().toPoint())
        if not event.modifiers() & Qt.KeyboardModifier.ShiftModifier or self._anchor is None:
            self._anchor = position
        self._head = position
        self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Extend the selection; beyond the edge, scroll."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            point = event.position().toPoint()
            bar = self.verticalScrollBar()
            if point.y() < 0 or point.y() > self.viewport().height():
                bar.setValue(bar.value() + (-1 if point.y() < 0 else 1))
            self._head = self.position_at(point)
            self.viewport().update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Select the line."""
        line = self.position_at(event.position().toPoint())[0]
        self._anchor, self._head = (line, 0), (line, len(plain(b"".join(self.store.get(line, 1)))))
        self.viewport().update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Copy, select all, go to the end."""
        menu = QMenu(self)
        menu.addAction(self.tr("Copy"), self.copy)
        menu.addAction(self.tr("Select all"), self.select_all)
        menu.addAction(self.tr("Go to the end"), self.follow)
        menu.exec(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move, select with Shift, copy, find: as in any text."""
        bar, page = self.verticalScrollBar(), self._rows_per_page()
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.select_all()
        elif event.matches(QKeySequence.StandardKey.Find):
            self.search_wanted.emit()
        elif event.matches(QKeySequence.StandardKey.FindPrevious):
            self.find_next(back=True)
        elif event.matches(QKeySequence.StandardKey.FindNext):
            self.find_next()
        elif event.key() in (
            moves := {
                Qt.Key.Key_Up: -1,
                Qt.Key.Key_Down: 1,
                Qt.Key.Key_PageUp: -page,
                Qt.Key.Key_PageDown: page,
                Qt.Key.Key_Home: -self.rows(),
                Qt.Key.Key_End: self.rows(),
            }
        ):
            step = moves[Qt.Key(event.key())]
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self._extend_selection(step)
            elif event.key() == Qt.Key.Key_End:
                self.follow()
            else:
                bar.setValue(bar.value() + step)
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            side = self.horizontalScrollBar()
            side.setValue(side.value() + (40 if event.key() == Qt.Key.Key_Right else -40))
        else:
            super().keyPressEvent(event)

    def _extend_selection(self, step: int) -> None:
        """Move the selection's end by rows, in sight."""
        bar = self.verticalScrollBar()
        if self._anchor is None:
            self._anchor = self._head = (self._line_of(bar.value()), 0)
        row = min(max(0, self._row_of(self._head[0]) + step), self.rows())
        self._head = (self._line_of(row), 0)
        if row < bar.value():
            bar.setValue(row)
        elif row >= bar.value() + self._rows_per_page():
            bar.setValue(row - self._rows_per_page() + 1)
        self.viewport().update()
