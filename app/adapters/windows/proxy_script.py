r"""Proxy scripts (PAC) and automatic detection, evaluated by Windows itself (WinHTTP).

Other systems have no such service.

``netsh winhttp`` does not show them; "Settings, Network, Proxy" does. The evaluation downloads the
script and runs it in Windows' own sandbox, so no script of a network runs in this program.
"""

from __future__ import annotations

import re
import sys
import threading
from functools import lru_cache
from urllib.parse import urlsplit

from app.model import limits

DIRECT = "direct"


def proxy_of_script(
    url: str, script: str | None, detect: bool, seconds: float = limits.PROXY_SCRIPT
) -> str | None:
    """What the script at ``script`` (or a detected one) says of an address: ``direct``, a proxy, or
    ``None`` if it says nothing.

    Only scheme and host are handed over, as Windows' own programs do: a script has no business with
    paths. Each host is asked once; detection has no time limit of its own, so it is left behind
    when ``seconds`` are over.
    """
    parts = urlsplit(url)
    return _query_in_time(
        f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/", script, detect, seconds
    )


@lru_cache(maxsize=256)
def _query_in_time(bare: str, script: str | None, detect: bool, seconds: float) -> str | None:
    found: list[str | None] = []
    asking = threading.Thread(
        target=lambda: found.append(_query_winhttp(bare, script, detect, seconds)),
        name="proxy-script",
        daemon=True,
    )
    asking.start()
    asking.join(seconds)
    return found[0] if found else None


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    # winhttp.h
    _NO_PROXY, _NAMED_PROXY = 1, 3
    _AUTO_DETECT, _CONFIG_URL = 0x1, 0x2
    _DHCP, _DNS = 0x1, 0x2
    _LOGIN_FAILURE = 12015

    class _Options(ctypes.Structure):
        _fields_ = [
            ("flags", wintypes.DWORD),
            ("detect", wintypes.DWORD),
            ("script", wintypes.LPCWSTR),
            ("reserved", ctypes.c_void_p),
            ("reserved2", wintypes.DWORD),
            ("logon", wintypes.BOOL),
        ]

    class _Info(ctypes.Structure):
        _fields_ = [
            ("access", wintypes.DWORD),
            ("proxy", ctypes.c_void_p),
            ("bypass", ctypes.c_void_p),
        ]

    def _query_winhttp(bare: str, script: str | None, detect: bool, seconds: float) -> str | None:
        """``WinHttpGetProxyForUrl``: detection first, then the script that the settings name."""
        library = ctypes.WinDLL("winhttp", use_last_error=True)
        library.WinHttpOpen.restype = ctypes.c_void_p
        library.WinHttpOpen.argtypes = (
            wintypes.LPCWSTR,
            wintypes.DWORD,
            wintypes.LPCWSTR,
            wintypes.LPCWSTR,
            wintypes.DWORD,
        )
        library.WinHttpCloseHandle.argtypes = (ctypes.c_void_p,)
        library.WinHttpSetTimeouts.argtypes = (ctypes.c_void_p, *([ctypes.c_int] * 4))
        library.WinHttpGetProxyForUrl.argtypes = (
            ctypes.c_void_p,
            wintypes.LPCWSTR,
            ctypes.POINTER(_Options),
            ctypes.POINTER(_Info),
        )
        session = library.WinHttpOpen("unsloth-setup/1", _NO_PROXY, None, None, 0)
        if not session:
            return None
        try:
            limit = int(seconds * 1000)
            library.WinHttpSetTimeouts(session, limit, limit, limit, limit)
            tries = [_Options(flags=_AUTO_DETECT, detect=_DHCP | _DNS)] if detect else []
            tries += [_Options(flags=_CONFIG_URL, script=script)] if script else []
            for options in tries:
                for logon in (
                    False,
                    True,
                ):  # Windows' documented way: with the user's own login only where it is asked for
                    options.logon, info = logon, _Info()
                    if library.WinHttpGetProxyForUrl(
                        session, bare, ctypes.byref(options), ctypes.byref(info)
                    ):
                        return _read_proxy_info(info)
                    if ctypes.get_last_error() != _LOGIN_FAILURE:
                        break
        finally:
            library.WinHttpCloseHandle(session)
        return None

    def _read_proxy_info(info: _Info) -> str | None:
        kernel = ctypes.WinDLL("kernel32")
        kernel.GlobalFree.argtypes = (ctypes.c_void_p,)
        text = ctypes.wstring_at(info.proxy) if info.proxy else ""
        for pointer in (info.proxy, info.bypass):
            if pointer:
                kernel.GlobalFree(pointer)
        return first_proxy(text) if info.access == _NAMED_PROXY else DIRECT
else:

    def _query_winhttp(bare: str, script: str | None, detect: bool, seconds: float) -> str | None:
        """Windows only: other systems evaluate no proxy scripts for programs."""
        return None


def first_proxy(text: str) -> str | None:
    """The first proxy of a list as WinHTTP gives it: ``host:port;other:port``, ``http=host:port``,
    with or without scheme.
    """
    for word in re.split(r"[;\s]+", text.strip()):
        kind, _, name = word.rpartition("=")
        if name and not (kind or name).lower().startswith(
            "socks"
        ):  # neither uv nor this program speaks SOCKS by itself
            return name if "://" in name else f"http://{name}"
    return None
