"""What a log itself says of the computer it comes from, beside what is known of this one."""

from __future__ import annotations

import re
from typing import Any

from app.model.encoding import to_builtins
from app.model.machine import Gpu, MachineFacts

_WINDOWS = re.compile(r"(?<![a-z0-9])[a-z]:\\+[^\s\"'<>|]|platform: windows|\bwinerror\b")
_LINUX = re.compile(
    r"(?<![\w.:/\\])/(?:home|usr|opt|root|mnt|tmp|var|data|workspace|content)/[\w.-]|platform: linux"
)
_WSL = re.compile(r"microsoft-standard|\bwsl[12]?\b|windows subsystem|/usr/lib/wsl/")
# Cards of Volta and older, which drivers from 590 on leave out.
_OLD_CARD = re.compile(
    r"\bv100\b|titan (?:v|x|xp)\b|gtx (?:9|10)\d0|tesla [kmp]\d|quadro (?:[kmp]\d|gv100|gp100)|\b[kmp][148]0+m?\b"
)
# As nvidia-smi writes it, as a package is named, and as Windows counts it (32.0.15.9048 is 590.48).
_DRIVER = re.compile(
    r"driver version:? ?(\d{3})\.\d|nvidia-(?:driver|dkms)-(\d{3})\b|\b3\d\.0\.1[3-9]\.(\d{3})\d\b|"
    r"\b(\d{3})\.\d\d(?:\.\d\d)? nvidia driver"
)
FIRST_WITHOUT_VOLTA = 590


def facts_for(lower: str, facts: MachineFacts | None) -> dict[str, Any]:
    """Facts by name for hints and fixes: this machine's, unless the log shows another system.

    ``os.family`` is the log's where its paths tell it; ``log.wsl`` and ``log.driver_too_new``
    (an old card beside a driver that no longer serves it) are ``True`` or ``False``.
    """
    known: dict[str, Any] = to_builtins(facts) if facts else {}
    windows, linux = (len(regex.findall(lower)) for regex in (_WINDOWS, _LINUX))
    family = "windows" if windows > 2 * linux else "linux" if linux > 2 * windows else ""
    here = (known.get("os") or {}).get("family", "")
    if family and here and family != here:
        known = {}  # the log comes from another computer
    known["os"] = {**(known.get("os") or {}), "family": family or here}
    known["log"] = {
        "wsl": _WSL.search(lower) is not None,
        "driver_too_new": _is_driver_too_new(lower)
        or (facts is not None and bool(known.get("gpus")) and _has_outgrown_cards(facts)),
    }
    return known


def _is_driver_too_new(lower: str) -> bool:
    branches = [int(next(filter(None, groups))) for groups in _DRIVER.findall(lower)]
    return (
        bool(branches)
        and max(branches) >= FIRST_WITHOUT_VOLTA
        and _OLD_CARD.search(lower) is not None
    )


def _is_old_card(gpu: Gpu) -> bool:
    if gpu.compute_capability is not None:
        return tuple(map(int, re.findall(r"\d+", gpu.compute_capability))) < (7, 5)
    return _OLD_CARD.search((gpu.name or "").lower()) is not None


def _has_outgrown_cards(facts: MachineFacts) -> bool:
    """Whether this machine has only cards of Volta or older and a driver that leaves them out."""
    branch = re.match(r"\d+", (facts.driver and facts.driver.version) or "")
    old = [_is_old_card(gpu) for gpu in facts.gpus if gpu.of_nvidia]
    return branch is not None and int(branch[0]) >= FIRST_WITHOUT_VOLTA and bool(old) and all(old)
