"""The real program with one small profile, as a process of its own.

Python -m tests.journeys.small HOME INDEX LOCK.

Everything is real but the knowledge: the adapters, uv, the index, the environment, journal, checks and
pointer. Variables may say more: SMALL_ANSWERS (fields of the answers), SMALL_PATIENCE (seconds and
tries of the fetch; uv then tries once), SMALL_CLOCK (``forward`` or ``back``: the computer's clock
jumps a year at every look), SMALL_CHECK (the check's program).
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import msgspec

from app.adapters.clock import SystemClock
from app.adapters.download.fetch_context import RetryPolicy
from app.adapters.download.web import HttpWeb
from app.adapters.local_system import open_system
from app.adapters.resources import resource_names, resource_reader
from app.engine.session import Session
from app.knowledge import Knowledge, load
from app.model.answers import Answers
from app.model.event import Failed, flat
from app.model.machine import Home, MachineFacts, Os
from app.model.plan import (
    Activate,
    CreateEnvironment,
    FetchWheels,
    InstallWheels,
    Plan,
    ProvidePython,
    RunCheck,
)
from app.model.profile import Needs, Part, Profile, Versions, Wheel
from app.steps import child_environment

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
CHECK = """import json, importlib.metadata
names = sorted(d.metadata["Name"] for d in importlib.metadata.distributions())
print(json.dumps({"what": "measured", "name": "packages", "value": names}))
print(json.dumps({"what": "finished"}))
"""


def profile(lock: str) -> Profile:
    """A profile of small wheels for this system."""
    pins = [line.split("==") for line in lock.splitlines() if "==" in line]
    wheels = tuple(Wheel(name=name.strip(), version=rest.split()[0]) for name, rest in pins)
    parts = tuple(
        Part(
            id="packages",
            title="Small packages",
            platform=platform,
            lock="small.txt",
            wheels=wheels,
            requirements=lock,
        )
        for platform in ("linux", "windows")
    )
    return Profile(
        id="small",
        title="Small",
        subtitle="",
        summary="",
        python=PYTHON,
        versions=Versions(torch="none"),
        pinned_on="2026-11-24",
        needs=Needs(gpu=False),
        parts=parts,
    )


def plan(name: str) -> Plan:
    """Every kind of step that an install has."""
    return Plan(
        title="Set-up of Small",
        profile="small",
        environment=name,
        steps=(
            ProvidePython(id="python", title="Python", version=PYTHON),
            FetchWheels(id="fetch", title="Small packages", profile="small", part="packages"),
            CreateEnvironment(
                id="environment", title="Own environment", environment=name, python=PYTHON
            ),
            InstallWheels(
                id="install",
                title="Packages",
                environment=name,
                profile="small",
                parts=("packages",),
            ),
            RunCheck(
                id="check",
                title="Packages seen",
                environment=name,
                check="small",
                profile="small",
                limit_seconds=60,
            ),
            Activate(id="activate", title="Switch", environment=name, profile="small"),
        ),
    )


class JumpingClock(SystemClock):
    """A wall clock that is set again between any two looks, as by a person, a time server or a flat
    battery.
    """

    def __init__(self, years: int) -> None:
        self._years, self._looks = years, count()

    def now(self) -> str:
        """A moment one more year away at every look."""
        then = datetime.now(UTC) + timedelta(days=365 * self._years * next(self._looks))
        return then.strftime("%Y-%m-%dT%H:%M:%SZ")


def open_session(home: str, index: str, lock: str) -> Session:
    """A session on this computer with only the small profile known."""
    known = load(resource_reader(), resource_names())
    knowledge = Knowledge(
        profiles=(profile(lock),),
        rules=known.rules,
        cards=known.cards,
        read_guide=known.read_guide,
        read_known_issues=known.read_known_issues,
    )
    system = open_system()
    facts = MachineFacts(os=Os(family=system.computer.family), home=Home(path=home))

    def resource(name: str) -> bytes:
        check = os.environ.get("SMALL_CHECK", CHECK)
        if name.startswith("checks/"):
            return check.encode()
        return resource_reader()(name) or b""

    if "SMALL_CLOCK" in os.environ:
        system.clock = JumpingClock({"forward": 1, "back": -1}[os.environ["SMALL_CLOCK"]])
    if "SMALL_PATIENCE" in os.environ:
        system.web = HttpWeb(
            system.stop, patience=RetryPolicy(**json.loads(os.environ["SMALL_PATIENCE"]))
        )
        usual = child_environment.uv_settings
        child_environment.uv_settings = lambda site: (
            usual(site) | {"UV_HTTP_RETRIES": "0", "UV_HTTP_TIMEOUT": "2"}
        )
    given = json.loads(os.environ.get("SMALL_ANSWERS", "{}"))
    answers = msgspec.convert({"home": home, "index": index, "verify": "none", **given}, Answers)
    return Session(system, knowledge, answers, resource, facts)


def main(home: str, index: str, lock: str, name: str) -> int:
    """Install and print the events."""
    session = open_session(home, index, Path(lock).read_text())
    for event in session.execution.run(plan(name)):
        print(json.dumps(flat(event), default=str), flush=True)
        if isinstance(event.what, Failed):
            print(event.what.details, file=sys.stderr)
    return 0 if session.execution.outcome == "finished" else 4


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5]))
