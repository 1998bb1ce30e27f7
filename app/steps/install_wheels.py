"""Install the fetched files offline with hashes required, nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from app.decide.plans.pylock import WHEELHOUSE, offline_lock
from app.model import limits
from app.model.event import AnyPayload, Progress
from app.model.message import Message
from app.model.plan import CreateEnvironment, InstallWheels
from app.model.profile import Part
from app.steps import create_environment
from app.steps.drift import drift, installed_lock, installed_versions
from app.steps.fetch_wheels import read_fetched
from app.steps.step_context import StepContext
from app.steps.subprocesses import run_child, say
from app.steps.unpacking import finish_unpacking


def done(step: InstallWheels, site: StepContext) -> str | None:
    """Found when the stamp of the last whole install names these very locks and no package differs
    from them.
    """
    stamp = site.system.files.read(
        site.place.join(site.place.environment(step.environment), create_environment.INSTALLED)
    )
    if stamp is None or stamp.decode("utf-8", "replace") != _merge_locks(step, site):
        return None
    if drift(step.environment, site.profiles[step.profile], site):
        return None
    count = _count_wheels(step, site)
    return (
        Message("1 package is installed as locked.")
        if count == 1
        else Message("{count} packages are installed as locked.", count=count)
    )


def run(step: InstallWheels, site: StepContext) -> Iterator[AnyPayload]:
    """``uv pip sync --offline --require-hashes LOCK``, LOCK naming each file of the wheelhouse with
    its hash (PEP 751).

    Files are linked from uv's cache on the same volume (122 MB with copies, 62 MB with links,
    measured); where links are impossible uv copies.

    For a card byte code is compiled here (``--compile-bytecode``): a longer bar, a quicker first
    import (26 s instead of 37 to 39 s for unsloth, measured). Where the first import brings in all
    that training uses, it makes the byte code of just those files: 3,800 of 15,000, 19 s of a core
    instead of 88 (measured together).
    """
    environment = site.place.environment(step.environment)
    stamp = site.place.join(environment, create_environment.INSTALLED)
    begun = site.system.files.read(stamp) is None and bool(
        installed_versions(step.environment, site.profiles[step.profile], site)
    )
    whole = create_environment.is_complete(step.environment, site)
    site.system.files.remove(stamp)  # from here on the environment is unfinished, whatever happens
    if begun or not whole:
        # uv takes a package for installed as soon as its METADATA lies there; killed a moment later
        # it has no INSTALLER and holds a temporary file for ever (seen at kill 21 of 24). What a
        # cut-off install left is never gone on with. Nor is half an environment ever handed to uv,
        # which would take the Python behind its link for the place to install to.
        again = CreateEnvironment(
            id=step.id,
            title=step.title,
            environment=step.environment,
            python=site.profiles[step.profile].python,
        )
        yield from create_environment.run(again, site)
    lock, origin = source(step, site)
    total = _count_wheels(step, site)
    yield Progress(done=0, total=total, unit="packages")
    finish_unpacking(site)  # what the fetch steps began to unpack is linked from the cache
    yield say(f"{total} packages, offline, each file's hash required")
    yield from run_child(
        site,
        (
            site.system.computer.uv(),
            "pip",
            "sync",
            "--python",
            site.place.environment_python(step.environment),
            "--offline",
            *origin,
            "--require-hashes",
            "--no-build",
            *(("--compile-bytecode",) if site.profiles[step.profile].needs.gpu else ()),
            "--link-mode",
            "hardlink",
            lock,
        ),
        Message("Installing the packages"),
        limit=limits.INSTALLING,
        extra={"UV_PREVIEW_FEATURES": "pylock"},
        watch=lambda: _how_far(step, site, total),
    )
    site.system.files.write(stamp, _merge_locks(step, site).encode())
    yield Progress(done=total, total=total, unit="packages")


def _how_far(step: InstallWheels, site: StepContext, total: int) -> Progress:
    """What lies in the environment by now: uv says nothing while it links files, and nothing while
    it compiles byte code. First the packages that are there, then those with byte code.
    """
    files, place = site.system.files, site.place
    packages = place.site_packages(step.environment, site.profiles[step.profile].python)
    names = files.names(packages)
    there = sum(name.endswith(".dist-info") for name in names)
    if there < total:
        return Progress(done=there, total=total, unit="packages", note=Message("linking files"))
    folders = [n for n in names if files.exists(place.join(packages, n, "__init__.py"))]
    compiled = sum(files.exists(place.join(packages, n, "__pycache__")) for n in folders)
    return Progress(
        done=compiled,
        total=max(1, len(folders)),
        unit="packages",
        note=Message("compiling byte code"),
    )


def parts_of(step: InstallWheels, site: StepContext) -> tuple[Part, ...]:
    """The profile's parts for this system that the step installs."""
    family = site.place.family
    return tuple(
        p for p in site.profiles[step.profile].parts if p.platform == family and p.id in step.parts
    )


def source(step: InstallWheels, site: StepContext) -> tuple[str, tuple[str, ...]]:
    """The file that uv installs from, and uv's arguments for where the wheels are.

    What the fetch steps have unpacked uv finds under the wheelhouse's index name, the rest it
    unpacks from the files. Where a part has no record of its fetch (a home of an older program), uv
    looks through the wheelhouse itself.
    """
    records = [read_fetched(step.profile, part, site) for part in parts_of(step, site)]
    plain = site.place.at(
        "locks", f"{step.environment}.txt"
    )  # the check of the versions reads it too
    site.system.files.write(plain, _merge_locks(step, site).encode())
    if None in records:
        return plain, _wheelhouse(site)
    lock = site.place.at("locks", f"pylock.{step.environment.replace('.', '_')}.toml")
    here = [
        (one.file, one.sha256, site.place.address(site.place.wheel(one.file)))
        for files in records
        for one in files or ()
    ]
    site.system.files.write(lock, offline_lock(here).encode())
    return lock, ("--default-index", WHEELHOUSE)


def source_of_installed(step: InstallWheels, site: StepContext) -> tuple[str, tuple[str, ...]]:
    """As ``source``, from the lock that the environment was installed from: an older program's lock
    may have other packages, and what the fetch steps wrote down is of the newest.
    """
    own = installed_lock(step.environment, site)
    if own is None or own == _merge_locks(step, site):
        return source(step, site)
    plain = site.place.at("locks", f"{step.environment}.txt")
    site.system.files.write(plain, own.encode())
    return plain, _wheelhouse(site)


def _wheelhouse(site: StepContext) -> tuple[str, ...]:
    return "--no-index", "--find-links", site.place.wheels


def _merge_locks(step: InstallWheels, site: StepContext) -> str:
    """All locks as one, with the hashes taken from the index where the lock had none (recorded by
    the fetch step).
    """
    texts = []
    for part in parts_of(step, site):
        read_fetched = site.system.files.read(
            site.place.at("locks", f"{step.profile}-{part.id}.txt")
        )
        texts.append(
            read_fetched.decode()
            if read_fetched is not None and part.unhashed
            else part.requirements
        )
    return "\n".join(texts)


def _count_wheels(step: InstallWheels, site: StepContext) -> int:
    return sum(len(p.wheels) for p in parts_of(step, site))
