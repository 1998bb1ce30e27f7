"""From a choice to a plan: every step, its bytes, and every file or setting it will touch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from app.model.answers import Answers
from app.model.checks import CHECKS
from app.model.errors import InputError
from app.model.home_layout import HomeLayout
from app.model.machine import Family, Leftover, MachineFacts, Os
from app.model.message import Message
from app.model.plan import (
    Activate,
    AnyStep,
    CloseMapper,
    CreateEnvironment,
    FetchWheels,
    FirstImport,
    FixOpenmp,
    InstallWheels,
    MakeKernel,
    MakeShortcut,
    MakeWorkspace,
    Plan,
    ProvidePython,
    PutPackagesBack,
    Quarantine,
    RemoveTree,
    RunCheck,
    UninstallPackages,
)
from app.model.profile import Part, Profile, parts_for

# One uv-managed CPython: the archive and what it unpacks to (seen for 3.11 and 3.12 on Linux;
# Windows is a little less).
_PYTHON_DOWNLOAD, _PYTHON_DISK = 30_000_000, 100_000_000
# The five packages that the guide tells people to remove.
GUIDE_PACKAGES = ("torch", "torchvision", "torchaudio", "unsloth", "unsloth-zoo")


class Holder(NamedTuple):
    """A Python outside this program's home that holds packages which the guide removes."""

    python: str
    holds: str


def environment_name(profile: Profile, family: str) -> str:
    """``<profile>-<8 hex>``: the digest of everything that decides what is installed."""
    digest = hashlib.sha256(profile.python.encode())
    for part in parts_for(profile, family):
        digest.update(f"\n{part.id} {part.index}\n{part.requirements}".encode())
    return f"{profile.id}-{digest.hexdigest()[:8]}"


def install_plan(
    facts: MachineFacts,
    profile: Profile,
    place: HomeLayout,
    answers: Answers,
    verify: bool = True,
    cards: tuple[str, ...] = (),
) -> Plan:
    """The plan that takes this machine to the proven profile; it has no steps where the profile has
    no lock for it. ``cards`` are the ids of those that may train together.

    A new environment is made beside the old ones; the pointer moves last, when everything before
    has passed.
    """
    parts = parts_for(profile, place.family)
    name = environment_name(profile, place.family)
    if not parts:
        return Plan(
            title=Message("Install {profile}", profile=profile.title),
            profile=profile.id,
        )
    steps: list[AnyStep] = []
    if answers.uninstall_from:
        steps.append(_uninstall_step(answers.uninstall_from, place))
    steps += _provide_steps(profile, parts, place, name, bool(answers.offline))
    if profile.mend_openmp and place.family == "windows" and facts.tools.libomp140 is None:
        library = place.join(
            place.site_packages(name, profile.python), "torch", "lib", "libomp140.x86_64.dll"
        )
        steps.append(
            FixOpenmp(
                id="mend-openmp",
                title=Message("The OpenMP file that PyTorch 2.4.0 lacks"),
                environment=name,
                disk_bytes=2_000_000,
                touches=(library,),
            )
        )
    if profile.fetches_mapper:
        steps.append(
            CloseMapper(
                id="close-mapper",
                title=Message("No code from the network in Unsloth's loader"),
                environment=name,
                python=profile.python,
                file=profile.fetches_mapper,
                touches=(
                    place.join(
                        place.site_packages(name, profile.python),
                        *profile.fetches_mapper.split("/"),
                    ),
                ),
            )
        )
    steps.append(
        FirstImport(
            id="first-import",
            title=Message("First import"),
            environment=name,
            profile=profile.id,
            touches=(place.environment(name), place.at("cache")),
        )
    )
    if verify and answers.verify != "none":
        steps += _check_steps(profile, place, name, answers.verify == "quick", cards)
    steps.append(
        Activate(
            id="activate",
            title=Message("Switch to the new setup"),
            environment=name,
            profile=profile.id,
            touches=(place.pointer,),
        )
    )
    return Plan(
        title=Message("Install {profile}", profile=profile.title),
        profile=profile.id,
        environment=name,
        steps=tuple(steps),
    )


def bytes_of(profile: Profile, family: Family) -> tuple[int, int]:
    """What an install of a profile fetches and what it takes on disk, as its plan counts it: Python,
    the files, and the environment made of them. Zeros where the profile has no lock for the system.
    """
    place = HomeLayout("/" if family != "windows" else "C:\\", family)
    steps = install_plan(MachineFacts(os=Os(family=family)), profile, place, Answers()).steps
    return sum(s.download_bytes for s in steps), sum(s.disk_bytes for s in steps)


def _provide_steps(
    profile: Profile, parts: Sequence[Part], place: HomeLayout, name: str, offline: bool
) -> Iterator[AnyStep]:
    yield ProvidePython(
        id="python",
        title=Message("Python {python}", python=profile.python),
        version=profile.python,
        download_bytes=0 if offline else _PYTHON_DOWNLOAD,
        disk_bytes=_PYTHON_DISK,
        touches=(place.pythons,),
    )
    for part in parts:
        title = part.title
        if part.unhashed:
            title = Message(
                "{title} (no hash on record for {packages}: taken from the index over TLS)",
                title=title,
                packages=" and ".join(part.unhashed),
            )
        yield FetchWheels(
            id=f"fetch-{part.id}",
            title=title,
            profile=profile.id,
            part=part.id,
            index=part.index,
            download_bytes=0 if offline else part.download,
            disk_bytes=part.download,
            touches=(place.wheels, place.at("locks", f"{profile.id}-{part.id}.txt")),
        )
    yield CreateEnvironment(
        id="environment",
        title=Message("An environment of its own"),
        environment=name,
        python=profile.python,
        touches=(place.environment(name),),
    )
    yield InstallWheels(
        id="install",
        title=Message(
            "{count} packages into the environment", count=sum(len(p.wheels) for p in parts)
        ),
        environment=name,
        profile=profile.id,
        parts=tuple(p.id for p in parts),
        disk_bytes=sum(p.disk for p in parts),
        touches=(place.environment(name), place.cache, place.at("locks", f"{name}.txt")),
    )


def _check_steps(
    profile: Profile, place: HomeLayout, name: str, quick: bool, cards: tuple[str, ...]
) -> Iterator[RunCheck]:
    for check in CHECKS:
        if (check.gpu and not profile.needs.gpu) or (quick and check.stage != "checks"):
            continue
        if check.several and len(cards) < 2:
            continue
        if check.name == "unsloth_import" and not quick:
            continue  # the fine-tune imports it in its own process and tells the same
        arguments: tuple[str, ...] = ()
        if check.name == "versions":
            arguments = _version_check_arguments(profile, place, name)
        elif check.several:
            arguments = ("--cards", str(len(cards)))
        yield RunCheck(
            id=f"check-{check.name}",
            title=check.title,
            environment=name,
            check=check.name,
            profile=profile.id,
            arguments=arguments,
            limit_seconds=check.limit,
            needs=("check-fine_tune",) if check.several else (),
            stage=check.stage,
            cards=cards if check.several else (),
            decides=not check.several,
            touches=(place.at("checks"), place.at("work", check.name), place.cache),
        )


def _version_check_arguments(profile: Profile, place: HomeLayout, name: str) -> tuple[str, ...]:
    """The lock, and what the profile leaves out although installed packages declare it."""
    left_out = [("--without", one.name) for one in profile.left_out(place.family)]
    return ("--lock", place.at("locks", f"{name}.txt"), *chain.from_iterable(left_out))


def verify_plan(
    profile: Profile,
    place: HomeLayout,
    environment: str,
    quick: bool,
    cards: tuple[str, ...] = (),
) -> Plan:
    """The checks of an installed environment; ``quick`` leaves out benchmark and fine-tune. ``cards``
    are the ids of those that may train together.
    """
    return Plan(
        title=Message("Verify {profile}", profile=profile.title),
        profile=profile.id,
        environment=environment,
        steps=tuple(_check_steps(profile, place, environment, quick, cards)),
    )


def kernel_plan(
    profile: Profile, kernel: Profile, place: HomeLayout, environment: str, folder: str
) -> Plan:
    """A Jupyter kernel for an installed environment. ``kernel`` holds its packages, ``folder`` is
    Jupyter's of all kernels.
    """
    spec = place.join(folder, f"unsloth-{environment.lower()}")
    parts = parts_for(kernel, place.family)
    steps: list[AnyStep] = [
        FetchWheels(
            id=f"fetch-{part.id}",
            title=part.title,
            profile=kernel.id,
            part=part.id,
            index=part.index,
            download_bytes=part.download,
            disk_bytes=part.download,
            touches=(place.wheels, place.at("locks", f"{kernel.id}-{part.id}.txt")),
        )
        for part in parts
    ]
    steps.append(
        MakeKernel(
            id="kernel",
            title=Message("A Jupyter kernel"),
            environment=environment,
            kernel=kernel.id,
            spec=spec,
            label=profile.title,
            disk_bytes=sum(p.disk for p in parts),
            touches=(place.join(place.kernels, kernel.id), spec),
        )
    )
    return Plan(
        title=Message("Jupyter kernel for {profile}", profile=profile.title),
        profile=profile.id,
        steps=tuple(steps),
    )


def shortcut_plan(profile: Profile, place: HomeLayout, environment: str, folder: str) -> Plan:
    """An entry of the system's menu, ``folder`` being where it looks, that opens a terminal with an
    environment active.
    """
    if (
        place.family == "windows"
    ):  # the file's name is what the Start menu shows; Windows takes none of these in one
        name = "".join(c for c in profile.title if c not in '<>:"/\\|?*') + ".lnk"
    else:
        name = f"unsloth-setup-{environment}.desktop"
    path = place.join(folder, name)
    return Plan(
        title=Message("Menu entry for {profile}", profile=profile.title),
        profile=profile.id,
        steps=(
            MakeShortcut(
                id="shortcut",
                title=Message("An entry in the menu"),
                environment=environment,
                path=path,
                label=profile.title,
                touches=(path,),
            ),
        ),
    )


def workspace_plan(
    profile: Profile, place: HomeLayout, environment: str, folder: str, python: str, replaces: str
) -> Plan:
    """A folder in which VS Code finds an environment, ``python`` being its interpreter."""
    path = place.join(folder, ".vscode", "settings.json")
    step = MakeWorkspace(
        id="workspace",
        title=Message("A folder for VS Code"),
        environment=environment,
        path=path,
        python=python,
        replaces=replaces,
        touches=(path,),
    )
    title = Message("A folder for VS Code with {profile}", profile=profile.title)
    return Plan(title=title, profile=profile.id, steps=(step,))


def clean_up_plan(facts: MachineFacts, place: HomeLayout, ids: Sequence[str]) -> Plan:
    """Chosen leftovers moved into the quarantine; what this program made itself is deleted.

    Raises ``InputError`` that names an id which the survey did not find.
    """
    known = {left.id: left for left in facts.leftovers}
    for wanted in ids:
        if wanted not in known:
            found = ", ".join(known) or "none at all"
            raise InputError(
                Message(
                    "clean_up: there is no leftover {wanted}; the survey found {found}.",
                    wanted=repr(wanted),
                    found=found,
                )
            )
    return Plan(
        title=Message("Clean up"),
        steps=tuple(
            _clean_up_step(known[i], place, n) for n, i in enumerate(dict.fromkeys(ids), 1)
        ),
    )


def _clean_up_step(left: Leftover, place: HomeLayout, number: int) -> AnyStep:
    if left.kind == "own":
        return RemoveTree(
            id=f"remove-{number}",
            title=Message("Delete {path}", path=left.path),
            path=left.path,
            touches=(left.path,),
        )
    return Quarantine(
        id=f"quarantine-{number}",
        title=Message("Move {path} into the quarantine", path=left.path),
        leftover=left.id,
        path=left.path,
        touches=(left.path, place.quarantine),
    )


def find_guide_environments(facts: MachineFacts, place: HomeLayout) -> tuple[Holder, ...]:
    """The environments that the guide's own clean-up could be run in: those that hold one
    of its five packages.

    What lies under home is left out: this program's environments are whole or gone.
    """
    home = place.home.replace("\\", "/").casefold().rstrip("/") + "/"
    found = []
    for python in facts.pythons:
        holds = [
            f"{name} {python.packages[name]}" for name in GUIDE_PACKAGES if name in python.packages
        ]
        if holds and not python.path.replace("\\", "/").casefold().startswith(home):
            found.append(Holder(python.path, ", ".join(holds)))
    return tuple(found)


def _uninstall_step(python: str, place: HomeLayout) -> UninstallPackages:
    return UninstallPackages(
        id="uninstall",
        title=Message(
            "Take {packages} out of an older environment",
            packages=", ".join(GUIDE_PACKAGES),
        ),
        python=python,
        packages=GUIDE_PACKAGES,
        touches=(python, place.quarantine),
    )


def packages_back_plan(saved: str, python: str, packages: Sequence[str], place: HomeLayout) -> Plan:
    """The plan that installs again what the guide's clean-up took out; ``packages`` are the lines
    of the list that are missing.
    """
    step = PutPackagesBack(
        id="put-back",
        title=Message("1 package back into {python}", python=python)
        if len(packages) == 1
        else Message("{count} packages back into {python}", count=len(packages), python=python),
        python=python,
        saved=saved,
        packages=tuple(packages),
        touches=(python, place.cache),
    )
    return Plan(title=Message("Put packages back"), steps=(step,))
