"""Away with it: the journal read backwards, with sizes. What a person made stays."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from app.engine.environments import list_environments
from app.engine.journal import Journal
from app.model.errors import ExpectedError
from app.model.home_layout import HomeLayout
from app.model.message import Message, joined
from app.model.pointer import Pointer, decode_pointer
from app.ports import Files
from app.steps import quarantine
from app.steps.removing import GONE, sweep, take_away, take_some_away

_NOT_OURS = Message("The journal does not say that this program made it.")
_KERNEL = "kernel.json"  # all that is put into the folder of a Jupyter kernel
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

    ``left`` says what of it could not be deleted, when it has been removed. ``in_all``: removing
    everything takes it too. Not what a person may miss or the journal does not
    know: that goes by its own id.
    """

    id: str
    title: str
    path: str
    size: int
    keep: str = ""
    in_all: bool = True
    left: str = ""


def list_removable(
    files: Files, place: HomeLayout, pointer: Pointer | None, journal: Journal
) -> tuple[Uninstallable, ...]:
    """Everything that this program made and that is still there, what was made last first."""
    made = journal.made()
    shared = (
        ("wheels", Message("Fetched packages"), place.wheels, ""),
        ("cache", Message("Package cache"), place.cache, ""),
        ("python", Message("Python provided by this program"), place.pythons, ""),
        ("checks", Message("Check scripts"), place.at("checks"), ""),
        ("work", Message("Working folder of the checks"), place.at("work"), ""),
        ("verified", Message("Records of verifications"), place.verified, ""),
        ("locks", Message("Locks"), place.at("locks"), ""),
        ("kernels", Message("Packages of Jupyter kernels"), place.kernels, ""),
        ("tools", Message("llama.cpp's converter, for exports"), place.tools, ""),
        ("logs", Message("Logs"), place.logs, ""),
        ("reports", Message("Reports"), place.reports, Message("You may want to keep them.")),
    )
    found = [*_list_environments(files, place, pointer)]
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
        if path != place.home and not _is_changed(path, files, journal)
    ]
    order = {path: number for number, path in enumerate(made)}
    items = [
        item
        if item.path in order
        else replace(item, keep=_join_notes([item.keep, _NOT_OURS]), in_all=False)
        for item in found
    ]
    items += [
        Uninstallable(
            f"run:{name}",
            Message("Training run {name}", name=name),
            place.run(name),
            files.size(place.run(name)) or 0,
            Message("What you trained is in it."),
            in_all=False,
        )
        for name in files.names(place.runs)
        if GONE not in name
    ]
    if files.names(place.models):
        items.append(
            Uninstallable(
                "models",
                Message("Fetched models"),
                place.models,
                files.size(place.models) or 0,
                Message("Runs that were stopped need them."),
                in_all=False,
            )
        )
    if files.names(place.quarantine):
        items.append(
            Uninstallable(
                "quarantine",
                Message("Quarantined leftovers"),
                place.quarantine,
                files.size(place.quarantine) or 0,
                Message("They are yours and can still be put back."),
                in_all=False,
            )
        )
    return tuple(sorted(items, key=lambda item: order.get(item.path, len(order))))


def _list_environments(
    files: Files, place: HomeLayout, pointer: Pointer | None
) -> Iterator[Uninstallable]:
    whole = {one.name: one for one in list_environments(files, place, pointer)}
    for name in files.names(place.environments):
        path = place.environment(name)
        if GONE in name:
            continue  # what is still to be deleted of one that was removed
        notes = (
            [Message("It is the active environment.")]
            if name in whole and whole[name].active
            else []
        )
        foreign = _find_foreign_files(path, files, place)
        if foreign and len(foreign) == len(files.names(path)):
            continue  # what was kept of one that is gone
        if foreign:
            notes.append(
                Message("No package brought {foreign}: that stays.", foreign=", ".join(foreign))
            )
        title = (
            Message("Environment {name}", name=name)
            if name in whole
            else Message("Unfinished environment {name}", name=name)
        )
        yield Uninstallable(f"env:{name}", title, path, files.size(path) or 0, _join_notes(notes))


def _join_notes(notes: Sequence[str]) -> str:
    """Sentences about one thing, without the empty ones."""
    told = [note for note in notes if note]
    return joined(" ", told) if told else ""


def _find_foreign_files(environment: str, files: Files, place: HomeLayout) -> tuple[str, ...]:
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
    """Remove what was chosen, each thing written down before; yields each when it is gone.

    Each is renamed aside first, which is refused while it is in use, then what names it goes, then
    it is deleted. Raises ``ExpectedError('file_in_use')`` with that thing as it was.
    """
    record = journal.effect("uninstall", "")
    for item in chosen:
        name = item.id.removeprefix("env:")
        if name != item.id:
            left = _remove_environment(name, files, place, journal)
        elif place.holds(item.path):
            left = take_away(item.path, files, record)
        else:
            left = _remove_outside(item.path, files, place, journal)
        yield replace(item, left=left)


def _remove_environment(name: str, files: Files, place: HomeLayout, journal: Journal) -> str:
    """An environment, then the pointer that names it, and what would start it or is told of it."""
    record, path = journal.effect("uninstall", ""), place.environment(name)

    def forget() -> None:
        data = files.read(place.pointer)
        if data is not None and decode_pointer(data, place.pointer).active == name:
            record("removed", {"path": place.pointer})
            files.remove(place.pointer)
        for beside in journal.made_for(name):
            _remove_outside(beside, files, place, journal)
        if files.exists(place.verification(name)):
            record("removed", {"path": place.verification(name)})
            files.remove(place.verification(name))

    foreign = _find_foreign_files(path, files, place)
    if not foreign or files.link(path) is not None:
        return take_away(path, files, record, forget)
    ours = [place.join(path, one) for one in files.names(path) if one not in foreign]
    return take_some_away(path, ours, files, record, forget)


def _is_changed(path: str, files: Files, journal: Journal) -> bool:
    """Whether a file was written down with its hash and is another one by now: a person's."""
    made_as = journal.made_hash(path)
    return made_as is not None and (files.is_folder(path) or files.sha256(path) != made_as)


def _list_above(folder: str, place: HomeLayout) -> Iterator[str]:
    """The folders that hold one, from it upwards."""
    while (above := place.folder_of(folder)) != folder:
        yield above
        folder = above


def _remove_outside(path: str, files: Files, place: HomeLayout, journal: Journal) -> str:
    """What was made outside of home: a file or link with the empty folders that were made for it, or
    of a folder the file that was put into it.
    """
    if not files.exists(path):
        return ""
    if _is_changed(path, files, journal):
        return Message("{path} was changed since this program wrote it: it stays.", path=path)
    journal.effect("uninstall", "")("removed", {"path": path})
    if files.link(path) is not None or not files.is_folder(path):
        new, above = journal.made_folder(path), tuple(_list_above(path, place))
        files.remove(path)
        for folder in above[: above.index(new) + 1] if new in above else ():
            files.remove_empty(folder)
        return ""
    files.remove(place.join(path, _KERNEL))
    files.remove_empty(path)
    left = ", ".join(files.names(path))
    return (
        Message(
            "{path} also holds {left}, which this program did not put there: it stays.",
            path=path,
            left=left,
        )
        if left
        else ""
    )


def finish_removals(files: Files, place: HomeLayout, journal: Journal) -> tuple[str, ...]:
    """What a killed or hindered run left: things set aside are deleted, a pointer to an environment
    that is gone goes, empty shelves too. Sentences about what still stays.
    """
    pairs = list(journal.set_aside())
    if files.link(place.environments) is None:
        # the first version wrote down that it made an environment, not the name it was set aside with
        pairs += [
            (place.environment(name.removesuffix(GONE)), place.environment(name))
            for name in files.names(place.environments)
            if name.endswith(GONE) and journal.lists(place.environment(name.removesuffix(GONE)))
        ]
    left = sweep(pairs, files)
    quarantine.sweep(files, place, journal.moved())
    data = files.read(place.pointer)
    if data is not None:
        active = place.environment(decode_pointer(data, place.pointer).active)
        if active in {path for path, _ in pairs} and not files.exists(active):
            journal.effect("uninstall", "")("removed", {"path": place.pointer})
            files.remove(place.pointer)
    return left


def remove_home(files: Files, place: HomeLayout) -> None:
    """Nothing that was made is left: pointer, journal, marker, lock and home go too. While anything
    else lies in home, marker and journal stay, and so does all that is not empty.

    Home is renamed first, so that a kill in the middle leaves a folder that tells what it was.
    """
    own = (place.lock, place.journal, place.marker)
    aside = HomeLayout(place.home + GONE, place.family)
    _remove_empty_home(aside, files)
    if not files.is_folder(place.home):
        return
    for folder in (place.environments, place.quarantine, place.runs):
        if files.link(folder) is None:
            files.remove_empty(folder)
    files.remove(place.pointer)
    if not {place.at(name) for name in files.names(place.home)} <= set(own):
        files.remove(place.lock)
        return
    if files.link(place.home) is None and not files.exists(aside.home):
        try:
            files.set_aside(place.home, aside.home)
        except ExpectedError:
            _remove_empty_home(place, files)  # the folder above takes no new name
            return
        _remove_empty_home(aside, files)
        return
    _remove_empty_home(place, files)


def _remove_empty_home(place: HomeLayout, files: Files) -> None:
    """Delete a home of which only its own papers are left; the folder last."""
    own = {place.lock, place.journal, place.marker}
    if files.link(place.home) is not None or not files.is_folder(place.home):
        return
    if {place.at(name) for name in files.names(place.home)} <= own:
        for path in (place.lock, place.journal, place.marker):
            files.remove(path)
        files.remove_empty(place.home)
