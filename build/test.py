"""Runs everything that must hold, in one command.

Static checks, the suite, Windows under Wine, the .exe.

``python build/test.py [--quick | --core | --windows] [PATHS]``: without options all of it.
``--quick`` leaves out what is slow, needs the package index or Wine; ``--core`` only what needs
the index, trains, or needs Wine; ``--windows`` is the part under Wine; PATHS narrows pytest to
these. The Linux suite uses all cores, and Wine's part runs beside it. Each part prints its time; at
the end stands what ran, what was skipped and why. Exit code 1 when anything failed.
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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from build import check, start, windows_lab

ROOT = start.ROOT
# What the whole run tries on Windows Python, within its time. The rest is asked for by its path.
WINDOWS_ROOMS = (
    *("tests/windows", "tests/adapters", "tests/build", "tests/checks", "tests/cli"),
    "tests/decide",
)
BY_PATH = "asked for by itself: python build/test.py --windows tests/gui tests/steps …"
BY_OPTION = "asked for by itself: python build/test.py --packed"
CLOSING = re.compile(
    r"\b\d+ (passed|failed|errors?|skipped|deselected)\b.* in [0-9.]+s|no tests ran in"
)


@dataclass
class Result:
    """How one part ended. ``closing`` is pytest's own last line, ``failures`` the tests that it
    names, ``skips`` its reasons, ``faults`` how many were survived.
    """

    name: str
    outcome: str
    seconds: float = 0.0
    note: str = ""
    closing: str = ""
    failures: list[str] = field(default_factory=list)
    skips: list[str] = field(default_factory=list)
    faults: str = ""


def watch(
    name: str,
    command: Sequence[str],
    env: dict[str, str] | None = None,
    limit: float = 3600.0,
    held: bool = False,
) -> Result:
    """Run one part, read its output for pytest's closing line, and end it at its limit (seconds).

    The output is passed through as it comes, or, where it is ``held``, in one piece at the end: two
    parts that run beside each other stay readable.
    """
    kept: list[str] = []

    def tell(line: str) -> None:
        if held:
            kept.append(line)
        else:
            print(line, flush=True)

    tell(f"\n=== {name}: {' '.join(command)}")
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
        tell(line)
        if CLOSING.search(line):
            result.closing = line.strip("= ")
        elif line.startswith("Faults: tried "):
            result.faults = line
        elif line.startswith("SKIPPED ["):
            result.skips.append(line)
        elif line.startswith(("FAILED ", "ERROR ")):
            result.failures.append(line[:300])
    code = child.wait()
    clock.cancel()
    result.seconds = time.monotonic() - began
    if late.is_set():
        result.outcome, result.note = "failed", f"ended at its limit of {limit:.0f} s"
    elif code:
        result.outcome, result.note = "failed", f"exit code {code}"
    if kept:
        print("\n".join(kept), flush=True)
    print(f"=== {name}: {result.outcome} after {result.seconds:.0f} s", flush=True)
    return result


def here_environment() -> dict[str, str]:
    """The environment of the suite on this machine: windows are drawn offscreen."""
    return {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONDONTWRITEBYTECODE": "1"}


def static_parts(python: str) -> list[Result]:
    """Format, linter, types on both systems, and the import rules, two at a time."""

    def run(name: str, command: Sequence[str]) -> Result:
        return watch(name, command, check.environment(), held=True)

    with ThreadPoolExecutor(2) as side_by_side:
        known = check.commands(python)
        return list(side_by_side.map(run, known.keys(), known.values()))


def suite(python: str, form: str, paths: Sequence[str], release: bool = False) -> Result:
    """pytest on this machine's Python, on all cores. ``form`` is ``quick``, ``core`` or ``whole``.

    ``core`` leaves out what needs a package index for long or trains, ``quick`` what is slow as well.
    """
    marks = {
        "quick": "not windows and not real and not slow",
        "core": "not windows and not real and not index",
        "whole": "not windows",
    }[form]
    chosen = list(paths) or ["tests", "--ignore=tests/packed"]
    kills = {} if form == "whole" else {"KILLS": "60"}  # of 200
    # A file's tests stay together: its fixtures (an installed home, a window) are made once. Files
    # come in their own order, for by the number of tests those of one long test would come last, on
    # one core. A file whose worker broke down is tried once more, not with each new worker.
    workers = str(min(4, os.cpu_count() or 1))
    parallel = [
        *("-n", workers, "--dist", "loadfile", "--no-loadscope-reorder"),
        *("--max-worker-restart", "1"),
    ]
    return watch(
        "suite",
        [
            *[python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--durations=10"],
            *([] if paths else parallel),
            *(["--release"] if release else []),
            *["-m", marks, *chosen],
        ],
        {**here_environment(), **kills},
    )


def windows_suite(paths: Sequence[str], held: bool = False) -> Result:
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
    # The real install on Windows trains for minutes under Wine: it is asked for by its path.
    marks = "not posix and not real" if not paths else "not posix and (not real or windows)"
    chosen = list(paths) or list(WINDOWS_ROOMS)
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
        limit=2700,
        held=held,
    )


def packed(python: str) -> list[Result]:
    """Pack the programs for Windows and try them: the command line, the window by keys, signatures
    and papers.
    """
    packing = watch("packing", [python, "build/make_exe.py", "--keep-lab"], limit=1200)
    if packing.outcome != "passed":
        return [packing]
    installers = watch("installers", [python, "build/make_installer.py"], limit=900)
    if installers.outcome != "passed":
        return [packing, installers]
    return [
        packing,
        installers,
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
        if r.failures:
            print(f"{r.name}:")
            for failure in r.failures:
                print(f"  {failure}")
    for r in results:
        if r.closing:
            print(f"{r.name}:\n{r.closing}")
    return 1 if any(r.outcome == "failed" for r in results) else 0


def main(arguments: Sequence[str]) -> int:
    """Run the chosen parts and report."""
    parser = argparse.ArgumentParser(description="Run everything that must hold.")
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--windows", action="store_true", help="only the suite on Windows Python under Wine"
    )
    form.add_argument(
        "--packed", action="store_true", help="only packing, installers and the packed programs"
    )
    form.add_argument(
        "--quick",
        dest="form",
        action="store_const",
        const="quick",
        help="about 3 minutes: static checks, and tests that need neither index nor Wine",
    )
    form.add_argument(
        "--core",
        dest="form",
        action="store_const",
        const="core",
        help="about 20 minutes: also the slow tests, of the kills a third; no Wine, no index, no "
        "training",
    )
    parser.add_argument("--release", action="store_true", help="also what only a release must hold")
    parser.add_argument("paths", nargs="*", help="what pytest shall run (default: all)")
    chosen = parser.parse_args(arguments)
    try:
        start.check_python()
        start.ensure_venv(tools=True)
        start.ensure_qt_libraries()
    except start.CannotStart as fault:
        start.say(f"Cannot test: {fault}")
        return 1
    python = str(start.venv_python())
    results: list[Result] = []
    whole = not (chosen.windows or chosen.packed or chosen.form or chosen.paths)
    if chosen.packed:
        pass
    elif chosen.windows:
        results.append(windows_suite(chosen.paths))
    elif chosen.paths:
        results.append(suite(python, chosen.form or "whole", chosen.paths, chosen.release))
    else:
        results += static_parts(python)
        with ThreadPoolExecutor(1) as beside:
            # Wine's part uses one core most of the time; its output follows in one piece.
            windows = beside.submit(windows_suite, (), held=True) if whole else None
            results.append(suite(python, chosen.form or "whole", (), chosen.release))
            if windows is not None:
                results.append(windows.result())
    if chosen.packed:
        results += packed(python)
    elif whole:
        results.append(Result("the other rooms on Windows Python", "skipped", note=BY_PATH))
        results.append(Result("packing, installers and packed programs", "skipped", note=BY_OPTION))
    if chosen.windows or chosen.packed or whole:
        windows_lab.stop()
    return report(results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
