"""How a report writes numbers and words for people."""

from __future__ import annotations

from datetime import UTC, datetime

from app.model.event import Failed, Finished, Skipped, Started, StepEvent, Stopped
from app.model.plan import Plan
from app.model.report import StepLine

OVERALL = {
    "works": "It works",
    "works_slowly": "It works, slower than expected",
    "broken": "It does not work",
    "not_checked": "Not checked",
}
VERDICT = {"ready": "ready", "ready_with_warnings": "ready, with warnings", "blocked": "blocked"}
RESULT = {
    "same": "same",
    "explained": "explained",
    "below": "below",
    "different": "different",
    "missing": "missing",
    "as_expected": "as expected",
    "not_compared": "no reference",
    "wrong": "wrong",
}
TAKEN_OUT = {
    "user": "user names",
    "host": "computer names",
    "home": "home folders",
    "email": "e-mail addresses",
    "mac": "network card addresses",
    "serial": "serial numbers",
    "gpu-uuid": "identifiers of cards",
    "uuid": "identifiers",
    "network-name": "names of wireless networks",
    "token": "tokens",
    "key": "keys",
    "password": "passwords in addresses and settings",
    "header": "login headers",
    "public-address": "public IP addresses",
}


def gigabytes(size: float | None) -> str:
    """Bytes as people read them, in steps of 1000."""
    if size is None:
        return "unknown"
    if abs(size) >= 1e9:
        return f"{size / 1e9:.1f} GB"
    return f"{size / 1e6:.0f} MB" if abs(size) >= 1e6 else f"{size / 1e3:.0f} KB"


def gibibytes(size: float | None) -> str:
    """Memory of cards and computers, which is sold in steps of 1024."""
    return "unknown" if size is None else f"{size / 2**30:.1f} GB"


def duration(seconds: float | None) -> str:
    """Seconds as ``4.2 s`` or ``3 min 12 s``."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def moment(at: str) -> str:
    """A time as a person writes it, ``28 Nov 2026, 06:27 UTC``; what is none stays as it is."""
    try:
        return f"{datetime.fromisoformat(at).astimezone(UTC):%d %b %Y, %H:%M} UTC".removeprefix("0")
    except ValueError:
        return at


def counted(count: int, word: str) -> str:
    """``no notes``, ``1 note``, ``2 notes``."""
    return f"{count or 'no'} {word}{'' if count == 1 else 's'}"


def number(value: float | None, unit: str = "") -> str:
    """A figure with a sensible number of digits."""
    if value is None:
        return "none"
    text = (
        f"{value:,.0f}"
        if abs(value) >= 1000
        else f"{value:.1f}"
        if abs(value) >= 100
        else f"{value:.3g}"
    )
    return f"{text} {unit}".strip()


def steps(plan: Plan | None, events: tuple[StepEvent, ...]) -> tuple[StepLine, ...]:
    """What became of each step, in the plan's order; steps that the plan does not know come as they
    ran.
    """
    titles = {step.id: step.title for step in plan.steps} if plan else {}
    found: dict[str, StepLine] = {
        i: StepLine(id=i, title=t, state="open") for i, t in titles.items()
    }
    began: dict[str, float] = {}
    for event in events:
        what = event.what
        title = titles.get(event.step, event.step)
        line: StepLine | None = None
        if isinstance(what, Started):
            began[event.step] = event.at
            line = StepLine(
                id=event.step,
                title=title if event.step in titles else what.title or title,
                state="open",
            )
        elif isinstance(what, Skipped):
            line = StepLine(id=event.step, title=title, state="skipped", text=what.why)
        elif isinstance(what, Finished):
            seconds = what.seconds or (event.at - began.get(event.step, event.at))
            line = StepLine(id=event.step, title=title, state="done", seconds=seconds)
        elif isinstance(what, Failed):
            seconds = event.at - began.get(event.step, event.at)
            line = StepLine(
                id=event.step, title=title, state="failed", seconds=seconds, text=what.message
            )
        elif isinstance(what, Stopped):
            line = StepLine(id=event.step, title=title, state="stopped")
        if line is not None:
            found[event.step] = line
    return tuple(found.values())
