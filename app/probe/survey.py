"""All probes at once, each in a thread of its own with its own time limit.

What hangs or dies becomes a note.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from app.model import limits
from app.model.answers import Answers
from app.model.encoding import encode, to_builtins
from app.model.errors import InputError, StoppedError
from app.model.home_layout import HomeLayout
from app.model.machine import MachineFacts, Note, Os, ProbeResult, decode_machine
from app.model.message import Message
from app.ports import System
from app.probe import graphics, installed, leftovers, network, operating_system, pythons

log = logging.getLogger(__name__)


class ProbeContext(NamedTuple):
    """What every probe is given."""

    system: System
    place: HomeLayout
    answers: Answers


class Probe(NamedTuple):
    """One subject: its name, its limit in seconds, and what looks."""

    subject: str
    seconds: float
    look: Callable[[ProbeContext], Any]


PROBES: tuple[Probe, ...] = (
    Probe(
        "os",
        limits.PROBE_QUICK,
        lambda context: operating_system.system(context.system, context.system.computer.facts()),
    ),
    Probe(
        "cpu",
        limits.PROBE_QUICK,
        lambda context: operating_system.cpu(context.system.computer.facts()),
    ),
    Probe(
        "memory",
        limits.PROBE_QUICK,
        lambda context: operating_system.memory(context.system.computer.facts()),
    ),
    Probe(
        "disks",
        limits.PROBE_QUICK,
        lambda context: operating_system.disks(context.system, context.place),
    ),
    Probe("graphics", limits.PROBE_CARDS, lambda context: graphics.graphics(context.system)),
    Probe(
        "cuda_toolkits",
        limits.PROBE_QUICK,
        lambda context: graphics.cuda_toolkits(context.system, context.place),
    ),
    Probe(
        "tools",
        limits.PROBE_PROGRAMS,
        lambda context: installed.installed(context.system, context.place),
    ),
    Probe(
        "pythons",
        limits.PROBE_PROGRAMS,
        lambda context: pythons.pythons(context.system, context.place),
    ),
    Probe(
        "variables", limits.PROBE_QUICK, lambda context: operating_system.variables(context.system)
    ),
    Probe(
        "leftovers",
        limits.PROBE_LEFTOVERS,
        lambda context: leftovers.leftovers(context.system, context.place),
    ),
    Probe(
        "home",
        limits.PROBE_QUICK,
        lambda context: operating_system.home(context.system, context.place),
    ),
    Probe(
        "network",
        limits.PROBE_NETWORK,
        lambda context: network.network(context.system, context.answers),
    ),
)
_LOOK = 0.1  # seconds between looks at the stop wish


class _Answer(NamedTuple):
    probe: Probe
    seconds: float
    part: Any
    fault: str | None


def survey(
    system: System,
    place: HomeLayout,
    answers: Answers | None = None,
    probes: Sequence[Probe] = PROBES,
) -> Iterator[ProbeResult]:
    """Yield each subject as it resolves; the last one is ``all`` and carries the facts. Raises
    ``StoppedError``.

    The whole takes as long as the slowest probe. Threads are daemons: one that hangs for ever holds
    up nobody.
    """
    if system.simulated is not None:
        yield from _replay_machine_file(system, system.simulated)
        return
    began = system.clock.monotonic()
    parts: dict[str, Any] = {}
    notes: list[Note] = []
    for answer in _gather_answers(ProbeContext(system, place, answers or Answers()), probes):
        log.info(
            "probe %s answered after %.2f s: %s",
            answer.probe.subject,
            answer.seconds,
            answer.fault or answer.part,
        )
        if answer.fault is not None:
            notes.append(Note(about=answer.probe.subject, text=answer.fault))
        else:
            parts[answer.probe.subject] = answer.part
            notes.extend(getattr(answer.part, "notes", ()))
        yield ProbeResult(
            subject=answer.probe.subject,
            seconds=answer.seconds,
            part=answer.part,
            note=answer.fault,
        )
    facts = _join_facts(system, parts, notes)
    yield ProbeResult(subject="all", seconds=system.clock.monotonic() - began, facts=facts)


def _gather_answers(context: ProbeContext, probes: Sequence[Probe]) -> Iterator[_Answer]:
    done: queue.SimpleQueue[_Answer] = queue.SimpleQueue()
    began = context.system.clock.monotonic()
    for probe in sorted(
        probes, key=lambda one: -one.seconds
    ):  # the slow ones first: they decide how long it takes
        threading.Thread(
            target=_run_probe,
            args=(context, probe, done),
            name=f"probe-{probe.subject}",
            daemon=True,
        ).start()
    waiting = {probe.subject: probe for probe in probes}
    while waiting:
        if context.system.stop.is_set():
            raise StoppedError
        soonest = min(probe.seconds for probe in waiting.values())
        left = began + soonest - context.system.clock.monotonic()
        try:
            answer = done.get(timeout=max(0.0, min(left, _LOOK)))
        except queue.Empty:
            if left > 0:
                continue
            late = next(probe for probe in waiting.values() if probe.seconds == soonest)
            answer = _Answer(late, soonest, None, f"did not answer within {soonest:g} s")
        if (
            waiting.pop(answer.probe.subject, None) is not None
        ):  # what comes after its limit is not waited for any more
            yield answer


def _run_probe(context: ProbeContext, probe: Probe, done: queue.SimpleQueue[_Answer]) -> None:
    began = context.system.clock.monotonic()
    try:
        part, fault = probe.look(context), None
    except Exception as error:  # noqa: BLE001  (one probe's fault becomes a note; the survey goes on)
        part, fault = None, f"could not be looked at: {type(error).__name__}: {error}"
    done.put(_Answer(probe, context.system.clock.monotonic() - began, part, fault))


def _join_facts(system: System, parts: dict[str, Any], notes: list[Note]) -> MachineFacts:
    """All parts as one document; a part that is missing keeps the values that say "not known"."""
    cards = parts.get("graphics") or graphics.Graphics()
    plain = {
        name: parts[name]
        for name in ("cpu", "memory", "disks", "cuda_toolkits", "pythons", "variables", "home")
        if name in parts
    }
    facts = MachineFacts(
        taken_at=system.clock.now(),
        os=parts.get("os") or Os(family=system.computer.family),
        gpus=cards.gpus,
        driver=cards.driver,
        tools=(parts.get("tools") or installed.Installed()).tools,
        network=(parts.get("network") or network.Reached()).network,
        leftovers=(parts.get("leftovers") or leftovers.Leftovers()).leftovers,
        notes=tuple(notes),
        **plain,
    )
    facts = facts if not (more := _notes_for_missing(facts, parts)) else _with_notes(facts, more)
    return _as_text(facts)


def _as_text(facts: MachineFacts) -> MachineFacts:
    """The facts as they can be written down. Linux takes any bytes for names and variables, also
    such as are no text.

    What lies under such a name cannot be named to anybody: it is left out, with a note.
    """
    try:
        encode(facts)
        return facts
    except UnicodeEncodeError:
        pass
    left = tuple(one for one in facts.leftovers if _is_text(one.path))
    pythons = tuple(one for one in facts.pythons if one.path is None or _is_text(one.path))
    lost = (
        ("leftovers", len(facts.leftovers) - len(left)),
        ("pythons", len(facts.pythons) - len(pythons)),
    )
    notes = [
        Note(about=about, text=f"{gone} left out: the path holds bytes that are no text")
        for about, gone in lost
        if gone
    ]
    kept = msgspec.structs.replace(
        facts, leftovers=left, pythons=pythons, notes=(*facts.notes, *notes)
    )
    return msgspec.convert(_drop_surrogates(to_builtins(kept)), MachineFacts)


def _is_text(text: str) -> bool:
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


def _drop_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_drop_surrogates(key): _drop_surrogates(one) for key, one in value.items()}
    return [_drop_surrogates(one) for one in value] if isinstance(value, list | tuple) else value


def _notes_for_missing(facts: MachineFacts, parts: dict[str, Any]) -> tuple[Note, ...]:
    """A note for each plain fact that is missing although its probe answered."""
    of_os = (
        "name",
        "arch",
        "is_admin",
        "locale",
        *(("build", "long_paths") if facts.os.family == "windows" else ()),
    )
    asked = (
        ("os", facts.os, of_os),
        ("cpu", facts.cpu, ("name", "cores", "threads", "avx2")),
        ("memory", facts.memory, ("total", "available")),
    )
    return tuple(
        Note(about=f"{subject}.{name}", text="the system did not say")
        for subject, value, names in asked
        if subject in parts
        for name in names
        if getattr(value, name) is None
    )


def _with_notes(facts: MachineFacts, more: tuple[Note, ...]) -> MachineFacts:
    return msgspec.structs.replace(facts, notes=(*facts.notes, *more))


def _replay_machine_file(system: System, path: str) -> Iterator[ProbeResult]:
    data = system.files.read(path)
    if data is None:
        raise InputError(
            Message("The machine file {path} does not exist or cannot be read.", path=path)
        )
    yield from replay_facts(decode_machine(data, path))


def replay_facts(facts: MachineFacts) -> Iterator[ProbeResult]:
    """Somebody else's computer: the parts of its machine file, as if they had just been seen."""
    parts: dict[str, Any] = {
        "os": facts.os,
        "cpu": facts.cpu,
        "memory": facts.memory,
        "disks": facts.disks,
        "graphics": graphics.Graphics(gpus=facts.gpus, driver=facts.driver),
        "cuda_toolkits": facts.cuda_toolkits,
        "tools": installed.Installed(tools=facts.tools),
        "pythons": facts.pythons,
        "variables": facts.variables,
        "leftovers": leftovers.Leftovers(leftovers=facts.leftovers),
        "home": facts.home,
        "network": network.Reached(network=facts.network),
    }
    for subject, part in parts.items():
        yield ProbeResult(subject=subject, seconds=0.0, part=part)
    yield ProbeResult(subject="all", seconds=0.0, facts=facts)
