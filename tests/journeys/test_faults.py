"""Faults in the middle of an install, each followed by a run that finishes: uv killed, full disk, sleep, read-only home."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.fault_index import FaultIndex, SmallWheel, lock_of, make_wheel

ROOT = Path(__file__).parents[2]
if sys.platform == "win32":
    pytest.skip("POSIX signals and mounts", allow_module_level=True)
pytestmark = [pytest.mark.slow, pytest.mark.posix]


def wheels() -> list[SmallWheel]:
    return [make_wheel(f"piece-{n}", size=2_000_000) for n in range(4)]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[tuple[FaultIndex, Path]]:
    """An index at 4 MB/s (the fetch takes two seconds) and the lock's path."""
    made = wheels()
    lock = tmp_path / "lock.txt"
    lock.write_text(lock_of(made))
    with FaultIndex(made, rate=4e6) as index:
        yield index, lock


def start(home: Path, bench: tuple[FaultIndex, Path]) -> subprocess.Popen[str]:
    index, lock = bench
    return subprocess.Popen([sys.executable, "-m", "tests.journeys.small", str(home), index.url, str(lock), "small-1"], cwd=ROOT,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def events(child: subprocess.Popen[str]) -> list[dict[str, Any]]:
    out, _ = child.communicate(timeout=120)
    return [json.loads(line) for line in out.splitlines()]


def finishes(home: Path, bench: tuple[FaultIndex, Path]) -> None:
    child = start(home, bench)
    told = events(child)
    assert child.returncode == 0, told[-3:]
    assert json.loads((home / "active.json").read_text())["active"] == "small-1"
    assert subprocess.run([str(home / "envs/small-1/bin/python"), "-c", "import piece_0, piece_3"], check=False).returncode == 0
    assert not [p for p in home.rglob("*") if p.name.endswith((".part", ".tmp", ".ranges"))]


def test_uv_killed_in_the_middle_is_a_failed_step_and_the_next_run_finishes(bench: tuple[FaultIndex, Path], tmp_path: Path) -> None:
    home = tmp_path / "home"
    child = start(home, bench)
    killed = False
    deadline = time.monotonic() + 60
    while child.poll() is None and not killed and time.monotonic() < deadline:
        for process in psutil.Process(child.pid).children(recursive=True):
            try:
                if process.name() == "uv" and "sync" in process.cmdline():
                    process.kill()
                    killed = True
            except psutil.NoSuchProcess:
                continue
        time.sleep(0.002)
    told = events(child)
    if not killed:
        pytest.skip("uv was quicker than the look for it")
    assert child.returncode == 4
    failed = next(e for e in told if e["what"] == "failed")
    assert (failed["step"], "signal 9" in failed["message"]) == ("install", True)
    assert not (home / "active.json").exists()
    finishes(home, bench)


def test_a_full_disk_stops_cleanly_and_goes_on_after_room_was_made(bench: tuple[FaultIndex, Path], tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    volume.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(volume)], check=False).returncode:
        pytest.skip("a small volume needs root and the right to mount")
    try:
        home = volume / "home"
        child = start(home, bench)
        told = events(child)
        assert child.returncode == 4
        failed = next(e for e in told if e["what"] == "failed")
        assert failed["code"] == "disk_full", failed
        assert failed["diagnosis"]["cause"] == "disk_full"
        subprocess.run(["mount", "-o", "remount,size=200m", str(volume)], check=True)
        finishes(home, bench)
    finally:
        subprocess.run(["umount", "-l", str(volume)], check=True)


def test_a_sleep_in_the_middle_is_survived(bench: tuple[FaultIndex, Path], tmp_path: Path) -> None:
    home = tmp_path / "home"
    child = start(home, bench)
    time.sleep(2.0)
    tree = [psutil.Process(child.pid), *psutil.Process(child.pid).children(recursive=True)]
    for process in tree:
        process.send_signal(signal.SIGSTOP)
    time.sleep(4.0)
    for process in tree:
        process.send_signal(signal.SIGCONT)
    told = events(child)
    assert child.returncode == 0, told[-3:]
    finishes(home, bench)


def test_ctrl_c_leaves_no_child_and_a_state_to_go_on_with(bench: tuple[FaultIndex, Path], tmp_path: Path) -> None:
    home = tmp_path / "home"
    child = start(home, bench)
    time.sleep(2.5)
    below = psutil.Process(child.pid).children(recursive=True)
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=30)
    time.sleep(0.5)
    assert not [p for p in below if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    finishes(home, bench)


@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_home_is_named(bench: tuple[FaultIndex, Path], tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    child = start(tmp_path / "home", bench)
    _, err = child.communicate(timeout=60)
    assert child.returncode != 0
    assert str(tmp_path) in err
