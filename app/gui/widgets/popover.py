"""A small sheet beside a link that explains one thing; a click elsewhere or Esc closes it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from app.gui import theme
from app.gui.widgets.card import Heading, Label


class Popover(QFrame):
    """Title, text, and where the text comes from."""

    WIDE = 340

    def __init__(self, beside: QWidget, title: str, text: str, source: str = "") -> None:
        super().__init__(beside, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)
        box = QVBoxLayout(self)
        box.setContentsMargins(18, 14, 18, 14)
        box.setSpacing(6)
        box.addWidget(Heading(title))
        body = Label(text)
        body.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        box.addWidget(body)
        if source:
            box.addWidget(Label(source, "small", "muted"))
        self.ensurePolished()
        # Not the size hint: that of wrapped texts is for a narrower sheet, and its height would
        # stand between the lines.
        self.setFixedSize(self.WIDE, box.totalHeightForWidth(self.WIDE))

    def pop(self, beside: QWidget) -> None:
        """Show below a widget, within its screen."""
        at = beside.mapToGlobal(QPoint(0, beside.height() + 4))
        room = beside.screen().availableGeometry()
        at.setX(max(room.left() + 8, min(at.x(), room.right() - self.width() - 8)))
        if at.y() + self.height() > room.bottom():
            at.setY(beside.mapToGlobal(QPoint(0, -self.height() - 4)).y())
        self.move(at)
        self.show()
        self.setFocus()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A card with a border."""
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(t.colour("ref"))
        painter.setBrush(t.colour("surface"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        painter.end()
