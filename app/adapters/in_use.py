"""Finds out who works in a folder.

Programs that run from it, were started by a name in it, or have its libraries loaded.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from app.adapters.windows.restart_manager import holders

_MOST = 4096  # files that Windows is asked about
_LOADED = (".exe", ".dll", ".pyd")  # asked about first: what runs keeps these open


def find_users(path: str) -> tuple[str, ...]:
    """``python3 (process 4711)`` for each program of this computer that uses a file or tree, but this one.

    On Linux what ``grep -l PATH /proc/*/maps`` and ``ps -o args`` show; on Windows also who has a file open
    (the restart manager, as installers ask it). Programs of other users cannot be looked into.
    """
    import psutil

    for prefix, instead in (("\\\\?\\UNC\\", "\\\\"), ("\\\\?\\", "")):
        if path.startswith(
            prefix
        ):  # how Windows takes long paths; programs name themselves without
            path = instead + path[len(prefix) :]
    whole = os.path.normcase(os.path.realpath(path))
    spelled = os.path.normcase(os.path.abspath(path))
    found: dict[int, str] = {}
    for process in psutil.process_iter(["pid", "name", "exe", "cmdline"]):
        info = process.info
        first = (info["cmdline"] or [""])[0]
        words = [os.path.normcase(word) for word in (info["exe"] or "", first) if word]
        if any(
            _is_inside(word, root) for word in words for root in {whole, spelled}
        ) or _has_mapped_file(info["pid"], whole):
            found[info["pid"]] = str(info["name"] or "a program")
    for pid, name in holders(_list_files(path)):
        found.setdefault(pid, name)
    found.pop(os.getpid(), None)
    return tuple(f"{name} (process {pid})" for pid, name in sorted(found.items()))


def _is_inside(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip("\\/") + os.sep)


def _has_mapped_file(pid: int, root: str) -> bool:
    if sys.platform == "win32":
        return False
    with contextlib.suppress(OSError):
        text = Path(f"/proc/{pid}/maps").read_bytes()
        return any(
            _is_inside(
                line.split(None, 5)[5].rstrip(b"\n").decode("utf-8", "surrogateescape"), root
            )
            for line in text.splitlines()
            if line.count(b"/")
        )
    return False


def _list_files(path: str) -> list[str]:
    """The files to ask Windows about; elsewhere none."""
    if sys.platform != "win32":
        return []
    if not os.path.isdir(path):
        return [path]
    found = [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]
    return sorted(found, key=lambda name: not name.lower().endswith(_LOADED))[:_MOST]
