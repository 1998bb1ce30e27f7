"""The progress bar on the task bar's button: ITaskbarList3 on Windows, nothing elsewhere."""

from __future__ import annotations

import sys
from typing import Literal

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    from app.adapters.windows import com

State = Literal["none", "busy", "normal", "error", "paused"]

# TBPFLAG of shobjidl_core.h
FLAGS: dict[State, int] = {"none": 0, "busy": 1, "normal": 2, "error": 4, "paused": 8}
# Slots of ITaskbarList3's table: three of IUnknown, five of ITaskbarList, one of ITaskbarList2,
# then these two.
HR_INIT, SET_PROGRESS_VALUE, SET_PROGRESS_STATE = 3, 9, 10
CLASS_ID = "{56FDF344-FD6D-11D0-958A-006097C9A090}"
INTERFACE_ID = "{EA1AFB91-9E28-4B86-90E9-9E9F8A5EEFAF}"


if sys.platform == "win32":

    class TaskBar:
        """Shows how far a run is, from the thread that owns the window. A bar that is not there is
        no fault.
        """

        def __init__(self) -> None:
            self._object = _task_bar_list()
            self.available = self._object is not None

        def show(
            self, window: int, state: State, done: float = 0.0, total: float | None = None
        ) -> bool:
            """Show ``done`` of ``total`` on the button of ``window`` (its HWND); whether the system
            took it.
            """
            if self._object is None:
                return False
            taken = (
                com.call(
                    self._object,
                    SET_PROGRESS_STATE,
                    (wintypes.HWND, ctypes.c_int),
                    window,
                    FLAGS[state],
                )
                >= 0
            )
            if total and state not in {"none", "busy"}:
                value = com.call(
                    self._object,
                    SET_PROGRESS_VALUE,
                    (wintypes.HWND, ctypes.c_uint64, ctypes.c_uint64),
                    window,
                    thousandths(done, total),
                    1000,
                )
                taken = taken and value >= 0
            return taken

    def _task_bar_list() -> ctypes.c_void_p | None:
        """An initialised ITaskbarList3, or ``None`` where the system has none (no task bar, Server
        Core).
        """
        made = com.made(CLASS_ID, INTERFACE_ID)
        return made if made is not None and com.call(made, HR_INIT) >= 0 else None
else:

    class TaskBar:
        """Other systems have no such bar: nothing is shown, and that is said."""

        available = False

        def show(
            self, window: int, state: State, done: float = 0.0, total: float | None = None
        ) -> bool:
            """Show nothing; always ``False``."""
            return False


def thousandths(done: float, total: float) -> int:
    """How far, from 0 to 1000; beyond either end counts as that end."""
    return max(0, min(1000, round(1000 * done / total)))
