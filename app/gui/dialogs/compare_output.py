"""The dialog that compares a pasted output of the guide's script with what is expected.

The same comparison, line by line, as after the checks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QPlainTextEdit

from app.gui import theme
from app.gui.formatting import translate
from app.gui.messages import localize
from app.gui.widgets.card import Label, under
from app.gui.widgets.combo import Combo
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
                "line is set beside what is right here.",
            ),
            width=820,
            height=640,
        )
        self._session = wizard.session
        self.setup = Combo()
        self.setup.setAccessibleName(translate("Compare", "Compared with"))
        self.setup.setSizeAdjustPolicy(Combo.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setup.setMinimumContentsLength(18)
        for profile in self._session.knowledge.profiles:
            self.setup.addItem(localize(profile.title), profile.id)
        own = self._session.profile or self._session.best().profile
        self.setup.setCurrentIndex(max(0, self.setup.findData(own.id)))
        self.setup.activated.connect(self._choose_file)
        self._chosen = False  # by the person: then no other is proposed
        name = Label(translate("Compare", "Compared with the setup"), "small", "muted", wrap=False)
        name.setBuddy(self.setup)
        self.match = Label("", "small", "muted")
        self.match.hide()
        self.field = QPlainTextEdit()
        self.field.setFont(theme.font("mono"))
        self.field.setPlaceholderText(translate("Compare", "Paste here"))
        self.field.setAccessibleName(translate("Compare", "Output of the script"))
        self.field.setTabChangesFocus(True)
        self.field.setMinimumHeight(130)
        self.table = ExpectedOutput()
        self.table.waiting.setText(translate("Compare", "The comparison appears here."))
        self.body.addWidget(self.field, 1)
        self.body.addWidget(under(name, self.setup, self.match))
        self.body.addWidget(self.table, 2)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(300)
        self._wait.timeout.connect(self.compare)
        self.field.textChanged.connect(self._wait.start)
        self.button(translate("Compare", "Close"), self.accept, primary=True)
        self.finished.connect(lambda _result: self._wait.stop())
        self.field.setFocus()

    def _choose_file(self, _at: int) -> None:
        self._chosen = True
        self.match.hide()
        self.compare()

    def compare(self) -> None:
        """Show the lines; a text that holds none of them shows none. As long as the person has
        chosen no setup, the one that fits best is proposed.
        """
        text = self.field.toPlainText().encode()
        if not self._chosen:
            fits = self._session.environments.closest(text)
            if fits is not None and fits != self.setup.currentData():
                self.setup.setCurrentIndex(self.setup.findData(fits))
            self.match.setText(translate("Compare", "The setup that this output fits best."))
            self.match.setVisible(fits is not None)
        lines = self._session.environments.compare(text, self.setup.currentData())
        self.table.set_content(
            lines if any(c.actual is not None for c in lines) else (), running=False
        )
