"""What the window shows when something went wrong.

A sentence for people, the details one click away.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QPlainTextEdit
from shiboken6 import isValid

from app.engine.crash import crash_home, write_crash
from app.gui import theme
from app.gui.formatting import translate
from app.gui.messages import localize
from app.gui.widgets.dialog import Dialog
from app.model.errors import ExpectedError

if TYPE_CHECKING:
    from app.gui.frame import Frame


def show_fault(
    wizard: Frame, error: BaseException, then: Callable[[], object] | None = None
) -> None:
    """Show a fault once the handler that met it has returned, one fault at a time; ``then`` is
    called afterwards.

    A dialog inside the handler would run an event loop there, in which the handler's own widget
    may be deleted. A fault that is waiting or on screen already is not shown once more.
    """
    if then is None and any(_is_same_error(error, waiting) for waiting, _ in wizard.faults):
        return
    wizard.faults.append((error, then))
    if len(wizard.faults) == 1:
        wizard.after_handler(lambda: _show_waiting(wizard))


def _is_same_error(one: BaseException, other: BaseException) -> bool:
    return type(one) is type(other) and str(one) == str(other)


def _show_waiting(wizard: Frame) -> None:
    """Show them in turn; the one on screen stays first in the row until it is closed."""
    while isValid(wizard) and wizard.faults:
        error, then = wizard.faults[0]
        try:
            if wizard.isVisible():
                _build_dialog(wizard, error).exec()
        finally:
            wizard.faults.pop(0)
        if then is not None:
            then()


def _build_dialog(wizard: Frame, error: BaseException) -> Dialog:
    """An expected fault as its sentence and hint; any other with where its crash report lies."""
    if isinstance(error, ExpectedError):
        dialog = Dialog(wizard, localize(error.message), localize(error.hint))
        if error.details:
            dialog.body.addWidget(details(error.details))
    else:
        text = translate(
            "Faults",
            "Something happened that the program does not know. Nothing of yours was changed by it.",
        )
        if wizard.ready:  # else the caller of the window writes it
            text = translate(
                "Faults",
                "Something happened that the program does not know. Nothing of yours was changed "
                "by it. The crash report lies at {path}; the diagnostics report takes it along.",
            ).format(path=_write_crash(wizard, error))
        dialog = Dialog(wizard, translate("Faults", "A fault in this program"), text)
        dialog.body.addWidget(details(f"{type(error).__name__}: {error}"))
    dialog.button(translate("Faults", "Close"), dialog.accept, primary=True)
    return dialog


def _write_crash(wizard: Frame, error: BaseException) -> str:
    """Write the crash report below this PC's own home. The home of a simulated person is a path
    on somebody else's disk: nothing is written there.
    """
    session = wizard.home_session or wizard.session
    system = session.system
    home = system.computer.data_folder() if session.simulated else session.place.home
    return write_crash(
        system.files,
        system.clock,
        crash_home(system, home),
        error,
        [],
        system.computer.variables(),
    )


def details(text: str) -> QPlainTextEdit:
    """A read-only field with raw text to read and copy."""
    field = QPlainTextEdit(text)
    field.setReadOnly(True)
    field.setFont(theme.font("mono"))
    field.setAccessibleName(translate("Faults", "Details"))
    field.setMinimumHeight(140)
    return field
