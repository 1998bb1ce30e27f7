"""What the model will see of a person's rows.

Three of them with the learnt part marked, their lengths, the cost.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtGui import QResizeEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextEdit

from app.gui import formatting, theme
from app.gui.charts.training_charts import LengthChart
from app.gui.formatting import translate
from app.gui.widgets.card import Card, Container, Fact, Label, empty, grid_of, heading
from app.model.training import TrainingPreview

LONGEST = 150  # pixels of one row's text


class Example(QTextEdit):
    """One row as the model sees it. What is learnt is underlined and on a ground of its own."""

    def __init__(self, row: dict[str, Any], number: int) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setFont(theme.font("mono"))
        self.setFixedHeight(64)
        text = str(row.get("text", ""))
        self.learnt = [(int(begin), int(end)) for begin, end in row.get("learnt", ())]
        cursor = QTextCursor(self.document())
        usual, marked = QTextCharFormat(), QTextCharFormat()
        t = theme.current()
        marked.setFontUnderline(True)
        marked.setBackground(t.colour("accent_soft"))
        marked.setForeground(t.colour("text"))
        at = 0
        for begin, end in self.learnt:  # inserted as plain text: a row may hold HTML
            cursor.insertText(text[at:begin], usual)
            cursor.insertText(text[begin:end], marked)
            at = max(at, end)
        cursor.insertText(text[at:], usual)
        self.setAccessibleName(
            translate("Train", "Row {n} as the model sees it, {tokens} tokens").format(
                n=number, tokens=formatting.count(int(row.get("tokens") or 0))
            )
        )
        self.setAccessibleDescription(
            translate("Train", "Learnt: {text}").format(
                text=" … ".join(text[begin:end] for begin, end in self.learnt)
            )
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As tall as its text, up to some lines; a longer one scrolls."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            frame = self.height() - self.viewport().height()
            wanted = round(self.document().size().height()) + frame + 2
            self.setFixedHeight(min(max(wanted, 44), LONGEST))


class PreviewCard(Card):
    """Rows, histogram and figures; hidden until there is something to show."""

    def __init__(self) -> None:
        super().__init__()
        self.box.setSpacing(10)
        row, self._note = heading(
            translate("Train", "As the model sees it"),
            translate("Train", "underlined: what is learnt"),
        )
        self.box.addLayout(row)
        self.examples: list[Example] = []
        self._rows = Container(gap=8)
        self.box.addWidget(self._rows)
        self.lengths = LengthChart(translate("Train", "Lengths of the rows"))
        self._said = Label("", "small", "muted")
        self._figures = Container(gap=8)
        self.box.addWidget(self._said)
        self.box.addWidget(self.lengths)
        self.box.addWidget(self._figures)
        self.hide()

    def set_content(self, preview: TrainingPreview) -> None:
        """Show a preview; one without tokens hides the card, for a question is open first."""
        tokens = preview.tokens
        self.setVisible(tokens is not None)
        if tokens is None:
            return
        empty(self._rows)
        self.examples = [Example(row, n) for n, row in enumerate(tokens.get("rows", ()), 1)]
        for example in self.examples:
            self._rows.box.addWidget(Label(example.accessibleName(), "small", "muted"))
            self._rows.box.addWidget(example)
        self._rows.setVisible(bool(self.examples))
        self.lengths.set_content(tokens)
        self._said.setText(self.lengths.summary())
        self.lengths.setVisible(len(self.lengths.counts) > 1)
        empty(self._figures)
        self._figures.box.addLayout(grid_of(self._facts(preview, tokens), (1, 1, 1, 1)))
        for text in self._remarks(preview, tokens):
            self._figures.box.addWidget(Label(text, "small", "muted"))

    def _facts(self, preview: TrainingPreview, tokens: dict[str, Any]) -> list[Fact]:
        unknown = translate("Train", "not known")
        memory, seconds = preview.memory, preview.seconds
        return [
            Fact(
                translate("Train", "Rows"),
                translate("Train", "{training} to learn from, {evaluation} to measure on").format(
                    training=formatting.count(int(tokens["training"])),
                    evaluation=formatting.count(int(tokens["evaluation"])),
                ),
            ),
            Fact(
                translate("Train", "Tokens in one pass"),
                translate("Train", "{all}, {learnt} of them learnt").format(
                    all=formatting.count(int(tokens["tokens"])),
                    learnt=formatting.count(int(tokens["learnt_tokens"])),
                ),
            ),
            Fact(translate("Train", "Training steps"), formatting.count(int(tokens["steps"]))),
            Fact(
                translate("Train", "Time"),
                formatting.about(seconds)
                if seconds is not None
                else translate("Train", "not known: this model was not trained here yet"),
            ),
            Fact(
                translate("Train", "Card memory"),
                unknown if memory.needed is None else formatting.memory(memory.needed),
                memory.text,
            ),
        ]

    def _remarks(self, preview: TrainingPreview, tokens: dict[str, Any]) -> list[str]:
        said = [preview.memory.text] if preview.memory.text else []
        said += [
            translate("Train", "{n} rows are left out: {why}.").format(
                n=formatting.count(int(count)), why=why
            )
            for why, count in tokens.get("left_out", {}).items()
        ]
        return said + [str(note) for note in tokens.get("notes", ())]
