"""Tells whether a window can be seen here, before Qt is asked.

Qt ends the process where no display answers. Plain Python alone: the first start uses this before
any package is there.
"""

from __future__ import annotations

import ctypes
import os
import re
import socket
import sys
from collections.abc import Mapping

_SECONDS = 3.0  # a display on another computer, through ssh
_X11 = re.compile(r"(?P<host>.*?):(?P<number>\d{1,5})(?:\.\d+)?\Z")
_X11_PORT = 6000


def has_display(variables: Mapping[str, str] = os.environ) -> bool:
    """Whether Qt would find a display that answers and lets this user in."""
    if sys.platform in ("win32", "darwin"):
        return True
    wanted = variables.get("QT_QPA_PLATFORM", "")
    if wanted and not wanted.startswith(("xcb", "wayland")):
        return True  # drawn without a display, as in tests
    return _wayland_answers(variables) or _x11_answers(variables)


def named_display(variables: Mapping[str, str] = os.environ) -> str:
    """The display that the environment names, whether it answers or not; empty without one."""
    return variables.get("WAYLAND_DISPLAY") or variables.get("DISPLAY") or ""


def _wayland_answers(variables: Mapping[str, str]) -> bool:
    if variables.get("WAYLAND_SOCKET"):  # already open, handed on by a compositor
        return True
    name, folder = variables.get("WAYLAND_DISPLAY"), variables.get("XDG_RUNTIME_DIR")
    if sys.platform == "win32":  # there it is no question; sockets by path do not exist
        return True
    if not name or not (folder or os.path.isabs(name)):
        return False
    return _can_connect(socket.AF_UNIX, os.path.join(folder or "/", name))


def _x11_answers(variables: Mapping[str, str]) -> bool:
    """Whether an X server is there and, where libxcb can be asked, takes this user's key (xauth)."""
    display = variables.get("DISPLAY", "")
    parts = _X11.match(display)
    if parts is None:
        return False
    number, host = int(parts["number"]), parts["host"].removesuffix("/unix")
    if sys.platform == "win32":
        return True
    if host in ("", "unix"):
        path = f"/tmp/.X11-unix/X{number}"  # noqa: S108  (where X servers listen)
        there = _can_connect(socket.AF_UNIX, path) or _can_connect(socket.AF_UNIX, "\0" + path)
    else:
        there = _X11_PORT + number < 65536 and _can_connect(
            socket.AF_INET, (host.removeprefix("tcp/"), _X11_PORT + number)
        )
    return there and _accepts_client(display)


def _can_connect(family: int, address: str | tuple[str, int]) -> bool:
    try:
        if isinstance(address, tuple):
            socket.create_connection(address, timeout=_SECONDS).close()
            return True
        with socket.socket(family, socket.SOCK_STREAM) as one:
            one.settimeout(_SECONDS)
            one.connect(address)
            return True
    except (OSError, ValueError):  # nobody listens; or no address at all
        return False


def _accepts_client(display: str) -> bool:
    """``xcb_connect`` as Qt does it; without the library the open socket is all that can be known."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    for name in ("xcb_connection_has_error", "xcb_disconnect"):
        getattr(xcb, name).argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(os.fsencode(display), None)
    try:
        return not xcb.xcb_connection_has_error(connection)
    finally:
        xcb.xcb_disconnect(connection)
