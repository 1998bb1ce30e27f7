"""The licences of what is inside the program, as one text that can be searched and copied."""

from __future__ import annotations

from PySide6.QtCore import QDir, QFile, QIODevice
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from app.gui import theme
from app.gui.formatting import translate
from app.gui.widgets.dialog import Dialog

PACKED = "LICENCES.txt"  # made when the program is packed, of all that is inside it then


def licence_text() -> str:
    """All licences of the packed program; in a checkout the texts that lie in its resources, where
    each installed package has its own beside it.
    """
    place = f"{theme.RESOURCES}/licences"
    names = [PACKED] if QFile.exists(f"{place}/{PACKED}") else QDir(place).entryList(["*.txt"])
    texts = []
    for name in names:
        file = QFile(f"{place}/{name}")
        if file.open(QIODevice.OpenModeFlag.ReadOnly):
            head = "" if name == PACKED else f"{name}\n\n"
            texts.append(head + bytes(file.readAll().data()).decode("utf-8"))
            file.close()
    return "\n\n".join(texts)


def show_licences(parent: QWidget) -> None:
    """Show them until the person closes the dialog."""
    dialog = Dialog(parent, translate("Menu", "Licences"), width=760, height=640)
    text = QPlainTextEdit()
    text.setReadOnly(True)
    text.setFont(theme.font("mono"))
    text.setAccessibleName(translate("Menu", "Licences"))
    text.setMinimumHeight(380)
    text.setPlainText(licence_text())
    dialog.body.addWidget(text, 1)
    dialog.button(translate("Menu", "Close"), dialog.accept, primary=True)
    dialog.exec()
