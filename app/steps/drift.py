"""What has changed in an environment since its lock was installed.

Told from the packages' own records on disk.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass

from app.model.errors import InputError
from app.model.message import Message
from app.model.own_packages import decode_own_packages
from app.model.profile import Profile
from app.steps.create_environment import INSTALLED
from app.steps.step_context import StepContext

_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s\\;]+)", re.MULTILINE)
_RECORD = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)\.dist-info\Z")
# What a new environment holds by itself, or tools put there that no lock names.
_OWN = frozenset({"pip", "uv", "wheel"})


@dataclass(frozen=True)
class Change:
    """One package that differs: ``locked`` and ``found`` versions, ``by`` the tool that wrote it,
    where that is told.
    """

    name: str
    locked: str | None
    found: str | None
    by: str | None = None

    def sentence(self) -> str:
        """For people: what it was, what it is, who did it."""
        done_by = Message(" It was put there by {by}.", by=self.by) if self.by else ""
        if self.found is None:
            return Message(
                "{name} {locked} is missing from the environment.",
                name=self.name,
                locked=self.locked,
            )
        if self.locked is None:
            return Message(
                "{name} {found} was added and is not in the lock.{done_by}",
                name=self.name,
                found=self.found,
                done_by=done_by,
            )
        return Message(
            "{name} is {found}; the lock has {locked}.{done_by}",
            name=self.name,
            found=self.found,
            locked=self.locked,
            done_by=done_by,
        )


def drift(environment: str, profile: Profile, site: StepContext) -> tuple[Change, ...]:
    """Every package whose record differs from the lock that the environment was installed from
    (``uv pip freeze`` against that lock), by name.

    Reads folder names only, so it takes milliseconds; a lost file inside a package is found by
    ``lost_files``.
    """
    found = _read_records(environment, profile, site)
    locked = locked_versions(environment, profile, site)
    own = own_versions(profile, site)
    changes = []
    for name in sorted(locked.keys() | found.keys()):
        version, record = found.get(name, (None, None))
        if name in locked and version is not None and _is_same_version(locked[name], version):
            continue
        if name not in locked and (name in _OWN or own.get(name) == version):
            continue
        changes.append(Change(name, locked.get(name), version, _read_installer(record, site)))
    return tuple(changes)


def own_versions(profile: Profile, site: StepContext) -> dict[str, str]:
    """Packages that a person added by this program, which are no damage; none where the list cannot
    be read, which is told elsewhere.
    """
    path = site.place.own_packages
    try:
        listed = decode_own_packages(site.system.files.read(path), path)
    except InputError:
        return {}
    return {name: one.version for name, one in listed.of(profile.id).items()}


def installed_lock(environment: str, site: StepContext) -> str | None:
    """The text of the lock that an environment was installed from; ``None`` before its install has
    come to its end. An older program may have made it, from an older lock of the same profile.
    """
    path = site.place.join(site.place.environment(environment), INSTALLED)
    stamp = site.system.files.read(path)
    return None if stamp is None else stamp.decode("utf-8", "replace")


def locked_versions(environment: str, profile: Profile, site: StepContext) -> dict[str, str]:
    """Name to version of everything that the lock of an environment pins; where it tells none, what
    the profile's locks pin for this system.
    """
    own = _PIN.findall(installed_lock(environment, site) or "")
    if own:
        return {_normalize_name(name): version for name, version in own}
    return {
        _normalize_name(wheel.name): wheel.version
        for part in profile.parts
        if part.platform == site.place.family
        for wheel in part.wheels
    }


def lost_files(environment: str, profile: Profile, site: StepContext) -> tuple[str, ...]:
    """Files of the locked packages that are gone or of another size than their RECORD says, as the
    check ``versions`` finds them; paths below the packages folder. Byte code does not count.
    """
    files, packages = site.system.files, site.place.site_packages(environment, profile.python)
    locked, lost = locked_versions(environment, profile, site), list[str]()
    for name, (_, record) in _read_records(environment, profile, site).items():
        if name not in locked:
            continue
        text = (files.read(site.place.join(record, "RECORD")) or b"").decode("utf-8", "replace")
        sizes = {
            row[0]: int(row[2])
            for row in csv.reader(text.splitlines())
            if len(row) == 3 and row[2].isdecimal() and not row[0].endswith(".pyc")
        }
        # Each file is asked by itself: to walk over 33,000 took half as long again, and sorted them.
        found = files.lengths(packages, list(sizes))
        lost += [path for path, size in zip(sizes, found, strict=True) if size != sizes[path]]
    return tuple(lost)


def installed_versions(environment: str, profile: Profile, site: StepContext) -> dict[str, str]:
    """Every package of an environment with its version (``uv pip freeze``), from the packages' own
    records.
    """
    return {
        name: version
        for name, (version, _) in sorted(_read_records(environment, profile, site).items())
    }


def missing_files(
    environment: str, profile: Profile, site: StepContext
) -> dict[str, tuple[str, ...]]:
    """Files that packages' records list and no folder has, by package; byte code is not asked for.

    Each folder is listed once, so a large environment takes tenths of a second; what lies in the
    files is not looked at. Paths are as RECORD has them, relative to the packages' folder.
    """
    packages = site.place.site_packages(environment, profile.python)
    between = "\\" if site.place.family == "windows" else "/"
    listed: dict[str, frozenset[str]] = {}
    gone: dict[str, list[str]] = {}
    for name, (_, record) in _read_records(environment, profile, site).items():
        data = site.system.files.read(site.place.join(record, "RECORD")) or b""
        for line in data.decode("utf-8", "replace").splitlines():
            path = line.rsplit(",", 2)[0].strip('"').replace("\\", "/")
            if not path or path.endswith(".pyc"):
                continue
            folder, _, file = path.rpartition("/")
            if folder not in listed:
                # Thousands of folders: joined as text, which takes a tenth of what pathlib takes.
                whole = packages + between + folder.replace("/", between) if folder else packages
                listed[folder] = frozenset(n.casefold() for n in site.system.files.names(whole))
            if file.casefold() not in listed[folder]:
                gone.setdefault(name, []).append(path)
    return {name: tuple(files) for name, files in sorted(gone.items())}


def _read_records(
    environment: str, profile: Profile, site: StepContext
) -> dict[str, tuple[str, str]]:
    """Name to version and the path of the record."""
    packages = site.place.site_packages(environment, profile.python)
    found: dict[str, tuple[str, str]] = {}
    for entry in site.system.files.names(packages):
        match = _RECORD.match(entry)
        if match:
            found[_normalize_name(match["name"])] = (
                match["version"],
                site.place.join(packages, entry),
            )
    return found


def _read_installer(record: str | None, site: StepContext) -> str | None:
    """The tool that wrote a package: the file ``INSTALLER`` of its record (PEP 376)."""
    data = site.system.files.read(site.place.join(record, "INSTALLER")) if record else None
    return data.decode("utf-8", "replace").strip() or None if data is not None else None


def _normalize_name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _is_same_version(locked: str, found: str) -> bool:
    """``2.8.0`` in a lock is met by ``2.8.0`` only; a record writes ``+`` of a local version as it
    is.
    """
    return locked == found or locked.replace("-", "_") == found
