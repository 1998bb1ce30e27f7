"""One static check from the project's own ``.venv``: ``python build/check.py NAME``.

NAME is ``format``, ``lint``, ``types``, ``types-windows`` or ``imports``; without one, all of them.
``build/test.py`` and the pre-commit hooks run the same commands.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from build import start


def commands(python: str) -> dict[str, list[str]]:
    """Each check's command line, for the interpreter of ``.venv``."""
    tools = Path(python).parent
    return {
        "format": [str(tools / "ruff"), "format", "--check", "."],
        "lint": [str(tools / "ruff"), "check", "."],
        "types": [python, "-m", "mypy"],
        # a cache of its own: each would throw the other's away
        "types-windows": [
            *[python, "-m", "mypy", "--platform", "win32"],
            *["--cache-dir", ".mypy_cache/windows"],
        ],
        "imports": [str(tools / "lint-imports")],
    }


def environment() -> dict[str, str]:
    """import-linter imports ``app`` by name, so the checkout is on its path."""
    return {**os.environ, "PYTHONPATH": str(start.ROOT)}


def main(names: Sequence[str]) -> int:
    """Run the named checks; the exit code is 1 where any of them failed."""
    python = start.venv_python()
    if not python.exists():
        start.say("There is no .venv here; make it with: python build/start.py --help")
        return 2
    known = commands(str(python))
    unknown = [name for name in names if name not in known]
    if unknown:
        start.say(f"No check is called {unknown[0]!r}; expected one of {', '.join(known)}.")
        return 2
    codes = [
        subprocess.run(known[name], cwd=start.ROOT, env=environment(), check=False).returncode
        for name in names or known
    ]
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
