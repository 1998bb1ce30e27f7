"""Which programs have files open, as Windows' restart manager tells it (rstrtmgr.h).

Elsewhere nobody.
"""

from __future__ import annotations

import sys

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _MORE_DATA = 234  # winerror.h: ERROR_MORE_DATA

    class _Process(ctypes.Structure):
        """``RM_PROCESS_INFO`` with its ``RM_UNIQUE_PROCESS`` first."""

        _fields_ = [
            ("pid", wintypes.DWORD),
            ("started", wintypes.FILETIME),
            ("name", wintypes.WCHAR * 256),
            ("service", wintypes.WCHAR * 64),
            ("kind", ctypes.c_int),
            ("status", wintypes.ULONG),
            ("session", wintypes.DWORD),
            ("restartable", wintypes.BOOL),
        ]

    def holders(files: list[str]) -> list[tuple[int, str]]:
        """Process number and name of each program that holds one of these files; empty where it is not told."""
        if not files:
            return []
        try:
            manager = ctypes.WinDLL("rstrtmgr")
        except OSError:  # a Windows without it
            return []
        session, key = wintypes.DWORD(), ctypes.create_unicode_buffer(33)
        if manager.RmStartSession(ctypes.byref(session), 0, key):
            return []
        try:
            names = (wintypes.LPCWSTR * len(files))(*files)
            if manager.RmRegisterResources(session, len(files), names, 0, None, 0, None):
                return []
            needed, reasons, room = wintypes.UINT(), wintypes.DWORD(), 64
            for _ in range(3):  # programs may start between the two questions
                processes, count = (_Process * room)(), wintypes.UINT(room)
                failed = manager.RmGetList(
                    *(session, ctypes.byref(needed), ctypes.byref(count)),
                    *(processes, ctypes.byref(reasons)),
                )
                if failed == _MORE_DATA:  # nothing is promised about the array then
                    room = needed.value + 8
                    continue
                found = [] if failed else processes[: count.value]
                return [(int(one.pid), str(one.name)) for one in found]
            return []
        finally:
            manager.RmEndSession(session)
else:

    def holders(files: list[str]) -> list[tuple[int, str]]:
        """Nobody is told of elsewhere."""
        return []
