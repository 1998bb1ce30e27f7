"""The execution of a session's plans: the run, its log, the verdict, the causes of failures."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from app.decide.plans import fixes
from app.decide.redaction.masking import SecretMasker, known_secrets
from app.decide.verification import judge
from app.engine import bundling, home_folder, shared_home, training_cards, uninstalling
from app.engine.program_log import program_log
from app.engine.runner import Runner
from app.model import limits
from app.model.advice import Diagnosis, EvidenceLine
from app.model.encoding import encode
from app.model.errors import ExitCode, ExpectedError
from app.model.event import Failed, Line, Measured, Started, StepEvent, Stopped, flat
from app.model.message import Message
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
from app.model.stored_messages import collect_messages
from app.model.verdict import Verification
from app.steps.activate import NOT_PROVEN
from app.steps.head_start import HeadStart, early_check
from app.steps.registry import HANDLERS

if TYPE_CHECKING:
    from app.engine.session import Session

PREVENTED = ("disk_full", "permission_denied")
_CHANGES_HOME = (
    *(ProvidePython, CreateEnvironment, InstallWheels, Activate),
    *(AddPackages, RemovePackages),
)
_BYTES_A_FILE = 50_000  # of an environment with its cache; 5.7 GB of it were 72,000 files
_EVENT_LINES = 400_000  # bytes of output kept in a recorded run; the whole log lies beside it


class Execution:
    """Runs a session's plans. Afterwards its fields tell how the last run went."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.verification: Verification | None = None
        self.events: list[StepEvent] = []
        self.last_plan: Plan | None = None
        self.log_path: str | None = None
        self.outcome = ""
        self.error: ExpectedError | None = None
        self.cut_short = False  # whether a step that is no check ended the last run
        self.changed = False  # whether the last run changed more than logs, caches and records

    def beside(self) -> Session:
        """The same session for work beside its runs that changes nothing, such as a preview. Its wish
        to stop is its own: that of one work never ends another.
        """
        session = self._session
        system = copy(session.system)
        system.stop = threading.Event()
        system.processes = session.system.processes.with_stop(system.stop)
        own = type(session)(system, session.knowledge, session.answers, session.resource)
        own.facts, own.profile, own.fixed = session.facts, session.profile, session.fixed
        return own

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
        session = self._session
        self.events, self.outcome, self.error, self.last_plan = [], "", None, plan
        self.changed, self.cut_short, checked = False, False, False
        checks = {step.id for step in plan.steps if isinstance(step, RunCheck)}
        looks = checks | {step.id for step in plan.steps if isinstance(step, FirstImport)}
        session.system.stop.clear()
        measured: list[tuple[str, Measured]] = []
        failures: dict[str, Failed] = {}
        stream = self._simulate(plan) if session.simulated else self._run_steps(plan)
        for event in stream:
            if session.simulated or not isinstance(event.what, Line):
                self.events.append(
                    event
                )  # output lies in the log; a million lines of it must not lie in memory too
            if isinstance(event.what, Started):
                checked = checked or event.step in checks
                self.changed = self.changed or (not session.simulated and event.step not in looks)
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
        self._session.system.stop.set()

    def _run_steps(self, plan: Plan) -> Iterator[StepEvent]:
        session = self._session
        if any(isinstance(step, RunCheck) or self._trains_on_card(step) for step in plan.steps):
            session.known_facts()  # which card they are pointed at
        before = session.home.state()
        home_folder.refuse(before, plan, session.place)
        if not session.place.is_guest or any(
            isinstance(step, _CHANGES_HOME) for step in plan.steps
        ):
            shared_home.refuse(session.answers, session.system, session.place)
        run = self._new_run()
        if not session.system.files.writable(session.place.own):
            raise ExpectedError(
                "home-unwritable",
                Message(
                    "The home folder {own} cannot be written; expected a folder that you may "
                    "write to.",
                    own=session.place.own,
                ),
                hint=Message("Choose another one with --home."),
                exit_code=ExitCode.BLOCKED,
            )
        bundle = session.network.sources().offline
        if bundle and any(isinstance(step, FetchWheels | ProvidePython) for step in plan.steps):
            bundling.usable(bundle, plan.profile, session.place, session.system.files)
        self._check_disk_space(plan)
        self.log_path = session.place.join(session.place.logs, f"{run}.log")
        with ExitStack() as held:
            held.enter_context(shared_home.opened(session.system, session.place))
            held.enter_context(session.system.files.hold(session.place.lock, plan.title))
            held.enter_context(session.system.computer.keep_awake())
            home_folder.write_marker(
                session.system, session.place, before, session.home.journal, run
            )
            self._make_folders(run)
            left = uninstalling.finish_removals(
                session.system.files, session.place, session.home.journal
            )
            masker = SecretMasker(
                known_secrets(session.network.sources(), session.system.computer.variables())
            )
            held.enter_context(program_log(session.system.files, session.place, masker))
            held.callback(session.home.mend_current)
            record = keeping(
                session.system.files.open_log(
                    session.place.join(session.place.logs, f"{run}.events.jsonl")
                )
            )
            log = session.system.files.open_log(self.log_path)
            for stays in left:
                log(f"{stays}\n".encode())
            ahead = self._head_start(plan)
            if ahead is not None:
                held.callback(ahead.close)
            runner = Runner(
                replace(session.home.site(), head_start=ahead),
                HANDLERS,
                session.home.journal,
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

    def _head_start(self, plan: Plan) -> HeadStart | None:
        """The check of the plan that may begin before its turn here."""
        checks = any(isinstance(step, RunCheck) for step in plan.steps)
        needs = self._session.knowledge.profile(plan.profile).needs if checks else None
        step = early_check(plan, self._session.known_facts(), needs.gpu) if needs else None
        return HeadStart(step) if step else None

    def _trains_on_card(self, step: AnyStep) -> bool:
        return (
            isinstance(step, RunTraining)
            and self._session.knowledge.profile(step.profile).needs.gpu
        )

    def _make_folders(self, run: str) -> None:
        """Make the folders below home that are missing, each written down before: uninstalling
        takes away what was made.
        """
        session = self._session
        record = session.home.journal.effect(run, "")
        for folder in session.place.layout:
            if not session.system.files.exists(folder):
                record("made", {"path": folder})
                session.system.files.make_folder(folder)

    def _check_disk_space(self, plan: Plan) -> None:
        """Whether all of the plan fits, before its first byte: hours may lie between the survey and
        this.

        Raises ``ExpectedError('disk_full')``.
        """
        session = self._session
        if not any(isinstance(step, FetchWheels) for step in plan.steps):
            return
        room = session.system.files.free_files(session.place.home)
        files = min(limits.FREE_FILES, 1000 + plan.disk_bytes // _BYTES_A_FILE)
        if room is not None and room < files:
            raise ExpectedError(
                "disk_full",
                Message(
                    "The volume of {home} can take only {room:,} more files (free "
                    "inodes), the plan makes up to {files:,}.",
                    home=session.place.home,
                    room=room,
                    files=files,
                ),
                exit_code=ExitCode.BLOCKED,
                hint=Message(
                    "Delete many small files there (df -i shows the count), or choose another "
                    "folder."
                ),
            )
        disk = session.system.files.disk(session.place.home)
        if disk is None or disk.free is None:
            return
        here = (
            session.home.measure_resumable(session.facts).get(plan.profile, 0)
            if session.facts is not None
            else 0
        )
        freed = sum(
            session.system.files.size(step.path) or 0
            for step in plan.steps
            if isinstance(step, RemoveTree)
        )
        missing = plan.disk_bytes - here - freed
        if missing > disk.free:
            raise ExpectedError(
                "disk_full",
                Message(
                    "The plan needs {missing:.2f} GB more on {root}, but only {free:.2f} GB "
                    "are free there.",
                    missing=missing / 1e9,
                    root=disk.root,
                    free=disk.free / 1e9,
                ),
                exit_code=ExitCode.BLOCKED,
                hint=Message(
                    "Make room on that disk, or choose another folder, then run it again."
                ),
            )

    def _new_run(self) -> str:
        """A name that no earlier run has: a clock that was set back brings the same second twice."""
        session = self._session
        first = name = session.system.clock.now().replace(":", "").replace("-", "")
        number = 1
        while session.system.files.exists(session.place.join(session.place.logs, f"{name}.log")):
            number += 1
            name = f"{first}-{number}"
        return name

    def _simulate(self, plan: Plan) -> Iterator[StepEvent]:
        failed = stopped = False
        for event in self._session.simulation.play(plan):
            failed = failed or isinstance(event.what, Failed)
            stopped = isinstance(event.what, Stopped)
            yield event
        self.outcome = "stopped" if stopped else "failed" if failed else "finished"

    def _is_activation(self, plan: Plan, step: str) -> bool:
        return any(isinstance(s, Activate) and s.id == step for s in plan.steps)

    def _judge_run(
        self, plan: Plan, measured: list[tuple[str, Measured]], failures: Mapping[str, Failed]
    ) -> None:
        session = self._session
        profile = session.knowledge.profile(plan.profile)
        verdict = judge.judge(
            measured,
            failures,
            profile,
            session.known_facts(),
            session.knowledge.cards,
            session.knowledge.guide,
            training_cards.why_alone(session, profile),
        )
        self.verification = msgspec.structs.replace(
            verdict, profile=plan.profile, environment=plan.environment
        )
        if not session.simulated:
            stored = msgspec.structs.replace(
                self.verification, messages=collect_messages(self.verification)
            )
            session.home.site().system.files.write(
                session.place.verification(plan.environment),
                msgspec.json.format(encode(stored)),
            )
            shared_home.share(session.system, session.place, session.place.verified)

    def explain(self, log: bytes) -> Diagnosis:
        """The cause that a log shows, with this machine's facts where they are known."""
        from app.decide.diagnosis import explain  # its patterns take a third of a second

        return explain.explain(log, self._session.knowledge.known_issues, self._session.facts)

    def _explain_step(self, log: bytes, code: str) -> Diagnosis:
        """The step's own error names the cause where it can; its lines prove it; else the whole
        output is read.
        """
        found = self.explain(log)
        known_issue = self._session.knowledge.known_issues.find(code)
        if known_issue is not None and found.cause != known_issue.label:
            found = Diagnosis(
                cause=known_issue.label,
                confidence="certain",
                title=known_issue.title,
                means=known_issue.means,
                fix=fixes.fix_of(known_issue.fix),
                evidence=_last_line(log),
                source=known_issue.source,
            )
        return (
            found
            if found.fix is None or self._session.plans.is_applicable(found.fix.remedy)
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
            write(encode(flat(event)) + b"\n")

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
