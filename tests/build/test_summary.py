"""The one test command: what it reads from its parts, and its summary.

How it ends them, and what it says at the end.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = [pytest.mark.posix]


@pytest.fixture(scope="module")
def runner() -> ModuleType:
    """``build/test.py``, which is a script."""
    path = Path(__file__).resolve().parents[2] / "build/test.py"
    spec = importlib.util.spec_from_file_location("build_test_script", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def test_a_part_that_passes_tells_its_closing_line_and_its_skips(runner: ModuleType) -> None:
    seen = runner.watch(
        "suite",
        python(
            "print('SKIPPED [1] a.py:3: no card'); print('=== 3 passed, 1 skipped in 0.12s ===')"
        ),
    )
    assert (seen.outcome, seen.closing, seen.skips) == (
        "passed",
        "3 passed, 1 skipped in 0.12s",
        ["SKIPPED [1] a.py:3: no card"],
    )


def test_the_count_of_faults_is_repeated_at_the_end(
    runner: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    counted = "Faults: tried 24, survived 24 (kills 24 of 24)"
    seen = runner.watch("suite", python(f"print({counted!r}); print('=== 1 passed in 9.0s ===')"))
    capsys.readouterr()
    runner.report([seen])
    assert counted in capsys.readouterr().out


def test_a_part_that_fails_is_failed_whatever_it_prints(runner: ModuleType) -> None:
    seen = runner.watch("suite", python("print('3 passed in 0.1s'); raise SystemExit(1)"))
    assert (seen.outcome, seen.note) == ("failed", "exit code 1")


def test_a_part_that_hangs_is_ended_with_its_children(runner: ModuleType) -> None:
    began = time.monotonic()
    seen = runner.watch(
        "suite",
        python(
            "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'], "
            "stdin=subprocess.PIPE); import time; time.sleep(60)"
        ),
        limit=1.0,
    )
    assert seen.outcome == "failed"
    assert "limit of 1 s" in seen.note
    assert time.monotonic() - began < 45  # the child would sleep for 60 s


@pytest.mark.parametrize(
    ("outcomes", "code"), [(["passed", "skipped"], 0), (["passed", "failed", "passed"], 1)]
)
def test_one_failure_fails_the_whole_and_every_part_is_named(
    runner: ModuleType, capsys: pytest.CaptureFixture[str], outcomes: list[str], code: int
) -> None:
    results = [
        runner.Result(
            f"part {i}",
            outcome,
            2.0,
            "the reason",
            "7 passed in 2.00s",
            ["SKIPPED [1] b.py:1: why"],
        )
        for i, outcome in enumerate(outcomes)
    ]
    assert runner.report(results) == code
    output = capsys.readouterr().out
    for i, outcome in enumerate(outcomes):
        assert f"{outcome:8} part {i}  2 s  the reason" in output
    assert output.rstrip().endswith("7 passed in 2.00s")
    assert "SKIPPED [1] b.py:1: why" in output
