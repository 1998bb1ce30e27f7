"""What the rules may ask about the home folder and the disk that holds it."""

from __future__ import annotations

import re
from typing import Any

from app.decide.findings.code_page import find_foreign_letters
from app.model.answers import Answers
from app.model.machine import Disk, MachineFacts
from app.model.message import Message, joined
from app.model.profile import Profile, parts_for
from app.model.rules import Rules

PYTHON_BYTES = (
    130_000_000  # one uv-managed interpreter: about 25 MB fetched, 100 MB unpacked (seen on Linux)
)


def disk_for(facts: MachineFacts, path: str) -> Disk | None:
    """The volume that holds a path: the longest root that the path begins with."""
    fold = facts.os.family == "windows"
    wanted = (path.replace("/", "\\").lower() if fold else path).rstrip("\\/") + (
        "\\" if fold else "/"
    )
    best: Disk | None = None
    for disk in facts.disks:
        root = (disk.root.replace("/", "\\").lower() if fold else disk.root).rstrip("\\/") + (
            "\\" if fold else "/"
        )
        if wanted.startswith(root) and (best is None or len(disk.root) > len(best.root)):
            best = disk
    return best


def home_path(facts: MachineFacts, answers: Answers | None) -> str | None:
    """The folder for everything: the user's choice, else what the survey found."""
    if answers and answers.home:
        return answers.home
    return facts.home.path if facts.home and facts.home.path else None


def home_facts(
    facts: MachineFacts, rules: Rules, profile: Profile | None, answers: Answers | None
) -> dict[str, Any]:
    """The names that begin with ``home`` and ``disk``: the folder, its volume, the room that is needed."""
    path = home_path(facts, answers)
    windows = facts.os.family == "windows"
    known = facts.home if facts.home is not None and facts.home.path == path else None
    temp = facts.home.temp if facts.home is not None else None
    named = next(
        (disk for disk in facts.disks if known is not None and disk.root == known.volume), None
    )
    disk = (
        named
        or disk_for(facts, path or ("C:\\" if windows else "/"))
        or (facts.disks[0] if len(facts.disks) == 1 and path is None else None)
    )
    parts = parts_for(profile, facts.os.family) if profile else ()
    download = sum(p.download for p in parts)
    # What was fetched and an unfinished environment of this profile are used again, so their bytes
    # are not needed twice.
    if known is not None and known.begun is not None and profile:
        kept = known.begun.get(profile.id, 0)
    else:
        kept = sum(
            x.size or 0
            for x in facts.leftovers
            if x.kind == "own" and profile and f"{profile.id}-" in x.path
        )
    needed = max(0, download + sum(p.disk for p in parts) + PYTHON_BYTES - kept) if parts else None
    free = disk.free if disk else None
    on_onedrive = facts.home.on_onedrive if facts.home and not (answers and answers.home) else None
    synced = (
        on_onedrive
        if on_onedrive is not None
        else bool(
            windows
            and path
            and re.search(r"[\\/]OneDrive( - [^\\/]+)?[\\/]", path + "\\", re.IGNORECASE)
        )
    )
    return {
        "home.path": path,
        "home.length": len(path) if path else None,
        "home.on_onedrive": synced if path else None,
        "home.writable": known.writable if known is not None else None,
        "home.refused": known.refused if known is not None else None,
        "home.subfolder": _program_subfolder(path, windows) if path else None,
        "home.unsafe": describe_unsafe(path, windows, rules.unsafe_characters) if path else None,
        "home.broken": describe_broken(path, windows, rules.broken_characters) if path else None,
        "home.foreign": find_foreign_letters(path, facts.os) if path else None,
        "home.temp": temp,
        "home.temp_foreign": find_foreign_letters(temp, facts.os) if temp else None,
        "disk.root": disk.root if disk else None,
        "disk.free": free,
        "disk.needed": needed,
        "disk.download": download or None,
        "disk.spare": free - needed if free is not None and needed is not None else None,
    }


def _program_subfolder(path: str, windows: bool) -> str:
    """A folder of this program's own below another one."""
    sign = "\\" if windows else "/"
    return path.rstrip("\\/") + sign + "UnslothSetup"


def describe_unsafe(path: str, windows: bool, characters: dict[str, str]) -> str | None:
    """What in a path breaks some tool, in words, or ``None``. Letters of any language and spaces
    break none.
    """
    found = [why for character, why in characters.items() if character in path]
    if windows and re.match(r"(\\\\|//)(?![?.][\\/])", path):
        found.append(Message("it is a network share, where links and locks may not work"))
    return joined("; ", list(dict.fromkeys(found))) if found else None


def describe_broken(path: str, windows: bool, characters: dict[str, str]) -> str | None:
    """What in a path breaks the setup itself, in words, or ``None``."""
    inner = path[2:] if windows and path[1:2] == ":" else path
    found = [
        why
        for character, why in characters.items()
        if character in inner and not (windows and character == "\\")
    ]
    names = [n for n in re.split(r"[\\/]" if windows else "/", inner) if n]
    if windows and any(n != n.rstrip(" .") for n in names):
        found.append(Message("a folder's name ends in a dot or a space, which Windows drops"))
    if any(ord(c) < 32 for c in path):
        found.append(Message("it holds a control character"))
    return joined("; ", list(dict.fromkeys(found))) if found else None
