"""From a checkout to the program: the environment is made once, made again when the lock changes,
and handed over to.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from build import start


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of its own, so that nothing here touches the real ``.venv``."""
    (tmp_path / "requirements-dev.txt").write_text("pip==23.2.1\n", "utf-8")
    for name, path in (
        ("ROOT", tmp_path),
        ("VENV", tmp_path / ".venv"),
        ("LOCK", tmp_path / "requirements-dev.txt"),
        ("STAMP", tmp_path / ".venv/locked.sha256"),
    ):
        monkeypatch.setattr(start, name, path)
    return tmp_path


def ready(checkout: Path) -> None:
    """As ``ensure_venv`` leaves it."""
    start.venv_python().parent.mkdir(parents=True)
    start.venv_python().write_bytes(b"")
    (checkout / ".venv/locked.sha256").write_text(start.wanted_stamp(), "ascii")


def test_nothing_is_made_when_all_is_in_place(checkout: Path) -> None:
    ready(checkout)
    assert start.ensure_venv() == 0.0


@pytest.mark.parametrize("change", ["lock", "interpreter", "cut off"])
def test_it_is_made_again_when_it_no_longer_fits(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    ready(checkout)
    if change == "lock":
        start.LOCK.write_text("pip==23.2.2\n", "utf-8")
    elif change == "interpreter":
        start.venv_python().unlink()
    else:
        start.STAMP.unlink()
    ran: list[list[str]] = []

    def run(command: list[object], env: object = None) -> None:
        ran.append([str(c) for c in command])
        packages = start.VENV / (
            "Lib/site-packages" if start.WINDOWS else "lib/python3.11/site-packages"
        )
        packages.mkdir(parents=True, exist_ok=True)

    monkeypatch.setattr(start, "run_quietly", run)
    start.ensure_venv()
    assert ran[0][1:4] == ["-m", "venv", "--clear"]
    assert {"--require-hashes", "--no-deps"} <= set(ran[1])
    assert start.STAMP.read_text("ascii") == start.wanted_stamp()


@pytest.mark.usefixtures("checkout")
def test_a_failed_installation_leaves_no_stamp(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(command: object, env: object = None) -> None:
        raise start.CannotStart("no network")

    monkeypatch.setattr(start, "run_quietly", fail)
    with pytest.raises(start.CannotStart):
        start.ensure_venv()
    assert not start.STAMP.exists()


def test_settings_that_bend_a_lock_are_blank_and_all_others_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PIP_CONSTRAINT", "/somewhere/constraints.txt")
    monkeypatch.setenv("PIP_INDEX_URL", "http://mirror.example/simple")
    monkeypatch.setenv("PYTHONPATH", "/old")
    env = start.child_environment()
    assert env["PIP_CONSTRAINT"] == env["PIP_TARGET"] == env["PIP_USER"] == ""
    assert env["PIP_INDEX_URL"] == "http://mirror.example/simple"
    assert "PYTHONPATH" not in env


@pytest.mark.parametrize(
    ("given", "display", "handed"),
    [
        ([], True, []),
        ([], False, ["install", "--yes"]),
        (["plan", "--json"], False, ["plan", "--json"]),
        (["detect"], True, ["detect"]),
    ],
)
def test_what_is_handed_over(
    monkeypatch: pytest.MonkeyPatch, given: list[str], display: bool, handed: list[str]
) -> None:
    seen: list[list[str]] = []
    for name in ("ensure_venv", "ensure_qt_libraries"):
        monkeypatch.setattr(start, name, lambda: 0.0)
    monkeypatch.setattr(start, "has_display", lambda: display)

    def hand_over(arguments: list[str]) -> int:
        seen.append(list(arguments))
        return 5

    monkeypatch.setattr(start, "hand_over", hand_over)
    assert start.main(given) == 5
    assert seen == [handed]


@pytest.mark.parametrize(
    ("version", "fits"), [((3, 10), False), ((3, 11), True), ((3, 13), True), ((3, 14), False)]
)
def test_the_interpreter_is_checked(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int], fits: bool
) -> None:
    monkeypatch.setattr(
        start, "sys", SimpleNamespace(version_info=(*version, 0), executable="python")
    )
    if fits:
        start.check_python()
    else:
        with pytest.raises(start.CannotStart, match=r"Python 3\.11, 3\.12 or 3\.13 is needed"):
            start.check_python()


def test_without_root_the_one_command_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "is_debian_root", lambda: False)
    with pytest.raises(
        start.CannotStart, match=r"Run once: sudo apt-get install -y .* libegl1 libgl1"
    ):
        start.install_debian(["libegl1", "libgl1"], "the window")


def test_a_command_that_fails_is_named_with_what_it_said(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(start.CannotStart, match="exit code 3"):
        start.run_quietly([sys.executable, "-c", "print('the reason'); raise SystemExit(3)"])
    out, err = capfd.readouterr()
    assert out == ""
    assert "the reason" in err


@pytest.mark.real
@pytest.mark.posix
@pytest.mark.slow
def test_from_a_fresh_clone_with_a_plain_python(tmp_path: Path) -> None:
    """The real thing: clone, one command from another folder, the program answers; a second call
    takes seconds.
    """
    root = Path(__file__).resolve().parents[2]
    clone = tmp_path / "clone with space"
    subprocess.run(["git", "clone", "-q", str(root), str(clone)], check=True)
    for name in ("build/start.py", "requirements-dev.txt"):
        shutil.copy(root / name, clone / name)
    base = getattr(sys, "_base_executable", sys.executable)
    env = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV", "DISPLAY"}}

    def call() -> tuple[subprocess.CompletedProcess[str], float]:
        began = time.monotonic()
        done = subprocess.run(
            [base, str(clone / "build/start.py"), "--version"],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        return done, time.monotonic() - began

    first, _ = call()
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("unsloth-setup ")
    assert "Making .venv" in first.stderr
    second, seconds = call()
    assert (second.stdout, second.stderr) == (first.stdout, "")
    assert seconds < 5
