"""Opens, makes and replaces files as this program does: long names, own rights, no waiting."""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from io import BufferedReader
from pathlib import Path

from app.adapters.disk_errors import IN_USE, not_a_file_error


def long_path(path: str) -> str:
    r"""The path as Windows takes it beyond 259 characters (``\\?\``); unchanged elsewhere.

    Every whole path is written so, whatever its length: files that lie deeper are reached from it.
    Source: "Maximum Path Length Limitation", Microsoft; works with the long-path policy off.
    """
    if (
        sys.platform != "win32"
        or path.startswith(("\\\\?\\", "\\\\.\\"))
        or not os.path.isabs(path)
    ):
        return path
    whole = os.path.abspath(path)
    if whole.startswith("\\\\.\\"):  # a device such as NUL
        return path
    return "\\\\?\\UNC\\" + whole[2:] if whole.startswith("\\\\") else "\\\\?\\" + whole


def make_folders(path: Path) -> None:
    """Make a folder and those above it that are missing, for this user alone (0700, as XDG asks of
    data folders).
    """
    missing = [path]
    while (
        not (above := missing[-1].parent).exists() and above != missing[-1]
    ):  # a drive that is not there is its own parent
        missing.append(above)
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)


def open_regular_file(path: str) -> BufferedReader:
    """A file for reading, and only a file: opening a pipe would wait for its writer."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
    except OSError as error:
        if error.errno == errno.ELOOP:  # links that lead to one another: no file is there
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from error
        raise
    kind = os.fstat(handle).st_mode
    if stat.S_ISREG(kind):
        return os.fdopen(handle, "rb")
    os.close(handle)
    if stat.S_ISDIR(kind):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    raise not_a_file_error(path)


def open_private(path: str, flags: int) -> int:
    """An ``opener``: what ``open`` makes new is this user's alone (0600), whatever mask the program
    was started with. A pipe that lies there waits for nobody but is an error.
    """
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o600)


def replace_file(source: Path, target: Path) -> None:
    """``os.replace`` with a short patience: a virus scanner may hold a new file open for a moment
    (WinError 5, 32).
    """
    for wait in (0.05, 0.1, 0.2, 0.4, 0.8):
        try:
            os.replace(source, target)
            return
        except OSError as error:
            if getattr(error, "winerror", None) not in IN_USE:
                raise
            time.sleep(wait)
    os.replace(source, target)
