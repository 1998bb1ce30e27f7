"""The log as a card: search, filter, copy and open above, the lines below."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from app.gui import formatting, theme
from app.gui.log_view.pane import LogPane
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Container, Label
from app.gui.widgets.collapsible import Collapsible


class SearchLine(QLineEdit):
    """Enter goes to the next hit, Shift+Enter to the one before, Esc ends the search. ``say``
    writes at its right end.
    """

    def __init__(self, pane: LogPane) -> None:
        super().__init__()
        self._pane = pane
        self._said = ""
        self.note = Label("", "small", "muted", wrap=False)
        self.note.setParent(self)
        self.setPlaceholderText(self.tr("Search the log"))
        self.setAccessibleName(self.tr("Search the log"))
        self.setAccessibleDescription(
            self.tr(
                "Enter goes to the next place, Shift and Enter to the one before, Escape ends the "
                "search"
            )
        )
        self.setFont(theme.font())
        self.setStyleSheet("QLineEdit { padding: 3px 10px; } QLineEdit:focus { padding: 2px 9px; }")
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance(self.placeholderText()) + 30)
        self.textChanged.connect(pane.search)
        self.textChanged.connect(self._place_note)
        self._place_note()

    def say(self, text: str) -> None:
        """A short note in the field itself, where its coming and going moves nothing: hits, or what
        a tool did.
        """
        self._said = text
        self._place_note()

    def _place_note(self) -> None:
        room = self.width() // 2 if self.text() else self.width() - 24
        self.note.setText(
            self.note.fontMetrics().elidedText(
                self._said, Qt.TextElideMode.ElideRight, max(0, room)
            )
        )
        self.note.setToolTip(self._said)
        self.note.setVisible(bool(self._said))
        self.note.adjustSize()
        self.note.move(
            self.width() - self.note.width() - 10, (self.height() - self.note.height()) // 2
        )
        self.setTextMargins(0, 0, self.note.width() + 4 if self._said else 0, 0)
        both = self.note.width() + self.fontMetrics().horizontalAdvance(self.accessibleName()) + 36
        self.setPlaceholderText("" if self._said and both > self.width() else self.accessibleName())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The note keeps to the right end."""
        super().resizeEvent(event)
        self._place_note()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Esc are the search's, not the page's."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._pane.find_next(back=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            self._pane.setFocus()
        else:
            super().keyPressEvent(event)


class LogPanel(QWidget):
    """The pane and its tools. ``open_file`` opens the log in the system's own program."""

    def __init__(self, open_file: Callable[[], object]) -> None:
        super().__init__()
        self.pane = LogPane()
        self.search = SearchLine(self.pane)
        self.filter = Button(self.tr("&Warnings only"), None, "small")
        self.filter.setCheckable(True)
        self.filter.toggled.connect(self.pane.show_problems_only)
        copy = Button(
            self.tr("Cop&y"),
            self.pane.copy,
            "small",
            self.tr("Copy the selected lines, or all that are shown"),
        )
        self.opener = Button(
            self.tr("Open fi&le"),
            open_file,
            "small",
            self.tr("Open the whole log in another program"),
        )
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(4000)
        self._quiet.timeout.connect(lambda: self.search.say(""))

        # The tools go below the search where the panel is too narrow for both.
        head, tools = Collapsible(), Container(across=True, gap=8)
        head.box.setContentsMargins(12, 8, 12, 8)
        head.box.addWidget(self.search, 1)
        for tool in (self.filter, copy, self.opener):
            tools.box.addWidget(tool)
        tools.box.addStretch(1)
        head.box.addWidget(tools)
        box = QVBoxLayout(self)
        # One pixel for the border; below, the rounded corners need room.
        box.setContentsMargins(2, 2, 2, 8)
        box.setSpacing(0)
        box.addWidget(head)
        box.addSpacing(1)
        box.addWidget(self.pane, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._head = head
        head.turned.connect(lambda _folded: self.setMinimumHeight(self.least))
        self.setMinimumHeight(self.least)
        self.pane.found.connect(self._on_found)
        self.pane.message_ready.connect(self._show_note)
        self.pane.focus_changed.connect(self.update)
        self.pane.search_wanted.connect(self._focus_search)
        self.pane.troubles_changed.connect(lambda n: self._show_note(self.tr("%n line(s)", "", n)))

    @property
    def least(self) -> int:
        """The height that its tools and four lines take."""
        return self._head.sizeHint().height() + 4 * 18 + 10

    def _focus_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def _on_found(self, line: int, total: int, done: bool) -> None:
        self._quiet.stop()
        if not self.search.text():
            self.search.say("")
        elif done and not total:
            self.search.say(self.tr("not found"))
        else:
            hits = self.tr("%n time(s)", "", total).replace(str(total), formatting.count(total))
            self.search.say(hits if done else hits + " …")

    def _show_note(self, sentence: str) -> None:
        self.search.say(sentence)
        self._quiet.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A card: white above, the log's ground below, one border round both."""
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = QPainterPath()
        focused = self.pane.hasFocus()
        wide = 2 if focused else 1
        half = wide / 2
        outline.addRoundedRect(
            QRectF(self.rect()).adjusted(half, half, -half, -half), theme.RADIUS, theme.RADIUS
        )
        edge = self.pane.geometry().top() - 1
        painter.setClipPath(outline)
        painter.fillRect(0, 0, self.width(), edge, t.colour("surface"))
        painter.fillRect(0, edge, self.width(), self.height() - edge, t.colour("log"))
        painter.fillRect(0, edge, self.width(), 1, t.colour("line"))
        painter.setClipping(False)
        painter.setPen(QPen(t.colour("accent" if focused else "line"), wide))
        painter.drawPath(outline)
        painter.end()
