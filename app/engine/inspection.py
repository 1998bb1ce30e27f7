"""A session with one computer: where things are there, what was seen, and what is decided from it."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from app.decide.findings import fact_table, ranking, rules
from app.decide.plans import builder, fixes
from app.decide.redaction.masking import known_secrets
from app.engine import bundled_models, bundling, integrations, shared_home
from app.engine.guarded_files import guard_files
from app.engine.journal import Journal
from app.engine.resumable_bytes import measure_resumable
from app.knowledge import Knowledge
from app.model.advice import Choice, Finding
from app.model.answers import SYSTEM_ALONE, Answers
from app.model.errors import ExpectedError, InputError, NotInstalledError
from app.model.event import StepEvent
from app.model.home_layout import HomeLayout
from app.model.home_marker import decode_marker
from app.model.machine import MachineFacts, Network, ProbeResult
from app.model.plan import Plan, Quarantine, RemoveTree, UninstallPackages
from app.model.pointer import Pointer, decode_pointer
from app.model.profile import Platform, Profile
from app.model.sources import Sources
from app.model.verdict import Verification
from app.ports import System
from app.probe import network, survey
from app.probe.home import HomeState, home_state, is_ours
from app.steps import create_environment
from app.steps.step_context import StepContext

if TYPE_CHECKING:
    from app.decide.redaction.redact import Redactor

# Files that every run writes again, and reads back: locks as they were asked, checks, records.
_NOTES = re.compile(
    r"locks/(?!pylock\.unpacking)[\w.+-]+\.(txt|json|toml)|checks/[\w/-]+\.py|verified/[\w.-]+\.json"
)


class Inspection:
    """One session with one computer, as far as nothing is changed on it. What takes time is a
    generator.

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
        self.system, self.knowledge, self.answers, self.resource = (
            system,
            knowledge,
            answers,
            resource,
        )
        self.facts: MachineFacts | None = facts
        self.recording = recording
        self.recorded: str | None = None  # the profile that the recording is a run of
        self.recorded_plan: Plan | None = None
        self.speed = 10.0  # how many times as fast as it happened a recording is played
        self.profile: Profile | None = None
        self.verification: Verification | None = None
        self.events: list[StepEvent] = []
        self.last_plan: Plan | None = None
        self.log_path: str | None = None
        self.outcome = ""
        self.cut_short = False  # whether a step that is no check ended the last run
        self.changed = False  # whether the last run changed more than logs, caches and records
        self.fixed: dict[str, object] = {}  # choices that an administrator's policy makes
        self.error: ExpectedError | None = None
        self.locate_error: Callable[[InputError], InputError] = lambda error: (
            error
        )  # tells where an answer file says what is wrong
        self._sources: Sources | None = None
        self._layout: HomeLayout | None = None
        self._offered: tuple[str, ...] = ()  # the profiles of the bundle that is installed from
        self._asked: tuple[Answers, Network] | None = None  # what the survey asked, and what came
        if facts is not None:
            self._asked = (Answers(), facts.network)
            self._forget_reach()

    # ---- where things are

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

    @property
    def journal(self) -> Journal:
        """The home folder's journal."""
        return Journal(self.system.files, self.system.clock, self.place.journal)

    def change(self, **fields: object) -> None:
        """Take a choice of the user; the facts that depend on it are read again when next asked.
        What an administrator has fixed stays.
        """
        fields = {name: value for name, value in fields.items() if name not in self.fixed}
        self.answers = msgspec.structs.replace(self.answers, **fields)
        self._sources = None
        self._forget_reach()
        if (
            "home" in fields
            and self.facts is not None
            and self.facts.home is not None
            and fields["home"]
        ):
            moved = msgspec.structs.replace(
                self.facts.home, path=str(fields["home"]), volume=None, begun=None, refused=None
            )
            volume = None
            if not self.simulated:
                volume = self.system.files.disk(moved.path)
                moved = msgspec.structs.replace(moved, refused=self.home_state().refused)
            if volume is not None:
                moved = msgspec.structs.replace(moved, volume=volume.root)
                if volume.root not in {disk.root for disk in self.facts.disks}:
                    self.facts = msgspec.structs.replace(
                        self.facts, disks=(*self.facts.disks, volume)
                    )
            self.facts = msgspec.structs.replace(self.facts, home=moved)

    def _forget_reach(self) -> None:
        """Whether an index can be reached is known of the one that the survey asked, of no other."""
        if self.facts is None or self._asked is None:
            return
        then, seen = self._asked
        network = msgspec.structs.replace(
            self.facts.network,
            index=seen.index,
            index_fault=seen.index_fault,
            pytorch=seen.pytorch,
            pytorch_fault=seen.pytorch_fault,
        )
        if self.answers.index != then.index:
            network = msgspec.structs.replace(network, index="unknown", index_fault="")
        if self.answers.pytorch_index != then.pytorch_index:
            network = msgspec.structs.replace(network, pytorch="unknown", pytorch_fault="")
        self.facts = msgspec.structs.replace(self.facts, network=network)

    def home_state(self) -> HomeState:
        """Whether the home folder is this program's, may become so, or is somebody else's."""
        return home_state(self.system, self.place)

    def owns_home(self) -> bool:
        """Whether the home folder is one of this program; quick, whatever disk it lies on."""
        return is_ours(self.system, self.place)

    def sources(self) -> Sources:
        """Where packages come from: the answers, then pip's and uv's own settings."""
        if self._sources is None:
            self._sources = (
                Sources() if self.simulated else network.sources(self.system, self.answers)
            )
        return self._sources

    def site(self) -> StepContext:
        """What steps are given; the runner puts the journal behind ``record``."""
        known = {p.id: p for p in (*self.knowledge.profiles, *self.knowledge.kernels)}
        cards = sum(gpu.of_nvidia for gpu in self.facts.gpus) if self.facts is not None else 0
        disturbing = fact_table.find_conflicting_variables(
            self.system.computer.variables(), self.knowledge.rules, cards
        )
        return StepContext(
            system=self._guarded_system(self.place, self.journal),
            place=self.place,
            profiles=known,
            answers=self.answers,
            sources=self.sources(),
            resource=self.resource,
            record=self.journal.effect("session", ""),
            ours=self.is_ours,
            left_out=frozenset(name.upper() for name, _, _ in disturbing),
            card=fact_table.pointed_at(self.facts) if self.facts is not None else None,
        )

    def site_here(self) -> StepContext:
        """The same for what is really done while somebody else's computer is looked at: that
        happens on this one.
        """
        if not self.simulated:
            return self.site()
        here = HomeLayout(
            self.answers.home or self.system.computer.data_folder(), self.system.computer.family
        )
        journal = Journal(self.system.files, self.system.clock, here.journal)
        return replace(
            self.site(),
            system=self.system,
            place=here,
            sources=network.sources(self.system, self.answers),
            record=journal.effect("session", ""),
        )

    def is_ours(self, path: str) -> bool:
        """Whether a path of the home folder is this program's: the journal lists it, or it lies in an
        environment with our stamp. What lies behind a link is not: nothing is deleted there.
        """
        files, folder, below = self.system.files, self.place.folder_of(path), path
        while self.place.holds(folder):
            if files.link(folder) is not None:
                return False
            if folder == self.place.environments:
                name = below[len(folder) + 1 :]
                if any(
                    files.exists(self.place.join(below, stamp))
                    for stamp in (create_environment.MADE, create_environment.INSTALLED)
                ):
                    return self.system.files.link(below) is None and bool(name)
            folder, below = self.place.folder_of(folder), folder
        return self._is_marked_ours(below) or self.journal.lists(path)

    def _is_marked_ours(self, top: str) -> bool:
        """Whether what lies at the top of home is ours by the marker of a home that was empty when it
        was made.
        """
        own = (*self.place.layout, self.place.pythons, self.place.kernels)
        marker = decode_marker(self.system.files.read(self.place.marker) or b"")
        return marker is not None and not marker.adopted and top in own

    def _may_replace(self, path: str) -> bool:
        """What steps may replace: ours, and in a home whose journal was lost and that has its pointer
        still the notes of an older run, which are known by their names.
        """
        if self.is_ours(path):
            return True
        below = path[len(self.place.home) + 1 :].replace("\\", "/")
        return _NOTES.fullmatch(below) is not None and self.pointer() is not None

    def _guarded_system(self, place: HomeLayout, journal: Journal) -> System:
        """The adapters for steps: what is not ours below home is neither deleted nor replaced."""
        system = copy.copy(self.system)
        system.files = guard_files(
            self.system.files, place, self.is_ours, journal.effect("session", "")
        )
        return system

    def require_real_machine(self) -> None:
        """Raises ``InputError`` where this is somebody else's computer: nothing is changed there."""
        if self.simulated:
            raise InputError(
                f"This is a simulation of {self.simulated}: nothing can be taken back or removed "
                f"on that computer.",
                hint="Leave out --machine to do it on this one.",
            )

    def pointer(self) -> Pointer | None:
        """Which environment is active; none on somebody else's computer. Raises ``InputError`` when
        the file is broken.
        """
        if self.simulated:
            return None
        data = self.system.files.read(self.place.pointer)
        if data is None or not self.owns_home():
            return None
        return decode_pointer(data, self.place.pointer)

    def _active_profile(self) -> Profile | None:
        pointer = None if self.simulated else self.pointer()
        return next(
            (p for p in self.knowledge.profiles if pointer is not None and p.id == pointer.profile),
            None,
        )

    def _target_platform(self) -> Platform:
        return "windows" if self.known_facts().os.family == "windows" else "linux"

    # ---- look

    def survey(self) -> Iterator[ProbeResult]:
        """Look at the machine; the last sighting carries all facts. A simulated machine answers
        from its file.
        """
        if self.simulated and self.facts is not None:
            yield from survey.replay_facts(self.facts)
            return
        self.system.web.use(self.sources())
        for sighting in survey.survey(self.system, self.place, self.answers):
            if sighting.facts is not None:
                self._asked = (self.answers, sighting.facts.network)
                self.facts = self._with_resumable(sighting.facts)
                yield msgspec.structs.replace(sighting, facts=self.facts)
                continue
            yield sighting

    def _with_resumable(self, facts: MachineFacts) -> MachineFacts:
        """The facts with what of each setup is here already."""
        if facts.home is None:
            return facts
        return msgspec.structs.replace(
            facts, home=msgspec.structs.replace(facts.home, begun=self.measure_resumable(facts))
        )

    def measure_resumable(self, facts: MachineFacts) -> dict[str, int]:
        """Bytes that are here now, by profile. A journal or pointer that cannot be read is told of
        elsewhere.
        """
        active = unfinished = None
        with suppress(InputError):
            pointer, cut_off = self.pointer(), self.journal.unfinished()
            active = pointer.active if pointer is not None else None
            unfinished = cut_off[0].profile if cut_off is not None else None
        return measure_resumable(
            facts, self.knowledge.profiles, self.place, self.system.files, active, unfinished
        )

    def known_facts(self) -> MachineFacts:
        """The facts, surveyed now if that has not happened yet."""
        if self.facts is None:
            for _ in self.survey():
                pass
        if self.facts is None:
            raise ExpectedError("no-facts", "The survey ended without a result.")
        return self.facts

    def machine_file(self) -> bytes:
        """This machine's file, ``machine/1``: the same that a report holds, the person taken out."""
        return msgspec.json.format(
            msgspec.json.encode(self.redactor().facts(self.known_facts())), indent=2
        )

    def redactor(self) -> Redactor:
        """What takes the person out of all that leaves this computer: by rule, and by what is known
        here.
        """
        from app.decide.redaction.redact import redactor  # first needed at the end of a session

        table = self.resource("secrets.toml")
        if self.simulated:
            return redactor(self.known_facts(), table=table)
        known = self.system.computer.facts()
        names = {
            name: str(known[name])
            for name in ("user", "host", "user_home", "full_name")
            if known.get(name)
        }
        return redactor(
            self.known_facts(),
            names,
            known_secrets(self.sources(), self.system.computer.variables()),
            table=table,
        )

    # ---- decide

    def findings(self) -> tuple[Finding, ...]:
        """What the facts mean, for the chosen profile where one is chosen."""
        profile = self.profile or (self.best().profile if self.knowledge.profiles else None)
        return rules.findings(
            self.known_facts(), self.knowledge.rules, self.knowledge.cards, profile, self.answers
        )

    def choices(self) -> tuple[Choice, ...]:
        """All profiles, best first, each with its verdict and reason."""
        known = self.knowledge
        chosen = {self.profile.id} if self.profile is not None else set()
        return ranking.rank(
            self.known_facts(),
            tuple(
                p
                for p in known.profiles
                if not self._offered or p.id in self._offered or p.id in chosen
            ),
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

    def choose(self, profile_id: str) -> None:
        """Take a profile. Raises ``InputError`` naming those that exist, or the one that is fixed."""
        if self.fixed.get("profile", profile_id) != profile_id:
            raise InputError(
                f"The profile is fixed to {self.fixed['profile']} by this computer's policy file."
            )
        self.profile = self.knowledge.profile(profile_id)

    def take_bundle(self) -> None:
        """Where a bundle is given and no profile: that of the bundle. Raises ``InputError`` where the
        folder is none.
        """
        if self.answers.offline and not self.simulated:
            made = bundling.read(self.answers.offline, self.place, self.system.files)
            if self.profile is None and len(made.names) == 1:
                self.choose(made.profile)
            self._offered = made.names

    def plan(self) -> Plan:
        """The whole plan for the chosen or best profile, the chosen clean-up first."""
        profile = self.profile or self.best().profile
        facts = self.known_facts()
        install = builder.install_plan(facts, profile, self.place, self.answers)
        pointer = None if self.simulated else self.pointer()
        if pointer is not None and pointer.active.startswith(install.environment + "."):
            install = fixes.rename_environment(
                install, self.place, pointer.active
            )  # the one that was made again beside it
        install = self._with_models(self._with_integrations(install, profile))
        if not self.answers.clean_up:
            return self._match_recording(install)
        known, gone = {left.id for left in facts.leftovers}, self._leftovers_moved()
        wanted = [one for one in self.answers.clean_up if one in known or one not in gone]
        try:
            clean = builder.clean_up_plan(facts, self.place, wanted)
        except InputError as error:
            raise self.locate_error(error) from error
        return msgspec.structs.replace(install, steps=clean.steps + install.steps)

    def _with_models(self, install: Plan) -> Plan:
        """A bundle's models, last: what trains is proven before they are copied."""
        if self.simulated or not self.answers.offline:
            return install
        bundle = self.answers.offline
        made = bundling.read(bundle, self.place, self.system.files)
        more = bundled_models.taking(made.models, bundle, self.place)
        return msgspec.structs.replace(install, steps=install.steps + more)

    def _leftovers_moved(self) -> set[str]:
        """Leftovers that earlier runs here moved away: the same answers may name them again."""
        if self.simulated:
            return set()
        entries = self.journal.entries()
        done = {(e.run, e.step) for e in entries if e.kind == "step-done"}
        return {
            step.leftover
            for e in entries
            if e.plan is not None
            for step in e.plan.steps
            if isinstance(step, Quarantine) and (e.run, step.id) in done
        }

    def _match_recording(self, install: Plan) -> Plan:
        """The sender's own plan where it did more than the facts alone ask for: a clean-up, a
        kernel, a menu entry.
        """
        theirs = self.recorded_plan
        if theirs is None or theirs.profile != install.profile:
            return install
        return (
            theirs
            if {step.id for step in install.steps} < {step.id for step in theirs.steps}
            else install
        )

    def _with_integrations(self, install: Plan, profile: Profile) -> Plan:
        """The kernel and the menu entry that the answers ask for, after everything else."""
        if not install.steps or self.simulated:
            return install
        return msgspec.structs.replace(
            install,
            steps=install.steps + self.integrations_plan(profile, install.environment).steps,
        )

    def integrations_plan(
        self, profile: Profile | None = None, environment: str | None = None
    ) -> Plan:
        """What the answers ask for beside the environment, the active one where none is named.
        Often without steps.
        """
        plans = [
            make(profile, environment)
            for wanted, make in (
                (self.answers.kernel, self.kernel_plan),
                (self.answers.menu_entry, self.shortcut_plan),
            )
            if wanted
        ]
        plans.append(integrations.own_packages_plan(self, profile, environment))
        return Plan(
            title="Kernel and menu entry",
            profile=plans[0].profile if plans else "",
            steps=tuple(step for plan in plans for step in plan.steps),
        )

    def extras_plan(self, plan: Plan) -> Plan:
        """What a plan has to do although its environment is in place: the chosen clean-up and
        fixes, kernel and menu entry.
        """
        first = tuple(
            step
            for step in plan.steps
            if isinstance(step, Quarantine | RemoveTree | UninstallPackages)
        )
        return msgspec.structs.replace(
            plan,
            title="Clean-up and keepsakes",
            environment="",
            steps=(*first, *self.integrations_plan().steps),
        )

    def kernel_plan(self, profile: Profile | None = None, environment: str | None = None) -> Plan:
        """A Jupyter kernel for an environment, the active one where none is named."""
        profile, environment = self._default_to_active(profile, environment)
        return integrations.kernel_plan(
            profile, environment, self.place, self.knowledge, self.system.computer
        )

    def shortcut_plan(self, profile: Profile | None = None, environment: str | None = None) -> Plan:
        """An entry of the system's menu for an environment, the active one where none is named."""
        profile, environment = self._default_to_active(profile, environment)
        return integrations.shortcut_plan(profile, environment, self.place, self.system.computer)

    def _default_to_active(
        self, profile: Profile | None, environment: str | None
    ) -> tuple[Profile, str]:
        if profile is not None and environment is not None:
            return profile, environment
        pointer = self.pointer()
        if pointer is None or self.simulated:
            raise NotInstalledError("There is no active environment here; expected one.")
        return self.knowledge.profile(pointer.profile), pointer.active

    def remedy_plan(self, remedy: str, failed: Plan) -> Plan:
        """The plan that mends what failed: the fix's own steps, then the rest. Changes the choices
        where the fix is one.

        Raises ``InputError`` for a fix that would change nothing here.
        """
        if remedy == "other-profile":
            self.choose(self._next_profile(failed.profile))
            return self.plan()
        if remedy == "system-certificates":
            if not self.is_applicable(remedy):
                raise InputError(
                    "Only the system's certificates are in use already, so this fix would change "
                    "nothing.",
                    hint="Ask whoever manages the network for its root certificate, and name its "
                    "file in the settings.",
                )
            self.change(certificates=SYSTEM_ALONE)
        pointer = None if self.simulated else self.pointer()
        kept = (
            ()
            if pointer is None
            else (pointer.active, *((pointer.previous,) if pointer.previous else ()))
        )
        return fixes.plan_fix(remedy, failed, self.place, kept)

    def is_applicable(self, remedy: str | None) -> bool:
        """Whether an automatic fix would change anything on this computer."""
        if remedy == "system-certificates":
            return self.sources().certificate is not None
        return remedy != "other-profile" or bool(
            self._other_setups(self.last_plan.profile if self.last_plan else self.best().profile.id)
        )

    def _other_setups(self, failed: str) -> list[str]:
        """The setups that can work here, those that nobody has tried first, then the best first.

        ``failed`` is among them only where no run here was of it: then the log came from elsewhere.
        """
        tried = {
            e.plan.profile
            for e in (() if self.simulated else self.journal.entries())
            if e.plan is not None
        }
        tried |= {self.last_plan.profile} if self.last_plan else set()
        possible = [c.profile.id for c in self.choices() if c.verdict != "blocked"]
        return sorted(
            (p for p in possible if p != failed or p not in tried), key=lambda p: p in tried
        )

    def _next_profile(self, failed: str) -> str:
        others = self._other_setups(failed)
        if not others:
            raise InputError("No other setup can work on this machine; the findings say why.")
        return others[0]

    def verify_plan(self, quick: bool = False, environment: str | None = None) -> Plan:
        """The checks for an installed environment: the named one or the active one."""
        pointer = self.pointer()
        name = environment or (pointer.active if pointer else None)
        if name is None:
            raise NotInstalledError("There is no active environment to verify; expected one.")
        known = self.system.files.names(self.place.environments)
        if name not in known:
            if environment is None or not known:
                raise NotInstalledError(
                    f"There is no environment {name!r} to verify; nothing is installed here."
                )
            raise InputError(
                f"There is no environment {name!r} to verify; expected one of {', '.join(known)}."
            )
        profile = self.knowledge.profile(self.profile_of(name, pointer))
        return builder.verify_plan(profile, self.place, name, quick)

    def profile_of(self, name: str, pointer: Pointer | None = None) -> str:
        """The id of the profile that an environment was made from."""
        return (
            pointer.profile
            if pointer is not None and pointer.active == name
            else name.rsplit("-", 1)[0]
        )
