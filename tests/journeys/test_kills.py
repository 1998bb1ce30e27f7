"""The program is killed at random moments of an install; the next run always ends as an undisturbed one does."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest

from app.model.pointer import decode_pointer
from tests.conftest import Faults
from tests.fault_index import FaultIndex, SmallWheel, lock_of, make_wheel
from tests.journeys.bench import processes_of, tree, unfinished

ROOT = Path(__file__).parents[2]
if sys.platform == "win32":
    pytest.skip("SIGKILL; the Job Object has a test of its own", allow_module_level=True)
KILLS = int(os.environ.get("KILLS", "24"))  # 200 in the long run: KILLS=200


def wheels() -> list[SmallWheel]:
    return [make_wheel(f"piece-{n}", size=400_000 * (n + 1)) for n in range(6)]


def packages_behind() -> list[str]:
    """What lies in the package folder of the Python that environments are made of: half of one must not lead there."""
    return sorted(p.name for p in Path(sysconfig.get_path("purelib", vars={"base": sys.base_prefix})).iterdir())


def command(home: Path, index: FaultIndex, lock: Path, name: str) -> list[str]:
    return [sys.executable, "-m", "tests.journeys.small", str(home), index.url, str(lock), name]


@pytest.mark.slow
@pytest.mark.posix
def test_killed_anywhere_the_next_run_finishes_and_nothing_is_left(tmp_path: Path, faults: Faults) -> None:
    seed = int(os.environ.get("SEED", "20261124"))
    chance = random.Random(seed)
    made = wheels()
    lock = tmp_path / "lock.txt"
    lock.write_text(lock_of(made))
    with FaultIndex(made, rate=8e6) as index:
        undisturbed = tmp_path / "undisturbed"
        began = time.monotonic()
        done = subprocess.run(command(undisturbed, index, lock, "small-1"), cwd=ROOT, capture_output=True, text=True, check=False)
        whole = time.monotonic() - began
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        expected = tree(undisturbed / "envs" / "small-1")
        assert expected
        survived = killed = 0
        behind = packages_behind()
        home = tmp_path / "home"
        first = subprocess.run(command(home, index, lock, "small-0"), cwd=ROOT, capture_output=True, text=True, check=False)
        assert first.returncode == 0, first.stderr[-2000:]
        for number in range(1, KILLS + 1):
            name = f"small-{number}"
            if chance.random() < 0.5:  # half of the runs begin with an empty wheelhouse
                subprocess.run(["rm", "-rf", str(home / "wheels"), str(home / "cache")], check=True)
            active = decode_pointer((home / "active.json").read_bytes(), "active.json").active
            child = subprocess.Popen(command(home, index, lock, name), cwd=ROOT, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL, start_new_session=True)
            time.sleep(chance.uniform(0.1, whole * 1.05))
            if child.poll() is None:
                child.send_signal(signal.SIGKILL)
                killed += 1
            child.wait()
            now = decode_pointer((home / "active.json").read_bytes(), "active.json").active
            assert now in (active, name)
            usable = subprocess.run([str(home / "envs" / now / "bin" / "python"), "-c", "import piece_0"], check=False)
            assert usable.returncode == 0, f"kill {number} (seed {seed}): the active environment {now} cannot be used"
            again = subprocess.run(command(home, index, lock, name), cwd=ROOT, capture_output=True, text=True, check=False)
            assert again.returncode == 0, f"kill {number} (seed {seed}): {again.stdout[-2000:]}{again.stderr[-2000:]}"
            differing = {path for path, _ in tree(home / "envs" / name).items() ^ expected.items()}
            assert not differing, f"kill {number} (seed {seed}): the tree differs in {sorted(differing)[:5]}"
            assert decode_pointer((home / "active.json").read_bytes(), "active.json").active == name
            assert unfinished(home) == [], f"kill {number} (seed {seed})"
            assert packages_behind() == behind, f"kill {number} (seed {seed}): the Python that environments are made of has changed"
            assert processes_of(home) == []
            survived += 1
            faults.add("kills", True)
            if number > 2:
                subprocess.run(["rm", "-rf", str(home / "envs" / f"small-{number - 2}")], check=True)
        print(f"\nkilled {killed} times in {KILLS} runs (seed {seed}), survived {survived}")
