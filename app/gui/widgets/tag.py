"""A small word on a soft ground: recommended, passed, not needed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QSizePolicy

from app.gui import theme

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent


class Tag(QLabel):
    """A label painted in its tone's two colours."""

    def __init__(self, text: str = "", tone: theme.Tone = "good") -> None:
        super().__init__(text)
        self._tone: theme.Tone = tone
        self.setFont(theme.font("tag"))
        self.setProperty("textFormat", 0)  # PlainText; see theme.MIDDLE
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_content(self, text: str, tone: theme.Tone) -> None:
        """Show another word in another tone."""
        self._tone = tone
        self.setText(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """The word and eight pixels at either side."""
        metrics = self.fontMetrics()
        return QSize(
            metrics.horizontalAdvance(self.text()) + 17, max(theme.TITLE, metrics.height() + 4)
        )

    def minimumSizeHint(self) -> QSize:
        """Never cut."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground, then the word."""
        if not self.text():
            return
        from PySide6.QtGui import QPainter  # the first paint has no tag and does without

        t = theme.current()
        ink, ground = t.tone(self._tone)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(t.colour("line") if t.high_contrast else QColor(0, 0, 0, 0))
        painter.setBrush(QColor(ground))
        painter.drawRoundedRect(
            self.rect().adjusted(0, 0, -1, -1) if t.high_contrast else self.rect(), 5, 5
        )
        painter.setPen(QColor(ink))
        painter.drawText(self.rect(), theme.CENTRE, self.text())
        painter.end()


class Number(QLabel):
    """A figure in a soft circle, for things that come one after another."""

    def __init__(self, number: int) -> None:
        super().__init__(str(number))
        self.setObjectName("number")
        self.setFont(theme.font("tag"))
        self.setProperty("alignment", theme.CENTRE)
        self.setFixedSize(24, 24)
