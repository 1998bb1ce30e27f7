"""What a training run left: answers of before and after, export, a prompt to try.

And the list of earlier runs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QLineEdit, QPlainTextEdit

from app.gui import formatting, theme
from app.gui.formatting import translate
from app.gui.messages import localize
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import (
    Card,
    Container,
    Elided,
    Heading,
    Label,
    across,
    empty,
    heading,
    line,
    under,
)
from app.gui.widgets.collapsible import Collapsible
from app.model.training import ExportFormat, RunSummary

SHOWN_RUNS = 5
_LONG = 16  # signs of a word after which a line may end within it


def breakable(text: str) -> str:
    """A model's answer as a label shows it: what has no spaces, as other scripts or nonsense, would
    be cut at the label's edge.
    """
    return re.sub(rf"(\S{{{_LONG}}})(?=\S)", "\\1\u200b", text)


class AnswersCard(Card):
    """The held-out rows: question, then before, after and what was expected side by side."""

    def __init__(self, answers: Sequence[dict[str, Any]]) -> None:
        super().__init__()
        self.box.setSpacing(10)
        row, _ = heading(
            translate("Train", "Before and after"),
            translate("Train", "rows that were kept apart from training"),
        )
        self.box.addLayout(row)
        if not answers:
            none = translate("Train", "No answers were kept: too few rows, or none could be made.")
            self.box.addWidget(Label(none, "small", "muted"))
        for at, one in enumerate(answers):
            if at:
                self.box.addWidget(line())
            self.box.addWidget(Label(breakable(str(one.get("question", ""))), "value"))
            three = Collapsible(wide=560, gap=18)
            for name, key in (
                (translate("Train", "Before"), "before"),
                (translate("Train", "After"), "answer"),
                (translate("Train", "Expected"), "expected"),
            ):
                text = str(one.get(key) or "") or translate("Train", "(nothing)")
                part = under(Label(name, "small", "muted", wrap=False), Label(breakable(text)))
                part.box.addStretch(1)
                part.setAccessibleName(f"{name}: {text}")
                three.box.addWidget(part, 1)
            self.box.addWidget(three)


class ExportCard(Card):
    """Three ways out. ``wanted`` carries the format and, for GGUF, the folder of llama.cpp."""

    wanted = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self.box.setSpacing(10)
        self.box.addWidget(Heading(translate("Train", "Export")))
        self.box.addWidget(
            Label(
                translate(
                    "Train",
                    "The adapter is small and needs its base model. Merged is the whole model "
                    "in 16 bits. GGUF is for llama.cpp and Ollama, in 8 bits (q8_0); llama.cpp's "
                    "converter is fetched for it once.",
                ),
                "small",
                "muted",
            )
        )
        acts = Collapsible(gap=10)
        acts.box.addWidget(Button(translate("Train", "&Adapter"), lambda: self._want("adapter")))
        acts.box.addWidget(
            Button(translate("Train", "&Merged model"), lambda: self._want("merged"))
        )
        acts.box.addWidget(Button(translate("Train", "&GGUF"), lambda: self._want("gguf")))
        acts.box.addWidget(
            Button(translate("Train", "GGUF with &your llama.cpp …"), self._ask_gguf)
        )
        acts.box.addStretch(1)
        self.box.addWidget(acts)
        self.status_line = Elided("", "small", "muted")
        self.status_line.hide()
        self.box.addWidget(self.status_line)

    def _want(self, kind: ExportFormat, tools: str = "") -> None:
        self.wanted.emit(kind, tools)

    def _ask_gguf(self) -> None:
        folder = QFileDialog.getExistingDirectory(
            self, translate("Train", "The folder of your llama.cpp")
        )
        if folder:
            self._want("gguf", folder)

    def tell(self, text: str) -> None:
        """Where an export lies, or why there is none."""
        self.status_line.set_content(text)
        self.status_line.setVisible(bool(text))


class PromptCard(Card):
    """One prompt to the trained model. ``asked`` carries it; the answer comes by ``set_content`` piece by
    piece.
    """

    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.box.setSpacing(8)
        row, self._note = heading(
            translate("Train", "Try a prompt"),
            translate("Train", "the model is loaded for it first"),
        )
        self.box.addLayout(row)
        self.field = QLineEdit()
        self.field.setAccessibleName(translate("Train", "Your prompt"))
        self.field.setPlaceholderText(translate("Train", "Your prompt"))
        self.button = Button(translate("Train", "As&k"), self._ask)
        self.field.returnPressed.connect(self._ask)
        line_of = across(self.field, self.button)
        line_of.setStretch(0, 1)
        self.box.addLayout(line_of)
        self.answer = QPlainTextEdit()
        self.answer.setReadOnly(True)
        self.answer.setTabChangesFocus(True)
        self.answer.setFont(theme.font("text"))
        self.answer.setFixedHeight(110)
        self.answer.setAccessibleName(translate("Train", "The model's answer"))
        self.answer.hide()
        self.box.addWidget(self.answer)

    def _ask(self) -> None:
        prompt = self.field.text().strip()
        if prompt and self.button.isEnabled():
            self.button.setEnabled(False)
            self.answer.setPlainText("")
            self.answer.setPlaceholderText(translate("Train", "The model is being loaded …"))
            self.answer.show()
            self.asked.emit(prompt)

    def set_content(self, piece: str) -> None:
        """More of the answer."""
        self.answer.moveCursor(self.answer.textCursor().MoveOperation.End)
        self.answer.insertPlainText(piece)

    def on_run_end(self, fault: str = "") -> None:
        """The answer is whole, or there is none."""
        self.button.setEnabled(True)
        self.answer.setPlaceholderText("")
        if fault:
            self.answer.setPlainText(fault)


class RunsCard(Card):
    """Earlier runs, the newest first. The signals carry a run's id."""

    resume_wanted = Signal(str)
    result_wanted = Signal(str)
    folder_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.box.setSpacing(8)
        self.box.addWidget(Heading(translate("Train", "Earlier runs")))
        self._rows = Container(gap=8)
        self.box.addWidget(self._rows)
        self.status_line = Label("", "small", "err")
        self.status_line.hide()
        self.box.addWidget(self.status_line)
        self.buttons: dict[tuple[str, str], Button] = {}

    def set_content(self, runs: Sequence[RunSummary]) -> None:
        """Show them; none hides the card."""
        empty(self._rows)
        self.buttons = {}
        self.tell("")
        self.setVisible(bool(runs))
        for run in runs[:SHOWN_RUNS]:
            self._rows.box.addWidget(self._row(run))
        if len(runs) > SHOWN_RUNS:
            more = translate("Train", "and {n} more").format(n=len(runs) - SHOWN_RUNS)
            self._rows.box.addWidget(Label(more, "small", "muted"))

    def _row(self, run: RunSummary) -> Collapsible:
        row = Collapsible(wide=520, gap=12)
        words = Container(gap=1)
        model = run.model.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
        words.box.addWidget(Elided(f"{run.id} · {model}", "value"))
        words.box.addWidget(
            Label(
                formatting.joined(
                    [_stands(run), localize(run.why) if run.state != "finished" else ""]
                ),
                "small",
                "muted",
            )
        )
        row.box.addWidget(words, 1)
        acts = Container(across=True, gap=8)
        if run.state == "finished" and run.adapter is not None:
            self._act(acts, run.id, "result", translate("Train", "Open"), self.result_wanted)
        if run.resumable:
            self._act(acts, run.id, "resume", translate("Train", "Go on …"), self.resume_wanted)
        self._act(acts, run.id, "folder", translate("Train", "Folder"), self.folder_wanted)
        row.box.addWidget(acts)
        return row

    def _act(self, row: Container, run: str, kind: str, text: str, signal: Any) -> None:
        made = Button(text, lambda: signal.emit(run), "small")
        made.setAccessibleName(f"{text}: {run}")
        row.box.addWidget(made)
        self.buttons[run, kind] = made

    def tell(self, text: str) -> None:
        """Why a run cannot be gone on with, as its script says."""
        self.status_line.setText(text)
        self.status_line.setVisible(bool(text))


def _stands(run: RunSummary) -> str:
    state = {
        "finished": translate("Train", "finished"),
        "stopped": translate("Train", "stopped"),
        "failed": translate("Train", "failed"),
    }[run.state]
    if run.total is None:
        return translate("Train", "{state} before the first step").format(state=state)
    return translate("Train", "{state} at step {step} of {total}").format(
        state=state, step=formatting.count(run.step), total=formatting.count(run.total)
    )
