"""A fetch that is killed at random moments.

The next one ends with the same files and fetches nearly nothing twice.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from app.ports import Download
from tests.fault_index import FaultIndex, make_wheel

ROOT = Path(__file__).parents[2]
RATE = 100e6  # bytes a second: so slow that the client waits for the line, as it does on real ones
WHEELS = [
    make_wheel("large", size=104 << 20),
    make_wheel("middle", size=7 << 20),
    *(make_wheel(f"small{n}", size=40_000 + n) for n in range(6)),
]
TOTAL = sum(len(w.data) for w in WHEELS)


def start(plan: Path) -> subprocess.Popen[bytes]:
    """A child that fetches; returns once it begins."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.fault_index.fetching", str(plan)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stdout.readline().strip() == b"begun"
    return child


def trial(folder: Path, moments: list[float]) -> tuple[int, int]:
    """Kill at these moments (seconds after the start), then let it end. Returns bytes sent and
    kills that hit a running child.
    """
    with FaultIndex(WHEELS, rate=RATE, small_buffer=True) as index:
        files = [
            Download(
                url=index.address(w),
                target=str(folder / "wheels" / w.file),
                sha256=(w.sha256,),
                size=len(w.data),
            )
            for w in WHEELS
        ]
        plan = folder / "list.json"
        plan.write_bytes(msgspec.json.encode(files))
        hits = 0
        for moment in moments:
            child = start(plan)
            try:
                child.wait(moment)
            except subprocess.TimeoutExpired:
                hits += 1
                child.kill()
            child.communicate()
        child = start(plan)
        child.communicate(timeout=60)
        assert child.returncode == 0
        time.sleep(0.05)
        return index.sent, hits


def left(folder: Path) -> dict[str, bytes]:
    """Every file of the wheelhouse."""
    return {p.name: p.read_bytes() for p in (folder / "wheels").iterdir()}


@pytest.mark.skipif(
    sys.platform == "win32",
    reason="counts on POSIX signals; Windows ends a process in the same way",
)
def test_three_kills(tmp_path: Path) -> None:
    sent, hits = trial(tmp_path, [0.3, 0.4, 0.5])
    assert hits == 3
    assert left(tmp_path) == {w.file: w.data for w in WHEELS}
    assert sent <= TOTAL + hits * (8 << 20)


@pytest.mark.slow
@pytest.mark.skipif(
    sys.platform == "win32",
    reason="counts on POSIX signals; Windows ends a process in the same way",
)
def test_sixty_kills_at_random_moments(tmp_path: Path) -> None:
    moments = random.Random(20261124)
    worst, hits = 0, 0
    for number in range(60):
        folder = tmp_path / str(number)
        folder.mkdir()
        sent, hit = trial(folder, [moments.uniform(0.0, TOTAL / RATE)])
        hits += hit
        assert left(folder) == {w.file: w.data for w in WHEELS}
        worst = max(worst, sent - TOTAL)
        for path in (folder / "wheels").iterdir():
            path.unlink()
    print(f"{hits} kills survived of 60 tries; at worst {worst:,} bytes were sent again")
    assert hits > 50
    # What the kernel holds between server and client counts as sent; on a busy machine that is some MiB.
    assert worst <= 8 << 20
