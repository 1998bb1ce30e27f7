"""Locks, rights and safe folder entries of files, as Windows and POSIX each have them."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
from pathlib import Path

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EINVAL)

# The locked bytes come first and hold nothing: on Windows a locked range cannot be read by others.
LOCK_LENGTH = 1


def describe_holder(data: bytes) -> str:
    """Who holds a lock, from what its file says."""
    try:
        known = json.loads(data)
        return f"process {known['pid']} ({known['who']})"
    except (ValueError, KeyError, TypeError):
        return "an unknown process"


if sys.platform == "win32":
    import ctypes
    import msvcrt

    def may_add(folder: str) -> bool:
        """Whether Windows opens the folder for adding a file (``FILE_ADD_FILE``), which makes none."""
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateFileW.restype = ctypes.c_void_p
        kernel.CreateFileW.argtypes = (
            ctypes.c_wchar_p,
            *(ctypes.c_uint32,) * 2,
            ctypes.c_void_p,
            *(ctypes.c_uint32,) * 2,
            ctypes.c_void_p,
        )
        backup_semantics, share_all, open_existing = 0x02000000, 7, 3
        handle = kernel.CreateFileW(
            folder, 2, share_all, None, open_existing, backup_semantics, None
        )
        if handle in (None, ctypes.c_void_p(-1).value):
            return False
        kernel.CloseHandle.argtypes = (ctypes.c_void_p,)
        kernel.CloseHandle(handle)
        return True

    def knows_locks(folder: str) -> bool:
        """Windows locks parts of files, never folders."""
        return True

    def try_lock(handle: int) -> bool:
        """Take the lock of an open file, if nobody has it; whether it was taken."""
        os.lseek(handle, 0, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, LOCK_LENGTH)
        except OSError:
            return False
        return True

    def unlock(handle: int) -> None:
        """Let go of the lock of an open file."""
        os.lseek(handle, 0, os.SEEK_SET)
        with contextlib.suppress(OSError):
            msvcrt.locking(handle, msvcrt.LK_UNLCK, LOCK_LENGTH)

    def sync_folder(folder: Path) -> None:
        """Windows writes folder entries through by itself; there is no handle to sync."""
else:
    import fcntl

    def may_add(folder: str) -> bool:
        """Whether this user may write and enter the folder, on a disk that takes writes."""
        own = os.access in os.supports_effective_ids
        return os.access(folder, os.W_OK | os.X_OK, effective_ids=own)

    def knows_locks(folder: str) -> bool:
        """A lock that is tried on the folder itself: only a file system without locks says so. What is
        no folder is not opened: a pipe would wait for its writer.
        """
        try:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            return True
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            return error.errno not in _NO_LOCKS
        finally:
            os.close(handle)
        return True

    def try_lock(handle: int) -> bool:
        """Take the lock of an open file, if nobody has it; whether it was taken."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            # some network and FUSE file systems know no locks: nobody could ever start there
        return True

    def unlock(handle: int) -> None:
        """Let go of the lock of an open file."""
        with contextlib.suppress(
            OSError
        ):  # where there are no locks, as above; closing the file lets go in any case
            fcntl.flock(handle, fcntl.LOCK_UN)

    def sync_folder(folder: Path) -> None:
        """Bring a folder's entries to the disk."""
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        except OSError as error:
            if error.errno not in (
                errno.EINVAL,
                errno.ENOTSUP,
            ):  # some network file systems cannot sync a folder
                raise
        finally:
            os.close(handle)
