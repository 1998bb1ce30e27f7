"""The diagnostics report as one zip: a page to read, JSON to work with, a text to paste, and a
machine file that replays.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any
from zlib import error as zlib_error

import msgspec

from app.decide.redaction.redact import Redactor
from app.model.errors import InputError
from app.model.event import StepEvent, flat
from app.model.plan import Plan, decode_plan
from app.model.report import Judged, Packed, Preview, Report, Summary
from app.report.cleaning import clean, unflat
from app.report.issue import headline, issue_text
from app.report.page import page
from app.report.words import steps

LARGEST = 64_000_000  # bytes of one file that is read out of somebody's report


def build(report: Report, redactor: Redactor, template: str) -> bytes:
    """The report's zip. The same report gives the same bytes. ``template`` is
    ``resources/templates/report.html``.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, data in files(report, redactor, template).items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, data)
    return packed.getvalue()


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
        found["machine.json"] = _json(cleaned.facts)
    if cleaned.plan:
        found["plan.json"] = _json(cleaned.plan)
    if cleaned.verification:
        found["verification.json"] = _json(cleaned.verification)
    if cleaned.events:
        lines = [json.dumps(flat(event), ensure_ascii=False) for event in cleaned.events]
        found["events.jsonl"] = ("\n".join(lines) + "\n").encode("utf-8", "replace")
    found.update({f"logs/{name}": data for name, data in cleaned.logs.items()})
    found["report.json"] = _json(_summary(cleaned, counts, (*found, "report.json")))
    return found


def _summary(report: Report, counts: dict[str, int], names: tuple[str, ...]) -> Summary:
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
        taken_out=counts,
        files=tuple(sorted(names)),
    )


def _json(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2)


def read_machine(data: bytes, name: str = "the report") -> bytes:
    """The machine file in a report. Raises ``InputError`` naming the file when it is no report or
    holds none.
    """
    return _member(data, name, "machine.json", required=True)


def read_events(data: bytes, name: str = "the report") -> tuple[StepEvent, ...]:
    """The recorded run in a report; empty when there is none. Raises ``InputError`` naming file and
    line.
    """
    found: list[StepEvent] = []
    for number, line in enumerate(
        _member(data, name, "events.jsonl", required=False).split(b"\n"), 1
    ):
        if not line.strip():
            continue
        try:
            found.append(unflat(msgspec.json.decode(line, type=dict[str, Any])))
        except (msgspec.DecodeError, TypeError, ValueError, RecursionError) as error:
            raise InputError(
                f"{name}: line {number} of events.jsonl is not an event; expected one JSON object "
                f"a line: {error}."
            ) from error
    return tuple(found)


def read_profile(data: bytes, name: str = "the report") -> str | None:
    """The id of the profile that the report is about, if it says so. Raises ``InputError`` naming the
    file when it is no report.
    """
    try:
        said = msgspec.json.decode(_member(data, name, "report.json", required=False) or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(
            f"{name}: report.json is not JSON; expected a report of this program: {error}."
        ) from error
    found = said.get("profile") if isinstance(said, dict) else None
    return found if isinstance(found, str) and found else None


def read_plan(data: bytes, name: str = "the report") -> Plan | None:
    """The plan in a report. ``None`` where it holds none, or one that this version cannot read: it
    is made anew from the facts.
    """
    try:
        return decode_plan(_member(data, name, "plan.json", required=False))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _member(data: bytes, name: str, member: str, *, required: bool) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entry = next((e for e in archive.infolist() if e.filename == member), None)
            if entry is None:
                if required:
                    raise InputError(
                        f"{name} holds no {member}; expected a report of this program."
                    )
                return b""
            with archive.open(entry) as stream:  # the size in the archive's list may lie
                content = stream.read(LARGEST + 1)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib_error) as error:
        raise InputError(
            f"{name} cannot be read as a zip file; expected a report of this program: {error}."
        ) from error
    if len(content) > LARGEST:
        raise InputError(
            f"{name}: {member} is larger than {LARGEST // 10**6} MB; expected a report of this "
            f"program."
        )
    return content
