"""Python environments on disk and what is installed in them, read from names and small files.

Nothing is started.

Shows what ``conda env list`` and ``python -m pip list --path SITE-PACKAGES`` show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath

from app.model.home_layout import HomeLayout, interpreter
from app.ports import System

# What decides whether training works; the rest of an environment is not looked at.
PACKAGES = frozenset(
    (
        "torch",
        "torchvision",
        "torchaudio",
        "unsloth",
        "unsloth-zoo",
        "xformers",
        "triton",
        "triton-windows",
        "bitsandbytes",
        "transformers",
        "numpy",
        "peft",
        "trl",
    )
)
_METADATA = re.compile(r"([A-Za-z0-9_.]+?)-([0-9][^-]*?)(?:-py\d[\d.]*)?\.(?:dist-info|egg-info)")
_VERSION_LINE = re.compile(r"^__version__\s*(?::\s*\w+\s*)?=\s*['\"]([^'\"]+)['\"]", re.MULTILINE)
_CONDA_PYTHON = re.compile(r"python-(\d+\.\d+\.\d+)-")
_VENV_NAMES = (".venv", "venv", "env", ".env", "unsloth_env", "unsloth-env")
_PROJECT_FOLDERS = (
    "projects",
    "Projects",
    "src",
    "code",
    "dev",
    "work",
    "git",
    "repos",
    "GitHub",
    "workspace",
    "unsloth",
    "source/repos",
    "Documents/GitHub",
)
_VENV_HOMES = (".virtualenvs", ".venvs", ".local/share/virtualenvs")
_MOST_NAMES = 300  # a download folder with thousands of files is not worth a second


def normalize_path(path: str, family: str) -> str:
    """A path for comparing: Windows does not care for case."""
    return (
        path.replace("/", "\\").rstrip("\\").lower()
        if family == "windows"
        else path.rstrip("/") or "/"
    )


def is_inside(path: str, folder: str, family: str) -> bool:
    """Whether a path is a folder or lies in it."""
    flavour = PureWindowsPath if family == "windows" else PurePosixPath
    return flavour(path).is_relative_to(flavour(folder))


def config_version(system: System, place: HomeLayout, root: str) -> str | None:
    """The version that ``pyvenv.cfg`` of a virtual environment names; ``None`` where there is none."""
    text = (system.files.read(place.join(root, "pyvenv.cfg")) or b"").decode("utf-8", "replace")
    for line in text.splitlines():
        name, _, value = line.partition("=")
        if name.strip().lower() in ("version", "version_info"):
            return ".".join(value.strip().split(".")[:3]) or None
    return None


def conda_version(system: System, place: HomeLayout, root: str) -> str | None:
    """The Python of a conda environment, from the names in ``conda-meta``."""
    for name in system.files.names(place.join(root, "conda-meta")):
        found = _CONDA_PYTHON.match(name)
        if found:
            return found[1]
    return None


def is_conda(system: System, place: HomeLayout, root: str) -> bool:
    """Whether conda made this folder."""
    return system.files.is_folder(place.join(root, "conda-meta"))


def is_conda_base(system: System, place: HomeLayout, root: str) -> bool:
    """Whether this is conda itself: its own environment must never be offered for removal."""
    return is_conda(system, place, root) and system.files.is_folder(place.join(root, "condabin"))


def conda_python(place: HomeLayout, root: str) -> str:
    """The interpreter of a conda environment."""
    return (
        place.join(root, "python.exe")
        if place.family == "windows"
        else place.join(root, "bin", "python")
    )


def venv_python(place: HomeLayout, root: str) -> str:
    """The interpreter of a virtual environment."""
    return interpreter(root, place.family)


def site_packages_folders(
    system: System, place: HomeLayout, root: str, version: str | None
) -> tuple[str, ...]:
    """The package folders of an installation or environment, Debian's own among them."""
    if place.family == "windows":
        return (place.join(root, "Lib", "site-packages"),)
    minors = (
        [".".join(version.split(".")[:2])]
        if version
        else [
            name.removeprefix("python")
            for name in system.files.names(place.join(root, "lib"))
            if name.startswith("python3.")
        ]
    )
    folders = [place.join(root, "lib", f"python{minor}", "site-packages") for minor in minors]
    if root == "/usr":
        folders += [f"/usr/local/lib/python{minor}/dist-packages" for minor in minors] + [
            "/usr/lib/python3/dist-packages"
        ]
    return tuple(folders)


def packages(system: System, place: HomeLayout, folders: tuple[str, ...]) -> dict[str, str]:
    """Names and versions of the packages that matter, from the names of their metadata folders.

    torch's build (``+cu121``, ``+cpu``) is not in its metadata when it came from the default index:
    its own version file says it.
    """
    found: dict[str, str] = {}
    for folder in folders:
        for name in system.files.names(folder):
            match = _METADATA.fullmatch(name)
            package = match[1].lower().replace("_", "-").replace(".", "-") if match else ""
            if match and package in PACKAGES and package not in found:
                found[package] = match[2]
                if package == "torch":
                    found["torch"] = _torch_version(system, place, folder) or match[2]
    return found


def _torch_version(system: System, place: HomeLayout, folder: str) -> str | None:
    text = (system.files.read(place.join(folder, "torch", "version.py")) or b"").decode(
        "utf-8", "replace"
    )
    line = _VERSION_LINE.search(text)
    return line[1] if line else None


def conda_environments(system: System, place: HomeLayout) -> tuple[str, ...]:
    """``conda env list``: ``~/.conda/environments.txt``, what lies in ``envs`` of each conda, and
    the usual places.
    """
    profile = system.computer.known_folder("profile") or ""
    variables = system.computer.variables()
    text = (system.files.read(place.join(profile, ".conda", "environments.txt")) or b"").decode(
        "utf-8", "replace"
    )
    roots = [line.strip() for line in text.splitlines() if line.strip()]
    roots += [
        variables[name]
        for name in ("CONDA_PREFIX", "CONDA_ROOT", "MAMBA_ROOT_PREFIX")
        if variables.get(name)
    ]
    kinds = (
        "miniconda3",
        "anaconda3",
        "miniforge3",
        "mambaforge",
        "micromamba",
        "Miniconda3",
        "Anaconda3",
    )
    project_folders = (
        [profile, "C:\\ProgramData", "C:\\"] if place.family == "windows" else [profile, "/opt"]
    )
    roots += [place.join(base, kind) for base in project_folders if base for kind in kinds]
    for root in tuple(roots):
        roots += [
            place.join(root, "envs", name) for name in system.files.names(place.join(root, "envs"))
        ]
    found: dict[str, str] = {}
    for root in roots:
        if is_conda(system, place, root):
            found.setdefault(normalize_path(root, place.family), root)
    return tuple(found.values())


def virtual_environments(system: System, place: HomeLayout) -> tuple[str, ...]:
    """Folders with a ``pyvenv.cfg`` in the places where people make them; those below our own home
    are left out.
    """
    found: dict[str, str] = {}
    for root in _candidate_folders(system, place):
        key = normalize_path(root, place.family)
        if (
            key not in found
            and not is_inside(root, place.home, place.family)
            and system.files.exists(place.join(root, "pyvenv.cfg"))
        ):
            found[key] = root
    return tuple(found.values())


def _candidate_folders(system: System, place: HomeLayout) -> Iterator[str]:
    variables = system.computer.variables()
    if variables.get("VIRTUAL_ENV"):
        yield variables["VIRTUAL_ENV"]
    profile = system.computer.known_folder("profile")
    homes = [place.join(profile, name) for name in _VENV_HOMES] if profile else []
    homes += [variables["WORKON_HOME"]] if variables.get("WORKON_HOME") else []
    for folder in homes:
        yield from (place.join(folder, name) for name in system.files.names(folder))
    for folder in project_folders(system, place):
        for name in system.files.names(folder)[:_MOST_NAMES]:
            child = place.join(folder, name)
            if not system.files.is_folder(child):
                continue
            yield child
            yield from (place.join(child, inner) for inner in _VENV_NAMES)


def project_folders(system: System, place: HomeLayout) -> tuple[str, ...]:
    """The folders in which people start projects: the profile, desktop, documents, downloads, and
    roots of drives.
    """
    profile = system.computer.known_folder("profile")
    folders = [
        profile,
        *(system.computer.known_folder(name) for name in ("desktop", "documents", "downloads")),
    ]
    if profile:
        folders += [place.join(profile, *name.split("/")) for name in _PROJECT_FOLDERS]
    if place.family == "windows":
        folders += [disk.root for disk in system.computer.disks()]
    found: dict[str, str] = {}
    for folder in folders:
        if folder and system.files.is_folder(folder):
            found.setdefault(normalize_path(folder, place.family), folder)
    return tuple(found.values())
