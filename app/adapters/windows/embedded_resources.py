"""What a single-file program carries unopened.

Zips in its own Windows resources, read only when something asks for them.

PyInstaller's single file unpacks all that it holds at each start, before the first line of the
program runs: uv alone is two fifths of those bytes, and the data files are two thirds of the files.
The folder form has all of it as plain files.
"""

from __future__ import annotations

import io
import os
import sys
import threading
import zipfile
from functools import cache

PROGRAMS, DATA = "PROGRAMS", "DATA"  # as installer.spec names them
_one_at_a_time = threading.Lock()


def _load_rcdata(name: str) -> bytes | None:
    """One of this program's own resources of the kind RT_RCDATA, or ``None`` (``FindResourceW``,
    ``LoadResource``).
    """
    if sys.platform != "win32" or not getattr(sys, "frozen", False):
        return None
    import ctypes

    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    for call in (kernel.FindResourceW, kernel.LoadResource, kernel.LockResource):
        call.restype = ctypes.c_void_p
    kernel.FindResourceW.argtypes = (ctypes.c_void_p, ctypes.c_wchar_p, ctypes.c_void_p)
    kernel.LoadResource.argtypes = kernel.SizeofResource.argtypes = (
        ctypes.c_void_p,
        ctypes.c_void_p,
    )
    kernel.LockResource.argtypes = (ctypes.c_void_p,)
    kernel.SizeofResource.restype = ctypes.c_ulong
    found = kernel.FindResourceW(None, name, 10)  # RT_RCDATA
    if not found:
        return None
    at = kernel.LockResource(kernel.LoadResource(None, found))
    return ctypes.string_at(at, kernel.SizeofResource(None, found))


@cache
def data_files() -> zipfile.ZipFile | None:
    """The data files of a single-file program by their path below ``resources/``; ``None`` where
    they are plain files.
    """
    held = _load_rcdata(DATA)
    return zipfile.ZipFile(io.BytesIO(held)) if held is not None else None


def unpack_program(name: str, folder: str) -> str | None:
    """Path of a program that the single file carries, unpacked into ``folder`` at the first call;
    ``None`` without one.
    """
    target = os.path.join(folder, name)
    with _one_at_a_time:
        if os.path.isfile(target):
            return target
        held = _load_rcdata(PROGRAMS)
        if held is None:
            return None
        with zipfile.ZipFile(io.BytesIO(held)) as packed:
            if name not in packed.namelist():
                return None
            data = packed.read(name)
        os.makedirs(folder, exist_ok=True)
        with open(target + ".new", "wb") as file:
            file.write(data)
        os.replace(
            target + ".new", target
        )  # whole or not at all: another thread only ever sees a program that can start
    return target
