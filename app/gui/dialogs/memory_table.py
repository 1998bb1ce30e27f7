"""The guide's memory table beside what the memory model says of the same runs."""

from __future__ import annotations

from PySide6.QtWidgets import QTableWidget, QWidget

from app.decide.training import memory_estimate
from app.gui import formatting
from app.gui.charts.bar_charts import fill_table, whole_height
from app.gui.formatting import translate
from app.gui.widgets.dialog import Dialog
from app.model.guide import Guide


class MemoryTable(Dialog):
    """A row for each line of the guide's table."""

    def __init__(self, parent: QWidget, guide: Guide) -> None:
        super().__init__(
            parent,
            translate("MemoryTable", "The guide's memory table"),
            translate(
                "MemoryTable",
                "What the guide says a run takes, and what the memory model here predicts for "
                "the same run in 4 bits. The model was checked against runs on a card.",
            ),
            width=820,
        )
        self.table = QTableWidget()
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setAccessibleName(translate("MemoryTable", "The guide's memory table"))
        rows = []
        for row in guide.memory:
            ours = [m.process for m in memory_estimate.beside_the_guide(row, guide.models)]
            span = (
                formatting.memory(min(ours))
                if len(ours) == 1
                else translate("MemoryTable", "{low} to {high}").format(
                    low=formatting.memory(min(ours)), high=formatting.memory(max(ours))
                )
                if ours
                else ""
            )
            rows.append((row.label, str(row.batch), formatting.count(row.length), row.guide, span))
        fill_table(
            self.table,
            (
                translate("MemoryTable", "Model"),
                translate("MemoryTable", "Batch"),
                translate("MemoryTable", "Context"),
                translate("MemoryTable", "The guide"),
                translate("MemoryTable", "Here"),
            ),
            rows,
        )
        self.body.addWidget(self.table)
        self.button(translate("MemoryTable", "Close"), self.accept, primary=True)

    def fit(self) -> None:
        """The whole table: it is short. Its rows are measured in the sheet's own dress."""
        for part in (self.table, self.table.horizontalHeader()):
            part.ensurePolished()
        self.table.resizeRowsToContents()
        self.table.setFixedHeight(whole_height(self.table))
        super().fit()
