"""Provides the interpreter of the profile.

One that uv manages, or a fitting one that is already there.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec

from app.model import limits
from app.model.encoding import encode
from app.model.errors import ExpectedError, InputError
from app.model.event import AnyPayload
from app.model.message import Message
from app.model.plan import ProvidePython
from app.model.sources import unencrypted
from app.model.value import Value
from app.steps.child_environment import child_environment
from app.steps.removing import take_away
from app.steps.step_context import StepContext
from app.steps.subprocesses import run_child, say


def origins(site: StepContext) -> dict[str, str]:
    """The mirror and the list of Pythons as uv's variables. Raises ``InputError`` where either would
    come without TLS.

    uv checks every Python against the hashes of its list, so a mirror may be any; the list itself
    has to be trusted.
    """
    sources = site.sources
    if sources.offline:
        return {}
    if sources.python_list and unencrypted(sources.python_list):
        raise InputError(
            Message(
                "The list of Pythons on {hostname} would come without TLS, which is refused.",
                hostname=urlsplit(sources.python_list).hostname,
            ),
            hint=Message("Give its address with https, or a file of this computer."),
        )
    if sources.python_mirror and unencrypted(sources.python_mirror):
        raise InputError(
            Message(
                "The Pythons of {hostname} would come without TLS, which is refused.",
                hostname=urlsplit(sources.python_mirror).hostname,
            ),
            hint=Message("Give the mirror's address with https, or a folder of this computer."),
        )
    last_found = {
        "UV_PYTHON_INSTALL_MIRROR": sources.python_mirror,
        "UV_PYTHON_DOWNLOADS_JSON_URL": sources.python_list,
    }
    return {name: site.place.address(value) for name, value in last_found.items() if value}


def find(version: str, site: StepContext) -> str | None:
    """The interpreter that uv would take for a version (``uv python find VERSION``, 25 ms), or
    ``None``.
    """
    wanted: tuple[str, ...] = ("only-managed",) if _has_managed(site) else ()
    if not site.answers.all_users:  # an administrator's own Python may be closed to other users
        wanted = (*wanted, "only-system")
    for preference in wanted:
        env = child_environment(site) | {
            "UV_PYTHON_PREFERENCE": preference,
            "UV_PYTHON_DOWNLOADS": "never",
        }
        if preference == "only-system":
            env["PATH"] = _read_variable(site, "PATH")
        answer = site.system.processes.capture(
            [
                site.system.computer.uv(),
                "python",
                "find",
                "--no-project",
                "--system",
                f"cpython-{version}",
            ],
            limits.UV_ANSWER,
            env,
        )
        path = answer.out.strip()
        if site.answers.all_users and not path.startswith(site.place.pythons):
            continue
        if answer.code == 0 and path and _is_usable(path, site):
            _known[site.place.home, version] = path
            return path
    return None


def managed_folder(version: str, site: StepContext) -> str | None:
    """The folder of an interpreter that uv manages (python-build-standalone, which may be moved),
    or ``None``.
    """
    env = child_environment(site) | {
        "UV_PYTHON_PREFERENCE": "only-managed",
        "UV_PYTHON_DOWNLOADS": "never",
    }
    for own in (
        env,
        {name: value for name, value in env.items() if name != "UV_PYTHON_INSTALL_DIR"},
    ):
        answer = site.system.processes.capture(
            [
                site.system.computer.uv(),
                "python",
                "find",
                "--no-cache",
                "--no-project",
                "--system",
                f"cpython-{version}",
            ],
            limits.UV_ANSWER,
            own,
        )
        path = answer.out.strip()
        if answer.code == 0 and path:
            return _installation_root(path, site)
    return None


def _installation_root(python: str, site: StepContext) -> str:
    """The folder of an installation: the interpreter lies in it on Windows, in its ``bin``
    elsewhere.
    """
    folder = site.place.folder_of(python)
    return folder if site.place.family == "windows" else site.place.folder_of(folder)


_known: dict[tuple[str, str], str] = {}


def last_found(version: str, site: StepContext) -> str | None:
    """What ``find`` told last for this home in this run of the program, if it is still there."""
    path = _known.get((site.place.home, version))
    return path if path is not None and site.system.files.exists(path) else None


class Remembered(Value, frozen=True, kw_only=True):
    """An interpreter that was found and tried; ``stamp`` is its file's size and time then."""

    path: str
    stamp: str


def done(step: ProvidePython, site: StepContext) -> str | None:
    """Found when uv finds that version, managed or installed.

    What was found and tried in an earlier run, and is unchanged since, is not looked for again:
    that would start three children (0.4 s of 1.3 s of a second install, measured with pyenv's
    Pythons).
    """
    path = _recall_last_python(step.version, site)
    if path is None:
        path = find(step.version, site)
        stamp = site.system.files.stamp(path) if path is not None else None
        if path is not None and stamp is not None:
            site.system.files.write(
                site.place.python_note(step.version),
                encode(Remembered(path=path, stamp=stamp)),
            )
    return (
        Message("Python {version} is there: {path}", version=step.version, path=path)
        if path
        else None
    )


def _recall_last_python(version: str, site: StepContext) -> str | None:
    """The interpreter of the last run, as long as its file is the same and none that uv manages
    here would come before it.
    """
    raw = site.system.files.read(site.place.python_note(version))
    try:
        noted = msgspec.json.decode(raw, type=Remembered) if raw is not None else None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    if noted is None or site.system.files.stamp(noted.path) != noted.stamp:
        return None
    if (site.answers.all_users or _has_managed(site)) and not noted.path.startswith(
        site.place.pythons
    ):
        return None
    _known[site.place.home, version] = noted.path
    return noted.path


def _has_managed(site: StepContext) -> bool:
    return any(name.startswith("cpython-") for name in site.system.files.names(site.place.pythons))


def run(step: ProvidePython, site: StepContext) -> Iterator[AnyPayload]:
    """``uv python install VERSION`` into ``home/python``; where that cannot be reached, say what
    would serve instead.
    """
    if not site.system.files.exists(site.place.pythons):
        site.record("made", {"path": site.place.pythons})
        site.system.files.make_folder(site.place.pythons)
    if site.sources.offline and _copy_from_bundle(site.sources.offline, site):
        path = find(step.version, site)
        if path is not None:
            yield say(f"Python {step.version} out of the bundle: {path}")
            return
    own = origins(site)
    try:
        yield from run_child(
            site,
            (site.system.computer.uv(), "python", "install", "--no-bin", f"cpython-{step.version}"),
            Message("Providing Python {version}", version=step.version),
            limit=limits.PYTHON_COMING,
            extra=own,
        )
    except ExpectedError as error:
        raise ExpectedError(
            "python-unavailable",
            Message(
                "Python {version} is not on this computer and could not be fetched.",
                version=step.version,
            ),
            details=error.details,
            hint=Message(
                "Install Python {version} (64-bit) from python.org, or allow the "
                "download, then go on.",
                version=step.version,
            ),
        ) from error
    path = find(step.version, site)
    if path is None:
        raise ExpectedError(
            "python-unavailable",
            Message("Python {version} was installed but does not start.", version=step.version),
            hint=Message("A virus scanner may hold it back; look at the log."),
        )
    yield say(f"Python {step.version}: {path}")


def _copy_from_bundle(bundle: str, site: StepContext) -> bool:
    """Copy the bundle's interpreters under home; whether there were any. Half a copy of a killed
    run is made again.

    Without byte code, which the bundle's list need not name and nobody has checked.
    """
    files, folder = site.system.files, site.place.join(bundle, "python")
    names = [name for name in files.names(folder) if name.startswith("cpython-")]
    for name in names:
        target = site.place.join(site.place.pythons, name)
        take_away(target, files, site.record)
        files.copy_tree(site.place.join(folder, name), target)
        for path in {site.place.folder_of(path) for path, _ in files.walk(target)}:
            if path.endswith("__pycache__"):
                files.remove(path)
    return bool(names)


def _read_variable(site: StepContext, name: str) -> str:
    return next((v for k, v in site.system.computer.variables().items() if k.upper() == name), "")


def _is_usable(path: str, site: StepContext) -> bool:
    """64-bit, with ``ensurepip``-free essentials: the Store's stub answers with nothing and exit
    code 9009.
    """
    answer = site.system.processes.capture(
        [path, "-I", "-c", "import sys, ssl, ctypes, sqlite3; print(sys.maxsize > 2**32)"],
        limits.UV_ANSWER,
        child_environment(site),
    )
    return answer.code == 0 and answer.out.strip() == "True"
