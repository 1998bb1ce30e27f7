"""The diagnostics report, ``report/1``, before the person is taken out of it.

All that one session found.
"""

from __future__ import annotations

from typing import Literal

from app.model.advice import Choice, Diagnosis, Finding, ReadyVerdict
from app.model.event import StepEvent
from app.model.machine import MachineFacts
from app.model.plan import Plan
from app.model.value import Value
from app.model.verdict import Overall, Verification


class PastRun(Value, frozen=True, kw_only=True):
    """One run under this home: what was run, when it began (UTC), how it ended (empty: it was
    cut off), and how many of its steps were done.
    """

    run: str
    at: str
    title: str
    outcome: str
    done: int
    steps: int


class Report(Value, frozen=True, kw_only=True):
    """One session. ``logs`` are raw bytes by file name; ``program`` is this program's version,
    ``profile`` an id.

    ``versions`` holds what is installed in the environment, ``crashes`` are texts of crash files,
    ``history`` all runs under home, the newest first.
    """

    schema: Literal["report/1"] = "report/1"
    written_at: str
    program: str
    profile: str = ""
    environment: str = ""
    simulated: str | None = None
    facts: MachineFacts | None = None
    findings: tuple[Finding, ...] = ()
    choices: tuple[Choice, ...] = ()
    plan: Plan | None = None
    events: tuple[StepEvent, ...] = ()
    verification: Verification | None = None
    diagnosis: Diagnosis | None = None
    logs: dict[str, bytes] = {}
    versions: dict[str, str] = {}
    history: tuple[PastRun, ...] = ()


StepState = Literal["open", "skipped", "done", "failed", "stopped"]


class StepLine(Value, frozen=True, kw_only=True):
    """One step of a run: how it ended (``open``: it did not begin or did not end) and how many
    seconds it took.
    """

    id: str
    title: str
    state: StepState
    seconds: float | None = None
    text: str = ""


class Judged(Value, frozen=True, kw_only=True):
    """One setup, judged for the machine."""

    profile: str
    verdict: ReadyVerdict
    why: str
    recommended: bool


class Summary(Value, frozen=True, kw_only=True):
    """``report.json``: a report in brief, cleaned. ``taken_out`` counts what was taken out, by
    kind; ``files`` lie beside it.
    """

    schema: Literal["report/1"] = "report/1"
    written_at: str
    program: str
    headline: str
    profile: str
    environment: str
    simulated: str | None
    versions: dict[str, str]
    overall: Overall | None
    findings: tuple[Finding, ...]
    choices: tuple[Judged, ...]
    steps: tuple[StepLine, ...]
    diagnosis: Diagnosis | None
    history: tuple[PastRun, ...]
    taken_out: dict[str, int]
    files: tuple[str, ...]


class Packed(Value, frozen=True, kw_only=True):
    """One file of a report; ``size`` in bytes, unpacked."""

    name: str
    size: int


class Preview(Value, frozen=True, kw_only=True):
    """What a report would hold: its files, what was taken out (kind to count), the text and the
    page as they would go out.
    """

    counts: dict[str, int] = {}
    files: tuple[Packed, ...] = ()
    text: str = ""
    page: str = ""
