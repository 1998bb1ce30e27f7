"""Put back: what was moved into the quarantine, each with the button that returns it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from app.gui.formatting import translate
from app.gui.messages import localize
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Container, Elided, Label
from app.gui.widgets.dialog import Dialog
from app.model.errors import ExpectedError

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from app.engine.session import Session


class Restore(Dialog):
    """A row for each thing; ``returned`` are the paths that were put back. What cannot go back says
    why in its row.
    """

    def __init__(self, parent: QWidget, session: Session) -> None:
        super().__init__(
            parent,
            translate("PutBack", "Put back what was moved away"),
            translate(
                "PutBack",
                "These were moved into the quarantine. Each goes back to where it was; nothing "
                "that lies there now is replaced.",
            ),
            width=680,
        )
        self._session = session
        self.returned: list[str] = []
        self.buttons: dict[str, Button] = {}
        self.notes: dict[str, Label] = {}
        for shelf, path in session.undo.quarantined():
            self.body.addWidget(self._build_row(shelf, path))
        if not self.buttons:
            self.body.addWidget(
                Label(translate("PutBack", "Nothing lies in the quarantine."), "text", "muted")
            )
        self.body.addStretch(1)
        self.button(translate("PutBack", "Close"), self.accept, primary=True)

    def _build_row(self, shelf: str, path: str) -> Container:
        row, column = Container(across=True, gap=14), Container(gap=3)
        column.box.addWidget(Elided(path, "mono"))
        self.notes[shelf] = Label(
            translate("PutBack", "lies in {folder}").format(folder=shelf), "small", "muted"
        )
        column.box.addWidget(self.notes[shelf])
        row.box.addWidget(column, 1)
        button = Button(translate("PutBack", "Put back"), partial(self.put_back, shelf), "small")
        button.setAccessibleName(translate("PutBack", "Put {path} back").format(path=path))
        self.buttons[shelf] = button
        row.box.addWidget(button)
        return row

    def put_back(self, shelf: str) -> None:
        """Return one thing."""
        note = self.notes[shelf]
        try:
            path = self._session.undo.put_back(shelf)
        except ExpectedError as error:
            note.set_ink("err")
            note.setText(localize(error.message))
            return
        self.returned.append(path)
        self.buttons[shelf].setEnabled(False)
        note.set_ink("ok")
        note.setText(translate("PutBack", "Back where it was"))


def offer(parent: QWidget, session: Session) -> bool:
    """Show the dialog; whether anything was put back."""
    dialog = Restore(parent, session)
    dialog.exec()
    return bool(dialog.returned)
