"""Gathers one session, or what earlier runs left under home, into the diagnostics report."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from app import __version__, report
from app.model.advice import Choice, Diagnosis
from app.model.errors import InputError
from app.model.event import Failed, StepEvent
from app.model.plan import InstallWheels, Plan, RunCheck
from app.model.report import PastRun, Preview, Report
from app.model.stored_messages import collect_messages, restore_messages
from app.model.verdict import Verification
from app.report.cleaning import clean, unflat
from app.report.issue import issue_text
from app.steps.drift import installed_versions

if TYPE_CHECKING:
    from app.engine.session import Session

_TEMPLATE = "templates/report.html"
_LOGS = 3  # the newest runs tell what happened; older ones are only weight
_LOG_BYTES = 2_000_000


def report_zip(session: Session) -> bytes:
    """The report's zip, the person taken out."""
    return report.build(
        gather_report(session),
        session.exports.redactor(),
        session.resource(_TEMPLATE).decode("utf-8"),
    )


def preview(session: Session) -> Preview:
    """What the report would hold and what was taken out of it."""
    return report.preview(
        gather_report(session),
        session.exports.redactor(),
        session.resource(_TEMPLATE).decode("utf-8"),
    )


def build_issue_text(session: Session, log: bytes | None, diagnosis: Diagnosis | None) -> str:
    """The short text for an issue, the person taken out. A pasted log stands in it instead of this
    session's run."""
    found = gather_report(session)
    if log is not None:
        found = msgspec.structs.replace(
            found, diagnosis=diagnosis, logs={"pasted.log": _last_lines(log)}, events=(), plan=None
        )
    return issue_text(clean(found, session.exports.redactor()))


def gather_report(session: Session) -> Report:
    """This session's events and verdict; where it ran nothing, those of the last run under home."""
    events, ran = (
        (tuple(session.execution.events), None)
        if session.simulated and session.execution.events
        else _last_run(session)
    )
    # The run's file is plain English; where this session ran it, its sentences are known.
    events = restore_messages(events, collect_messages(tuple(session.execution.events)))
    failed = next((e.what for e in reversed(events) if isinstance(e.what, Failed)), None)
    pointer = None if session.simulated else session.home.pointer()
    run_plan = session.execution.last_plan or ran
    environment = (run_plan.environment if run_plan else "") or (pointer.active if pointer else "")
    verification = session.execution.verification or (
        session.environments.verification(environment) if environment else None
    )
    best = session.best()
    plan = run_plan or session.plans.install()
    return Report(
        written_at=session.system.clock.now(),
        program=__version__,
        profile=plan.profile or best.profile.id,
        environment=environment,
        simulated=_file_name(session.simulated),
        facts=session.known_facts(),
        findings=session.findings(),
        choices=tuple(_drop_lock_texts(c) for c in session.choices()),
        plan=plan,
        events=events,
        verification=verification,
        diagnosis=failed.diagnosis if failed is not None else None,
        logs=_collect_logs(session),
        versions=_installed_versions(session, environment, verification),
        history=_collect_history(session),
    )


def _file_name(path: str | None) -> str | None:
    """Whose computer it is meant to be says the file's name; the folders are those of who looks at
    it.
    """
    return path if path is None else path.replace("\\", "/").rsplit("/", 1)[-1]


def _drop_lock_texts(choice: Choice) -> Choice:
    """A choice without its locks' text: 2 MB that every program of this version has (redacting them
    took 7 s).
    """
    return msgspec.structs.replace(
        choice, profile=msgspec.structs.replace(choice.profile, parts=())
    )


def _last_run(session: Session) -> tuple[tuple[StepEvent, ...], Plan | None]:
    """The newest recorded run under home, and its plan where the journal has it. A line that a
    crash cut off ends it.
    """
    if session.simulated:
        return session.simulation.recording, None
    place, files = session.place, session.system.files
    recorded = _names_in_run_order(session, ".events.jsonl")
    found: list[StepEvent] = []
    if not recorded:
        return (), None
    ending = ".events.jsonl"
    known = _plans_by_run(session)
    plans = [(name, known.get(name.removesuffix(ending))) for name in recorded]
    # A kernel or a menu entry made afterwards is told in the history; the run in full is the
    # install, or the verification, that the report is about.
    newest, plan = next(
        ((n, p) for n, p in reversed(plans) if _describes_environment(p)), plans[-1]
    )
    for line in (files.read(place.join(place.logs, newest)) or b"").splitlines():
        try:
            found.append(unflat(msgspec.json.decode(line)))
        except (msgspec.DecodeError, msgspec.ValidationError, TypeError, ValueError, KeyError):
            break
    return tuple(found), plan


def _describes_environment(plan: Plan | None) -> bool:
    """Whether a run says how the environment came to be or whether it works."""
    return plan is not None and any(
        isinstance(step, InstallWheels | RunCheck) for step in plan.steps
    )


def _collect_history(session: Session) -> tuple[PastRun, ...]:
    """All runs that the journal knows, the newest first; none of a simulated home."""
    if session.simulated:
        return ()
    try:
        entries = session.home.journal.entries()
    except InputError:
        return ()  # told of elsewhere
    done = Counter(entry.run for entry in entries if entry.kind == "step-done")
    ended = {entry.run: entry.outcome for entry in entries if entry.kind == "ended"}
    return tuple(
        PastRun(
            run=entry.run,
            at=entry.at,
            title=entry.plan.title,
            outcome=ended.get(entry.run, ""),
            done=done[entry.run],
            steps=len(entry.plan.steps),
        )
        for entry in reversed(entries)
        if entry.kind == "began" and entry.plan is not None
    )


def _plans_by_run(session: Session) -> dict[str, Plan]:
    """Each run's own plan: another setup may be the best one by now."""
    try:
        entries = session.home.journal.entries()
    except InputError:
        return {}  # a journal that cannot be read is told of elsewhere; a report is wanted just then
    return {e.run: e.plan for e in entries if e.kind == "began" and e.plan is not None}


def _names_in_run_order(session: Session, ending: str) -> list[str]:
    """Files of the log folder, the newest run last, as the journal has it: names bear the clock's
    time, and clocks are set.
    """
    names = [n for n in session.system.files.names(session.place.logs) if n.endswith(ending)]
    try:
        place = {run: number for number, run in enumerate(session.home.journal.runs())}
    except InputError:
        # a journal that cannot be read is told of elsewhere; a report is wanted just then
        return names
    return sorted(names, key=lambda name: (place.get(name.removesuffix(ending), -1), name))


def _collect_logs(session: Session) -> dict[str, bytes]:
    """The ends of the newest logs, and all crash files."""
    if session.simulated:
        return {}
    place, files = session.place, session.system.files
    names = _names_in_run_order(session, ".log")[-_LOGS:]
    found = {n: _last_lines(files.end(place.join(place.logs, n), _LOG_BYTES + 1)) for n in names}
    for name in files.names(place.reports):
        if name.startswith("crash-"):
            found[name] = _last_lines(files.end(place.join(place.reports, name), _LOG_BYTES + 1))
    return found


def _last_lines(log: bytes) -> bytes:
    """The last lines of a log. It begins with a whole one: nobody can tell that half a token is
    one.
    """
    return log if len(log) <= _LOG_BYTES else log[log.find(b"\n", len(log) - _LOG_BYTES) + 1 :]


def _installed_versions(
    session: Session, environment: str, verification: Verification | None
) -> dict[str, str]:
    """What is installed, from the packages' own records."""
    if session.simulated or not environment:
        return {}
    name = (
        verification.profile
        if verification is not None and verification.profile
        else session.environments.profile_of(environment)
    )
    profile = session.knowledge.profile(name)
    return installed_versions(environment, profile, session.home.site())
