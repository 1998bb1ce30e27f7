"""Brings the files of one lock into the wheelhouse.

uv looks up the addresses, the web adapter fetches, the lock's hashes decide.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from pathlib import PurePath, PurePosixPath, PureWindowsPath

import msgspec

from app.decide.plans.pylock import LockedFile, Pin, add_hashes, canonical, choose_files, parse_pins
from app.decide.plans.uv_errors import explain_uv_error
from app.model import limits
from app.model.encoding import encode
from app.model.errors import ExpectedError, InputError
from app.model.event import AnyPayload, Progress
from app.model.message import Message
from app.model.plan import FetchWheels
from app.model.profile import Part
from app.model.value import Value
from app.ports import Download
from app.steps.background import Background
from app.steps.child_environment import child_environment
from app.steps.index_lookup import Index, ask, indexes
from app.steps.removing import claim, not_ours
from app.steps.step_context import StepContext
from app.steps.subprocesses import say
from app.steps.unpacking import begin

_LARGE = 16_000_000  # bytes of a file that is worth being looked up before the others
_MANY = 8  # others that make it worth a second asking
_DOUBTFUL = ("package_missing", "version_missing", "captive_portal", "resolve_failed")


class Fetched(Value, frozen=True, kw_only=True):
    """One file that was fetched and found right; ``stamp`` is its size and time then, so that it
    need not be hashed again.
    """

    file: str
    sha256: str
    stamp: str


class FetchRecord(Value, frozen=True, kw_only=True):
    """What was fetched for a lock; ``lock`` is the text it was made from."""

    lock: str
    files: tuple[Fetched, ...]


def done(step: FetchWheels, site: StepContext) -> str | None:
    """Found when every file of the lock is in the wheelhouse with its hash (hashed again where size
    or time has changed).
    """
    part = part_of(step, site)
    record = _read_record(step, site)
    if (
        record is None
        or record.lock != part.requirements
        or len(record.files) != len(parse_pins(part.requirements))
    ):
        return None
    seen = []
    for one in record.files:
        path = site.place.wheel(one.file)
        stamp = site.system.files.stamp(path)
        if stamp is None or (stamp != one.stamp and site.system.files.sha256(path) != one.sha256):
            return None
        seen.append(Fetched(file=one.file, sha256=one.sha256, stamp=stamp))
    if (
        tuple(seen) != record.files
    ):  # hashed again, for example after a restart of the computer: need not be done twice
        site.system.files.write(
            _record_path(step, site),
            encode(FetchRecord(lock=record.lock, files=tuple(seen))),
        )
    count = len(record.files)
    if count == 1:
        return Message("1 file of the lock is in the wheelhouse.")
    return Message("{count} files of the lock are in the wheelhouse.", count=count)


def run(step: FetchWheels, site: StepContext, *, unpack: bool = True) -> Iterator[AnyPayload]:
    """``uv pip compile LOCK --no-deps --format pylock.toml`` for the addresses, then HTTP ranges
    into the wheelhouse.

    ``unpack``: uv unpacks the files into its cache while they come (see ``unpacking``).
    """
    part = part_of(step, site)
    wanted = parse_pins(part.requirements)
    for folder in (site.place.wheels, site.place.at("locks"), site.place.cache):
        if not site.system.files.is_folder(folder):
            site.record("made", {"path": folder})
            site.system.files.make_folder(folder)
    site.system.web.use(site.sources)
    first, rest = _split_large_and_small(part, wanted)
    found = list((yield from _look_up_addresses(step, part, first, site)))
    later = Background(_look_up_addresses(step, part, rest, site, "-rest")) if rest else None
    yield from _explain_hashes(found)
    unpacking = begin(site, site.profiles[step.profile].python) if unpack else None

    def taken(choose_files: Sequence[LockedFile], *, first: bool) -> list[Download]:
        downloads = [_to_download(one, part, site) for one in choose_files]
        for download in downloads:
            _check_target(download, site)
        if unpacking is not None:
            unpacking.add(choose_files, downloads, at_once=first)
        return downloads

    def more() -> list[Download] | None:
        choose_files = later.result() if later is not None else ()
        found.extend(choose_files or ())
        return None if choose_files is None else taken(choose_files, first=False)

    whole = False
    try:
        feeder = unpacking.feeder if unpacking else None
        for arrived in site.system.web.fetch(
            taken(found, first=True), feeder, more if later is not None else None
        ):
            yield from later.passed_on() if later is not None else ()
            if unpacking is not None:
                unpacking.update_rate(arrived.rate)
            if arrived.note:
                yield say(arrived.note)
            yield Progress(
                done=arrived.done,
                total=arrived.total,
                unit="bytes",
                rate=arrived.rate,
                note=arrived.file,
            )
        whole = True
    finally:
        if unpacking is not None:
            (unpacking.complete if whole else unpacking.give_up)()
        if later is not None and not whole:
            later.wait(2.0)
    if later is not None:
        yield from _explain_hashes(later.result() or ())
    _save_record(step, part, found, site)


def _check_target(download: Download, site: StepContext) -> None:
    """Raises ``ExpectedError('not-ours')`` where a file of somebody else's would be replaced; in a
    folder of somebody else's each new file is written down.
    """
    claim(download.target, site)
    there = site.system.files.exists(download.target) and not site.ours(download.target)
    if there and site.system.files.sha256(download.target) not in download.sha256:
        raise not_ours(download.target)


def _explain_hashes(found: Sequence[LockedFile]) -> Iterator[AnyPayload]:
    for one in found:
        if one.published:
            explanation = (
                "the index's own hash is taken"
                if one.sha256
                else "neither has the index: only its name is checked"
            )
            yield say(
                f"{one.name} {one.version}: the lock has no hash for this file; {explanation}"
            )


def _split_large_and_small(
    part: Part, wanted: dict[str, Pin]
) -> tuple[dict[str, Pin], dict[str, Pin]]:
    """The large files, which are looked up first so that fetching begins, and the many others; all
    first where few are large.

    Source: looking up 60 files took 0.27 s, of which fetching 263 MB took 0.7 s on the same index.
    """
    sizes = {canonical(w.name): w.size or 0 for w in part.wheels}
    large = {n: pin for n, pin in wanted.items() if sizes.get(n, 0) >= _LARGE}
    rest = {n: pin for n, pin in wanted.items() if n not in large}
    return (large, rest) if large and len(rest) >= _MANY else (wanted, {})


def read_fetched(profile: str, part: Part, site: StepContext) -> tuple[Fetched, ...] | None:
    """The part's files in the wheelhouse, as they were recorded when they were fetched for this
    very lock.
    """
    record = _read_record(FetchWheels(id="", title="", profile=profile, part=part.id), site)
    return record.files if record is not None and record.lock == part.requirements else None


def part_of(step: FetchWheels, site: StepContext) -> Part:
    """The profile's part for this system that the step fetches. Raises ``InputError`` where the plan
    names none.
    """
    for part in site.profiles[step.profile].parts if step.profile in site.profiles else ():
        if part.platform == (site.platform or site.place.family) and part.id == step.part:
            return part
    raise InputError(
        Message(
            "The plan names the part {part} of {profile}, which is not there for this system.",
            part=step.part,
            profile=step.profile,
        )
    )


def _look_up_addresses(
    step: FetchWheels, part: Part, wanted: dict[str, Pin], site: StepContext, share: str = ""
) -> Generator[AnyPayload, None, tuple[LockedFile, ...]]:
    """Look where the files are: the user's own folders first where they can hold a whole part, then
    the index.
    """
    *others, last = indexes(step.index, site)
    _require_tls(part, wanted, last, site)
    stem = f"{step.profile}-{part.id}{share}"
    yield say(f"Looking up {len(wanted)} files of {part.title} on {last.name}")
    python = site.profiles[step.profile].python
    for index in others:
        try:
            text = yield from ask(stem, python, part, wanted, index, site)
            return _choose_files(text, wanted, part, step, site)
        except ExpectedError as error:
            yield say(f"Not in {index.name} ({error.message}); asking {last.name}")
    try:
        text = yield from ask(stem, python, part, wanted, last, site)
    except ExpectedError as error:
        if error.code != "child-failed":
            raise
        named = explain_uv_error(error.details, last.address)
        raise (_find_true_cause(named, wanted, last, site) or named) from error
    return _choose_files(text, wanted, part, step, site)


def _require_tls(part: Part, wanted: dict[str, Pin], index: Index, site: StepContext) -> None:
    """Where the index's own hashes will count, its pages must come over TLS to the end: uv would
    follow a way that leaves it.
    """
    for name in (canonical(n) for n in part.unhashed):
        if name in wanted and index.address and index.address.startswith("http"):
            found = site.system.web.examine(f"{index.address.rstrip('/')}/{name}/", limits.PAGE)
            if found is not None and found.code == "address_unsafe":
                raise found


def _find_true_cause(
    named: ExpectedError, wanted: dict[str, Pin], index: Index, site: StepContext
) -> ExpectedError | None:
    """What really stands behind "not found": uv takes a refusal or a sign-in page for an index that
    lacks the package.
    """
    if named.code not in _DOUBTFUL or site.sources.offline:
        return None
    name = next((n for n in wanted if n in named.message), next(iter(wanted)))
    for address in (index.address or _default_index(site), *site.sources.extra_indexes):
        if address and address.startswith("http"):
            found = site.system.web.examine(f"{address.rstrip('/')}/{name}/", limits.PAGE)
            if found is not None and found.code != "file_missing":
                return found
    return None


def _default_index(site: StepContext) -> str | None:
    """uv's own default index, as uv tells it for an empty list."""
    empty = site.place.at("locks", "empty.txt")
    site.system.files.write(empty, b"")
    answer = site.system.processes.capture(
        [site.system.computer.uv(), "pip", "compile", empty, "--quiet", "--emit-index-url"],
        limits.UV_ANSWER,
        child_environment(site) | {"UV_OFFLINE": "1"},
    )
    site.system.files.remove(empty)
    return next(
        (line.split()[1] for line in answer.out.splitlines() if line.startswith("--index-url ")),
        None,
    )


def _choose_files(
    text: str, wanted: dict[str, Pin], part: Part, step: FetchWheels, site: StepContext
) -> tuple[LockedFile, ...]:
    return choose_files(
        text,
        wanted,
        site.profiles[step.profile].python,
        part.platform,
        part.unhashed,
        _local_folders(site),
    )


def _to_download(one: LockedFile, part: Part, site: StepContext) -> Download:
    """The file as the web adapter takes it. A missing size is asked for, so that the bar knows its
    end; how large it can be says the lock.
    """
    size = one.size if one.size is not None else site.system.web.size(one.url)
    return Download(
        url=one.url,
        target=site.place.wheel(one.file),
        sha256=one.sha256,
        size=size,
        most=_largest_size(one, part),
    )


def _largest_size(one: LockedFile, part: Part) -> int | None:
    """What the lock says of this file's size, a quarter more (some figures are estimates); ``None``
    where it knows another file of the package.
    """
    size = next((w.size for w in part.wheels if w.file == one.file), None)
    return None if size is None else size + size // 4 + (1 << 20)


def _save_record(
    step: FetchWheels, part: Part, found: Sequence[LockedFile], site: StepContext
) -> None:
    """Note what is there, and write the lock again with the hashes that the index published."""
    read_fetched, published = [], {}
    for one in found:
        path = site.place.wheel(one.file)
        sha256 = one.sha256[0] if len(one.sha256) == 1 else site.system.files.sha256(path)
        read_fetched.append(
            Fetched(file=one.file, sha256=sha256, stamp=site.system.files.stamp(path) or "")
        )
        if one.published:
            published[one.name] = sha256
    if part.unhashed:
        site.system.files.write(
            site.place.at("locks", f"{step.profile}-{part.id}.txt"),
            add_hashes(part.requirements, published).encode(),
        )
    site.system.files.write(
        _record_path(step, site),
        encode(FetchRecord(lock=part.requirements, files=tuple(read_fetched))),
    )


def recorded_files(step: FetchWheels, site: StepContext) -> set[str]:
    """The names of the files that a part's last fetch brought or found."""
    record = _read_record(step, site)
    return set() if record is None else {one.file for one in record.files}


def _record_path(step: FetchWheels, site: StepContext) -> str:
    return site.place.at("locks", f"{step.profile}-{step.part}.fetched.json")


def _read_record(step: FetchWheels, site: StepContext) -> FetchRecord | None:
    raw = site.system.files.read(_record_path(step, site))
    try:
        return None if raw is None else msgspec.json.decode(raw, type=FetchRecord)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _local_folders(site: StepContext) -> tuple[str, ...]:
    """Folders of this computer that files may come from, as ``file://`` addresses."""
    flavour: type[PurePath] = PureWindowsPath if site.place.family == "windows" else PurePosixPath
    sources = site.sources
    folders = list(sources.find_links)
    if sources.offline:
        folders.append(site.place.join(sources.offline, "wheels"))
    # A local index keeps its pages in one folder ("simple") and often its files in another beside
    # it.
    folders += [
        one.rstrip("/").rpartition("/")[0]
        for one in (sources.index or "", *sources.extra_indexes)
        if one.startswith("file://")
    ]
    roots = []
    for folder in folders:
        if folder.startswith("file://"):
            roots.append(folder)
        elif "://" not in folder and flavour(folder).is_absolute():
            roots.append(
                "file://"
                + ("/" if site.place.family == "windows" else "")
                + flavour(folder).as_posix()
            )
    return tuple(roots)
