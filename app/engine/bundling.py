"""A folder with everything that a profile needs on a machine without internet, and its check."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import msgspec

from app import __version__
from app.engine import bundled_models, home_folder
from app.engine.bundled_program import pack_papers, pack_program, pack_python
from app.model.bundled_model import BundledModel
from app.model.encoding import encode
from app.model.errors import InputError
from app.model.event import AnyPayload, Finished, Line, Started, StepEvent
from app.model.home_layout import HomeLayout
from app.model.llama_cpp import LlamaCpp
from app.model.message import Message
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
    """The list of a bundle, ``bundle/1``. ``profile`` is the first of ``profiles``, which may be empty
    where there is one alone; ``kernels`` are the sets of Jupyter's packages. ``python`` is empty where
    no interpreter could be packed; ``notes`` say why.

    It is written first, without files and not ``finished``, so that a folder that is being filled
    can be told from any other.
    """

    schema: str = "bundle/1"
    program: str
    profile: str
    profiles: tuple[str, ...] = ()
    kernels: tuple[str, ...] = ()
    models: tuple[BundledModel, ...] = ()
    platform: Platform
    python: str = ""
    finished: bool = True
    files: tuple[BundledFile, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All profiles that are in it."""
        return self.profiles or (self.profile,)


def bundle(
    wanted: Sequence[Profile],
    platform: Platform,
    target: str,
    site: StepContext,
    kernels: Sequence[Profile] = (),
    update: bool = False,
    models: Sequence[str] = (),
    environment: str | None = None,
    llama_cpp: LlamaCpp | None = None,
) -> Iterator[StepEvent]:
    """Fetch the profiles' files for a platform, pack an interpreter where possible, write the list
    with hashes, and beside it licences and bills of materials.

    The platform and the card need not be this machine's. ``update`` adds to a bundle that is there:
    what it has is not fetched again, and files that no lock of its profiles names any more go.
    ``models`` are names or folders; one that is not here is fetched by the client of ``environment``.
    With models goes what exports them as GGUF. Raises ``ExpectedError`` as fetching does.
    """
    profiles = list(wanted)
    there = _files_there(target, site) if update else None
    if there is not None:
        named = [*profiles, *kernels]
        profiles += [
            _find_known(one, site) for one in there.names if one not in _profile_ids(named)
        ]
        kernels = [
            *kernels,
            *(_find_known(o, site) for o in there.kernels if o not in _profile_ids(named)),
        ]
    for one in profiles:
        if not any(p.platform == platform for p in one.parts):
            raise InputError(
                Message(
                    "The profile {profile} has no lock for {platform}; expected one of its systems.",
                    profile=one.id,
                    platform=platform,
                )
            )
    bundled_models.check_wanted(models, environment, site)
    # What is made there is the user's, and no effect on this computer that uninstalling would take
    # back.
    site = replace(site, record=lambda *_: None)
    own = replace(site, place=HomeLayout(target, site.place.family), platform=platform)
    begun = Bundle(
        program=__version__,
        profile=profiles[0].id,
        profiles=_profile_ids(profiles) if len(profiles) > 1 else (),
        kernels=_profile_ids(kernels),
        platform=platform,
        finished=False,
    )
    before = _take_folder(begun, own, update)
    kept = before.models if before is not None else ()
    clock = site.system.clock
    began = clock.monotonic()

    def at(step: str, what: AnyPayload) -> StepEvent:
        return StepEvent(at=clock.monotonic() - began, step=step, what=what)

    for one in (*profiles, *kernels):
        for part in (p for p in one.parts if p.platform == platform):
            step = FetchWheels(
                id=f"fetch-{part.id}",
                title=part.title,
                profile=one.id,
                part=part.id,
                index=part.index,
            )
            yield at(step.id, Started(title=part.title))
            if fetch_wheels.done(step, own) is None:
                for what in fetch_wheels.run(step, own, unpack=False):
                    yield at(step.id, what)
            yield at(step.id, Finished())
    # Loads the report's rooms (0.1 s), which no other command than packing needs here.
    from app.engine.bundled_contents import pack_contents

    notes: list[str] = []
    program: list[str] = []
    packed: list[BundledModel] = []
    pythons = tuple(dict.fromkeys(one.python for one in profiles))
    stages: list[tuple[str, str, Iterator[AnyPayload]]] = [
        (
            "papers",
            "Locks and checks",
            pack_papers((*profiles, *kernels), platform, own.place, site),
        ),
        (
            "program",
            "This program",
            pack_program(pythons[0], platform, own.place, site, program),
        ),
        *(
            ("python", f"Python {python}", pack_python(python, platform, own.place, site, notes))
            for python in pythons
        ),
        (
            "contents",
            "Licences and bills of materials",
            pack_contents((*profiles, *kernels), platform, own.place, site, program),
        ),
    ]
    if models:
        packing = bundled_models.pack_models(models, environment, own.place, site, packed)
        stages.append(("models", Message("Models"), packing))
    if llama_cpp is not None and llama_cpp.sha256 and (models or kept):
        archive = own.place.wheel(llama_cpp.file)
        if not site.system.files.exists(archive):
            bringing = bundled_models.bring_converter(llama_cpp, archive, pythons[0], site, program)
            stages.append(("llama-cpp", Message("llama.cpp's converter, for exports"), bringing))
    for name, title, stage in stages:
        yield at(name, Started(title=title))
        for what in stage:
            yield at(name, what)
        yield at(name, Finished())
    for note in (*program, *notes):
        yield at("python", say(note))
    yield at("list", Started(title=Message("List with hashes")))
    if there is not None:
        spared = {llama_cpp.file} if llama_cpp is not None and (packed or kept) else set()
        _drop_unnamed(there, (*profiles, *kernels), own, spared)
    for made_beside in (own.place.cache, own.place.at("work")):
        site.system.files.remove(made_beside)
    for name in site.system.files.names(own.place.at("locks")):
        if name.endswith((".asked.txt", ".pages.txt")):
            site.system.files.remove(own.place.at("locks", name))
    made = msgspec.structs.replace(
        begun,
        finished=True,
        models=(*(one for one in kept if one.name not in {m.name for m in packed}), *packed),
        notes=(*program, *notes),
        python="" if notes else pythons[0],
        files=tuple(_list_files(target, own.place, site.system.files)),
    )
    site.system.files.write(own.place.at(MANIFEST), msgspec.json.format(encode(made), indent=1))
    site.system.files.share(target)
    size = sum(f.size for f in made.files)
    yield at(
        "list",
        Line(text=f"{len(made.files)} files, {size:,} bytes, listed in {MANIFEST}\n".encode()),
    )
    yield at("list", Finished())


def _profile_ids(profiles: Sequence[Profile]) -> tuple[str, ...]:
    return tuple(one.id for one in profiles)


def _find_known(profile: str, site: StepContext) -> Profile:
    found = site.profiles.get(profile)
    if found is None:
        raise InputError(
            Message(
                "The bundle holds {profile}, which this program does not know; make a new bundle.",
                profile=profile,
            ),
        )
    return found


def _files_there(target: str, site: StepContext) -> Bundle:
    """The bundle that is to be updated, and nothing added to it. Raises ``InputError``."""
    place = HomeLayout(target, site.place.family)
    there = read(target, place, site.system.files)
    if there.finished:
        _refuse_added_files(there, target, place, site.system.files)
    return there


def _drop_unnamed(
    there: Bundle, profiles: Sequence[Profile], own: StepContext, spared: set[str]
) -> None:
    """Remove the wheels of the bundle's list that no lock of its profiles names any more."""
    files, place = own.system.files, own.place
    named: set[str] = set(spared)
    for one in profiles:
        for part in (p for p in one.parts if p.platform == own.platform):
            step = FetchWheels(id="", title="", profile=one.id, part=part.id, index=part.index)
            named |= fetch_wheels.recorded_files(step, own)
    for listed in there.files:
        folder, _, name = listed.path.partition("/")
        if folder == "wheels" and name not in named:
            files.remove(place.wheel(name))


def _take_folder(begun: Bundle, own: StepContext, update: bool) -> Bundle | None:
    """Take the folder: a new or empty one, or this very bundle's, which is told. Raises ``InputError``
    for any other: parts of it are deleted.
    """
    target, files, there = own.place.home, own.system.files, None
    if files.exists(target) and not files.is_folder(target):
        raise InputError(
            Message(
                "{target} is no folder; expected a new or empty one for the bundle.", target=target
            )
        )
    refused = place_refused(own.system, own.place)
    if refused is not None:
        raise InputError(home_folder.explain_refusal(refused, target, own.place))
    if files.names(target):
        if not files.exists(own.place.at(MANIFEST)):
            raise InputError(
                Message(
                    "The folder {target} is not empty and holds no bundle; expected a new or "
                    "empty one, such as {at}.",
                    target=target,
                    at=own.place.at("bundle"),
                )
            )
        there = read(target, own.place, files)
        same = (there.names, there.kernels) == (begun.names, begun.kernels)
        if there.platform != begun.platform or not (same or update):
            raise InputError(
                Message(
                    "The folder {target} holds a bundle of {names} for {platform}; expected a "
                    "new or empty one, such as {at}.",
                    target=target,
                    names=", ".join(there.names),
                    platform=there.platform,
                    at=own.place.at("bundle"),
                ),
                hint=Message("--update adds profiles to a bundle of the same system."),
            )
        if there.finished:  # else its files are not listed yet, and all there came by filling it
            _refuse_added_files(there, target, own.place, files)
    if there is not None:  # its models stay known while the folder is being filled
        begun = msgspec.structs.replace(begun, models=there.models)
    files.write(own.place.at(MANIFEST), encode(begun))
    return there


def read(target: str, place: HomeLayout, files: Files) -> Bundle:
    """The list of a bundle. Raises ``InputError`` where that is none, or names a place outside of it."""
    data = files.read(place.join(target, MANIFEST))
    if data is None:
        raise InputError(
            Message(
                "{target} is no bundle; expected a folder with the file {list}.",
                target=target,
                list=MANIFEST,
            )
        )
    try:
        made = msgspec.json.decode(data, type=Bundle)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(
            Message(
                "The list {list} in {target} cannot be read: {error}.",
                list=MANIFEST,
                target=target,
                error=error,
            )
        ) from error
    for listed in made.files:
        if (
            ".." in listed.path.split("/")
            or listed.path.startswith("/")
            or ":" in listed.path
            or "\\" in listed.path
        ):
            raise InputError(
                Message(
                    "The list {list} names {path}; expected paths inside the bundle.",
                    list=MANIFEST,
                    path=repr(listed.path),
                )
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
            Message(
                "The bundle {target} was not finished; run the command bundle for it again.",
                target=target,
            )
        )
    here = {_relative_path(path, target, place): size for path, size in files.walk(target)}
    for listed in made.files:
        path = place.join(target, *listed.path.split("/"))
        if listed.path not in here:
            raise InputError(
                Message(
                    "{path} is missing from the bundle {target}; copy it again.",
                    path=listed.path,
                    target=target,
                )
            )
        same = files.link(path) == listed.link and (
            listed.link is not None
            or (
                here[listed.path] == listed.size
                and (not hashed(listed.path) or files.sha256(path) == listed.sha256)
            )
        )
        if not same:
            raise InputError(
                Message(
                    "{path} in the bundle {target} differs from its list; copy it again.",
                    path=listed.path,
                    target=target,
                )
            )
    _refuse_added_files(made, target, place, files)
    return made


def _refuse_added_files(made: Bundle, target: str, place: HomeLayout, files: Files) -> None:
    """Raises ``InputError`` naming a file that is not in the bundle's list."""
    known = {MANIFEST, *(listed.path for listed in made.files)}
    for path, _ in files.walk(target):
        name = _relative_path(path, target, place)
        if name not in known and "__pycache__" not in name.split(
            "/"
        ):  # written by the bundle's own Python where that is used
            raise InputError(
                Message(
                    "{name} in the bundle {target} is not in its list; take it away, or copy "
                    "the bundle again.",
                    name=name,
                    target=target,
                )
            )


def usable(target: str, profile: str, place: HomeLayout, files: Files) -> None:
    """Whether this home can be set up from a bundle: of that profile and system, whole, and its
    Python as listed.

    Its wheels are compared with the lock when they are taken. Raises ``InputError``.
    """
    made = check(target, place, files, hashed=lambda path: path.startswith("python/"))
    if profile not in made.names or made.platform != place.family:
        raise InputError(
            Message(
                "The bundle {target} is of {names} for {platform}; expected one of "
                "{profile} for {family}.",
                target=target,
                names=", ".join(made.names),
                platform=made.platform,
                profile=profile,
                family=place.family,
            )
        )


def _list_files(target: str, place: HomeLayout, files: Files) -> Iterator[BundledFile]:
    for path, size in files.walk(target):
        name, link = _relative_path(path, target, place), files.link(path)
        if name != MANIFEST:
            yield BundledFile(
                path=name,
                size=size,
                sha256="" if link is not None else files.sha256(path),
                link=link,
            )


def _relative_path(path: str, target: str, place: HomeLayout) -> str:
    return path[len(place.join(target, "x")) - 1 :].replace("\\", "/")
