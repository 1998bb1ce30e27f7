"""Everything that must hold, in one command: the walls, the types, the suite, and the suite on
Windows Python.

``python build/test.py [--windows] [--quick] [PATHS]``: without options all of it; ``--windows``
only the part under Wine; ``--quick`` leaves out what is slow, needs the package index or Wine;
PATHS narrows pytest to these. At the end stands what ran, what was skipped and why. Exit code 1
when anything failed.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from build import start, windows_lab

ROOT = start.ROOT
CLOSING = re.compile(
    r"\b\d+ (passed|failed|errors?|skipped|deselected)\b.* in [0-9.]+s|no tests ran in"
)


@dataclass
class Result:
    """How one part ended. ``closing`` is pytest's own last line, ``skips`` its reasons, ``faults``
    how many were survived.
    """

    name: str
    outcome: str
    seconds: float = 0.0
    note: str = ""
    closing: str = ""
    skips: list[str] = field(default_factory=list)
    faults: str = ""


def watch(
    name: str, command: Sequence[str], env: dict[str, str] | None = None, limit: float = 3600.0
) -> Result:
    """Run one part with its output passed through, read it for pytest's closing line, and end it at
    its limit.
    """
    print(f"\n=== {name}: {' '.join(command)}", flush=True)
    began = time.monotonic()
    child = subprocess.Popen(
        list(command),
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    late = threading.Event()

    def end() -> None:
        late.set()
        if sys.platform == "win32":
            child.kill()
        else:
            os.killpg(child.pid, signal.SIGKILL)

    clock = threading.Timer(limit, end)
    clock.start()
    result = Result(name, "passed")
    for raw in child.stdout or ():
        line = raw.decode("utf-8", "replace").rstrip()
        print(line, flush=True)
        if CLOSING.search(line):
            result.closing = line.strip("= ")
        elif line.startswith("Faults: tried "):
            result.faults = line
        elif line.startswith("SKIPPED ["):
            result.skips.append(line)
    code = child.wait()
    clock.cancel()
    result.seconds = time.monotonic() - began
    if late.is_set():
        result.outcome, result.note = "failed", f"ended at its limit of {limit:.0f} s"
    elif code:
        result.outcome, result.note = "failed", f"exit code {code}"
    return result


def here_environment() -> dict[str, str]:
    """The environment of the suite on this machine: windows are drawn offscreen."""
    return {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONDONTWRITEBYTECODE": "1"}


def static_parts(python: str) -> list[Result]:
    """The linter, the types and the walls between the rooms."""
    tools = str(Path(python).parent)
    return [
        watch("ruff", [f"{tools}/ruff", "check", "."]),
        watch("mypy", [python, "-m", "mypy"]),
        watch("mypy, as on Windows", [python, "-m", "mypy", "--platform", "win32"]),
        watch("lint-imports", [f"{tools}/lint-imports"], {**os.environ, "PYTHONPATH": str(ROOT)}),
    ]


def suite(python: str, quick: bool, paths: Sequence[str]) -> Result:
    """pytest on this machine's Python; the journeys on the real index are part of it unless it
    shall be quick.
    """
    marks = "not windows and not real and not slow" if quick else "not windows"
    chosen = list(paths) or ["tests", "--ignore=tests/packed"]
    return watch(
        "suite",
        [
            python,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--durations=10",
            "-m",
            marks,
            *chosen,
        ],
        here_environment(),
        limit=3600,
    )


def windows_suite(paths: Sequence[str]) -> Result:
    """pytest on Windows Python under Wine. Where the lab cannot be had, a stated skip; as root on
    Debian a failure.
    """
    name = "suite on Windows Python (Wine)"
    began = time.monotonic()
    reason = windows_lab.cannot_run_here()
    if reason:
        return Result(name, "skipped", note=reason)
    try:
        windows_lab.ensure_lab()
    except start.CannotStart as fault:
        outcome = "failed" if start.is_debian_root() else "skipped"
        return Result(name, outcome, time.monotonic() - began, str(fault))
    print(f"The lab is ready after {time.monotonic() - began:.0f} s", flush=True)
    # Real downloads are made on Windows once: what tests/windows itself asks for.
    marks = "not posix and (not real or windows)"
    chosen = list(paths) or ["tests"]
    return watch(
        name,
        [
            *windows_lab.python_command(),
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-m",
            marks,
            *chosen,
        ],
        windows_lab.environment(),
        limit=2400,
    )


def packed(python: str) -> list[Result]:
    """Pack the programs for Windows and try them: the command line, the window by keys, signatures
    and papers.
    """
    packing = watch("packing", [python, "build/make_exe.py", "--keep-lab"], limit=1200)
    if packing.outcome != "passed":
        return [packing]
    return [
        packing,
        watch(
            "packed programs",
            [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/packed"],
            here_environment(),
            limit=1200,
        ),
    ]


def report(results: Sequence[Result]) -> int:
    """Print what ran and what did not; the last line is the suite's own closing line. Returns the
    exit code.
    """
    print("\n=== Summary")
    for r in results:
        print(f"{r.outcome:8} {r.name}  {r.seconds:.0f} s  {r.note}".rstrip())
    for r in results:
        if r.skips:
            print(f"Skipped in {r.name}:")
            for reason in r.skips:
                print(f"  {reason}")
    for r in results:
        if r.faults:
            print(f"{r.name}:\n{r.faults}")
    for r in results:
        if r.closing:
            print(f"{r.name}:\n{r.closing}")
    return 1 if any(r.outcome == "failed" for r in results) else 0


def main(arguments: Sequence[str]) -> int:
    """Run the chosen parts and report."""
    parser = argparse.ArgumentParser(description="Run everything that must hold.")
    parser.add_argument(
        "--windows", action="store_true", help="only the suite on Windows Python under Wine"
    )
    parser.add_argument(
        "--quick", action="store_true", help="leave out what is slow, needs the index, or Wine"
    )
    parser.add_argument("paths", nargs="*", help="what pytest shall run (default: all)")
    chosen = parser.parse_args(arguments)
    try:
        start.check_python()
        start.ensure_venv()
        start.ensure_qt_libraries()
    except start.CannotStart as fault:
        start.say(f"Cannot test: {fault}")
        return 1
    python = str(start.venv_python())
    results: list[Result] = []
    if not chosen.windows:
        if not chosen.paths:
            results += static_parts(python)
        results.append(suite(python, chosen.quick, chosen.paths))
    if chosen.windows or not (chosen.quick or chosen.paths):
        results.append(windows_suite(chosen.paths))
        if not chosen.paths and results[-1].outcome != "skipped":
            results += packed(python)
        windows_lab.stop()
    return report(results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
