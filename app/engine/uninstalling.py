"""Away with it: the journal read backwards, with sizes. What a person made stays."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from app.engine.environments import list_environments
from app.engine.journal import Journal
from app.model.home_layout import HomeLayout
from app.model.pointer import Pointer, decode_pointer
from app.ports import Files

_NOT_OURS = "The journal does not say that this program made it."
# What uv, Python and this program put into an environment's own folder; anything else is a
# package's or a person's.
_STANDARD = frozenset(
    {
        "bin",
        "lib",
        "lib64",
        "include",
        "share",
        "etc",
        "man",
        "scripts",
        "pyvenv.cfg",
        "made.txt",
        "installed.txt",
        ".gitignore",
        ".lock",
        "cachedir.tag",
    }
)
_OUTSIDE = re.compile(
    r"(?:\.\./){2,3}([^/,]+)"
)  # a RECORD's path beside "lib/python3.11/site-packages" or "Lib/site-packages"


@dataclass(frozen=True)
class Uninstallable:
    """One thing that an uninstall can remove. ``keep`` says why somebody may want to keep it.

    ``in_all``: removing everything takes it too. Not what a person may miss or the journal does not
    know: that goes by its own id.
    """

    id: str
    title: str
    path: str
    size: int
    keep: str = ""
    in_all: bool = True


def what_is_here(
    files: Files, place: HomeLayout, pointer: Pointer | None, journal: Journal
) -> tuple[Uninstallable, ...]:
    """Everything that this program made and that is still there, what was made last first."""
    made = journal.made()
    shared = (
        ("wheels", "Fetched packages", place.wheels, ""),
        ("cache", "Package cache", place.cache, ""),
        ("python", "Python provided by this program", place.pythons, ""),
        ("checks", "Check scripts", place.at("checks"), ""),
        ("work", "Working folder of the checks", place.at("work"), ""),
        ("verified", "Records of verifications", place.verified, ""),
        ("locks", "Locks", place.at("locks"), ""),
        ("kernels", "Packages of Jupyter kernels", place.kernels, ""),
        ("logs", "Logs", place.logs, ""),
        ("reports", "Reports", place.reports, "You may want to keep them."),
    )
    found = [*_environments(files, place, pointer)]
    found += [
        Uninstallable(name, title, path, files.size(path) or 0, note)
        for name, title, path, note in shared
        if files.exists(path)
    ]
    known = {item.path for item in found}
    found += [
        Uninstallable(f"made:{path}", path, path, files.size(path) or 0)
        for path in made
        if path not in known and files.exists(path) and not place.holds(path)
    ]
    order = {path: number for number, path in enumerate(made)}
    told = [
        item
        if item.path in order
        else replace(item, keep=f"{item.keep} {_NOT_OURS}".strip(), in_all=False)
        for item in found
    ]
    if files.names(place.quarantine):
        told.append(
            Uninstallable(
                "quarantine",
                "Quarantined leftovers",
                place.quarantine,
                files.size(place.quarantine) or 0,
                "They are yours and can still be put back.",
                in_all=False,
            )
        )
    return tuple(sorted(told, key=lambda item: order.get(item.path, len(order))))


def _environments(
    files: Files, place: HomeLayout, pointer: Pointer | None
) -> Iterator[Uninstallable]:
    whole = {one.name: one for one in list_environments(files, place, pointer)}
    for name in files.names(place.environments):
        path = place.environment(name)
        notes = ["It is the active environment."] if name in whole and whole[name].active else []
        strangers = _strangers(path, files, place)
        if strangers and len(strangers) == len(files.names(path)):
            continue  # what was kept of one that is gone
        if strangers:
            notes.append(f"No package brought {', '.join(strangers)}: that stays.")
        title = f"Environment {name}" if name in whole else f"Unfinished environment {name}"
        yield Uninstallable(f"env:{name}", title, path, files.size(path) or 0, " ".join(notes))


def _strangers(environment: str, files: Files, place: HomeLayout) -> tuple[str, ...]:
    """What lies in an environment's own folder and came neither with it nor with a package: a
    person put it there.
    """
    beside = [name for name in files.names(environment) if name.lower() not in _STANDARD]
    if not beside:
        return ()
    brought: set[str] = set()
    for path, _ in files.walk(
        place.join(environment, "Lib" if place.family == "windows" else "lib")
    ):
        if path.endswith("RECORD"):
            text = (files.read(path) or b"").decode("utf-8", "replace").replace("\\", "/")
            brought |= {found[1] for line in text.splitlines() if (found := _OUTSIDE.match(line))}
    return tuple(name for name in beside if name not in brought)


def remove(
    chosen: Sequence[Uninstallable], files: Files, place: HomeLayout, journal: Journal
) -> Iterator[Uninstallable]:
    """Remove what was chosen, each thing written down before; yields each when it is gone."""
    record = journal.effect("uninstall", "")
    for item in chosen:
        for path in _paths(item, files, place, journal):
            if files.exists(path):
                record("removed", {"path": path})
                files.remove(path)
        yield item


def _paths(item: Uninstallable, files: Files, place: HomeLayout, journal: Journal) -> Iterator[str]:
    """What goes with a thing: of an environment the pointer that names it, and what would start it
    or is told of it.
    """
    if not item.id.startswith("env:"):
        yield item.path
        return
    name = item.id.removeprefix("env:")
    data = files.read(place.pointer)
    if data is not None and decode_pointer(data, place.pointer).active == name:
        yield place.pointer
    yield from (*journal.made_for(name), place.verification(name))
    if strangers := _strangers(item.path, files, place):
        yield from (
            place.join(item.path, inner)
            for inner in files.names(item.path)
            if inner not in strangers
        )
    else:
        yield item.path


def leave(files: Files, place: HomeLayout) -> None:
    """Nothing that was made is left: pointer, journal, lock and home go too, folders only where
    they are empty then.
    """
    for path in (place.pointer, place.journal, place.lock):
        files.remove(path)
    for folder in (place.environments, place.quarantine, place.home):
        files.remove_empty(folder)
