"""The Windows registry, read only (``reg query``).

On other systems there is none: every answer is ``None``.
"""

from __future__ import annotations

import sys
from typing import Any

from app.ports import RegistryKey

if sys.platform == "win32":
    import winreg

    _ROOTS = {"HKLM": winreg.HKEY_LOCAL_MACHINE, "HKCU": winreg.HKEY_CURRENT_USER}

    def _read_key(root: str, path: str, wow64: bool) -> RegistryKey | None:
        view = winreg.KEY_WOW64_32KEY if wow64 else winreg.KEY_WOW64_64KEY
        try:
            handle = winreg.OpenKey(_ROOTS[root], path, 0, winreg.KEY_READ | view)
        except OSError:  # not there, or not for this user: both are "cannot find out"
            return None
        with handle:
            count_keys, count_values, _ = winreg.QueryInfoKey(handle)
            keys = [name for i in range(count_keys) if (name := _key_name(handle, i)) is not None]
            values: dict[str, Any] = {}
            for i in range(count_values):
                try:
                    name, value, _ = winreg.EnumValue(handle, i)
                except OSError:  # the key changed while it was read
                    break
                values[name] = value
        return RegistryKey(values=values, subkeys=tuple(keys))

    def _key_name(handle: Any, index: int) -> str | None:
        try:
            return winreg.EnumKey(handle, index)
        except OSError:
            return None
else:

    def _read_key(root: str, path: str, wow64: bool) -> RegistryKey | None:
        return None


class SystemRegistry:
    """This computer's registry."""

    def key(self, root: str, path: str, wow64: bool = False) -> RegistryKey | None:
        """One key; ``root`` is ``HKLM`` or ``HKCU``; ``wow64`` looks at what 32-bit programs see."""
        return _read_key(root, path, wow64)
