"""Sweeps what killed single files left in the folder for temporary files.

Runs first in the single files.

PyInstaller unpacks a single file into ``_MEI…`` there and removes that at its end; one that is killed
leaves its 86 MB for ever. Other programs' folders have such names too. So only those go that hold
this program's own mark, are no longer being unpacked, and whose mark nobody holds: each running one
keeps a lock on its own, which the system frees however it ends.
"""

from __future__ import annotations

import os
import sys
import threading
import time

MARK = "unsloth-setup.mark"
TEXT = b"Unpacked by Unsloth Setup. A later start of it removes this folder.\n"
UNPACKING = 600.0  # seconds; unpacking takes a few
_held: list[int] = []  # for as long as the process lives


def hold(folder: str) -> bool:
    """Lock the mark of a folder for this process; false when somebody holds it, or none is there."""
    if sys.platform != "win32":
        return False
    import msvcrt

    try:
        mark = os.open(os.path.join(folder, MARK), os.O_RDWR | os.O_BINARY | os.O_NOINHERIT)
    except OSError:
        return False
    try:
        msvcrt.locking(mark, msvcrt.LK_NBLCK, 1)
    except OSError:
        os.close(mark)
        return False
    _held.append(mark)
    return True


def let_go() -> None:
    """Free the mark that was locked last."""
    os.close(_held.pop())


def is_left_over(folder: str, now: float) -> bool:
    """Whether a folder was unpacked by this program some time ago; who holds it is not asked."""
    mark = os.path.join(folder, MARK)
    try:
        with open(mark, "rb") as file:
            return file.read(len(TEXT) + 1) == TEXT and now - os.stat(mark).st_mtime > UNPACKING
    except OSError:
        return False


def sweep(temporary: str, own: str) -> list[str]:
    """Remove every such folder in ``temporary`` but ``own``; returns those that are gone. One that
    cannot be removed whole keeps its mark and waits for the next start.
    """
    import shutil

    gone = []
    try:
        names = [e.name for e in os.scandir(temporary) if e.name.startswith("_MEI")]
    except OSError:
        return []
    for name in names:
        folder = os.path.join(temporary, name)
        if os.path.normcase(folder) == os.path.normcase(own) or os.path.islink(folder):
            continue
        if not is_left_over(folder, time.time()) or not hold(folder):
            continue
        for inner in os.listdir(folder):
            path = os.path.join(folder, inner)
            if inner == MARK:
                continue
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                _delete_file(path)
        let_go()
        if os.listdir(folder) == [MARK]:
            _delete_file(os.path.join(folder, MARK))
            os.rmdir(folder)
            gone.append(folder)
    return gone


def _delete_file(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return  # in use, or not ours to delete: it is seen in the listing that follows


def _start_sweep() -> None:
    own = getattr(sys, "_MEIPASS", "")
    if not os.path.basename(own).startswith("_MEI"):
        return  # the folder form, or no packed program at all
    hold(own)
    # beside the start, not before it: the window does not wait for what others left
    threading.Thread(target=sweep, args=(os.path.dirname(own), own), daemon=True).start()


_start_sweep()
