"""Move one chosen leftover into the quarantine on its own volume; nothing is deleted, it can be put
back.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from app.model.errors import BadInput, ExpectedError
from app.model.event import What
from app.model.plan import Quarantine
from app.steps.children import say
from app.steps.site import Site

_NOTE = "from.json"


def done(step: Quarantine, site: Site) -> str | None:
    """Found when nothing lies at that path any more."""
    return None if site.world.files.exists(step.path) else f"Nothing lies at {step.path}."


def run(step: Quarantine, site: Site) -> Iterator[What]:
    """Rename the folder or file into ``quarantine/NNN/`` under home, or beside it where home is on
    another volume.

    A rename moves no bytes, so it is quick and cannot break in the middle.
    """
    if not step.path.strip() or step.path == site.place.folder_of(step.path):
        raise BadInput(
            f"{step.path!r} cannot be moved away; expected a folder or file that the survey listed."
        )
    shelf = _shelf(step.path, site)
    site.record("moved", {"path": step.path, "to": shelf})
    site.world.files.write(
        site.place.join(shelf, _NOTE),
        msgspec.json.encode({"path": step.path, "at": site.world.clock.now()}),
    )
    try:
        site.world.files.move(step.path, site.place.join(shelf, "content"))
    except ExpectedError:
        site.world.files.remove(shelf)  # nothing lies on it
        site.world.files.remove_empty(site.place.folder_of(shelf))
        raise
    yield say(f"{step.path} moved to {shelf}; “put back” returns it")


def shelves(site: Site, elsewhere: tuple[str, ...] = ()) -> tuple[tuple[str, str], ...]:
    """Everything in quarantine: its shelf's folder and the path it came from. ``elsewhere`` are
    shelves on other volumes.
    """
    base = site.place.quarantine
    folders = (
        *(site.place.join(base, name) for name in site.world.files.names(base) if name.isdigit()),
        *elsewhere,
    )
    found = []
    for folder in dict.fromkeys(folders):
        path = _origin(folder, site)
        if path is not None and site.world.files.exists(site.place.join(folder, "content")):
            found.append((folder, path))
    return tuple(found)


def put_back(shelf: str, site: Site) -> str:
    """Return one quarantined thing to where it was. Raises ``BadInput`` when something else lies
    there now.
    """
    path = _origin(shelf, site)
    if path is None:
        raise BadInput(f"{shelf} is no quarantined item; expected a folder with the file {_NOTE}.")
    if site.world.files.exists(path):
        raise BadInput(f"{path} exists again, so the quarantined one stays where it is: {shelf}.")
    site.record("moved", {"path": site.place.join(shelf, "content"), "to": path})
    site.world.files.move(site.place.join(shelf, "content"), path)
    site.world.files.remove(shelf)
    site.world.files.remove_empty(site.place.folder_of(shelf))
    return path


def _origin(shelf: str, site: Site) -> str | None:
    """Where the thing on a shelf came from; ``None`` where no note says so that can be read."""
    note = site.world.files.read(site.place.join(shelf, _NOTE))
    try:
        return None if note is None else msgspec.json.decode(note, type=dict[str, str]).get("path")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _shelf(path: str, site: Site) -> str:
    """A fresh folder on the volume of ``path``."""
    home, own = site.world.files.disk(site.place.home), site.world.files.disk(path)
    same = home is not None and own is not None and home.root == own.root
    base = (
        site.place.quarantine
        if same
        else site.place.join(site.place.folder_of(path), ".unsloth-setup-quarantine")
    )
    number = 1 + max((int(n) for n in site.world.files.names(base) if n.isdigit()), default=0)
    return site.place.join(base, f"{number:03d}")
