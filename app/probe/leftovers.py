"""Probes what older attempts left behind.

Environments, packages of the user's site, caches, models, our own former setups.

Shows what ``conda env list``, ``python -m site --user-site``, ``pip cache dir``, ``uv cache dir``
and ``du -sb FOLDER`` show.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator

from app.model import limits
from app.model.home_layout import HomeLayout
from app.model.machine import Leftover, LeftoverKind, Note
from app.model.message import Message
from app.model.value import Value
from app.ports import System
from app.probe import environments

_TELLING = ("unsloth", "unsloth-zoo", "torch", "xformers", "bitsandbytes")
_WINDOWS_CACHES = (
    ("pip", "local", "pip/Cache"),
    ("uv", "local", "uv/cache"),
    ("torch-extensions", "local", "torch_extensions"),
    ("triton", "profile", ".triton"),
    ("torch", "profile", ".cache/torch"),
)
_POSIX_CACHES = (
    ("pip", "cache", "pip"),
    ("uv", "cache", "uv"),
    ("torch-extensions", "cache", "torch_extensions"),
    ("triton", "profile", ".triton"),
    ("torch", "cache", "torch"),
)
_CACHE_VARIABLES = {
    "pip": "PIP_CACHE_DIR",
    "uv": "UV_CACHE_DIR",
    "torch-extensions": "TORCH_EXTENSIONS_DIR",
    "triton": "TRITON_CACHE_DIR",
    "torch": "TORCH_HOME",
}
_DESCRIPTIONS = {
    "pip": Message("downloads of pip"),
    "uv": Message("downloads of uv"),
    "torch-extensions": Message("compiled extensions of torch"),
    "triton": Message("compiled kernels of Triton"),
    "torch": Message("downloads of torch"),
}
_COMPILED = "unsloth_compiled_cache"


class Leftovers(Value, frozen=True, kw_only=True):
    """What was found, and why a size is not known."""

    leftovers: tuple[Leftover, ...] = ()
    notes: tuple[Note, ...] = ()


def leftovers(
    system: System, place: HomeLayout, seconds: float = limits.LEFTOVER_SIZES
) -> Leftovers:
    """Everything found, each once, with true sizes (``du -sb``: links not followed, hard links once)
    as far as the time goes.
    """
    found: dict[str, Leftover] = {}
    for item in _find_leftovers(system, place):
        found.setdefault(environments.normalize_path(item.path, place.family), item)
    sizes = _measure_sizes(system, [item.path for item in found.values()], seconds)
    sized = tuple(
        Leftover(
            id=item.id,
            kind=item.kind,
            path=item.path,
            size=sizes.get(item.path),
            detail=item.detail,
        )
        for item in found.values()
    )
    return Leftovers(
        leftovers=sized,
        notes=tuple(
            Note(
                about=f"leftovers.{item.id}",
                text=f"{item.path} could not be measured within {seconds:g} s",
            )
            for item in sized
            if item.size is None
        ),
    )


def _measure_sizes(system: System, paths: list[str], seconds: float) -> dict[str, int]:
    """Sizes of those trees that could be measured in time. What is still being measured then is
    left to end by itself.
    """
    sizes: dict[str, int] = {}
    over = threading.Event()

    def measure() -> None:
        for path in paths:
            if over.is_set() or system.stop.is_set():
                return
            size = system.files.size(path)
            if size is not None:
                sizes[path] = size

    worker = threading.Thread(target=measure, name="leftover-sizes", daemon=True)
    worker.start()
    worker.join(seconds)
    over.set()
    return dict(sizes)


def _build_leftover(
    kind: LeftoverKind, path: str, detail: str, family: str, name: str = ""
) -> Leftover:
    """An id that stays the same from survey to survey: the kind, and a name or the path's digest."""
    digest = hashlib.sha256(
        environments.normalize_path(path, family).encode("utf-8", "surrogatepass")
    ).hexdigest()[:8]
    return Leftover(id=f"{kind}:{name or digest}", kind=kind, path=path, detail=detail)


def _find_leftovers(system: System, place: HomeLayout) -> Iterator[Leftover]:
    yield from _own_environments(system, place)
    for root in environments.virtual_environments(system, place):
        version = environments.config_version(system, place, root)
        packages_text = _describe_packages(
            environments.packages(
                system, place, environments.site_packages_folders(system, place, root, version)
            )
        )
        if packages_text:
            yield _build_leftover("venv", root, packages_text, place.family)
    for root in environments.conda_environments(system, place):
        if environments.is_conda_base(system, place, root):
            continue  # conda itself; its packages show under the Python installations
        version = environments.conda_version(system, place, root)
        packages_text = _describe_packages(
            environments.packages(
                system, place, environments.site_packages_folders(system, place, root, version)
            )
        )
        if packages_text:
            yield _build_leftover("conda", root, packages_text, place.family)
    yield from _user_sites(system, place)
    yield from _find_caches(system, place)
    yield from _find_model_caches(system, place)
    yield from _find_compiled_trainers(system, place)


def _describe_packages(packages: dict[str, str]) -> str:
    """``torch 2.1.0+cpu, unsloth 2024.8``; empty where nothing of ours is inside."""
    if not any(name in packages for name in ("torch", "unsloth", "unsloth-zoo")):
        return ""
    return ", ".join(f"{name} {packages[name]}" for name in _TELLING if name in packages)


def _own_environments(system: System, place: HomeLayout) -> Iterator[Leftover]:
    """Environments below our home that the pointer does not name as active; unfinished ones among
    them.
    """
    try:
        pointer = json.loads(system.files.read(place.pointer) or b"{}")
    except ValueError:
        pointer = {}
    active, previous = (
        pointer.get(key) if isinstance(pointer, dict) else None for key in ("active", "previous")
    )
    for name in system.files.names(place.environments):
        path = place.environment(name)
        if name != active and system.files.is_folder(path):
            state_text = (
                Message("the setup before the active one; going back needs it")
                if name == previous
                else Message("a former or unfinished setup")
            )
            yield _build_leftover("own", path, state_text, place.family, name)


def _user_sites(system: System, place: HomeLayout) -> Iterator[Leftover]:
    """``python -m site --user-site``: packages there are seen by every Python of that version."""
    if place.family == "windows":
        roaming = system.computer.known_folder("roaming")
        root = place.join(roaming, "Python") if roaming else ""
        folders = (
            [place.join(root, name, "site-packages") for name in system.files.names(root)]
            if root
            else []
        )
    else:
        profile = system.computer.known_folder("profile") or ""
        lib = place.join(profile, ".local", "lib")
        folders = [
            place.join(lib, name, "site-packages")
            for name in system.files.names(lib)
            if name.startswith("python3")
        ]
    for folder in folders:
        packages_text = _describe_packages(environments.packages(system, place, (folder,)))
        if packages_text:
            yield _build_leftover("user-site", folder, packages_text, place.family)


def _find_caches(system: System, place: HomeLayout) -> Iterator[Leftover]:
    """``pip cache dir``, ``uv cache dir`` and where torch and Triton keep what they compiled."""
    variables = system.computer.variables()
    for name, base, below in _WINDOWS_CACHES if place.family == "windows" else _POSIX_CACHES:
        root = system.computer.known_folder(base)
        path = variables.get(_CACHE_VARIABLES[name]) or (
            place.join(root, *below.split("/")) if root else ""
        )
        if path and system.files.is_folder(path) and system.files.names(path):
            yield _build_leftover("cache", path, _DESCRIPTIONS[name], place.family, name)
    temporary = system.computer.known_folder("temp")
    for name in system.files.names(temporary) if temporary else ():
        if name.startswith("torchinductor_") and temporary:
            yield _build_leftover(
                "cache",
                place.join(temporary, name),
                Message("compiled graphs of torch"),
                place.family,
                "torchinductor",
            )


def _find_model_caches(system: System, place: HomeLayout) -> Iterator[Leftover]:
    """``hf cache scan``: downloaded models and data. They are the user's: shown, never chosen for
    him.
    """
    variables = system.computer.variables()
    profile = system.computer.known_folder("profile") or ""
    cache = variables.get("XDG_CACHE_HOME") or place.join(profile, ".cache")
    home = variables.get("HF_HOME") or place.join(cache, "huggingface")
    named = [
        variables[name]
        for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE")
        if variables.get(name)
    ]
    for path in (home, *named):
        if system.files.is_folder(path) and not (
            path != home and environments.is_inside(path, home, place.family)
        ):
            yield _build_leftover(
                "model-cache", path, Message("models and data of Hugging Face"), place.family
            )


def _find_compiled_trainers(system: System, place: HomeLayout) -> Iterator[Leftover]:
    """Unsloth writes its compiled trainers into the folder where a script was started."""
    for base in environments.project_folders(system, place):
        for name in system.files.names(base):
            if name == _COMPILED:
                yield _build_leftover(
                    "cache",
                    place.join(base, name),
                    Message("trainers that Unsloth compiled"),
                    place.family,
                )
            elif system.files.is_folder(place.join(base, name, _COMPILED)):
                yield _build_leftover(
                    "cache",
                    place.join(base, name, _COMPILED),
                    Message("trainers that Unsloth compiled"),
                    place.family,
                )
