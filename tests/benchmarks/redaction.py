"""How long the person is taken out of 1 MB of logs: ``python tests/benchmarks/redaction.py``.

Should take at most 0.5 s of processor time.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.redaction import redactor  # noqa: E402  (this script may be run from anywhere)

SIZE = 1_000_000  # characters
LIMIT = 0.5  # seconds


def main() -> None:
    """Print the seconds of five runs and what was found."""
    logs = "\n".join(
        path.read_text("utf-8", "replace")
        for path in sorted((ROOT / "tests/decide/diagnosis/logs").glob("*.txt"))
    )
    text = (logs * (SIZE // len(logs) + 1))[:SIZE]
    take_out = redactor(names={"user": "mschmidt", "host": "bench"})
    take_out.text(text[:1000])
    runs = []
    for _ in range(5):
        began = time.process_time()
        take_out.text(text)
        runs.append(time.process_time() - began)
    timings = ", ".join(f"{seconds:.2f}" for seconds in sorted(runs))
    print(f"1 MB of logs: {timings} s (at most {LIMIT} s); found {take_out.counts}")


if __name__ == "__main__":
    main()
