"""What is installed under a home and how far it is proven, told from files alone.

No process is started, no address asked.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

import msgspec

from app import __version__
from app.engine import training_records
from app.engine.current_link import stable_path
from app.model.machine import MachineFacts, Os
from app.model.message import Message
from app.model.pointer import Pointer
from app.model.profile import Profile, parts_for
from app.model.status import Drift, ProgramAge, Status, TrainingRun
from app.model.verdict import Overall, Verification
from app.steps.drift import drift, missing_files, own_versions

if TYPE_CHECKING:
    from app.engine.session import Session

_FRESH = timedelta(days=90)  # Unsloth's releases outgrow a pinned set after about four months


def status(session: Session) -> Status:
    """The whole status. Raises ``InputError`` where the pointer file cannot be read."""
    pointer, place = session.home.pointer(), session.place
    empty = Status(program=program_age(session), home=place.home, scope=_install_scope(session))
    if pointer is None:
        return empty
    profile = next((p for p in session.knowledge.profiles if p.id == pointer.profile), None)
    changes = _find_drift(session, pointer, profile)
    recorded = session.environments.verification(pointer.active)
    worked = recorded is not None and recorded.overall in ("works", "works_slowly")
    proof = session.system.files.changed_at(place.verification(pointer.active))
    return msgspec.structs.replace(
        empty,
        installed=True,
        profile=pointer.profile,
        environment=place.environment(pointer.active),
        python=place.environment_python(pointer.active),
        path=stable_path(session.system.files, place, pointer),
        verdict=_current_verdict(session, pointer, recorded, changes),
        proven_at=proof if worked else None,
        drift=changes,
        previous=pointer.previous,
        newer_profile=_find_better_setup(session, profile) if profile is not None else None,
        packages_added=tuple(own_versions(profile, session.home.site()))
        if profile is not None
        else (),
        exports=profile.exports if profile is not None else (),
        runs=tuple(
            TrainingRun(id=run.id, state=run.state, resumable=run.resumable)
            for run in training_records.runs(session)
        ),
    )


def program_age(session: Session) -> ProgramAge:
    """This program's version and the age of what it knows."""
    newest = max((p.pinned_on for p in session.knowledge.profiles), default="1970-01-01")
    return ProgramAge(
        version=__version__,
        knowledge=newest,
        fresh_until=session.knowledge.rules.fresh_until
        or (date.fromisoformat(newest) + _FRESH).isoformat(),
    )


def _install_scope(session: Session) -> Literal["user", "all-users"]:
    shared = session.system.computer.shared_folder()
    return "all-users" if session.place.home == shared else "user"


def _current_verdict(
    session: Session,
    pointer: Pointer,
    recorded: Verification | None,
    changes: tuple[Drift, ...],
) -> Overall:
    """The recorded verdict, as long as what it was given for is what is here."""
    if not session.system.files.exists(session.place.environment_python(pointer.active)):
        return "broken"
    if recorded is None or (changes and recorded.overall != "broken"):
        return "not_checked"
    return recorded.overall


def _find_drift(session: Session, pointer: Pointer, profile: Profile | None) -> tuple[Drift, ...]:
    """Versions against the lock, then files that a RECORD lists and no folder has."""
    if profile is None or not parts_for(profile, session.place.family):
        return ()
    site = session.home.site()
    found = [
        Drift(package=change.name, locked=change.locked, found=change.found, text=change.sentence())
        for change in drift(pointer.active, profile, site)
    ]
    found += [
        Drift(
            package=name,
            missing_files=len(files),
            text=Message("1 file of {name} is missing: {first}.", name=name, first=files[0])
            if len(files) == 1
            else Message(
                "{count} files of {name} are missing, such as {first}.",
                name=name,
                count=len(files),
                first=files[0],
            ),
        )
        for name, files in missing_files(pointer.active, profile, site).items()
    ]
    return tuple(found)


def _find_better_setup(session: Session, profile: Profile) -> str | None:
    """What would be ranked best here now instead of a setup for the processor, by what the system
    says at once. For a card's setup nothing is said: to ask the driver a process would be started;
    ``plan`` asks.
    """
    if profile.needs.gpu:
        return None
    computer = session.system.computer
    seen = computer.facts()
    known = {name: seen.get(name) for name in ("name", "build", "arch", "wsl")}
    facts = MachineFacts(os=Os(family=computer.family, **known))
    return session.environments.newer_profile(profile.id, facts)
