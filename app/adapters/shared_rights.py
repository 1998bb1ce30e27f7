"""A folder for every user of a PC.

Readable and runnable by all, writable by its owner alone, and how to tell that it is an
administrator's.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Collection

from app.model.errors import ExpectedError
from app.model.message import Message

# Well-known security identifiers, the same in every language of Windows (winnt.h).
ADMINISTRATORS, SYSTEM_ACCOUNT, USERS = "S-1-5-32-544", "S-1-5-18", "S-1-5-32-545"
_INSTALLER = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"  # TrustedInstaller
_TIMEOUT = 600  # seconds for icacls over a tree of some 40,000 files


def open_to_all(path: str, closed: Collection[str] = ()) -> None:
    """Let everybody read and run what lies below a folder, and nobody but its owner change it; what
    is in ``closed`` is the owner's alone. Links are left as they are, never followed.

    Raises ``OSError``; on Windows ``ExpectedError('rights-not-set')``.
    """
    if sys.platform == "win32":
        for words in icacls(path, [one for one in closed if os.path.isdir(one)]):
            _run_windows_tool(words)
        return
    shut = set(closed)
    for folder, folders, files in os.walk(path):
        os.chmod(folder, 0o755)  # noqa: S103  (readable by all is what it is for)
        for name in [one for one in folders if os.path.join(folder, one) in shut]:
            folders.remove(name)
            os.chmod(os.path.join(folder, name), 0o700)
        for name in files:
            whole = os.path.join(folder, name)
            mode = os.lstat(whole).st_mode
            if stat.S_ISREG(mode):
                wanted = mode & 0o700 | (0o055 if mode & 0o100 else 0o044)
                if stat.S_IMODE(mode) != wanted:
                    os.chmod(whole, wanted)


def icacls(path: str, closed: Collection[str]) -> list[list[str]]:
    """The commands that set the same rights on Windows: the owner, then an access list of its own that
    the folders below inherit (``icacls`` by identifiers, which no language changes).
    """
    full = [f"*{ADMINISTRATORS}:(OI)(CI)F", f"*{SYSTEM_ACCOUNT}:(OI)(CI)F"]
    read = f"*{USERS}:(OI)(CI)RX"
    alone = [["icacls", one, "/inheritance:r", "/grant:r", *full, "/Q"] for one in closed]
    return [
        ["icacls", path, "/setowner", f"*{ADMINISTRATORS}", "/T", "/C", "/L", "/Q"],
        ["icacls", path, "/inheritance:r", "/grant:r", *full, read, "/Q"],
        *alone,
    ]


def is_administrators(path: str) -> bool:
    """Whether a file or folder is an administrator's, and nobody else can change it: then what it says
    may be obeyed. On Windows the owner alone is looked at.
    """
    if sys.platform == "win32":
        return _find_owner(path) in (ADMINISTRATORS, SYSTEM_ACCOUNT, _INSTALLER)
    found = os.stat(path)
    return found.st_uid == 0 and not found.st_mode & 0o022


def _run_windows_tool(words: list[str]) -> None:
    program = os.path.join(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", words[0])
    done = subprocess.run(
        [f"{program}.exe", *words[1:]],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_TIMEOUT,
        check=False,
    )
    if done.returncode != 0:
        raise ExpectedError(
            "rights-not-set",
            Message("The rights of {words} could not be set for all users.", words=words[1]),
            details=f"{done.stdout}\n{done.stderr}".strip(),
            hint=Message("Run it in a console that was started as administrator."),
        )


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    def _find_owner(path: str) -> str:
        """The owner's security identifier (``GetNamedSecurityInfoW``, aclapi.h)."""
        owner, descriptor, text = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_wchar_p()
        advapi, kernel = ctypes.windll.advapi32, ctypes.windll.kernel32
        advapi.GetNamedSecurityInfoW.argtypes = (
            wintypes.LPCWSTR,
            ctypes.c_int,
            wintypes.DWORD,
            *([ctypes.POINTER(ctypes.c_void_p)] * 5),
        )
        failed = advapi.GetNamedSecurityInfoW(
            path, 1, 1, ctypes.byref(owner), None, None, None, ctypes.byref(descriptor)
        )
        if failed:
            return ""
        advapi.ConvertSidToStringSidW.argtypes = (
            ctypes.c_void_p,
            ctypes.POINTER(ctypes.c_wchar_p),
        )
        kernel.LocalFree.argtypes = (ctypes.c_void_p,)
        done = advapi.ConvertSidToStringSidW(owner, ctypes.byref(text))
        security_id = text.value or "" if done else ""
        kernel.LocalFree(ctypes.cast(text, ctypes.c_void_p))
        kernel.LocalFree(descriptor)
        return security_id
else:

    def _find_owner(path: str) -> str:
        return ""
