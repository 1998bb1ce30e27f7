"""Where the window proposes to save a file.

Among the person's documents, not in the folder that the program was started from.
"""

from __future__ import annotations

from PySide6.QtCore import QDir, QStandardPaths


def proposed(name: str) -> str:
    """A path for a new file; the name alone where the system names no folder for documents."""
    place = QStandardPaths.StandardLocation
    for wanted in (place.DocumentsLocation, place.HomeLocation):
        folder = QStandardPaths.writableLocation(wanted)
        if folder and QDir(folder).exists():
            return QDir(folder).filePath(name)
    return name
