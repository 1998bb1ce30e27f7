"""The rail at the left: where the visit stands, and the machine in brief."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.engine.stages import Stage, StageState
from app.gui import theme
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Label
from app.gui.words import translate

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent


class Brand(QWidget):
    """The program's mark and name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.setAccessibleName(name)
        self.setFixedHeight(22)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A rounded square with a U in it, then the name."""
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(t.colour("accent"))
        painter.drawRoundedRect(QRectF(8, 0, 22, 22), 6, 6)
        letter = QPainterPath(QPointF(14.5, 6.4))
        letter.lineTo(14.5, 11.6)
        letter.cubicTo(14.5, 17.2, 23.5, 17.2, 23.5, 11.6)
        letter.lineTo(23.5, 6.4)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(t.colour("on_accent"), 2.2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawPath(letter)
        painter.setPen(t.colour("text"))
        painter.setFont(theme.font("brand"))
        painter.drawText(self.rect().adjusted(40, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self._name)
        painter.end()


class Step(QWidget):
    """One stage of the visit: its number or a tick, and its name."""

    def __init__(self, number: int, title: str, count: int) -> None:
        super().__init__()
        self._number, self._title, self._count = number, title, count
        self._state: StageState = "open"
        self.setFixedHeight(36)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.put("open")

    def put(self, state: StageState) -> None:
        """Show another state, in picture and in words."""
        self._state = state
        said = {"done": translate("Rail", "done"), "now": translate("Rail", "this page"), "open": translate("Rail", "to come"),
                "skipped": translate("Rail", "nothing to do")}[state]
        self.setAccessibleName(translate("Rail", "Step {n} of {count}: {title}, {state}").format(
            n=self._number, count=self._count, title=self._title, state=said))
        self.setToolTip(said if state == "skipped" else "")
        self.update()

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(180, 36)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Sheet under the current one; tick, number or dash in the dot."""
        t, state = theme.current(), self._state
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state == "now":
            painter.setPen(t.colour("line"))
            painter.setBrush(t.colour("surface"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        self._dot(painter, t)
        painter.setPen(t.colour("text" if state in ("now", "done") else "muted"))
        painter.setFont(theme.font("strong" if state == "now" else "text"))
        painter.drawText(self.rect().adjusted(40, 0, -6, 0), Qt.AlignmentFlag.AlignVCenter, self._title)
        painter.end()

    def _dot(self, painter: QPainter, t: theme.Tokens) -> None:
        state = self._state
        dot = QRectF(8.75, 8.75, 18.5, 18.5)
        hue = "accent" if state in ("done", "now") else "ref"
        painter.setPen(QPen(t.colour(hue), 1.5))
        painter.setBrush(t.colour("accent") if state == "done" else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(dot)
        if state in ("done", "skipped"):
            painter.setPen(QPen(t.colour("on_accent" if state == "done" else "muted"), 1.6, Qt.PenStyle.SolidLine,
                                Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline([QPointF(14.6, 18.2), QPointF(17, 20.6), QPointF(21.6, 15.6)] if state == "done"
                                 else [QPointF(15, 18), QPointF(21, 18)])
            return
        painter.setPen(t.colour("accent" if state == "now" else "muted"))
        painter.setFont(theme.font("tiny"))
        painter.drawText(dot, Qt.AlignmentFlag.AlignCenter, str(self._number))


class Rail(QFrame):
    """Brand, steps, and at the foot the machine in brief with the quiet menu button."""

    def __init__(self, titles: Sequence[tuple[Stage, str]], menu: Callable[[], object]) -> None:
        super().__init__()
        self.setObjectName("rail")
        self.setFixedWidth(theme.RAIL_WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(0, 0, 0, 0)
        self._inner: QWidget | None = None
        self._menu = menu
        self.name(titles)

    def name(self, titles: Sequence[tuple[Stage, str]]) -> None:
        """Make everything in the rail anew, for other titles: another language."""
        if self._inner is not None:
            self._outer.removeWidget(self._inner)
            self._inner.hide()
            self._inner.deleteLater()  # later: the click that asks for it may come from one of its own buttons
        self._inner = QWidget()
        self._outer.addWidget(self._inner)
        box = QVBoxLayout(self._inner)
        box.setContentsMargins(16, 24, 16, 24)
        box.setSpacing(2)
        box.addWidget(Brand("Unsloth Setup"))
        box.addSpacing(22)
        self.steps = {stage: Step(i + 1, title, len(titles)) for i, (stage, title) in enumerate(titles)}
        for step in self.steps.values():
            box.addWidget(step)
        box.addStretch(1)
        box.addWidget(self._foot(self._menu))

    def _foot(self, menu: Callable[[], object]) -> QFrame:
        foot = QFrame()
        foot.setObjectName("foot")
        self.card, self.detail, self.system = Label("", "card"), Label("", "foot", "muted"), Label("", "foot", "muted")
        column = QVBoxLayout()
        column.setSpacing(3)
        for label in (self.card, self.detail, self.system):
            column.addWidget(label)
        self.menu_button = Button("…", menu, "quiet", translate("Rail", "Menu: another machine, log, language, about (F10)"))
        self.menu_button.setAccessibleName(translate("Rail", "Menu"))
        row = QHBoxLayout(foot)
        row.setContentsMargins(8, 12, 0, 0)
        row.setSpacing(4)
        row.addLayout(column, 1)
        row.addWidget(self.menu_button, 0, Qt.AlignmentFlag.AlignBottom)
        return foot

    def show_states(self, states: Mapping[Stage, StageState]) -> None:
        """Where the visit stands."""
        for stage, state in states.items():
            self.steps[stage].put(state)

    def show_machine(self, card: str, detail: str, system: str) -> None:
        """The machine in three short lines; empty ones vanish."""
        for label, text in ((self.card, card), (self.detail, detail), (self.system, system)):
            label.setText(text)
            label.setVisible(bool(text))
