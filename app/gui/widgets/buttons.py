"""Buttons in the theme's five kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QPushButton, QSizePolicy

from app.gui import theme

if TYPE_CHECKING:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QFocusEvent, QKeyEvent, QPaintEvent

Kind = Literal["normal", "primary", "small", "link", "quiet"]


class Button(QPushButton):
    """A push button. ``primary`` is the page's one main act and takes Enter; ``link`` looks like
    text.

    ``&`` before a letter makes Alt and that letter press it. The line under the letter shows while
    Alt is held, as Windows does it; the ring shows for a focus that came by keyboard, so that a
    page opens calm.
    """

    # Set by the window after its first paint: the first use of key sequences takes several
    # milliseconds.
    mnemonics: ClassVar[bool] = False

    def __init__(
        self,
        text: str,
        act: Callable[[], object] | None = None,
        kind: Kind = "normal",
        about: str = "",
    ) -> None:
        super().__init__()
        self._written, self.kind, self.ring = "", kind, False
        self.setProperty("kind", kind)
        self.setFont(theme.font("strong" if kind == "primary" else "value"))
        self.setText(text)
        if kind == "link":
            self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        # Only the page's primary button answers Enter; a focused button answers it by itself
        # (keyPressEvent).
        self.setAutoDefault(False)
        self.setDefault(kind == "primary")
        if about:
            self.setAccessibleDescription(about)
            self.setToolTip(about)
        if act is not None:
            self.clicked.connect(
                lambda _checked=False: act()
            )  # the checked state is no business of the act

    def setText(self, text: str) -> None:
        """Show a text; its mnemonic works at once."""
        self._written = text
        self.underline(False)

    def underline(self, shown: bool) -> None:
        """Show or hide the line under the mnemonic's letter."""
        super().setText(
            self._written
            if shown
            else self._written.replace("&&", "\0").replace("&", "").replace("\0", "&&")
        )
        if self.mnemonics:
            from PySide6.QtGui import QKeySequence

            self.setShortcut(QKeySequence.mnemonic(self._written))

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring where the focus came by keyboard."""
        if self.mnemonics:
            self.ring = self._is_by_keyboard(event)
        super().focusInEvent(event)

    @staticmethod
    def _is_by_keyboard(event: QFocusEvent) -> bool:
        from PySide6.QtCore import Qt

        return event.reason() in (
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
            Qt.FocusReason.ShortcutFocusReason,
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """The button as the style sheet says, and the ring on it."""
        super().paintEvent(event)
        if self.ring and self.hasFocus():
            from PySide6.QtGui import QPainter, QPen  # the first paint has no ring and does without

            t = theme.current()
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(t.colour("text" if self.kind == "primary" else "accent"), 2))
            if (
                self.kind == "link"
            ):  # its letters reach to the edge, and a ring would run through them
                painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)
            else:
                painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 6, 6)
            painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses the button that has the focus, as people expect."""
        from PySide6.QtCore import Qt

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
        self._draw_icon()

    def _draw_icon(self) -> None:
        from PySide6.QtGui import QIcon

        from app.gui.widgets.icons import pixmap

        self.setIcon(
            QIcon(pixmap(self.icon_name, 18, theme.current().muted, ratio=self.devicePixelRatioF()))
        )

    def changeEvent(self, event: QEvent) -> None:
        """Draw the picture again in the colours of a new theme."""
        super().changeEvent(event)
        if event.type() == event.Type.StyleChange:
            self._draw_icon()
