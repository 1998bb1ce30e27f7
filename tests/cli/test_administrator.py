"""An administrator's day.

Checks that change nothing, a stable path, commands inside the environment, policies, quiet and
verbose runs.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, TextIO, cast

import pytest

import app.__main__ as program
from app.adapters.computer import LocalComputer
from app.adapters.processes.local_processes import LocalProcesses
from app.cli import output
from app.cli.completions import bash, powershell
from app.cli.main import main as run_command
from app.engine.session import Session
from app.model.answers import Answers
from app.model.event import Progress
from app.ports import System
from app.probe import network
from tests.cli.test_endings import Stage, known, stage, verified

ROOT = Path(__file__).parents[2]
MACHINE = str(ROOT / "resources" / "machines" / "rtx3090-windows.json")
if sys.platform == "win32":
    pytest.skip("the small profile's journeys are of POSIX", allow_module_level=True)
pytestmark = pytest.mark.posix
__all__ = ["known", "stage"]
Told = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No command of these tests falls back to the tester's own home folder."""
    monkeypatch.setenv("UNSLOTH_SETUP_HOME", str(tmp_path / "own"))


def last(output: str) -> dict[str, Any]:
    """The last object of a stream."""
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


@pytest.mark.slow
def test_a_second_install_with_the_same_answers_asks_nothing_and_changes_nothing(
    stage: Stage, known: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Told
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    home, answers = stage.home("second"), 'verify = "none"\nmenu_entry = true'
    words = stage.install(home, answers)
    words.insert(1, "--json")
    assert program.main(words) == 0
    first = last(capfd.readouterr().out)
    assert first["changed"] is True
    assert list((tmp_path / "data" / "applications").glob("unsloth-setup-*.desktop"))
    words.remove("--yes")
    asked: list[str] = []
    real = network.network

    def watched(system: System, answers: Answers | None = None) -> network.Reached:
        asked.append("network")
        return real(system, answers)

    monkeypatch.setattr(network, "network", watched)
    assert program.main(words) == 0
    assert not asked  # what is in place is told without the index
    output = capfd.readouterr()
    assert "Nothing to do" in output.err and "Go on?" not in output.err
    again = last(output.out)
    assert (again["outcome"], again["changed"], again["error"]) == ("finished", False, None)
    plan = ["plan", "--json", "--index", stage.index.url, *stage.common(home, answers)]
    assert program.main(plan) == 0
    document = json.loads(capfd.readouterr().out)
    assert (document["profile"], document["changes"]) == ("small", 0)
    assert document["download_bytes"] == document["disk_bytes"] == 0
    assert all(step["why"] and not step["needed"] for step in document["steps"])
    active = json.loads((home / "active.json").read_text())["active"]
    packages = (home / "envs" / active / "lib").glob("python3*/site-packages/*/*.py")
    cut = next(path for path in packages if path.stat().st_size)
    cut.write_bytes(b"")
    assert program.main([*words, "--yes"]) == 0
    output = capfd.readouterr()
    assert f"{cut.parent.name}/{cut.name} of {active} is missing or cut off" in output.err
    assert asked and last(output.out)["changed"] is True


@pytest.mark.slow
def test_a_plan_says_which_steps_are_needed_and_writes_nothing(
    stage: Stage, known: None, capfd: Told
) -> None:
    home = stage.home("needed")
    (home / "active.json").unlink()
    before = {p: p.lstat().st_mtime_ns for p in home.rglob("*")}
    plan = ["plan", "--json", "--profile", "small", "--index", stage.index.url]
    assert program.main([*plan, *stage.common(home)]) == 0
    document = json.loads(capfd.readouterr().out)
    needed = {step["kind"] for step in document["steps"] if step["needed"]}
    assert needed == {"first-import", "activate"}
    assert document["changes"] == 2
    assert {p: p.lstat().st_mtime_ns for p in home.rglob("*")} == before


@pytest.mark.slow
def test_a_failed_fetch_leaves_no_verdict_behind(
    stage: Stage, known: None, tmp_path: Path, capfd: Told
) -> None:
    stage.index.fail("whl$", "status", code=404)
    words = stage.install(tmp_path / "home", 'verify = "quick"')
    words.insert(1, "--json")
    assert program.main(words) == 4
    stage.index.rules.clear()
    result = last(capfd.readouterr().out)
    assert result["verdict"] is None and result["error"]["code"]
    assert Path(result["paths"]["log"]).is_file() and Path(result["paths"]["report"]).is_file()
    assert not list((tmp_path / "home" / "verified").glob("*.json"))


@pytest.mark.slow
def test_the_stable_path_follows_the_pointer_and_nothing_removes_through_it(
    stage: Stage, known: None, capfd: Told
) -> None:
    home = stage.home("current")
    link = home / "current"
    active = json.loads((home / "active.json").read_text())
    assert link.is_symlink() and link.resolve() == home.resolve() / "envs" / active["active"]
    assert program.main(["rollback", *stage.common(home)]) == 0
    assert link.resolve().name == active["previous"]
    link.unlink()
    assert program.main(["env", "path", *stage.common(home)]) == 0
    assert capfd.readouterr().out == f"{link}\n" and link.is_symlink()
    name = active["previous"]
    remove = ["uninstall", "--remove", f"env:{name}", "--yes", *stage.common(home)]
    assert program.main(remove) == 0
    assert not os.path.lexists(link) and (home / "envs" / active["active"]).is_dir()


def test_what_a_person_put_where_the_link_belongs_stays(
    stage: Stage, known: None, capfd: Told
) -> None:
    home = stage.home("mine")
    (home / "current").unlink()
    (home / "current").mkdir()
    (home / "current" / "mine.txt").write_text("mine")
    assert program.main(["rollback", *stage.common(home)]) == 0
    capfd.readouterr()
    assert (home / "current" / "mine.txt").read_text() == "mine"
    assert program.main(["env", "path", *stage.common(home)]) == 0
    active = json.loads((home / "active.json").read_text())["active"]
    assert capfd.readouterr().out == f"{home}/envs/{active}\n"


def test_a_command_runs_inside_the_environment_with_its_own_exit_code(
    stage: Stage, known: None, capfd: Told
) -> None:
    code = "import sys, torch; print(sys.prefix); sys.exit(40)"
    words = ["run", *stage.common(stage.made), "--", "python", "-c", code]
    assert program.main(words) == 40
    assert Path(capfd.readouterr().out.strip()).parent.name == "envs"
    kill = ["run", *stage.common(stage.made), "--", "sh", "-c", "kill -9 $$"]
    assert program.main(kill) == 137
    missing = ["run", *stage.common(stage.made), "--", "no-such-program"]
    assert program.main(missing) == 2
    assert "no-such-program could not be started" in capfd.readouterr().err


def test_status_starts_nothing_and_names_what_is_not_as_it_was(
    stage: Stage, known: None, monkeypatch: pytest.MonkeyPatch, capfd: Told
) -> None:
    def refused(*_: object, **__: object) -> Any:
        raise AssertionError("status started a process")

    home = verified(stage.home("drift"), "works")
    monkeypatch.setattr(LocalProcesses, "capture", refused)
    monkeypatch.setattr(LocalProcesses, "stream", refused)
    words = ["status", "--json", *stage.common(home)]
    assert program.main(words) == 0
    sound = json.loads(capfd.readouterr().out)
    assert (sound["verdict"], sound["drift"], sound["path"]) == ("works", [], f"{home}/current")
    assert sound["proven_at"] and sound["previous"]
    packages = next(Path(sound["environment"]).glob("lib/python*/site-packages"))
    next(packages.glob("peft/*.py")).unlink()
    record = next(packages.glob("torch-*.dist-info"))
    record.rename(record.with_name("torch-9.9.dist-info"))
    assert program.main(words) == 5
    seen = json.loads(capfd.readouterr().out)
    assert seen["verdict"] == "not_checked"
    drift = {(d["package"], d["found"], d["missing_files"]) for d in seen["drift"]}
    assert {("torch", "9.9", 0), ("peft", None, 1)} <= drift


def test_a_proven_home_keeps_its_profile(stage: Stage, known: None, capfd: Told) -> None:
    """Another one, pinned later, is ranked first here: it is offered, not taken."""
    home = stage.home("kept")
    pointer = json.loads((home / "active.json").read_text())
    (home / "active.json").write_text(json.dumps({**pointer, "profile": "practice-cpu"}))
    words = ["plan", "--json", "--index", stage.index.url, *stage.common(home, "")]
    assert program.main(words) == 0
    assert json.loads(capfd.readouterr().out)["profile"] == "small"
    verified(home, "works")
    assert program.main(words) == 0
    output = capfd.readouterr()
    assert json.loads(output.out)["profile"] == "practice-cpu"
    assert "--profile small" in output.err
    assert program.main(["status", "--json", *stage.common(home)]) in (0, 5)
    assert json.loads(capfd.readouterr().out)["newer_profile"] == "small"


def test_a_dead_company_index_is_seen_before_the_install(
    stage: Stage, known: None, tmp_path: Path, capfd: Told
) -> None:
    words = ["plan", "--json", "--profile", "small", "--home", str(tmp_path / "home")]
    assert program.main([*words, "--index", "https://127.0.0.1:9/simple"]) == 3
    document = json.loads(capfd.readouterr().out)
    blocking = {f["id"]: f for f in document["findings"] if f["severity"] == "blocks"}
    assert blocking.keys() & {"offline", "mirror-unreachable"}


def test_a_policy_fixes_choices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Told
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('profile = "practice-cpu"\nkernel = false\nindex = "https://a.invalid/s"\n')
    monkeypatch.setattr(LocalComputer, "policy_file", lambda _: str(policy))
    seen: list[Session] = []

    def make(options: Any) -> Session:
        seen.append(program.open_session(options))
        return seen[-1]

    home = ["--home", str(tmp_path / "home")]
    assert run_command(["status", *home], make, lambda _: b"") == 7
    assert (seen[0].answers.profile, seen[0].answers.index) == (
        "practice-cpu",
        "https://a.invalid/s",
    )
    seen[0].change(index=None, theme="dark")
    assert (seen[0].answers.index, seen[0].answers.theme) == ("https://a.invalid/s", "dark")
    for words in (["plan", "--index", "https://b.invalid/s"], ["plan", "--kernel"]):
        assert run_command([*words, *home], make, lambda _: b"") == 2
        assert "policy" in capsys.readouterr().err
    policy.write_text("colour = 1\n")
    assert run_command(["status", *home], make, lambda _: b"") == 2
    assert str(policy) in capsys.readouterr().err


def test_an_answer_file_can_come_from_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Told
) -> None:
    (tmp_path / "answers.toml").write_text(f'home = "{tmp_path / "there"}"\n')
    monkeypatch.setenv("UNSLOTH_SETUP_ANSWERS", str(tmp_path / "answers.toml"))
    assert program.main(["status", "--json"]) == 7
    assert json.loads(capsys.readouterr().out)["home"] == str(tmp_path / "there")
    monkeypatch.setenv("UNSLOTH_SETUP_ANSWERS", str(tmp_path / "none.toml"))
    assert program.main(["status"]) == 2
    assert "none.toml" in capsys.readouterr().err
    assert program.main(["profiles", "--json"]) == 0


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["instal"], "Did you mean install?"),
        (["plan", "--prof", "x"], "Did you mean --profile?"),
        (["plan", "--jsn"], "Did you mean --json?"),
        (["detect", "--offline", "x"], "It acts on plan"),
        (["profiles", "shw"], "Did you mean show?"),
        (["--frobnicate"], "needs a command"),
        (["--machin", MACHINE], "needs a command"),
        (["-x"], "needs a command"),
        (["window"], "is no command"),
        (["--home"], "needs a command"),
    ],
)
def test_what_is_not_understood_opens_no_window_and_says_what_was_meant(
    words: list[str], hint: str, monkeypatch: pytest.MonkeyPatch, capsys: Told
) -> None:
    def opened(_: list[str]) -> int:
        raise AssertionError("a window")

    monkeypatch.setattr(program, "_open_window", opened)
    assert program.main(words) == 2
    output = capsys.readouterr()
    assert hint in output.err and output.out == ""


def test_help_shows_examples_and_exit_codes(capsys: Told) -> None:
    with pytest.raises(SystemExit, match="0"):
        program.main(["install", "--help"])
    shown = capsys.readouterr().out
    assert "unsloth-setup install --yes" in shown and "8  busy" in shown
    with pytest.raises(SystemExit, match="0"):
        program.main(["-V"])
    assert capsys.readouterr().out.startswith("unsloth-setup ")


def test_quiet_says_nothing_and_verbose_the_programs_own_log(capsys: Told) -> None:
    assert program.main(["install", "--yes", "-q", "--machine", MACHINE]) == 0
    assert capsys.readouterr().err == ""
    secret = "https://jan:s3cr3tpass@index.invalid/simple"
    words = ["plan", "-v", "--machine", MACHINE, "--index", secret]
    assert program.main(words) in (0, 3)
    logged = capsys.readouterr().err
    assert "app.cli.main: command plan" in logged and "s3cr3tpass" not in logged
    assert all(isinstance(h, logging.NullHandler) for h in logging.getLogger("app").handlers)


@pytest.mark.slow
def test_commands_that_hold_a_home_write_the_programs_log_there(
    stage: Stage, known: None, capfd: Told
) -> None:
    output = (stage.made / "logs" / "program.log").read_text()
    assert "step install (install-wheels) begins" in output


def test_progress_is_told_in_bytes_every_few_seconds_where_nobody_looks() -> None:
    class Kept:
        def __init__(self, tty: bool) -> None:
            self.words, self.tty = "", tty

        def write(self, words: str) -> None:
            self.words += words

        def flush(self) -> None:
            """Nothing waits."""

        def isatty(self) -> bool:
            return self.tty

    for tty, count in ((False, 4), (True, 21)):
        stream = Kept(tty)
        line = output.ProgressLine(output.SanitizedStream(cast(TextIO, stream)))
        for second in range(21):
            line.show("fetch", float(second), Progress(done=second * 1e6, total=1e9, rate=1e6))
        found = [part for part in stream.words.replace("\r", "\n").splitlines() if part.strip()]
        assert len(found) == count
        assert "20.0 MB of 1.0 GB, 1.0 MB/s" in found[-1]


def test_colours_only_where_somebody_looks_and_wants_them() -> None:
    class Kept(list[str]):
        def write(self, words: str) -> None:
            self.append(words)

    for colour, expected in ((True, "\x1b[31m  [x]\x1b[0m Full\n"), (False, "  [x] Full\n")):
        kept = Kept()
        calm = output.SanitizedStream(cast(TextIO, kept), colour=colour)
        calm.write("  [x] Full\n")
        assert kept == [expected]


def test_bash_completes_commands_options_and_fixed_words(tmp_path: Path) -> None:
    (tmp_path / "completion").write_text(bash())
    for words, wanted in (
        (["unsloth-setup", "inst"], "install"),
        (["unsloth-setup", "install", "--ker"], "--kernel"),
        (["unsloth-setup", "bundle", "--platform", "w"], "windows"),
        (["unsloth-setup", "completion", "pow"], "powershell"),
    ):
        line = (
            f". '{tmp_path}/completion'; COMP_WORDS=({' '.join(words)}); "
            f'COMP_CWORD={len(words) - 1}; _unsloth_setup; echo "${{COMPREPLY[*]}}"'
        )
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
        assert (done.stdout, done.stderr) == (f"{wanted}\n", "")
    assert "'plan' = '--help --json" in powershell()


def test_a_script_for_powershell_has_its_mark_and_line_ends(tmp_path: Path, capsys: Told) -> None:
    target = tmp_path / "setup.ps1"
    words = ["script", "--machine", MACHINE, "--output", str(target)]
    assert program.main(words) == 0
    data = target.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf") and data.count(b"\n") == data.count(b"\r\n") > 10
    assert program.main(words) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert program.main([*words, "--overwrite"]) == 0
