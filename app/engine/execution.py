"""A session that runs plans.

The run and its log, the verdict over its checks, the causes of its failures.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, suppress

import msgspec

from app.decide.diagnosis import explain
from app.decide.plans import fixes
from app.decide.redaction.masking import SecretMasker, known_secrets
from app.decide.verification import judge, simulated_results
from app.engine import bundling, current_link, home_folder, shared_home, uninstalling
from app.engine.inspection import Inspection
from app.engine.needed_steps import find_unneeded
from app.engine.program_log import program_log
from app.engine.runner import Runner
from app.engine.simulation import simulate_run
from app.model import limits
from app.model.advice import Diagnosis, EvidenceLine
from app.model.errors import ExitCode, ExpectedError, InputError
from app.model.event import Failed, Line, Measured, Started, StepEvent, Stopped, flat
from app.model.plan import (
    Activate,
    AddPackages,
    AnyStep,
    CreateEnvironment,
    FetchWheels,
    FirstImport,
    InstallWheels,
    Plan,
    ProvidePython,
    RemovePackages,
    RemoveTree,
    RunCheck,
    RunTraining,
)
from app.model.verdict import Verification
from app.steps.activate import NOT_PROVEN
from app.steps.create_environment import INSTALLED
from app.steps.drift import drift, lost_files
from app.steps.registry import HANDLERS

PREVENTED = ("disk_full", "permission_denied")
_CHANGES_HOME = (
    *(ProvidePython, CreateEnvironment, InstallWheels, Activate),
    *(AddPackages, RemovePackages),
)
_BYTES_A_FILE = 50_000  # of an environment with its cache; 5.7 GB of it were 72,000 files
_EVENT_LINES = 400_000  # bytes of output kept in a recorded run; the whole log lies beside it


class Execution(Inspection):
    """A session whose plans run. Afterwards its fields tell how the last run went."""

    # ---- do

    def run_aside(self, plan: Plan) -> Iterator[StepEvent]:
        """Carry out a small plan after the run that the report is about, which stays what it is.
        Raises what it failed with.
        """
        kept = (self.events, self.outcome, self.error, self.last_plan, self.log_path)
        try:
            yield from self.run(plan)
            if self.error is not None:
                raise self.error
        finally:
            self.events, self.outcome, self.error, self.last_plan, self.log_path = kept

    def run(self, plan: Plan) -> Generator[StepEvent, None, None]:
        """Carry out a plan. Afterwards ``outcome``, ``error``, ``verification`` and ``log_path``
        tell how it went.
        """
        self.events, self.outcome, self.error, self.last_plan = [], "", None, plan
        self.changed, self.cut_short, checked = False, False, False
        checks = {step.id for step in plan.steps if isinstance(step, RunCheck)}
        looks = checks | {step.id for step in plan.steps if isinstance(step, FirstImport)}
        self.system.stop.clear()
        measured: list[tuple[str, Measured]] = []
        failures: dict[str, Failed] = {}
        stream = self._simulate(plan) if self.simulated else self._carry_out(plan)
        for event in stream:
            if self.simulated or not isinstance(event.what, Line):
                self.events.append(
                    event
                )  # output lies in the log; a million lines of it must not lie in memory too
            if isinstance(event.what, Started):
                checked = checked or event.step in checks
                self.changed = self.changed or (not self.simulated and event.step not in looks)
            if isinstance(event.what, Failed) and event.step not in checks:
                self.cut_short = event.what.code != NOT_PROVEN
            if isinstance(event.what, Measured):
                measured.append((event.step, event.what))
            elif isinstance(event.what, Failed):
                failures[event.step] = event.what
            elif isinstance(event.what, Started) and self._is_activation(plan, event.step):
                # The checks are over and the swap has not happened: judge now, so that the step can
                # read the verdict.
                self._judge_run(plan, measured, failures)
            yield event
        # What failed before its checks began was never an environment to judge.
        if checked and self.outcome != "stopped" and not _was_prevented(failures):
            self._judge_run(plan, measured, failures)

    def stop(self) -> None:
        """Ask the running plan to stop; it ends within a second and can be gone on with."""
        self.system.stop.set()

    def is_replay(self, plan: Plan) -> bool:
        """Whether carrying out this plan would play a recorded run: the report has one, of this
        very setup.
        """
        steps = {step.id for step in plan.steps}
        return (
            bool(self.recording)
            and self.recorded in (None, plan.profile)
            and any(e.step in steps for e in self.recording)
        )

    def _carry_out(self, plan: Plan) -> Iterator[StepEvent]:
        if any(isinstance(step, RunCheck) or self._trains_on_card(step) for step in plan.steps):
            self.known_facts()  # which card they are pointed at
        before = self.home_state()
        home_folder.refuse(before, plan, self.place)
        if not self.place.is_guest or any(isinstance(step, _CHANGES_HOME) for step in plan.steps):
            shared_home.refuse(self.answers, self.system, self.place)
        run = self._new_run()
        if not self.system.files.writable(self.place.own):
            raise ExpectedError(
                "home-unwritable",
                f"The home folder {self.place.own} cannot be written; expected a folder that you "
                f"may write to.",
                hint="Choose another one with --home.",
                exit_code=ExitCode.BLOCKED,
            )
        bundle = self.sources().offline
        if bundle and any(isinstance(step, FetchWheels | ProvidePython) for step in plan.steps):
            bundling.usable(bundle, plan.profile, self.place, self.system.files)
        self._check_disk_space(plan)
        self.log_path = self.place.join(self.place.logs, f"{run}.log")
        with ExitStack() as held:
            held.enter_context(shared_home.opened(self.system, self.place))
            held.enter_context(self.system.files.hold(self.place.lock, plan.title))
            held.enter_context(self.system.computer.keep_awake())
            home_folder.write_marker(self.system, self.place, before, self.journal, run)
            self._make_folders(run)
            left = uninstalling.finish_removals(self.system.files, self.place, self.journal)
            masker = SecretMasker(known_secrets(self.sources(), self.system.computer.variables()))
            held.enter_context(program_log(self.system.files, self.place, masker))
            held.callback(self.mend_current)
            record = keeping(
                self.system.files.open_log(self.place.join(self.place.logs, f"{run}.events.jsonl"))
            )
            log = self.system.files.open_log(self.log_path)
            for stays in left:
                log(f"{stays}\n".encode())
            runner = Runner(
                self.site(),
                HANDLERS,
                self.journal,
                run,
                log,
                self._explain_step,
                masker,
                record,
            )
            try:
                yield from runner.run(plan)
            finally:
                self.outcome, self.error = runner.outcome, runner.error

    def _trains_on_card(self, step: AnyStep) -> bool:
        return isinstance(step, RunTraining) and self.knowledge.profile(step.profile).needs.gpu

    def mend_current(self) -> None:
        """The link to the active environment, as the pointer has it. Call it while holding home."""
        if self.place.is_guest:
            return
        with suppress(InputError):  # a pointer that cannot be read is told of elsewhere
            current_link.repair_link(self.system.files, self.place, self.pointer())

    def _make_folders(self, run: str) -> None:
        """Make the folders below home that are missing, each written down before: uninstalling
        takes away what was made.
        """
        record = self.journal.effect(run, "")
        for folder in self.place.layout:
            if not self.system.files.exists(folder):
                record("made", {"path": folder})
                self.system.files.make_folder(folder)

    def _check_disk_space(self, plan: Plan) -> None:
        """Whether all of the plan fits, before its first byte: hours may lie between the survey and
        this.

        Raises ``ExpectedError('disk_full')``.
        """
        if not any(isinstance(step, FetchWheels) for step in plan.steps):
            return
        room = self.system.files.free_files(self.place.home)
        files = min(limits.FREE_FILES, 1000 + plan.disk_bytes // _BYTES_A_FILE)
        if room is not None and room < files:
            raise ExpectedError(
                "disk_full",
                f"The volume of {self.place.home} can take only {room:,} more files (free inodes), "
                f"the plan makes up to {files:,}.",
                exit_code=ExitCode.BLOCKED,
                hint="Delete many small files there (df -i shows the count), or choose another "
                "folder.",
            )
        disk = self.system.files.disk(self.place.home)
        if disk is None or disk.free is None:
            return
        here = (
            self.measure_resumable(self.facts).get(plan.profile, 0) if self.facts is not None else 0
        )
        freed = sum(
            self.system.files.size(step.path) or 0
            for step in plan.steps
            if isinstance(step, RemoveTree)
        )
        missing = plan.disk_bytes - here - freed
        if missing > disk.free:
            raise ExpectedError(
                "disk_full",
                f"The plan needs {missing / 1e9:.2f} GB more on {disk.root}, but only "
                f"{disk.free / 1e9:.2f} GB are free there.",
                exit_code=ExitCode.BLOCKED,
                hint="Make room on that disk, or choose another folder, then run it again.",
            )

    def _new_run(self) -> str:
        """A name that no earlier run has: a clock that was set back brings the same second twice."""
        first = name = self.system.clock.now().replace(":", "").replace("-", "")
        number = 1
        while self.system.files.exists(self.place.join(self.place.logs, f"{name}.log")):
            number += 1
            name = f"{first}-{number}"
        return name

    def _simulate(self, plan: Plan) -> Iterator[StepEvent]:
        profile = self.knowledge.profile(plan.profile)
        checks = simulated_results.measurements(
            plan, profile, self.known_facts(), self.knowledge.cards
        )
        failed = stopped = False
        steps = {step.id for step in plan.steps}
        played = tuple(e for e in self.recording if e.step in steps) if self.is_replay(plan) else ()
        for event in simulate_run(plan, played, checks, self.system.stop, lambda: self.speed):
            failed, stopped = (
                failed or isinstance(event.what, Failed),
                isinstance(event.what, Stopped),
            )
            yield event
        self.outcome = "stopped" if stopped else "failed" if failed else "finished"

    # ---- judge, explain

    def _is_activation(self, plan: Plan, step: str) -> bool:
        return any(isinstance(s, Activate) and s.id == step for s in plan.steps)

    def _judge_run(
        self, plan: Plan, measured: list[tuple[str, Measured]], failures: Mapping[str, Failed]
    ) -> None:
        profile = self.knowledge.profile(plan.profile)
        verdict = judge.judge(
            measured,
            failures,
            profile,
            self.known_facts(),
            self.knowledge.cards,
            self.knowledge.guide,
        )
        self.verification = msgspec.structs.replace(
            verdict, profile=plan.profile, environment=plan.environment
        )
        if not self.simulated:
            self.site().system.files.write(
                self.place.verification(plan.environment),
                msgspec.json.format(msgspec.json.encode(self.verification)),
            )
            shared_home.share(self.system, self.place, self.place.verified)

    def find_unneeded(self, plan: Plan) -> dict[str, str]:
        """Steps of a plan that would change nothing here, by id, each with what was found."""
        if self.simulated:
            return {}
        return find_unneeded(plan, self.site(), HANDLERS, self.already_in_place(plan))

    def already_in_place(self, plan: Plan) -> Verification | None:
        """The recorded verification when the plan's environment is active and proven, or is not to
        be verified: then nothing is to do.
        """
        pointer = None if self.simulated else self.pointer()
        if pointer is None or pointer.active != plan.environment:
            return None
        python = self.place.environment_python(plan.environment)
        if self.system.processes.capture([python, "-I", "-c", ""], limits.UV_ANSWER).code != 0:
            return None  # gone, or its own Python is: a home that was moved away from it
        profile = self.knowledge.profile(plan.profile)
        if drift(plan.environment, profile, self.site()) or self._find_lost_files(plan):
            return None
        recorded = self.recorded_verification(plan.environment)
        overall = recorded.overall if recorded is not None else "not_checked"
        if overall == "not_checked" and self.answers.verify == "none":
            return Verification(profile=plan.profile, environment=plan.environment)
        return (
            recorded
            if recorded is not None and recorded.overall in ("works", "works_slowly")
            else None
        )

    def keep_profile(self) -> str | None:
        """Where no profile was chosen and a proven environment is active, its profile is kept; its
        id, ``None`` where nothing is kept.
        """
        if self.profile is not None or self.simulated:
            return None
        kept, pointer = self._active_profile(), self.pointer()
        proof = self.recorded_verification(pointer.active) if pointer is not None else None
        if kept is None or proof is None or proof.overall not in ("works", "works_slowly"):
            return None
        self.choose(kept.id)
        return kept.id

    def newer_profile(self, kept: str) -> str | None:
        """The setup that is ranked best here, where that is another one than ``kept``, pinned later,
        and can work.
        """
        pinned = {p.id: p.pinned_on for p in self.knowledge.profiles}
        first = next((c for c in self.choices() if c.verdict != "blocked"), None)
        if first is None or first.profile.id == kept:
            return None
        return first.profile.id if first.profile.pinned_on > pinned.get(kept, "") else None

    def left_to_do(self, plan: Plan) -> Plan:
        """What is still to do beside an environment that is in place; often without steps."""
        more = self.extras_plan(plan)
        done = find_unneeded(more, self.site(), HANDLERS, None) if not self.simulated else {}
        return msgspec.structs.replace(
            more, steps=tuple(step for step in more.steps if step.id not in done)
        )

    def environment_at_hand(self) -> str | None:
        """The environment that the last plan was about, else the active one."""
        if self.last_plan is not None and self.last_plan.environment:
            return self.last_plan.environment
        with suppress(InputError):  # a pointer that cannot be read is told of elsewhere
            pointer = self.pointer()
            return pointer.active if pointer is not None else None
        return None

    def plan_repair(self, plan: Plan) -> tuple[Plan, str]:
        """The plan that mends what is broken in its environment, and what that is; the same plan and
        nothing where it is sound or not there.

        Broken is: files of packages are gone or cut off; or it was proven and active, and its last
        verification says that it does not work.
        """
        name = plan.environment
        if self.simulated or not self.system.files.exists(self.place.environment_python(name)):
            return plan, ""
        pointer, reason = self.pointer(), ""
        if lost := self._find_lost_files(plan):
            more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
            reason = f"{lost[0]}{more} of {name} is missing or cut off"
        elif pointer is not None and pointer.active == name:
            last = self.recorded_verification(name)
            if last is not None and last.overall == "broken":
                reason = f"the last verification of {name} found it broken"
        if not reason:
            return plan, ""
        kept = [] if pointer is None else [n for n in (pointer.active, pointer.previous) if n]
        return fixes.plan_repair(plan, self.place, kept), reason

    def _find_lost_files(self, plan: Plan) -> tuple[str, ...]:
        """Lost files of an environment whose install had come to its end."""
        stamp = self.place.join(self.place.environment(plan.environment), INSTALLED)
        if not self.system.files.exists(stamp):
            return ()
        return lost_files(plan.environment, self.knowledge.profile(plan.profile), self.site())

    def recorded_verification(self, environment: str) -> Verification | None:
        """What the last verification of an environment said."""
        data = None
        if not self.simulated:
            read = self.system.files.read
            data = read(self.place.verification(environment))
            if data is None and self.place.is_guest:
                data = read(self.place.shared_verification(environment))
        if data is None:
            return None
        try:
            return msgspec.json.decode(data, type=Verification)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None  # written by a newer program: the checks run again

    def explain(self, log: bytes) -> Diagnosis:
        """The cause that a log shows, with this machine's facts where they are known."""
        return explain.explain(log, self.knowledge.known_issues, self.facts)

    def _explain_step(self, log: bytes, code: str) -> Diagnosis:
        """The step's own error names the cause where it can; its lines prove it; else the whole
        output is read.
        """
        found = self.explain(log)
        known_issue = self.knowledge.known_issues.find(code)
        if known_issue is not None and found.cause != known_issue.label:
            found = Diagnosis(
                cause=known_issue.label,
                confidence="certain",
                title=known_issue.title,
                means=known_issue.means,
                fix=fixes.fix_of(known_issue.fix),
                evidence=_last_line(log),
            )
        return (
            found
            if found.fix is None or self.is_applicable(found.fix.remedy)
            else fixes.by_hand(found)
        )


def _was_prevented(failures: Mapping[str, Failed]) -> bool:
    """Whether the computer, not the environment, kept a check from its end: nothing is proven by
    that.
    """
    return any(failed.code in PREVENTED for failed in failures.values())


def keeping(write: Callable[[bytes], None]) -> Callable[[StepEvent], None]:
    """A function that writes events as lines of the recorded run. Output beyond a limit is left
    out.
    """
    spent = 0

    def keep(event: StepEvent) -> None:
        nonlocal spent
        spent += len(event.what.text) if isinstance(event.what, Line) else 0
        if spent <= _EVENT_LINES or not isinstance(event.what, Line):
            write(msgspec.json.encode(flat(event)) + b"\n")

    return keep


def _last_line(log: bytes) -> tuple[EvidenceLine, ...]:
    """The log's last line that says something: where the error stands that a step raised itself."""
    lines = log.decode("utf-8", "replace").splitlines()
    return next(
        (
            (EvidenceLine(line=number, text=line.strip()),)
            for number, line in reversed(list(enumerate(lines, 1)))
            if line.strip()
        ),
        (),
    )
