"""The outside of the program: exit codes, JSON documents, sentences for bad input.

Run as a process, as scripts do.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.__main__ import open_session
from app.cli.main import main
from app.engine.session import Session
from app.model.verdict import Verification

ROOT = Path(__file__).parents[2]
MACHINES = ROOT / "resources" / "machines"


def app(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize(
    ("machine", "code", "verdict", "profile"),
    [
        ("rtx3090-windows", 0, "ready_with_warnings", "torch28-2025.11"),
        ("rtx3090-driver-452", 3, "blocked", "torch212-2026.10"),
        ("no-card-office", 0, "ready_with_warnings", "practice-cpu"),
        ("t4-cloud", 0, "ready", "torch26-2025.3"),
    ],
)
def test_plan_on_other_computers(machine: str, code: int, verdict: str, profile: str) -> None:
    done = app("plan", "--machine", str(MACHINES / f"{machine}.json"), "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["schema"], document["verdict"], document["profile"]) == (
        code,
        "plan/1",
        verdict,
        profile,
    )
    assert {"id", "title", "kind", "download_bytes", "disk_bytes", "touches"} <= document["steps"][
        0
    ].keys()
    assert len(document["alternatives"]) == 6
    assert document["download_bytes"] == sum(s["download_bytes"] for s in document["steps"])


def test_the_guides_profile_says_what_stands_against_it() -> None:
    done = app(
        "plan",
        "--machine",
        str(MACHINES / "rtx3090-windows.json"),
        "--profile",
        "guide-2024.9.post3",
        "--json",
    )
    document = json.loads(done.stdout)
    assert document["profile"] == "guide-2024.9.post3"
    assert "guide-corrected" in {f["id"] for f in document["findings"]}
    assert "mend-openmp" in {s["kind"] for s in document["steps"]}


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"", ["machine.json"]),
        (b"[]", ["machine.json"]),
        (b'{"schema": "machine/2", "os": {"family": "windows"}}', ["machine.json", "schema"]),
        (
            b'{"schema": "machine/1", "os": {"family": "windows"}, "colour": 1}',
            ["machine.json", "colour"],
        ),
        (
            b'{"schema": "machine/1", "os": {"family": "windows"}, "cpu": {"cores": "eight"}}',
            ["machine.json", "cores"],
        ),
        (b"\xff\xfe\x00", ["machine.json"]),
    ],
)
def test_a_broken_machine_file_gets_one_sentence(
    tmp_path: Path, content: bytes, names: list[str]
) -> None:
    path = tmp_path / "machine.json"
    path.write_bytes(content)
    done = app("plan", "--machine", str(path), "--json")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert all(name in done.stderr for name in names), done.stderr


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("profile = 3", ["answers.toml", "profile"]),
        ("colour = 'red'", ["answers.toml", "colour"]),
        ("= =", ["answers.toml"]),
        ("verify = 'perhaps'", ["answers.toml", "line 1", "verify"]),
        ("\nprofile = 'x'", ["answers.toml", "line 2", "practice-cpu"]),
        ("clean_up = [\n'venv:no-such']", ["answers.toml", "line 2", "venv:no-such"]),
    ],
)
def test_a_broken_answer_file_gets_one_sentence(
    tmp_path: Path, text: str, names: list[str]
) -> None:
    path = tmp_path / "answers.toml"
    path.write_text(text)
    done = app("plan", "--answers", str(path), "--machine", str(MACHINES / "t4-cloud.json"))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert all(name in done.stderr for name in names), done.stderr


def test_wrong_words_on_the_command_line_exit_with_2() -> None:
    for words in (
        ["frobnicate"],
        ["plan", "--colour"],
        ["plan", "--profile", "no-such"],
        ["profiles", "show", "no-such"],
        ["detect", "--machine", "no-such-file.json"],
        ["diagnose", "--log", "no-such-file.txt"],
    ):
        done = app(*words)
        assert done.returncode == 2, (words, done.stderr)
        assert "Traceback" not in done.stderr


def test_diagnose_names_a_cause_or_says_that_it_found_none() -> None:
    oom = app(
        "diagnose",
        "--log",
        "-",
        "--json",
        stdin="torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\n",
    )
    assert (oom.returncode, json.loads(oom.stdout)["cause"]) == (0, "cuda_oom")
    open_ = app(
        "diagnose", "--json", stdin="RuntimeError: CUDA error: device-side assert triggered\n"
    )
    found = json.loads(open_.stdout)
    assert (open_.returncode, found["cause"], found["confidence"], found["fix"]) == (
        7,
        None,
        None,
        None,
    )
    assert all(other["why"] and other["check"] for other in found["others"])
    fine = app("diagnose", "--json", stdin="Successfully installed torch-2.8.0\n")
    assert (fine.returncode, json.loads(fine.stdout)["cause"]) == (7, None)


def test_detect_and_record_give_the_same_kind_of_document(tmp_path: Path) -> None:
    source = MACHINES / "h100-server.json"
    detected = app("detect", "--machine", str(source), "--json")
    target = tmp_path / "m.json"
    assert app("record", "--machine", str(source), "--output", str(target)).returncode == 0
    assert json.loads(detected.stdout) == json.loads(target.read_text())
    assert detected.stderr == ""


def test_a_rehearsed_install_streams_events_and_ends_with_a_result() -> None:
    done = app("install", "--yes", "--json", "--machine", str(MACHINES / "rtx3090-windows.json"))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert lines[0]["what"] == "started"
    assert lines[-1]["schema"] == "result/1"
    assert any("simulation" in line.get("text", "") for line in lines)


def test_profiles_are_listed_and_shown() -> None:
    listed = json.loads(app("profiles", "--json").stdout)
    assert {
        "guide-2024.9.post3",
        "legacy-2024.9.post4",
        "legacy-2024.9",
        "torch26-2025.3",
        "torch28-2025.11",
        "torch212-2026.10",
        "practice-cpu",
    } == {p["id"] for p in listed}
    shown = app("profiles", "show", "guide-2024.9.post3")
    assert "Against it" in shown.stdout


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    done = app("install", "--yes", "--home", str(blocker / "home"), "--profile", "practice-cpu")
    assert done.returncode in (2, 3)
    assert "Traceback" not in done.stderr
    assert str(blocker) in done.stderr


def test_nothing_in_the_command_line_imports_qt() -> None:
    code = (
        "import sys; from app.__main__ import main; main(['profiles']); "
        "sys.exit(any(name.startswith('PySide6') for name in sys.modules))"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False
        ).returncode
        == 0
    )


def fixed(remedy: str, machine: str, *more: str) -> tuple[int, list[str], str]:
    """A rehearsed install with a fix: exit code, the steps in the order in which they came, what
    was said.
    """
    done = app(
        "install",
        "--yes",
        "--json",
        "--fix",
        remedy,
        "--machine",
        str(MACHINES / f"{machine}.json"),
        *more,
    )
    steps = [json.loads(line).get("step", "") for line in done.stdout.splitlines()]
    return done.returncode, list(dict.fromkeys(filter(None, steps))), done.stderr


def test_a_fix_is_told_and_comes_first() -> None:
    code, steps, output = fixed("clear-cache", "rtx3090-windows")
    assert (code, steps[0]) == (0, "fix-cache")
    assert "Deletes this program's package cache" in output


def test_a_log_from_elsewhere_leads_to_the_best_setup_and_not_past_it() -> None:
    """Nothing was tried here: another setup than that of the log is the one that fits best."""
    machine = str(MACHINES / "rtx5090-windows.json")
    best = json.loads(app("plan", "--json", "--machine", machine).stdout)["profile"]
    titles = {p["id"]: p["title"] for p in json.loads(app("profiles", "--json").stdout)}
    code, _, output = fixed("other-profile", "rtx5090-windows", "--profile", "guide-2024.9.post3")
    assert code == 0
    assert titles[best].partition(" ·")[0] + " ·" in output
    assert not any(
        title.partition(" ·")[0] + " ·" in output for one, title in titles.items() if one != best
    )


def test_a_setup_that_is_blocked_can_give_way_to_another_by_a_fix() -> None:
    """The driver is too old for the chosen one: that is what this fix is for."""
    blocked = ("--profile", "torch212-2026.10")
    assert (
        app(
            "install", "--yes", "--machine", str(MACHINES / "rtx3080-driver-536.json"), *blocked
        ).returncode
        == 3
    )
    code, _, output = fixed("other-profile", "rtx3080-driver-536", *blocked)
    assert code == 0
    assert "PyTorch 2.8 ·" in output


def test_a_fix_is_carried_out_although_all_is_in_place(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log of the active environment names the fix; to answer that all is in place would leave the
    fault.
    """

    def make(options: argparse.Namespace) -> Session:
        session = open_session(options)
        monkeypatch.setattr(
            session.environments,
            "already_in_place",
            lambda _plan, **_: Verification(overall="works"),
        )
        return session

    machine = str(MACHINES / "rtx3090-windows.json")
    assert main(["install", "--yes", "--json", "--machine", machine], make, lambda _: b"") == 0
    assert capsys.readouterr().out.count("\n") == 1
    assert (
        main(
            ["install", "--yes", "--json", "--fix", "refetch", "--machine", machine],
            make,
            lambda _: b"",
        )
        == 0
    )
    assert json.loads(capsys.readouterr().out.splitlines()[0])["step"] == "fix-wheels"


def test_diagnose_says_what_the_automatic_fix_would_do() -> None:
    done = app("diagnose", "--json", stdin="OSError: [Errno 28] No space left on device")
    fix = json.loads(done.stdout)["fix"]
    assert fix["automatic"] and fix["remedy"] == "free-space"
    assert fix["does"].startswith("Deletes this program's package cache")
    assert (
        fix["does"] in app("diagnose", stdin="OSError: [Errno 28] No space left on device").stdout
    )
