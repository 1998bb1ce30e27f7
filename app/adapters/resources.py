"""The program's own data files, and files that people hand in."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from app.adapters.windows.embedded_resources import data_files
from app.model import limits
from app.model.errors import InputError
from app.model.message import Message


def root() -> Path:
    """Where ``resources/`` lies: beside the package in a checkout, in it where a wheel was installed,
    inside the bundle in the packed program.
    """
    packed = getattr(sys, "_MEIPASS", None)
    if packed:
        return Path(packed) / "resources"
    package = Path(__file__).resolve().parents[1]
    installed = package / "resources"
    return installed if installed.is_dir() else package.parent / "resources"


def resource_reader() -> Callable[[str], bytes | None]:
    """A function that gives one file of ``resources/`` by its relative path, or ``None``."""
    base = root()

    def read(name: str) -> bytes | None:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            return None
        held = data_files()
        if held is not None and str(path) in held.NameToInfo:
            return held.read(str(path))
        try:
            return (base / path).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None

    return read


def resource_names() -> Callable[[str], tuple[str, ...]]:
    """A function that lists one folder of ``resources/``, sorted; empty where there is none."""
    base = root()

    def names(folder: str) -> tuple[str, ...]:
        held = data_files()
        inside = f"{folder}/"
        packed = (
            {
                n.removeprefix(inside).partition("/")[0]
                for n in held.namelist()
                if n.startswith(inside)
            }
            if held
            else set()
        )
        try:
            return tuple(sorted(packed | {p.name for p in (base / folder).iterdir()}))
        except (FileNotFoundError, NotADirectoryError):
            return tuple(sorted(packed))

    return names


def read_input(name: str) -> bytes:
    """A file that was named on the command line, or standard input for ``-``. Raises ``InputError``
    naming it.

    No more than a gigabyte: a device or a pipe that never ends must not take all memory.
    """
    try:
        if name == "-":
            data = sys.stdin.buffer.read(limits.INPUT + 1)
        else:
            with open(name, "rb") as file:
                data = file.read(limits.INPUT + 1)
    except OSError as error:
        raise InputError(
            Message(
                "{name} cannot be read: {reason}. Expected a file.",
                name=name,
                reason=error.strerror or error,
            )
        ) from error
    if len(data) > limits.INPUT:
        raise InputError(
            Message(
                "{name} is larger than {limit} GB; expected a shorter file.",
                name=name,
                limit=limits.INPUT >> 30,
            )
        )
    return data
