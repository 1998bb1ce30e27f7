"""What the window says when something went wrong: a sentence for people, the details one click
away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QPlainTextEdit

from app.engine.crash import write_crash
from app.gui import theme
from app.gui.formatting import translate
from app.gui.messages import said
from app.gui.widgets.dialog import Dialog
from app.model.errors import ExpectedError

if TYPE_CHECKING:
    from app.gui.frame import Frame


def show_fault(wizard: Frame, error: BaseException) -> None:
    """Show an expected fault as its sentence and hint; write a crash report for any other and say
    where it lies.
    """
    if isinstance(error, ExpectedError):
        dialog = Dialog(wizard, said(error.message), said(error.hint))
        if error.details:
            dialog.body.addWidget(details(error.details))
    else:
        path = "–"
        if wizard.ready:
            session = wizard.session
            path = write_crash(session.system, session.place.home, error, [])
        dialog = Dialog(
            wizard,
            translate("Faults", "A fault in this program"),
            translate(
                "Faults",
                "Something happened that the program does not know. Nothing of yours was changed "
                "by it. The crash report lies at {path}; the diagnostics report takes it along.",
            ).format(path=path),
        )
        dialog.body.addWidget(details(f"{type(error).__name__}: {error}"))
    dialog.button(translate("Faults", "Close"), dialog.accept, primary=True)
    dialog.exec()


def details(text: str) -> QPlainTextEdit:
    """A read-only field with raw text to read and copy."""
    field = QPlainTextEdit(text)
    field.setReadOnly(True)
    field.setFont(theme.font("mono"))
    field.setAccessibleName(translate("Faults", "Details"))
    field.setMinimumHeight(140)
    return field
