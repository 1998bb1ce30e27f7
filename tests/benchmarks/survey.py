"""Times the survey of this machine against its slowest probe.

And against the same probes one after another.

``python tests/benchmarks/survey.py [ROUNDS]``. Goal: at most 50 ms over the slowest probe.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from app.adapters.local_system import open_system
from app.model.answers import Answers
from app.model.home_layout import HomeLayout
from app.probe.survey import PROBES, ProbeContext, survey


def main() -> None:
    """Measure and print; the three kinds of run alternate, so that the disk's cache favours none."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    system = open_system()
    place = HomeLayout(system.computer.data_folder(), system.computer.family)
    over, whole, ratio, chain = [], [], [], []
    for _ in range(rounds):
        seen = list(survey(system, place))
        slowest = max(one.seconds for one in seen[:-1])
        whole.append(seen[-1].seconds)
        over.append(seen[-1].seconds - slowest)
        ratio.append(seen[-1].seconds / slowest)
        began = time.monotonic()
        for probe in PROBES:
            probe.look(ProbeContext(system, place, Answers()))
        chain.append(time.monotonic() - began)
    print(
        f"survey {statistics.median(whole):.3f} s, median of {rounds} rounds; "
        f"{statistics.median(over) * 1000:.0f} ms over its "
        f"slowest probe (worst {max(over) * 1000:.0f} ms, goal 50 ms), "
        f"{statistics.median(ratio):.2f} times it; "
        f"one after another {statistics.median(chain):.3f} s, "
        f"{statistics.median(chain) / statistics.median(whole):.1f} times"
    )


if __name__ == "__main__":
    main()
