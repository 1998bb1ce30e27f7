"""Move one chosen leftover into the quarantine on its own volume.

Nothing is deleted, it can be put back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from app.model.encoding import encode
from app.model.errors import ExpectedError, InputError
from app.model.event import AnyPayload
from app.model.home_layout import HomeLayout
from app.model.message import Message
from app.model.plan import Quarantine
from app.ports import Files
from app.steps.step_context import StepContext
from app.steps.subprocesses import say

_NOTE = "from.json"
_BESIDE = ".unsloth-setup-quarantine"  # where home is on another volume


def done(step: Quarantine, site: StepContext) -> str | None:
    """Found when nothing lies at that path any more."""
    return (
        None
        if site.system.files.exists(step.path)
        else Message("Nothing lies at {path}.", path=step.path)
    )


def run(step: Quarantine, site: StepContext) -> Iterator[AnyPayload]:
    """Rename the folder or file into ``quarantine/NNN/`` under home, or beside it where home is on
    another volume.

    A rename moves no bytes, so it is quick and cannot break in the middle.
    """
    if not step.path.strip() or step.path == site.place.folder_of(step.path):
        raise InputError(
            Message(
                "{path} cannot be moved away; expected a folder or file that the survey listed.",
                path=repr(step.path),
            )
        )
    shelf = _make_shelf(step.path, site)
    site.record("moved", {"path": step.path, "to": shelf})
    site.system.files.write(
        site.place.join(shelf, _NOTE),
        encode({"path": step.path, "at": site.system.clock.now()}),
    )
    try:
        site.system.files.move(step.path, site.place.join(shelf, "content"))
    except ExpectedError:
        _remove_empty_shelf(shelf, site.system.files, site.place)  # nothing lies on it
        raise
    yield say(f"{step.path} moved to {shelf}; “put back” returns it")


def sweep(files: Files, place: HomeLayout, moved: Sequence[str]) -> None:
    """Take away shelves that a killed run left without anything on them. ``moved`` are the targets of
    what the journal lists as moved.
    """
    for shelf in dict.fromkeys(moved):
        base = place.folder_of(shelf)
        ours = base == place.quarantine or place.join(place.folder_of(base), _BESIDE) == base
        if ours and shelf[len(base) + 1 :].isdigit() and files.is_folder(base):
            _remove_empty_shelf(shelf, files, place)


def _remove_empty_shelf(shelf: str, files: Files, place: HomeLayout) -> None:
    """Remove an empty shelf, and the folder of shelves where it was the last."""
    if files.link(shelf) is None and set(files.names(shelf)) <= {_NOTE, f".{_NOTE}.tmp"}:
        for name in files.names(shelf):
            files.remove(place.join(shelf, name))
        files.remove_empty(shelf)
        files.remove_empty(place.folder_of(shelf))


def shelves(site: StepContext, elsewhere: tuple[str, ...] = ()) -> tuple[tuple[str, str], ...]:
    """Everything in quarantine: its shelf's folder and the path it came from. ``elsewhere`` are
    shelves on other volumes.
    """
    base = site.place.quarantine
    folders = (
        *(site.place.join(base, name) for name in site.system.files.names(base) if name.isdigit()),
        *elsewhere,
    )
    found = []
    for folder in dict.fromkeys(folders):
        path = _read_origin(folder, site)
        if path is not None and site.system.files.exists(site.place.join(folder, "content")):
            found.append((folder, path))
    return tuple(found)


def put_back(shelf: str, site: StepContext) -> str:
    """Return one quarantined thing to where it was. Raises ``InputError`` when something else lies
    there now.
    """
    path = _read_origin(shelf, site)
    if path is None:
        raise InputError(
            Message(
                "{shelf} is no quarantined item; expected a folder with the file {file}.",
                shelf=shelf,
                file=_NOTE,
            )
        )
    if site.system.files.exists(path):
        raise InputError(
            Message(
                "{path} exists again, so the quarantined one stays where it is: {shelf}.",
                path=path,
                shelf=shelf,
            )
        )
    site.record("moved", {"path": site.place.join(shelf, "content"), "to": path})
    site.system.files.move(site.place.join(shelf, "content"), path)
    _remove_empty_shelf(shelf, site.system.files, site.place)
    return path


def _read_origin(shelf: str, site: StepContext) -> str | None:
    """Where the thing on a shelf came from; ``None`` where no note says so that can be read."""
    note = site.system.files.read(site.place.join(shelf, _NOTE))
    try:
        return None if note is None else msgspec.json.decode(note, type=dict[str, str]).get("path")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _make_shelf(path: str, site: StepContext) -> str:
    """A fresh folder on the volume of ``path``."""
    home, own = site.system.files.disk(site.place.home), site.system.files.disk(path)
    same = home is not None and own is not None and home.root == own.root
    base = site.place.quarantine if same else site.place.join(site.place.folder_of(path), _BESIDE)
    number = 1 + max((int(n) for n in site.system.files.names(base) if n.isdigit()), default=0)
    return site.place.join(base, f"{number:03d}")
