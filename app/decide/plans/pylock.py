"""Matches uv's lock with a profile's own lock, and gives the files to fetch.

uv's answer is a PEP 751 lock with addresses; the hash of the profile's lock counts.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from app.model.errors import ExpectedError, InputError
from app.model.message import Message
from app.model.profile import Platform
from app.model.value import Value

_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_NAME = re.compile(r"[A-Za-z0-9_.+!-]+\.whl")
# The oldest glibc that the Linux locks ask for is 2.28; wheels for older ones run there too (PEP
# 600).
_GLIBC = 28
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
# The index that fetched files are said to come from: uv keeps what it unpacked under this name,
# wherever it read it.
WHEELHOUSE = "https://wheelhouse.invalid/simple"
_OTHER_INDEX = Message("Choose another index, or wait until the mirror has caught up.")


class Pin(Value, frozen=True, kw_only=True):
    """One requirement of a profile's lock: an exact version and the hashes of all files that may
    stand for it.
    """

    name: str
    version: str
    hashes: frozenset[str] = frozenset()


class LockedFile(Value, frozen=True, kw_only=True):
    """One file to fetch. ``sha256`` may hold several (the index named none: any of the lock's is
    right).

    ``published`` says that the lock has no hash for it, so that the index's own is taken.
    """

    name: str
    version: str
    file: str
    url: str
    sha256: tuple[str, ...]
    size: int | None = None
    published: bool = False


def parse_pins(requirements: str) -> dict[str, Pin]:
    """The pins of a lock by normalised name. Raises ``InputError`` naming a line that is no exact
    pin.
    """
    from packaging.requirements import InvalidRequirement, Requirement

    found: dict[str, Pin] = {}
    for line in _logical_lines(requirements):
        text = line.split("--hash=", 1)[0].strip()
        try:
            wanted = Requirement(text)
            exact = [s for s in wanted.specifier if s.operator in ("==", "===")]
            version = str(Version(exact[0].version))
        except (InvalidRequirement, InvalidVersion, IndexError):
            raise InputError(
                Message(
                    "The lock has the line “{given}”; expected an exact pin as in “torch==2.4.0”.",
                    given=text[:80],
                )
            ) from None
        name = canonicalize_name(wanted.name)
        found[name] = Pin(name=name, version=version, hashes=frozenset(_HASH.findall(line)))
    return found


def choose_files(
    pylock: str,
    wanted: Mapping[str, Pin],
    python: str,
    platform: Platform,
    unhashed: tuple[str, ...] = (),
    local: tuple[str, ...] = (),
) -> tuple[LockedFile, ...]:
    """One file for each pin, the one that installers would take. ``local`` are folders of this
    computer that may be used.

    Raises ``ExpectedError``: ``pip_hash_mismatch``, ``wheel_unsuitable``, ``package_missing``,
    ``index_unsafe``.
    """
    ranks = _rank_tags(python, platform)
    loose = {canonicalize_name(n) for n in unhashed}
    found: dict[str, LockedFile] = {}
    for package in _parse_packages(pylock):
        name = canonicalize_name(str(package.get("name", "")))
        pin = wanted.get(name)
        if pin is None:
            raise ExpectedError(
                "index_unsafe",
                Message(
                    "The index answered with the package {file}, which is not in the lock.",
                    file=_escape_unprintable(name),
                ),
            )
        found[name] = _choose_wheel(package, pin, ranks, name in loose, local)
    missing = sorted(set(wanted) - set(found))
    if missing:
        raise ExpectedError(
            "package_missing",
            Message("The index has no file for {missing}.", missing=", ".join(missing[:5])),
            hint=_OTHER_INDEX,
        )
    return tuple(found[name] for name in wanted)


def add_hashes(requirements: str, found: Mapping[str, str]) -> str:
    """The lock's text with a hash for the pins that had none; ``found`` is SHA-256 by normalised
    name.
    """
    lines = []
    for line in _logical_lines(requirements):
        text, *hashes = line.split("--hash=")
        name = canonicalize_name(re.split(r"[=<>!~;\[ ]", text.strip(), maxsplit=1)[0])
        if not hashes and name in found:
            line = f"{text.strip()} --hash=sha256:{found[name]}"
        lines.append(line)
    return "\n".join(lines) + "\n"


def canonical(name: str) -> str:
    """A package's name as locks and indexes compare it (PEP 503)."""
    return canonicalize_name(name)


def select_lines(requirements: str, names: Collection[str]) -> str:
    """The lines of a lock for some of its packages (normalised names)."""
    return "".join(
        f"{line}\n"
        for line in _logical_lines(requirements)
        if canonicalize_name(re.split(r"[=<>!~;\[ ]", line, maxsplit=1)[0]) in names
    )


def offline_lock(choose_files: Iterable[tuple[str, str, str]]) -> str:
    """A PEP 751 lock of fetched files: for each its name, its SHA-256 and the address where it lies
    now.
    """
    lines = ['lock-version = "1.0"', 'created-by = "unsloth-setup"']
    for file, sha256, address in choose_files:
        name, version, _, _ = parse_wheel_filename(file)
        wheel = f"{{ url = {json.dumps(address)}, hashes = {{ sha256 = {json.dumps(sha256)} }} }}"
        lines += [
            "",
            "[[packages]]",
            f"name = {json.dumps(name)}",
            f"version = {json.dumps(str(version))}",
            f"index = {json.dumps(WHEELHOUSE)}",
            f"wheels = [{wheel}]",
        ]
    return "\n".join(lines) + "\n"


class LookedUp(Value, frozen=True, kw_only=True):
    """A project for ``uv lock`` that asks for pins alone: its ``pyproject.toml`` and its
    ``uv.toml``.
    """

    project: str
    settings: str


_MARKERS = {
    "windows": "sys_platform == 'win32' and platform_machine == 'AMD64'",
    "linux": "sys_platform == 'linux' and platform_machine == 'x86_64'",
}


def lookup_project(wanted: Mapping[str, Pin], python: str, platform: Platform) -> LookedUp:
    """A project of exact pins whose own requirements are given as none, so that uv needs no
    metadata and adds no package.
    """
    pinned = json.dumps([f"{pin.name}=={pin.version}" for pin in wanted.values()])
    project = (
        f'[project]\nname = "files-of-a-lock"\nversion = "0"\nrequires-python = '
        f'"=={python}.*"\ndependencies = {pinned}\n'
        f"[tool.uv]\nenvironments = "
        f"[{json.dumps(_MARKERS[platform])}]\n[tool.uv.workspace]\nmembers = []\n"
    )
    # Of any version: the pin 2.9.0 also takes 2.9.0+cu128.
    settings = "".join(
        f"[[dependency-metadata]]\nname = {json.dumps(pin.name)}\nrequires-dist = []\n"
        for pin in wanted.values()
    )
    return LookedUp(project=project, settings=settings)


def as_pylock(lock: str, wanted: Mapping[str, Pin]) -> str | None:
    """The files of a ``uv.lock`` as a PEP 751 lock, without a hash where it has none. ``None``
    where a package has no address.
    """
    try:
        packages = [
            p
            for p in tomllib.loads(lock).get("package", [])
            if canonicalize_name(str(p.get("name", ""))) in wanted
        ]
    except (ValueError, RecursionError):
        return None
    lines = ['lock-version = "1.0"', 'created-by = "uv"']
    for package in packages:
        wheels = [
            _format_wheel(w)
            for w in package.get("wheels", [])
            if isinstance(w, dict) and "url" in w
        ]
        if not wheels:
            return None
        lines += [
            "",
            "[[packages]]",
            f"name = {json.dumps(package['name'])}",
            f"version = {json.dumps(str(package.get('version')))}",
            f"wheels = [{', '.join(wheels)}]",
        ]
    return "\n".join(lines) + "\n" if len(packages) == len(wanted) else None


def _format_wheel(wheel: dict[str, Any]) -> str:
    sha256 = str(wheel.get("hash", "")).removeprefix("sha256:")
    hashes = f", hashes = {{ sha256 = {json.dumps(sha256)} }}" if sha256 else ""
    size = f", size = {wheel['size']}" if isinstance(wheel.get("size"), int) else ""
    return f"{{ url = {json.dumps(str(wheel['url']))}{hashes}{size} }}"


def _logical_lines(requirements: str) -> Iterator[str]:
    for line in re.sub(r"\\\r?\n", " ", requirements).splitlines():
        bare = re.sub(r"(^|\s)#.*$", "", line).strip()
        if bare and not bare.startswith("-"):
            yield re.sub(r"\s+", " ", bare)


def _parse_packages(pylock: str) -> list[dict[str, Any]]:
    try:
        packages = tomllib.loads(pylock).get("packages", [])
    except (ValueError, RecursionError) as error:
        raise ExpectedError(
            "resolve_failed", Message("uv's answer could not be read."), details=str(error)
        ) from error
    return [p for p in packages if isinstance(p, dict)]


def _choose_wheel(
    package: dict[str, Any], pin: Pin, ranks: Mapping[Tag, int], loose: bool, local: tuple[str, ...]
) -> LockedFile:
    candidates = [
        _read_wheel(w, pin, loose, local) for w in package.get("wheels", []) if isinstance(w, dict)
    ]
    if not candidates:
        raise ExpectedError(
            "wheel_unsuitable",
            Message(
                "The index has no ready-built file (wheel) of {package} {version}.",
                package=pin.name,
                version=pin.version,
            ),
            hint=_OTHER_INDEX,
        )
    right = [c for c in candidates if c.published or pin.hashes.intersection(c.sha256)]
    if not right:
        one = candidates[0]
        raise ExpectedError(
            "pip_hash_mismatch",
            Message(
                "{host} offers {file} with another SHA-256 than the lock names.",
                host=_host_of(one.url),
                file=one.file,
            ),
            details=f"lock: {', '.join(sorted(pin.hashes)[:4]) or 'no hash'}\nindex: "
            f"{', '.join(one.sha256)}",
            hint=Message("The mirror holds another build of this file. Choose another index."),
        )
    ranked = [(rank, c) for c in right if (rank := _rank_wheel(c, ranks)) is not None]
    if not ranked:
        raise ExpectedError(
            "wheel_unsuitable",
            Message(
                "No file of {package} {version} on {host} fits this system: {file} is for another.",
                package=pin.name,
                version=pin.version,
                host=_host_of(right[0].url),
                file=right[0].file,
            ),
            hint=_OTHER_INDEX,
        )
    return min(ranked, key=lambda pair: (pair[0], pair[1].file))[1]


def _read_wheel(wheel: dict[str, Any], pin: Pin, loose: bool, local: tuple[str, ...]) -> LockedFile:
    url = str(wheel.get("url", ""))
    try:
        file = unquote(urlsplit(url).path).rpartition("/")[2]
    except ValueError:
        raise ExpectedError(
            "index_unsafe",
            Message(
                "The index gives a file of {package} {version} an address that cannot be read.",
                package=pin.name,
                version=pin.version,
            ),
            details=url[:300],
            hint=Message("Choose another index."),
        ) from None
    _check_address(url, file, local)
    try:
        name, version, _, _ = parse_wheel_filename(file)
    except (InvalidWheelFilename, InvalidVersion):
        name, version = canonicalize_name(""), Version("0")
    if (
        not _NAME.fullmatch(file)
        or name != pin.name
        or not _is_pinned_version(version, pin.version)
    ):
        raise ExpectedError(
            "index_unsafe",
            Message(
                "{host} offers the file “{file}” for {package} "
                "{version}, which is no name of a wheel of that package and version.",
                host=_host_of(url),
                file=_escape_unprintable(file),
                package=pin.name,
                version=pin.version,
            ),
            hint=Message("Choose another index."),
        )
    hashes = wheel.get("hashes")
    index_sha256 = hashes.get("sha256") if isinstance(hashes, dict) else None
    published = loose and not pin.hashes
    sha256 = (str(index_sha256).lower(),) if index_sha256 else tuple(sorted(pin.hashes))
    size = wheel.get("size")
    return LockedFile(
        name=pin.name,
        version=pin.version,
        file=file,
        url=url,
        sha256=sha256,
        published=published,
        size=size if isinstance(size, int) and size > 0 else None,
    )


def _check_address(url: str, file: str, local: tuple[str, ...]) -> None:
    """Only web addresses, and files of folders that the user named: an index must not point into
    this computer.
    """
    parts = urlsplit(url)
    if parts.scheme in ("https", "http"):
        return
    whole = unquote(url)
    if (
        parts.scheme == "file"
        and ".." not in whole
        and any(whole.startswith(root.rstrip("/") + "/") for root in local)
    ):
        return
    raise ExpectedError(
        "index_unsafe",
        Message(
            "The index gives {file} an address that is not taken: only "
            "https, or a file in a folder of the find-links setting.",
            file=_escape_unprintable(file) or "a file",
        ),
        details=url[:300],
        hint=Message("Choose another index."),
    )


def _is_pinned_version(version: Version, pinned: str) -> bool:
    """The file's version is the pinned one; a pin without a local part (``2.9.0``) also takes
    ``2.9.0+cu128``.
    """
    pin = Version(pinned)
    return version == pin or (pin.local is None and version.public == pin.public)


def _rank_wheel(file: LockedFile, ranks: Mapping[Tag, int]) -> int | None:
    _, _, _, tags = parse_wheel_filename(file.file)
    return min((ranks[t] for t in tags if t in ranks), default=None)


def _rank_tags(python: str, platform: Platform) -> dict[Tag, int]:
    """Tags of the target system, best first, as ``packaging`` orders them for a real interpreter."""
    major, minor = (int(p) for p in python.split(".")[:2])
    platforms = ["win_amd64"] if platform == "windows" else list(_manylinux_tags())
    tags = [
        *cpython_tags((major, minor), platforms=platforms),
        *compatible_tags((major, minor), interpreter=f"cp{major}{minor}", platforms=platforms),
    ]
    return {tag: rank for rank, tag in reversed(list(enumerate(tags)))}


def _manylinux_tags() -> Iterator[str]:
    for minor in range(_GLIBC, 4, -1):
        yield f"manylinux_2_{minor}_x86_64"
        if minor in _LEGACY:
            yield f"{_LEGACY[minor]}_x86_64"
    yield "linux_x86_64"


def _host_of(url: str) -> str:
    return urlsplit(url).hostname or "this computer"


def _escape_unprintable(text: str) -> str:
    """Foreign text as it may stand in a sentence: short, without escape sequences."""
    return "".join(c if c.isprintable() else "?" for c in text[:100])
