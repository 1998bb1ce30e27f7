"""A folder with everything that a profile needs on a machine without internet, and its check."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import msgspec

from app import __version__
from app.engine import home_folder
from app.engine.bundled_program import pack_papers, pack_program, pack_python
from app.model.errors import InputError
from app.model.event import AnyPayload, Finished, Line, Started, StepEvent
from app.model.home_layout import HomeLayout
from app.model.plan import FetchWheels
from app.model.profile import Platform, Profile
from app.model.value import Value
from app.ports import Files
from app.probe.home import place_refused
from app.steps import fetch_wheels
from app.steps.step_context import StepContext
from app.steps.subprocesses import say

MANIFEST = "bundle.json"


class BundledFile(Value, frozen=True, kw_only=True):
    """One file of a bundle: path below the folder with ``/``, bytes, SHA-256. Of a link only where
    it leads.
    """

    path: str
    size: int
    sha256: str
    link: str | None = None


class Bundle(Value, frozen=True, kw_only=True):
    """The list of a bundle, ``bundle/1``. ``python`` is empty where no interpreter could be packed;
    ``notes`` say why.

    It is written first, without files and not ``finished``, so that a folder that is being filled
    can be told from any other.
    """

    schema: str = "bundle/1"
    program: str
    profile: str
    platform: Platform
    python: str = ""
    finished: bool = True
    files: tuple[BundledFile, ...] = ()
    notes: tuple[str, ...] = ()


def bundle(
    profile: Profile, platform: Platform, target: str, site: StepContext
) -> Iterator[StepEvent]:
    """Fetch the profile's files for a platform, pack an interpreter where possible, write the list
    with hashes.

    The platform and the card need not be this machine's. Raises ``ExpectedError`` as fetching does.
    """
    parts = [p for p in profile.parts if p.platform == platform]
    if not parts:
        raise InputError(
            f"The profile {profile.id} has no lock for {platform}; expected one of its systems."
        )
    # What is made there is the user's, and no effect on this computer that uninstalling would take
    # back.
    site = replace(site, record=lambda *_: None)
    own = replace(site, place=HomeLayout(target, site.place.family), platform=platform)
    _begin(profile, platform, own)
    clock = site.system.clock
    began = clock.monotonic()

    def at(step: str, what: AnyPayload) -> StepEvent:
        return StepEvent(at=clock.monotonic() - began, step=step, what=what)

    for part in parts:
        step = FetchWheels(
            id=f"fetch-{part.id}",
            title=part.title,
            profile=profile.id,
            part=part.id,
            index=part.index,
        )
        yield at(step.id, Started(title=part.title))
        if fetch_wheels.done(step, own) is None:
            for what in fetch_wheels.run(step, own, unpack=False):
                yield at(step.id, what)
        yield at(step.id, Finished())
    notes: list[str] = []
    program: list[str] = []
    stages: tuple[tuple[str, str, Iterator[AnyPayload]], ...] = (
        ("papers", "Locks and checks", pack_papers(profile, platform, own.place, site)),
        (
            "program",
            "This program",
            pack_program(profile.python, platform, own.place, site, program),
        ),
        (
            "python",
            f"Python {profile.python}",
            pack_python(profile.python, platform, own.place, site, notes),
        ),
    )
    for name, title, stage in stages:
        yield at(name, Started(title=title))
        for what in stage:
            yield at(name, what)
        yield at(name, Finished())
    for note in (*program, *notes):
        yield at("python", say(note))
    yield at("list", Started(title="List with hashes"))
    for made_beside in (own.place.cache, own.place.at("work")):
        site.system.files.remove(made_beside)
    for name in site.system.files.names(own.place.at("locks")):
        if name.endswith((".asked.txt", ".pages.txt")):
            site.system.files.remove(own.place.at("locks", name))
    made = Bundle(
        program=__version__,
        profile=profile.id,
        platform=platform,
        notes=(*program, *notes),
        python="" if notes else profile.python,
        files=tuple(_listed(target, own.place, site.system.files)),
    )
    site.system.files.write(
        own.place.at(MANIFEST), msgspec.json.format(msgspec.json.encode(made), indent=1)
    )
    site.system.files.share(target)
    size = sum(f.size for f in made.files)
    yield at(
        "list",
        Line(text=f"{len(made.files)} files, {size:,} bytes, listed in {MANIFEST}\n".encode()),
    )
    yield at("list", Finished())


def _begin(profile: Profile, platform: Platform, own: StepContext) -> None:
    """Take the folder: a new or empty one, or this very bundle's. Raises ``InputError`` for any
    other: parts of it are deleted.
    """
    target, files = own.place.home, own.system.files
    if files.exists(target) and not files.is_folder(target):
        raise InputError(f"{target} is no folder; expected a new or empty one for the bundle.")
    refused = place_refused(own.system, own.place)
    if refused is not None:
        raise InputError(home_folder.sentence(refused, target, own.place))
    if files.names(target):
        if not files.exists(own.place.at(MANIFEST)):
            raise InputError(
                f"The folder {target} is not empty and holds no bundle; expected a new or empty "
                f"one, such as {own.place.at('bundle')}."
            )
        there = read(target, own.place, files)
        if (there.profile, there.platform) != (profile.id, platform):
            raise InputError(
                f"The folder {target} holds a bundle of {there.profile} for {there.platform}; "
                f"expected a new or empty one, such as {own.place.at('bundle')}."
            )
        if there.finished:  # else its files are not listed yet, and all there came by filling it
            _nothing_added(there, target, own.place, files)
    begun = Bundle(program=__version__, profile=profile.id, platform=platform, finished=False)
    files.write(own.place.at(MANIFEST), msgspec.json.encode(begun))


def read(target: str, place: HomeLayout, files: Files) -> Bundle:
    """The list of a bundle. Raises ``InputError`` where that is none, or names a place outside of it."""
    data = files.read(place.join(target, MANIFEST))
    if data is None:
        raise InputError(f"{target} is no bundle; expected a folder with the file {MANIFEST}.")
    try:
        made = msgspec.json.decode(data, type=Bundle)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"The list {MANIFEST} in {target} cannot be read: {error}.") from error
    for listed in made.files:
        if (
            ".." in listed.path.split("/")
            or listed.path.startswith("/")
            or ":" in listed.path
            or "\\" in listed.path
        ):
            raise InputError(
                f"The list {MANIFEST} names {listed.path!r}; expected paths inside the bundle."
            )
    return made


def check(
    target: str, place: HomeLayout, files: Files, hashed: Callable[[str], bool] = lambda _: True
) -> Bundle:
    """Compare a bundle with its list: nothing missing, changed or added. ``hashed`` says of which
    files the hash is looked at.

    Raises ``InputError`` naming the first file that is not as listed.
    """
    made = read(target, place, files)
    if not made.finished:
        raise InputError(
            f"The bundle {target} was not finished; run the command bundle for it again."
        )
    here = {_below(path, target, place): size for path, size in files.walk(target)}
    for listed in made.files:
        path = place.join(target, *listed.path.split("/"))
        if listed.path not in here:
            raise InputError(f"{listed.path} is missing from the bundle {target}; copy it again.")
        same = files.link(path) == listed.link and (
            listed.link is not None
            or (
                here[listed.path] == listed.size
                and (not hashed(listed.path) or files.sha256(path) == listed.sha256)
            )
        )
        if not same:
            raise InputError(
                f"{listed.path} in the bundle {target} differs from its list; copy it again."
            )
    _nothing_added(made, target, place, files)
    return made


def _nothing_added(made: Bundle, target: str, place: HomeLayout, files: Files) -> None:
    """Raises ``InputError`` naming a file that is not in the bundle's list."""
    known = {MANIFEST, *(listed.path for listed in made.files)}
    for path, _ in files.walk(target):
        name = _below(path, target, place)
        if name not in known and "__pycache__" not in name.split(
            "/"
        ):  # written by the bundle's own Python where that is used
            raise InputError(
                f"{name} in the bundle {target} is not in its list; take it away, or copy the "
                f"bundle again."
            )


def usable(target: str, profile: str, place: HomeLayout, files: Files) -> None:
    """Whether this home can be set up from a bundle: of that profile and system, whole, and its
    Python as listed.

    Its wheels are compared with the lock when they are taken. Raises ``InputError``.
    """
    made = check(target, place, files, hashed=lambda path: path.startswith("python/"))
    if (made.profile, made.platform) != (profile, place.family):
        raise InputError(
            f"The bundle {target} is of {made.profile} for {made.platform}; expected one of "
            f"{profile} for "
            f"{place.family}."
        )


def _listed(target: str, place: HomeLayout, files: Files) -> Iterator[BundledFile]:
    for path, size in files.walk(target):
        name, link = _below(path, target, place), files.link(path)
        if name != MANIFEST:
            yield BundledFile(
                path=name,
                size=size,
                sha256="" if link is not None else files.sha256(path),
                link=link,
            )


def _below(path: str, target: str, place: HomeLayout) -> str:
    return path[len(place.join(target, "x")) - 1 :].replace("\\", "/")
