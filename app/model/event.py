"""What a running plan tells: one envelope (at, step, what) around one of a few events."""

from __future__ import annotations

from typing import Any

from app.model.advice import Diagnosis
from app.model.encoding import to_builtins
from app.model.value import Value


class EventPayload(Value, tag_field="what", frozen=True, kw_only=True):
    """Something that happened in a step."""


class Started(EventPayload, tag="started", frozen=True, kw_only=True):
    """The step begins."""

    title: str = ""


class Skipped(EventPayload, tag="skipped", frozen=True, kw_only=True):
    """The step was already done: the disk says so. ``why`` tells what was found."""

    why: str = ""


class Line(EventPayload, tag="line", frozen=True, kw_only=True):
    """Raw output, one or many lines as they came (UTF-8, undecodable bytes replaced by the reader).

    A chunk, not a line: a signal or an object for each line freezes a window for seconds (measured
    50 to 70 s for a million lines); faces split it where they need lines.
    """

    text: bytes


class Progress(EventPayload, tag="progress", frozen=True, kw_only=True):
    """``done`` of ``total`` in ``unit`` (``bytes``, ``files``, ``steps``); ``rate`` in units a
    second.
    """

    done: float
    total: float | None = None
    unit: str = "bytes"
    rate: float | None = None
    note: str = ""


class Quiet(EventPayload, tag="quiet", frozen=True, kw_only=True):
    """The child has said nothing for ``seconds``; that alone is never a reason to kill it."""

    seconds: float


class Measured(EventPayload, tag="measured", frozen=True, kw_only=True):
    """One measured value of a check; ``value`` is any JSON value, ``detail`` holds what belongs to
    it.
    """

    name: str
    value: Any = None
    unit: str | None = None
    detail: dict[str, Any] = {}


class Finished(EventPayload, tag="finished", frozen=True, kw_only=True):
    """The step is done."""

    seconds: float = 0.0


class Failed(EventPayload, tag="failed", frozen=True, kw_only=True):
    """The step failed: what people read, the details for experts, and what diagnosis made of it."""

    code: str
    message: str
    details: str = ""
    hint: str = ""
    diagnosis: Diagnosis | None = None


class Stopped(EventPayload, tag="stopped", frozen=True, kw_only=True):
    """The user stopped the plan here; everything so far can be gone on with."""


AnyPayload = Started | Skipped | Line | Progress | Quiet | Measured | Finished | Failed | Stopped


class StepEvent(Value, frozen=True, kw_only=True):
    """One event with its time (seconds since the run began) and its step's id."""

    at: float
    step: str
    what: AnyPayload


def flat(event: StepEvent) -> dict[str, Any]:
    """The event as the one-level JSON object of the contract: ``at``, ``step``, ``what`` and the
    fields.
    """
    fields = to_builtins(event.what)
    if isinstance(event.what, Line):
        fields["text"] = event.what.text.decode("utf-8", "replace")
    return {"at": round(event.at, 3), "step": event.step, **fields}
