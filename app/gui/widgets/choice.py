"""A setup to choose: a card that is a radio button for the keyboard and the screen reader."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFocusEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QRadioButton, QSizePolicy, QVBoxLayout, QWidget

from app.decide.plans.builder import bytes_of
from app.gui import formatting, theme
from app.gui.formatting import translate
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Container, Label, across, line
from app.gui.widgets.tag import Tag
from app.model.advice import Choice


class _Radio(QRadioButton):
    """A radio button that shows its words alone; the card around it shows the rest."""

    def __init__(self, text: str, role: theme.FontRole) -> None:
        super().__init__(text.replace("&", "&&"))
        self._words = text
        self.setFont(theme.font(role))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setToolTip(text)
        self.by_keys = False  # whether it has the focus and got it by keyboard

    def _repaint_card(self) -> None:
        card = self.parentWidget()
        if card is not None:
            card.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The card shows a ring for a focus that came by keyboard."""
        super().focusInEvent(event)
        self.by_keys = event.reason() != Qt.FocusReason.MouseFocusReason
        self._repaint_card()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """No ring any more."""
        super().focusOutEvent(event)
        self.by_keys = False
        self._repaint_card()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The words, cut at the end where the card is narrow."""
        t = theme.current()
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(t.colour("text" if self.isEnabled() else "muted"))
        text = self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()

    def hitButton(self, _at: object) -> bool:
        """The whole line can be pressed, not only where the circle would be."""
        return self.isEnabled()


class ChoiceCard(QFrame):
    """Title, what is in it, why, what it costs, a tag; details fold out below.

    ``radio`` carries the choice. A card that cannot be chosen keeps its reason and its details in
    reach.
    """

    def __init__(
        self,
        title: str,
        subtitle: str,
        why: str,
        cost: str,
        tag: tuple[str, theme.Tone],
        *,
        prominent: bool,
        possible: bool,
        proof: str = "",
    ) -> None:
        super().__init__()
        self._possible = possible
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)  # painted again as the mouse comes and goes
        box = QVBoxLayout(self)
        box.setContentsMargins(18, 16, 18, 14)
        box.setSpacing(4)
        self.radio = _Radio(title, "big" if prominent else "value")
        self.radio.setEnabled(possible)
        self.radio.setAccessibleName(f"{title}. {tag[0]}")
        self.radio.setAccessibleDescription(" ".join(p for p in (why, cost) if p))
        self.radio.toggled.connect(lambda _on: self.update())
        head = across(self.radio, Tag(*tag), gap=14, top=True)
        head.setStretch(0, 1)
        box.addLayout(head)
        if subtitle and prominent:
            box.addWidget(Label(subtitle, "small", "muted"))
            box.addSpacing(5)
        if why:
            box.addWidget(
                Label(
                    why,
                    "text" if prominent else "small",
                    "text" if prominent and possible else "muted",
                )
            )
        if proof:
            box.addWidget(Label(proof, "small", "muted"))
        box.addSpacing(4 if prominent else 0)
        self.foot = Container(across=True, gap=20)
        box.addWidget(self.foot)
        self.foot.box.addWidget(Label(cost, "small", "muted", tabular=True), 1)
        self._details: Container | None = None
        self._open = False
        self._fill: Callable[[], QWidget] | None = None
        self._box = box

    def link(self, text: str, act: Callable[[], object]) -> Button:
        """Add a quiet act at the card's foot."""
        made = Button(text, act, "link")
        made.setFont(theme.font("link"))
        made.setAccessibleName(f"{text}: {self.radio.text()}")
        self.foot.box.addWidget(made)
        return made

    def details(self, fill: Callable[[], QWidget]) -> None:
        """Add the button that folds the details out; ``fill`` makes them at the first time."""
        self._fill = fill
        self._toggle = self.link(translate("Setup", "Details"), self._toggle_details)

    def _toggle_details(self) -> None:
        if self._details is None and self._fill is not None:
            self._details = Container(gap=10)
            self._details.box.addSpacing(6)
            self._details.box.addWidget(line())
            self._details.box.addWidget(self._fill())
            self._box.addWidget(self._details)
        self._open = not self._open
        shown = self._open
        if self._details is not None:
            self._details.setVisible(shown)
        self._toggle.setText(translate("Setup", "Less") if shown else translate("Setup", "Details"))
        self._toggle.setAccessibleName(f"{self._toggle.text()}: {self.radio.text()}")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click anywhere chooses."""
        if self._possible and event.button() == Qt.MouseButton.LeftButton:
            self.radio.setChecked(True)
            self.radio.setFocus(Qt.FocusReason.MouseFocusReason)
        super().mousePressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A sheet; a thick accent border when chosen, a stronger one under the mouse, a second line
        inside for the focus.
        """
        t = theme.current()
        chosen = self.radio.isChecked()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = 2.0 if chosen else 1.0
        edged = (
            "accent" if chosen else t.hover_line if self._possible and self.underMouse() else "line"
        )
        painter.setPen(QPen(t.colour(edged), width))
        painter.setBrush(t.colour("surface" if self._possible else "bg"))
        edge = QRectF(self.rect()).adjusted(width / 2, width / 2, -width / 2, -width / 2)
        painter.drawRoundedRect(edge, theme.RADIUS, theme.RADIUS)
        if self.radio.by_keys:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(t.colour("accent"), 1, Qt.PenStyle.DotLine))
            painter.drawRoundedRect(edge.adjusted(4, 4, -4, -4), 6, 6)
        painter.end()


class Table(QFrame):
    """Rows of short texts in columns; the first row is the head. For comparing, not for editing."""

    def __init__(self, rows: Sequence[Sequence[str]], widths: Sequence[int], about: str) -> None:
        super().__init__()
        from PySide6.QtWidgets import QGridLayout

        self.setAccessibleName(about)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(7)
        for r, row in enumerate(rows):
            for c, text in enumerate(row):
                quiet = r == 0 or c == 0
                label = Label(text, "small", "muted" if quiet else "text")
                label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                grid.addWidget(label, r, c, Qt.AlignmentFlag.AlignTop)
        for c, width in enumerate(widths):
            grid.setColumnStretch(c, width)


def cost(choice: Choice, family: str) -> str:
    """``Download 4.1 GB · 9.6 GB on disk`` for the files of this system."""
    platform = "windows" if family == "windows" else "linux"
    parts = [p for p in choice.profile.parts if p.platform == platform]
    if not parts:
        return ""
    about = translate("Setup", "about ") if any(p.estimated for p in parts) else ""
    fetched, disk = bytes_of(choice.profile, family)  # type: ignore[arg-type]
    return formatting.joined(
        [
            translate("Setup", "Download {size}").format(size=about + formatting.size(fetched)),
            translate("Setup", "{size} on disk").format(size=about + formatting.size(disk)),
        ]
    )
