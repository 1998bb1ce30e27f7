"""Times fetch and offline install against ``uv pip sync``; prints the ratio.

Same index on loopback, same run, both cold.

``python tests/benchmarks/fetch.py [--wheels FOLDER] [--rate BYTES_A_SECOND] [--rounds N]
[--against uv|late]``; ``late`` is the product's own way without unpacking while it fetches. Without
a folder it makes wheels of the sizes of a small profile: one of 190 MB, some of 1 to 20 MB, many
small ones, none of them compressed, so that nothing but the way of the bytes is measured; a
wheelhouse of the program as ``--wheels`` shows what people meet.

Seen in November 2026 on 16 cores with 36 real packages (391 MB): 0.98 of uv's own time at 125 MB/s,
0.93 at 1 GB/s, 1.05 with no limit at all. On two cores that the index shares: 1.01 for 1 GB and
1.03 for 263 MB at 100 MB/s, 1.17 for 312 MB with no limit, where processors are all that counts and
a wheelhouse that resumes costs 0.5 s of them.

Early unpacking (``--against late``) on two cores that the index shares, 30 November 2026: 408 MB in 83
wheels of the practice setup, 42.9 s instead of 51.3 at 10 MB/s, 16.8 instead of 28.1 at 30, 13.6 instead of 19.4 at 100;
3.9 GB in 25 wheels for CUDA, 132 s instead of 164 at 30 MB/s, which the bytes alone take 131 s.

Both ways take turns, each first in every other round, after one round that does not count. The
interpreter is known to both (an earlier step of the plan), neither compiles byte code. Homes are
deleted after each run, after which ext4 is slow to make new files for a minute or more
(``recently_deleted``): put ``TMPDIR`` on a memory disk where there is one.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from app.adapters.local_system import open_system
from app.model.answers import Answers
from app.model.home_layout import HomeLayout
from app.model.plan import FetchWheels, InstallWheels
from app.model.profile import Part, Platform, Profile, Versions, Wheel
from app.model.sources import Sources
from app.steps import fetch_wheels, install_wheels, provide_python
from app.steps.child_environment import child_environment
from app.steps.step_context import StepContext
from app.steps.unpacking import finish_unpacking
from tests.fault_index import load_wheels, lock_of, make_wheel

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
SIZES = [
    190_000_000,
    20_000_000,
    17_000_000,
    12_000_000,
    9_000_000,
    5_000_000,
    3_000_000,
    2_000_000,
    1_500_000,
]
INSTALL = InstallWheels(id="i", title="", profile="bench", parts=("all",), environment="bench")


class Bench:
    """One set of wheels on one index; each measurement gets a home of its own."""

    def __init__(self, folder: Path, url: str, scratch: Path) -> None:
        wheels = load_wheels(folder)
        self.lock = lock_of(wheels)
        self.wheels = tuple(
            Wheel(name=w.name, version=w.version, file=w.file, size=len(w.data)) for w in wheels
        )
        self.url, self.scratch, self.number = url, scratch, 0

    def site(self) -> StepContext:
        """A fresh home with an empty environment in it."""
        self.number += 1
        system = open_system()
        home = self.scratch / f"home{self.number}"
        home.mkdir()
        platform: Platform = "windows" if system.computer.family == "windows" else "linux"
        part = Part(
            id="all",
            title="everything",
            platform=platform,
            lock="",
            requirements=self.lock,
            wheels=self.wheels,
        )
        profile = Profile(
            id="bench",
            title="",
            subtitle="",
            summary="",
            python=PYTHON,
            versions=Versions(torch=""),
            pinned_on="",
            parts=(part,),
        )
        site = StepContext(
            system=system,
            place=HomeLayout(str(home), system.computer.family),
            profiles={"bench": profile},
            answers=Answers(),
            sources=Sources(index=self.url),
            resource=lambda _: b"",
            record=lambda *_: None,
        )
        (home / "lock.txt").write_text(self.lock)
        self.uv(site, "venv", "--python", sys.executable, site.place.environment("bench"))
        provide_python.find(PYTHON, site)  # the plan's earlier step
        return site

    def uv(self, site: StepContext, *arguments: str) -> None:
        """Run uv as the steps do."""
        subprocess.run(
            [site.system.computer.uv(), *arguments],
            env=child_environment(site),
            check=True,
            capture_output=True,
        )

    def late(self, site: StepContext) -> None:
        """The product's way, unpacking only once all files are there."""
        self.ours(site, unpack=False)

    def ours(self, site: StepContext, *, unpack: bool = True) -> None:
        """The product's way."""
        step = FetchWheels(id="f", title="", profile="bench", part="all")
        for _ in fetch_wheels.run(step, site, unpack=unpack):
            pass
        lock, origin = install_wheels.source(INSTALL, site)
        finish_unpacking(site)
        self.uv(
            site,
            "pip",
            "sync",
            "--python",
            site.place.environment_python("bench"),
            "--offline",
            *origin,
            "--require-hashes",
            "--link-mode",
            "hardlink",
            lock,
        )

    def plain(self, site: StepContext) -> None:
        """What uv does alone."""
        self.uv(
            site,
            "pip",
            "sync",
            "--python",
            site.place.environment_python("bench"),
            "--default-index",
            self.url,
            "--require-hashes",
            site.place.at("lock.txt"),
        )

    def cost(self, way: Callable[[StepContext], None]) -> Cost:
        """One cold run."""
        site = self.site()
        began, before = time.perf_counter(), used()
        way(site)
        cost = Cost(time.perf_counter() - began, used() - before)
        site.system.files.remove(site.place.home)
        return cost


@dataclass(frozen=True)
class Cost:
    """Seconds that went by, and seconds of processor time of this program and the children that
    have ended.
    """

    wall: float
    processor: float


def used() -> float:
    """Processor time so far."""
    now = os.times()
    return now.user + now.system + now.children_user + now.children_system


def main() -> None:
    """Measure both ways in turn and print medians and the ratio."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--wheels", type=Path)
    asked.add_argument("--rate", type=float)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--against", choices=("uv", "late"), default="uv")
    options = asked.parse_args()
    other = "uv pip sync" if options.against == "uv" else "the same without early unpacking"
    with tempfile.TemporaryDirectory() as made:
        scratch = Path(made)
        folder = options.wheels or scratch / "wheels"
        if not options.wheels:
            folder.mkdir()
            for number, size in enumerate([*SIZES, *([60_000] * 50)]):
                wheel = make_wheel(f"package{number}", size=size)
                (folder / wheel.file).write_bytes(wheel.data)
        total = sum(p.stat().st_size for p in folder.glob("*.whl"))
        rate = [str(options.rate)] if options.rate else []
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.fault_index.serving", str(folder), *rate],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert server.stdout is not None and server.stdin is not None
        try:
            bench = Bench(folder, server.stdout.readline().strip(), scratch)
            against = bench.plain if options.against == "uv" else bench.late
            # what is imported and read for the first time does not count
            bench.cost(bench.ours), bench.cost(against)
            ours: list[Cost] = []
            plain: list[Cost] = []
            for number in range(options.rounds):
                pair = [(ours, bench.ours), (plain, against)]
                for costs, way in pair if number % 2 else reversed(pair):
                    costs.append(bench.cost(way))
        finally:
            server.stdin.close()
            server.wait(10)
    mine, theirs = middle(ours), middle(plain)
    pairs = statistics.median(one.wall / other.wall for one, other in zip(ours, plain, strict=True))
    print(
        f"{total / 1e6:.0f} MB; fetch and offline install {mine.wall:.2f} s, {other} "
        f"{theirs.wall:.2f} s, ratio "
        f"{mine.wall / theirs.wall:.2f}, median of the pairs' ratios {pairs:.2f} (reach at most "
        f"1.0)"
    )
    print(
        f"processor time {mine.processor:.2f} s, {other} {theirs.processor:.2f} s; {os.cpu_count()} "
        f"cores, load "
        f"{' '.join(f'{one:.1f}' for one in os.getloadavg()) if hasattr(os, 'getloadavg') else 'unknown'}"
    )
    if options.rate:
        line = total / options.rate
        print(
            f"bytes divided by rate {line:.2f} s; fetch and install take {mine.wall / line:.2f} "
            f"times that (reach at most 1.25)"
        )
    print(
        "ours: "
        + ", ".join(f"{c.wall:.2f}" for c in ours)
        + f"; {other}: "
        + ", ".join(f"{c.wall:.2f}" for c in plain)
    )


def middle(costs: list[Cost]) -> Cost:
    """The medians."""
    return Cost(
        statistics.median(c.wall for c in costs), statistics.median(c.processor for c in costs)
    )


if __name__ == "__main__":
    main()
