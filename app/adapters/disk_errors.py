"""What the disk refuses, as sentences that name the path and the next step."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from app.adapters.file_locks import LOCK_LENGTH, describe_holder
from app.adapters.in_use import find_users
from app.model.errors import ExitCode, ExpectedError
from app.model.message import Message

# Windows: sharing violation, lock violation, access denied because a file is mapped or being
# deleted.
IN_USE = {5, 32, 33}
# Faults of the drive itself, or of the network that it lies behind; any other says something of the
# path. Names: errno.h; on Windows ERROR_NOT_READY, ERROR_CRC, ERROR_SEEK, ERROR_GEN_FAILURE, and those of
# a device, a medium or a network that went away.
_DRIVE = {
    getattr(errno, name)
    for name in (
        *("EIO", "ENXIO", "ENODEV", "ESTALE", "EUCLEAN", "EBADMSG", "EREMOTEIO", "ETIMEDOUT"),
        *("ENOTCONN", "EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN", "ENETUNREACH", "ECONNRESET"),
    )
    if hasattr(errno, name)
}
_WINDOWS_DRIVE = {
    *(21, 23, 25, 31, 51, 53, 54, 55, 59, 64, 67, 121, 433, 483),
    *(1117, 1167, 1231, 1392, 1393, 1785),
}


def free_files(path: str) -> int | None:
    """How many files the volume of a path can still take (``df -i``); ``None`` where it has no such
    limit.
    """
    if sys.platform == "win32":
        return None
    place = Path(path)
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        found = os.statvfs(place)
    except OSError:
        return None
    return found.f_favail if found.f_files else None


def no_free_files(path: str, details: str = "") -> ExpectedError:
    """The volume has room, but for no more files."""
    return ExpectedError(
        "disk_full",
        Message(
            "The volume that holds {path} can take no more files: its inodes are used "
            "up, though there may be free space.",
            path=path,
        ),
        details=details,
        hint=Message(
            "Delete many small files there (df -i shows the count), or choose another folder."
        ),
    )


def strip_long_prefix(path: str) -> str:
    """A path as people write it, without Windows' prefix for long ones."""
    if path.startswith("\\\\?\\UNC\\"):
        return "\\\\" + path[8:]
    return path.removeprefix("\\\\?\\")


def is_busy(error: OSError) -> bool:
    """Whether the system says that somebody uses the file."""
    return getattr(error, "winerror", None) in IN_USE or error.errno in (
        errno.ETXTBSY,
        errno.EBUSY,
    )


def disk_fault(error: OSError, path: str) -> ExpectedError:
    """An OSError as a sentence that names the path and the next step."""
    path = strip_long_prefix(path)
    windows = getattr(error, "winerror", None)
    if error.errno == errno.ENOSPC and free_files(path) == 0:
        return no_free_files(path, str(error))
    if error.errno in (errno.ENOSPC, errno.EDQUOT) or windows in (112, 39):
        return ExpectedError(
            "disk_full",
            Message("The disk is full: {path} could not be written.", path=path),
            details=str(error),
            hint=Message(
                "Make room on that disk, then run the same command again; it goes on from here."
            ),
        )
    if is_busy(error):
        return ExpectedError(
            "file_in_use",
            Message("{path} is in use by another program and could not be changed.", path=path),
            details=str(error),
            hint=Message(
                "Close programs that use it (a running Python, an editor), then try again."
            ),
        )
    # Python says EACCES of Windows' codes 19 to 36, a drive that is not ready among them
    known = windows in _WINDOWS_DRIVE if windows is not None else error.errno in _DRIVE
    if not known and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ExpectedError(
            "permission_denied",
            Message("{path} cannot be written: permission denied.", path=path),
            details=str(error),
            hint=Message("Choose a folder that you may write to."),
        )
    return ExpectedError(
        "disk_error" if known else "path_unusable",
        Message(
            "{path} could not be read or written: {reason}.",
            path=path,
            reason=error.strerror or error,
        ),
        details=str(error),
        hint=Message("Look whether that drive is sound and connected, or choose another folder.")
        if known
        else Message("Look at what lies there, or choose another folder."),
    )


@contextlib.contextmanager
def disk_errors_named(path: str) -> Iterator[None]:
    """Raise ``disk_fault`` for an OSError inside."""
    try:
        yield
    except OSError as error:
        raise disk_fault(error, path) from error


def not_a_file_error(path: str) -> OSError:
    """For what lies where a file should and can be read without end."""
    return OSError(errno.EINVAL, "it is no file but a pipe or a device", path)


def already_running_error(stream: BinaryIO) -> ExpectedError:
    """Names the run that holds this lock file."""
    stream.seek(LOCK_LENGTH)
    return ExpectedError(
        "already-running",
        Message(
            "Another run is at work in this home folder: {holder}.",
            holder=describe_holder(stream.read()),
        ),
        hint=Message("Wait for it or stop it, then start again."),
        exit_code=ExitCode.BUSY,
    )


def in_use_error(path: str, who: tuple[str, ...], details: str = "") -> ExpectedError:
    """A file or tree that programs use, by their names; three are named."""
    named = Message("{names}", names=who)
    if len(who) > 3:
        named = Message("{names} and {count} more", names=who[:3], count=len(who) - 3)
    return ExpectedError(
        "file_in_use",
        Message("{path} is in use by {named} and could not be changed.", path=path, named=named),
        details=details,
        hint=Message("Close what uses it, then try again."),
    )


def name_users(fault: ExpectedError, path: str) -> ExpectedError:
    """The same fault with the programs that use the path, where the system names them."""
    if fault.code != "file_in_use":
        return fault
    who = find_users(path)
    return in_use_error(strip_long_prefix(path), who, fault.details) if who else fault
