"""What only Windows can be asked, through its own libraries; none of it is imported elsewhere."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    import ctypes
    import uuid
    from ctypes import wintypes

    # KNOWNFOLDERID, knownfolders.h
    _FOLDERS = {
        "profile": "5E6C858F-0E22-4760-9AFE-EA3317B67173",
        "documents": "FDD39AD0-238F-46AF-ADB4-6C85480369C7",
        "desktop": "B4BFCC3A-DB2C-424C-B029-7FE99A87C641",
        "downloads": "374DE290-123F-4565-9164-39C4925E467B",
        "programs": "A77F5D77-2E2B-44C3-A6A2-ABA601054A51",
        "cache": "F1B32785-6FBA-4FCF-9D55-7B8E7F157091",
        "local": "F1B32785-6FBA-4FCF-9D55-7B8E7F157091",
        "roaming": "3EB685DB-65F9-4CF6-A03A-E3EF65729F3D",
        "common": "62AB5D82-FDC1-4DC3-A9DD-070D1D495D97",
        "system": "1AC14E77-02E7-4E5D-B744-2EB1AE5198B7",
        "windows": "F38BF404-1D43-42F2-9305-67DE0B28FC23",
        "program-files": "905E63B6-C1BF-494E-B29C-65B732D3D21A",
        "program-files-x86": "7C5A40EF-A0FB-4BFC-874A-C0F2E0B9FA8E",
    }
    # SetThreadExecutionState, winbase.h
    _CONTINUOUS = 0x80000000
    _SYSTEM_REQUIRED = 0x00000001
    _PF_AVX2 = 40
    _NATIVE = {0x8664: "x86_64", 0xAA64: "arm64", 0x014C: "x86"}

    def known_folder(name: str) -> str | None:
        """A folder by its meaning (``SHGetKnownFolderPath``): right also where it was moved, to
        OneDrive for one.
        """
        number = _FOLDERS.get(name)
        if number is None:
            return None
        raw = (ctypes.c_byte * 16).from_buffer_copy(uuid.UUID(number).bytes_le)
        found = ctypes.c_wchar_p()
        shell, ole = ctypes.windll.shell32, ctypes.windll.ole32
        shell.SHGetKnownFolderPath.argtypes = (
            ctypes.c_void_p,
            wintypes.DWORD,
            wintypes.HANDLE,
            ctypes.POINTER(ctypes.c_wchar_p),
        )
        failed = shell.SHGetKnownFolderPath(ctypes.byref(raw), 0, None, ctypes.byref(found))
        path = found.value
        ole.CoTaskMemFree.argtypes = (ctypes.c_void_p,)
        ole.CoTaskMemFree(ctypes.cast(found, ctypes.c_void_p))
        return None if failed else path

    def avx2() -> bool | None:
        """Whether the processor and Windows both carry AVX2 (known to Windows 10 and newer)."""
        return bool(ctypes.windll.kernel32.IsProcessorFeaturePresent(_PF_AVX2))

    def is_admin() -> bool | None:
        """Whether this process has an administrator's rights."""
        return bool(ctypes.windll.shell32.IsUserAnAdmin())

    def native_arch() -> str | None:
        """The machine's own processor kind, also where this program is emulated on it."""
        ask = getattr(ctypes.windll.kernel32, "IsWow64Process2", None)
        if ask is None:
            return None
        process, native = wintypes.USHORT(), wintypes.USHORT()
        ask.argtypes = (
            wintypes.HANDLE,
            ctypes.POINTER(wintypes.USHORT),
            ctypes.POINTER(wintypes.USHORT),
        )
        ctypes.windll.kernel32.GetCurrentProcess.restype = wintypes.HANDLE
        if not ask(
            ctypes.windll.kernel32.GetCurrentProcess(), ctypes.byref(process), ctypes.byref(native)
        ):
            return None
        return _NATIVE.get(native.value)

    def locale_name() -> str | None:
        """The user's language and region, ``de-DE``."""
        text = ctypes.create_unicode_buffer(85)
        return text.value if ctypes.windll.kernel32.GetUserDefaultLocaleName(text, 85) else None

    def full_name() -> str | None:
        """What the account says its owner is called (``net user NAME``)."""
        ask = getattr(getattr(ctypes.windll, "secur32", None), "GetUserNameExW", None)
        text, size = ctypes.create_unicode_buffer(256), wintypes.ULONG(256)
        return (
            text.value or None if ask is not None and ask(3, text, ctypes.byref(size)) else None
        )  # 3: NameDisplay

    def present(instance: str) -> bool:
        """Whether a device is plugged in now (``CM_Locate_DevNodeW`` finds no removed ones). A
        doubt counts as yes.
        """
        library = getattr(ctypes.windll, "cfgmgr32", None)
        node = wintypes.DWORD()
        locate = getattr(library, "CM_Locate_DevNodeW", None)
        return (
            locate is None or locate(ctypes.byref(node), instance, 0) != 0x0D
        )  # CR_NO_SUCH_DEVNODE

    def stay_awake(wanted: bool) -> None:
        """Ask Windows not to sleep, or take the wish back; the screen may still go dark."""
        state = _CONTINUOUS | (_SYSTEM_REQUIRED if wanted else 0)
        ctypes.windll.kernel32.SetThreadExecutionState(wintypes.DWORD(state))
else:

    def known_folder(name: str) -> str | None:
        """Windows only."""
        return None

    def avx2() -> bool | None:
        """Windows only."""
        return None

    def is_admin() -> bool | None:
        """Windows only."""
        return None

    def native_arch() -> str | None:
        """Windows only."""
        return None

    def locale_name() -> str | None:
        """Windows only."""
        return None

    def full_name() -> str | None:
        """Windows only."""
        return None

    def present(instance: str) -> bool:
        """Windows only."""
        return False

    def stay_awake(wanted: bool) -> None:
        """Windows only."""
