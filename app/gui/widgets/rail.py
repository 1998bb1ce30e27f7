"""The rail at the left: where the session stands, and the machine in brief."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.engine.stages import Stage, StageState
from app.gui import theme
from app.gui.formatting import translate
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Label

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent

_TALL, _FLAT, _DOT = 36, 28, 20  # heights of a stage: ordinary, in a short window, its sign alone


class Brand(QWidget):
    """The program's mark and name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 0, 0)
        row.setSpacing(10)
        mark = Label("U", "brand", wrap=False)
        mark.setObjectName("mark")
        mark.setProperty("alignment", theme.CENTRE)
        mark.setFixedSize(22, 22)
        self.name = Label(name, "brand", wrap=False)
        row.addWidget(mark)
        row.addWidget(self.name, 1)

    def set_compact(self, narrow: bool) -> None:
        """The mark alone, in line with the numbers below it; or both."""
        self.name.setVisible(not narrow)
        self._row.setContentsMargins(0 if narrow else 8, 0, 0, 0)


class StageItem(QFrame):
    """One stage of the session: its number or a tick, and its name.

    Made of labels and the style sheet alone: the first pen or brush of a painter brings in the
    whole of PySide6.QtCore.Qt.
    """

    def __init__(
        self, number: int, title: str, count: int, act: Callable[[], object] | None = None
    ) -> None:
        super().__init__()
        self._act = act
        self._number, self._title, self._count = number, title, count
        self._state: StageState | None = None
        self.setObjectName("step")
        self._height = _TALL
        self.setMinimumHeight(_DOT)  # where there are more of them than the height has room for
        self.setMaximumHeight(self._height)
        self._dot = Label(str(number), "tiny", wrap=False)
        self._dot.setObjectName("dot")
        self._dot.setProperty("alignment", theme.CENTRE)
        self._dot.setFixedSize(_DOT, _DOT)
        self.name = Label(title, wrap=False)
        row = QHBoxLayout(self)
        row.setContentsMargins(7, 0, 7, 0)
        row.setSpacing(12)
        row.addWidget(self._dot)
        row.addWidget(self.name, 1)
        self.set_content("open")

    def set_compact(self, narrow: bool, short: bool) -> None:
        """The number alone, or the whole; its name is then its tool tip."""
        self.name.setVisible(not narrow)
        self._height = _FLAT if short else _TALL
        self.setMaximumHeight(self._height)
        self.updateGeometry()
        if narrow and self._state != "skipped":
            self.setToolTip(self._title)

    def sizeHint(self) -> QSize:
        """The height of an ordinary rail; the layout takes from it where it must."""
        return QSize(super().sizeHint().width(), self._height)

    def rename(self, title: str) -> None:
        """Another title for the same stage; said with the state that is set next."""
        if title != self._title:
            self._title, self._state = title, None
            self.name.setText(title)

    def set_content(self, state: StageState) -> None:
        """Show a state, in picture and in words; also asked for when the colours have changed."""
        self._show_sign(state)
        if state == self._state:
            return
        again, self._state = self._state is not None, state
        state_text = {
            "done": translate("Rail", "done"),
            "now": translate("Rail", "this page"),
            "open": translate("Rail", "to come"),
            "skipped": translate("Rail", "nothing to do"),
        }[state]
        self.setAccessibleName(
            translate("Rail", "Step {n} of {count}: {title}, {state}").format(
                n=self._number, count=self._count, title=self._title, state=state_text
            )
        )
        self.setToolTip(
            state_text
            if state == "skipped"
            else translate("Rail", "Back to {title}").format(title=self._title)
            if state == "done"
            else ""
        )
        self.name.setFont(theme.font("strong" if state == "now" else "text"))
        for part in (self, self._dot, self.name):
            part.setProperty("state", state)
        if again:
            self.setStyleSheet(
                " "
            )  # an own sheet, if an empty one: the sure way to have the window's rules read again

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on a stage that was passed goes back to it; the others are only a list."""
        inside = 0 <= event.position().x() < self.width() and (
            0 <= event.position().y() < self.height()
        )
        if self._act is not None and self._state == "done" and inside:
            self._act()
        super().mouseReleaseEvent(event)

    def _show_sign(self, state: StageState) -> None:
        if state not in ("done", "skipped"):
            if self._dot.text() != str(self._number):
                self._dot.setText(str(self._number))
            return
        from app.gui.widgets.icons import pixmap

        t = theme.current()
        name, ink = ("check", t.on_accent) if state == "done" else ("dash", t.muted)
        self._dot.setPixmap(pixmap(name, 14, ink, ratio=self.devicePixelRatioF()))


class Rail(QFrame):
    """Brand, steps, and at the foot the machine in brief with the quiet menu button."""

    def __init__(
        self,
        titles: Sequence[tuple[Stage, str]],
        menu: Callable[[], object],
        go: Callable[[Stage], object],
    ) -> None:
        super().__init__()
        self._go = go
        self.setObjectName("rail")
        self.setFixedWidth(theme.RAIL_WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(0, 0, 0, 0)
        self._inner: QWidget | None = None
        self._menu = menu
        self._narrow = self._short = False
        self.set_titles(titles)

    def set_titles(self, titles: Sequence[tuple[Stage, str]]) -> None:
        """Make everything in the rail again, for other titles: another language."""
        if self._inner is not None:
            self._outer.removeWidget(self._inner)
            self._inner.hide()
            # later: the click that asks for it may come from one of its own buttons
            self._inner.deleteLater()
        self._inner = QWidget()
        self._outer.addWidget(self._inner)
        self._box = box = QVBoxLayout(self._inner)
        box.setContentsMargins(16, 24, 16, 24)
        box.setSpacing(2)
        self._brand = Brand("Unsloth Setup")
        box.addWidget(self._brand)
        box.addSpacing(22)
        self.steps = {
            stage: StageItem(i + 1, title, len(titles), partial(self._go, stage))
            for i, (stage, title) in enumerate(titles)
        }
        for step in self.steps.values():
            box.addWidget(step)
        box.addStretch(1)
        box.addWidget(self._build_footer(self._menu))
        if self._narrow or self._short:
            self.set_compact(self._narrow, self._short)

    def set_compact(self, narrow: bool, short: bool) -> None:
        """Fit a cramped window: numbers without names in a narrow one, less air and no summary of
        the machine in a short one.
        """
        self._narrow, self._short = narrow, short
        self.setFixedWidth(theme.RAIL_NARROW if narrow else theme.RAIL_WIDTH)
        side, end = 16, 10 if short else 24
        self._box.setContentsMargins(side, end, side, end)
        spring = self._box.itemAt(1).spacerItem()
        if spring is not None:
            spring.changeSize(0, 6 if short else 22)
        self._foot_row.setContentsMargins(0 if narrow else 8, 4 if short else 12, 0, 0)
        self._brand.set_compact(narrow)
        for step in self.steps.values():
            step.set_compact(narrow, short)
        for label in (self.card, self.detail, self.system):
            label.setVisible(bool(label.text()) and not narrow and not short)
        self._box.invalidate()

    def _build_footer(self, menu: Callable[[], object]) -> QFrame:
        foot = QFrame()
        foot.setObjectName("foot")
        self.card, self.detail, self.system = (
            Label("", "card"),
            Label("", "foot", "muted"),
            Label("", "foot", "muted"),
        )
        column = QVBoxLayout()
        column.setSpacing(3)
        for label in (self.card, self.detail, self.system):
            column.addWidget(label)
        self.menu_button = Button(
            "…",
            menu,
            "quiet",
            translate("Rail", "Menu: another machine, log, language, about (F10)"),
        )
        self.menu_button.setAccessibleName(translate("Rail", "Menu"))
        self._foot_row = row = QHBoxLayout(foot)
        row.setContentsMargins(8, 12, 0, 0)
        row.setSpacing(4)
        row.addLayout(column, 1)
        low = QVBoxLayout()
        low.addStretch(1)
        low.addWidget(self.menu_button)
        row.addLayout(low)
        return foot

    def show_states(self, states: Mapping[Stage, StageState]) -> None:
        """Where the session stands."""
        for stage, state in states.items():
            self.steps[stage].set_content(state)

    def show_machine(self, card: str, detail: str, system: str) -> None:
        """The machine in three short lines; empty ones vanish."""
        for label, text in ((self.card, card), (self.detail, detail), (self.system, system)):
            label.setText(text)
            label.setVisible(bool(text) and not self._narrow and not self._short)
