"""Uninstalls named packages from a chosen environment: the guide's clean-up, made safe.

Its package list is saved before.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.model import limits
from app.model.errors import ExpectedError
from app.model.event import AnyPayload
from app.model.message import Message
from app.model.plan import UninstallPackages
from app.steps.step_context import StepContext
from app.steps.subprocesses import freeze, run_child, say


def done(step: UninstallPackages, site: StepContext) -> str | None:
    """Found when none of the packages is in that environment (``pip freeze``)."""
    frozen = freeze(step.python, site)
    if frozen is None:
        return None
    names = {
        line.split("==")[0].split(" @")[0].lower().replace("_", "-") for line in frozen.splitlines()
    }
    return (
        None
        if names & {p.lower().replace("_", "-") for p in step.packages}
        else Message("None of them is in {python}.", python=step.python)
    )


def run(step: UninstallPackages, site: StepContext) -> Iterator[AnyPayload]:
    """``uv pip freeze``, kept under ``quarantine``, then ``uv pip uninstall torch torchvision
    torchaudio unsloth unsloth-zoo``.

    What puts them back is ``put_packages_back``.
    """
    frozen = freeze(step.python, site)
    if frozen is None:
        raise ExpectedError(
            "python-unavailable",
            Message(
                "{python}, out of which packages are to be taken, does not start.",
                python=step.python,
            ),
            hint=Message("Name the interpreter of an environment, or leave uninstall_from out."),
        )
    stamp = site.system.clock.now().replace(":", "")
    saved, number = site.place.join(site.place.quarantine, f"packages-{stamp}.txt"), 1
    while site.system.files.exists(saved):  # a clock that was set back must not cost an older list
        number += 1
        saved = site.place.join(site.place.quarantine, f"packages-{stamp}-{number}.txt")
    if not site.system.files.exists(site.place.quarantine):
        site.record("made", {"path": site.place.quarantine})
    site.record("removed-packages", {"path": step.python, "list": saved})
    site.system.files.write(saved, f"# {step.python}\n{frozen}".encode())
    yield say(f"{len(frozen.splitlines())} packages listed in {saved}; that list puts them back")
    yield from run_child(
        site,
        (site.system.computer.uv(), "pip", "uninstall", "--python", step.python, *step.packages),
        Message("Taking the packages out"),
        limit=limits.MAKING,
    )
