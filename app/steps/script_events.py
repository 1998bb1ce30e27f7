"""What a script inside an environment says, line by line.

Its JSON lines are events, the rest is log.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import msgspec

from app.model import limits
from app.model.event import AnyPayload, Failed, Finished, Line, Measured, Progress, Quiet
from app.model.stored_messages import MessageParts, build_message
from app.ports import Command, Exit, Output, Silence
from app.steps.step_context import StepContext

_TAIL = 60_000


@dataclass(frozen=True)
class ScriptEnd:
    """How a script ended: its exit code, its own last ``failed``, whether it said ``finished``, and
    the end of what it printed beside its events.
    """

    code: int
    failed: Failed | None
    whole: bool
    tail: str


def relay(
    site: StepContext,
    command: Command,
    seconds: float | None,
    most: int,
    on_stop: Callable[[], None] | None = None,
    passes: Callable[[AnyPayload], bool] = lambda _: True,
) -> Generator[AnyPayload, None, ScriptEnd]:
    """Run a script and hand on what it tells, of its events those that ``passes`` takes. Events
    beyond ``most`` bytes count as output.

    ``on_stop`` as in ``Processes.stream``. Raises what that raises.
    """
    tail, rest, failed, event_bytes, whole, code = bytearray(), b"", None, 0, False, 0
    empty = (
        False  # a script ends a half-written line, a bar's, before each event: no line of its own
    )
    for item in site.system.processes.stream(command, seconds, on_stop):
        if isinstance(item, Silence):
            yield Quiet(seconds=item.seconds)
        elif isinstance(item, Output):
            *lines, rest = (rest + item.data).split(b"\n")
            if len(rest) > limits.CHILD_LINE:  # a line without end waits for none
                lines, rest = [*lines, rest], b""
            for line in lines:
                happening = read_event(line) if event_bytes + len(line) <= most else None
                event_bytes += len(line) if happening is not None else 0
                if empty and happening is None:
                    tail += b"\n"
                    yield Line(text=b"\n")
                empty = happening is None and not line.strip()
                if isinstance(happening, Failed):
                    failed = happening
                elif isinstance(happening, Finished):
                    whole = True  # the runner tells the end of the step
                elif happening is not None:
                    if passes(happening):
                        yield happening
                elif not empty:
                    tail += line + b"\n"
                    yield Line(text=line + b"\n")
            del tail[:-_TAIL]
        elif isinstance(item, Exit):
            code = item.code
            if rest:
                yield Line(text=rest + b"\n")
    return ScriptEnd(code, failed, whole, bytes(tail).decode("utf-8", "replace"))


def read_event(line: bytes) -> Measured | Progress | Failed | Finished | None:
    """One line of a script's output as an event, or ``None`` when it is ordinary output."""
    if not line.lstrip().startswith(b"{"):
        return None
    try:
        fields: Any = msgspec.json.decode(line)
        if not isinstance(fields, dict) or "what" not in fields:
            return None
        template = fields.pop("template", None)
        found = msgspec.convert(fields, type=Measured | Progress | Failed | Finished)
        if isinstance(found, Failed) and template is not None:
            return msgspec.structs.replace(found, message=_read_message(template, found.message))
        return found
    except (
        msgspec.DecodeError,
        UnicodeDecodeError,
        RecursionError,
    ):  # a package may print anything
        return None


def _read_message(template: object, sentence: str) -> str:
    """The message that a script took apart; the plain sentence where the two do not agree, as with a
    figure that JSON cannot hold.
    """
    try:
        made = build_message(msgspec.convert(template, MessageParts))
    except ValueError:  # msgspec's too; a format that does not fit the value
        return sentence
    return made if made == sentence else sentence
