"""Delete one folder or file that this program made and the user chose to be rid of."""

from __future__ import annotations

from collections.abc import Iterator

from app.model.errors import InputError
from app.model.event import AnyPayload
from app.model.message import Message
from app.model.plan import RemoveTree
from app.steps.removing import take_away
from app.steps.step_context import StepContext
from app.steps.subprocesses import say

TICKED = "remove-"  # how the ids of steps begin that a person ticked one by one


def done(step: RemoveTree, site: StepContext) -> str | None:
    """Found when nothing lies there any more."""
    return (
        None
        if site.system.files.exists(step.path)
        else Message("Nothing lies at {path}.", path=step.path)
    )


def run(step: RemoveTree, site: StepContext) -> Iterator[AnyPayload]:
    """Remove it. Only things below the home folder: whatever else a plan names is refused."""
    if not site.place.holds(step.path):
        raise InputError(
            Message(
                "{path} is not below the home folder {home}, so it is not removed.",
                path=step.path,
                home=site.place.home,
            )
        )
    if step.id.startswith(TICKED) and site.place.folder_of(step.path) == site.place.environments:
        site.record("chosen", {"path": step.path})  # by a person, so it goes whoever made it
    size = site.system.files.size(step.path)
    site.record("removed", {"path": step.path, "size": str(size)})
    left = take_away(step.path, site.system.files, site.record)
    if step.path in site.place.layout:
        site.record("made", {"path": step.path})  # later steps of the plan fill it again
        site.system.files.make_folder(step.path)
    # Not "freed": what an environment shares with the cache by hard links stays on the disk.
    yield say(f"{step.path} removed" + (f", {size / 1e9:.2f} GB were in it" if size else ""))
    if left:
        yield say(left)
