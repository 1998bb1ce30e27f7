"""Entries of the system's menu.

A .lnk in the Start menu on Windows (IShellLink), a .desktop file elsewhere.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from app.model.errors import ExpectedError
from app.model.message import Message
from app.model.quoting import desktop_exec, desktop_text

SHELL_LINK = "{00021401-0000-0000-C000-000000000046}"
I_SHELL_LINK, I_PERSIST_FILE = (
    "{000214F9-0000-0000-C000-000000000046}",
    "{0000010B-0000-0000-C000-000000000046}",
)
# Slots of IShellLinkW's and IPersistFile's tables (shobjidl_core.h, objidl.h).
SET_DESCRIPTION, SET_FOLDER, SET_ARGUMENTS, SET_PATH, SAVE = 7, 9, 11, 20, 6


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    from app.adapters.windows import com
    from app.model.quoting import cmd

    def make_shortcut(path: str, label: str, environment: str, folder: str) -> None:
        """Write the .lnk ``path``: a console in ``folder`` with ``environment`` active. Raises
        ``ExpectedError('no-shortcut')``.
        """
        os.makedirs(os.path.dirname(path), exist_ok=True)
        link = com.made(SHELL_LINK, I_SHELL_LINK)
        file = com.other_face(link, I_PERSIST_FILE) if link is not None else None
        if link is None or file is None:
            raise ExpectedError(
                "no-shortcut",
                Message("{path} could not be made: this Windows has no Start menu.", path=path),
            )
        try:
            activate = os.path.join(environment, "Scripts", "activate.bat")
            wishes = (
                (SET_PATH, os.environ.get("COMSPEC", "C:\\Windows\\System32\\cmd.exe")),
                (
                    SET_ARGUMENTS,
                    f'/k "{cmd(activate)}"',
                ),  # cmd takes the outer pair away ("cmd /?")
                (SET_FOLDER, folder),
                (SET_DESCRIPTION, label),
            )
            taken = [com.call(link, slot, (wintypes.LPCWSTR,), text) for slot, text in wishes]
            taken.append(com.call(file, SAVE, (wintypes.LPCWSTR, wintypes.BOOL), path, True))
        finally:
            com.release(file)
            com.release(link)
        if min(taken) < 0:
            code = ctypes.c_uint32(min(taken)).value
            raise ExpectedError(
                "no-shortcut",
                Message("{path} could not be written (0x{code:08X}).", path=path, code=code),
            )
else:

    def make_shortcut(path: str, label: str, environment: str, folder: str) -> None:
        """Write the .desktop file ``path``: a terminal in ``folder`` with ``environment`` active."""
        activate = os.path.join(environment, "bin", "activate")
        lines = [
            "[Desktop Entry]",
            "Type=Application",
            f"Name={desktop_text(label)}",
            "Terminal=true",
            f"Path={desktop_text(folder)}",
            f"Exec={desktop_exec(['sh', '-c', SHELL, 'sh', activate])}",
            "Categories=Development;",
        ]
        target = Path(path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text("\n".join(lines) + "\n", "utf-8")
        except OSError as error:
            raise ExpectedError(
                "no-shortcut",
                Message(
                    "{path} could not be written: {reason}.",
                    path=path,
                    reason=error.strerror or error,
                ),
            ) from error


SHELL = '. "$1" && exec "${SHELL:-sh}" -i'
