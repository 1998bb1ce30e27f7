"""The index in a process of its own.

``python -m tests.fault_index.serving FOLDER [BYTES_A_SECOND]``; prints its address.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.fault_index.server import FaultIndex
from tests.fault_index.wheels import load_wheels


def main() -> None:
    """Serve the wheels of a folder until standard input closes."""
    rate = float(sys.argv[2]) if len(sys.argv) > 2 else None
    wheels = load_wheels(Path(sys.argv[1]))
    assert all(wheel.sha256 for wheel in wheels)  # hashed once, before anybody measures
    with FaultIndex(wheels, rate=rate) as index:
        print(index.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
