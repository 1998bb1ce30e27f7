"""A site on the real disk: real adapters, a temporary home, one small profile."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from app.adapters.local_system import open_system
from app.model.answers import Answers
from app.model.home_layout import HomeLayout
from app.model.profile import Part, Platform, Profile, Versions, Wheel
from app.model.sources import Sources
from app.steps.step_context import StepContext

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def effects() -> list[tuple[str, dict[str, str]]]:
    """What the steps recorded before they did it."""
    return []


@pytest.fixture
def site(tmp_path: Path, effects: list[tuple[str, dict[str, str]]]) -> StepContext:
    """Real adapters on a temporary home folder with a space and an umlaut in its name."""
    system = open_system()
    family = system.computer.family
    platform: Platform = "windows" if family == "windows" else "linux"
    part = Part(
        id="packages",
        title="Packages",
        platform=platform,
        lock="x.txt",
        wheels=(Wheel(name="one", version="1.0"),),
    )
    profile = Profile(
        id="small",
        title="Small",
        subtitle="",
        summary="",
        python=PYTHON,
        versions=Versions(torch="none"),
        pinned_on="2026-11-24",
        parts=(part,),
    )
    home = tmp_path / "Jürgens home"
    home.mkdir()

    def resource(name: str) -> bytes:
        return SCRIPTS[name.removeprefix("checks/")].encode()

    return StepContext(
        system=system,
        place=HomeLayout(str(home), family),
        profiles={"small": profile},
        answers=Answers(),
        sources=Sources(),
        resource=resource,
        record=lambda effect, values: effects.append((effect, values)),
    )


SCRIPTS = {
    "telling.py": "",
    "good.py": 'import json\nprint("plain words")\nprint(json.dumps({"what": "measured", "name": '
    '"n", "value": 3, "unit": "x"}))\nprint(json.dumps({"what": "finished"}))\n',
    "gone.py": 'import json, os\nprint(json.dumps({"what": "measured", "name": "n", "value": 3}))\n'
    "os._exit(0)\n",
    "bad.py": (
        'import json, sys\nprint(json.dumps({"what": "failed", "code": "cuda_oom", "message": '
        '"Memory ran out."}))\n'
        "sys.exit(1)\n"
    ),
    "crash.py": 'import os\nprint("about to crash", flush=True)\nos.abort()\n',
}
