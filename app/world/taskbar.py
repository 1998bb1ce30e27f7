"""The progress bar on the task bar's button: ITaskbarList3 on Windows, nothing elsewhere."""

from __future__ import annotations

import sys
from typing import Literal

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

State = Literal["none", "busy", "normal", "error", "paused"]

# TBPFLAG of shobjidl_core.h
FLAGS: dict[State, int] = {"none": 0, "busy": 1, "normal": 2, "error": 4, "paused": 8}
# Slots of ITaskbarList3's table: three of IUnknown, five of ITaskbarList, one of ITaskbarList2, then these two.
HR_INIT, SET_PROGRESS_VALUE, SET_PROGRESS_STATE = 3, 9, 10
CLASS_ID = "{56FDF344-FD6D-11D0-958A-006097C9A090}"
INTERFACE_ID = "{EA1AFB91-9E28-4B86-90E9-9E9F8A5EEFAF}"


if sys.platform == "win32":
    class TaskBar:
        """Shows how far a run is, from the thread that owns the window. A bar that is not there is no fault."""

        def __init__(self) -> None:
            self._object = _task_bar_list()
            self.available = self._object is not None

        def show(self, window: int, state: State, done: float = 0.0, total: float | None = None) -> bool:
            """Show ``done`` of ``total`` on the button of ``window`` (its HWND); whether the system took it."""
            if self._object is None:
                return False
            taken = _call(self._object, SET_PROGRESS_STATE, (wintypes.HWND, ctypes.c_int), window, FLAGS[state]) >= 0
            if total and state not in {"none", "busy"}:
                value = _call(self._object, SET_PROGRESS_VALUE, (wintypes.HWND, ctypes.c_uint64, ctypes.c_uint64),
                              window, thousandths(done, total), 1000)
                taken = taken and value >= 0
            return taken

    def _guid(text: str) -> ctypes.Array[ctypes.c_char]:
        """The 16 bytes of a class or interface id."""
        buffer = ctypes.create_string_buffer(16)
        ctypes.OleDLL("ole32").CLSIDFromString(ctypes.c_wchar_p(text), buffer)
        return buffer

    def _call(this: ctypes.c_void_p, slot: int, types: tuple[type, ...], *arguments: int) -> int:
        """Call one method of a COM object by its slot; the HRESULT, negative for a failure."""
        table = ctypes.cast(ctypes.cast(this, ctypes.POINTER(ctypes.c_void_p))[0], ctypes.POINTER(ctypes.c_void_p))
        method = ctypes.WINFUNCTYPE(ctypes.c_long, ctypes.c_void_p, *types)(table[slot])
        return int(method(this, *arguments))

    def _task_bar_list() -> ctypes.c_void_p | None:
        """An initialised ITaskbarList3, or ``None`` where the system has none (no task bar, Server Core)."""
        ole = ctypes.WinDLL("ole32")
        ole.CoInitializeEx(None, 2)  # apartment threaded; already initialised, as Qt does, is fine
        made = ctypes.c_void_p()
        in_process = 1
        result = ole.CoCreateInstance(_guid(CLASS_ID), None, in_process, _guid(INTERFACE_ID), ctypes.byref(made))
        if result != 0 or not made:
            return None
        return made if _call(made, HR_INIT, ()) >= 0 else None
else:
    class TaskBar:
        """Other systems have no such bar: nothing is shown, and that is said."""

        available = False

        def show(self, window: int, state: State, done: float = 0.0, total: float | None = None) -> bool:
            """Show nothing; always ``False``."""
            return False


def thousandths(done: float, total: float) -> int:
    """How far, from 0 to 1000; beyond either end counts as that end."""
    return max(0, min(1000, round(1000 * done / total)))
