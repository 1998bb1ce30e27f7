"""A folder with everything that a profile needs on a machine without internet, and its check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import msgspec

from app import __version__
from app.engine.bundled_program import pack_papers, pack_program, pack_python
from app.model.errors import BadInput
from app.model.event import Finished, Line, Started, StepEvent, What
from app.model.place import Place
from app.model.plan import FetchWheels
from app.model.profile import Platform, Profile
from app.model.value import Value
from app.ports import Files
from app.steps import fetch_wheels
from app.steps.children import say
from app.steps.site import Site

MANIFEST = "bundle.json"


class BundledFile(Value, frozen=True, kw_only=True):
    """One file of a bundle: path below the folder with ``/``, bytes, SHA-256."""

    path: str
    size: int
    sha256: str


class Bundle(Value, frozen=True, kw_only=True):
    """The list of a bundle, ``bundle/1``. ``python`` is empty where no interpreter could be packed; ``notes`` say why."""

    schema: str = "bundle/1"
    program: str
    profile: str
    platform: Platform
    python: str = ""
    files: tuple[BundledFile, ...] = ()
    notes: tuple[str, ...] = ()


def bundle(profile: Profile, platform: Platform, target: str, site: Site) -> Iterator[StepEvent]:
    """Fetch the profile's files for a platform, pack an interpreter where possible, write the list with hashes.

    The platform and the card need not be this machine's. Raises ``ExpectedError`` as fetching does.
    """
    parts = [p for p in profile.parts if p.platform == platform]
    if not parts:
        raise BadInput(f"The profile {profile.id} has no lock for {platform}; expected one of its systems.")
    own = replace(site, place=Place(target, site.place.family), platform=platform)
    clock = site.world.clock
    began = clock.monotonic()

    def at(step: str, what: What) -> StepEvent:
        return StepEvent(at=clock.monotonic() - began, step=step, what=what)

    for part in parts:
        step = FetchWheels(id=f"fetch-{part.id}", title=part.title, profile=profile.id, part=part.id, index=part.index)
        yield at(step.id, Started(title=part.title))
        if fetch_wheels.done(step, own) is None:
            for what in fetch_wheels.run(step, own, unpack=False):
                yield at(step.id, what)
        yield at(step.id, Finished())
    notes: list[str] = []
    program: list[str] = []
    stages: tuple[tuple[str, str, Iterator[What]], ...] = (
        ("papers", "Locks and checks", pack_papers(profile, platform, own.place, site)),
        ("program", "This program", pack_program(profile.python, platform, own.place, site, program)),
        ("python", f"Python {profile.python}", pack_python(profile.python, platform, own.place, site, notes)))
    for name, title, stage in stages:
        yield at(name, Started(title=title))
        for what in stage:
            yield at(name, what)
        yield at(name, Finished())
    for note in (*program, *notes):
        yield at("python", say(note))
    yield at("list", Started(title="List with hashes"))
    for made_beside in (own.place.cache, own.place.at("work")):
        site.world.files.remove(made_beside)
    for name in site.world.files.names(own.place.at("locks")):
        if name.endswith((".asked.txt", ".pages.txt")):
            site.world.files.remove(own.place.at("locks", name))
    made = Bundle(program=__version__, profile=profile.id, platform=platform, notes=(*program, *notes),
                  python="" if notes else profile.python, files=tuple(_listed(target, own.place, site.world.files)))
    site.world.files.write(own.place.at(MANIFEST), msgspec.json.format(msgspec.json.encode(made), indent=1))
    size = sum(f.size for f in made.files)
    yield at("list", Line(text=f"{len(made.files)} files, {size:,} bytes, listed in {MANIFEST}\n".encode()))
    yield at("list", Finished())


def check(target: str, place: Place, files: Files) -> Bundle:
    """Hash every file of a bundle against its list. Raises ``BadInput`` naming the first file that differs or is missing."""
    data = files.read(place.join(target, MANIFEST))
    if data is None:
        raise BadInput(f"{target} is no bundle; expected a folder with the file {MANIFEST}.")
    try:
        made = msgspec.json.decode(data, type=Bundle)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"The list {MANIFEST} in {target} cannot be read: {error}.") from error
    for listed in made.files:
        parts = listed.path.split("/")
        if ".." in parts or listed.path.startswith("/") or ":" in listed.path or "\\" in listed.path:
            raise BadInput(f"The list {MANIFEST} names {listed.path!r}; expected paths inside the bundle.")
        path = place.join(target, *parts)
        if not files.exists(path):
            raise BadInput(f"{listed.path} is missing from the bundle {target}; copy it again.")
        if files.size(path) != listed.size or files.sha256(path) != listed.sha256:
            raise BadInput(f"{listed.path} in the bundle {target} differs from its list; copy it again.")
    return made


def _listed(target: str, place: Place, files: Files) -> Iterator[BundledFile]:
    start = len(place.join(target, "x")) - 1
    for path, size in files.walk(target):
        name = path[start:].replace("\\", "/")
        if name != MANIFEST:
            yield BundledFile(path=name, size=size, sha256=files.sha256(path))
