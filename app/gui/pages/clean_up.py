"""Clean-up: what older attempts left, and which of it goes to the quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from app.engine.stages import Stage
from app.gui import theme, words
from app.gui.pages.page import Page
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Card, Elided, Label, heading, line
from app.gui.words import translate
from app.model.machine import Leftover

if TYPE_CHECKING:
    from app.gui.wizard import Wizard


class CleanUp(Page):
    """Nothing is ticked; what is chosen is moved, not deleted."""

    stage: Stage = "clean-up"

    def __init__(self, wizard: Wizard) -> None:
        super().__init__(wizard)
        self._shown: tuple[Leftover, ...] | None = None

    def build(self) -> None:
        """The list's card and the one that explains the quarantine."""
        self.head(translate("CleanUp", "Clean-up"), translate(
            "CleanUp", "Older attempts left this. Keeping it does no harm: the new setup does not use it."))
        self.list_card = Card()
        self.list_card.box.setSpacing(0)
        top, self.sum = heading(translate("CleanUp", "Found"))
        self.list_card.box.addLayout(top)
        self.list_card.box.addSpacing(6)
        self.body.addWidget(self.list_card)
        explained = Card(tight=True)
        explained.box.addWidget(Label(translate(
            "CleanUp", "What you choose is moved into a quarantine folder on its own disk when the plan runs. Nothing is deleted; "
                       "it can be put back from there."), "small", "muted"))
        self.body.addWidget(explained)
        self.body.addStretch(1)
        self.bar.button(translate("CleanUp", "&Back"), self.frame.backward)
        self.bar.main(translate("CleanUp", "&Next: the plan"), self._next)
        self.boxes: dict[str, QCheckBox] = {}
        self._rows: list[QWidget] = []
        self._shown = None

    def enter(self) -> None:
        """List what the survey found; earlier ticks stay."""
        facts = self.session.facts
        leftovers = facts.leftovers if facts is not None else ()
        if leftovers != self._shown:
            self._shown = leftovers
            self._list(leftovers)
        self._count()

    def _list(self, leftovers: tuple[Leftover, ...]) -> None:
        for old in self._rows:
            self.list_card.box.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._rows, self.boxes = [], {}
        ticked = set(self.session.answers.clean_up)
        for leftover in leftovers:
            for widget in (line(), self._row(leftover, leftover.id in ticked)):
                self._rows.append(widget)
                self.list_card.box.addWidget(widget)

    def _row(self, leftover: Leftover, ticked: bool) -> QWidget:
        row = QWidget()
        box = QHBoxLayout(row)
        box.setContentsMargins(0, 12, 0, 12)
        box.setSpacing(14)
        title = kind_title(leftover)
        tick = QCheckBox(title)
        tick.setFont(theme.font("value"))
        tick.setChecked(ticked)
        tick.setAccessibleName(f"{title}, {leftover.path}, {words.size(leftover.size)}")
        tick.toggled.connect(lambda _on: self._count())
        self.boxes[leftover.id] = tick
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addWidget(tick)
        under = QVBoxLayout()
        under.setContentsMargins(28, 0, 0, 0)
        under.setSpacing(3)
        under.addWidget(Elided(leftover.path, "mono", "muted"))
        if leftover.detail:
            under.addWidget(Label(leftover.detail, "small", "muted"))
        column.addLayout(under)
        box.addLayout(column, 1)
        size = Label(words.size(leftover.size), "value", wrap=False, tabular=True)
        size.setMinimumHeight(28)  # in line with the button beside it
        box.addWidget(size, 0, Qt.AlignmentFlag.AlignTop)
        look = Button(translate("CleanUp", "Open"), lambda: self.session.open(leftover.path), "small")
        look.setAccessibleName(translate("CleanUp", "Open the folder {path}").format(path=leftover.path))
        box.addWidget(look, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _count(self) -> None:
        chosen = [x for x in self._shown or () if self.boxes[x.id].isChecked()]
        whole = words.size(sum(x.size or 0 for x in self._shown or ()))
        if not chosen:
            self.sum.setText(translate("CleanUp", "{size} in all, nothing chosen").format(size=whole))
            return
        freed = words.size(sum(x.size or 0 for x in chosen))
        self.sum.setText(translate("CleanUp", "{part} of {size} go to the quarantine").format(part=freed, size=whole))

    def leave(self) -> None:
        """Remember the ticks."""
        self.session.change(clean_up=tuple(name for name, box in self.boxes.items() if box.isChecked()))

    def _next(self) -> None:
        self.frame.forward()


def kind_title(leftover: Leftover) -> str:
    """What kind of thing it is, in plain words."""
    return {"venv": translate("CleanUp", "Virtual environment"), "conda": translate("CleanUp", "Conda environment"),
            "user-site": translate("CleanUp", "Packages in the user's own Python folder"),
            "cache": translate("CleanUp", "Package cache"), "model-cache": translate("CleanUp", "Downloaded models"),
            "own": translate("CleanUp", "Made by this program"), "folder": translate("CleanUp", "Folder")}[leftover.kind]
