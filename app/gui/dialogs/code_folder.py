"""Asks for a folder to work in, lets VS Code find the environment there, and opens it."""

from __future__ import annotations

from PySide6.QtWidgets import QFileDialog

from app.engine.editors import Editor
from app.gui.formatting import translate
from app.gui.frame import Frame
from app.gui.messages import localize
from app.model.errors import ExpectedError


def offer(frame: Frame, editor: Editor) -> str:
    """What a person needs to know, in a sentence; empty where no folder was chosen. A folder with
    settings of its own is opened as it is.

    Raises ``ExpectedError`` where VS Code does not start or the folder cannot be written.
    """
    session = frame.session
    title = translate("Home", "The folder that you want to work in")
    folder = QFileDialog.getExistingDirectory(frame, title)
    if not folder:
        return ""
    folder = session.place.join(folder)  # Qt writes slashes on Windows too
    try:
        for _ in session.execution.run_aside(session.plans.workspace(folder)):
            pass
    except ExpectedError as error:
        if error.code != "settings-there":
            raise
        session.desktop.open_editor(editor, folder)
        return f"{localize(error.message)} {localize(error.hint)}"
    return session.desktop.open_editor(editor, folder)
