"""Fetch llama.cpp's converter: a pinned source archive from the package index, checked by its hash."""

from __future__ import annotations

import tomllib
from collections.abc import Generator, Iterator
from pathlib import PurePosixPath, PureWindowsPath

from app.decide.plans.pylock import Pin, lookup_project
from app.decide.plans.uv_errors import explain_uv_error
from app.model import limits
from app.model.errors import ExpectedError
from app.model.event import AnyPayload, Progress
from app.model.llama_cpp import LlamaCpp
from app.model.message import Message, upper_first
from app.model.plan import FetchLlamaCpp
from app.model.profile import Platform
from app.ports import Download
from app.steps import provide_python
from app.steps.index_lookup import Index, indexes
from app.steps.removing import claim, take_away
from app.steps.step_context import StepContext
from app.steps.subprocesses import run_child, say

CONVERTER = "convert_hf_to_gguf.py"


def done(step: FetchLlamaCpp, site: StepContext) -> str | None:
    """Found when its folder is there: it gets its name last, with the version in it."""
    there = site.system.files.exists(site.place.join(step.target, CONVERTER))
    return f"llama.cpp of {step.part.package} {step.part.version} is here." if there else None


def run(step: FetchLlamaCpp, site: StepContext) -> Iterator[AnyPayload]:
    """The archive into the wheelhouse, what is wanted of it into a folder of its own, the archive
    away again. Raises ``ExpectedError``, ``StoppedError``.
    """
    files, place, part = site.system.files, site.place, step.part
    archive = place.wheel(part.file)
    yield from bring(part, archive, step.version, site)
    members = files.members(archive, lambda name: part.takes(name) is not None, limits.SOURCE_FILE)
    if f"{part.folder}/{CONVERTER}" not in members:
        raise ExpectedError(
            "archive-unreadable",
            Message(
                "{file} has the right hash, but {name} could not be read from it.",
                file=part.file,
                name=CONVERTER,
            ),
            hint=Message("Export again: the file is fetched once more."),
        )
    building = step.target + ".new"
    for old in (building, step.target):
        if left := take_away(old, files, site.record):
            yield say(left)
    site.record("made", {"path": place.tools})
    for name, data in members.items():
        path = part.takes(name)
        if path is not None:
            files.write(place.join(building, *path.split("/")), data)
    files.move(building, step.target)
    if site.sources.offline is None:
        take_away(archive, files, site.record)
    yield say(f"llama.cpp of {part.package} {part.version}: {len(members)} files, {step.target}")


def bring(part: LlamaCpp, target: str, version: str, site: StepContext) -> Iterator[AnyPayload]:
    """The archive at ``target``, its hash compared: from a folder of this computer that has it, else
    from the index. ``version`` is that of the Python with which uv looks it up.
    """
    files = site.system.files
    claim(target, site)
    folders = [site.place.join(site.sources.offline, "wheels")] if site.sources.offline else []
    flavour = PureWindowsPath if site.place.family == "windows" else PurePosixPath
    folders += [one for one in site.sources.find_links if flavour(one).is_absolute()]
    own = next((p for one in folders if files.exists(p := site.place.join(one, part.file))), None)
    if own is not None:
        url = site.place.address(own)
    elif site.sources.offline:
        raise ExpectedError(
            "no-llama-cpp",
            Message(
                "The bundle {folder} does not hold {file}, which GGUF needs.",
                folder=site.sources.offline,
                file=part.file,
            ),
            hint=Message(
                "A bundle that is made with --model holds it; or name your own copy with --llama-cpp."
            ),
        )
    else:
        url = yield from _look_up_address(part, version, site)
    site.system.web.use(site.sources)
    wanted = Download(url=url, target=target, sha256=(part.sha256,), size=part.size, most=part.size)
    for arrived in site.system.web.fetch([wanted]):
        if arrived.note:
            yield say(arrived.note)
        yield Progress(
            done=arrived.done,
            total=arrived.total,
            unit="bytes",
            rate=arrived.rate,
            note=arrived.file,
        )


def _look_up_address(
    part: LlamaCpp, version: str, site: StepContext
) -> Generator[AnyPayload, None, str]:
    """Where the index has the archive, by ``uv lock``: with its metadata given as none, nothing is
    built and no file is read.
    """
    index = indexes("default", site)[-1]
    files, folder = site.system.files, site.place.at("work", "lookup-llama-cpp")
    pin = Pin(name=part.package, version=part.version)
    family: Platform = "windows" if site.place.family == "windows" else "linux"
    python = provide_python.last_found(version, site) or provide_python.find(version, site)
    project = lookup_project({part.package: pin}, version, family)
    settings = site.place.join(folder, "uv.toml")
    files.remove(folder)
    files.write(site.place.join(folder, "pyproject.toml"), project.project.encode())
    files.write(settings, project.settings.encode())
    argv = (
        *(site.system.computer.uv(), "lock", "--quiet", "--project", folder, *index.arguments),
        # Of this package alone the source archive counts; nothing may be built (UV_NO_BUILD).
        *("--no-binary-package", part.package),
        *(("--python", python) if python else ()),
    )
    extra = {**index.env, "UV_PYTHON_DOWNLOADS": "never", "UV_CONFIG_FILE": settings}
    try:
        yield from run_child(
            site, argv, "Looking up llama.cpp", limit=limits.LOOKING_UP, extra=extra
        )
        lock = files.read(site.place.join(folder, "uv.lock")) or b""
    except ExpectedError as error:
        if error.code != "child-failed":
            raise
        raise explain_uv_error(error.details, index.address) from error
    finally:
        files.remove(folder)
    return _address(lock, part, index)


def _address(lock: bytes, part: LlamaCpp, index: Index) -> str:
    """The archive's address in a ``uv.lock``. Raises ``ExpectedError`` where there is none that may be
    taken: over the web with TLS, or a file of an index on this computer.
    """
    try:
        packages = tomllib.loads(lock.decode("utf-8")).get("package", [])
    except (ValueError, RecursionError):
        packages = []
    for package in packages:
        found = package.get("sdist") if isinstance(package, dict) else None
        if not isinstance(found, dict) or package.get("name") != part.package:
            continue
        url = str(found.get("url") or found.get("path") or "")
        local = (index.address or "").startswith("file://")
        if url.startswith(("https://", "http://")) or (local and url.startswith("file://")):
            return url
    raise ExpectedError(
        "package_missing",
        Message("{index} has no {file}.", index=upper_first(index.name), file=part.file),
        hint=Message("Choose another index, or name your own copy of llama.cpp with --llama-cpp."),
    )
