"""A person's data on the page of training.

The file, what was recognised in it, and what is asked of it.
"""

from __future__ import annotations

from functools import partial
from typing import cast

from PySide6.QtCore import QDir, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import QCheckBox, QFileDialog, QGridLayout

from app.gui import formatting
from app.gui.formatting import translate
from app.gui.messages import localize
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import (
    Card,
    Container,
    Elided,
    Fact,
    Heading,
    Label,
    across,
    at_top,
    empty,
    grid_of,
)
from app.gui.widgets.collapsible import Collapsible
from app.gui.widgets.combo import Combo
from app.model.dataset import ROLES, Column, Confirmation, Dataset, ReadOptions, Role, RowUnit

SHOWN_ROWS = 6  # bad rows that are named one by one
_ENCODINGS = ("utf-8", "utf-16", "cp1252", "cp1250", "cp1251", "cp932", "cp936", "cp949", "cp950")


class DataCard(Card):
    """``chosen`` when another file is to be read, ``reread`` when the same is to be read otherwise,
    ``answered`` when a question was answered without that.
    """

    chosen = Signal(str)
    reread = Signal()
    answered = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.path = ""
        self.dataset: Dataset | None = None
        self.box.setSpacing(10)
        self.setAcceptDrops(True)
        self.box.addWidget(Heading(translate("Train", "Your data")))
        row = Collapsible(wide=420, gap=12)
        self.chooser = Button(translate("Train", "&Choose a file …"), self._ask)
        self.name = Elided(self._invitation(), "text", "muted")
        row.box.addWidget(self.chooser)
        row.box.addWidget(self.name, 1)
        self.box.addWidget(row)
        self.status_line = Label("", "small", "muted")
        self.box.addWidget(self.status_line)
        self._found = Container(gap=10)
        self.box.addWidget(self._found)
        self.status_line.hide()
        self._found.hide()
        self._clear()

    def _invitation(self) -> str:
        return translate(
            "Train", "or drop one here: JSON, JSON lines, CSV, TSV, Parquet, plain text, Markdown"
        )

    def _clear(self) -> None:
        empty(self._found)
        self._found.hide()
        self.dataset = None
        self.ticks: dict[str, QCheckBox] = {}
        self.bad: QCheckBox | None = None
        self.roles: dict[Role, Combo] = {}
        self._encoding: str | None = None
        self._unit: RowUnit = "document"
        self._mapping: dict[Role, str] = {}

    # ---- the file

    def _ask(self) -> None:
        path, _kind = QFileDialog.getOpenFileName(
            self,
            translate("Train", "Choose your data"),
            "",
            translate(
                "Train",
                "Data (*.jsonl *.json *.ndjson *.csv *.tsv *.parquet *.txt *.md);;All files (*)",
            ),
        )
        if path:
            self.take(QDir.toNativeSeparators(path))

    def take(self, path: str) -> None:
        """Another file; what was answered of the former goes with it."""
        self._clear()
        self.path = path
        self.name.set_content(path)
        self.name.set_ink("text")
        self.chosen.emit(path)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """One file of this computer."""
        urls = event.mimeData().urls()
        if len(urls) == 1 and urls[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """The file that was let go of here; the system's own way to write its path."""
        event.acceptProposedAction()
        self.take(QDir.toNativeSeparators(event.mimeData().urls()[0].toLocalFile()))

    def tell(self, text: str, *, fault: bool = False) -> None:
        """What is being done with the file, or why it cannot be used."""
        self.status_line.setText(text)
        self.status_line.set_ink("err" if fault else "muted")
        self.status_line.setVisible(bool(text))

    # ---- what was recognised

    def show_dataset(self, found: Dataset) -> None:
        """What was recognised. Answers that were given stay, where their question is still there."""
        before = self.confirmation()
        empty(self._found)
        self.dataset, self.ticks, self.bad, self.roles = found, {}, None, {}
        self._found.box.addLayout(self._facts(found))
        for note in found.notes:
            self._found.box.addWidget(Label(note, "small", "muted"))
        codes = {question.code: question for question in found.questions}
        if "encoding" in codes:
            self._found.box.addWidget(Label(localize(codes["encoding"].text), "small", "warn"))
            self._add_encodings(found)
        if "mapping" in codes or self._mapping:
            if "mapping" in codes:
                self._found.box.addWidget(Label(localize(codes["mapping"].text), "small", "warn"))
            self._add_roles(found)
        elif len(found.columns) > 1:
            hand = Button(translate("Train", "Map the columns by hand"), self._by_hand, "link")
            self._found.box.addLayout(across(hand, None))
        if found.format in ("text", "markdown"):
            self._add_units()
        if "unused-columns" in codes:
            self._add_columns(found, codes["unused-columns"].items, before)
        if found.bad_rows:
            self._add_bad_rows(found, before)
        self._found.show()

    def _facts(self, found: Dataset) -> QGridLayout:
        encoding = found.encoding.name if found.encoding is not None else ""
        rows = formatting.count(found.rows)
        if found.duplicates:
            rows = translate("Train", "{rows}, {n} of them twice").format(
                rows=rows, n=formatting.count(found.duplicates)
            )
        shape = {
            "instruction": translate("Train", "Instruction and output"),
            "messages": translate("Train", "Messages"),
            "sharegpt": translate("Train", "Conversations (ShareGPT)"),
            "prompt-completion": translate("Train", "Prompt and completion"),
            "question-answer": translate("Train", "Question and answer"),
            "text": translate("Train", "Text"),
        }.get(found.shape or "", translate("Train", "Not recognised"))
        used = ", ".join(f"{column} ({role})" for role, column in found.mapping.items())
        facts = [
            Fact(translate("Train", "Format"), _format(found)),
            Fact(translate("Train", "Encoding"), encoding or translate("Train", "in the file")),
            Fact(translate("Train", "Shape"), shape),
            Fact(translate("Train", "Rows"), rows),
            Fact(translate("Train", "Columns used"), used or translate("Train", "none")),
        ]
        grid = grid_of(facts[:-1], (2, 2, 3))
        grid.addLayout(at_top(facts[-1]), 1, 1, 1, 2)  # names of columns are long
        return grid

    def _add_encodings(self, found: Dataset) -> None:
        proposed = found.encoding.name if found.encoding is not None else ""
        box = Combo()
        box.setAccessibleName(translate("Train", "Read the file as"))
        box.addItem(translate("Train", "Choose the encoding"), None)
        for name in dict.fromkeys((proposed, *_ENCODINGS)):
            if name:
                told = translate("Train", "{name} (proposed)") if name == proposed else "{name}"
                box.addItem(told.format(name=name), name)
        box.activated.connect(lambda _at: self._encode(box.currentData()))
        self._found.box.addLayout(across(box, None))

    def _encode(self, name: str | None) -> None:
        if name is not None:
            self._encoding = name
            self.reread.emit()

    def _add_units(self) -> None:
        box = Combo()
        name = translate("Train", "One row of the text is")
        box.setAccessibleName(name)
        for label, unit in (
            (translate("Train", "the whole document"), "document"),
            (translate("Train", "a paragraph"), "paragraph"),
            (translate("Train", "a line"), "line"),
        ):
            box.addItem(label, unit)
        box.setCurrentIndex(box.findData(self._unit))
        box.activated.connect(lambda _at: self._divide(box.currentData()))
        self._found.box.addLayout(across(Label(name, "small", "muted", wrap=False), box, None))

    def _divide(self, unit: RowUnit) -> None:
        self._unit = unit
        self.reread.emit()

    # ---- which column is what

    def _by_hand(self) -> None:
        if self.dataset is not None:
            self._mapping = dict(self.dataset.mapping)
            self.show_dataset(self.dataset)

    def _add_roles(self, found: Dataset) -> None:
        titles: dict[Role, str] = {
            "messages": translate("Train", "Messages"),
            "system": translate("Train", "System text"),
            "question": translate("Train", "Question"),
            "context": translate("Train", "Context"),
            "history": translate("Train", "History"),
            "answer": translate("Train", "Answer"),
            "text": translate("Train", "Text"),
        }
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(3)
        mapping = self._mapping or found.mapping
        for at, role in enumerate(ROLES):
            box = Combo()
            box.setAccessibleName(translate("Train", "Column of: {role}").format(role=titles[role]))
            box.addItem(translate("Train", "no column"), "")
            for column in found.columns:
                box.addItem(column.name, column.name)
            box.setCurrentIndex(max(0, box.findData(mapping.get(role, ""))))
            box.setMinimumContentsLength(8)
            box.activated.connect(partial(self._map))
            self.roles[role] = box
            place = 2 * (at // 4), at % 4
            grid.addWidget(Label(titles[role], "small", "muted", wrap=False), *place)
            grid.addWidget(box, place[0] + 1, place[1])
            grid.setColumnStretch(place[1], 1)
        self._found.box.addLayout(grid)

    def _map(self, _at: int) -> None:
        chosen = {role: str(box.currentData()) for role, box in self.roles.items()}
        self._mapping = {role: column for role, column in chosen.items() if column}
        self.reread.emit()

    # ---- what would be left out

    def _add_columns(self, found: Dataset, names: tuple[str, ...], before: Confirmation) -> None:
        title = translate("Train", "Not used. Tick each column that may be left out:")
        self._found.box.addWidget(Label(title, "small", "warn"))
        columns = {column.name: column for column in found.columns}
        for name in names:
            tick = _tick(name)
            tick.setChecked(name in before.ignore_columns)
            tick.setAccessibleName(
                translate("Train", "Leave out the column {name}").format(name=name)
            )
            tick.toggled.connect(lambda _on: self.answered.emit())
            self.ticks[name] = tick
            example = Elided(_example(columns.get(name)), "small", "muted")
            row = across(tick, example, gap=12)
            row.setStretch(1, 1)
            self._found.box.addLayout(row)

    def _add_bad_rows(self, found: Dataset, before: Confirmation) -> None:
        count = len(found.bad_rows)
        lines = [
            translate("Train", "Line {n}: {reason}").format(
                n=formatting.count(bad.line), reason=bad.reason
            )
            for bad in found.bad_rows[:SHOWN_ROWS]
        ]
        if count > SHOWN_ROWS:
            lines.append(
                translate("Train", "and {n} more").format(n=formatting.count(count - SHOWN_ROWS))
            )
        title = (
            translate("Train", "1 row cannot be used:")
            if count == 1
            else translate("Train", "{n} rows cannot be used:").format(n=formatting.count(count))
        )
        self._found.box.addWidget(Label(title, "small", "warn"))
        for text in lines:
            self._found.box.addWidget(Label(text, "small"))
        words = translate("Train", "Leave the bad &rows out")
        self.bad = _tick(words.replace("&", ""))
        self.bad.setShortcut(QKeySequence.mnemonic(words))  # the line under its letter stays away
        self.bad.setChecked(before.skip_bad_rows)
        self.bad.toggled.connect(lambda _on: self.answered.emit())
        self._found.box.addWidget(self.bad)

    # ---- the answers

    def read_options(self) -> ReadOptions:
        """How the file is to be read, by what was chosen."""
        return ReadOptions(
            encoding=self._encoding,
            mapping=cast("dict[Role, str]", dict(self._mapping)),
            row_unit=self._unit,
        )

    def confirmation(self) -> Confirmation:
        """What was agreed to with the ticks."""
        return Confirmation(
            skip_bad_rows=self.bad is not None and self.bad.isChecked(),
            ignore_columns=tuple(name for name, tick in self.ticks.items() if tick.isChecked()),
        )


def _tick(text: str) -> QCheckBox:
    return QCheckBox(text.replace("&", "&&"))


def _example(column: Column | None) -> str:
    if column is None or not column.example:
        return ""
    return translate("Train", "such as: {example}").format(example=column.example)


def _format(found: Dataset) -> str:
    return {
        "json-lines": translate("Train", "JSON lines"),
        "json": "JSON",
        "csv": "CSV",
        "tsv": "TSV",
        "parquet": "Parquet",
        "text": translate("Train", "Plain text"),
        "markdown": "Markdown",
    }[found.format]
