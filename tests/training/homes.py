"""A home with an active environment in which training can be asked for, made without an install."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from app.adapters.local_system import open_system
from app.adapters.resources import resource_names, resource_reader
from app.engine import training_runs
from app.engine.session import Session
from app.knowledge import load
from app.model.answers import Answers
from app.model.encoding import to_builtins
from app.model.event import Measured, StepEvent
from app.model.plan import Plan
from app.model.training import RunRecord, TrainingRequest, TrainingSettings

PRETENDED = Path(__file__).parent / "pretended_script.py"
ENVIRONMENT = "practice-cpu-1"


def make_home(home: Path, python: Path | str = sys.executable) -> Path:
    """A home of ours whose active environment is ``python``'s, or, for one that lies in a virtual
    environment of its own, that.
    """
    whole = Path(python).parents[1]
    environment = home / "envs" / ENVIRONMENT
    if str(python) != sys.executable and (whole / "pyvenv.cfg").exists():
        environment.parent.mkdir(parents=True)
        environment.symlink_to(whole)
    else:
        (environment / "bin").mkdir(parents=True)
        (environment / "bin" / "python").symlink_to(python)
    marker = {"schema": "home/1", "program": "1.1.0", "at": "2026-11-30T00:00:00Z", "adopted": True}
    (home / "unsloth-setup-home.json").write_text(json.dumps(marker))
    pointer = {"schema": "pointer/1", "active": ENVIRONMENT, "profile": "practice-cpu", "at": ""}
    (home / "active.json").write_text(json.dumps(pointer))
    return home


def make_model(folder: Path) -> Path:
    """A folder that looks like a model, with a weight file of no bytes."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"")
    return folder


def pretended(pretend: str = "{}") -> Callable[[str], bytes]:
    """The program's own files, with the script that stands in for the training script and does as
    ``pretend`` says.
    """
    read = resource_reader()

    def resource(name: str) -> bytes:
        if name == "training/train.py":
            text = PRETENDED.read_text("utf-8")
            return text.replace("HERE = ", f"PRETEND = {pretend!r}\nHERE = ", 1).encode()
        return read(name) or b""

    return resource


@contextmanager
def terminated_when(there: Callable[[], bool]) -> Iterator[None]:
    """This process gets SIGTERM as soon as something is there."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            if there():
                os.kill(os.getpid(), signal.SIGTERM)
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def open_session(home: Path, pretend: str = "{}", *, real: bool = False) -> Session:
    """A session on that home. ``pretend`` is told to the script that stands in for the real one."""
    read = resource_reader()
    resource = (lambda name: read(name) or b"") if real else pretended(pretend)
    return Session(open_system(), load(read, resource_names()), Answers(home=str(home)), resource)


def trained(
    home: Path, model: Path, environment: str = ENVIRONMENT, profile: str = "practice-cpu"
) -> str:
    """A finished run under a home, with an adapter of which only the configuration is there; its id."""
    run = "20261130T000000Z"
    output = home / "runs" / run / "output"
    (output / "adapter").mkdir(parents=True)
    (output / "adapter" / "adapter_config.json").write_text("{}")
    (output / "run.json").write_text(
        '{"schema": "run/1", "state": "finished", "step": 4, "total": 4}'
    )
    record = RunRecord(
        run=run, at="2026-11-30T00:00:00Z", environment=environment, profile=profile,
        settings=TrainingSettings(model=str(model)), source="rows.jsonl", source_sha256="", rows=8,
        output=str(output),
    )  # fmt: skip
    (output.parent / "training.json").write_bytes(msgspec.json.encode(record))
    return run


def write_rows(path: Path, count: int = 8, **more: object) -> Path:
    """Rows of instruction and output."""
    rows = [{"instruction": f"Say {n}", "output": f"It is {n}.", **more} for n in range(count)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def plan_of(session: Session, request: TrainingRequest) -> Plan:
    """The plan of a request."""
    work = training_runs.plan(session, request)
    while True:
        try:
            next(work)
        except StopIteration as end:
            made: Plan = end.value
            return made


def run_of(plan: Plan) -> str:
    """The id of the run that a plan trains."""
    return next(str(to_builtins(s)["run"]) for s in plan.steps if s.kind == "run-training")


def measured(events: list[StepEvent], name: str) -> Iterator[Measured]:
    """What was measured under a name."""
    for event in events:
        if isinstance(event.what, Measured) and event.what.name == name:
            yield event.what
