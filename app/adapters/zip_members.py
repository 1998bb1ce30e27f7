"""Small files out of a zip archive that may have gigabytes, as wheels do."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable


def zip_members(path: str, wanted: Callable[[str], bool], most: int) -> dict[str, bytes]:
    """The wanted files by name; those that say or prove to be longer than ``most`` bytes are left out,
    and all of them where the archive cannot be read. Raises ``OSError``.
    """
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if entry.is_dir() or entry.file_size > most or not wanted(entry.filename):
                    continue
                with archive.open(entry) as stream:
                    data = stream.read(most + 1)
                if len(data) <= most:
                    found[entry.filename] = data
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError):
        return {}
    return found
