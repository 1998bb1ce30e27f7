"""Install a person's own packages beside the proven ones, from recorded hashes.

Work out which those are.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence

import msgspec

from app.model import limits
from app.model.encoding import encode
from app.model.errors import ExitCode, ExpectedError
from app.model.event import AnyPayload, Line
from app.model.message import Message
from app.model.own_packages import OwnPackage, OwnPackages, decode_own_packages
from app.model.plan import AddPackages
from app.model.profile import Profile
from app.steps.drift import installed_versions, locked_versions
from app.steps.put_packages_back import index_variables
from app.steps.step_context import StepContext
from app.steps.subprocesses import run_child, say

_CHANGE = re.compile(r"^ ([+\-~]) ([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def done(step: AddPackages, site: StepContext) -> str | None:
    """Found when each is installed in its version and written down."""
    profile = site.profiles[step.change.profile]
    here = installed_versions(step.environment, profile, site)
    listed = read(site).of(step.change.profile)
    there = all(
        here.get(one.name) == one.version and listed.get(one.name) == one
        for one in step.change.packages
    )
    return Message("Your own packages are there.") if there else None


def run(step: AddPackages, site: StepContext) -> Iterator[AnyPayload]:
    """``uv pip install --no-deps --require-hashes``; nothing of the lock is touched."""
    file = site.place.at("locks", "own-packages.txt")
    lines = [one.requirement() for one in step.change.packages]
    site.system.files.write(file, ("\n".join(lines) + "\n").encode())
    names = ", ".join(f"{one.name} {one.version}" for one in step.change.packages)
    python = site.place.environment_python(step.environment)
    site.record("added-packages", {"path": python, "packages": names})
    yield from _run_uv(
        site,
        "install",
        ("--python", python, "--no-deps", "--require-hashes", "-r", file),
        "Installing your packages",
    )
    if not step.kept:
        known = read(site)
        write(site, msgspec.structs.replace(known, changes=(*known.changes, step.change)))
    yield say(f"Added: {names}")


def read(site: StepContext) -> OwnPackages:
    """What was added in this home. Raises ``InputError`` where the list is broken."""
    path = site.place.own_packages
    return decode_own_packages(site.system.files.read(path), path)


def write(site: StepContext, known: OwnPackages) -> None:
    """Replace the list."""
    data = msgspec.json.format(encode(known))
    site.system.files.write(site.place.own_packages, data)


def resolve(
    asked: Sequence[str], environment: str, profile: Profile, site: StepContext
) -> Generator[AnyPayload, None, tuple[OwnPackage, ...]]:
    """What would have to be installed for these requirements, with hashes; nothing is installed.

    Raises ``ExpectedError('packages-clash')`` where a package of the lock, or one that was added
    before, would have to change, ``'no-such-package'`` where no index has it.
    """
    held = locked_versions(environment, profile, site)
    held |= {one.name: one.version for one in read(site).of(profile.id).values()}
    here = installed_versions(environment, profile, site)
    fixed = site.place.at("locks", "own-packages-fixed.txt")
    wanted = site.place.at("locks", "own-packages-asked.txt")
    lines = [f"{name}=={version}" for name, version in here.items() if name in held]
    site.system.files.write(fixed, ("\n".join(lines) + "\n").encode())
    site.system.files.write(wanted, ("\n".join(asked) + "\n").encode())
    python = site.place.environment_python(environment)
    said = yield from _read_uv_output(
        site, "install", ("--python", python, "--dry-run", "-r", wanted, "-c", fixed), asked
    )
    changes = [(m[1], _normalize_name(m[2]), m[3]) for m in _CHANGE.finditer(said)]
    gone = [name for sign, name, _ in changes if sign != "+"]
    if gone:
        raise ExpectedError(
            "packages-clash",
            Message(
                "{asked} would change {gone}, which is refused.",
                asked=", ".join(asked),
                gone=", ".join(gone),
            ),
            hint=Message("packages undo takes back what was added last."),
            exit_code=ExitCode.BLOCKED,
        )
    pins = [f"{name}=={version}" for sign, name, version in changes if sign == "+"]
    if not pins:
        return ()
    site.system.files.write(wanted, ("\n".join(pins) + "\n").encode())
    options = ("--python", python, "--no-deps", "--generate-hashes", "--no-header", "--no-annotate")
    said = yield from _read_uv_output(site, "compile", (*options, wanted), asked)
    return tuple(_parse_pins(said))


def _parse_pins(text: str) -> Iterator[OwnPackage]:
    for block in re.split(r"\n(?=[A-Za-z0-9])", text.replace("\\\n", " ")):
        match = re.match(r"([A-Za-z0-9._-]+)==(\S+)", block)
        hashes = tuple(_HASH.findall(block))
        if match and hashes:
            yield OwnPackage(name=_normalize_name(match[1]), version=match[2], sha256=hashes)


def _read_uv_output(
    site: StepContext, verb: str, options: tuple[str, ...], asked: Sequence[str]
) -> Generator[AnyPayload, None, str]:
    """What uv says; a resolution that fails, as one sentence."""
    output = bytearray()
    try:
        for what in _run_uv(site, verb, options, "Resolving your packages"):
            if isinstance(what, Line) and not what.text.startswith(b"> "):
                output += what.text
            yield what
    except ExpectedError as error:
        if error.code != "child-failed" or "No solution found" not in error.details:
            raise
        reason = " ".join(error.details.partition("cause:")[2].split()) or error.details.strip()
        if "not found in the package registry" in reason or "no versions of" in reason:
            raise ExpectedError(
                "no-such-package",
                Message(
                    "{asked} cannot be added: the index has no such package.",
                    asked=", ".join(asked),
                ),
                details=error.details,
                exit_code=ExitCode.BAD_INPUT,
            ) from error
        raise ExpectedError(
            "packages-clash",
            Message(
                "{asked} cannot be added without changing a package of the setup. {reason}",
                asked=", ".join(asked),
                reason=reason,
            ),
            details=error.details,
            hint=Message("Another version may fit; or make an environment of its own for it."),
            exit_code=ExitCode.BLOCKED,
        ) from error
    return output.decode("utf-8", "replace")


def _run_uv(
    site: StepContext, verb: str, options: tuple[str, ...], what: str
) -> Iterator[AnyPayload]:
    argv = (site.system.computer.uv(), "pip", verb, *options)
    yield from run_child(site, argv, what, limit=limits.INSTALLING, extra=index_variables(site))


def _normalize_name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
