"""Builds the diagnostics report as one zip.

A page to read, JSON to work with, a text to paste, and a machine file that replays.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from app.decide.redaction.redact import Redactor
from app.model.encoding import encode
from app.model.errors import InputError
from app.model.event import StepEvent, flat
from app.model.message import Message
from app.model.plan import Plan, decode_plan
from app.model.report import Judged, Packed, Preview, Report, Summary
from app.model.stored_messages import MessageParts, collect_messages
from app.report.archive import read_member, write_archive
from app.report.cleaning import clean, unflat
from app.report.issue import headline, issue_text
from app.report.page import page
from app.report.words import steps


def build(report: Report, redactor: Redactor, template: str) -> bytes:
    """The report's zip. The same report gives the same bytes. ``template`` is
    ``resources/templates/report.html``.
    """
    return write_archive(files(report, redactor, template))


def preview(report: Report, redactor: Redactor, template: str) -> Preview:
    """What would go out, and what was taken out of it, by kind and count."""
    found = files(report, redactor, template)
    return Preview(
        counts=dict(sorted(redactor.counts.items())),
        files=tuple(Packed(name=n, size=len(d)) for n, d in found.items()),
        text=found["issue.txt"].decode(),
        page=found["report.html"].decode(),
    )


def files(report: Report, redactor: Redactor, template: str) -> dict[str, bytes]:
    """Every file of the report, cleaned."""
    cleaned = clean(report, redactor)
    counts = dict(sorted(redactor.counts.items()))
    found = {
        "report.html": page(cleaned, counts, template).encode("utf-8", "replace"),
        "issue.txt": issue_text(cleaned).encode("utf-8", "replace"),
    }
    if cleaned.facts:
        found["machine.json"] = _to_json(cleaned.facts)
    if cleaned.plan:
        found["plan.json"] = _to_json(cleaned.plan)
    if cleaned.verification:
        found["verification.json"] = _to_json(cleaned.verification)
    if cleaned.events:
        lines = [json.dumps(flat(event), ensure_ascii=False) for event in cleaned.events]
        found["events.jsonl"] = ("\n".join(lines) + "\n").encode("utf-8", "replace")
    replayed = (cleaned.facts, cleaned.plan, cleaned.events)
    if messages := collect_messages(replayed):
        found["messages.json"] = _to_json(messages)
    found.update({f"logs/{name}": data for name, data in cleaned.logs.items()})
    found["report.json"] = _to_json(_build_summary(cleaned, counts, (*found, "report.json")))
    return found


def _build_summary(report: Report, counts: dict[str, int], names: tuple[str, ...]) -> Summary:
    return Summary(
        written_at=report.written_at,
        program=report.program,
        headline=headline(report),
        profile=report.profile,
        environment=report.environment,
        simulated=report.simulated,
        versions=report.versions,
        overall=report.verification.overall if report.verification else None,
        findings=report.findings,
        choices=tuple(
            Judged(profile=c.profile.id, verdict=c.verdict, why=c.why, recommended=c.recommended)
            for c in report.choices
        ),
        steps=steps(report.plan, report.events),
        diagnosis=report.diagnosis,
        history=report.history,
        taken_out=counts,
        files=tuple(sorted(names)),
    )


def _to_json(value: Any) -> bytes:
    return msgspec.json.format(encode(value), indent=2)


def read_machine(data: bytes, name: str = "the report") -> bytes:
    """The machine file in a report. Raises ``InputError`` naming the file when it is no report or
    holds none.
    """
    return read_member(data, name, "machine.json", required=True)


def read_events(data: bytes, name: str = "the report") -> tuple[StepEvent, ...]:
    """The recorded run in a report; empty when there is none. Raises ``InputError`` naming file and
    line.
    """
    found: list[StepEvent] = []
    for number, line in enumerate(
        read_member(data, name, "events.jsonl", required=False).split(b"\n"), 1
    ):
        if not line.strip():
            continue
        try:
            found.append(unflat(msgspec.json.decode(line, type=dict[str, Any])))
        except (
            msgspec.DecodeError,
            TypeError,
            ValueError,
            RecursionError,
            OverflowError,
        ) as error:
            raise InputError(
                Message(
                    "{name}: line {number} of events.jsonl is not an event; expected one JSON "
                    "object a line: {error}.",
                    name=name,
                    number=number,
                    error=error,
                )
            ) from error
    return tuple(found)


def read_messages(data: bytes, name: str = "the report") -> tuple[MessageParts, ...]:
    """What the sentences of machine, plan and events are made of; nothing where an older program
    wrote none, or another writes it otherwise.
    """
    try:
        return msgspec.json.decode(
            read_member(data, name, "messages.json", required=False) or b"[]",
            type=tuple[MessageParts, ...],
        )
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()


def read_profile(data: bytes, name: str = "the report") -> str | None:
    """The id of the profile that the report is about, if it says so. Raises ``InputError`` naming the
    file when it is no report.
    """
    try:
        document = msgspec.json.decode(
            read_member(data, name, "report.json", required=False) or b"{}"
        )
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(
            Message(
                "{name}: report.json is not JSON; expected a report of this program: {error}.",
                name=name,
                error=error,
            )
        ) from error
    found = document.get("profile") if isinstance(document, dict) else None
    return found if isinstance(found, str) and found else None


def read_plan(data: bytes, name: str = "the report") -> Plan | None:
    """The plan in a report. ``None`` where it holds none, or one that this version cannot read: it
    is made again from the facts.
    """
    try:
        return decode_plan(read_member(data, name, "plan.json", required=False))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
