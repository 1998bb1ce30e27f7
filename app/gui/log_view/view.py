"""The log on screen: paints only the lines in sight, however many there are.

Follows what grows, finds, filters.
"""

from __future__ import annotations

from bisect import bisect_left
from time import perf_counter

from PySide6.QtCore import QDateTime, QEvent, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QFocusEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QPushButton, QWidget

from app.gui import theme
from app.gui.formatting import translate
from app.gui.log_view.paint import MARGIN, TOP, LineBrush
from app.gui.log_view.store import LogStore, ProblemScan, Search, find_severity
from app.gui.log_view.text import Piece, pieces, plain

TICK = 33  # milliseconds between two looks at what has grown
SLICE = 0.002  # seconds of search or filter in one tick of the idle loop

TextPosition = tuple[int, int]  # line and column


class LogView(QAbstractScrollArea):
    """A window on a ``LogStore``, for the eyes alone: ``LogPane`` adds the hands.

    ``found(number, total, done)`` tells of the search: the place of the current hit's line (-1:
    none), hits so far, whether all was looked at. ``message_ready`` carries one sentence about what a
    command did.
    """

    found = Signal(int, int, bool)
    message_ready = Signal(str)
    troubles_changed = Signal(int)
    focus_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.store = LogStore()
        self.following = True
        self.stamped = True
        self._problems: ProblemScan | None = None
        self._search: Search | None = None
        self._hit = -1
        self._anchor: TextPosition | None = None
        self._head: TextPosition = (0, 0)
        self._widest = 0.0
        self._told_of = 0
        self._spoken = 0.0
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        self.setAccessibleName(translate("LogPane", "Log"))
        self._brush = LineBrush()
        self._timer = QTimer(self)
        self._timer.setInterval(TICK)
        self._timer.timeout.connect(self._on_timer)
        # With nothing else to do the loop comes back at once: a search of 80 MB in slices is
        # through in tenths of a second.
        self._idle = QTimer(self)
        self._idle.setInterval(0)
        self._idle.timeout.connect(self._work_a_slice)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self.horizontalScrollBar().valueChanged.connect(lambda _: self.viewport().update())
        self._to_end = QPushButton(translate("LogPane", "Go to the end"), self)
        self._to_end.setProperty("kind", "small")
        self._to_end.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the End key does the same
        self._to_end.clicked.connect(self.follow)
        self._to_end.hide()

    # ---- what it shows

    def show_log(self, store: LogStore) -> None:
        """Show another log, from its end. A file is indexed in slices, however big it is; what is
        known is shown at once.
        """
        self.store.close()
        self.store = store
        self._search = None
        self._problems = ProblemScan(store) if self._problems is not None else None
        self._anchor, self._head, self._hit, self._widest, self._told_of = None, (0, 0), -1, 0.0, 0
        self.following = True
        self.touch()

    def grow(self, chunk: bytes, at: float | None = None) -> None:
        """Bytes that the run wrote to its log. ``at``: seconds since 1970, shown as local time."""
        self.store.grow(chunk, at)
        if not self._timer.isActive():
            self._timer.start()

    def touch(self) -> None:
        """Look at the store again now."""
        self._timer.start()
        self._on_timer()

    @property
    def problems_only(self) -> bool:
        """Whether only lines that warn or tell of an error are shown."""
        return self._problems is not None

    def show_problems_only(self, on: bool) -> None:
        """Filter to warnings and errors, or show all again at the place of the line that was on
        top.
        """
        top = self._line_of(self.verticalScrollBar().value())
        self._problems = ProblemScan(self.store) if on else None
        self._idle.start()
        self.touch()
        if not on and not self.following:
            self.verticalScrollBar().setValue(top)

    def search(self, text: str) -> None:
        """Begin a search from the line on top; an empty text ends it."""
        self._search = Search(self.store, text) if text else None
        self._hit = -1
        self._idle.start()
        self.viewport().update()
        if not text:
            self.found.emit(-1, 0, True)

    def find_next(self, back: bool = False) -> None:
        """Go to the next line that holds the text, or to the one before; round the end."""
        if self._search is None or not self._search.total:
            return
        here = (
            self._hit
            if self._hit >= 0
            else self._line_of(self.verticalScrollBar().value()) - (not back)
        )
        to = self._search.before(here) if back else self._search.after(here)
        if to is None:
            to = self._search.before(self.store.lines + 1) if back else self._search.after(-1)
        if to is not None:
            self._go_to_hit(to)

    def follow(self) -> None:
        """Go to the end and stay there."""
        self.following = True
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())
        self._to_end.hide()

    def visible_text(self) -> str:
        """The lines in sight, as a screen reader gets them."""
        first = self.verticalScrollBar().value()
        return "\n".join(plain(raw) for _, raw in self._read_rows(first, self._rows_per_page()))

    def selection(self) -> tuple[TextPosition, TextPosition] | None:
        """Begin and end of what is selected; ``None`` where nothing is."""
        if self._anchor is None or self._anchor == self._head:
            return None
        return min(self._anchor, self._head), max(self._anchor, self._head)

    # ---- rows are what is shown, lines are what is there

    def rows(self) -> int:
        """Number of lines shown: all, or those that the filter has found."""
        return self.store.lines if self._problems is None else len(self._problems.lines)

    def _line_of(self, row: int) -> int:
        if self._problems is None:
            return row
        lines = self._problems.lines
        return lines[row] if row < len(lines) else self.store.lines

    def _row_of(self, line: int) -> int:
        if self._problems is None:
            return line
        return bisect_left(self._problems.lines, line)

    def _read_rows(self, row: int, count: int) -> list[tuple[int, bytes]]:
        """Shown lines with their numbers."""
        if self._problems is None:
            return list(enumerate(self.store.get(row, count), row))
        return [
            (n, raw)
            for n in self._problems.lines[row : row + count]
            for raw in self.store.get(n, 1)
        ]

    def _rows_per_page(self) -> int:
        return max(1, int((self.viewport().height() - TOP) / self._brush.line_height))

    # ---- growth

    def _on_timer(self) -> None:
        whole = self.store.catch_up(0.003)
        bar, rows, page = self.verticalScrollBar(), self.rows(), self._rows_per_page()
        following = self.following  # a longer range must not look like somebody scrolling up
        bar.setPageStep(page)
        bar.setRange(0, max(0, rows - page))
        if following:
            bar.setValue(bar.maximum())
        if (self._search and not self._search.done) or (self._problems and not self._problems.done):
            self._idle.start()
        if whole and self._told_of == self.store.size:
            self._timer.stop()
        self._told_of = self.store.size
        self._to_end.setVisible(not self.following and bar.maximum() > 0)
        self._update_description()
        self.viewport().update()

    def _work_a_slice(self) -> None:
        """A slice of indexing, search and filter; nothing left stops it."""
        done = True
        if self._search is not None:
            done = self._search.step(SLICE)
            if self._hit < 0 and self._search.total:
                self.find_next()
            self.found.emit(self._hit, self._search.total, done)
        if self._problems is not None:
            before = len(self._problems.lines)
            done = self._problems.step(SLICE) and done
            if len(self._problems.lines) != before:
                self.troubles_changed.emit(len(self._problems.lines))
                self._timer.start()
        if done:
            self._idle.stop()

    def _update_description(self) -> None:
        """Keep the accessible description at the lines in sight, at most twice a second."""
        now = perf_counter()
        if now - self._spoken < 0.5 and self._timer.isActive():
            return
        self._spoken = now
        text = self.visible_text()
        if text == self.accessibleDescription():
            return
        self.setAccessibleDescription(text)
        last = text.rsplit("\n", 1)[-1]
        if QAccessible.isActive() and find_severity(last.encode()):
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, last))

    def _on_scrolled(self, value: int) -> None:
        self.following = value >= self.verticalScrollBar().maximum()
        self._to_end.setVisible(not self.following)
        self.viewport().update()

    def _go_to_hit(self, line: int) -> None:
        self._hit = line
        row = self._row_of(line)
        bar = self.verticalScrollBar()
        if not bar.value() <= row < bar.value() + self._rows_per_page():
            bar.setValue(max(0, row - self._rows_per_page() // 2))
        self.viewport().update()
        if self._search is not None:
            self.found.emit(line, self._search.total, self._search.done)

    # ---- painting

    def _text_left(self) -> float:
        """Where a line's text begins."""
        stamped = self.stamped and self.store.clock(0) is not None
        return (
            MARGIN
            + (self._brush.stamp_width if stamped else 0)
            - self.horizontalScrollBar().value()
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the lines in sight, and nothing of the others."""
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), theme.current().colour("log"))
        painter.setFont(self._brush.font)
        side, left = self.horizontalScrollBar(), self._text_left()
        needle = self._search.needle.decode("utf-8", "replace") if self._search is not None else ""
        y = float(TOP)
        for line, raw in self._read_rows(
            self.verticalScrollBar().value(), self._rows_per_page() + 1
        ):
            made = pieces(raw)
            text = "".join(p.text for p in made)
            self._brush.chosen(painter, text, self._selected_columns(line, len(text)), y, left)
            self._brush.hits(painter, text, needle, line == self._hit, y, left)
            if self.stamped and text[:1] != " " and (at := self.store.clock(line)) is not None:
                stamp = QDateTime.fromSecsSinceEpoch(int(at)).toString("HH:mm:ss")
                self._brush.write(painter, MARGIN - side.value(), y, Piece(stamp, "muted"))
            self._brush.mark(painter, made, raw, y)
            self._widest = max(
                self._widest, self._brush.line(painter, made, y, left) + side.value()
            )
            y += self._brush.line_height
        side.setPageStep(self.viewport().width())
        side.setRange(0, max(0, int(self._widest + MARGIN - self.viewport().width())))

    def _selected_columns(self, line: int, length: int) -> tuple[int, int] | None:
        """The columns of a line that are selected; one more than its length where the line's end
        is.
        """
        chosen = self.selection()
        if chosen is None or not chosen[0][0] <= line <= chosen[1][0]:
            return None
        return (chosen[0][1] if line == chosen[0][0] else 0), (
            chosen[1][1] if line == chosen[1][0] else length + 1
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or fewer lines are in sight; the end stays the end."""
        size = self._to_end.sizeHint()
        self._to_end.setGeometry(
            self.width() - size.width() - 24,
            self.height() - size.height() - 18,
            size.width(),
            size.height(),
        )
        following = self.following
        self._on_timer()
        if following:
            self.follow()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The card round it shows the ring."""
        super().focusInEvent(event)
        self.focus_changed.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The ring goes."""
        super().focusOutEvent(event)
        self.focus_changed.emit()

    def changeEvent(self, event: QEvent) -> None:
        """Another font or look: measure and paint again."""
        if event.type() in (
            QEvent.Type.FontChange,
            QEvent.Type.StyleChange,
            QEvent.Type.PaletteChange,
        ):
            self._brush = LineBrush()
            self.viewport().update()
        super().changeEvent(event)
