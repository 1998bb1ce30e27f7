"""``HOME/current``: a link to the active environment.

Made from the pointer file, which alone is the truth.
"""

from __future__ import annotations

import logging

from app.model.errors import ExpectedError
from app.model.home_layout import HomeLayout
from app.model.pointer import Pointer
from app.ports import Files

_log = logging.getLogger(__name__)


def repair_link(files: Files, place: HomeLayout, pointer: Pointer | None) -> None:
    """Make the link say what the pointer says. What is no link is somebody's and stays; a file
    system without links goes without it.
    """
    there = files.link(place.current)
    if pointer is None:
        if there is not None:
            files.remove(place.current)
        return
    wanted = _link_target(place, pointer)
    if there is not None and there.removeprefix("\\\\?\\") == wanted:
        return
    try:
        files.point(place.current, wanted)
    except ExpectedError as error:
        _log.warning("%s was not made: %s %s", place.current, error.message, error.details)


def stable_path(files: Files, place: HomeLayout, pointer: Pointer) -> str:
    """The link where it leads to the active environment, else that environment's own folder."""
    there = files.link(place.current)
    if there is not None and there.removeprefix("\\\\?\\") == _link_target(place, pointer):
        return place.current
    return place.environment(pointer.active)


def _link_target(place: HomeLayout, pointer: Pointer) -> str:
    """A junction holds a whole path; a symbolic link a relative one, so that a home can be moved."""
    whole = place.environment(pointer.active)
    return whole if place.family == "windows" else whole[len(place.home.rstrip("/")) + 1 :]
