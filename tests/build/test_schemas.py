"""The published schemas are those of the values."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_schemas_are_up_to_date() -> None:
    root = Path(__file__).parents[2]
    script = str(root / "build" / "schemas.py")
    done = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
