"""Opens the window over a session.

Application, fonts, language, wizard, and what happens to unexpected faults.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QSocketNotifier, QTimer
from PySide6.QtWidgets import QApplication

from app.adapters.processes.end_signals import EndSignals
from app.gui import languages, theme
from app.gui.frame import Machines
from app.gui.wizard import Wizard
from app.model.errors import ExitCode

if TYPE_CHECKING:
    from app.engine.session import Session


def run(
    session: Session | Callable[[], Session],
    argv: Sequence[str] = (),
    rehearse: Callable[[str], Session] | None = None,
    machines: Machines = (),
) -> int:
    """Show the wizard until it is closed; the exit code. ``argv`` are Qt's own arguments
    (``-platform`` …).

    ``session`` is best a function that opens one: the window is then there before what the program
    knows has been read. Raises what kept the session from being opened, after the window has said
    it.
    """
    app = application(argv)
    languages.install_language(None if callable(session) else session.answers.language)
    wizard = Wizard(session, rehearse, machines)
    former, sys.excepthook = sys.excepthook, _make_excepthook(wizard)
    # A dialog that hides itself is not a closed window to Qt: without this the program would go on
    # unseen.
    wizard.finished.connect(app.quit)
    wizard.show()
    QTimer.singleShot(0, lambda: _name_icon(app))
    signals = EndSignals()
    watch = QSocketNotifier(signals.fileno(), QSocketNotifier.Type.Read)
    watch.activated.connect(lambda: _close_on_signal(app, wizard))
    # Windows' end of session: asked nothing, and what runs is stopped before the answer
    app.commitDataRequest.connect(lambda _: wizard.end_streams())
    try:
        code = app.exec()
    finally:
        sys.excepthook = former
        watch.setEnabled(False)
        signals.close()
    if wizard.fault is not None:
        # the window has said it; the caller turns it into the exit code of the contract
        raise wizard.fault
    return code


def _close_on_signal(app: QApplication, wizard: Wizard) -> None:
    """Somebody outside ended the program: like "Stop and close", unasked, with Ctrl+C's exit code."""
    wizard.end_streams()
    app.exit(int(ExitCode.STOPPED))


def application(argv: Sequence[str] = ()) -> QApplication:
    """The application with the style and fonts of the theme (made once a process)."""
    found = QApplication.instance()
    app = (
        found
        if isinstance(found, QApplication)
        else QApplication(["unsloth-setup", "-style", "Fusion", *argv])
    )
    app.setApplicationName("UnslothSetup")
    app.setApplicationDisplayName("Unsloth Setup")
    app.setDesktopFileName("unsloth-setup")
    theme.load_fonts()
    app.setFont(theme.font())
    return app


def _name_icon(app: QApplication) -> None:
    """The window's icon; it needs Qt's SVG module, which the first paint does not wait for."""
    from PySide6.QtGui import QIcon

    from app.gui.widgets.icons import picture

    icon = QIcon()
    for side in (16, 24, 32, 48, 64, 256):
        icon.addPixmap(picture("app", side))
    app.setWindowIcon(icon)


def _make_excepthook(
    wizard: Wizard,
) -> Callable[[type[BaseException], BaseException, TracebackType | None], None]:
    def caught(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        from app.gui.error_dialog import show_fault

        sys.__excepthook__(kind, error, trace)
        show_fault(wizard, error)

    return caught
