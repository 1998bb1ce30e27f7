"""Which programs have files open, as Windows' restart manager tells it (rstrtmgr.h).

Elsewhere nobody.
"""

from __future__ import annotations

import sys

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

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
        except OSError:  # a Windows without it (Server Core, Wine)
            return []
        session, key = wintypes.DWORD(), ctypes.create_unicode_buffer(33)
        if manager.RmStartSession(ctypes.byref(session), 0, key):
            return []
        try:
            names = (wintypes.LPCWSTR * len(files))(*files)
            if manager.RmRegisterResources(session, len(files), names, 0, None, 0, None):
                return []
            needed, count, reasons = wintypes.UINT(), wintypes.UINT(64), wintypes.DWORD()
            processes = (_Process * 64)()
            failed = manager.RmGetList(
                session, ctypes.byref(needed), ctypes.byref(count), processes, ctypes.byref(reasons)
            )
            if failed not in (0, 234):  # 234: there are more than that
                return []
            return [(int(processes[n].pid), str(processes[n].name)) for n in range(count.value)]
        finally:
            manager.RmEndSession(session)
else:

    def holders(files: list[str]) -> list[tuple[int, str]]:
        """Nobody is told of elsewhere."""
        return []
