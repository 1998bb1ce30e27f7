"""Take back one change of a person's packages.

Put back what of the lock was changed beside this program.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from app.model import limits
from app.model.event import AnyPayload
from app.model.message import Message
from app.model.plan import InstallWheels, RemovePackages
from app.steps.add_packages import read, write
from app.steps.install_wheels import source_of_installed
from app.steps.step_context import StepContext
from app.steps.subprocesses import run_child, say


def done(step: RemovePackages, site: StepContext) -> str | None:
    """Never skipped: it is planned from what is there."""
    return None


def run(step: RemovePackages, site: StepContext) -> Iterator[AnyPayload]:
    """``uv pip uninstall``, then the lock's own packages again from the wheelhouse, by their hashes."""
    python, uv = site.place.environment_python(step.environment), site.system.computer.uv()
    names = ", ".join(step.packages)
    site.record("removed-packages", {"path": python, "packages": names})
    if step.packages:
        yield from run_child(
            site,
            (uv, "pip", "uninstall", "--python", python, *step.packages),
            Message("Taking the packages out"),
            limit=limits.MAKING,
        )
    if step.restore:
        profile = site.profiles[step.profile]
        parts = tuple(p.id for p in profile.parts if p.platform == site.place.family)
        whole = InstallWheels(
            id=step.id, title=step.title, environment=step.environment, profile=step.profile,
            parts=parts,
        )  # fmt: skip
        lock, origin = source_of_installed(whole, site)
        options = ("--offline", "--no-deps", "--require-hashes", "--no-build", "-r", lock, *origin)
        yield from run_child(
            site,
            (uv, "pip", "install", "--python", python, *options),
            Message("Putting the setup's own packages back"),
            limit=limits.INSTALLING,
            extra={"UV_PREVIEW_FEATURES": "pylock"},
        )
    if step.change is not None:
        known = read(site)
        left = tuple(one for one in known.changes if one != step.change)
        write(site, msgspec.structs.replace(known, changes=left))
    yield say(f"Taken out: {names}" if names else "Put back as the setup has it")
