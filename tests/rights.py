"""Makes a child obey the permissions of files even where the tests run as root, as they do in most containers."""

from __future__ import annotations

import ctypes
import os
import sys

_PR_CAPBSET_DROP = 24                 # linux/prctl.h
_OVERRIDES = (1, 2, 3)                # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER; linux/capability.h
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def obey_permissions() -> None:
    """For ``preexec_fn``: from the next exec on, root may write only where the permission bits say so (capabilities(7))."""
    if _LIBC is not None and os.geteuid() == 0:
        for capability in _OVERRIDES:
            _LIBC.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
