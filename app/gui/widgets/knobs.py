"""The knobs of a training run, and what it would need of the card's memory as they are turned."""

from __future__ import annotations

from dataclasses import dataclass

from packaging.version import Version
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.decide import vram
from app.gui import words
from app.gui.brief import main_card
from app.gui.widgets.card import Label, Plain, across
from app.gui.widgets.icons import Mark, State
from app.gui.widgets.meter import Meter
from app.gui.words import translate
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


class Knobs(QWidget):
    """Five choices at the left, the memory at the right. ``changed`` when any was turned."""

    changed = Signal()

    def __init__(self, guide: Guide, profile: Profile | None, facts: MachineFacts | None) -> None:
        super().__init__()
        self._on_card = profile is None or profile.needs.gpu
        self._models = [m for m in guide.models if m.card == self._on_card and _known_to(m, profile)]
        gpu = main_card(facts.gpus) if facts is not None else None
        memory = facts.memory if facts is not None else None
        if self._on_card:
            self.total = gpu.memory_total if gpu is not None else None
            self.used = (gpu.memory_used or 0) if gpu is not None else 0
        else:
            self.total = memory.total if memory is not None else None
            self.used = (memory.total - memory.available) if memory is not None and memory.total and memory.available else 0
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(24)
        row.addLayout(self._choices(), 3)
        row.addLayout(self._memory(), 2)
        self._preset()
        self._turned()

    # ---- the knobs

    def _choices(self) -> QGridLayout:
        self.model = _box([(_named(m), m.id) for m in self._models])
        self.length = _box([(words.count(n), n) for n in LENGTHS])
        self.batch = _box([(str(n), n) for n in BATCHES])
        self.bits = _box([(translate("Knobs", "4 bits"), 4), (translate("Knobs", "16 bits"), 16)] if self._on_card
                         else [(translate("Knobs", "16 bits"), 16)])
        self.rank = _box([(str(n), n) for n in RANKS])
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(3)
        places = ((translate("Knobs", "&Model"), self.model, 0, 0, 2), (translate("Knobs", "&Weights in"), self.bits, 0, 2, 1),
                  (translate("Knobs", "Conte&xt, tokens"), self.length, 2, 0, 1),
                  (translate("Knobs", "&Batch"), self.batch, 2, 1, 1), (translate("Knobs", "LoRA ran&k"), self.rank, 2, 2, 1))
        for name, box, at, column, wide in places:
            label = Label(name, "small", "muted", wrap=False)
            label.setBuddy(box)
            box.setAccessibleName(name.replace("&", ""))
            grid.addWidget(label, at, column, 1, wide)
            grid.addWidget(box, at + 1, column, 1, wide)
            box.currentIndexChanged.connect(self._turned)
        for column in range(3):
            grid.setColumnStretch(column, 1)
        return grid

    def _memory(self) -> QVBoxLayout:
        name = translate("Knobs", "Memory of the card") if self._on_card else translate("Knobs", "Main memory")
        self.figure = Label("", "text", wrap=False, tabular=True)
        self.meter = Meter(translate("Knobs", "Memory that the run would take"), 0.0)
        self.sign = Mark("ok", size=18)
        self.verdict = Label("", "value")
        self.parts = Label("", "small", "muted", tabular=True)
        box = QVBoxLayout()
        box.setSpacing(7)
        box.addLayout(across(Label(name, "small", "muted", wrap=False), None, self.figure))
        box.addWidget(self.meter)
        line = Plain(across=True, gap=8)
        line.box.addWidget(self.sign)
        line.box.addWidget(self.verdict, 1)
        box.addWidget(line)
        box.addWidget(self.parts)
        box.addStretch(1)
        return box

    def _preset(self) -> None:
        """The largest model that fits with the usual settings; the smallest where none does."""
        self.length.setCurrentIndex(LENGTHS.index(2048 if self._on_card else 512))
        self.batch.setCurrentIndex(BATCHES.index(2 if self._on_card else 1))
        self.rank.setCurrentIndex(RANKS.index(16))
        fitting = [i for i, m in enumerate(self._models) if self._need(m, 2048 if self._on_card else 512).fits(self.free)]
        sizes = {i: self._need(self._models[i], 2048).parameters for i in range(len(self._models))}
        if self._models:
            self.model.setCurrentIndex(max(fitting, key=lambda i: sizes[i]) if fitting else min(sizes, key=lambda i: sizes[i]))

    # ---- the memory

    @property
    def free(self) -> float:
        """Bytes that a run may take; where nothing is known of the memory, anything fits."""
        return float("inf") if not self.total else float(self.total - self.used)

    def _need(self, model: Model, length: int) -> vram.Memory:
        return vram.predict(model.shape, bits=int(self.bits.currentData() or 16), rank=int(self.rank.currentData() or 16),
                            batch=int(self.batch.currentData() or 1), length=length)

    def chosen(self) -> Run | None:
        """What the knobs stand at; ``None`` where there is no model to choose."""
        if self.model.currentData() is None:
            return None
        return Run(model=str(self.model.currentData()), length=int(self.length.currentData()), batch=int(self.batch.currentData()),
                   bits=int(self.bits.currentData()), rank=int(self.rank.currentData()))

    def estimate(self) -> vram.Memory | None:
        """The memory of the chosen run."""
        model = next((m for m in self._models if m.id == self.model.currentData()), None)
        return None if model is None else self._need(model, int(self.length.currentData()))

    def _turned(self) -> None:
        need = self.estimate()
        if need is None:
            self.verdict.setText(translate("Knobs", "No model is listed for this setup."))
            self.sign.hide()
            self.changed.emit()
            return
        if self.total:
            self.figure.setText(translate("Knobs", "{need} of {free} free").format(need=words.memory(need.process),
                                                                                         free=words.memory(self.free)))
        else:
            self.figure.setText(translate("Knobs", "{need} needed").format(need=words.memory(need.process)))
        state, text = self._verdict(need)
        share = need.process / self.free if self.total and self.free > 0 else None
        self.meter.put(share, text, {"ok": "accent", "warn": "warn", "err": "err"}[state])
        self.sign.show_state(state, text)
        self.verdict.setText(text)
        self.parts.setText(words.joined([
            translate("Knobs", "weights {size}").format(size=words.memory(need.weights)),
            translate("Knobs", "adapter {size}").format(size=words.memory(need.adapters)),
            translate("Knobs", "activations {size}").format(size=words.memory(need.activations)),
            translate("Knobs", "the rest {size}").format(
                size=words.memory(need.process - need.weights - need.adapters - need.activations))]))
        self.changed.emit()

    def _verdict(self, need: vram.Memory) -> tuple[State, str]:
        if not self.total:
            return "warn", translate("Knobs", "The memory of the card is not known.")
        spare = self.free - need.process
        if need.fits(self.free):
            return "ok", translate("Knobs", "Fits, {size} to spare").format(size=words.memory(spare))
        if spare >= 0:
            return "warn", translate("Knobs", "Fits barely; a shorter context is safer")
        return "err", translate("Knobs", "Does not fit: {size} too much").format(size=words.memory(-spare))


def _box(items: list[tuple[str, object]]) -> QComboBox:
    made = QComboBox()
    for label, value in items:
        made.addItem(label, value)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    made.setMinimumContentsLength(6)
    return made


def _known_to(model: Model, profile: Profile | None) -> bool:
    """Whether the profile's Unsloth knows the model's kind; ``since`` is a version such as ``2024.9``."""
    have = profile.versions.unsloth if profile is not None else None
    if have is None or not model.since:
        return True
    return Version(have) >= Version(model.since)


def _named(model: Model) -> str:
    """``3B · Llama-3.2-3B-Instruct``."""
    name = model.id.rsplit("/", 1)[-1].removesuffix("-bnb-4bit")
    return f"{model.label} · {name}"
