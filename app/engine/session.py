"""One visit, from survey to report: what the window and the command line both drive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from app.decide import diagnose, explain, judge, planning, recommend, rehearsed, remedies
from app.decide.secrets import Veil, known_secrets
from app.engine import bundling, keepsakes, scripts
from app.engine.environments import Environment, Uninstallable, list_environments, swap_back, what_is_here
from app.engine.journal import Journal
from app.engine.rehearsal import rehearse
from app.engine.runner import Runner
from app.knowledge import Knowledge
from app.model.advice import Choice, Diagnosis, EvidenceLine, Finding
from app.model.answers import Answers
from app.model.errors import BadInput, ExpectedError
from app.model.event import Failed, Halted, Line, Measured, Started, StepEvent
from app.model.machine import MachineFacts, Sighting
from app.model.place import Place
from app.model.plan import Activate, Plan, RunCheck
from app.model.pointer import Pointer, decode_pointer
from app.model.profile import Platform, Profile
from app.model.sources import Sources
from app.model.verdict import Comparison, Verification
from app.ports import World
from app.probe import network, survey
from app.steps import create_environment, put_packages_back, quarantine
from app.steps.handlers import HANDLERS
from app.steps.locked_state import drift
from app.steps.site import Site

if TYPE_CHECKING:
    from app.model.report import Preview


@dataclass(frozen=True)
class Unfinished:
    """A run that was cut off: what it was making and how far it came."""

    profile: str
    title: str
    steps_done: int
    steps_total: int
    plan: Plan


class Session:
    """One visit to one computer. Long work is a generator of events; everything else answers at once.

    ``resource`` gives a file of ``resources/`` by its relative path.
    """

    def __init__(self, world: World, knowledge: Knowledge, answers: Answers, resource: Callable[[str], bytes],
                 facts: MachineFacts | None = None, recording: tuple[StepEvent, ...] = ()) -> None:
        self.world, self.knowledge, self.answers, self.resource = world, knowledge, answers, resource
        self.facts: MachineFacts | None = facts
        self.recording = recording
        self.recorded: str | None = None  # the profile that the recording is a run of
        self.speed = 10.0                 # how many times as fast as it happened a recording is played
        self.profile: Profile | None = None
        self.verification: Verification | None = None
        self.events: list[StepEvent] = []
        self.last_plan: Plan | None = None
        self.log_path: str | None = None
        self.outcome = ""
        self.error: ExpectedError | None = None
        self.blame: Callable[[BadInput], BadInput] = lambda error: error  # tells where an answer file says what is wrong
        self._sources: Sources | None = None

    # ---- where things are

    @property
    def simulated(self) -> str | None:
        """The name of the machine file when this is somebody else's computer."""
        return self.world.simulated

    @property
    def place(self) -> Place:
        """The home folder's layout, for the system that is looked at."""
        if self.simulated and self.facts is not None:
            home = self.answers.home or (self.facts.home.path if self.facts.home else "/home/someone/UnslothSetup")
            return Place(home, self.facts.os.family)
        return Place(self.answers.home or self.world.computer.data_folder(), self.world.computer.family)

    @property
    def journal(self) -> Journal:
        """The home folder's journal."""
        return Journal(self.world.files, self.world.clock, self.place.journal)

    def change(self, **fields: object) -> None:
        """Take a choice of the user; the facts that depend on it are read again when next asked."""
        self.answers = msgspec.structs.replace(self.answers, **fields)
        self._sources = None
        if "home" in fields and self.facts is not None and self.facts.home is not None and fields["home"]:
            self.facts = msgspec.structs.replace(
                self.facts, home=msgspec.structs.replace(self.facts.home, path=str(fields["home"])))

    def sources(self) -> Sources:
        """Where packages come from: the answers, then pip's and uv's own settings."""
        if self._sources is None:
            self._sources = Sources() if self.simulated else network.sources(self.world, self.answers)
        return self._sources

    # ---- look

    def survey(self) -> Iterator[Sighting]:
        """Look at the machine; the last sighting carries all facts. A simulated machine answers from its file."""
        if self.simulated and self.facts is not None:
            yield from survey.played(self.facts)
            return
        self.world.web.use(self.sources())
        for sighting in survey.survey(self.world, self.place, self.answers):
            if sighting.facts is not None:
                self.facts = sighting.facts
            yield sighting

    def known(self) -> MachineFacts:
        """The facts, surveyed now if that has not happened yet."""
        if self.facts is None:
            for _ in self.survey():
                pass
        if self.facts is None:
            raise ExpectedError("no-facts", "The survey ended without a result.")
        return self.facts

    def machine_file(self) -> bytes:
        """This machine's file, ``machine/1``."""
        return msgspec.json.format(msgspec.json.encode(self.known()), indent=2)

    # ---- decide

    def findings(self) -> tuple[Finding, ...]:
        """What the facts mean, for the chosen profile where one is chosen."""
        profile = self.profile or (self.best().profile if self.knowledge.profiles else None)
        return diagnose.findings(self.known(), self.knowledge.rules, self.knowledge.cards, profile, self.answers)

    def choices(self) -> tuple[Choice, ...]:
        """All profiles, best first, each with its verdict and reason."""
        known = self.knowledge
        return recommend.rank(self.known(), known.profiles, known.rules, known.cards, self.answers)

    def best(self) -> Choice:
        """The chosen profile's judgement, or the best one's."""
        ranked = self.choices()
        if self.profile is not None:
            return next(c for c in ranked if c.profile.id == self.profile.id)
        return ranked[0]

    def choose(self, profile_id: str) -> None:
        """Take a profile. Raises ``BadInput`` naming those that exist."""
        self.profile = self.knowledge.profile(profile_id)

    def plan(self) -> Plan:
        """The whole plan for the chosen or best profile, the chosen clean-up first."""
        profile = self.profile or self.best().profile
        facts = self.known()
        install = planning.install_plan(facts, profile, self.place, self.answers)
        pointer = None if self.simulated else self.pointer()
        if pointer is not None and pointer.active.startswith(install.environment + "."):
            install = remedies.renamed(install, self.place, pointer.active)  # the one that was made anew beside it
        install = self._with_keepsakes(install, profile)
        if not self.answers.clean_up:
            return install
        try:
            clean = planning.clean_up_plan(facts, self.place, self.answers.clean_up)
        except BadInput as error:
            raise self.blame(error) from error
        return msgspec.structs.replace(install, steps=clean.steps + install.steps)

    def _with_keepsakes(self, install: Plan, profile: Profile) -> Plan:
        """The kernel and the menu entry that the answers ask for, after everything else."""
        if not install.steps or self.simulated:
            return install
        return msgspec.structs.replace(install, steps=install.steps + self.keepsakes_plan(profile, install.environment).steps)

    def keepsakes_plan(self, profile: Profile | None = None, environment: str | None = None) -> Plan:
        """What the answers ask for beside the environment, the active one where none is named. Often without steps."""
        plans = [make(profile, environment) for wanted, make in ((self.answers.kernel, self.kernel_plan),
                                                                 (self.answers.menu_entry, self.shortcut_plan)) if wanted]
        return Plan(title="Kernel and menu entry", profile=plans[0].profile if plans else "",
                    steps=tuple(step for plan in plans for step in plan.steps))

    def kernel_plan(self, profile: Profile | None = None, environment: str | None = None) -> Plan:
        """A Jupyter kernel for an environment, the active one where none is named."""
        profile, environment = self._or_active(profile, environment)
        return keepsakes.kernel_plan(profile, environment, self.place, self.knowledge, self.world.computer)

    def shortcut_plan(self, profile: Profile | None = None, environment: str | None = None) -> Plan:
        """An entry of the system's menu for an environment, the active one where none is named."""
        profile, environment = self._or_active(profile, environment)
        return keepsakes.shortcut_plan(profile, environment, self.place, self.world.computer)

    def _or_active(self, profile: Profile | None, environment: str | None) -> tuple[Profile, str]:
        if profile is not None and environment is not None:
            return profile, environment
        pointer = self.pointer()
        if pointer is None or self.simulated:
            raise BadInput("There is no active environment; expected one, made by an install.")
        return self.knowledge.profile(pointer.profile), pointer.active

    def remedy_plan(self, remedy: str, failed: Plan) -> Plan:
        """The plan that mends what failed: the fix's own steps, then the rest. Changes the choices where the fix is one."""
        if remedy == "other-profile":
            self.choose(self._next_profile(failed.profile))
            return self.plan()
        if remedy == "system-certificates":
            self.change(certificates="system")
        pointer = None if self.simulated else self.pointer()
        return remedies.mended(remedy, failed, self.place, pointer.active if pointer is not None else None)

    def _next_profile(self, failed: str) -> str:
        ready = [c.profile.id for c in self.choices() if c.verdict != "blocked" and c.profile.id != failed]
        if not ready:
            raise BadInput("No other setup can work on this machine; the findings say why.")
        return ready[0]

    def verify_plan(self, quick: bool = False, environment: str | None = None) -> Plan:
        """The checks for an installed environment: the named one or the active one."""
        pointer = self.pointer()
        name = environment or (pointer.active if pointer else None)
        if name is None:
            raise BadInput("There is no active environment to verify; expected one, made by the command install.")
        profile = self.knowledge.profile(self.profile_of(name, pointer))
        return planning.verify_plan(profile, self.place, name, quick)

    def profile_of(self, name: str, pointer: Pointer | None = None) -> str:
        """The id of the profile that an environment was made from."""
        return pointer.profile if pointer is not None and pointer.active == name else name.rsplit("-", 1)[0]

    # ---- do

    def site(self) -> Site:
        """What steps are given; the runner puts the journal behind ``record``."""
        known = {p.id: p for p in (*self.knowledge.profiles, *self.knowledge.kernels)}
        return Site(world=self.world, place=self.place, profiles=known, answers=self.answers, sources=self.sources(),
                    resource=self.resource, record=self.journal.effect("session", ""))

    def run_aside(self, plan: Plan) -> Iterator[StepEvent]:
        """Carry out a small plan after the run that the report is about, which stays what it is. Raises what it failed with."""
        kept = (self.events, self.outcome, self.error, self.last_plan, self.log_path)
        try:
            yield from self.run(plan)
            if self.error is not None:
                raise self.error
        finally:
            self.events, self.outcome, self.error, self.last_plan, self.log_path = kept

    def run(self, plan: Plan) -> Iterator[StepEvent]:
        """Carry out a plan. Afterwards ``outcome``, ``error``, ``verification`` and ``log_path`` tell how it went."""
        self.events, self.outcome, self.error, self.last_plan = [], "", None, plan
        self.world.stop.clear()
        measured: list[tuple[str, Measured]] = []
        failures: dict[str, Failed] = {}
        stream = self._rehearse(plan) if self.simulated else self._carry_out(plan)
        for event in stream:
            if self.simulated or not isinstance(event.what, Line):
                self.events.append(event)  # output lies in the log; a million lines of it must not lie in memory too
            if isinstance(event.what, Measured):
                measured.append((event.step, event.what))
            elif isinstance(event.what, Failed):
                failures[event.step] = event.what
            elif isinstance(event.what, Started) and self._is_activation(plan, event.step):
                # The checks are over and the swap has not happened: judge now, so that the step can read the verdict.
                self._judge(plan, measured, failures)
            yield event
        if any(isinstance(s, RunCheck) for s in plan.steps) and self.outcome != "stopped":
            self._judge(plan, measured, failures)

    def stop(self) -> None:
        """Ask the running plan to stop; it ends within a second and can be gone on with."""
        self.world.stop.set()

    def already_in_place(self, plan: Plan) -> Verification | None:
        """The recorded verification when the plan's environment is active and proven: then nothing is to do."""
        pointer = None if self.simulated else self.pointer()
        if pointer is None or pointer.active != plan.environment:
            return None
        if not self.world.files.exists(self.place.environment_python(plan.environment)):
            return None
        if drift(plan.environment, self.knowledge.profile(plan.profile), self.site()):
            return None
        recorded = self.recorded_verification(plan.environment)
        return recorded if recorded is not None and recorded.overall in ("works", "works_slowly") else None

    def recorded_verification(self, environment: str) -> Verification | None:
        """What the last verification of an environment said."""
        data = self.world.files.read(self.place.verification(environment))
        if data is None:
            return None
        try:
            return msgspec.json.decode(data, type=Verification)
        except msgspec.DecodeError:
            return None  # written by a newer program: the checks run again

    def _carry_out(self, plan: Plan) -> Iterator[StepEvent]:
        run = self._new_run()
        if not self.world.files.writable(self.place.home):
            raise BadInput(f"The home folder {self.place.home} cannot be written; expected a folder that you may write to.",
                           hint="Choose another one with --home.")
        self.log_path = self.place.join(self.place.logs, f"{run}.log")
        with ExitStack() as held:
            held.enter_context(self.world.files.hold(self.place.lock, plan.title))
            held.enter_context(self.world.computer.keep_awake())
            create_environment.sweep(self.site())
            from app.engine.reporting import keep_event

            veil = Veil(known_secrets(self.sources(), self.world.computer.variables()))
            runner = Runner(self.site(), HANDLERS, self.journal, run, self.world.files.open_log(self.log_path), self._explain_step,
                            veil)
            record = self.world.files.open_log(self.place.join(self.place.logs, f"{run}.events.jsonl"))
            spent = 0
            try:
                for event in runner.run(plan):
                    line, spent = keep_event(event, spent)
                    if line:
                        record(line)
                    yield event
            finally:
                self.outcome, self.error = runner.outcome, runner.error

    def _new_run(self) -> str:
        """A name that no earlier run has: a clock that was set back brings the same second twice."""
        first = name = self.world.clock.now().replace(":", "").replace("-", "")
        number = 1
        while self.world.files.exists(self.place.join(self.place.logs, f"{name}.log")):
            number += 1
            name = f"{first}-{number}"
        return name

    def _rehearse(self, plan: Plan) -> Iterator[StepEvent]:
        profile = self.knowledge.profile(plan.profile)
        checks = rehearsed.measurements(plan, profile, self.known(), self.knowledge.cards)
        failed = stopped = False
        steps = {step.id for step in plan.steps}
        played = tuple(e for e in self.recording if e.step in steps) if self.plays(plan) else ()
        for event in rehearse(plan, played, checks, self.world.stop, lambda: self.speed):
            failed, stopped = failed or isinstance(event.what, Failed), isinstance(event.what, Halted)
            yield event
        self.outcome = "stopped" if stopped else "failed" if failed else "finished"

    def plays(self, plan: Plan) -> bool:
        """Whether carrying out this plan would play a recorded run: the report has one, of this very setup."""
        steps = {step.id for step in plan.steps}
        return bool(self.recording) and self.recorded in (None, plan.profile) and any(e.step in steps for e in self.recording)

    def _is_activation(self, plan: Plan, step: str) -> bool:
        return any(isinstance(s, Activate) and s.id == step for s in plan.steps)

    def _judge(self, plan: Plan, measured: list[tuple[str, Measured]], failures: Mapping[str, Failed]) -> None:
        profile = self.knowledge.profile(plan.profile)
        verdict = judge.judge(measured, failures, profile, self.known(), self.knowledge.cards, self.knowledge.guide)
        self.verification = msgspec.structs.replace(verdict, profile=plan.profile, environment=plan.environment)
        if not self.simulated:
            self.world.files.write(self.place.verification(plan.environment),
                                   msgspec.json.format(msgspec.json.encode(self.verification)))

    # ---- explain, undo

    def explain(self, log: bytes) -> Diagnosis:
        """The cause that a log shows, with this machine's facts where they are known."""
        return explain.explain(log, self.knowledge.troubles, self.facts)

    def _explain_step(self, log: bytes, code: str) -> Diagnosis:
        """The step's own error names the cause where it can; its lines prove it; else the whole output is read."""
        found = self.explain(log)
        trouble = self.knowledge.troubles.find(code)
        if trouble is None or found.cause == trouble.label:
            return found
        return Diagnosis(cause=trouble.label, title=trouble.title, means=trouble.means, fix=trouble.fix, evidence=_last_line(log))

    def pointer(self) -> Pointer | None:
        """Which environment is active. Raises ``BadInput`` when the file is broken."""
        data = self.world.files.read(self.place.pointer)
        return None if data is None else decode_pointer(data, self.place.pointer)

    def unfinished(self) -> Unfinished | None:
        """A run that was cut off, if there is one to go on with."""
        if self.simulated:
            return None
        found = self.journal.unfinished()
        if found is None:
            return None
        plan, done = found
        title = next((p.title for p in self.knowledge.profiles if p.id == plan.profile), plan.profile)
        return Unfinished(profile=plan.profile, title=title, steps_done=len(done), steps_total=len(plan.steps), plan=plan)

    def environments(self) -> tuple[Environment, ...]:
        """All environments under home, the active one first."""
        return () if self.simulated else list_environments(self.world.files, self.place, self.pointer())

    def rollback(self) -> Pointer:
        """Make the environment that was active before active again. Raises ``BadInput`` when there is none."""
        return swap_back(self.world.files, self.world.clock, self.place, self.pointer(), self.journal)

    def uninstallable(self) -> tuple[Uninstallable, ...]:
        """Everything this program put on the machine, with sizes."""
        return what_is_here(self.world.files, self.place, self.pointer(), self.journal)

    def remove(self, item: Uninstallable) -> None:
        """Remove one thing that the user chose; the pointer goes with the environment it names."""
        pointer = self.pointer()
        if pointer is not None and item.id == f"env:{pointer.active}":
            self.world.files.remove(self.place.pointer)
        for path in self.journal.made_for(item.id.removeprefix("env:")) if item.id.startswith("env:") else ():
            self.world.files.remove(path)  # a menu entry or a kernel that would start what is gone
        self.world.files.remove(item.path)

    def quarantined(self) -> tuple[tuple[str, str], ...]:
        """What lies in quarantine: the shelf's folder (for ``put_back``) and the path it came from."""
        if self.simulated:
            return ()
        moved = [e.values["to"] for e in self.journal.entries() if e.kind == "effect" and e.effect == "moved" and "to" in e.values]
        return quarantine.shelves(self.site(), tuple(moved))

    def packages_taken_out(self) -> Iterator[put_packages_back.Taken]:
        """What the guide's clean-up took out of environments and is still missing there (30 ms for each saved list)."""
        if not self.simulated:
            yield from put_packages_back.taken_out(self.site())

    def packages_back_plan(self, saved: str) -> Plan:
        """The plan that puts the packages of a saved list back. Raises ``BadInput`` where that is no such list."""
        found = put_packages_back.taken(saved, self.site())
        return planning.packages_back_plan(saved, found.python, found.packages, self.place)

    def put_back(self, shelf: str) -> str:
        """Return one quarantined thing to where it was; its path."""
        return quarantine.put_back(shelf, self.site())

    # ---- tell

    def training_script(self, model: str | None = None, length: int | None = None, batch: int | None = None,
                        bits: int | None = None, rank: int | None = None) -> str:
        """A starter training script for the profile's own API, sized to this machine's card."""
        from app.decide import training  # first needed on the last page

        profile = self.profile or self._active_profile() or self.best().profile
        return training.script(profile, self.known(), self.knowledge.guide, self.resource, model=model, length=length,
                               batch=batch, bits=bits, rank=rank)

    def plan_script(self, shell: str | None = None) -> str:
        """The plan as a script that a person can read and run."""
        wanted = shell or ("powershell" if self.place.family == "windows" else "sh")
        profiles = {p.id: p for p in self.knowledge.profiles}
        return scripts.plan_script(self.plan(), self.place, profiles, self.sources(), wanted)

    def compare(self, pasted: bytes) -> tuple[Comparison, ...]:
        """The output of the guide's own script, pasted, against what is right here."""
        profile = self.profile or self._active_profile() or self.best().profile
        return judge.compare_pasted(pasted.decode("utf-8", "replace"), profile, self.known(), self.knowledge.guide)

    def changes(self, plan: Plan) -> tuple[str, ...]:
        """What has changed in an environment since it was installed, a sentence each."""
        profile = self.knowledge.profile(plan.profile)
        return tuple(change.sentence() for change in drift(plan.environment, profile, self.site()))

    def bundle(self, target: str, platform: Platform | None = None) -> Iterator[StepEvent]:
        """Make a folder with everything that the chosen or best profile needs on a machine without internet."""
        profile = self.profile or self.best().profile
        veil = Veil(known_secrets(self.sources(), self.world.computer.variables()))
        for event in bundling.bundle(profile, platform or self._platform(), target, self.site()):
            yield msgspec.structs.replace(event, what=veil.happening(event.what))

    def check_bundle(self, folder: str) -> bundling.Bundle:
        """Check every file of a bundle against its list. Raises ``BadInput`` naming the first that differs."""
        return bundling.check(folder, self.place, self.world.files)

    def write_report(self, path: str | None = None) -> str:
        """Write the diagnostics report; its path."""
        from app.engine import reporting  # first needed at the end of a visit

        data = reporting.report_zip(self)
        name = path or self.place.join(self.place.reports, f"report-{self.world.clock.now().replace(':', '')}.zip")
        if self.simulated and path is None:
            raise BadInput("A report of a simulated machine needs a place to go to; expected --output FILE.")
        self.world.files.write(name, data)
        return name

    def report_preview(self) -> Preview:
        """What a report would hold and what was taken out of it, by kind and count."""
        from app.engine import reporting

        return reporting.preview(self)

    def offers(self) -> set[str]:
        """What the last page can offer here, by name: ``folder``, ``terminal``, ``kernel``, ``rollback`` …"""
        pointer = None if self.simulated else self.pointer()
        found = {"report"}
        if pointer is not None:
            found |= {"folder", "terminal", "verify", "kernel", "shortcut"}
            if pointer.previous is not None:
                found.add("rollback")
        return found

    def _active_profile(self) -> Profile | None:
        pointer = None if self.simulated else self.pointer()
        return next((p for p in self.knowledge.profiles if pointer is not None and p.id == pointer.profile), None)

    def _platform(self) -> Platform:
        return "windows" if self.known().os.family == "windows" else "linux"

    def open(self, target: str) -> None:
        """Open a folder, file or address with the system's own program; nothing happens in a simulation."""
        if not self.simulated:
            self.world.computer.open(target)

    def open_terminal(self) -> str:
        """A terminal with the active environment; a sentence that says so."""
        pointer = self.pointer()
        if pointer is None or self.simulated:
            raise BadInput("There is no active environment to open a terminal in; expected one, made by an install.")
        self.world.computer.open_terminal(self.place.home, self.place.environment(pointer.active))
        return f"A terminal opened with {pointer.active} active."

    def show_progress(self, window: int, share: float) -> None:
        """How far the run is, on the task bar; below zero takes it away."""
        self.world.computer.show_progress(window, share if share >= 0 else None)

    def save(self, path: str, data: bytes) -> None:
        """Write a file that the user asked for."""
        self.world.files.write(path, data)


def _last_line(log: bytes) -> tuple[EvidenceLine, ...]:
    """The log's last line that says something: where the error stands that a step raised itself."""
    lines = log.decode("utf-8", "replace").splitlines()
    return next(((EvidenceLine(line=number, text=line.strip()),)
                 for number, line in reversed(list(enumerate(lines, 1))) if line.strip()), ())
