"""What administrators use, on Windows: the home of all users, the DSC resource."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.adapters.local_system import open_system

pytestmark = [pytest.mark.windows, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]


def program(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """The command line, with something on standard input."""
    return subprocess.run(
        [sys.executable, "-m", "app", *words],
        cwd=ROOT,
        input=given,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def common_home() -> Path:
    """Where the home of all users belongs."""
    return Path(os.environ["PROGRAMDATA"], "UnslothSetup")


def ask(operation: str, **instance: Any) -> tuple[int, dict[str, Any]]:
    """An operation of the DSC resource: exit code and state."""
    done = program("dsc", operation, given=json.dumps(instance))
    assert done.returncode == 0, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_the_home_of_all_users_lies_in_program_data() -> None:
    assert Path(open_system().computer.shared_folder()) == common_home()
    done = program("plan", "--all-users", "--profile", "practice-cpu", "--json")
    assert done.returncode in (0, 3), done.stderr
    plan = json.loads(done.stdout)
    assert str(common_home()) in json.dumps(plan).replace("\\\\", "\\")
    assert not common_home().exists()  # a plan makes nothing


def test_the_resource_tells_and_plans_and_changes_nothing() -> None:
    for instance in ({"scope": "all-users"}, {"profile": "practice-cpu"}):
        _, state = ask("get", **instance)
        assert state["_exist"] is False
        _, state = ask("test", **instance)
        assert state["_inDesiredState"] is False
    assert ask("whatif", profile="practice-cpu")[1]["_metadata"]["whatIf"]
    assert not common_home().exists()
