"""The guide's clean-up, made safe: named packages out of a chosen environment, its package list saved before."""

from __future__ import annotations

from collections.abc import Iterator

from app.model.event import What
from app.model.plan import UninstallPackages
from app.steps.children import run_child, say
from app.steps.site import Site


def done(step: UninstallPackages, site: Site) -> str | None:
    """Found when none of the packages is in that environment (``pip freeze``)."""
    names = {line.split("==")[0].split(" @")[0].lower().replace("_", "-") for line in _freeze(step, site).splitlines()}
    return None if names & {p.lower().replace("_", "-") for p in step.packages} else f"None of them is in {step.python}."


def run(step: UninstallPackages, site: Site) -> Iterator[What]:
    """``uv pip freeze``, kept under ``quarantine``, then ``uv pip uninstall torch torchvision torchaudio unsloth unsloth-zoo``.

    What puts them back is ``put_packages_back``.
    """
    frozen = _freeze(step, site)
    stamp = site.world.clock.now().replace(":", "")
    saved, number = site.place.join(site.place.quarantine, f"packages-{stamp}.txt"), 1
    while site.world.files.exists(saved):  # a clock that was set back must not cost an older list
        number += 1
        saved = site.place.join(site.place.quarantine, f"packages-{stamp}-{number}.txt")
    site.world.files.write(saved, f"# {step.python}\n{frozen}".encode())
    site.record("removed-packages", {"path": step.python, "list": saved})
    yield say(f"{len(frozen.splitlines())} packages listed in {saved}; that list puts them back")
    yield from run_child(site, (site.world.computer.uv(), "pip", "uninstall", "--python", step.python, *step.packages),
                         "Taking the packages out", limit=600)


def _freeze(step: UninstallPackages, site: Site) -> str:
    return site.world.processes.capture([site.world.computer.uv(), "pip", "freeze", "--python", step.python], 60.0).out
