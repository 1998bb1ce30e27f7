"""A calm bar: how much of something is used or done."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QProgressBar, QSizePolicy

from app.gui import theme


class Meter(QProgressBar):
    """A progress bar by nature (a screen reader meets one), drawn as a thin rounded line.

    ``hue`` is the token of the filled part; ``share`` runs from 0 to 1, ``None`` while nothing is
    known.
    """

    def __init__(
        self, name: str, share: float | None = None, *, height: int = 8, hue: str = "accent"
    ) -> None:
        super().__init__()
        self._hue, self._thick = hue, height
        self.setRange(0, 1000)
        self.setTextVisible(False)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(height)
        self.share: float | None = None
        self.set_content(share)

    def set_content(self, share: float | None, about: str = "", hue: str = "") -> None:
        """Show a share (0 to 1); ``about`` says it in words."""
        self.share = None if share is None else min(1.0, max(0.0, share))
        self._hue = hue or self._hue
        self.setValue(0 if self.share is None else round(self.share * 1000))
        if about:
            self.setAccessibleDescription(about)
            self.setToolTip(about)
        self.update()

    def sizeHint(self) -> QSize:
        """As thin as it was made."""
        return QSize(120, self._thick)

    def minimumSizeHint(self) -> QSize:
        """Narrow rows may squeeze it."""
        return QSize(24, self._thick)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Track, then the filled part; in high contrast the track gets an outline."""
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(t.colour("line") if t.high_contrast else Qt.PenStyle.NoPen)
        painter.setBrush(t.colour("track"))
        whole = QRectF(0, 0, self.width(), self.height())
        if t.high_contrast:
            whole.adjust(0.5, 0.5, -0.5, -0.5)
        radius = min(whole.height() / 2, 4.0)
        painter.drawRoundedRect(whole, radius, radius)
        if self.share:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(t.colour(self._hue))
            filled = QRectF(whole)
            filled.setWidth(max(whole.height(), whole.width() * self.share))
            painter.drawRoundedRect(filled, radius, radius)
        painter.end()
