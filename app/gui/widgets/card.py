"""Cards, labels and rows: what every page is laid out with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QSize
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.gui import theme
from app.gui.widgets.heading import tell_heading

if TYPE_CHECKING:
    from PySide6.QtGui import QFont, QResizeEvent

Ink = Literal["text", "muted", "accent", "warn", "err", "ok"]


class Label(QLabel):
    """A text in one of the theme's roles. Always plain text: what it shows may come from logs and
    foreign files.
    """

    def __init__(
        self,
        text: str = "",
        role: theme.FontRole = "text",
        ink: Ink = "text",
        *,
        wrap: bool = True,
        tabular: bool = False,
    ) -> None:
        super().__init__(text)
        self._heights: dict[int, int] = {}
        self.setProperty("textFormat", 0)  # PlainText; see theme.MIDDLE for why it is a number
        self.setFont(theme.font(role, tabular))
        self.setWordWrap(wrap)
        if ink != "text":
            self.setProperty("ink", ink)
        if wrap:
            # Else a long word (a path) makes the window wider than the screen.
            self.setMinimumWidth(1)

    def heightForWidth(self, width: int) -> int:
        """Remembered: layouts ask for the same widths over and over, and Qt lays the text out again
        each time.
        """
        if width not in self._heights:
            self._heights[width] = super().heightForWidth(width)
        return self._heights[width]

    def setToolTip(self, text: str) -> None:
        """Plain text here too: Qt takes a tag in a tool tip for one, and would open the file or
        share that an <img> names.
        """
        plain = text.replace("&", "&amp;").replace("<", "&lt;")
        super().setToolTip(f"<p style='white-space: pre-wrap'>{plain}</p>" if "<" in text else text)

    def setText(self, text: str) -> None:
        """Another text has other heights."""
        self._heights.clear()
        super().setText(text)

    def setFont(self, font: QFont | str | Sequence[str]) -> None:
        """So has another face."""
        self._heights.clear()
        super().setFont(font)

    def setBuddy(self, buddy: QWidget) -> None:
        """Name a field. A mnemonic in the text works, and its letter is not underlined all the
        time.
        """
        super().setBuddy(buddy)
        written = self.text()
        if "&" not in written:
            return
        from PySide6.QtCore import Qt
        from PySide6.QtGui import QKeySequence, QShortcut

        self.setText(written.replace("&", ""))
        QShortcut(
            QKeySequence.mnemonic(written),
            self,
            lambda: buddy.setFocus(Qt.FocusReason.ShortcutFocusReason),
        )

    def set_ink(self, ink: Ink) -> None:
        """Change the colour's meaning."""
        self.setProperty("ink", ink)
        self.setStyleSheet(
            " "
        )  # an own sheet, if an empty one: the sure way to have the window's rules read again


class Heading(Label):
    """A title that a screen reader knows as one: ``level`` 1 of a page or dialog, 2 of a card."""

    def __init__(
        self, text: str = "", role: theme.FontRole = "strong", *, level: int = 2, wrap: bool = True
    ) -> None:
        super().__init__(text, role, wrap=wrap)
        tell_heading(self, level)


class Elided(Label):
    """One line that is cut in the middle where it does not fit, for paths; the tool tip has the
    whole.
    """

    def __init__(self, text: str = "", role: theme.FontRole = "mono", ink: Ink = "text") -> None:
        super().__init__(text, role, ink, wrap=False)
        self._whole = text
        self.setToolTip(text)
        self.setAccessibleName(text)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def set_content(self, text: str) -> None:
        """Show another text."""
        self._whole = text
        self.setToolTip(text)
        self.setAccessibleName(text)
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut again for the new width."""
        self._elide()

    def minimumSizeHint(self) -> QSize:
        """Any width will do."""
        return QSize(20, super().minimumSizeHint().height())

    def _elide(self) -> None:
        from PySide6.QtCore import Qt

        self.setText(
            self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, self.width())
        )


class Card(QFrame):
    """A white sheet with a thin border; put things into ``box``."""

    def __init__(self, *, tight: bool = False) -> None:
        super().__init__()
        self.setObjectName("card")
        self.box = QVBoxLayout(self)
        side, upper = (17, 9) if tight else (17, 15)  # the border is the missing pixel
        self.box.setContentsMargins(side, upper, side, upper)
        self.box.setSpacing(4)


class Container(QWidget):
    """A bare holder with a layout and no margins."""

    def __init__(self, *, across: bool = False, gap: int = 0) -> None:
        super().__init__()
        self.box: QBoxLayout = QHBoxLayout(self) if across else QVBoxLayout(self)
        self.box.setContentsMargins(0, 0, 0, 0)
        self.box.setSpacing(gap)


def empty(holder: Container) -> None:
    """Take everything out of a holder. A widget may be in the middle of its own handler, so it is
    deleted later.
    """
    empty_box(holder.box)


def empty_box(box: QLayout) -> None:
    """The same for a layout, with the layouts in it."""
    while (item := box.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            empty_box(inner)


def under(name: QWidget, *parts: QWidget) -> Container:
    """A quiet name with what it names close below it, so that each name stands with its own and not
    between two.
    """
    made = Container(gap=4)
    for part in (name, *parts):
        made.box.addWidget(part)
    return made


def line() -> QFrame:
    """A hairline."""
    made = QFrame()
    made.setObjectName("line")
    made.setFixedHeight(1)
    return made


def at_top(widget: QWidget) -> QVBoxLayout:
    """A widget at the upper end of the height it is given."""
    made = QVBoxLayout()
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(0)
    made.addWidget(widget)
    made.addStretch(1)
    return made


def across(*items: QWidget | int | None, gap: int = 10, top: bool = False) -> QHBoxLayout:
    """A row: widgets from left to right; ``None`` is a stretch, a number a fixed gap in pixels."""
    made = QHBoxLayout()
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(gap)
    for item in items:
        if item is None:
            made.addStretch(1)
        elif isinstance(item, int):
            made.addSpacing(item)
        else:
            made.addLayout(at_top(item)) if top else made.addWidget(item)
    return made


def heading(title: str, note: str = "") -> tuple[QHBoxLayout, Label]:
    """A card's title with a quiet note at its right end; returns the row and the note's label."""
    quiet = Label(note, "small", "muted", wrap=False)
    return titled(title, quiet), quiet


def titled(title: str, right: QWidget) -> QHBoxLayout:
    """A card's title and what stands at its right end. As tall with a note as with a tag, so that
    cards side by side have their titles on one line."""
    name = Heading(title, wrap=False)
    name.setMinimumHeight(theme.TITLE)
    return across(name, None, right)


class Fact(QWidget):
    """A quiet name above its value."""

    def __init__(self, name: str, value: str = "", note: str = "") -> None:
        super().__init__()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        self.name = Label(name, "small", "muted")
        self.value = Label(value, "value")
        box.addWidget(self.name)
        box.addWidget(self.value)
        if note:
            self.setToolTip(note)
        self.set_content(value)

    def set_content(self, value: str, note: str = "") -> None:
        """Show a value; ``note`` is its longer explanation."""
        self.value.setText(value)
        self.setAccessibleName(f"{self.name.text()}: {value}")
        if note:
            self.setToolTip(note)
            self.setAccessibleDescription(note)


def grid_of(facts: Sequence[Fact], weights: Sequence[int]) -> QGridLayout:
    """Facts side by side; ``weights`` are the columns' shares of the width."""
    made = QGridLayout()
    made.setContentsMargins(0, 0, 0, 0)
    made.setHorizontalSpacing(8)
    made.setVerticalSpacing(10)
    for i, fact in enumerate(facts):
        made.addLayout(at_top(fact), i // len(weights), i % len(weights))
    for column, weight in enumerate(weights):
        made.setColumnStretch(column, weight)
    return made
