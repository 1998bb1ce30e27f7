"""Findings: a mark, what was seen, what it means, and the button of its remedy."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.gui import theme
from app.gui.formatting import translate
from app.gui.messages import localize
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Card, Label, heading, line
from app.gui.widgets.icons import Mark, State
from app.model.advice import Finding

STATE: dict[str, State] = {"blocks": "err", "warns": "warn", "informs": "info"}


class FindingRow(QWidget):
    """One note: a mark, a title, a quiet sentence, and room for one widget at the right."""

    def __init__(
        self, state: State, state_text: str, title: str, detail: str, right: QWidget | None = None
    ) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 12, 0, 12)
        row.setSpacing(16)
        column = QVBoxLayout()
        column.setSpacing(3)
        self.title = Label(title, "value")
        column.addWidget(self.title)
        if detail:
            column.addWidget(Label(detail, "small", "muted"))
        self.mark = Mark(state, state_text)
        row.addWidget(self.mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)
        if right is not None:
            row.addWidget(right, 0, Qt.AlignmentFlag.AlignTop)
        self.setAccessibleName(f"{state_text}: {title}")
        self.setAccessibleDescription(detail)


class Findings(Card):
    """All findings of a machine. ``act`` is called with the finding whose button was pressed."""

    def __init__(self, act: Callable[[Finding], object]) -> None:
        super().__init__()
        self._act = act
        self.box.setSpacing(0)
        top, self._summary = heading(translate("Findings", "What this means"))
        self.box.addLayout(top)
        self.box.addSpacing(5)
        self._rows: list[QWidget] = []

    def set_content(self, findings: Sequence[Finding]) -> None:
        """Show these findings instead of the former ones."""
        for old in self._rows:
            self.box.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._rows = []
        for finding in findings:
            self._add_row(line())
            self._add_row(self._build_row(finding))
        self._summary.setText(summary(findings))
        if not findings:
            self._add_row(
                Label(
                    translate("Findings", "Nothing stands in the way and nothing needs a note."),
                    "small",
                    "muted",
                )
            )

    def wait(self, text: str) -> None:
        """Say that the findings are still to come."""
        self.set_content(())
        self._summary.setText(text)
        for row in self._rows:
            row.hide()

    def _add_row(self, widget: QWidget) -> None:
        self._rows.append(widget)
        self.box.addWidget(widget)

    def _build_row(self, finding: Finding) -> FindingRow:
        word = {
            "blocks": translate("Findings", "In the way"),
            "warns": translate("Findings", "Take note"),
            "informs": translate("Findings", "Good to know"),
        }[finding.severity]
        if finding.action is None and finding.severity == "informs":
            button = Button(translate("Findings", "Why"), lambda: self._act(finding), "link")
            button.setFont(theme.font("link"))
        else:
            label = (
                localize(finding.action.label)
                if finding.action
                else translate("Findings", "Details")
            )
            button = Button(label, lambda: self._act(finding))
        button.setAccessibleName(f"{button.text()}: {localize(finding.title)}")
        return FindingRow(
            STATE[finding.severity], word, localize(finding.title), localize(finding.detail), button
        )


def summary(findings: Sequence[Finding]) -> str:
    """``3 notes, nothing in the way``, or how many stand in the way."""
    blocks = sum(f.severity == "blocks" for f in findings)
    notes = len(findings) - blocks
    if blocks == 1:
        return translate("Findings", "1 thing in the way")
    if blocks:
        return translate("Findings", "{n} things in the way").format(n=blocks)
    if not notes:
        return translate("Findings", "nothing in the way")
    if notes == 1:
        return translate("Findings", "1 note, nothing in the way")
    return translate("Findings", "{n} notes, nothing in the way").format(n=notes)
