"""The home folder of a session: whose it is, what its journal and pointer say, and its lock."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from app.decide.findings import fact_table
from app.engine import current_link, home_folder, shared_home
from app.engine.guarded_files import guard_files
from app.engine.journal import Journal
from app.engine.resumable_bytes import measure_resumable
from app.model.errors import InputError
from app.model.home_layout import HomeLayout
from app.model.home_marker import decode_marker
from app.model.machine import MachineFacts
from app.model.message import Message
from app.model.pointer import Pointer, decode_pointer
from app.ports import System
from app.probe import network
from app.probe.home import HomeState, home_state, is_ours
from app.steps import create_environment
from app.steps.step_context import StepContext

if TYPE_CHECKING:
    from app.engine.session import Session


class OwnHome:
    """The home folder of a session, as far as it is this program's."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def journal(self) -> Journal:
        """The home folder's journal."""
        session = self._session
        return Journal(session.system.files, session.system.clock, session.place.journal)

    def state(self) -> HomeState:
        """Whether the home folder is this program's, may become so, or is somebody else's."""
        return home_state(self._session.system, self._session.place)

    def is_owned(self) -> bool:
        """Whether the home folder is one of this program; quick, whatever disk it lies on."""
        return is_ours(self._session.system, self._session.place)

    def site(self) -> StepContext:
        """What steps are given; the runner puts the journal behind ``record``."""
        session = self._session
        known = {p.id: p for p in (*session.knowledge.profiles, *session.knowledge.kernels)}
        cards = sum(gpu.of_nvidia for gpu in session.facts.gpus) if session.facts is not None else 0
        disturbing = fact_table.find_conflicting_variables(
            session.system.computer.variables(), session.knowledge.rules, cards
        )
        return StepContext(
            system=self._guarded_system(session.place, self.journal),
            place=session.place,
            profiles=known,
            answers=session.answers,
            sources=session.network.sources(),
            resource=session.resource,
            record=self.journal.effect("session", ""),
            ours=self.is_ours,
            left_out=frozenset(name.upper() for name, _, _ in disturbing),
            card=fact_table.pointed_at(session.facts) if session.facts is not None else None,
        )

    def site_here(self) -> StepContext:
        """The same for what is really done while somebody else's computer is looked at: that
        happens on this one.
        """
        session = self._session
        if not session.simulated:
            return self.site()
        here = HomeLayout(
            session.answers.home or session.system.computer.data_folder(),
            session.system.computer.family,
        )
        journal = Journal(session.system.files, session.system.clock, here.journal)
        return replace(
            self.site(),
            system=session.system,
            place=here,
            sources=network.sources(session.system, session.answers),
            record=journal.effect("session", ""),
        )

    def is_ours(self, path: str) -> bool:
        """Whether a path of the home folder is this program's: the journal lists it, or it lies in an
        environment with our stamp. What lies behind a link is not: nothing is deleted there.
        """
        session = self._session
        files, folder, below = session.system.files, session.place.folder_of(path), path
        while session.place.holds(folder):
            if files.link(folder) is not None:
                return False
            if folder == session.place.environments:
                name = below[len(folder) + 1 :]
                if any(
                    files.exists(session.place.join(below, stamp))
                    for stamp in (create_environment.MADE, create_environment.INSTALLED)
                ):
                    return session.system.files.link(below) is None and bool(name)
            folder, below = session.place.folder_of(folder), folder
        return self._is_marked_ours(below) or self.journal.lists(path)

    def _is_marked_ours(self, top: str) -> bool:
        """Whether what lies at the top of home is ours by the marker of a home that was empty when it
        was made.
        """
        session = self._session
        own = (
            *session.place.layout,
            session.place.pythons,
            session.place.kernels,
        )
        marker = decode_marker(session.system.files.read(session.place.marker) or b"")
        return marker is not None and not marker.adopted and top in own

    def _guarded_system(self, place: HomeLayout, journal: Journal) -> System:
        """The adapters for steps: what is not ours below home is neither deleted nor replaced."""
        system = copy.copy(self._session.system)
        system.files = guard_files(
            self._session.system.files, place, self.is_ours, journal.effect("session", "")
        )
        return system

    def require_real_machine(self) -> None:
        """Raises ``InputError`` where this is somebody else's computer: nothing is changed there."""
        if self._session.simulated:
            raise InputError(
                Message(
                    "This is a simulation of {simulated}: nothing can be taken back or removed "
                    "on that computer.",
                    simulated=self._session.simulated,
                ),
                hint=Message("Leave out --machine to do it on this one."),
            )

    def pointer(self) -> Pointer | None:
        """Which environment is active; none on somebody else's computer. Raises ``InputError`` when
        the file is broken.
        """
        session = self._session
        if session.simulated:
            return None
        data = session.system.files.read(session.place.pointer)
        if data is None or not self.is_owned():
            return None
        return decode_pointer(data, session.place.pointer)

    def measure_resumable(self, facts: MachineFacts) -> dict[str, int]:
        """Bytes that are here now, by profile. A journal or pointer that cannot be read is told of
        elsewhere.
        """
        session = self._session
        active = unfinished = None
        with suppress(InputError):
            pointer, cut_off = self.pointer(), self.journal.unfinished()
            active = pointer.active if pointer is not None else None
            unfinished = cut_off[0].profile if cut_off is not None else None
        return measure_resumable(
            facts,
            session.knowledge.profiles,
            session.place,
            session.system.files,
            active,
            unfinished,
        )

    @contextmanager
    def exclusive_lock(self, what: str) -> Iterator[None]:
        """Nothing else may run in this home folder meanwhile. Raises
        ``ExpectedError('already-running')``; nobody needs a folder that is not there, and none that
        is not ours is touched."""
        session = self._session
        if not self.is_owned():
            yield
            return
        with session.system.files.hold(session.place.lock, what):
            try:
                yield
            finally:
                shared_home.share(session.system, session.place, session.place.home)

    def refuse_busy(self) -> None:
        """Raise ``ExpectedError('already-running')`` while another run is at work in this home."""
        session = self._session
        if not session.simulated and self.is_owned():
            session.system.files.refuse_held(session.place.lock)

    def require_own(self, what: str) -> None:
        """Raises ``InputError`` where the home folder is somebody else's; a new one is marked."""
        session = self._session
        state = self.state()
        if not state.ours and state.refused is not None:
            refusal = home_folder.explain_refusal(state.refused, session.place.home, session.place)
            raise InputError(
                refusal,
                hint=Message(
                    "Name another folder, or a file with {what} --output FILE.", what=what
                ),
            )
        home_folder.write_marker(session.system, session.place, state, self.journal, what)

    def refuse_guest(self) -> None:
        session = self._session
        if session.place.is_guest:
            shared_home.refuse(session.answers, session.system, session.place)

    def mend_current(self) -> None:
        """The link to the active environment, as the pointer has it. Call it while holding home."""
        session = self._session
        if session.place.is_guest:
            return
        with suppress(InputError):  # a pointer that cannot be read is told of elsewhere
            current_link.repair_link(session.system.files, session.place, self.pointer())
