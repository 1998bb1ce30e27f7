"""Small files out of a zip or tar.gz archive that somebody else wrote; a damaged archive has none."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from collections.abc import Callable


def archive_members(path: str, wanted: Callable[[str], bool], most: int) -> dict[str, bytes]:
    """The wanted files by name; those that say or prove to be longer than ``most`` bytes are left out,
    and all of them where the archive cannot be read. Raises ``OSError``.
    """
    read = _tar_members if path.endswith(".tar.gz") else _zip_members
    try:
        return read(path, wanted, most)
    except (
        *(zipfile.BadZipFile, tarfile.TarError, zlib.error),
        *(NotImplementedError, RuntimeError, EOFError),
    ):
        return {}


def _zip_members(path: str, wanted: Callable[[str], bool], most: int) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if entry.is_dir() or entry.file_size > most or not wanted(entry.filename):
                continue
            with archive.open(entry) as stream:
                data = stream.read(most + 1)
            if len(data) <= most:
                found[entry.filename] = data
    return found


def _tar_members(path: str, wanted: Callable[[str], bool], most: int) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    with tarfile.open(path, "r|gz") as archive:  # read once, from its beginning
        for entry in archive:
            if entry.isreg() and entry.size <= most and wanted(entry.name):
                stream = archive.extractfile(entry)
                if stream is not None:
                    found[entry.name] = stream.read()
    return found
