"""Ask uv where the files of a lock lie on the user's own index.

Where that tells no hashes, no file is fetched for it either.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from urllib.parse import urlsplit

from app.decide.plans.pylock import Pin, as_pylock, lookup_project, select_lines
from app.model import limits
from app.model.errors import ExpectedError, InputError
from app.model.event import AnyPayload
from app.model.message import Message
from app.model.profile import Part
from app.model.sources import unencrypted
from app.model.value import Value
from app.steps import provide_python
from app.steps.removing import claim
from app.steps.step_context import StepContext
from app.steps.subprocesses import run_child, say

_PLATFORMS = {"windows": "x86_64-pc-windows-msvc", "linux": "x86_64-manylinux_2_28"}
# uv's own words where it would have to fetch a whole file to know its hash
_NO_HASHES = "to compute missing hashes"


class Index(Value, frozen=True, kw_only=True):
    """One way to ask: variables for uv (addresses may hold passwords, so they never stand on a
    command line), arguments.

    ``tells_hashes``: nothing has to be fetched to know a file's hash, as on uv's default index and
    in folders of this computer.
    """

    name: str
    address: str | None
    env: dict[str, str]
    arguments: tuple[str, ...] = ()
    tells_hashes: bool = False


def indexes(wanted: str, site: StepContext) -> list[Index]:
    """Whom to ask for a part, in order: the user's own folders where they can hold all of it, then
    the index.

    Raises ``InputError`` for a setting that is no address, ``ExpectedError('address_unsafe')`` for
    one that would answer without TLS: its pages say what is fetched from where.
    """
    sources = site.sources
    if sources.refused:
        raise InputError(sources.refused)
    for address in (
        ()
        if sources.offline
        else (sources.index, sources.pytorch_index, *sources.extra_indexes, *sources.find_links)
    ):
        if address and unencrypted(address):
            host = urlsplit(address).hostname
            raise ExpectedError(
                "address_unsafe",
                Message("{host} would list packages without TLS, which is refused.", host=host),
                hint=Message("Give the index with https."),
            )
    if sources.offline:
        folder = site.place.join(sources.offline, "wheels")
        return [
            Index(
                name="the bundle",
                address=folder,
                env={"UV_FIND_LINKS": site.place.address(folder)},
                arguments=("--no-index", "--offline"),
                tells_hashes=True,
            )
        ]
    links = (
        {"UV_FIND_LINKS": ",".join(map(site.place.address, sources.find_links))}
        if sources.find_links
        else {}
    )
    if wanted.startswith("pytorch/"):
        address = sources.pytorch_index.rstrip("/") + "/" + wanted.removeprefix("pytorch/")
        web = Index(
            name="the PyTorch index", address=address, env={"UV_DEFAULT_INDEX": address, **links}
        )
        # The few PyTorch files may lie in a folder of the user's: then its index, slow and often
        # out of reach, is not asked.
        own = Index(
            name="the find-links folders",
            address=None,
            env=links,
            arguments=("--no-index",),
            tells_hashes=_uses_local_indexes(links),
        )
        return [own, web] if links else [web]
    env = dict(links)
    if sources.index:
        env["UV_DEFAULT_INDEX"] = sources.index
    if sources.extra_indexes:
        # The lock's hashes decide, so any of the indexes may answer.
        env.update(UV_INDEX=" ".join(sources.extra_indexes), UV_INDEX_STRATEGY="unsafe-best-match")
    return [
        Index(
            name="the chosen index" if sources.index else "the default index",
            address=sources.index,
            env=env,
            tells_hashes=_uses_local_indexes(env),
        )
    ]


def _uses_local_indexes(env: Mapping[str, str]) -> bool:
    return not any("http" in value for value in env.values())


class _Question(Value, frozen=True, kw_only=True):
    """What is looked up, and where it is written down."""

    stem: str
    python: str
    part: Part
    wanted: Mapping[str, Pin]
    index: Index


def ask(
    stem: str, python: str, part: Part, wanted: Mapping[str, Pin], index: Index, site: StepContext
) -> Generator[AnyPayload, None, str]:
    """uv's answer, a PEP 751 lock. ``stem`` names the files of this lookup below ``locks``.

    uv writes such a lock only with hashes. Where an index tells none, it fetches every file to hash
    it, without a word and before the fetching that can be seen. So pages are read first, and the
    answer is made from them with the network switched off.
    """
    question = _Question(stem=stem, python=python, part=part, wanted=wanted, index=index)
    answer = site.place.at("locks", f"pylock.{stem.replace('.', '_')}.toml")
    site.system.files.write(
        site.place.at("locks", stem + ".asked.txt"),
        select_lines(part.requirements, wanted).encode(),
    )
    site.system.files.remove(answer)  # uv would take an old answer's pins as wishes
    claim(answer, site)
    if not index.tells_hashes:
        pages = site.place.at("locks", stem + ".pages.txt")
        site.system.files.remove(pages)
        claim(pages, site)
        yield from _run_compile(question, ("-o", pages), site)
        site.system.files.remove(pages)
        try:
            yield from _run_compile(
                question, ("--format", "pylock.toml", "-o", answer, "--offline"), site
            )
            return _read_text(answer, site)
        except ExpectedError as error:
            read = (
                _NO_HASHES in error.details
            )  # else the index forbids to keep its pages, and they are read again
            found = yield from _look_up_addresses(question, ("--offline",) if read else (), site)
            if found is not None:
                return found
    yield from _run_compile(question, ("--format", "pylock.toml", "-o", answer), site)
    return _read_text(answer, site)


def _run_compile(
    question: _Question, more: tuple[str, ...], site: StepContext
) -> Iterator[AnyPayload]:
    """One run of ``uv pip compile``. An interpreter is looked for only where uv finds none by
    itself (half a second).
    """
    lock = site.place.at("locks", question.stem + ".asked.txt")
    argv = (
        site.system.computer.uv(),
        "pip",
        "compile",
        lock,
        "--quiet",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--no-header",
        "--python-version",
        question.python,
        "--python-platform",
        _PLATFORMS[question.part.platform],
        *question.index.arguments,
        *more,
    )
    if (ready := provide_python.last_found(question.python, site)) is not None:
        argv = (*argv, "--python", ready)
    extra = {**question.index.env, "UV_PYTHON_DOWNLOADS": "never"}
    try:
        yield from run_child(
            site, argv, Message("Looking up the files"), limit=limits.LOOKING_UP, extra=extra
        )
    except ExpectedError as error:
        python = (
            provide_python.find(question.python, site)
            if ready is None and "No interpreter found" in error.details
            else None
        )
        if python is None:
            raise
        yield from run_child(
            site,
            (*argv, "--python", python),
            Message("Looking up the files"),
            limit=limits.LOOKING_UP,
            extra=extra,
        )


def _look_up_addresses(
    question: _Question, more: tuple[str, ...], site: StepContext
) -> Generator[AnyPayload, None, str | None]:
    """The addresses alone, by ``uv lock``, which reads pages and no file; the lock's hashes decide
    when the files come.

    ``None`` where uv cannot tell them so; then it has to fetch the files itself.
    """
    if more:
        yield say(
            f"No hashes are told by {question.index.name}; the lock's own decide when the files "
            f"come"
        )
    folder = site.place.at("work", f"lookup-{question.stem}")
    project = lookup_project(question.wanted, question.python, question.part.platform)
    site.system.files.remove(folder)
    settings = site.place.join(folder, "uv.toml")
    site.system.files.write(site.place.join(folder, "pyproject.toml"), project.project.encode())
    site.system.files.write(settings, project.settings.encode())
    argv: tuple[str, ...] = (
        site.system.computer.uv(),
        "lock",
        "--quiet",
        *more,
        "--project",
        folder,
        *question.index.arguments,
    )
    python = provide_python.last_found(question.python, site) or provide_python.find(
        question.python, site
    )
    if python is not None:
        argv = (*argv, "--python", python)
    extra = {**question.index.env, "UV_PYTHON_DOWNLOADS": "never", "UV_CONFIG_FILE": settings}
    try:
        yield from run_child(
            site, argv, Message("Looking up the files"), limit=limits.LOOKING_UP, extra=extra
        )
        return as_pylock(_read_text(site.place.join(folder, "uv.lock"), site), question.wanted)
    except ExpectedError as error:
        yield say(
            f"uv did not tell the addresses so ({error.message}); it fetches the files to know "
            f"their hashes"
        )
        return None
    finally:
        site.system.files.remove(folder)


def _read_text(path: str, site: StepContext) -> str:
    return (site.system.files.read(path) or b"").decode("utf-8", "replace")
