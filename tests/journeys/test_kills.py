"""The program is killed at 200 random moments of an install.

The next run always ends as an undisturbed one does.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import sysconfig
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.model.pointer import decode_pointer
from tests.conftest import Faults
from tests.fault_index import FaultIndex, SmallWheel, lock_of, make_wheel
from tests.journeys.bench import processes_of, tree, unfinished

ROOT = Path(__file__).parents[2]
if sys.platform == "win32":
    pytest.skip("SIGKILL; the Job Object has a test of its own", allow_module_level=True)
KILLS = int(os.environ.get("KILLS", "200"))
LANES = 4  # homes that are tried side by side: a run mostly waits for the throttled index
SEED = int(os.environ.get("SEED", "20261124"))


def wheels() -> list[SmallWheel]:
    return [make_wheel(f"piece-{n}", size=400_000 * (n + 1)) for n in range(6)]


def packages_behind() -> list[str]:
    """What lies in the package folder of the Python that environments are made of: half of one must
    not lead there.
    """
    return sorted(
        p.name
        for p in Path(sysconfig.get_path("purelib", vars={"base": sys.base_prefix})).iterdir()
    )


@dataclass
class Bench:
    """What all lanes share: index, lock, the tree of an undisturbed run, seconds that one takes
    cold and warm.
    """

    index: FaultIndex
    lock: Path
    expected: dict[str, str]
    seconds: dict[bool, float]
    behind: list[str]

    def command(self, home: Path, name: str) -> list[str]:
        return [
            sys.executable,
            "-m",
            "tests.journeys.small",
            str(home),
            self.index.url,
            str(self.lock),
            name,
        ]

    def run(self, home: Path, name: str) -> float:
        """One whole run; the seconds it took."""
        began = time.monotonic()
        done = subprocess.run(
            self.command(home, name), cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return time.monotonic() - began


def active(home: Path) -> str:
    return decode_pointer((home / "active.json").read_bytes(), "active.json").active


def empty(home: Path) -> None:
    """Nothing is fetched or unpacked yet."""
    subprocess.run(["rm", "-rf", str(home / "wheels"), str(home / "cache")], check=True)


def killed_once(bench: Bench, home: Path, name: str, chance: random.Random) -> bool:
    """One run that is killed somewhere, and the next, which must finish; whether the kill came
    before its end.
    """
    cold = chance.random() < 0.5
    if cold:
        empty(home)
    before = active(home)
    child = subprocess.Popen(
        bench.command(home, name),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(chance.uniform(0.1, bench.seconds[cold]))
    child.send_signal(signal.SIGKILL)
    killed = child.wait() == -signal.SIGKILL
    assert active(home) in (before, name)
    usable = subprocess.run(
        [str(home / "envs" / active(home) / "bin" / "python"), "-c", "import piece_0"], check=False
    )
    assert usable.returncode == 0, f"the active environment {active(home)} cannot be used"
    bench.run(home, name)
    differing = {path for path, _ in tree(home / "envs" / name).items() ^ bench.expected.items()}
    assert not differing, f"the tree differs in {sorted(differing)[:5]}"
    assert active(home) == name
    assert unfinished(home) == []
    assert packages_behind() == bench.behind, "the Python that environments are made of has changed"
    assert processes_of(home) == []
    return killed


def lane(bench: Bench, home: Path, kills: int, seed: int) -> int:
    """Kill so many runs in one home; runs that ended before their kill do not count. Returns how
    many were killed.
    """
    chance = random.Random(seed)
    bench.run(home, "small-0")
    killed = number = 0
    while killed < kills:
        number += 1
        try:
            killed += killed_once(bench, home, f"small-{number}", chance)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, run {number}: {error}") from error
        subprocess.run(["rm", "-rf", str(home / "envs" / f"small-{number - 1}")], check=True)
    return killed


@pytest.mark.slow
@pytest.mark.posix
def test_killed_anywhere_the_next_run_finishes_and_nothing_is_left(
    tmp_path: Path, faults: Faults
) -> None:
    made = wheels()
    lock = tmp_path / "lock.txt"
    lock.write_text(lock_of(made))
    with FaultIndex(made, rate=8e6) as index:
        bench = Bench(index, lock, {}, {}, packages_behind())
        undisturbed = tmp_path / "undisturbed"
        bench.seconds[True] = bench.run(undisturbed, "small-1")
        bench.seconds[False] = bench.run(undisturbed, "small-2")
        bench.expected = tree(undisturbed / "envs" / "small-1")
        assert bench.expected
        shares = [len(range(n, KILLS, LANES)) for n in range(LANES)]
        with ThreadPoolExecutor(LANES) as pool:
            lanes = [
                pool.submit(lane, bench, tmp_path / f"home-{n}", share, SEED + n)
                for n, share in enumerate(shares)
            ]
            killed = sum(one.result() for one in lanes)
    for _ in range(killed):
        faults.add("kills", True)
    assert killed == KILLS
    print(f"\nkilled {killed} times (seeds {SEED} to {SEED + LANES - 1}), survived {killed}")
