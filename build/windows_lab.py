"""A genuine Windows Python under Wine for tests and packing: sets up ``.lab/`` and runs programs in
it.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from build import start

LAB = Path(os.environ.get("UNSLOTH_LAB") or start.ROOT / ".lab")
SCRIPT = start.ROOT / "build" / "winlab.sh"
# Programs that winlab.sh installs with apt-get when they are missing; without root they must be
# there already.
PROGRAMS = ("Xvfb", "xdotool", "x86_64-w64-mingw32-gcc", "unzip", "import")


def cannot_run_here() -> str:
    """Why there can be no lab on this machine, or an empty string."""
    if not sys.platform.startswith("linux") or platform.machine() != "x86_64":
        return f"Wine is used on Linux x86_64 only; this is {sys.platform} {platform.machine()}"
    missing = [p for p in PROGRAMS if shutil.which(p) is None]
    if not Path("/usr/lib/wine/wine64").exists():
        missing.insert(0, "wine64")
    if missing and not start.is_debian_root():
        return f"{', '.join(missing)} not installed, and this is not root on Debian"
    return ""


def environment() -> dict[str, str]:
    """The environment for programs in the lab."""
    env = {k: v for k, v in os.environ.items() if k not in {"DISPLAY", "PYTHONPATH"}}
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    # Wine 8 lacks GetNumaNodeProcessorMaskEx, at which torch's OpenMP ends the process; a setting
    # of the lab alone.
    env["KMP_AFFINITY"] = "disabled"
    return env


def command(verb: str, *arguments: str) -> list[str]:
    """One call of winlab.sh on this lab."""
    return ["bash", str(SCRIPT), verb, str(LAB), *arguments]


def python_command() -> list[str]:
    """The Windows interpreter, to be followed by its arguments."""
    return command("python")


def ensure_lab() -> None:
    """Set the lab up and bring its Python to the locked requirements; seconds when it is already
    so.

    Raises ``CannotStart`` with the command that failed.
    """
    LAB.mkdir(exist_ok=True)
    subprocess_run(command("setup"))
    stamp = LAB / "locked.sha256"
    digest = hashlib.sha256(start.LOCK.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text("ascii") == digest:
        return
    stamp.unlink(missing_ok=True)
    subprocess_run(
        command(
            "pip-install",
            "-q",
            "--require-hashes",
            "--no-deps",
            "--only-binary",
            ":all:",
            "-r",
            str(start.LOCK),
        )
    )
    stamp.write_text(digest, "ascii")


def subprocess_run(words: list[str]) -> None:
    """Run one call with its output shown; raises ``CannotStart`` with its exit code."""
    env = {**environment(), "PIP_CONSTRAINT": ""}
    done = subprocess.run(words, cwd=start.ROOT, env=env, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise start.CannotStart(f"'{' '.join(words)}' ended with exit code {done.returncode}")


def stop() -> None:
    """End this lab's wineserver and display, and nothing else; a lab lent by ``UNSLOTH_LAB`` goes
    on.
    """
    if "UNSLOTH_LAB" in os.environ:
        return
    subprocess.run(
        command("stop"), cwd=start.ROOT, env=environment(), stdin=subprocess.DEVNULL, check=False
    )
