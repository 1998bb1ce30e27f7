"""Paints one line of a log.

Grounds for what is selected and searched, a mark for trouble, then its pieces.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from app.gui import theme
from app.gui.log_view.store import find_severity
from app.gui.log_view.text import Piece

MARGIN, TOP = 14, 10


class LineBrush:
    """The face of the log and its measures, in logical pixels. Made again when the font or the look
    changes.
    """

    def __init__(self) -> None:
        self.font = theme.font("mono")
        # A log shows its characters one by one: without ligatures and kerning Qt lays a line out a
        # third faster.
        self.font.setKerning(False)
        self.font.setStyleStrategy(QFont.StyleStrategy.PreferNoShaping)
        self._bold = QFont(self.font)
        self._bold.setBold(True)
        self._metrics = QFontMetricsF(self.font)
        self.line_height = round(self._metrics.height() * 1.14)
        self._base = self._metrics.ascent() + (self.line_height - self._metrics.height()) / 2
        self._each = self._metrics.horizontalAdvance("0")
        self._fixed = all(
            self._metrics.horizontalAdvance(c * 10) == self._each * 10 for c in "iW. "
        )
        self._tokens: theme.Tokens | None = None
        self._colours: dict[str, QColor] = {}
        self.stamp_width = self.text_width("00:00:00 ")

    def text_width(self, text: str) -> float:
        """The width of a text. Asking Qt costs 20 µs, which a page of lines pays a hundred times."""
        if self._fixed and text.isascii():
            return len(text) * self._each
        return self._metrics.horizontalAdvance(text)

    def _theme_colour(self, name: str) -> QColor:
        tokens = theme.current()
        if tokens is not self._tokens:
            self._tokens, self._colours = tokens, {}
        if name not in self._colours:
            self._colours[name] = tokens.colour(name)
        return self._colours[name]

    def write(self, painter: QPainter, x: float, y: float, piece: Piece) -> float:
        """Draw one piece; returns where the next begins."""
        painter.setPen(self._theme_colour(piece.tone))
        if piece.bold:
            painter.setFont(self._bold)
        painter.drawText(QPointF(x, y + self._base), piece.text)
        if piece.bold:
            painter.setFont(self.font)
        return x + self.text_width(piece.text)

    def line(self, painter: QPainter, made: list[Piece], y: float, left: float) -> float:
        """Draw a line's pieces; returns its right end."""
        for piece in made:
            left = self.write(painter, left, y, piece)
        return left

    def mark(self, painter: QPainter, made: list[Piece], raw: bytes, y: float) -> None:
        """A sign in the margin beside the colour: state is never colour alone."""
        if not any(p.tone in ("warn", "err") for p in made) or not (kind := find_severity(raw)):
            return
        painter.setPen(self._theme_colour("err" if kind == "error" else "warn"))
        painter.drawText(
            QRectF(1, y, MARGIN - 2, self.line_height),
            Qt.AlignmentFlag.AlignCenter,
            "×" if kind == "error" else "!",
        )

    def chosen(
        self, painter: QPainter, text: str, columns: tuple[int, int] | None, y: float, left: float
    ) -> None:
        """The ground of what is selected."""
        if columns is not None:
            t = theme.current()
            ground = QColor(t.colour("accent"))
            ground.setAlphaF(0.28 if not t.high_contrast else 0.5)
            painter.fillRect(self._text_box(text + " ", *columns, y, left), ground)

    def hits(
        self, painter: QPainter, text: str, needle: str, current: bool, y: float, left: float
    ) -> None:
        """The ground of each place that was searched for; the current line's have a frame too."""
        if not needle:
            return
        t, low = theme.current(), text.lower()
        at = low.find(needle)
        while at >= 0:
            box = self._text_box(text, at, at + len(needle), y, left)
            painter.fillRect(box, t.colour("warn_soft"))
            if (
                current or t.high_contrast
            ):  # a contrast theme has no soft ground: there every place has a frame
                painter.setPen(QPen(t.colour("warn"), 2 if current and t.high_contrast else 1))
                painter.drawRect(box)
            at = low.find(needle, at + len(needle))

    def column(self, text: str, x: float) -> int:
        """The column nearest to ``x`` pixels from a line's beginning."""
        low, high = 0, len(text)
        while low < high:
            middle = (low + high) // 2
            wide = self.text_width(text[:middle])
            if wide + self.text_width(text[middle]) / 2 < x:
                low = middle + 1
            else:
                high = middle
        return low

    def _text_box(self, text: str, begin: int, end: int, y: float, left: float) -> QRectF:
        x0 = left + self.text_width(text[:begin])
        return QRectF(x0, y, left + self.text_width(text[:end]) - x0, self.line_height)
