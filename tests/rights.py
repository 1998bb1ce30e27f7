"""Makes a child obey the permissions of files even where the tests run as root.

As they do in most containers.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_PR_CAPBSET_DROP = 24  # linux/prctl.h
_OVERRIDES = (1, 2, 3)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER; linux/capability.h
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def is_root() -> bool:
    """Whether these tests run as root; never on Windows."""
    return sys.platform != "win32" and os.geteuid() == 0


def held_above_permissions() -> bool:
    """Whether children could not be made to obey: root that may write anywhere and may not give
    that up (CAP_SETPCAP).
    """
    if not is_root() or sys.platform != "linux":
        return is_root()
    status = dict(
        line.split(":", 1) for line in Path("/proc/self/status").read_text("ascii").splitlines()
    )
    held = int(status["CapEff"].strip(), 16)
    return bool(held >> 1 & 1) and not held >> 8 & 1


def obey_permissions() -> None:
    """For ``preexec_fn``: from the next exec on, root may write only where the permission bits say
    so (capabilities(7)).
    """
    if _LIBC is not None and is_root():
        for capability in _OVERRIDES:
            _LIBC.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
