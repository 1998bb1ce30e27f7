"""What a report gathers from a home.

The last run with its own plan, whole lines of its logs, and nobody's secrets.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import msgspec
import pytest

from app.__main__ import open_session
from app.engine import reporting
from app.engine.load_machine import load_machine, recorded_run
from app.engine.session import Session
from app.model.encoding import encode
from app.model.event import Failed, Started, StepEvent, flat
from app.model.machine import Note, decode_machine
from app.model.message import Message
from app.model.plan import MakeShortcut, Plan
from tests.test_report import members

MACHINE = Path(__file__).parents[2] / "resources" / "machines" / "rtx3090-windows.json"
PAT = "zz-company-pat-99"


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session with this computer whose survey is over, with a token among the variables."""
    monkeypatch.setenv("MYCORP_PAT", PAT)
    options = dict.fromkeys(("answers", "profile", "offline", "index", "pytorch_index", "machine"))
    found = open_session(argparse.Namespace(**options, home=str(tmp_path)))
    found.facts = decode_machine(MACHINE.read_bytes(), MACHINE.name)
    return found


def test_the_last_run_is_told_with_its_own_plan_and_without_secrets(
    session: Session, tmp_path: Path
) -> None:
    best = session.best().profile.id
    session.choose("torch26-2025.3")
    plan = session.plans.install()
    session.profile = None
    assert plan.profile != best
    logs = Path(session.place.logs)
    logs.mkdir(parents=True)
    failed = Failed(code="disk-full", message=f"The disk is full ({PAT}).")
    ran = (
        StepEvent(at=0, step=plan.steps[0].id, what=Started()),
        StepEvent(at=2, step=plan.steps[0].id, what=failed),
    )
    (logs / "20261124T150000Z.events.jsonl").write_bytes(
        b"".join(msgspec.json.encode(flat(e)) + b"\n" for e in ran)
    )
    (logs / "20261124T150000Z.log").write_bytes(f"token {PAT} refused\n".encode() * 3)
    session.home.journal.began("20261124T150000Z", plan)
    found = members(Path(session.exports.write_report(str(tmp_path / "report.zip"))).read_bytes())
    summary = json.loads(found["report.json"])
    assert summary["profile"] == "torch26-2025.3"
    assert summary["environment"] == plan.environment
    assert [s["id"] for s in summary["steps"]] == [s.id for s in plan.steps]
    assert summary["steps"][0]["state"] == "failed"
    assert not any(PAT.encode() in data for data in found.values())


def test_a_report_that_is_played_again_has_sentences_for_every_language(
    session: Session, tmp_path: Path
) -> None:
    """Those of plan, machine and this session's own run come back as messages, without secrets."""
    plan, logs = session.plans.install(), Path(session.place.logs)
    logs.mkdir(parents=True)
    why = Message("{host} refuses the token {token}.", host="the index", token=PAT)
    failed = StepEvent(at=2, step=plan.steps[0].id, what=Failed(code="refused", message=why))
    session.execution.events.append(failed)
    (logs / "1.events.jsonl").write_bytes(encode(flat(failed)) + b"\n")
    session.home.journal.began("1", plan)
    assert session.facts is not None
    note = Note(about="disks", text=Message("{count} disks could not be read", count=2))
    session.facts = msgspec.structs.replace(session.facts, notes=(note,))
    data = Path(session.exports.write_report(str(tmp_path / "report.zip"))).read_bytes()
    assert not any(PAT.encode() in part for part in members(data).values())
    facts, (event,) = load_machine(data, "report.zip")
    _, played = recorded_run(data, "report.zip")
    assert played is not None and isinstance(event.what, Failed)
    for found, before in (
        (event.what.message, why.text),
        (facts.notes[0].text, "{count} disks could not be read"),
        (played.title, "Install {profile}"),
    ):
        assert isinstance(found, Message) and found.text == before
    assert isinstance(event.what.message, Message)
    assert event.what.message.values["host"] == "the index"
    assert PAT not in str(event.what.message)


def test_a_recorded_machine_file_is_the_one_of_a_report(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = session.system.computer.facts() | {
        "user": "kimxyz",
        "full_name": "Kim Exampleton",
        "host": "BENCH77",
    }
    monkeypatch.setattr(session.system.computer, "facts", lambda: facts)
    assert session.facts is not None
    session.facts = msgspec.structs.replace(
        session.facts, notes=(Note(about="x", text="kimxyz is Kim Exampleton on BENCH77"),)
    )
    recorded = session.exports.machine_file()
    assert (
        recorded
        == members(Path(session.exports.write_report(str(tmp_path / "report.zip"))).read_bytes())[
            "machine.json"
        ]
    )
    assert (
        decode_machine(recorded, "machine.json").notes[0].text == "userxx is userxxxxx name on host"
    )


def test_a_long_log_begins_with_a_whole_line(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can tell that half a token is one."""
    monkeypatch.setattr(reporting, "_LOG_BYTES", 100)
    logs = Path(session.place.logs)
    logs.mkdir(parents=True)
    line = b"hf_Q1w2E3r4T5y6U7i8O9p0A1s2D3f4G5h6J7 was refused\n"
    (logs / "20261124T150000Z.log").write_bytes(line * 50)
    assert reporting.gather_report(session).logs == {"20261124T150000Z.log": line}


def test_a_menu_entry_made_afterwards_does_not_hide_the_install(
    session: Session, tmp_path: Path
) -> None:
    """The install stands in full, and every run of the home is told, the newest first."""
    session.choose("torch26-2025.3")
    install = session.plans.install()
    entry = Plan(
        title="Menu entry",
        profile=install.profile,
        steps=(MakeShortcut(id="menu", title="Menu", environment="e", path="p", label="l"),),
    )
    logs = Path(session.place.logs)
    logs.mkdir(parents=True)
    for run, plan, outcome in (
        ("20261124T150000Z", install, "finished"),
        ("20261125T090000Z", entry, "finished"),
        ("20261125T100000Z", entry, ""),
    ):
        event = StepEvent(at=0, step=plan.steps[0].id, what=Started())
        (logs / f"{run}.events.jsonl").write_bytes(msgspec.json.encode(flat(event)) + b"\n")
        session.home.journal.began(run, plan)
        if outcome:
            session.home.journal.step_done(run, plan.steps[0].id)
            session.home.journal.ended(run, outcome)
    session.profile = None
    found = members(Path(session.exports.write_report(str(tmp_path / "report.zip"))).read_bytes())
    summary = json.loads(found["report.json"])
    assert [s["id"] for s in summary["steps"]] == [s.id for s in install.steps]
    told = [(past["title"], past["outcome"], past["done"]) for past in summary["history"]]
    assert told == [
        ("Menu entry", "", 0),
        ("Menu entry", "finished", 1),
        (install.title, "finished", 1),
    ]
    assert b"Runs under this home" in found["report.html"] and b"cut off" in found["report.html"]
