"""The whole job on Windows Python.

Windows wheels from the index by uv.exe, checked, trained with, reported.

torch's wheel for the processor runs under Wine with ``KMP_AFFINITY=disabled``, which the lab sets:
Wine 8 lacks a call that its OpenMP makes. That is a setting of the lab, not of the program.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.windows, pytest.mark.real, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]


def install(home: Path) -> tuple[int, list[dict[str, Any]], str]:
    """One run of the program: exit code, its JSON lines, and what it said beside them."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "app",
            "install",
            "--yes",
            "--json",
            "--profile",
            "practice-cpu",
            "--home",
            str(home),
        ],
        cwd=ROOT,
        env={**os.environ, "KMP_AFFINITY": "disabled"},
        capture_output=True,
        timeout=1500,
        check=False,
    )
    lines = done.stdout.decode("utf-8").splitlines()
    return (
        done.returncode,
        [json.loads(line) for line in lines],
        done.stderr.decode("utf-8", "replace"),
    )


def test_practice_cpu_is_installed_verified_and_reported(tmp_path: Path) -> None:
    home = tmp_path / "Jürgens PC"
    began = time.monotonic()
    code, events, output = install(home)
    first = time.monotonic() - began
    assert code == 0, output[-4000:]
    result = events[-1]
    assert (result["schema"], result["outcome"]) == ("result/1", "finished")
    verdict = result["verdict"]
    assert verdict["overall"] in {"works", "works_slowly"}
    tune = verdict["fine_tune"]
    assert tune["passed"]
    assert tune["trainer"].startswith("unsloth")
    assert tune["reloaded_equal"]
    assert tune["loss_last"] < tune["loss_first"]
    pointer = json.loads((home / "active.json").read_text("utf-8"))
    environment = home / "envs" / pointer["active"]
    assert (environment / "Scripts/python.exe").is_file()
    assert pointer["profile"] == "practice-cpu"

    [report] = (home / "reports").glob("*.zip")
    with zipfile.ZipFile(report) as packed:
        names = packed.namelist()
        assert packed.testzip() is None
    assert any(name.endswith(".html") for name in names)
    assert any(name.endswith("report.json") for name in names)

    began = time.monotonic()
    code, events, output = install(home)
    assert code == 0, output[-2000:]
    assert events[-1]["outcome"] == "finished"
    assert "in place" in output
    assert time.monotonic() - began < first / 3
