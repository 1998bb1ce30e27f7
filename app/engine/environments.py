"""The environments under a home folder: listing them, and going back to the one before."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from app.decide.verification import judge
from app.engine import current_link
from app.engine.journal import Journal
from app.model import limits
from app.model.errors import ExitCode, ExpectedError, InputError, NotInstalledError
from app.model.home_layout import HomeLayout
from app.model.machine import MachineFacts
from app.model.message import Message
from app.model.plan import Plan
from app.model.pointer import Pointer, encode_pointer
from app.model.profile import Profile
from app.model.stored_messages import restore_messages
from app.model.verdict import Comparison, Verification
from app.ports import Clock, Files
from app.steps.create_environment import INSTALLED
from app.steps.drift import drift, lost_files, own_versions

if TYPE_CHECKING:
    from app.engine.session import Session
    from app.model.status import Status


@dataclass(frozen=True)
class Environment:
    """One environment. ``size`` is bytes on disk, ``None`` until asked for."""

    name: str
    path: str
    active: bool
    previous: bool
    proven: bool


def list_environments(
    files: Files, place: HomeLayout, pointer: Pointer | None
) -> tuple[Environment, ...]:
    """All environments, the active one first, then the one before it."""
    found = [
        Environment(
            name=name,
            path=place.environment(name),
            active=pointer is not None and pointer.active == name,
            previous=pointer is not None and pointer.previous == name,
            proven=files.exists(place.verification(name)),
        )
        for name in files.names(place.environments)
        if files.exists(place.environment_python(name))
    ]
    return tuple(sorted(found, key=lambda e: (not e.active, not e.previous, e.name)))


def previous_environment(files: Files, place: HomeLayout, pointer: Pointer | None) -> str:
    """The environment that was active before. Raises ``ExpectedError`` (exit code 7) when there is
    none.
    """
    if pointer is None or pointer.previous is None:
        raise ExpectedError(
            "nothing-before",
            Message(
                "There is no earlier environment to go back to; expected one that was "
                "active before the last install."
            ),
            exit_code=ExitCode.NOTHING_FOUND,
        )
    if not files.exists(place.environment_python(pointer.previous)):
        raise ExpectedError(
            "nothing-before",
            Message(
                "The earlier environment {previous} is no longer there, so {active} stays active.",
                previous=pointer.previous,
                active=pointer.active,
            ),
            exit_code=ExitCode.NOTHING_FOUND,
        )
    return pointer.previous


def swap_back(
    files: Files, clock: Clock, place: HomeLayout, pointer: Pointer | None, journal: Journal
) -> Pointer:
    """Swap active and previous in the pointer file, atomically. Raises as ``previous_environment``."""
    target = previous_environment(files, place, pointer)
    active = pointer.active if pointer is not None else None
    back = Pointer(active=target, profile=target.rsplit("-", 1)[0], previous=active, at=clock.now())
    journal.effect("rollback", "rollback")(
        "swapped", {"path": place.pointer, "from": active or "", "to": target}
    )
    files.write(place.pointer, encode_pointer(back, files.read(place.pointer)))
    return back


class Environments:
    """The environments of a session's home: which is active, how far each is proven."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def listed(self) -> tuple[Environment, ...]:
        """All environments under home, the active one first."""
        session = self._session
        return (
            ()
            if session.simulated or not session.home.is_owned()
            else list_environments(session.system.files, session.place, session.home.pointer())
        )

    def has(self, name: str) -> bool:
        """Whether an environment of this name is here, whole or not; told at once."""
        session = self._session
        python = session.place.environment_python(name)
        return not session.simulated and bool(name) and session.system.files.exists(python)

    def active(self) -> str:
        """The active environment's name. Raises ``NotInstalledError`` where there is none."""
        self._session.home.require_real_machine()
        pointer = self._session.home.pointer()
        if pointer is None:
            raise NotInstalledError(Message("No environment is active here; expected one."))
        return pointer.active

    def at_hand(self) -> str | None:
        """The environment that the last plan was about, else the active one."""
        session = self._session
        if session.execution.last_plan is not None and session.execution.last_plan.environment:
            return session.execution.last_plan.environment
        with suppress(InputError):  # a pointer that cannot be read is told of elsewhere
            pointer = session.home.pointer()
            return pointer.active if pointer is not None else None
        return None

    def profile_of(self, name: str, pointer: Pointer | None = None) -> str:
        """The id of the profile that an environment was made from."""
        return (
            pointer.profile
            if pointer is not None and pointer.active == name
            else name.rsplit("-", 1)[0]
        )

    def active_profile(self) -> Profile | None:
        session = self._session
        pointer = None if session.simulated else session.home.pointer()
        return next(
            (
                p
                for p in session.knowledge.profiles
                if pointer is not None and p.id == pointer.profile
            ),
            None,
        )

    def stable_path(self) -> str:
        """The path that stays when a newer setup is installed; mended where nothing else runs."""
        session = self._session
        name, pointer = self.active(), session.home.pointer()
        if pointer is None:
            return session.place.environment(name)
        path = current_link.stable_path(session.system.files, session.place, pointer)
        if path != session.place.current:
            with (
                suppress(ExpectedError),
                session.home.exclusive_lock("mending the link to the environment"),
            ):
                session.home.mend_current()
            path = current_link.stable_path(session.system.files, session.place, pointer)
        return path

    def verification(self, environment: str) -> Verification | None:
        """What the last verification of an environment said."""
        session = self._session
        data = None
        if not session.simulated:
            read = session.system.files.read
            data = read(session.place.verification(environment))
            if data is None and session.place.is_guest:
                data = read(session.place.shared_verification(environment))
        if data is None:
            return None
        try:
            read_back = msgspec.json.decode(data, type=Verification)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None  # written by a newer program: the checks run again
        return restore_messages(
            msgspec.structs.replace(read_back, messages=msgspec.UNSET), read_back.messages or ()
        )

    def already_in_place(self, plan: Plan, *, whole: bool = False) -> Verification | None:
        """The recorded verification when the plan's environment is active and proven, or is not to
        be verified: then nothing is to do. ``whole``: its files have just been looked at
        (``Plans.repair``), and none is lost.
        """
        session = self._session
        pointer = None if session.simulated else session.home.pointer()
        if pointer is None or pointer.active != plan.environment:
            return None
        python = session.place.environment_python(plan.environment)
        if session.system.processes.capture([python, "-I", "-c", ""], limits.UV_ANSWER).code != 0:
            return None  # gone, or its own Python is: a home that was moved away from it
        profile = session.knowledge.profile(plan.profile)
        if drift(plan.environment, profile, session.home.site()):
            return None
        if not whole and self.lost_files(plan.environment, plan.profile):
            return None
        recorded = self.verification(plan.environment)
        overall = recorded.overall if recorded is not None else "not_checked"
        if overall == "not_checked" and session.answers.verify == "none":
            return Verification(profile=plan.profile, environment=plan.environment)
        return (
            recorded
            if recorded is not None and recorded.overall in ("works", "works_slowly")
            else None
        )

    def lost_files(self, environment: str, profile: str) -> tuple[str, ...]:
        """Lost files of an environment whose install had come to its end."""
        session = self._session
        stamp = session.place.join(session.place.environment(environment), INSTALLED)
        if not session.system.files.exists(stamp):
            return ()
        return lost_files(environment, session.knowledge.profile(profile), session.home.site())

    def keep_profile(self) -> str | None:
        """Where no profile was chosen and a proven environment is active, its profile is kept; its
        id, ``None`` where nothing is kept.
        """
        session = self._session
        if session.profile is not None or session.simulated:
            return None
        kept, pointer = self.active_profile(), session.home.pointer()
        proof = self.verification(pointer.active) if pointer is not None else None
        if kept is None or proof is None or proof.overall not in ("works", "works_slowly"):
            return None
        session.choose(kept.id)
        return kept.id

    def newer_profile(self, kept: str, facts: MachineFacts | None = None) -> str | None:
        """The setup that is ranked best here, where that is another one than ``kept``, pinned later,
        and can work; for other facts where some are given.
        """
        pinned = {p.id: p.pinned_on for p in self._session.knowledge.profiles}
        first = next((c for c in self._session.choices(facts) if c.verdict != "blocked"), None)
        if first is None or first.profile.id == kept:
            return None
        return first.profile.id if first.profile.pinned_on > pinned.get(kept, "") else None

    def changes(self, plan: Plan) -> tuple[str, ...]:
        """What has changed in an environment since it was installed, a sentence each."""
        profile = self._session.knowledge.profile(plan.profile)
        return tuple(
            change.sentence()
            for change in drift(plan.environment, profile, self._session.home.site())
        )

    def own_packages(self) -> tuple[str, ...]:
        """What a person added to the active setup, by name."""
        profile = self.active_profile()
        return (
            tuple(own_versions(profile, self._session.home.site())) if profile is not None else ()
        )

    def status(self) -> Status:
        """What is installed and how far it is proven, from files alone. Raises ``InputError`` where
        the pointer file cannot be read.
        """
        from app.engine import status  # it knows this class

        return status.status(self._session)

    def compare(self, pasted: bytes, profile_id: str | None = None) -> tuple[Comparison, ...]:
        """The output of the guide's own script, pasted, against what is right here: for one setup,
        else the chosen, the active or the best.
        """
        session = self._session
        profile = (
            session.knowledge.profile(profile_id)
            if profile_id is not None
            else session.profile or self.active_profile() or session.best().profile
        )
        return judge.compare_pasted(
            pasted.decode("utf-8", "replace"),
            profile,
            session.known_facts(),
            session.knowledge.guide,
        )

    def closest(self, pasted: bytes) -> str | None:
        """The setup whose lines a pasted output fits best, by its id; ``None`` where none of them is
        in it. Of equals the one that is chosen or active here.
        """
        session = self._session
        text = pasted.decode("utf-8", "replace")
        own = session.profile or self.active_profile()
        return judge.closest(
            text,
            session.knowledge.profiles,
            session.known_facts(),
            session.knowledge.guide,
            own,
        )
