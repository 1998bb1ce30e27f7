"""Delete one folder or file that this program made and the user chose to be rid of."""

from __future__ import annotations

from collections.abc import Iterator

from app.model.errors import BadInput
from app.model.event import What
from app.model.plan import RemoveTree
from app.steps.children import say
from app.steps.site import Site


def done(step: RemoveTree, site: Site) -> str | None:
    """Found when nothing lies there any more."""
    return None if site.world.files.exists(step.path) else f"Nothing lies at {step.path}."


def run(step: RemoveTree, site: Site) -> Iterator[What]:
    """Remove it. Only things below the home folder: whatever else a plan names is refused."""
    if not site.place.holds(step.path):
        raise BadInput(
            f"{step.path} is not below the home folder {site.place.home}, so it is not removed."
        )
    size = site.world.files.size(step.path)
    site.record("removed", {"path": step.path, "size": str(size)})
    site.world.files.remove(step.path)
    # Not "freed": what an environment shares with the cache by hard links stays on the disk.
    yield say(f"{step.path} removed" + (f", {size / 1e9:.2f} GB were in it" if size else ""))
