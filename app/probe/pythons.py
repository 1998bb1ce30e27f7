r"""Python installations and environments, and the packages in them that matter for training.

Shows what ``py -0p``, ``where python``, ``reg query HKLM\SOFTWARE\Python /s``, ``pyenv versions``,
``uv python list`` and ``conda env list`` show. The version is read where it is written down; only
what is on the search path is ever started.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from app.model import limits
from app.model.home_layout import HomeLayout
from app.model.in_time import in_time
from app.model.machine import Python
from app.ports import RegistryKey, System
from app.probe import environments

_VERSION = re.compile(r"\d+\.\d+\.\d+")
_VERSION_TEXT = re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,3}[\w.+-]{0,40}", re.ASCII)
_PATH = re.compile(r"[^\x00-\x1f]{1,4096}")
_ON_PATH = re.compile(r"python(?:3(?:\.\d+)?)?(?:\.exe)?", re.IGNORECASE)
_STORE = "PythonSoftwareFoundation.Python."
_ORIGINS = {"pythoncore": "python.org", "continuumanalytics": "conda", "astral": "uv"}
# -I and -S: no user code, no site, nothing imported but sys and os.
_ASK = (
    "import sys,os;print(sys.version.split()[0],64 if sys.maxsize>2**32 else "
    "32,os.path.realpath(sys.executable))"
)


def pythons(system: System, place: HomeLayout) -> tuple[Python, ...]:
    """Every interpreter once, in the order in which a person would meet them: search path,
    registry, tools, environments.

    All are looked at side by side and within ``limits.PYTHONS``: one that hangs, prints without end
    or lies on a drive that is gone costs itself alone.
    """
    registered, *rest = (
        answer if isinstance(answer, list) else []
        for answer in in_time(
            [
                lambda: list(_find_registered(system, place)),
                lambda: list(_find_managed(system, place)),
                lambda: list(_find_conda(system, place)),
                lambda: list(_find_virtual_environments(system, place)),
            ],
            limits.FOLDER,
        )
    )
    met = _find_on_path(
        system,
        place,
        {environments.normalize_path(one.path, place.family): one for one in registered},
    )
    candidates = [*met, *registered, *(one for source in rest for one in source)]
    answers = in_time([one.ask for one in candidates], limits.PYTHONS, limits.PYTHONS_AT_ONCE)
    found: dict[str, Python] = {}
    for candidate, answer in zip(candidates, answers, strict=True):
        python = (
            answer
            if isinstance(answer, Python)
            else Python(path=candidate.path, origin=candidate.origin)
        )
        key = environments.normalize_path(python.path, place.family)
        if key not in found or (found[key].version is None and python.version):
            found[key] = python
    return tuple(found.values())


class Candidate(NamedTuple):
    """One that was met: what is known of it without touching it, and what looks at it."""

    path: str
    origin: str
    ask: Callable[[], Python]


def _find_conda(system: System, place: HomeLayout) -> Iterator[Candidate]:
    for root in environments.conda_environments(system, place):
        path = environments.conda_python(place, root)

        def ask(root: str = root, path: str = path) -> Python:
            version = environments.conda_version(system, place, root)
            return _describe_python(system, place, root, path, version, "conda")

        yield Candidate(path, "conda", ask)


def _find_virtual_environments(system: System, place: HomeLayout) -> Iterator[Candidate]:
    for root in environments.virtual_environments(system, place):
        path = environments.venv_python(place, root)

        def ask(root: str = root, path: str = path) -> Python:
            version = environments.config_version(system, place, root)
            return _describe_python(system, place, root, path, version, "venv")

        yield Candidate(path, "venv", ask)


def _describe_python(
    system: System,
    place: HomeLayout,
    root: str,
    path: str,
    version: str | None,
    origin: str,
    bits: int | None = None,
) -> Python:
    folders = environments.site_packages_folders(system, place, root, version)
    return Python(
        path=path,
        version=version,
        bits=bits,
        origin=origin,
        packages=environments.packages(system, place, folders),
    )


def _find_registered(system: System, place: HomeLayout) -> Iterator[Candidate]:
    r"""PEP 514: ``SOFTWARE\Python\COMPANY\TAG\InstallPath`` for the machine, the user, and 32-bit
    programs.
    """
    for root, wow64 in (("HKCU", False), ("HKLM", False), ("HKLM", True)):
        companies = system.registry.key(root, r"SOFTWARE\Python", wow64)
        for company in companies.subkeys if companies else ():
            tags = system.registry.key(root, rf"SOFTWARE\Python\{company}", wow64)
            for tag in tags.subkeys if tags and company.lower() != "pylauncher" else ():
                entry = system.registry.key(root, rf"SOFTWARE\Python\{company}\{tag}", wow64)
                install = system.registry.key(
                    root, rf"SOFTWARE\Python\{company}\{tag}\InstallPath", wow64
                )
                if entry and install:
                    yield from _candidates_of_entry(system, place, company, entry, install, wow64)


def _candidates_of_entry(
    system: System,
    place: HomeLayout,
    company: str,
    entry: RegistryKey,
    install: RegistryKey,
    wow64: bool,
) -> Iterator[Candidate]:
    folder = str(install.values.get("") or "").rstrip("\\/")
    path = str(
        install.values.get("ExecutablePath") or (place.join(folder, "python.exe") if folder else "")
    )
    if not path or not system.files.exists(path):
        return  # an uninstaller forgot its entry
    version = str(entry.values.get("Version") or entry.values.get("SysVersion") or "") or None
    words = str(entry.values.get("SysArchitecture", ""))
    bits = int(words[:2]) if words[:2] in ("32", "64") else 32 if wow64 else 64
    origin = "store" if "WindowsApps" in path else _ORIGINS.get(company.lower(), company)
    root = folder or _parent_folder(path)
    yield Candidate(
        path, origin, partial(_describe_python, system, place, root, path, version, origin, bits)
    )


def _find_on_path(
    system: System, place: HomeLayout, known: dict[str, Candidate]
) -> list[Candidate]:
    """``where python``, ``which -a python3``: in the order of the search path. All folders are listed
    at the same time.
    """
    windows = place.family == "windows"
    variables = {name.upper(): value for name, value in system.computer.variables().items()}
    folders: dict[str, str] = {}
    for folder in variables.get("PATH", "").split(";" if windows else ":"):
        folder = folder.strip().strip('"')
        if folder and not _is_shims(folder):
            folders.setdefault(environments.normalize_path(folder, place.family), folder)
    listed = in_time(
        [partial(system.files.names, folder) for folder in folders.values()], limits.FOLDER
    )
    found = []
    for folder, names in zip(folders.values(), listed, strict=True):
        for name in names if isinstance(names, tuple) else ():
            if not _ON_PATH.fullmatch(name) or (windows and name.lower() != "python.exe"):
                continue
            path = place.join(folder, name)
            registered = known.get(environments.normalize_path(path, place.family))
            if windows and "windowsapps" in folder.lower():
                ask = partial(_describe_store_stub, system, folder, path)
            else:
                ask = partial(_describe_from_search_path, system, place, folder, path)
            found.append(registered or Candidate(path, "path", ask))
    return found


def _is_shims(folder: str) -> bool:
    """pyenv's shims start whatever pyenv chooses; its versions are found by themselves."""
    parts = folder.replace("\\", "/").rstrip("/").split("/")
    return parts[-1] == "shims" and any("pyenv" in part for part in parts)


def _describe_store_stub(system: System, folder: str, path: str) -> Python:
    """The Microsoft Store's ``python.exe``: never started, as without an installed Python it opens
    the Store instead.
    """
    apps = sorted(name for name in system.files.names(folder) if name.startswith(_STORE))
    if not apps:
        return Python(path=path, origin="store-stub")
    return Python(
        path=path, version=apps[-1].removeprefix(_STORE).partition("_")[0], origin="store", bits=64
    )


def _describe_from_search_path(system: System, place: HomeLayout, folder: str, path: str) -> Python:
    """One interpreter of the search path: what its folder says, and only where that says nothing,
    its own answer.
    """
    root = (
        folder
        if place.family == "windows" and not folder.lower().endswith("scripts")
        else _parent_folder(folder)
    )
    version = environments.config_version(system, place, root)
    if version:
        return _describe_python(
            system, place, root, environments.venv_python(place, root), version, "venv"
        )
    version = environments.conda_version(system, place, root)
    if version:
        return _describe_python(
            system, place, root, environments.conda_python(place, root), version, "conda"
        )
    answer = system.processes.capture([path, "-I", "-S", "-c", _ASK], seconds=limits.PYTHON_ANSWER)
    words = answer.out.strip().split(" ", 2)
    if (
        answer.code != 0
        or len(words) != 3
        or not _VERSION_TEXT.fullmatch(words[0])
        or words[1] not in ("32", "64")
        or not _PATH.fullmatch(words[2])
    ):
        return Python(path=path, origin="path")
    real = words[2]
    return _describe_python(
        system,
        place,
        _installation_root(place, real),
        real,
        words[0],
        _guess_origin(real),
        int(words[1]),
    )


def _installation_root(place: HomeLayout, executable: str) -> str:
    folder = _parent_folder(executable)
    return folder if place.family == "windows" else _parent_folder(folder)


def _guess_origin(path: str) -> str:
    lower = path.replace("\\", "/").lower()
    if "/pyenv" in lower or "/.pyenv" in lower:
        return "pyenv"
    if "/uv/python/" in lower:
        return "uv"
    return "system" if lower.startswith(("/usr/bin/", "/bin/")) else "path"


def _find_managed(system: System, place: HomeLayout) -> Iterator[Candidate]:
    """``pyenv versions``, ``uv python list --only-installed``, and interpreters that this program
    itself brought.
    """
    profile = system.computer.known_folder("profile") or ""
    variables = system.computer.variables()
    windows = place.family == "windows"
    usual = place.join(profile, ".pyenv", "pyenv-win") if windows else place.join(profile, ".pyenv")
    versions = place.join(
        variables.get("PYENV_ROOT") or variables.get("PYENV") or usual, "versions"
    )
    for name in system.files.names(versions):
        if _VERSION.match(name):
            yield from _existing_candidate(system, place, place.join(versions, name), name, "pyenv")
    data = system.computer.known_folder("roaming" if windows else "local") or ""
    for folder in (
        variables.get("UV_PYTHON_INSTALL_DIR")
        or (place.join(data, "uv", "python") if data else ""),
        place.pythons,
    ):
        for name in system.files.names(folder) if folder else ():
            version = _VERSION.search(
                name
            )  # cpython-3.11 without a third number is a link to a neighbour
            if name.startswith("cpython-") and version:
                yield from _existing_candidate(
                    system, place, place.join(folder, name), version[0], "uv"
                )


def _existing_candidate(
    system: System, place: HomeLayout, root: str, version: str, origin: str
) -> Iterator[Candidate]:
    parts = (
        ["python.exe"]
        if place.family == "windows"
        else ["bin", f"python{version.rpartition('.')[0]}"]
    )
    path = place.join(root, *parts)
    if system.files.exists(path):
        yield Candidate(
            path, origin, partial(_describe_python, system, place, root, path, version, origin, 64)
        )


def _parent_folder(path: str) -> str:
    """The folder of a path in either spelling."""
    cut = max(path.rfind("/"), path.rfind("\\"))
    return path[:cut] if cut > 0 else path[:1]
