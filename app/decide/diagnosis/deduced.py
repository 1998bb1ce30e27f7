"""Draws conclusions from numbers in a log that no pattern can: which Python and which torch were
asked of which index.
"""

from __future__ import annotations

import re

# For each torch release: the first and the last minor version of Python 3 with wheels, and the CUDA
# folders of the PyTorch index that hold it (Windows or Linux). Sources: the folders of
# https://download.pytorch.org/whl, September 2026; from 2.10 on the wheels' names on the package
# index and the table of PyTorch's RELEASE.md, November 2026.
TORCH: dict[tuple[int, int], tuple[int, int, str]] = {
    (1, 7): (6, 8, "cu92 cu101 cu102 cu110"),
    (1, 8): (6, 9, "cu101 cu102 cu111"),
    (1, 9): (6, 9, "cu102 cu111"),
    (1, 10): (6, 9, "cu102 cu111 cu113"),
    (1, 11): (7, 10, "cu102 cu113 cu115"),
    (1, 12): (7, 10, "cu102 cu113 cu116"),
    (1, 13): (7, 10, "cu116 cu117"),
    (2, 0): (8, 11, "cu117 cu118"),
    (2, 1): (8, 11, "cu118 cu121"),
    (2, 2): (8, 12, "cu118 cu121"),
    (2, 3): (8, 12, "cu118 cu121"),
    (2, 4): (8, 12, "cu118 cu121 cu124"),
    (2, 5): (9, 12, "cu118 cu121 cu124"),
    (2, 6): (9, 13, "cu118 cu124 cu126"),
    (2, 7): (9, 13, "cu118 cu126 cu128"),
    (2, 8): (9, 13, "cu126 cu128 cu129"),
    (2, 9): (10, 14, "cu126 cu128 cu130"),
    (2, 10): (10, 14, "cu126 cu128 cu130"),
    (2, 11): (10, 14, "cu126 cu128 cu130"),
    (2, 12): (10, 14, "cu126 cu130 cu132"),
    (2, 13): (10, 14, "cu126 cu130 cu132"),
    (2, 14): (10, 14, "cu126 cu130 cu132"),
    (2, 15): (11, 15, "cu130 cu132"),
}

_ASKED = re.compile(
    r"requirement torch(vision|audio)? ?={2,3} ?(\d+(?:\.\d+)+)(?:\+(\w+))?(?:[^\n]{0,300}?\(from versions: ?([^)\n]*))?"
)
# uv names the torch it was asked for in its debug lines and in its reasons.
_ASKED_OF_UV = re.compile(
    r"(?:direct dependency: |you require |depends on |version of |because )torch(?:\{[^}\n]*\})?(?:==|>=)(\d+\.\d+)"
)
_FOLDER = re.compile(r"pytorch\.org/whl/(?:nightly/|test/)?(cu\d+)\b")
# Frames of a traceback in Python's, IPython's and rich's form: the package whose file it is.
_FRAME = re.compile(
    r"(?:site|dist)-packages[\\/]+(\w+(?:[\\/]+(?:_inductor|_dynamo|_vendor|protobuf)\b)?)[\\/][^\n\"'<>|:*?]{0,200}?\.py\b"
)
RAISED = re.compile(
    r"^\W{0,6}(?:\[rank\d+\]:\s*)?(?:[\w.]+\.)?(\w+(?:error|exception))\b[ \t]*(?::|$)",
    re.MULTILINE,
)
# Files that only hand a call on; the fault lies before or behind them.
_WRAPPERS = ("deprecation.py", "_validators.py", "import_utils.py", "generic.py")
_CUT = re.compile(
    r"^[^\w\n]*(?:traceback \(most recent|file \"[^\"\n]+\", line \d+, in )", re.MULTILINE
)
_PYTHON = re.compile(
    r"(?<![\w.])(?:c?python[ /\\_-]*v?3\.(\d+)(?:\.\d+)?\b|python3\.(\d+)\b|python[\\/]?3(\d\d)\b|(?:cp|py)3(\d{1,2})\b"
    r"|py(?:thon)?_?3\.?(\d\d)\b)"
)


def deductions(lower: str) -> str:
    """Words for each conclusion, to be found by the patterns of signs; empty where nothing can be
    concluded.

    ``torch-asked-older`` / ``torch-asked-newer``: than everything that was offered.
    ``torch-build-absent``: the release was offered, but not for that CUDA.
    ``torch-release-absent``: older and newer ones were offered. ``torch-pair-unpublished`` /
    ``torch-pair-published``: release and CUDA folder. ``python-outside``: a Python named in the log
    has no wheels of that torch. ``raised-in-NAME``: see ``_raised``.
    """
    return _raised(lower) + _torch_asked(lower)


def _raised(lower: str) -> str:
    """``raised-in-NAME``: the package of the last frame before the last exception; of the last
    frame where the log was cut inside of a traceback.

    Frames of torch's own modules are passed over: a model's faults end there whoever made them. So
    are wrappers.
    """
    if "-packages" not in lower:
        return ""
    last = None
    for frame in _FRAME.finditer(lower):
        if frame[1] != "torch" and not frame[0].endswith(_WRAPPERS):
            last = frame
    if last is None or not (RAISED.search(lower, last.end()) or _CUT.search(lower)):
        return ""
    return "\nraised-in-" + re.sub(r"[\\/]+", ".", last[1])


def _torch_asked(lower: str) -> str:
    """What follows from the torch that was asked for, the Pythons that are named and the versions
    that were offered.
    """
    asked = _ASKED.findall(lower) if "requirement torch" in lower else []
    if "no solution found" in lower or "no compatible version" in lower:
        asked += [("", version, "", "") for version in _ASKED_OF_UV.findall(lower)]
    if not asked:
        return ""
    found: set[str] = set()
    folders = set(_FOLDER.findall(lower))
    pythons = {int(next(filter(None, match.groups()))) for match in _PYTHON.finditer(lower)} - {
        0,
        1,
        2,
    }
    for sort, version, local, offered in asked:
        found |= _offered(version, local, offered)
        major, minor = _key(version)[:2]
        release = None if sort else TORCH.get((major, minor))
        if release:
            first, last, published = release
            wanted = {local} if local.startswith("cu") else folders
            if wanted:
                found.add(
                    f"torch-pair-{'published' if wanted & set(published.split()) else 'unpublished'}"
                )
            if pythons and not any(first <= python <= last for python in pythons):
                found.add("python-outside")
    return "".join(f"\n{word}" for word in sorted(found))


def _offered(version: str, local: str, offered: str) -> set[str]:
    """What the list of offered versions says of the one that was asked for."""
    names = [name.strip() for name in offered.split(",") if re.match(r"\s*\d+\.\d", name)]
    if not names:
        return set()
    keys = sorted(_key(name.partition("+")[0]) for name in names)
    if _key(version) < keys[0]:
        return {"torch-asked-older"}
    if _key(version) > keys[-1]:
        return {"torch-asked-newer"}
    if _key(version) in keys:
        return {"torch-build-absent"} if local else set()
    return {"torch-release-absent"} if len(_key(version)) == 3 else set()


def _key(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
