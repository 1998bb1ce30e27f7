"""Puts the program itself into a bundle.

Its files, the packages it runs with, its checks and locks, and a script that starts it.

Of a packed program the folder is copied as it is. Of a checkout, the sources and the locked wheels
go along, uv's among them, so that ``start.py`` runs with nothing but a Python, on the other
machine's system too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from app.model import limits
from app.model.checks import CHECKS
from app.model.errors import ExpectedError
from app.model.event import AnyPayload
from app.model.home_layout import HomeLayout
from app.model.message import Message
from app.model.plan import FetchWheels
from app.model.profile import Part, Platform, Profile, Versions, Wheel
from app.steps import fetch_wheels, provide_python
from app.steps.step_context import StepContext
from app.steps.subprocesses import run_child, say

# What the command line runs with: the dependencies of pyproject.toml without the window's (86 MB,
# and no display is needed).
PACKAGES = (
    "msgspec",
    "nvidia-ml-py",
    "packaging",
    "platformdirs",
    "psutil",
    "truststore",
    "urllib3",
    "uv",
)
_LOCK = "requirements-dev.txt"
_WHOLE = re.compile(r"cpython-\d+\.\d+\.\d+")
_SYSTEMS = {"windows": "windows-x86_64-none", "linux": "linux-x86_64-gnu"}  # as uv names them
_START = "templates/start_bundle.py"


def pack_papers(
    profiles: Sequence[Profile], platform: Platform, target: HomeLayout, site: StepContext
) -> Iterator[AnyPayload]:
    """The locks as text and every check script."""
    files = site.system.files
    for profile in profiles:
        name = f"{profile.id}-" if len(profiles) > 1 else ""
        for part in (p for p in profile.parts if p.platform == platform):
            files.write(target.at("locks", f"{name}{part.id}.lock.txt"), part.requirements.encode())
    names = sorted({name for check in CHECKS for name in check.scripts})
    for name in names:
        files.write(target.at("checks", *name.split("/")), site.resource(f"checks/{name}"))
    yield say(f"{len(names)} check scripts and the locks")


def pack_program(
    python: str, platform: Platform, target: HomeLayout, site: StepContext, notes: list[str]
) -> Iterator[AnyPayload]:
    """The program's files and, of a checkout, its packages for that platform. What cannot be had
    becomes a note.
    """
    files = site.system.files
    root, names, packed = site.system.computer.program()
    if packed and platform != site.place.family:
        notes.append(
            f"This program is packed for {site.place.family}; the one for {platform} has to be "
            f"brought along."
        )
        return
    for name in names:
        files.copy(target.join(root, *name.split("/")), target.at("program", *name.split("/")))
    yield say(f"{len(names)} files of the program")
    if packed:
        return
    files.write(target.at("start.py"), site.resource(_START))
    # Beside the package in a checkout, in it where a wheel was installed.
    locked = files.read(target.join(root, _LOCK)) or files.read(target.join(root, "app", _LOCK))
    lock = _pins_of_program((locked or b"").decode("utf-8", "replace"))
    wheels = tuple(Wheel(name=name, version="") for name in PACKAGES)
    part = Part(
        id="program",
        title=Message("The program's own packages"),
        platform=platform,
        lock=_LOCK,
        wheels=wheels,
        requirements=lock,
    )
    own = Profile(
        id="program",
        title=part.title,
        subtitle="",
        summary="",
        python=python,
        versions=Versions(torch="none"),
        pinned_on="",
        parts=(part,),
    )
    place = HomeLayout(target.at("program"), site.place.family)
    inner = replace(site, place=place, platform=platform, profiles={"program": own})
    step = FetchWheels(id="program", title=part.title, profile="program", part="program")
    try:
        if fetch_wheels.done(step, inner) is None:
            yield from fetch_wheels.run(step, inner, unpack=False)
    except ExpectedError as error:
        notes.append(
            f"The program's own packages could not be packed ({error.message}) The program has to "
            f"be on the other "
            "machine."
        )
        files.remove(target.at("start.py"))
    for left in ("cache", "locks", "work"):
        files.remove(place.at(left))


def pack_python(
    version: str, platform: Platform, target: HomeLayout, site: StepContext, notes: list[str]
) -> Iterator[AnyPayload]:
    """An interpreter that may be moved: fetched by uv, for the other system too, else a copy of the
    one that uv manages here.
    """
    making, files = HomeLayout(target.at("making"), site.place.family), site.system.files
    wanted = (
        f"cpython-{version}"
        if platform == site.place.family
        else f"cpython-{version}-{_SYSTEMS[platform]}"
    )
    files.make_folder(making.home)
    try:
        yield from run_child(
            replace(site, place=making),
            (site.system.computer.uv(), "python", "install", "--no-bin", wanted),
            Message("Packing Python {version}", version=version),
            limit=limits.PYTHON_COMING,
            extra=provide_python.origins(site),
        )
        # Not its lock, and not the link named by the minor version, which no stick or archive would
        # carry as one.
        for name in (n for n in files.names(making.pythons) if _WHOLE.match(n)):
            files.remove(target.join(target.pythons, name))
            files.move(making.join(making.pythons, name), target.join(target.pythons, name))
            if platform == "windows":
                files.remove(
                    target.join(target.pythons, name, "python")
                )  # a link to python.exe; Windows needs none
        return
    except ExpectedError as error:
        refused = error.message
    finally:
        files.remove(making.home)
    if platform != site.place.family:
        notes.append(
            f"Python {version} for {platform} could not be packed ({refused}) It has to be on the "
            f"other machine."
        )
        return
    managed = provide_python.managed_folder(version, site)
    if managed is None:
        notes.append(
            f"Python {version} could not be packed ({refused}) An installed Python cannot be "
            f"moved; it has to be on the "
            "other machine."
        )
        return
    name = managed.replace("\\", "/").rpartition("/")[2]
    yield say(f"Copying {managed}, which uv manages and which may be moved")
    site.system.files.copy_tree(managed, target.join(target.pythons, name))


def _pins_of_program(lock: str) -> str:
    """The lines of the whole lock that pin what the command line runs with."""
    kept, taking = [], False
    for line in lock.splitlines():
        if line[:1].isalnum():
            taking = line.partition("==")[0].strip().lower() in PACKAGES
        if taking and not line.strip().startswith("#"):
            kept.append(line)
    return "\n".join(kept) + "\n"
