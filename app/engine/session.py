"""One session, from survey to report: facts, choices and answers; its parts do the work."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from app.decide.findings import ranking, rules
from app.engine import shared_home, surveying
from app.engine.desktop import Desktop
from app.engine.environments import Environments
from app.engine.execution import Execution
from app.engine.exports import Exports
from app.engine.home import OwnHome
from app.engine.network_access import NetworkAccess
from app.engine.plans import Plans
from app.engine.simulation import Simulation
from app.engine.undo import Undo
from app.knowledge import Knowledge
from app.model.advice import Choice, Finding
from app.model.answers import Answers
from app.model.errors import ExpectedError, InputError
from app.model.event import StepEvent
from app.model.home_layout import HomeLayout
from app.model.machine import Home, MachineFacts, ProbeResult
from app.model.message import Message
from app.model.profile import Profile
from app.ports import System


class Session:
    """What was seen of one computer, what was chosen and answered; its parts act on it.
    Everything but long work answers at once; what takes time is a generator.

    ``resource`` gives a file of ``resources/`` by its relative path.
    """

    def __init__(
        self,
        system: System,
        knowledge: Knowledge,
        answers: Answers,
        resource: Callable[[str], bytes],
        facts: MachineFacts | None = None,
        recording: tuple[StepEvent, ...] = (),
    ) -> None:
        self.system = system
        self.knowledge = knowledge
        self.answers = answers
        self.resource = resource
        self.facts = facts
        self.profile: Profile | None = None
        self.fixed: dict[str, object] = {}  # choices that an administrator's policy makes
        self._layout: HomeLayout | None = None
        self._ranked: tuple[tuple[object, ...], tuple[Choice, ...]] | None = None

        self.home = OwnHome(self)
        self.network = NetworkAccess(self)
        self.plans = Plans(self)
        self.execution = Execution(self)
        self.simulation = Simulation(self, recording)
        self.environments = Environments(self)
        self.undo = Undo(self)
        self.exports = Exports(self)
        self.desktop = Desktop(self)
        if facts is not None:
            self.network.note_answers(Answers(), facts.network)
            self.facts = self.network.limit_to_asked(facts)

    @property
    def simulated(self) -> str | None:
        """The name of the machine file when this is somebody else's computer."""
        return self.system.simulated

    @property
    def place(self) -> HomeLayout:
        """The home folder's layout, for the system that is looked at."""
        if self.simulated and self.facts is not None:
            home = self.answers.home or (
                self.facts.home.path if self.facts.home else "/home/someone/UnslothSetup"
            )
            return HomeLayout(home, self.facts.os.family)
        home = self.answers.home or self.system.computer.data_folder()
        if self._layout is None or self._layout.home != home:
            self._layout = shared_home.layout(self.system, home)
        return self._layout

    def change(self, **fields: object) -> None:
        """Take a choice of the user; the facts that depend on it are read again when next asked.
        What an administrator has fixed stays.
        """
        fields = {name: value for name, value in fields.items() if name not in self.fixed}
        self.answers = msgspec.structs.replace(self.answers, **fields)
        self.network.forget_sources()
        if self.facts is None:
            return
        self.facts = self.network.limit_to_asked(self.facts)
        if fields.get("home") and self.facts.home is not None:
            self.facts = self._move_home(self.facts, self.facts.home, str(fields["home"]))

    def _move_home(self, facts: MachineFacts, home: Home, path: str) -> MachineFacts:
        """The facts with another home folder, and the volume that it lies on."""
        moved = msgspec.structs.replace(
            home, path=path, volume=None, begun=None, refused=None, writable=None
        )
        if self.simulated:
            return msgspec.structs.replace(facts, home=moved)
        volume = self.system.files.disk(path)
        moved = msgspec.structs.replace(
            moved, refused=self.home.state().refused, writable=self.system.files.writable(path)
        )
        disks = facts.disks
        if volume is not None:
            moved = msgspec.structs.replace(moved, volume=volume.root)
            if volume.root not in {disk.root for disk in disks}:
                disks = (*disks, volume)
        return msgspec.structs.replace(facts, home=moved, disks=disks)

    def choose(self, profile_id: str) -> None:
        """Take a profile. Raises ``InputError`` naming those that exist, or the one that is fixed."""
        if self.fixed.get("profile", profile_id) != profile_id:
            raise InputError(
                Message(
                    "The profile is fixed to {profile} by this computer's policy file.",
                    profile=self.fixed["profile"],
                )
            )
        self.profile = self.knowledge.profile(profile_id)

    def choices(self, facts: MachineFacts | None = None) -> tuple[Choice, ...]:
        """All profiles, best first, each with its verdict and reason; for other facts where some are
        given. Ranked once for the same facts and answers.
        """
        facts = facts or self.known_facts()
        offered = self.network.offered
        chosen = self.profile if offered else None  # ranked too where the bundle does not hold it
        asked = (facts, self.answers, self.knowledge, offered, chosen)
        kept = self._ranked
        if kept is not None and all(a is b for a, b in zip(kept[0], asked, strict=True)):
            return kept[1]
        ranked = self._rank(facts)
        self._ranked = (asked, ranked)
        return ranked

    def _rank(self, facts: MachineFacts) -> tuple[Choice, ...]:
        known, offered = self.knowledge, self.network.offered
        chosen = {self.profile.id} if self.profile is not None else set()
        return ranking.rank(
            facts,
            tuple(p for p in known.profiles if not offered or p.id in offered or p.id in chosen),
            known.rules,
            known.cards,
            self.answers,
            known.advisories,
        )

    def best(self) -> Choice:
        """The chosen profile's judgement, or the best one's."""
        ranked = self.choices()
        if self.profile is not None:
            return next(c for c in ranked if c.profile.id == self.profile.id)
        return ranked[0]

    def findings(self) -> tuple[Finding, ...]:
        """What the facts mean, for the chosen profile where one is chosen."""
        profile = self.profile or (self.best().profile if self.knowledge.profiles else None)
        return rules.findings(
            self.known_facts(), self.knowledge.rules, self.knowledge.cards, profile, self.answers
        )

    def survey(self) -> Iterator[ProbeResult]:
        """Look at the machine; the last sighting carries all facts. A simulated machine answers
        from its file.
        """
        return surveying.look(self)

    def known_facts(self) -> MachineFacts:
        """The facts, surveyed now if that has not happened yet."""
        if self.facts is None:
            for _ in self.survey():
                pass
        if self.facts is None:
            raise ExpectedError("no-facts", Message("The survey ended without a result."))
        return self.facts
