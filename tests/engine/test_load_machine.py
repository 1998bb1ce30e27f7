"""Reports that people hand in.

Their run comes back whole, and what is broken, hostile or old is told in one sentence.
"""

from __future__ import annotations

import argparse
import io
import json
import zipfile
from pathlib import Path

import msgspec
import pytest

from app.__main__ import open_session
from app.engine.load_machine import load_machine, recorded_run
from app.engine.session import Session
from app.model.errors import InputError
from app.model.event import Failed, Started, StepEvent
from app.model.plan import Quarantine
from app.report import build
from tests.redaction import redactor
from tests.test_report import TEMPLATE, report

MACHINES = Path(__file__).parents[2] / "resources" / "machines"
MACHINE = (MACHINES / "rtx3090-windows.json").read_bytes()
STARTED = b'{"at": 1, "step": "python", "what": "started"}\n'


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def changed(**fields: object) -> bytes:
    return json.dumps(json.loads(MACHINE) | fields).encode()


def encrypted() -> bytes:
    data = bytearray(packed({"machine.json": MACHINE}))
    for mark, flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + flag] |= 1
    return bytes(data)


WHOLE = packed({"machine.json": MACHINE, "events.jsonl": STARTED})
BROKEN: dict[str, tuple[bytes, str]] = {
    "nothing in it": (packed({}), "machine.json"),
    "no machine file": (packed({"report.html": b"x"}), "machine.json"),
    "another schema": (
        packed({"machine.json": changed(schema="machine/9")}),
        '"schema" was expected to be "machine/1"',
    ),
    "unknown field": (packed({"machine.json": changed(evil=1)}), '"evil" is not known'),
    "wrong type": (packed({"machine.json": changed(gpus=[{"index": "x"}])}), "gpus[0].index"),
    "bomb": (packed({"machine.json": b" " * 70_000_000}), "32 MB"),
    "bomb of events": (
        packed({"machine.json": MACHINE, "events.jsonl": b" " * 70_000_000}),
        "32 MB",
    ),
    "nested without end": (packed({"machine.json": b"[" * 200_000}), "machine file"),
    "events nested without end": (
        packed(
            {
                "machine.json": MACHINE,
                "events.jsonl": STARTED + b'{"at":1,"what":"measured","value":' + b"[" * 99_999,
            }
        ),
        "line 2 of events.jsonl",
    ),
    "summary nested without end": (
        packed({"machine.json": MACHINE, "report.json": b"[" * 99_999}),
        "report.json",
    ),
    "summary is no JSON": (
        packed({"machine.json": MACHINE, "report.json": b"\xff"}),
        "report.json",
    ),
    "an event of no kind": (
        packed({"machine.json": MACHINE, "events.jsonl": STARTED + b'{"at":1,"what":"sung"}'}),
        "line 2",
    ),
    "a time that is none": (
        packed(
            {"machine.json": MACHINE, "events.jsonl": b'{"at":null,"step":"a","what":"started"}'}
        ),
        "$.at",
    ),
    "half of it": (WHOLE[: len(WHOLE) // 2], "zip file"),
    "bytes in it changed": (WHOLE.replace(WHOLE[60:90], b"\0" * 30), "zip file"),
    "encrypted": (encrypted(), "encrypted"),
}


@pytest.mark.parametrize(("data", "names"), BROKEN.values(), ids=BROKEN)
def test_a_broken_report_gets_one_sentence_that_names_it(data: bytes, names: str) -> None:
    with pytest.raises(InputError) as caught:
        load_machine(data, "from-anna.zip")
        recorded_run(data, "from-anna.zip")
    assert caught.value.message.startswith("from-anna.zip")
    assert names in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    "files",
    [
        {"machine.json": MACHINE, "../../evil": b"x", "/etc/evil": b"x", "C:\\evil": b"x"},
        {"machine.json": MACHINE, "events.jsonl": b"\n" + STARTED + b"\r\n\n"},
        {"machine.json": b"\xef\xbb\xbf" + MACHINE},
        {"machine.json": MACHINE.decode().encode("utf-16")},
        {
            "machine.json": MACHINE,
            "report.json": b'{"schema": "report/0", "profile": "../x"}',
            "plan.json": b'{"steps": [{"kind": "sing"}]}',
        },
        {"machine.json": b'{"schema": "machine/1", "os": {"family": "windows"}}'},
    ],
    ids=[
        "names that lead outside",
        "blank lines",
        "a mark in front",
        "UTF-16",
        "another version's",
        "few facts",
    ],
)
def test_a_report_that_can_be_read_is_read(files: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "report.zip"
    path.write_bytes(packed(files))
    session = opened(str(path))
    assert session.known_facts().os.family == "windows"
    assert session.plans.install().steps
    assert [p.name for p in tmp_path.iterdir()] == ["report.zip"]


def opened(machine: str, **more: str) -> Session:
    options = dict.fromkeys(("answers", "home", "profile", "offline", "index", "pytorch_index"))
    return open_session(argparse.Namespace(**{**options, "machine": machine, **more}))


def test_a_run_that_did_more_than_the_facts_ask_for_comes_back_whole(tmp_path: Path) -> None:
    """A failed clean-up is only seen where the sender's own plan is played: no fact says what was
    chosen there.
    """
    home = opened(str(MACHINES / "rtx2080ti-conda.json"))
    plan = home.plans.install()
    clean = Quarantine(
        id="quarantine-1", title="Put aside an old environment", leftover="x", path="C:\\old"
    )
    failed = Failed(code="file_in_use", message="A file is in use.")
    sent = msgspec.structs.replace(
        report(),
        facts=home.known_facts(),
        profile=plan.profile,
        plan=msgspec.structs.replace(plan, steps=(clean, *plan.steps)),
        events=(
            StepEvent(at=0, step=clean.id, what=Started()),
            StepEvent(at=0.1, step=clean.id, what=failed),
        ),
    )
    path = tmp_path / "report.zip"
    path.write_bytes(build(sent, redactor(sent.facts), TEMPLATE))
    session = opened(str(path))
    assert [s.id for s in session.plans.install().steps] == [clean.id, *(s.id for s in plan.steps)]
    assert session.simulation.is_replay(session.plans.install())
    session.simulation.speed = 1e6
    replayed = list(session.execution.run(session.plans.install()))
    assert replayed[-1].what == failed
    assert session.execution.outcome == "failed"


def same(session: Session) -> object:
    plan = session.plans.install()
    return (
        [(f.id, f.severity) for f in session.findings()],
        session.best().verdict,
        plan.profile,
        [(s.id, s.kind, s.title, s.download_bytes, s.disk_bytes) for s in plan.steps],
    )


@pytest.mark.parametrize("machine", sorted(p.stem for p in MACHINES.glob("*.json")))
def test_a_report_brings_the_senders_findings_and_plan(machine: str, tmp_path: Path) -> None:
    sender = opened(str(MACHINES / f"{machine}.json"))
    receiver = opened(sender.exports.write_report(str(tmp_path / "report.zip")))
    assert same(receiver) == same(sender)
