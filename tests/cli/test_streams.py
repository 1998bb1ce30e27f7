"""How the command line meets streams, folders and names.

Streams that are closed, broken or full, folders without rights, odd names.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.adapters import resources
from app.model import limits
from app.model.errors import InputError
from tests.rights import held_above_permissions, obey_permissions

ROOT = Path(__file__).parents[2]
MACHINE = str(ROOT / "resources" / "machines" / "rtx3090-windows.json")
APP = [sys.executable, "-m", "app"]
if sys.platform == "win32":
    pytest.skip("shells and streams of POSIX", allow_module_level=True)
pytestmark = pytest.mark.posix


def shell(line: str, home: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """A line of a shell in which ``app`` is the program."""
    own = {**os.environ, "UNSLOTH_SETUP_HOME": str(home), **env}
    words = ["bash", "-c", f'app() {{ "{sys.executable}" -m app "$@"; }}; M="{MACHINE}"; {line}']
    return subprocess.run(
        words,
        cwd=ROOT,
        env=own,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('app plan --machine "$M" --json | head -c 1; exit ${PIPESTATUS[0]}', 0),
        ("app profiles --json | true; exit ${PIPESTATUS[0]}", 0),
        (
            'app install --yes --json --machine "$M" | head -1; exit ${PIPESTATUS[0]}',
            6,
        ),  # the reader has seen enough
        ('app install --yes --machine "$M" 2>&1 >/dev/null | head -1; exit ${PIPESTATUS[0]}', 6),
        ('app plan --machine "$M" > /dev/full', 4),
        ('app detect --json --machine "$M" > /dev/full', 4),
        ('app detect --machine "$M" >&-', 0),
        ('app plan --machine "$M" 2>&-', 0),
        ("app plan --machine no-such 2>&-", 2),
        ('app install --machine "$M" <&-', 6),
        ("app diagnose --log - <&-", 7),
        ('app detect --machine "$M" <&- >&- 2>&-', 0),
    ],
)
def test_streams_that_are_closed_broken_or_full_are_no_fault_of_the_program(
    tmp_path: Path, line: str, code: int
) -> None:
    done = shell(line, tmp_path / "home")
    assert done.returncode == code, done.stderr
    assert not any(
        word in done.stderr for word in ("Traceback", "Exception ignored", "fault in this program")
    ), done.stderr
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    "env",
    [
        {"LANG": "C", "LC_ALL": "C"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "cp437"},
        {"PYTHONUTF8": "0", "LC_ALL": "POSIX"},
    ],
)
def test_words_arrive_whole_whatever_the_locale_is_set_to(
    tmp_path: Path, env: dict[str, str]
) -> None:
    done = shell('app plan --machine "$M"', tmp_path, **env)
    assert done.returncode == 0 and "·" in done.stdout and "Traceback" not in done.stderr


def test_nobody_who_could_answer_is_said(tmp_path: Path) -> None:
    done = shell('app install --machine "$M"', tmp_path)
    assert done.returncode == 6 and "--yes" in done.stderr and done.stdout == ""
    output = shell('app install --json --machine "$M"', tmp_path)
    result = json.loads(output.stdout)
    assert (result["schema"], result["outcome"], result["changed"]) == (
        "result/1",
        "stopped",
        False,
    )
    assert result["error"]["code"] == "unanswered"


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ((), "install --yes"),
        (("--yes",), "needs a command"),
        (("plan", "--home", ""), "--home"),
        (("plan", "--index", "nonsense"), "--index"),
        (("plan", "--index", "http://index.invalid/simple"), "without TLS"),
        (("plan", "--pytorch-index", "http://index.invalid/whl"), "without TLS"),
        (("verify-bundle",), "DIR"),
    ],
)
def test_what_cannot_be_done_gets_one_sentence(
    tmp_path: Path, words: tuple[str, ...], names: str
) -> None:
    env = {
        k: v
        for k, v in os.environ.items()
        if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    done = subprocess.run(
        [*APP, *words],
        cwd=ROOT,
        env={**env, "UNSLOTH_SETUP_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert names in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "home").exists()


def test_a_path_counts_from_where_the_command_was_given(tmp_path: Path) -> None:
    for words, env in (([f"--home={'~'}/own"], {"HOME": str(tmp_path)}), (["--home", "own"], {})):
        done = subprocess.run(
            [*APP, "detect", "--json", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        )
        assert json.loads(done.stdout)["home"]["path"] == str(tmp_path / "own"), done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="other systems take only text for names")
def test_names_that_are_no_text_are_told_and_break_nothing(tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/bad\xff"
    site = odd + b"/.venv/lib/python3.11/site-packages/torch-2.1.0.dist-info"
    os.makedirs(site)
    with open(odd + b"/.venv/pyvenv.cfg", "w", encoding="utf-8") as file:
        file.write("version = 3.11.2\n")
    for words in (["detect", "--json"], ["plan", "--json"], ["detect"]):
        env = {**os.environb, b"HOME": os.fsencode(tmp_path), b"PYTHONSTARTUP": b"/tmp/\xff"}
        done = subprocess.run(
            [*APP, *words, "--home", str(tmp_path / "home")],
            cwd=ROOT,
            env=env,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert b"bytes that are no text" in done.stdout or words[0] == "plan"
    refused = subprocess.run(
        [*APP, "plan", "--home", odd], cwd=ROOT, capture_output=True, check=False
    )
    assert (
        refused.returncode == 2
        and b"no text" in refused.stderr
        and b"Traceback" not in refused.stderr
    )


def test_a_folder_that_is_no_quarantine_is_not_put_anywhere(tmp_path: Path) -> None:
    """Its note could name any place, such as one that is run at every start."""
    shelf, goal = tmp_path / "stick" / "001", tmp_path / "autostart" / "evil"
    (shelf / "content").mkdir(parents=True)
    (shelf / "from.json").write_text(json.dumps({"path": str(goal)}))
    (tmp_path / "home").mkdir()
    done = subprocess.run(
        [*APP, "uninstall", "--put-back", str(shelf), "--home", str(tmp_path / "home")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and "no quarantined item" in done.stderr
    assert (shelf / "content").is_dir() and not goal.exists()


def test_a_file_without_an_end_does_not_take_all_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "INPUT", 1 << 20)
    with pytest.raises(InputError, match="larger than"):
        resources.read_input("/dev/zero")


@pytest.mark.parametrize(
    "command",
    ["rollback", "uninstall --remove wheels --yes", "uninstall --put-back HOME/quarantine/001"],
)
def test_a_machine_file_changes_nothing_on_this_computer(tmp_path: Path, command: str) -> None:
    """Its home may be any folder, one that is really there for example."""
    home = tmp_path / "home"
    for name in (
        "envs/a-1/bin/python",
        "envs/b-2/bin/python",
        "wheels/w",
        "quarantine/001/content",
    ):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("x")
    (home / "quarantine/001/from.json").write_text(json.dumps({"path": str(tmp_path / "evil")}))
    (home / "active.json").write_text(
        '{"schema":"pointer/1","active":"a-1","profile":"a","previous":"b-2"}'
    )
    facts = json.loads((ROOT / "resources/machines/t4-cloud.json").read_text())
    (tmp_path / "machine.json").write_text(json.dumps({**facts, "home": {"path": str(home)}}))
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    words = [
        *command.replace("HOME", str(home)).split(),
        "--machine",
        str(tmp_path / "machine.json"),
    ]
    done = subprocess.run([*APP, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stdout
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


@pytest.mark.skipif(
    held_above_permissions(), reason="root here may write anywhere and cannot give that up"
)
def test_a_home_and_a_working_folder_without_rights_are_no_fault(tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o555)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    for words, code in (
        (["plan", "--machine", MACHINE], 0),
        (["detect", "--home", str(shut)], 0),
        (["install", "--yes", "--profile", "practice-cpu", "--home", str(shut)], None),
    ):
        done = subprocess.run(
            [*APP, *words],
            cwd=shut,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=obey_permissions,
        )
        assert "Traceback" not in done.stderr and "fault in this program" not in done.stderr, (
            done.stderr
        )
        if code is None:
            assert done.returncode in (2, 3) and str(shut) in done.stderr + done.stdout, done.stderr
        else:
            assert done.returncode == code, done.stderr
