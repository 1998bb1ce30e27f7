"""Puts back what the guide's clean-up took out of an environment.

From the list that was saved before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from app.model import limits
from app.model.errors import ExpectedError, InputError
from app.model.event import AnyPayload
from app.model.message import Message
from app.model.plan import PutPackagesBack
from app.model.value import Value
from app.steps.step_context import StepContext
from app.steps.subprocesses import freeze, run_child, say

_LIST = re.compile(r"packages-(\d{4}-\d\d-\d\d)T[0-9Z-]+\.txt")
_LOGIN = re.compile(r"://[^\s/@]+@")
_BUILD = re.compile(r"\+(cu\d+|cpu|rocm[\d.]+|xpu)\b")


class SavedPackages(Value, frozen=True, kw_only=True):
    """A saved list: its file, the interpreter its packages belong to, the day (ISO), and what of it
    is missing there now.

    Logins in addresses of packages are left out: this is shown, and stands in plans and the
    journal.
    """

    saved: str
    python: str
    day: str
    packages: tuple[str, ...]


def list_saved(site: StepContext) -> Iterator[SavedPackages]:
    """Every saved list of which something is missing (``uv pip freeze`` for each, 30 ms).

    Environments that are gone, or whose packages cannot be listed, are left out: nothing could be
    put back into them.
    """
    for name in site.system.files.names(site.place.quarantine):
        saved, named = site.place.join(site.place.quarantine, name), _LIST.fullmatch(name)
        python, lines = _read_list(saved, site) if named else ("", [])
        here = freeze(python, site) if python and site.system.files.exists(python) else None
        if named and here is not None and (packages := _missing_lines(lines, here)):
            yield SavedPackages(
                saved=saved, python=python, day=named[1], packages=_hide_logins(packages)
            )


def read_saved_list(saved: str, site: StepContext) -> SavedPackages:
    """One saved list, also where nothing of it is missing. Raises ``InputError`` where that is no
    such list of this home.
    """
    named = _LIST.fullmatch(saved[len(site.place.quarantine) + 1 :])
    if site.place.folder_of(saved) != site.place.quarantine or named is None:
        raise InputError(
            Message(
                "{saved} is no saved list of packages; expected a file that the command "
                "uninstall lists.",
                saved=saved,
            )
        )
    python, lines = _read_list(saved, site)
    if not python:
        raise InputError(
            Message(
                "{saved} does not say which Python its packages belong to; expected “# "
                "PATH” as its first line.",
                saved=saved,
            )
        )
    here = freeze(python, site)
    if here is None:
        raise ExpectedError(
            "python-unavailable",
            Message(
                "{python}, out of which the packages were taken, does not start any more.",
                python=python,
            ),
            hint=Message("An environment that is gone can only be made again."),
        )
    return SavedPackages(
        saved=saved, python=python, day=named[1], packages=_hide_logins(_missing_lines(lines, here))
    )


def _hide_logins(lines: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_LOGIN.sub("://***@", line) for line in lines)


def done(step: PutPackagesBack, site: StepContext) -> str | None:
    """Found when nothing of the list is missing (``uv pip freeze``)."""
    return (
        None
        if read_saved_list(step.saved, site).packages
        else Message("All packages of the list are in {python}.", python=step.python)
    )


def run(step: PutPackagesBack, site: StepContext) -> Iterator[AnyPayload]:
    """``uv pip install --no-deps`` of those lines of the saved list that are no longer installed,
    from the user's own indexes.

    Only wheels, so nothing of a package runs. Builds of PyTorch for CUDA (``+cu121``) are asked of
    the PyTorch index.
    """
    found = read_saved_list(step.saved, site)
    yield say(f"{len(found.packages)} packages are put back into {found.python}")
    file = site.place.at("locks", "put-back.txt")
    missing = _missing_lines(_read_list(step.saved, site)[1], freeze(found.python, site) or "")
    site.system.files.write(file, ("\n".join(missing) + "\n").encode())
    site.record("put-back-packages", {"path": found.python, "list": found.saved})
    try:
        yield from run_child(
            site,
            (
                site.system.computer.uv(),
                "pip",
                "install",
                "--python",
                found.python,
                "--no-deps",
                "-r",
                file,
            ),
            Message("Putting the packages back"),
            limit=limits.INSTALLING,
            extra=index_variables(
                site, sorted({tag for line in found.packages for tag in _BUILD.findall(line)})
            ),
        )
    finally:
        site.system.files.remove(file)


def index_variables(site: StepContext, tags: Sequence[str] = ()) -> dict[str, str]:
    """The user's own indexes as uv's variables, with the PyTorch index of the builds that are wanted."""
    sources = site.sources
    env = {"UV_INDEX_STRATEGY": "unsafe-best-match"}
    if sources.index:
        env["UV_DEFAULT_INDEX"] = sources.index
    extra = (
        *sources.extra_indexes,
        *(f"{sources.pytorch_index.rstrip('/')}/{tag}" for tag in tags),
    )
    if extra:
        env["UV_INDEX"] = " ".join(extra)
    if sources.find_links:
        env["UV_FIND_LINKS"] = ",".join(map(site.place.address, sources.find_links))
    return env


def _read_list(saved: str, site: StepContext) -> tuple[str, list[str]]:
    """The interpreter that a list names, and its lines."""
    head, *lines = (site.system.files.read(saved) or b"").decode(
        "utf-8", "replace"
    ).splitlines() or [""]
    return head.removeprefix("#").strip() if head.startswith("#") else "", [
        line.strip() for line in lines if line.strip()
    ]


def _missing_lines(lines: list[str], here: str) -> tuple[str, ...]:
    present = {_comparison_key(line) for line in here.splitlines()}
    return tuple(line for line in lines if _comparison_key(line) not in present)


def _comparison_key(line: str) -> str:
    """A line of ``pip freeze`` for comparing."""
    return line.strip().lower().replace("_", "-")
