"""Paste the output of the guide's own script: the same comparison, line by line, as after the
checks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QPlainTextEdit

from app.gui import theme
from app.gui.formatting import translate
from app.gui.widgets.dialog import Dialog
from app.gui.widgets.verification_cards import ExpectedOutput

if TYPE_CHECKING:
    from app.gui.frame import Frame


class CompareOutput(Dialog):
    """A field for the output, the table below it."""

    def __init__(self, wizard: Frame) -> None:
        super().__init__(
            wizard,
            translate("Compare", "Compare a pasted output"),
            translate(
                "Compare",
                "Paste what the guide's verification script printed, here or on another day. Each "
                "line is set beside what is right for this PC.",
            ),
            width=820,
            height=640,
        )
        self._session = wizard.session
        self.field = QPlainTextEdit()
        self.field.setFont(theme.font("mono"))
        self.field.setPlaceholderText(translate("Compare", "Paste here"))
        self.field.setAccessibleName(translate("Compare", "Output of the script"))
        self.field.setTabChangesFocus(True)
        self.field.setMinimumHeight(130)
        self.table = ExpectedOutput()
        self.table.waiting.setText(translate("Compare", "The comparison appears here."))
        self.body.addWidget(self.field, 1)
        self.body.addWidget(self.table, 2)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(300)
        self._wait.timeout.connect(self.compare)
        self.field.textChanged.connect(self._wait.start)
        self.button(translate("Compare", "Close"), self.accept, primary=True)
        self.finished.connect(lambda _result: self._wait.stop())
        self.field.setFocus()

    def compare(self) -> None:
        """Show the lines; a text that holds none of them shows none."""
        lines = self._session.compare(self.field.toPlainText().encode())
        self.table.put(lines if any(c.actual is not None for c in lines) else (), running=False)
