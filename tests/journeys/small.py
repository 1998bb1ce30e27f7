"""The real program with one small profile, as a process of its own: python -m tests.journeys.small HOME INDEX LOCK.

Everything is real but the knowledge: the doors, uv, the index, the environment, journal, checks and pointer.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from app.engine.session import Session
from app.knowledge import Knowledge, load
from app.model.answers import Answers
from app.model.event import Failed, flat
from app.model.machine import Home, MachineFacts, Os
from app.model.plan import Activate, CreateEnvironment, FetchWheels, InstallWheels, Plan, ProvidePython, RunCheck
from app.model.profile import Needs, Part, Profile, Versions, Wheel
from app.world.open import open_world
from app.world.resources import resource_names, resource_reader

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
CHECK = """import json, importlib.metadata
names = sorted(d.metadata["Name"] for d in importlib.metadata.distributions())
print(json.dumps({"what": "measured", "name": "packages", "value": names}))
"""


def profile(lock: str) -> Profile:
    """A profile of small wheels for this system."""
    pins = [line.split("==") for line in lock.splitlines() if "==" in line]
    wheels = tuple(Wheel(name=name.strip(), version=rest.split()[0]) for name, rest in pins)
    parts = tuple(Part(id="packages", title="Small packages", platform=platform, lock="small.txt", wheels=wheels, requirements=lock)
                  for platform in ("linux", "windows"))
    return Profile(id="small", title="Small", subtitle="", summary="", python=PYTHON, versions=Versions(torch="none"),
                   pinned_on="2026-11-24", proven="here", needs=Needs(gpu=False), parts=parts)


def plan(name: str) -> Plan:
    """Every kind of step that an install has."""
    return Plan(title="Set-up of Small", profile="small", environment=name, steps=(
        ProvidePython(id="python", title="Python", version=PYTHON),
        FetchWheels(id="fetch", title="Small packages", profile="small", part="packages"),
        CreateEnvironment(id="environment", title="Own environment", environment=name, python=PYTHON),
        InstallWheels(id="install", title="Packages", environment=name, profile="small", parts=("packages",)),
        RunCheck(id="check", title="Packages seen", environment=name, check="small", profile="small", limit_seconds=60),
        Activate(id="activate", title="Switch", environment=name, profile="small")))


def session(home: str, index: str, lock: str) -> Session:
    """A session on this computer with only the small profile known."""
    known = load(resource_reader(), resource_names())
    knowledge = Knowledge(profiles=(profile(lock),), rules=known.rules, cards=known.cards, guide=known.guide,
                          troubles=known.troubles)
    world = open_world()
    facts = MachineFacts(os=Os(family=world.computer.family), home=Home(path=home))

    def resource(name: str) -> bytes:
        return json.dumps({"small": ["small.py"]}).encode() if name.endswith("index.json") else CHECK.encode()

    return Session(world, knowledge, Answers(home=home, index=index, verify="none"), resource, facts)


def main(home: str, index: str, lock: str, name: str) -> int:
    """Install and print the events."""
    visit = session(home, index, Path(lock).read_text())
    for event in visit.run(plan(name)):
        print(json.dumps(flat(event), default=str), flush=True)
        if isinstance(event.what, Failed):
            print(event.what.details, file=sys.stderr)
    return 0 if visit.outcome == "finished" else 4


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5]))
