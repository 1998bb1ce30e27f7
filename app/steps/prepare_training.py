"""Writes a training run's folder.

The data in canonical form, the script that will run, and what both were made from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from app.decide.training.script_head import with_settings
from app.model.encoding import encode
from app.model.errors import ExpectedError
from app.model.event import AnyPayload, Measured
from app.model.message import Message
from app.model.plan import PrepareTraining
from app.model.training import RunRecord
from app.steps.step_context import StepContext
from app.steps.subprocesses import say
from app.steps.training_data import read_source

DATA, SCRIPT, RECORD, OUTPUT = "data.jsonl", "train.py", "training.json", "output"


def done(step: PrepareTraining, site: StepContext) -> str | None:
    """Found when the folder holds a record of this very run; it is written last."""
    data = site.system.files.read(site.place.join(step.folder, RECORD))
    there = data is not None and read_record(data) == step.record
    return Message("{folder} is prepared.", folder=step.folder) if there else None


def run(step: PrepareTraining, site: StepContext) -> Iterator[AnyPayload]:
    """Raises ``InputError`` for data with an open question, ``ExpectedError('data-changed')`` where
    the file is not the one that was looked at.
    """
    files, record = site.system.files, step.record
    source = yield from read_source(record.source, record.read, record.environment, site)
    if files.sha256(record.source) != record.source_sha256:
        raise ExpectedError(
            "data-changed",
            Message("{source} has changed since it was looked at.", source=record.source),
            hint=Message("Look at it once more, then start again."),
        )
    rows = source.canonical(record.agreed)
    inside = record.output == site.place.join(step.folder, OUTPUT)
    script = with_settings(
        site.resource("training/train.py").decode("utf-8"),
        record.settings,
        None if inside else record.output,
    )
    files.write(site.place.join(step.folder, DATA), rows)
    files.write(site.place.join(step.folder, SCRIPT), script.encode("utf-8"))
    files.write(site.place.join(step.folder, RECORD), msgspec.json.format(encode(record)))
    yield Measured(
        name="training.prepared",
        value=record.rows,
        unit="rows",
        detail={
            "run": record.run,
            "folder": step.folder,
            "left_out": record.left_out,
            "unused": list(record.unused),
            "mapping": record.mapping,
            "sha256": hashlib.sha256(rows).hexdigest(),
        },
    )
    yield say(f"{record.rows} rows, the script and its settings are in {step.folder}")


def read_record(data: bytes) -> RunRecord | None:
    """A record from its file; ``None`` where it is none that this program understands."""
    try:
        return msgspec.json.decode(data, type=RunRecord)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
