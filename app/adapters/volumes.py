"""The volumes of this computer.

Only the one that is asked about is touched: a network drive that is gone would hold whoever asks
for half a minute.
"""

from __future__ import annotations

import os
import shutil
import sys
from functools import partial
from pathlib import Path

from app.model import limits
from app.model.in_time import in_time
from app.model.machine import Disk

# Read-only images and memory: nothing can be installed there, and each would be one more line.
_NO_DISKS = {"squashfs", "tmpfs", "devtmpfs", "iso9660", "cdfs", "udf", "ramfs", "erofs"}


def local_disks() -> tuple[Disk, ...]:
    """Local volumes that can hold files (``df -T``; ``wmic logicaldisk``). One that does not answer
    in time is left out.
    """
    places = _list_mounts()
    answers = in_time([partial(_read_disk, root) for root, _ in places], limits.VOLUME)
    found: dict[str, Disk] = {}
    devices: set[str] = set()
    for (_, device), disk in zip(places, answers, strict=True):
        if isinstance(disk, Disk) and device not in devices:
            devices.add(device)
            found[disk.root] = disk
    return tuple(
        found[root]
        for root in sorted(found)
        if (found[root].filesystem or "").lower() not in _NO_DISKS
    )


def disk_of(path: str) -> Disk | None:
    """The volume that holds a path, which need not exist yet (``df PATH``, ``fsutil volume
    diskfree``); ``None`` where it does not answer in time.

    Links are followed: a home folder that is a link lies where the link leads.
    """
    [disk] = in_time([lambda: _find_disk(path)], limits.VOLUME)
    return disk if isinstance(disk, Disk) else None


def _find_disk(path: str) -> Disk | None:
    place = Path(os.path.realpath(path))
    while not place.exists():
        if place == place.parent:
            return None
        place = place.parent
    root = _find_mount_root(str(place))
    usage = shutil.disk_usage(place)
    return Disk(root=root, total=usage.total, free=usage.free, filesystem=_find_filesystem(root))


def _read_disk(root: str) -> Disk:
    if not os.path.isdir(root):  # containers mount single files
        raise NotADirectoryError(root)
    usage = shutil.disk_usage(root)
    return Disk(root=root, total=usage.total, free=usage.free, filesystem=_find_filesystem(root))


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _KERNEL = ctypes.WinDLL("kernel32", use_last_error=True)
    _KERNEL.GetDriveTypeW.argtypes = (wintypes.LPCWSTR,)
    _KERNEL.GetVolumePathNameW.argtypes = (wintypes.LPCWSTR, wintypes.LPWSTR, wintypes.DWORD)
    _KERNEL.GetVolumeInformationW.argtypes = (
        wintypes.LPCWSTR,
        wintypes.LPWSTR,
        wintypes.DWORD,
        *([ctypes.c_void_p] * 3),
        wintypes.LPWSTR,
        wintypes.DWORD,
    )
    # fileapi.h: removable, fixed, RAM disk; 4 is a network drive, 5 a CD
    _LOCAL = (2, 3, 6)

    def _list_mounts() -> list[tuple[str, str]]:
        """Drive letters of local drives, as Windows has them in mind: no drive is touched for it."""
        bits = _KERNEL.GetLogicalDrives()
        roots = [f"{chr(65 + n)}:\\" for n in range(26) if bits >> n & 1]
        return [(root, root) for root in roots if _KERNEL.GetDriveTypeW(root) in _LOCAL]

    def _find_mount_root(place: str) -> str:
        text = ctypes.create_unicode_buffer(1024)
        if _KERNEL.GetVolumePathNameW(place, text, 1024):
            return text.value
        return Path(place).anchor

    def _find_filesystem(root: str) -> str | None:
        text = ctypes.create_unicode_buffer(64)
        succeeded = _KERNEL.GetVolumeInformationW(root, None, 0, None, None, None, text, 64)
        return (text.value or None) if succeeded else None
else:
    import psutil

    def _list_mounts() -> list[tuple[str, str]]:
        """Mount points of local devices, from the kernel's own list: nothing is touched for it."""
        return [
            (part.mountpoint, part.device)
            for part in psutil.disk_partitions(all=sys.platform == "linux")
            if (
                part.device.startswith("/dev/") or part.mountpoint == "/" or sys.platform != "linux"
            )
            and part.fstype.lower() not in _NO_DISKS
        ]

    def _find_mount_root(place: str) -> str:
        best = ""
        for part in psutil.disk_partitions(all=True):
            if _below(place, part.mountpoint) and len(part.mountpoint) > len(best):
                best = part.mountpoint
        return best or Path(place).anchor

    def _find_filesystem(root: str) -> str | None:
        kinds = [p.fstype for p in psutil.disk_partitions(all=True) if p.mountpoint == root]
        return (kinds[-1] or None) if kinds else None  # the last one covers the others

    def _below(path: str, root: str) -> bool:
        return path == root or path.startswith(root.rstrip("/") + "/")
