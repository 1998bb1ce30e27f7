"""A pretended computer: adapters that answer from dictionaries, for Windows facts on any machine."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from types import SimpleNamespace
from typing import Any

import pytest

from app.adapters.clock import SystemClock
from app.model.errors import ExpectedError
from app.model.machine import Disk, Family, Gpu
from app.ports import Cards, Completed, RegistryKey


@dataclass
class PretendedFiles:
    """A disk in a dictionary. Windows paths are compared without case."""

    family: Family
    content: dict[str, bytes]
    read_only: bool = False

    def _key(self, path: str) -> PurePath:
        return PureWindowsPath(path) if self.family == "windows" else PurePosixPath(path)

    def _all(self) -> dict[PurePath, bytes]:
        return {self._key(path): data for path, data in self.content.items()}

    def read(self, path: str) -> bytes | None:
        return self._all().get(self._key(path))

    def exists(self, path: str) -> bool:
        return self._key(path) in self._all() or self.is_folder(path)

    def is_folder(self, path: str) -> bool:
        return any(self._key(path) in one.parents for one in self._all())

    def names(self, path: str) -> tuple[str, ...]:
        folder = self._key(path)
        return tuple(
            sorted({one.parts[len(folder.parts)] for one in self._all() if folder in one.parents})
        )

    def size(self, path: str) -> int | None:
        whole = self._key(path)
        if not self.exists(path):
            return None
        return sum(
            len(data) for one, data in self._all().items() if one == whole or whole in one.parents
        )

    def disk(self, path: str) -> Disk | None:
        return Disk(root=PureWindowsPath(path).anchor or "/", total=10, free=5)

    def writable(self, path: str) -> bool:
        return not self.read_only

    def locks(self, path: str) -> bool:
        return True

    def link(self, path: str) -> str | None:
        return None


@dataclass
class PretendedRegistry:
    """Keys as ``{"HKLM\\\\SOFTWARE\\\\…": {values}}``; parents and subkeys follow from the names.
    ``!32`` marks wow64.
    """

    keys: Mapping[str, Mapping[str, Any]]

    def key(self, root: str, path: str, wow64: bool = False) -> RegistryKey | None:
        whole = f"{root}{'!32' if wow64 else ''}\\{path}".lower()
        subkeys = {
            name[len(whole) + 1 :].split("\\")[0]
            for name in self.keys
            if name.lower().startswith(whole + "\\")
        }
        values = next((dict(one) for name, one in self.keys.items() if name.lower() == whole), None)
        return (
            RegistryKey(values=values or {}, subkeys=tuple(sorted(subkeys)))
            if values is not None or subkeys
            else None
        )


@dataclass
class PretendedProcesses:
    """Answers by the program's path; everything that was started is remembered."""

    answers: dict[str, str]
    started: list[tuple[str, ...]] = field(default_factory=list)

    def capture(
        self, argv: Sequence[str], seconds: float = 10.0, env: Mapping[str, str] | None = None
    ) -> Completed:
        self.started.append(tuple(argv))
        said = self.answers.get(argv[0])
        return Completed(code=None if said is None else 0, out=said or "")


@dataclass
class PretendedComputer:
    family: Family
    own: dict[str, str]
    folders: dict[str, str]
    cards: tuple[Gpu, ...] = ()
    paths: dict[str, str] = field(default_factory=dict)
    fixed_facts: dict[str, Any] = field(default_factory=dict)
    scripted: dict[str, str] = field(
        default_factory=dict
    )  # what a proxy script says, by the beginning of an address
    consulted: list[tuple[str, str | None, bool]] = field(default_factory=list)

    def proxy_of_script(self, url: str, script: str | None, detect: bool) -> str | None:
        self.consulted.append((url, script, detect))
        return next(
            (answer for start, answer in self.scripted.items() if url.startswith(start)), None
        )

    def facts(self) -> dict[str, Any]:
        return self.fixed_facts

    def disks(self) -> tuple[Disk, ...]:
        return (
            Disk(
                root="C:\\" if self.family == "windows" else "/",
                total=100,
                free=50,
                filesystem="NTFS",
            ),
        )

    def variables(self) -> dict[str, str]:
        return dict(self.own)

    def which(self, name: str) -> str | None:
        return self.paths.get(name)

    def known_folder(self, name: str) -> str | None:
        return self.folders.get(name)

    def shared_folder(self) -> str:
        return "C:\\ProgramData\\UnslothSetup" if self.family == "windows" else "/opt/unsloth-setup"

    def uv(self) -> str:
        return "uv"

    def pci_cards(self) -> tuple[Gpu, ...]:
        return self.cards

    @contextlib.contextmanager
    def keep_awake(self) -> Iterator[None]:
        yield


@dataclass
class PretendedWeb:
    answers: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def examine(self, url: str, seconds: float = 5.0) -> ExpectedError | None:
        self.asked.append(url)
        code = next(
            (answer for start, answer in self.answers.items() if url.startswith(start)),
            "dns_failure",
        )
        return None if code == "reachable" else ExpectedError(code, f"{code} at {url}.")

    def proxy(self) -> str | None:
        return None


USER = "C:\\Users\\Jürgen"
WINDOWS_FOLDERS = {
    "profile": USER,
    "desktop": USER + "\\Desktop",
    "documents": USER + "\\Documents",
    "downloads": USER + "\\Downloads",
    "local": USER + "\\AppData\\Local",
    "cache": USER + "\\AppData\\Local",
    "roaming": USER + "\\AppData\\Roaming",
    "common": "C:\\ProgramData",
    "system": "C:\\Windows\\System32",
    "program-files-x86": "C:\\Program Files (x86)",
    "temp": USER + "\\AppData\\Local\\Temp",
}
LINUX_FOLDERS = {
    "profile": "/home/anna",
    "cache": "/home/anna/.cache",
    "local": "/home/anna/.local/share",
    "temp": "/tmp",
}

Pc = Callable[..., Any]


@pytest.fixture
def pc() -> Pc:
    """Builds a pretended computer: ``pc("windows", files={path: bytes}, registry={key: values},
    variables={…}, …)``.
    """

    def build(
        family: Family = "windows",
        *,
        files: Mapping[str, bytes] | None = None,
        registry: Mapping[str, Mapping[str, Any]] | None = None,
        variables: Mapping[str, str] | None = None,
        pci: tuple[Gpu, ...] = (),
        nvml: Cards | None = None,
        answers: Mapping[str, str] | None = None,
        paths: Mapping[str, str] | None = None,
        web: Mapping[str, str] | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> Any:
        folders = WINDOWS_FOLDERS if family == "windows" else LINUX_FOLDERS
        return SimpleNamespace(
            files=PretendedFiles(family, dict(files or {})),
            registry=PretendedRegistry(dict(registry or {})),
            processes=PretendedProcesses(dict(answers or {})),
            web=PretendedWeb(dict(web or {})),
            nvml=SimpleNamespace(cards=lambda: nvml or Cards()),
            clock=SystemClock(),
            stop=threading.Event(),
            simulated=None,
            computer=PretendedComputer(
                family, dict(variables or {}), folders, pci, dict(paths or {}), dict(facts or {})
            ),
        )

    return build
