"""Buttons in the theme's five kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QIcon, QKeyEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy

from app.gui import theme

Kind = Literal["normal", "primary", "small", "link", "quiet"]


class Button(QPushButton):
    """A push button. ``primary`` is the page's one main act and takes Enter; ``link`` looks like text."""

    def __init__(self, text: str, act: Callable[[], object] | None = None, kind: Kind = "normal",
                 about: str = "") -> None:
        super().__init__(text)
        self.setProperty("kind", kind)
        self.setFont(theme.font("strong" if kind == "primary" else "value"))
        if kind == "link":
            self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        # Only the page's primary button answers Enter; a focused button answers it by itself (keyPressEvent).
        self.setAutoDefault(False)
        self.setDefault(kind == "primary")
        if about:
            self.setAccessibleDescription(about)
            self.setToolTip(about)
        if act is not None:
            self.clicked.connect(lambda _checked=False: act())  # the checked state is no business of the act

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses the button that has the focus, as people expect."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
            return
        super().keyPressEvent(event)


class IconButton(Button):
    """A quiet button with a picture; ``name`` is what a screen reader says."""

    def __init__(self, icon: str, name: str, act: Callable[[], object] | None = None) -> None:
        super().__init__("", act, "quiet", name)
        self.icon_name = icon
        self.setAccessibleName(name)
        self.setIconSize(QSize(18, 18))
        self._draw()

    def _draw(self) -> None:
        from app.gui.widgets.icons import pixmap

        self.setIcon(QIcon(pixmap(self.icon_name, 18, theme.current().muted, ratio=self.devicePixelRatioF())))

    def changeEvent(self, event: QEvent) -> None:
        """Draw the picture anew in the colours of a new theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._draw()
