"""The knobs of a training run, and what it would need of the card's memory as they are turned."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout

from app.decide.training import memory_estimate, starter_script
from app.gui import formatting
from app.gui.charts.meter import Meter
from app.gui.formatting import translate
from app.gui.widgets.card import Container, Label
from app.gui.widgets.collapsible import Collapsible
from app.gui.widgets.combo import Combo
from app.gui.widgets.icons import Mark, State
from app.model.guide import Guide, Model
from app.model.machine import MachineFacts
from app.model.profile import Profile

LENGTHS = (512, 1024, 2048, 4096, 8192, 16384, 32768)
BATCHES = (1, 2, 4, 8, 16, 32)
RANKS = (8, 16, 32, 64, 128)


@dataclass(frozen=True)
class Run:
    """What the knobs stand at."""

    model: str
    length: int
    batch: int
    bits: int
    rank: int


class TrainingSettings(Collapsible):
    """Five choices at the left, the memory at the right. ``changed`` when any was turned.

    Models, first choice and verdict are those of the script's own maker (``decide/training/starter_script.py``),
    so both always agree.
    """

    changed = Signal()

    def __init__(self, guide: Guide, profile: Profile | None, facts: MachineFacts | None) -> None:
        super().__init__(wide=520, gap=24)
        self.setSizePolicy(
            QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum
        )  # else its rows are the first to give way
        self._guide, self._profile, self._facts = guide, profile, facts
        self._on_card = profile is None or profile.needs.gpu
        self._other = ""  # a model that is not in the list
        self._models = starter_script.list_models(profile, guide) if profile is not None else ()
        self.box.addLayout(self._build_choices(), 3)
        self.box.addLayout(self._build_memory(), 2)
        self._apply_defaults()
        self._on_changed()

    # ---- the knobs

    def _build_choices(self) -> QGridLayout:
        self.model = _build_combo([(_model_title(m), m.id) for m in self._models])
        self.length = _build_combo([(formatting.count(n), n) for n in LENGTHS])
        self.batch = _build_combo([(str(n), n) for n in BATCHES])
        self.bits = _build_combo(
            [(translate("Knobs", "4 bits"), 4), (translate("Knobs", "16 bits"), 16)]
            if self._on_card
            else [(translate("Knobs", "16 bits"), 16)]
        )
        self.rank = _build_combo([(str(n), n) for n in RANKS])
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(3)
        grid.setRowMinimumHeight(2, 4)  # a name belongs to the box below it
        places = (
            (translate("Knobs", "&Model"), self.model, 0, 0, 2),
            (translate("Knobs", "&Weights in"), self.bits, 0, 2, 1),
            (translate("Knobs", "Conte&xt, tokens"), self.length, 3, 0, 1),
            (translate("Knobs", "B&atch"), self.batch, 3, 1, 1),
            (translate("Knobs", "LoRA ran&k"), self.rank, 3, 2, 1),
        )
        for name, box, at, column, wide in places:
            label = Label(name, "small", "muted")
            label.setBuddy(box)
            box.setAccessibleName(name.replace("&", ""))
            grid.addWidget(label, at, column, 1, wide)
            grid.addWidget(box, at + 1, column, 1, wide)
            box.currentIndexChanged.connect(self._on_changed)
        for column in range(3):
            grid.setColumnStretch(column, 1)
        return grid

    def _build_memory(self) -> QVBoxLayout:
        name = (
            translate("Knobs", "Card memory")
            if self._on_card
            else translate("Knobs", "Main memory")
        )
        self.figure = Label("", "text", wrap=False, tabular=True)
        self.meter = Meter(translate("Knobs", "Memory that the run would take"), 0.0)
        self.sign = Mark("ok", size=18)
        self.verdict = Label("", "value")
        self.parts = Label("", "small", "muted", tabular=True)
        box = QVBoxLayout()
        box.setSpacing(7)
        head = Collapsible()  # the figure goes below its name where both do not fit
        head.box.addWidget(Label(name, "small", "muted", wrap=False), 1)
        head.box.addWidget(self.figure)
        box.addWidget(head)
        box.addWidget(self.meter)
        line = Container(across=True, gap=8)
        line.box.addWidget(self.sign)
        line.box.addWidget(self.verdict, 1)
        box.addWidget(line)
        box.addWidget(self.parts)
        box.addStretch(1)
        return box

    def _apply_defaults(self) -> None:
        """What a script would take by itself."""
        if self._profile is None or self._facts is None or not self._models:
            return
        first = starter_script.choose_size(self._profile, self._facts, self._guide)
        wanted = (
            (self.length, first.length),
            (self.batch, first.batch),
            (self.rank, first.rank),
            (self.bits, first.bits),
        )
        for box, value in wanted:
            box.setCurrentIndex(max(0, box.findData(value)))
        names = [(m.id, m.sixteen_bit) for m in self._models]
        self.model.setCurrentIndex(
            next((i for i, ids in enumerate(names) if first.model in ids), 0)
        )

    def name_another(self, model: str) -> None:
        """Take a model by its name or folder in place of the list's; empty for the list's again."""
        self._other = model
        self.model.setEnabled(not model)
        self._on_changed()

    # ---- the memory

    def chosen(self) -> Run | None:
        """What the knobs stand at; ``None`` where there is no model to choose."""
        if self.model.currentData() is None:
            return None
        return Run(
            model=str(self.model.currentData()),
            length=int(self.length.currentData()),
            batch=int(self.batch.currentData()),
            bits=int(self.bits.currentData()),
            rank=int(self.rank.currentData()),
        )

    def sized(self) -> starter_script.TrainingSize | None:
        """The chosen run with its memory and the card's."""
        run = self.chosen()
        if run is None or self._profile is None or self._facts is None:
            return None
        return starter_script.choose_size(
            self._profile,
            self._facts,
            self._guide,
            model=self._other or run.model,
            length=run.length,
            batch=run.batch,
            bits=run.bits,
            rank=run.rank,
        )

    def _on_changed(self) -> None:
        size = self.sized()
        if self._other and (size is None or size.memory is None):
            self._show_message(
                "info",
                translate("Knobs", "How much memory this model takes is not known."),
                None,
                "",
                "",
            )
        elif size is None or size.memory is None:
            self._show_message(
                "info", translate("Knobs", "No model is listed for this setup."), None, "", ""
            )
        elif not self._on_card:
            millions = formatting.count(round(size.memory.parameters / 1e6))
            self._show_message(
                "info",
                translate("Knobs", "{n} million parameters").format(n=millions),
                None,
                "",
                translate("Knobs", "The prediction is for cards; on the processor it is not made."),
            )
        else:
            self._show_estimate(size, size.memory)
        self.changed.emit()

    def _show_estimate(
        self, size: starter_script.TrainingSize, need: memory_estimate.MemoryEstimate
    ) -> None:
        needed, free = formatting.memory(need.process), size.available
        parts = formatting.joined(
            [
                translate("Knobs", "weights {size}").format(size=formatting.memory(need.weights)),
                translate("Knobs", "adapter {size}").format(size=formatting.memory(need.adapters)),
                translate("Knobs", "activations {size}").format(
                    size=formatting.memory(need.activations)
                ),
                translate("Knobs", "the rest {size}").format(
                    size=formatting.memory(
                        need.process - need.weights - need.adapters - need.activations
                    )
                ),
            ]
        )
        if free is None:
            self._show_message(
                "warn",
                translate("Knobs", "The memory of the card is not known."),
                None,
                translate("Knobs", "{need} needed").format(need=needed),
                parts,
            )
            return
        spare = free - need.process
        state: State = "ok" if size.fits else "warn" if spare >= 0 else "err"
        text = {
            "ok": translate("Knobs", "Fits, {size} to spare"),
            "warn": translate("Knobs", "Fits barely, {size} to spare"),
            "err": translate("Knobs", "Does not fit: {size} too much"),
        }[state].format(size=formatting.memory(abs(spare)))
        self._show_message(
            state,
            text,
            need.process / free if free > 0 else 1.0,
            translate("Knobs", "{need} of the {free} free").format(
                need=needed, free=formatting.memory(free)
            ),
            parts,
        )

    def _show_message(
        self, state: State, text: str, share: float | None, figure: str, parts: str
    ) -> None:
        self.meter.setVisible(share is not None)
        self.meter.set_content(
            share,
            formatting.joined([figure, text]),
            {"warn": "warn", "err": "err"}.get(state, "accent"),
        )
        self.sign.show_state(state, text)
        self.figure.setText(figure)
        self.verdict.setText(text)
        self.parts.setText(parts)


def _build_combo(items: list[tuple[str, object]]) -> Combo:
    made = Combo()
    for label, value in items:
        made.addItem(label, value)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    made.setMinimumContentsLength(6)
    return made


def _model_title(model: Model) -> str:
    """``3B · Llama-3.2-3B-Instruct``."""
    name = model.id.rsplit("/", 1)[-1].removesuffix("-bnb-4bit")
    return f"{model.label} · {name}"
