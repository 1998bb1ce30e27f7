"""Model and settings of a run: size, epochs, what is learnt.

The knobs of the starter script and a model of one's own.
"""

from __future__ import annotations

from typing import Any, Literal, cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QLineEdit

from app.gui.formatting import translate
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Card, Container, Label, heading
from app.gui.widgets.collapsible import Collapsible
from app.gui.widgets.combo import Combo
from app.gui.widgets.training_settings import TrainingSettings
from app.model.guide import Guide
from app.model.machine import MachineFacts
from app.model.profile import Profile

KNOBS = ("model", "length", "batch", "bits", "rank")
EPOCHS = (1.0, 2.0, 3.0, 5.0, 10.0)


class ChoicesCard(Card):
    """``changed`` when anything was turned. ``cards`` is how many a run may use."""

    changed = Signal()

    def __init__(
        self, guide: Guide, profile: Profile, facts: MachineFacts | None, cards: int = 1
    ) -> None:
        super().__init__()
        self.facts = facts
        self.box.setSpacing(10)
        row, _ = heading(
            translate("Train", "Model and settings"),
            translate("Train", "chosen to fit this PC; every choice can be changed"),
        )
        self.box.addLayout(row)
        self.knobs = TrainingSettings(guide, profile, facts)
        self.box.addWidget(self.knobs)
        lower = Collapsible(wide=560, gap=12)
        self.own = QLineEdit()
        self.own.setPlaceholderText(translate("Train", "none: the one above"))
        self.own.setClearButtonEnabled(True)
        self.epochs, self.learn, self.cards = Combo(), Combo(), Combo()
        for number in EPOCHS:
            self.epochs.addItem(f"{number:.0f}", number)
        self.epochs.setCurrentIndex(EPOCHS.index(3.0))
        self.learn.addItem(translate("Train", "the answers alone"), "answers")
        self.learn.addItem(translate("Train", "every word"), "all")
        for count in range(1, max(1, cards) + 1):
            self.cards.addItem(str(count), count)
        own = Container(across=True, gap=8)
        own.box.addWidget(self.own, 1)
        own.box.addWidget(Button(translate("Train", "&Folder …"), self._ask))
        pair = Container(across=True, gap=12)
        for name, box, wide, field in (
            (
                translate("Train", "An&other model: its name on the hub, or a folder"),
                own,
                4,
                self.own,
            ),
            (translate("Train", "&Epochs"), self.epochs, 1, self.epochs),
            (translate("Train", "&Learn"), self.learn, 2, self.learn),
            (translate("Train", "Car&ds"), self.cards, 1, self.cards),
        ):
            if field is self.cards and cards < 2:
                continue  # there is nothing to choose
            label = Label(name, "small", "muted", wrap=False)
            part = Container(gap=3)
            part.box.addWidget(label)
            part.box.addWidget(box)
            field.setAccessibleName(name.replace("&", ""))
            label.setBuddy(field)
            (lower if field is self.own else pair).box.addWidget(part, wide)
        lower.box.addWidget(pair, 3)
        self.box.addWidget(lower)
        self.knobs.changed.connect(self.changed)
        self.own.editingFinished.connect(self._named)
        self._last = ""
        for combo in (self.epochs, self.learn, self.cards):
            combo.currentIndexChanged.connect(lambda _at: self.changed.emit())
        self._first = self._stand()

    def _ask(self) -> None:
        path = QFileDialog.getExistingDirectory(self, translate("Train", "A model's folder"))
        if path:
            self.own.setText(path)
            self._named()

    def _named(self) -> None:
        name = self.own.text().strip()
        if name != self._last:
            self._last = name
            self.knobs.name_another(name)

    def changes(self) -> dict[str, Any]:
        """What was chosen by hand by now, by the names of the widgets: not what the card chose."""
        now = self._stand()
        return {name: value for name, value in now.items() if value != self._first[name]}

    def restore(self, changes: dict[str, Any]) -> None:
        """Choose the same again."""
        for name, value in changes.items():
            box = getattr(self.knobs if name in KNOBS else self, name)
            if isinstance(box, Combo):
                box.setCurrentIndex(max(0, box.findData(value)))
            else:
                box.setText(value)
                self._named()

    def _stand(self) -> dict[str, Any]:
        boxes = {name: getattr(self.knobs, name) for name in KNOBS}
        boxes |= {"epochs": self.epochs, "learn": self.learn, "cards": self.cards}
        return {name: box.currentData() for name, box in boxes.items()} | {
            "own": self.own.text().strip()
        }

    def take_smaller(self, options: dict[str, Any]) -> dict[str, Any]:
        """Turn the knobs to settings that take less memory; those for which there is no knob come
        back.
        """
        left = {}
        for name, value in options.items():
            box = getattr(self.knobs, name, None)
            at = box.findData(value) if isinstance(box, Combo) else -1
            if isinstance(box, Combo) and at >= 0:
                box.setCurrentIndex(at)
            else:
                left[name] = value
        return left

    def wishes(self) -> dict[str, Any]:
        """What was chosen, by the names of ``TrainingRequest``."""
        chosen = self.knobs.chosen()
        own = self.own.text().strip() or None
        found: dict[str, Any] = {
            "epochs": float(self.epochs.currentData()),
            "learn": cast("Literal['answers', 'all']", self.learn.currentData()),
            "model": own,
            "cards": int(self.cards.currentData()),
        }
        if chosen is not None:
            found |= {
                "model": own or chosen.model,
                "length": chosen.length,
                "batch": chosen.batch,
                "bits": chosen.bits,
                "rank": chosen.rank,
            }
        return found
