"""Drawn icons: SVG files of ``resources/icons``, tinted with the theme's colours at each paint."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from PySide6.QtCore import QByteArray, QFile, QIODevice, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.gui import theme

State = Literal["ok", "warn", "err", "info", "down", "run", "wait", "stop", "skip"]

# The colour token of each state's shape.
STATE_HUE: dict[State, str] = {
    "ok": "ok",
    "warn": "warn",
    "err": "err",
    "info": "info",
    "down": "info",
    "run": "info",
    "wait": "ref",
    "stop": "warn",
    "skip": "ref",
}


@lru_cache(maxsize=64)
def _read_svg(name: str) -> bytes:
    file = QFile(f"{theme.RESOURCES}/icons/{name}.svg")
    if not file.open(QIODevice.OpenModeFlag.ReadOnly):
        raise LookupError(f"there is no icon {name}.svg in resources/icons")
    data = bytes(file.readAll().data())
    file.close()
    return data


@lru_cache(maxsize=256)
def _render_icon(name: str, pixels: int, shape: str, glyph: str) -> QPixmap:
    from PySide6.QtSvg import QSvgRenderer  # the first page has no icon to wait for

    # Both at once: a white shape with a black glyph, as dark contrast themes have it, must not be
    # painted over.
    inks = {b"#000000": shape.encode(), b"#ffffff": glyph.encode()}
    data = re.sub(rb"#000000|#ffffff", lambda found: inks[found[0]], _read_svg(name))
    made = QPixmap(pixels, pixels)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    QSvgRenderer(QByteArray(data)).render(painter)
    painter.end()
    return made


def pixmap(name: str, size: int, shape: str, glyph: str = "#ffffff", ratio: float = 1.0) -> QPixmap:
    """An icon ``size`` logical pixels wide; ``shape`` replaces the file's black, ``glyph`` its
    white.
    """
    made = QPixmap(_render_icon(name, round(size * ratio), shape, glyph))
    made.setDevicePixelRatio(ratio)
    return made


class Icon(QWidget):
    """One line icon in a colour of the theme, or the mark of a state."""

    def __init__(self, name: str, size: int = 20, hue: str = "muted", about: str = "") -> None:
        super().__init__()
        self._name, self._side, self._hue = name, size, hue
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedSize(size, size)
        if about:
            self.setAccessibleName(about)

    def set_content(self, name: str, hue: str, about: str = "") -> None:
        """Show another icon."""
        self._name, self._hue = name, hue
        self.setAccessibleName(about)
        self.update()

    def sizeHint(self) -> QSize:
        """Square."""
        return QSize(self._side, self._side)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw in the colours of the moment."""
        t = theme.current()
        drawn = _render_icon(
            self._name,
            round(self._side * self.devicePixelRatioF()),
            getattr(t, self._hue),
            t.on_mark,
        )
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(QRectF(0, 0, self._side, self._side), drawn, QRectF(drawn.rect()))
        painter.end()


class Mark(Icon):
    """The round, square or eight-cornered sign of a state: its shape tells it too, not colour
    alone.
    """

    def __init__(self, state: State = "wait", about: str = "", size: int = 18) -> None:
        super().__init__(f"mark-{state}", size, STATE_HUE[state], about)
        self.state = state

    def show_state(self, state: State, about: str = "") -> None:
        """Change the state; ``about`` is what a screen reader says."""
        self.state = state
        self.set_content(f"mark-{state}", STATE_HUE[state], about)


def picture(name: str, size: int) -> QPixmap:
    """A picture in its own colours, for the window's icon."""
    own = {"app": ("#000000", "#ffffff")}[name]
    return _render_icon(name, size, *own)
