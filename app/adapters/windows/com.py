"""Windows' component objects through ctypes: making one and calling its methods by their slot."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    import ctypes

    def guid(text: str) -> ctypes.Array[ctypes.c_char]:
        """The 16 bytes of a class or interface id."""
        buffer = ctypes.create_string_buffer(16)
        ctypes.OleDLL("ole32").CLSIDFromString(ctypes.c_wchar_p(text), buffer)
        return buffer

    def call(
        this: ctypes.c_void_p, slot: int, types: tuple[type, ...] = (), *arguments: object
    ) -> int:
        """Call one method of an object; the HRESULT, negative for a failure."""
        table = ctypes.cast(
            ctypes.cast(this, ctypes.POINTER(ctypes.c_void_p))[0], ctypes.POINTER(ctypes.c_void_p)
        )
        method = ctypes.WINFUNCTYPE(ctypes.c_long, ctypes.c_void_p, *types)(table[slot])
        return int(method(this, *arguments))

    def made(class_id: str, interface_id: str) -> ctypes.c_void_p | None:
        """A new object of a class of this process, or ``None`` where the system has none."""
        ole = ctypes.WinDLL("ole32")
        ole.CoInitializeEx(None, 2)  # apartment threaded; already initialised, as Qt does, is fine
        found = ctypes.c_void_p()
        in_process = 1
        result = ole.CoCreateInstance(
            guid(class_id), None, in_process, guid(interface_id), ctypes.byref(found)
        )
        return found if result == 0 and found else None

    def other_face(this: ctypes.c_void_p, interface_id: str) -> ctypes.c_void_p | None:
        """The same object by another of its interfaces (``QueryInterface``)."""
        found = ctypes.c_void_p()
        result = call(
            this,
            0,
            (ctypes.c_void_p, ctypes.c_void_p),
            ctypes.addressof(guid_kept := guid(interface_id)),
            ctypes.addressof(found),
        )
        del guid_kept
        return found if result == 0 and found else None

    def release(this: ctypes.c_void_p) -> None:
        """Give an object back."""
        call(this, 2)
