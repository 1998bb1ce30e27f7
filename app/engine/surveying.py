"""The survey of a session's computer, and the quick look that comes before it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from app.model.machine import MachineFacts, ProbeResult
from app.probe import survey

if TYPE_CHECKING:
    from app.engine.session import Session
    from app.model.plan import Plan
    from app.model.verdict import Verification

# What may forbid a setup or change its plan. The index's answer, caches, other Pythons and tools
# take most of a survey's time and change nothing about what is in place.
_DECIDING = ("os", "cpu", "memory", "disks", "graphics", "variables", "home")


def look(session: Session) -> Iterator[ProbeResult]:
    """Look at the machine; the last sighting carries all facts, which the session keeps. A simulated
    machine answers from its file.
    """
    if session.simulated and session.facts is not None:
        yield from survey.replay_facts(session.facts)
        return
    session.system.web.use(session.network.sources())
    for sighting in survey.survey(session.system, session.place, session.answers):
        if sighting.facts is not None:
            session.network.note_answers(session.answers, sighting.facts.network)
            session.facts = _with_resumable(session, sighting.facts)
            yield msgspec.structs.replace(sighting, facts=session.facts)
            continue
        yield sighting


def _with_resumable(session: Session, facts: MachineFacts) -> MachineFacts:
    """The facts with what of each setup is here already."""
    if facts.home is None:
        return facts
    return msgspec.structs.replace(
        facts,
        home=msgspec.structs.replace(facts.home, begun=session.home.measure_resumable(facts)),
    )


def find_in_place(session: Session) -> tuple[Plan, Verification] | None:
    """The plan and the verification of the active environment, where it is what an install would
    make and nothing is left to do. ``None`` where something is, or where only a whole survey can
    tell; the session then has no facts, and the next who asks surveys.

    Each file of the environment is looked at while the probes wait for other programs.
    """
    pointer = None if session.simulated else session.home.pointer()
    if pointer is None or session.facts is not None or session.answers.clean_up:
        return None
    lost: list[tuple[str, ...]] = []
    beside = threading.Thread(
        target=lambda: lost.append(
            session.environments.lost_files(pointer.active, pointer.profile)
        ),
        name="lost-files",
        daemon=True,
    )
    beside.start()
    probes = [probe for probe in survey.PROBES if probe.subject in _DECIDING]
    for sighting in survey.survey(session.system, session.place, session.answers, probes):
        session.facts = sighting.facts
    plan = session.plans.install()
    proven = session.environments.already_in_place(plan, whole=True)
    left = session.plans.left_to_do(plan).steps if proven is not None else ()
    beside.join()
    if proven is not None and not left and lost == [()]:
        return plan, proven
    session.facts = None
    return None
