"""What the program concludes from the facts: findings, ranked choices, diagnoses."""

from __future__ import annotations

from typing import Literal

from app.model.advisory import Advisory
from app.model.profile import Profile
from app.model.value import Value

Severity = Literal["blocks", "warns", "informs"]
ReadyVerdict = Literal["ready", "ready_with_warnings", "blocked"]
Confidence = Literal["certain", "likely"]
ActionKind = Literal["open", "copy", "page", "install-profile", "run"]


class Action(Value, frozen=True, kw_only=True):
    """What a remedy's button does: open an address, copy a command, go to a page, take another
    profile.
    """

    kind: ActionKind
    label: str
    target: str


class Finding(Value, frozen=True, kw_only=True):
    """One conclusion about this machine. ``id`` is one of the contract's list; texts are already
    filled in.
    """

    id: str
    severity: Severity
    title: str
    detail: str
    seen: str
    remedy: str
    source: str = ""
    action: Action | None = None


class Choice(Value, frozen=True, kw_only=True):
    """One profile judged for one machine. ``why`` is its reason in one sentence; ``findings``
    include the machine's; ``advisories`` concern its pins.
    """

    profile: Profile
    verdict: ReadyVerdict
    why: str
    findings: tuple[Finding, ...] = ()
    recommended: bool = False
    tag: str = ""
    advisories: tuple[Advisory, ...] = ()


class EvidenceLine(Value, frozen=True, kw_only=True):
    """One line of a log that proves a cause; ``line`` counts from 1."""

    line: int
    text: str


class Fix(Value, frozen=True, kw_only=True):
    """What mends a cause. ``automatic`` when the program can carry it out by itself, through
    ``remedy``.

    ``does`` then says exactly what it would do; ``text`` and ``steps`` are what a person can do
    anywhere.
    """

    automatic: bool
    text: str
    steps: tuple[str, ...] = ()
    remedy: str | None = None
    does: str = ""


class OtherCause(Value, frozen=True, kw_only=True):
    """A cause that it may be instead: why it is thought of, and a first thing to look at. It never
    carries a remedy.
    """

    cause: str
    why: str
    check: str = ""


class Diagnosis(Value, frozen=True, kw_only=True):
    """What a log says went wrong, ``diagnosis/1``. ``cause`` is a label of the taxonomy, or ``None``
    where nothing is known to be wrong or the log does not say.

    ``certain``: a line states the mechanism; ``likely``: a line fits one mechanism best. ``source``
    says where meaning and fix are from.
    """

    schema: Literal["diagnosis/1"] = "diagnosis/1"
    cause: str | None = None
    confidence: Confidence | None = None
    title: str = ""
    means: str = ""
    evidence: tuple[EvidenceLine, ...] = ()
    fix: Fix | None = None
    others: tuple[OtherCause, ...] = ()
    source: str = ""
