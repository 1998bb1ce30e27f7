"""The training runs that lie under a home, told from their files alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from app.model.errors import InputError
from app.model.message import Message
from app.model.training import RunRecord, RunState, RunSummary
from app.steps.prepare_training import DATA, RECORD, SCRIPT, read_record

if TYPE_CHECKING:
    from app.engine.session import Session


def runs(session: Session) -> tuple[RunSummary, ...]:
    """All runs, the newest first; none on somebody else's computer."""
    if session.simulated or not session.home.is_owned():
        return ()
    place = session.place
    found = []
    for name in session.system.files.names(place.runs):
        data = session.system.files.read(place.join(place.run(name), RECORD))
        record = read_record(data) if data is not None else None
        if record is not None:
            found.append((record.at, name, summary(session, record)))
    return tuple(one for _, _, one in sorted(found, key=lambda item: item[:2], reverse=True))


def record_of(session: Session, run: str) -> RunRecord:
    """What lies beside a run's script. Raises ``InputError`` naming the runs that there are."""
    known = [one.id for one in runs(session)]
    if run not in known:
        there = (
            Message("expected one of {known}", known=", ".join(known))
            if known
            else Message("there is none here")
        )
        raise InputError(
            Message("There is no training run {run}; {there}.", run=repr(run), there=there)
        )
    data = session.system.files.read(session.place.join(session.place.run(run), RECORD)) or b""
    record = read_record(data)
    if record is None:
        raise InputError(Message("The record of the run {run} cannot be read.", run=run))
    return record


def progress(session: Session, record: RunRecord) -> dict[str, Any]:
    """What the script itself wrote down of a run, schema ``run/1``; empty where it never began."""
    data = session.system.files.read(session.place.join(record.output, "run.json"))
    try:
        found = msgspec.json.decode(data or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def summary(session: Session, record: RunRecord) -> RunSummary:
    """A run's state and whether it can be gone on with, as far as files tell without being read
    whole; the script compares data, model and settings again before it goes on.
    """
    files, place = session.system.files, session.place
    folder, progress_fields = place.run(record.run), progress(session, record)
    state: RunState = "finished" if progress_fields.get("state") == "finished" else (
        "failed" if progress_fields.get("state") == "failed" else "stopped"
    )  # fmt: skip
    adapter = place.join(record.output, "adapter")
    why = "" if state != "finished" else Message("It is finished.")
    python = place.environment_python(record.environment)
    model = record.settings.model
    if not why and not files.exists(python):
        why = Message("Its environment {environment} is gone.", environment=record.environment)
    for name in (DATA, SCRIPT):
        if not why and not files.exists(place.join(folder, name)):
            why = Message("Its file {name} is gone.", name=name)
    if not why and _is_path(model) and not files.is_folder(model):
        why = Message("Its model {model} is gone.", model=model)
    step, total = progress_fields.get("step"), progress_fields.get("total")
    return RunSummary(
        id=record.run,
        state=state,
        folder=folder,
        output=record.output,
        step=step if isinstance(step, int) else 0,
        total=total if isinstance(total, int) else None,
        resumable=not why,
        why=why,
        model=model,
        adapter=adapter if files.exists(place.join(adapter, "adapter_config.json")) else None,
    )


def _is_path(model: str) -> bool:
    return model.startswith(("/", "\\", "~", ".")) or model[1:2] == ":"
