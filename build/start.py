"""From a checkout to the running program: makes ``.venv/`` from the locked requirements, then hands
over.

``python build/start.py [COMMAND …]`` needs a plain Python 3.11 to 3.13 and nothing else. Without an
argument it does the main job: the wizard, or, without a display, ``install --yes`` with the best
profile for this machine. What it has to say goes to standard error; standard output is the
program's.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements-dev.txt"
STAMP = VENV / "locked.sha256"
WINDOWS = sys.platform == "win32"

# What Qt's xcb and offscreen platforms load on Linux, with the Debian package that brings each.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}


class CannotStart(Exception):
    """Something outside this program is missing; the sentence says what, and what to do."""


def say(text: str) -> None:
    """One line for the person who waits."""
    print(text, file=sys.stderr, flush=True)


def venv_python() -> Path:
    """The interpreter of ``.venv/``."""
    return VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")


def wanted_stamp() -> str:
    """What ``.venv/`` must have been made from: the locked requirements and this Python."""
    digest = hashlib.sha256(LOCK.read_bytes())
    digest.update(f"{sys.version_info[:2]} {ROOT}".encode())
    return digest.hexdigest()


def child_environment() -> dict[str, str]:
    """This environment for pip: the user's own settings hold, but for those that would bend a
    pinned lock.

    A constraints file can only forbid what the lock pins, ``target``, ``prefix`` and ``user`` would
    install elsewhere; an empty variable outranks the same setting in any configuration file.
    """
    env = {
        k: v for k, v in os.environ.items() if k not in {"PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"}
    }
    for name in (
        "CONSTRAINT",
        "TARGET",
        "PREFIX",
        "USER",
        "REQUIREMENT",
        "EDITABLE",
        "REQUIRE_VIRTUALENV",
    ):
        env["PIP_" + name] = ""
    env["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    return env


def run_quietly(command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> None:
    """Run a command; what it says is shown only when it fails, and then ``CannotStart`` names it."""
    words = [str(c) for c in command]
    done = subprocess.run(
        words,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        say(done.stdout.decode("utf-8", "replace"))
        raise CannotStart(
            f"'{' '.join(words)}' ended with exit code {done.returncode}; what it said stands "
            f"above."
        )


def is_debian_root() -> bool:
    """Whether this process may install Debian packages."""
    return sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def install_debian(packages: Sequence[str], purpose: str) -> None:
    """Install Debian packages as root; else raise ``CannotStart`` with the one command that a
    person can run.
    """
    if not packages:
        return
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    if not is_debian_root():
        raise CannotStart(
            f"{purpose} needs {', '.join(packages)}. Run once: sudo {' '.join(command)}"
        )
    say(f"Installing for {purpose}: {' '.join(packages)}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run_quietly(["apt-get", "update", "-q"], env)
    run_quietly(command, env)


def missing_qt_libraries() -> list[str]:
    """Debian packages of the libraries that Qt would not find on this Linux; empty elsewhere."""
    if not sys.platform.startswith("linux"):
        return []
    missing = []
    for library, package in QT_LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            missing.append(package)
    return missing


def ensure_qt_libraries() -> None:
    """Qt's system libraries, where a window or an offscreen one will be opened."""
    install_debian(missing_qt_libraries(), "the window")


def ensure_venv() -> float:
    """Make ``.venv/`` when it is missing, cut off or of another lock. Returns the seconds it took
    (0.0: in place).
    """
    stamp = wanted_stamp()
    if STAMP.is_file() and STAMP.read_text("ascii") == stamp and venv_python().exists():
        return 0.0
    started = time.monotonic()
    say(f"Making {VENV.name} from {LOCK.name} (once, and when the lock changes)")
    try:
        __import__("ensurepip")
    except ImportError:
        install_debian([f"python3.{sys.version_info[1]}-venv"], "a virtual environment")
    STAMP.unlink(missing_ok=True)
    base = getattr(sys, "_base_executable", None) or sys.executable
    run_quietly([base, "-m", "venv", "--clear", VENV])
    run_quietly(
        [
            venv_python(),
            "-m",
            "pip",
            "install",
            "-q",
            "--no-input",
            "--require-hashes",
            "--no-deps",
            "--only-binary",
            ":all:",
            "--progress-bar",
            "off",
            "-r",
            LOCK,
        ],
        child_environment(),
    )
    packages = (
        VENV / "Lib/site-packages"
        if WINDOWS
        else next((VENV / "lib").glob("python3*/site-packages"))
    )
    (packages / "checkout.pth").write_text(f"{ROOT}\n", "utf-8")
    STAMP.write_text(stamp, "ascii")
    seconds = time.monotonic() - started
    say(f"{VENV.name} is ready after {seconds:.0f} s")
    return seconds


def check_python() -> None:
    """Refuse a Python outside of 3.11 to 3.13: the window's toolkit has no build for it that was
    tested.
    """
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        raise CannotStart(
            f"This is Python {platform.python_version()} at {sys.executable}; "
            "Python 3.11, 3.12 or 3.13 is needed. Call this script with one of those."
        )


def has_display() -> bool:
    """Whether a window can be seen here."""
    return not sys.platform.startswith("linux") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )


def hand_over(arguments: Sequence[str]) -> int:
    """Become the program (on Windows: wait for it) and return its exit code."""
    # -P keeps the working directory out of the import path, so a folder called app there cannot
    # shadow the program.
    command = [str(venv_python()), "-P", "-m", "app", *arguments]
    if not WINDOWS:
        sys.stdout.flush()
        os.execv(command[0], command)  # noqa: S606  no shell: an argument list to our own interpreter
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the program's to handle
    return subprocess.run(command, check=False).returncode


def main(arguments: Sequence[str]) -> int:
    """Make the environment, then run the program with these arguments."""
    try:
        check_python()
        ensure_venv()
        window = not arguments and has_display()
        if window:
            ensure_qt_libraries()
    except CannotStart as fault:
        say(f"Cannot start: {fault}")
        return 1
    if not arguments and not window:
        arguments = ["install", "--yes"]
    return hand_over(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
