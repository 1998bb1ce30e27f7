"""What lies below a folder, and the room that it really takes: links are not followed, holes not
counted.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Iterator

_SMALL = 4096  # bytes: smaller files may have no block of their own
_MOUNT_POINT = 0xA0000003  # IO_REPARSE_TAG_MOUNT_POINT: a junction, or a volume mounted on a folder


def below(path: str) -> Iterator[tuple[str, int]]:
    """Every file and every link below a folder with its size, in a stable order."""
    for folder, folders, files in _walk(path):
        folders.sort()
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in sorted([*files, *links]):
            whole = os.path.join(folder, name)
            with contextlib.suppress(OSError):
                yield whole, os.lstat(whole).st_size


def taken(path: str) -> int | None:
    """Bytes of a file or of all below a folder (``du -s``); hard links counted once. ``None`` where
    nothing is.
    """
    try:
        own = os.lstat(path)
    except OSError:
        return None
    if not stat.S_ISDIR(own.st_mode):
        return _bytes(own)
    seen: set[tuple[int, int]] = set()
    total = 0
    for folder, _, files in _walk(path):
        for name in files:
            try:
                entry = os.lstat(os.path.join(folder, name))
            except OSError:
                continue
            if entry.st_nlink > 1:
                key = (entry.st_dev, entry.st_ino)
                if key in seen:
                    continue
                seen.add(key)
            total += _bytes(entry)
    return total


def _bytes(entry: os.stat_result) -> int:
    """Of a file with holes only what is there. Small files may lie inside of their entry and have
    no blocks.
    """
    blocks = getattr(entry, "st_blocks", None)
    if blocks is None or not stat.S_ISREG(entry.st_mode) or entry.st_size <= _SMALL:
        return entry.st_size
    return min(entry.st_size, int(blocks) * 512)


def _walk(path: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """``os.walk`` that follows no junction of Windows either, which before Python 3.12 it takes for
    a folder.
    """
    for folder, folders, files in os.walk(path):
        if sys.platform == "win32":
            folders[:] = [name for name in folders if not _junction(os.path.join(folder, name))]
        yield folder, folders, files


def _junction(path: str) -> bool:
    with contextlib.suppress(OSError):
        return bool(getattr(os.lstat(path), "st_reparse_tag", 0) == _MOUNT_POINT)
    return False
