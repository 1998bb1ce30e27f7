"""The report: complete, the same each time, readable, without the person.

And a machine file that replays.
"""

from __future__ import annotations

import io
import json
import math
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.model.advice import Choice, Diagnosis, EvidenceLine, Finding, Fix, OtherCause
from app.model.errors import InputError
from app.model.event import Failed, Finished, Line, Skipped, Started, StepEvent
from app.model.machine import Disk, Driver, Gpu, Home, Leftover, MachineFacts, Note, Os, Python
from app.model.plan import FetchWheels, InstallWheels, Plan, ProvidePython
from app.model.profile import Profile, Versions
from app.model.report import Report
from app.model.verdict import Bench, Comparison, FineTune, Remark, Verification
from app.report import build, files, preview, read_events, read_machine
from app.report.pictures import loss_curve
from app.report.words import duration, gigabytes, steps
from tests.redaction import redactor

TEMPLATE = (Path(__file__).parent.parent / "resources" / "templates" / "report.html").read_text(
    encoding="utf-8"
)
NAMES = {"user": "Jürgen", "host": "BENCH77"}


def report(evil: str = "") -> Report:
    """A full report of an install that failed; ``evil`` stands wherever text can stand."""
    facts = MachineFacts(
        os=Os(family="windows", name="Windows 11 Pro" + evil, build=22631, arch="x86_64"),
        disks=(Disk(root="C:\\", total=1000000000000, free=220000000000),),
        gpus=(
            Gpu(
                vendor="nvidia",
                name="NVIDIA GeForce RTX 3090" + evil,
                compute_capability="8.6",
                memory_total=25769803776,
                memory_used=1200000000,
                uuid="GPU-12345678-1234-1234-1234-123456789abc",
            ),
        ),
        driver=Driver(version="566.36", cuda_version="12.7", nvml="ok"),
        pythons=(
            Python(
                version="3.11.9",
                path="C:\\Users\\Jürgen\\python.exe" + evil,
                packages={"torch": "2.4.0"},
            ),
        ),
        variables={
            "PYTHONPATH": "C:\\old" + evil,
            "HF_TOKEN": "hf_abcdefghijklmnopqrstuvwxyz12345678",
        },
        leftovers=(
            Leftover(
                id="e", kind="venv", path="C:\\Users\\Jürgen\\unsloth_env" + evil, size=7300000000
            ),
        ),
        home=Home(path="C:\\Users\\Jürgen\\AppData\\Local\\UnslothSetup"),
        notes=(Note(about="tools.cmake", text="not on PATH" + evil),),
    )
    plan = Plan(
        title="Install torch 2.8" + evil,
        profile="torch28-2025.11",
        steps=(
            ProvidePython(
                id="python",
                title="Provide Python" + evil,
                version="3.11",
                touches=("C:\\Users\\Jürgen\\python" + evil,),
            ),
            FetchWheels(
                id="fetch",
                title="Fetch 62 files",
                profile="p",
                part="torch",
                download_bytes=3600000000,
            ),
            InstallWheels(
                id="install",
                title="Install 62 packages",
                environment="e",
                profile="p",
                parts=("a",),
                disk_bytes=8000000000,
            ),
        ),
    )
    events = (
        StepEvent(at=0, step="python", what=Started()),
        StepEvent(at=0.2, step="python", what=Skipped(why="it is there" + evil)),
        StepEvent(at=0.3, step="fetch", what=Started()),
        StepEvent(
            at=1,
            step="fetch",
            what=Line(text=b"https://me:geheim123@mirror.example/x hf_abcdefghijk"),
        ),
        StepEvent(
            at=2, step="fetch", what=Line(text=b"lmnopqrstuvwxyz\nsecond line\n" + evil.encode())
        ),
        StepEvent(at=190.2, step="fetch", what=Finished(seconds=189.9)),
        StepEvent(at=191, step="install", what=Started()),
        StepEvent(
            at=200,
            step="install",
            what=Failed(
                code="file_in_use", message="A file is in use" + evil, details="C:\\Users\\Jürgen"
            ),
        ),
    )
    profile = Profile(
        id="torch28-2025.11",
        title="torch 2.8" + evil,
        subtitle="",
        summary="",
        python="3.11",
        versions=Versions(torch="2.8.0"),
        pinned_on="2026-11-24",
    )
    return Report(
        written_at="2026-11-24T15:00:00Z",
        program="1.0.0",
        profile="torch28-2025.11",
        environment="torch28-ab12cd34" + evil,
        facts=facts,
        findings=(
            Finding(
                id="wsl",
                severity="warns",
                title="T" + evil,
                detail="D" + evil,
                seen="S" + evil,
                remedy="R" + evil,
            ),
        ),
        choices=(
            Choice(profile=profile, verdict="ready", why="It fits." + evil, recommended=True),
        ),
        plan=plan,
        events=events,
        verification=Verification(
            overall="works_slowly",
            device="RTX 3090" + evil,
            comparisons=(
                Comparison(
                    check="c" + evil,
                    guide="8902" + evil,
                    expected="90100" + evil,
                    actual="9" + evil,
                    result="explained",
                    why="W" + evil,
                ),
            ),
            benchmark=(
                Bench(
                    name="matmul",
                    value=68.2,
                    unit="TFLOP/s" + evil,
                    reference=71.0,
                    ratio=0.96,
                    result="as_expected",
                ),
            ),
            fine_tune=FineTune(
                steps=20,
                loss_first=10.8,
                loss_last=7.1,
                tokens_per_s=5120.0,
                peak_vram=1800000000,
                reloaded_equal=True,
                losses=tuple(7 + 3.8 * math.exp(-i / 6) for i in range(20)),
            ),
            remarks=(Remark(severity="warns", title="Narrow slot" + evil, detail="x4" + evil),),
        ),
        diagnosis=Diagnosis(
            cause="file_in_use",
            title="A file is in use" + evil,
            means="M" + evil,
            evidence=(EvidenceLine(line=14, text="[WinError 32] C:\\Users\\Jürgen\\x" + evil),),
            fix=Fix(automatic=True, text="F" + evil, steps=("Close it" + evil,), remedy="retry"),
            others=(OtherCause(cause="antivirus_blocked", why="W" + evil),),
        ),
        logs={
            "install.log": (
                "line\n" * 300 + "C:\\Users\\Jürgen\\x on BENCH77" + evil + "\n"
            ).encode("utf-16")
        },
        versions={"torch": "2.8.0+cu128" + evil},
    )


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


class Tags(HTMLParser):
    """Counts every tag and keeps all attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}


def tags(page: bytes) -> Tags:
    parser = Tags()
    parser.feed(page.decode())
    return parser


def test_it_holds_all_parts_and_is_the_same_each_time() -> None:
    first, second = (build(report(), redactor(None, NAMES), TEMPLATE) for _ in range(2))
    assert first == second
    found = members(first)
    assert set(found) == {
        "report.html",
        "report.json",
        "machine.json",
        "plan.json",
        "verification.json",
        "events.jsonl",
        "issue.txt",
        "logs/install.log",
    }
    summary = json.loads(found["report.json"])
    assert summary["schema"] == "report/1"
    assert summary["files"] == sorted(found)
    assert [s["state"] for s in summary["steps"]] == ["skipped", "done", "failed"]
    assert json.loads(found["machine.json"])["schema"] == "machine/1"


def test_the_person_is_in_no_part() -> None:
    take_out = redactor(report().facts, NAMES)
    for name, data in members(build(report(), take_out, TEMPLATE)).items():
        for secret in (
            "rgen",
            "BENCH77",
            "geheim123",
            "hf_abc",
            "lmnopqrstuvwxyz",
            "12345678-1234",
        ):
            assert secret.encode() not in data, (name, secret)
    assert {"user", "host", "token", "password", "gpu-uuid"} <= set(take_out.counts)


def test_a_token_that_two_chunks_share_is_taken_out_and_no_line_is_lost() -> None:
    data = build(report(), redactor(None, NAMES), TEMPLATE)
    output = b"".join(e.what.text for e in read_events(data) if isinstance(e.what, Line))
    assert output == b"https://<login>@mirror.example/x <token>\nsecond line\n"


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "' onload='x",
        "</pre></style><b>",
        "{{body}}",
        "{{title}}",
        "&lt;",
        "\x1b[31m\x1b]0;title\x07",
        "<svg/onload=1>",
        "]]>",
        "--><script>",
        "\u202e\u2066",
        "```\n# heading\n<b>",
    ],
)
def test_hostile_text_adds_no_tag_and_no_attribute(evil: str) -> None:
    calm, hostile = (
        members(build(report(text), redactor(None, NAMES), TEMPLATE)) for text in ("", evil)
    )
    plain, found = tags(calm["report.html"]), tags(hostile["report.html"])
    assert found.tags == plain.tags
    assert found.attributes == plain.attributes
    assert "script" not in found.tags
    for name in ("report.html", "issue.txt", "logs/install.log"):
        assert b"\x1b" not in hostile[name]
    assert hostile["issue.txt"].count(b"```") % 2 == 0


def test_the_page_needs_nothing_from_outside() -> None:
    page = members(build(report(), redactor(None, NAMES), TEMPLATE))["report.html"].decode()
    assert not re.search(r"(?:src|href)\s*=|url\(|@import", page)
    assert "prefers-color-scheme:dark" in page
    order = [
        page.index(f"<h2>{title}</h2>")
        for title in (
            "Diagnosis",
            "Findings",
            "Machine",
            "Setups for this machine",
            "Plan and steps",
            "Verification",
            "Logs",
            "What was taken out",
        )
    ]
    assert order == sorted(order)


def test_a_reader_gets_the_machine_and_the_run_back() -> None:
    data = build(report(), redactor(None, NAMES), TEMPLATE)
    facts = msgspec.json.decode(read_machine(data), type=MachineFacts)
    original = report().facts
    assert original is not None
    assert facts.gpus[0].memory_total == original.gpus[0].memory_total
    assert facts.driver == original.driver
    assert facts.home is not None
    assert not facts.home.path.isascii()  # an accent in the user's name is a finding; it stays one
    events = read_events(data)
    assert [type(e.what) for e in events if not isinstance(e.what, Line)] == [
        type(e.what) for e in report().events if not isinstance(e.what, Line)
    ]
    assert events[-1].at == 200.0


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 not a zip", b"x" * 100])
def test_a_file_that_is_no_report_is_named(data: bytes) -> None:
    with pytest.raises(InputError, match=r"mine\.zip"):
        read_machine(data, "mine.zip")


def test_a_report_without_a_machine_file_is_named() -> None:
    data = build(msgspec.structs.replace(report(), facts=None, events=()), redactor(), TEMPLATE)
    with pytest.raises(InputError, match=r"holds no machine\.json"):
        read_machine(data)
    assert read_events(data) == ()


def test_a_broken_event_is_named_with_its_line() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(
            "events.jsonl",
            '{"at": 1, "step": "a", "what": "started"}\n{"at": 1, "step": "a", "what": "sung"}\n',
        )
    with pytest.raises(InputError, match="line 2"):
        read_events(packed.getvalue())


@given(text=st.text(max_size=400), count=st.integers(0, 40))
@settings(max_examples=20, deadline=None)
def test_the_text_for_an_issue_is_never_too_long(text: str, count: int) -> None:
    found = report()
    long = msgspec.structs.replace(
        found,
        findings=found.findings * count,
        logs={"a.log": (text + "\n").encode("utf-8", "replace") * 200},
        diagnosis=Diagnosis(
            cause="disk_full",
            title=text,
            means=text,
            evidence=(EvidenceLine(line=1, text=text * 4),) * 4,
        ),
    )
    issue = files(long, redactor(), TEMPLATE)["issue.txt"].decode()
    assert len(issue) <= 6000
    assert issue.startswith("### ")


def test_very_long_logs_and_runs_are_shortened() -> None:
    found = msgspec.structs.replace(
        report(),
        logs={"big.log": b"line of a log\n" * 600_000},
        events=tuple(
            StepEvent(at=i, step="fetch", what=Line(text=b"%d: some output\n" % i * 1000))
            for i in range(400)
        ),
    )
    parts = files(found, redactor(), TEMPLATE)
    assert len(parts["logs/big.log"]) < 4_100_000
    assert b"characters left out" in parts["logs/big.log"]
    assert len(parts["events.jsonl"]) < 4_000_000


def test_the_preview_says_what_goes_out_and_what_was_taken_out() -> None:
    shown = preview(report(), redactor(report().facts, NAMES), TEMPLATE)
    assert shown.counts["user"] >= 5
    assert {f.name for f in shown.files} >= {"report.html", "machine.json"}
    assert all(f.size > 0 for f in shown.files)
    assert "rgen" not in shown.text + shown.page


def test_steps_take_their_time_from_the_run() -> None:
    found = {s.id: s for s in steps(report().plan, report().events)}
    assert found["fetch"].seconds == pytest.approx(189.9)
    assert found["install"].seconds == pytest.approx(9.0)
    assert found["python"].text == "it is there"


def test_pictures_and_words() -> None:
    assert loss_curve((1.0,)) == ""
    assert loss_curve((2.0, float("nan"), 2.0)).startswith("<svg")
    assert "from 3.00 to 1.00" in loss_curve((3.0, 2.0, 1.0))
    assert gigabytes(7.3e9) == "7.3 GB"
    assert gigabytes(None) == "unknown"
    assert duration(192.0) == "3 min 12 s"


def test_what_was_seen_is_not_said_twice() -> None:
    """Some findings are what was seen."""
    is_set = "PYTHONPATH is set"
    one = Finding(
        id="variable-conflict", severity="warns", title=is_set, detail="d", seen=is_set, remedy="r"
    )
    other = msgspec.structs.replace(one, title="Another", seen="otherwise")
    made = files(msgspec.structs.replace(report(), findings=(one, other)), redactor(), TEMPLATE)
    for name in ("issue.txt", "report.html"):
        output = made[name].decode()
        assert output.count(is_set) == 1
        assert "otherwise" in output
