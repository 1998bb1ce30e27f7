"""The dialog that opens another machine: a simulated one or a file.

Each computer that ships with the program says what is special about it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QFileDialog, QHeaderView, QTableWidget

from app.gui import theme
from app.gui.charts.bar_charts import fill_table
from app.gui.formatting import translate
from app.gui.messages import localize
from app.gui.summaries import short_card, short_system, shown_card
from app.gui.widgets.dialog import Dialog
from app.model.machine import MachineFacts

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from app.gui.frame import Frame


AIR = 16  # pixels above and below a row's text together


class MachineList(QTableWidget):
    """Three columns, of which the last has most room; long sentences go on in a second line."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The columns' shares, and rows as tall as they then are."""
        super().resizeEvent(event)
        wide = self.viewport().width()
        widths = [round(wide * share) for share in (0.27, 0.2, 0.53)]
        for column in range(2):
            self.setColumnWidth(column, widths[column])
        # Not resizeRowsToContents: it wraps the texts without the room that the style sheet keeps
        # at their sides.
        for row in range(self.rowCount()):
            texts = [
                item.text() if (item := self.item(row, column)) is not None else ""
                for column in range(3)
            ]
            self.setRowHeight(row, AIR + max(map(self._text_height, texts, widths)))

    def _text_height(self, text: str, wide: int) -> int:
        room = QRect(0, 0, wide - 24, 10_000)
        return self.fontMetrics().boundingRect(room, int(Qt.TextFlag.TextWordWrap), text).height()


class Machines(Dialog):
    """``chosen`` is the name of a shipped machine, or the path of a machine file or report."""

    def __init__(self, wizard: Frame) -> None:
        super().__init__(
            wizard,
            translate("Machines", "Another machine"),
            translate(
                "Machines",
                "All pages show what they would show there. Nothing is changed, on this computer "
                "or "
                "on another.",
            ),
            width=820,
            height=620,
        )
        self.chosen: str | None = None
        listed = sorted(
            ((row_of(facts), name) for name, facts in wizard.machines), key=lambda one: one[0]
        )
        self._names = [name for _, name in listed]
        self.table = MachineList()
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setFont(theme.font("small"))
        self.table.setMinimumHeight(110)
        self.table.setAccessibleName(translate("Machines", "Machines"))
        fill_table(
            self.table,
            (
                translate("Machines", "Graphics card"),
                translate("Machines", "System"),
                translate("Machines", "What is special"),
            ),
            [row for row, _ in listed],
        )
        head = self.table.horizontalHeader()
        for column in range(2):
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
        self.table.itemDoubleClicked.connect(lambda _item: self._accept_selected())
        self.body.addWidget(self.table, 1)
        self.button(translate("Machines", "Choose a &file …"), self._browse_for_file)
        self.button(translate("Machines", "Cancel"))
        go = self.button(translate("Machines", "&Try it"), self._accept_selected, primary=True)
        go.setEnabled(bool(listed))
        if listed:
            self.table.selectRow(0)
            self.table.setFocus()

    def _accept_selected(self) -> None:
        row = self.table.currentRow()
        if row >= 0:
            self.chosen = self._names[row]
            self.accept()

    def _browse_for_file(self) -> None:
        path, _kind = QFileDialog.getOpenFileName(
            self,
            translate("Machines", "Machine file or report"),
            "",
            translate("Machines", "Machine files and reports (*.json *.zip)"),
        )
        if path:
            self.chosen = path
            self.accept()


def row_of(facts: MachineFacts) -> tuple[str, str, str]:
    """A machine's card, its system, and the sentence that its file says of it."""
    card = shown_card(facts.gpus)
    name = (
        translate("Machines", "No graphics card")
        if card is None
        else short_card(card.name or translate("Rail", "Unnamed card"))
    )
    return (
        name,
        short_system(facts),
        localize(next((note.text for note in facts.notes if note.about == "machine"), "")),
    )
