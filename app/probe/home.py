"""Whether a folder is a home of this program, may become one, or belongs to somebody else.

Touches nothing.
"""

from __future__ import annotations

import ntpath
import posixpath
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import Any

import msgspec

from app.model.errors import InputError
from app.model.home_layout import HomeLayout
from app.model.home_marker import decode_marker
from app.model.machine import Refusal
from app.model.pointer import decode_pointer
from app.model.value import Value
from app.ports import System

# What the first version made below a home; a folder with only such names is one whose journal is gone.
_NAMES = frozenset(
    {
        *("active.json", "journal.jsonl", "running.lock", ".active.json.tmp", ".journal.jsonl.tmp"),
        *("cache", "checks", "envs", "kernels", "locks", "logs", "python", "quarantine"),
        *("reports", "verified", "wheels", "work"),
    }
)
_POLICY = "policy.toml"  # on Windows an administrator's choices lie in the home for all users
# Folders of the system, and all below them.
_SYSTEM = (
    *("/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/sbin"),
    *("/sys", "/usr/bin", "/usr/include", "/usr/lib", "/usr/lib32", "/usr/lib64"),
    *("/usr/libexec", "/usr/sbin", "/System", "/Library"),
)
_NOT_SYSTEM = ("/dev/shm",)  # noqa: S108  a disk in memory that anybody may use
# Folders of the system in which others put theirs: a subfolder may be a home.
_SHARED = (
    *("/home", "/media", "/mnt", "/opt", "/root", "/run", "/snap", "/srv", "/tmp", "/usr"),  # noqa: S108
    *("/usr/local", "/usr/share", "/var", "/var/lib", "/var/tmp", "/Applications", "/Users"),  # noqa: S108
)
_PERSONAL = (
    *("profile", "documents", "desktop", "downloads", "programs"),
    *("cache", "local", "roaming"),
)


class HomeState(Value, frozen=True, kw_only=True):
    """``ours``: a marker, a journal or a pointer of this program lies there, or only what its first
    version makes. ``marked``: by its marker. ``empty``: nothing lies there yet. ``place`` says why
    no home may be *made* at this place, whatever lies there.
    """

    ours: bool = False
    marked: bool = False
    empty: bool = True
    place: Refusal | None = None

    @property
    def refused(self) -> Refusal | None:
        """Why nothing may be installed there; ``None`` where it may."""
        return self.place or (None if self.ours or self.empty else "not-empty")


class _Line(msgspec.Struct, frozen=True):
    """What every line of every version's journal has."""

    at: str
    run: str
    kind: str


def home_state(system: System, place: HomeLayout) -> HomeState:
    """What a home folder is to this program, from its names, its own files and its place."""
    files, names = system.files, set(system.files.names(place.home))
    if place.home == system.computer.shared_folder():
        names.discard(_POLICY)
    return HomeState(
        ours=is_ours(system, place),
        marked=decode_marker(files.read(place.marker) or b"") is not None,
        empty=not names,
        place=place_refused(system, place),
    )


def is_ours(system: System, place: HomeLayout) -> bool:
    """Whether a folder is a home of this program, by its papers or its names alone."""
    read = system.files.read
    if decode_marker(read(place.marker) or b"") is not None:
        return True
    names = system.files.names(place.home)
    return (
        _is_our_journal(read(place.journal))
        or _has_our_pointer(place, system)
        or (bool(names) and _NAMES.issuperset(names))
    )


def place_refused(system: System, place: HomeLayout) -> Refusal | None:
    """Why no home is made at a place: a drive's root, a person's own folder, one of the system, or a
    disk without locks.
    """
    path = _normalize_path(place.home, place)
    if path == path.parent:
        return "drive-root"
    disk = system.files.disk(place.home)
    if disk is not None and _normalize_path(disk.root, place) == path:
        return "drive-root"
    own = [system.computer.known_folder(name) for name in _PERSONAL]
    folders = [_normalize_path(folder, place) for folder in own if folder]
    if path in folders or (folders and path in folders[0].parents):
        return "profile"
    if _is_system_folder(system, place, path):
        return "system"
    return None if system.files.locks(place.home) else "no-locks"


def _is_system_folder(system: System, place: HomeLayout, path: PurePath) -> bool:
    if place.family != "windows":
        if path in [PurePosixPath(one) for one in _SHARED]:
            return True
        if any(path.is_relative_to(one) for one in _NOT_SYSTEM):
            return path in [PurePosixPath(one) for one in _NOT_SYSTEM]
        return any(path.is_relative_to(one) for one in _SYSTEM)
    known = system.computer.known_folder
    whole = [known(name) for name in ("windows", "system")]
    exact = [known(name) for name in ("common", "program-files", "program-files-x86")]
    variables = {name.upper(): value for name, value in system.computer.variables().items()}
    whole.append(variables.get("SYSTEMROOT"))
    exact += [variables.get("PROGRAMDATA"), variables.get("PUBLIC")]
    return any(
        path.is_relative_to(_normalize_path(one, place)) for one in whole if one
    ) or path in [_normalize_path(one, place) for one in exact if one]


def _normalize_path(path: str, place: HomeLayout) -> PurePath:
    """A path for comparing: without ``..`` and Windows' prefix of long paths, there in small letters."""
    if place.family == "windows":
        for prefix, instead in (("\\\\?\\UNC\\", "\\\\"), ("\\\\?\\", "")):
            path = path.replace("/", "\\")
            if path.upper().startswith(prefix):
                path = instead + path[len(prefix) :]
        return PureWindowsPath(ntpath.normpath(path).lower())
    return PurePosixPath(posixpath.normpath(path))


def _is_our_journal(data: bytes | None) -> bool:
    """Whether any whole line is one of this program's journal."""
    for line in (data or b"").splitlines():
        try:
            read: Any = msgspec.json.decode(line, type=_Line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        return read.kind in ("began", "effect", "step-done", "ended")
    return False


def _has_our_pointer(place: HomeLayout, system: System) -> bool:
    data = system.files.read(place.pointer)
    try:
        return data is not None and bool(decode_pointer(data, place.pointer).active)
    except InputError:
        return False
