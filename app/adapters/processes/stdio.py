"""This program's own process: its streams, its file mask, its arguments.

Streams that are missing or break, the mask of what it makes, paths as people give them.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
import unicodedata
from typing import TextIO

from app.model.errors import InputError
from app.model.message import Message

_PLAIN = {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "→": "->", "·": "-"}


def set_up() -> None:
    """Before anything else: nothing that is made may be written by others, and every standard
    stream is one.

    Started with a stream closed (``>&-``, a service, a windowed program), Python has none there,
    and the next file that is opened would take its number.
    """
    if sys.platform != "win32":
        os.umask(os.umask(0o077) | 0o022)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  (lives as long as the process)
    codecs.register_error("plainly", _replace_unencodable)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A file or a pipe is read by programs, a Windows console takes UTF-8 through Python
            # whatever its code page: those get UTF-8. A terminal gets what it says it shows.
            terminal = sys.platform != "win32" and stream.isatty()
            stream.reconfigure(
                encoding=stream.encoding if terminal else "utf-8",
                errors="plainly" if terminal else "replace",
            )


def _replace_unencodable(error: UnicodeError) -> tuple[str, int]:
    """What a terminal cannot show, in the nearest letters that it can: no accent, plain quotes."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    replaced = "".join(_PLAIN.get(c, c) for c in error.object[error.start : error.end])
    bare = "".join(
        c for c in unicodedata.normalize("NFKD", replaced) if not unicodedata.combining(c)
    )
    return bare.encode("ascii", "replace").decode(), error.end


def print_error(words: str) -> None:
    """Say something on standard error, where that can still be written."""
    with contextlib.suppress(OSError):
        sys.stderr.write(words)


def flush_and_close() -> None:
    """At the end: hand on what waits. What nobody reads any more is dropped, so that Python does
    not stumble over it.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _redirect_to_null(stream)


def _redirect_to_null(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError):
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def wants_no_colour() -> bool:
    """The user's wish for a terminal without colours (no-color.org), or one that knows none."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def whole_path(path: str, name: str) -> str:
    """A path as it stands from the root, ``~`` and the working folder resolved. Raises ``InputError``
    where there is none.

    Names that are no text (Linux takes any bytes) could neither be written down nor told to
    children.
    """
    if not path.strip():
        raise InputError(Message("{name} is empty; expected a path.", name=name))
    if any("\ud800" <= sign <= "\udfff" for sign in path):
        raise InputError(
            Message(
                "{name}: {path} holds bytes that are no text; expected a path of letters "
                "and digits.",
                name=name,
                path=path,
            )
        )
    try:
        return os.path.abspath(os.path.expanduser(path))
    except OSError as error:  # the working folder is gone
        raise InputError(
            Message(
                "{name}: {path} cannot be found from here: {reason}. Give the whole path.",
                name=name,
                path=path,
                reason=error.strerror or error,
            )
        ) from error


def folder_here(path: str) -> bool:
    """Whether a folder lies at a path, ``~`` and the working folder resolved."""
    return os.path.isdir(os.path.expanduser(path))
