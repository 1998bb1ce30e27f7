"""Ended from outside, each signal is like Ctrl+C.

Exit code 6, no child left, and a last JSON object.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.fault_index import FaultIndex, lock_of
from tests.journeys import command
from tests.journeys.bench import wait_for

pytestmark = [
    pytest.mark.posix,
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]
SIGNALS = ["SIGTERM", "SIGHUP"]
STOPPED = {"schema": "result/1", "outcome": "stopped", "verdict": None}
STREAM = """
import sys, threading
from app.adapters.processes.end_signals import like_ctrl_c
from app.adapters.processes.local_processes import LocalProcesses
from app.ports import Command, Output
try:
    with like_ctrl_c():
        shell = Command(argv=("/bin/sh", "-c", "sleep 300 & echo $!; wait"), env={"PATH": "/bin"})
        for item in LocalProcesses(threading.Event()).stream(shell):
            if isinstance(item, Output):
                print(item.data.decode().strip(), flush=True)
except KeyboardInterrupt:
    sys.exit(6)
"""
WINDOW = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from app import __main__ as program
run = QApplication.exec
QApplication.exec = lambda *_: (QTimer.singleShot(0, lambda: print("open", flush=True)), run())[1]
sys.exit(program.main(["--machine", sys.argv[1], "--home", sys.argv[2]]))
"""


@pytest.fixture(scope="module")
def index() -> Iterator[FaultIndex]:
    with FaultIndex(command.wheels(size=300_000)) as running:
        yield running


def _listening() -> None:
    """As from a terminal: who started the tests may have had signals ignored."""
    for name in ("SIGINT", *SIGNALS):
        signal.signal(getattr(signal, name), signal.SIG_DFL)


def _start(argv: list[str], env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        argv,
        cwd=command.ROOT,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_listening,  # noqa: PLW1509
    )


def _gone(pid: int) -> bool:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.fault("signals")
@pytest.mark.parametrize("name", SIGNALS)
def test_a_running_install_ends_with_6_and_a_last_object(
    index: FaultIndex, tmp_path: Path, name: str
) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(lock_of(command.wheels(size=300_000)))
    home = tmp_path / "home"
    index.rules.clear()
    index.fail("whl$", "slow", rate=4e3)
    line, env = command.words(home, lock, index.url, "install", "--json")
    with _start(line, env) as child:
        assert wait_for(child, lambda: any((home / "wheels").glob("*.part")))
        child.send_signal(getattr(signal, name))
        out, output = child.communicate(timeout=60)
    index.rules.clear()
    assert child.returncode == 6, output[-2000:]
    assert "Traceback" not in output
    assert json.loads(out.splitlines()[-1]).items() >= STOPPED.items()


@pytest.mark.fault("signals")
@pytest.mark.parametrize("name", SIGNALS)
def test_a_question_that_is_left_open_ends_with_6_and_a_last_object(
    index: FaultIndex, tmp_path: Path, name: str
) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(lock_of(command.wheels(size=300_000)))
    line, env = command.words(tmp_path / "home", lock, index.url, "install", "--json")
    line.remove("--yes")
    with _start(line, env) as child:
        assert child.stderr is not None
        text = ""
        while "Go on?" not in text:
            piece = child.stderr.read(1)
            assert piece, text
            text += piece
        child.send_signal(getattr(signal, name))
        out, text = child.communicate(timeout=60)
    assert child.returncode == 6, text[-2000:]
    assert "Traceback" not in text
    assert json.loads(out.splitlines()[-1]).items() >= STOPPED.items()


@pytest.mark.fault("signals")
@pytest.mark.parametrize("name", SIGNALS)
def test_no_grandchild_lives_on(name: str) -> None:
    with _start([sys.executable, "-c", STREAM]) as child:
        assert child.stdout is not None
        pid = int(child.stdout.readline())
        child.send_signal(getattr(signal, name))
        assert child.wait(60) == 6
    assert _gone(pid)


@pytest.mark.fault("signals")
@pytest.mark.parametrize("name", [*SIGNALS, "SIGINT"])
def test_a_window_ends_with_6(tmp_path: Path, name: str) -> None:
    machine = command.ROOT / "resources/machines/rtx3090-windows.json"
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    with _start([sys.executable, "-c", WINDOW, str(machine), str(tmp_path)], env) as child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "open"
        child.send_signal(getattr(signal, name))
        _, output = child.communicate(timeout=60)
    assert child.returncode == 6, output[-2000:]
    assert "Traceback" not in output


def test_a_signal_that_is_ignored_stays_so() -> None:
    """``nohup`` has SIGHUP ignored, so that a run outlives its terminal."""
    code = (
        "import os, signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from app.adapters.processes.end_signals import EndSignals, like_ctrl_c\n"
        "with like_ctrl_c():\n    os.kill(os.getpid(), signal.SIGHUP)\n"
        "held = EndSignals()\nos.kill(os.getpid(), signal.SIGHUP)\nheld.close()\nprint('lives')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=command.ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "lives")
