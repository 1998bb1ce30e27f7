"""The home folder as this program's own: marked when made, refused where it is another's."""

from __future__ import annotations

import msgspec

from app import __version__
from app.engine.journal import Journal
from app.model.encoding import encode
from app.model.errors import ExitCode, ExpectedError
from app.model.home_layout import HomeLayout
from app.model.home_marker import HomeMarker
from app.model.machine import Refusal
from app.model.message import Message
from app.model.plan import CreateEnvironment, Plan
from app.ports import System
from app.probe.home import HomeState

_WHY: dict[Refusal, str] = {
    "not-empty": Message("holds files that are not this program's"),
    "drive-root": Message("is the root of a drive"),
    "profile": Message("is a person's own folder"),
    "system": Message("is a folder of the system"),
    "no-locks": Message(
        "lies on a disk without locks, where two runs at once could not be kept apart"
    ),
}
# Where Windows keeps the profiles of SYSTEM and of services: what a deployment runs under.
_ACCOUNTS = ("\\config\\systemprofile\\", "\\serviceprofiles\\")
_ELSEWHERE = ("system", "no-locks")  # where a subfolder would be no better


def explain_refusal(why: Refusal, path: str, place: HomeLayout) -> Message:
    """One sentence that says why a folder is not taken and offers another."""
    if why == "system" and any(one in path.lower() for one in _ACCOUNTS):
        return Message(
            "{path} belongs to an account of the system, under which no person works; expected "
            "install --all-users, whose home every user of this PC shares.",
            path=path,
        )
    other = (
        Message("UnslothSetup in your own profile")
        if why in _ELSEWHERE
        else place.join(path, "UnslothSetup")
    )
    return Message(
        "{path} {why}; expected an empty folder of its own, such as {other}.",
        path=path,
        why=_WHY[why],
        other=other,
    )


def not_ours(why: Refusal, place: HomeLayout) -> ExpectedError:
    """The refusal of a home as a fault: exit code 3."""
    return ExpectedError(
        "home-not-ours",
        explain_refusal(why, place.home, place),
        hint=Message("Choose another folder with --home."),
        exit_code=ExitCode.BLOCKED,
    )


def refuse(state: HomeState, plan: Plan, place: HomeLayout) -> None:
    """Raises ``ExpectedError('home-not-ours')`` where a plan may not run. In a home of ours at a place
    where none would be made today, all but installing still may.
    """
    installs = any(isinstance(step, CreateEnvironment) for step in plan.steps)
    why = state.refused if installs or not state.ours else None
    if why is not None:
        raise not_ours(why, place)


def write_marker(
    system: System, place: HomeLayout, before: HomeState, journal: Journal, run: str
) -> None:
    """Write the marker where there is none; ``before`` is what the folder was. Other files in it are
    not made ours.
    """
    if before.marked:
        return
    journal.effect(run, "")("made", {"path": place.marker})
    marker = HomeMarker(program=__version__, at=system.clock.now(), adopted=not before.empty)
    system.files.write(place.marker, msgspec.json.format(encode(marker)))
