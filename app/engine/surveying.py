"""The survey of a session's computer: the whole, or quickly without the sizes of what lies about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from app.model.machine import MachineFacts, ProbeResult
from app.probe import leftovers, survey

if TYPE_CHECKING:
    from app.engine.session import Session


def look(session: Session, sizes: bool = True) -> Iterator[ProbeResult]:
    """Look at the machine; the last sighting carries all facts, which the session keeps. A simulated
    machine answers from its file. ``sizes`` as in ``survey.survey``.
    """
    if session.simulated and session.facts is not None:
        yield from survey.replay_facts(session.facts)
        return
    session.system.web.use(session.network.sources())
    for sighting in survey.survey(session.system, session.place, session.answers, sizes=sizes):
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


def look_quickly(session: Session) -> None:
    """Survey, where that has not happened yet, all but the sizes of what lies about: to measure
    package caches of 100,000 files takes a second.
    """
    if session.facts is None:
        for _ in look(session, sizes=False):
            pass


def measure_leftovers(session: Session) -> None:
    """The sizes that ``look_quickly`` left out."""
    facts = session.known_facts()
    if session.simulated or all(left.size is not None for left in facts.leftovers):
        return
    found = leftovers.measure(session.system, facts.leftovers)
    session.facts = msgspec.structs.replace(
        facts, leftovers=found.leftovers, notes=(*facts.notes, *found.notes)
    )
