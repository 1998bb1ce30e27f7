"""Where a session's packages come from, and what is asked of the network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from app.engine import bundling
from app.model.answers import Answers
from app.model.machine import MachineFacts, Network
from app.model.sources import Sources
from app.probe import network

if TYPE_CHECKING:
    from app.engine.session import Session
    from app.engine.source_answers import Answer
    from app.engine.updates import Announcement


class NetworkAccess:
    """The sources of a session's packages, and whether they answered.

    ``offered`` names the profiles of the bundle that is installed from.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.offered: tuple[str, ...] = ()
        self._sources: Sources | None = None
        self._asked: tuple[Answers, Network] | None = None  # what a survey asked, and what came

    def note_answers(self, asked: Answers, seen: Network) -> None:
        """Keep what a survey saw of the indexes of these answers."""
        self._asked = (asked, seen)

    def forget_sources(self) -> None:
        """The answers have changed: read the sources again when next asked."""
        self._sources = None

    def limit_to_asked(self, facts: MachineFacts) -> MachineFacts:
        """The facts with the reach of those indexes alone that the survey asked."""
        if self._asked is None:
            return facts
        then, seen = self._asked
        answers = self._session.answers
        network = msgspec.structs.replace(
            facts.network,
            index=seen.index,
            index_fault=seen.index_fault,
            pytorch=seen.pytorch,
            pytorch_fault=seen.pytorch_fault,
        )
        if answers.index != then.index:
            network = msgspec.structs.replace(network, index="unknown", index_fault="")
        if answers.pytorch_index != then.pytorch_index:
            network = msgspec.structs.replace(network, pytorch="unknown", pytorch_fault="")
        return msgspec.structs.replace(facts, network=network)

    def sources(self) -> Sources:
        """Where packages come from: the answers, then pip's and uv's own settings."""
        session = self._session
        if self._sources is None:
            self._sources = (
                Sources() if session.simulated else network.sources(session.system, session.answers)
            )
        return self._sources

    def ask(self, answers: Answers) -> Iterator[Answer]:
        """Ask each source with these answers, and tell what it said: minutes behind a bad proxy."""
        from app.engine import source_answers

        return source_answers.ask_sources(self._session, answers)

    def newer_program(self) -> Announcement | None:
        """A newer version of this program that its publisher announced, asked at most once a day.
        Raises ``ExpectedError`` with what stands between.
        """
        from app.engine import updates  # it knows this class

        return updates.find_newer_program(self._session)

    def take_bundle(self) -> None:
        """Where a bundle is given and no profile: that of the bundle. Raises ``InputError`` where the
        folder is none.
        """
        session = self._session
        if session.answers.offline and not session.simulated:
            made = bundling.read(session.answers.offline, session.place, session.system.files)
            if session.profile is None and len(made.names) == 1:
                session.choose(made.profile)
            self._offered = made.names
