"""Takes the person out of a whole report before anything of it is written."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import msgspec

from app.decide.diagnosis.log_text import decode
from app.decide.redaction.redact import Redactor
from app.model.event import Line, StepEvent
from app.model.report import Report
from app.model.terminal_text import plain
from app.report.training_content import without_rows, without_source

LOG_LENGTH = 4_000_000  # characters of one log, first and last parts
EVENT_BYTES = 3_000_000  # of output lines among the events
_NAME = re.compile(r"[^\w.-]+")


def clean(report: Report, redactor: Redactor) -> Report:
    """The same report without the person: every string, every log, every recorded line."""
    outer = msgspec.structs.replace(
        report, facts=None, events=(), logs={}, plan=without_source(report.plan)
    )
    inner: Report = redactor.value(outer)
    return msgspec.structs.replace(
        inner,
        facts=redactor.facts(report.facts) if report.facts else None,
        events=events(tuple(map(without_rows, report.events)), redactor),
        logs=_clean_logs(report.logs, redactor),
    )


def _clean_logs(logs: dict[str, bytes], redactor: Redactor) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for name, data in sorted(logs.items()):
        clean_name = plain_name = _NAME.sub("_", redactor.text(name)).lstrip(".")
        number = 1
        while clean_name in found:  # two names that differed in what was taken out
            number += 1
            clean_name = f"{number}-{plain_name}"
        found[clean_name] = redactor.text(plain(shorten(decode(data)))).encode("utf-8", "replace")
    return found


def shorten(text: str, limit: int = LOG_LENGTH) -> str:
    """The first quarter and the last three quarters of ``limit`` characters, with a note of what
    was left out.
    """
    if len(text) <= limit:
        return text
    head, tail = text[: limit // 4], text[-(limit * 3 // 4) :]
    head = head[: head.rfind("\n") + 1] or head
    tail = tail[tail.find("\n") + 1 :] or tail
    return f"{head}[... {len(text) - len(head) - len(tail)} characters left out ...]\n{tail}"


def events(recorded: tuple[StepEvent, ...], redactor: Redactor) -> tuple[StepEvent, ...]:
    """The recorded run without the person. Output is cleaned by whole lines: a chunk may end inside
    of a secret.
    """
    lines = _clean_output(recorded, redactor)
    kept: list[StepEvent] = []
    for event in _cap_output(recorded):
        if isinstance(event.what, Line):
            count = event.what.text.count(b"\n")
            waiting = lines[event.step]
            text = "".join(waiting.pop(0) for _ in range(min(count, len(waiting))))
            if text:
                kept.append(
                    redactor.event(
                        StepEvent(at=event.at, step=event.step, what=Line(text=text.encode()))
                    )
                )
        else:
            kept.append(redactor.event(event))
    for step, rest in lines.items():  # what stood behind the last line break
        if rest and (last := next((e for e in reversed(recorded) if e.step == step), None)):
            kept.append(
                redactor.event(
                    StepEvent(at=last.at, step=step, what=Line(text="".join(rest).encode()))
                )
            )
    return tuple(sorted(kept, key=lambda e: e.at))


def _cap_output(recorded: tuple[StepEvent, ...]) -> tuple[StepEvent, ...]:
    """All events, but of very much output only the first and the last part."""
    sizes = [len(e.what.text) if isinstance(e.what, Line) else 0 for e in recorded]
    total = sum(sizes)
    if total <= EVENT_BYTES:
        return recorded
    kept, passed = [], 0
    for event, size in zip(recorded, sizes, strict=True):
        passed += size
        if not size or passed <= EVENT_BYTES // 4 or total - passed <= EVENT_BYTES * 3 // 4:
            kept.append(event)
    return tuple(kept)


def _clean_output(recorded: tuple[StepEvent, ...], redactor: Redactor) -> dict[str, list[str]]:
    """Each step's output as cleaned lines with their breaks, as many as there were."""
    chunks: dict[str, list[bytes]] = defaultdict(list)
    for event in _cap_output(recorded):
        if isinstance(event.what, Line):
            chunks[event.step].append(event.what.text)
    found: dict[str, list[str]] = defaultdict(list)
    for step, parts in chunks.items():
        data = b"".join(parts)
        cleaned = redactor.text(plain(decode(data)))  # no line is lost by that
        found[step] = (
            cleaned.splitlines(keepends=True)
            if "\r" not in cleaned
            else re.findall(r"[^\n]*\n|[^\n]+$", cleaned)
        )
    return found


def unflat(fields: dict[str, Any]) -> StepEvent:
    """The event of one flat JSON object. Raises ``msgspec.ValidationError`` that names the field."""
    fields = dict(fields)
    at, step = fields.pop("at", 0.0), fields.pop("step", "")
    if fields.get("what") == "line" and isinstance(fields.get("text"), str):
        return StepEvent(at=float(at), step=str(step), what=Line(text=fields["text"].encode()))
    return msgspec.convert({"at": at, "step": step, "what": fields}, StepEvent)
