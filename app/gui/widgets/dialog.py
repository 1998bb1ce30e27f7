"""The frame of every dialog: a heading, a body that scrolls, and its buttons."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.gui import theme
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Heading, Label


class Dialog(QDialog):
    """A modal sheet over the window; Esc closes it. Fill ``body``, then add buttons from left to
    right.
    """

    def __init__(
        self, parent: QWidget, title: str, intro: str = "", *, width: int = 620, height: int = 0
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setModal(True)
        self.setStyleSheet(theme.dialog_sheet())
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 22, 24, 18)
        outer.setSpacing(12)
        outer.addWidget(Heading(title, "big", level=1))
        if intro:
            outer.addWidget(Label(intro, "text", "muted"))
        holder = QWidget()
        self.body = QVBoxLayout(holder)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(10)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(holder)
        # In line with the buttons below, and clear of a scroll bar where there is one.
        area.verticalScrollBar().rangeChanged.connect(
            lambda _low, high: self.body.setContentsMargins(0, 0, 8 if high > 0 else 0, 0)
        )
        outer.addWidget(area, 1)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(10)
        self._buttons.addStretch(1)
        outer.addLayout(self._buttons)
        self._width, self._height, self._holder, self._outer, self._area = (
            width,
            height,
            holder,
            outer,
            area,
        )

    def button(
        self, text: str, act: Callable[[], object] | None = None, *, primary: bool = False
    ) -> Button:
        """Add a button; without an act it closes the dialog."""
        made = Button(text, act or self.reject, "primary" if primary else "normal")
        self._buttons.addWidget(made)
        return made

    def fit(self) -> None:
        """Take the height that the body needs, within the window's."""
        parent = self.parentWidget()
        room = (parent.height() if parent is not None else 640) - 60
        if parent is not None:
            self._width = min(self._width, max(parent.width() - 24, 456))
            if room < 400:  # a small window: take nearly all that there is
                room += 40
        if not self.body.count() and self._area.isVisibleTo(
            self
        ):  # a mere question has no body, and no gap in its place
            self._area.hide()
            self._outer.insertStretch(self._outer.count() - 1, 1)
        self.resize(self._width, min(room, self._height or self._needed_height()))

    def _needed_height(self) -> int:
        """The height at which nothing has to scroll."""
        inside = self._width - 48
        body = self._holder.layout()
        wraps = body is not None and body.hasHeightForWidth()
        if not self.body.count():
            return 44 + self._fixed_height(inside) + 8
        need = 44 + (
            body.heightForWidth(inside - 8)
            if body is not None and wraps
            else self._holder.sizeHint().height()
        )
        return need + self._fixed_height(inside)

    def _fixed_height(self, inside: int) -> int:
        """The height of all but the body, with the gaps between."""
        need = 0
        for i in range(self._outer.count()):
            item = self._outer.itemAt(i)
            if item is not None and item.widget() is not self._area:
                need += 12 + (
                    item.heightForWidth(inside)
                    if item.hasHeightForWidth()
                    else item.sizeHint().height()
                )
        return need

    def exec(self) -> int:
        """Show and wait."""
        self.fit()
        return super().exec()


def question(parent: QWidget, title: str, text: str, yes: str, no: str) -> Dialog:
    """One question with two named answers. Enter and Esc mean ``no``, the answer that changes
    nothing.
    """
    dialog = Dialog(parent, title, text, width=460)
    dialog.button(yes, dialog.accept)
    dialog.button(no, primary=True).setFocus()
    return dialog


def ask(parent: QWidget, title: str, text: str, yes: str, no: str) -> bool:
    """Whether ``yes`` was chosen."""
    return question(parent, title, text, yes, no).exec() == int(QDialog.DialogCode.Accepted)


def show_message(parent: QWidget, title: str, text: str, close: str) -> None:
    """One message with one button."""
    dialog = Dialog(parent, title, text, width=520)
    dialog.button(close, dialog.accept, primary=True)
    dialog.exec()
