"""Runs uv and interpreters in a step.

Output as lines, a bad end as an error with its last words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from app.model import limits
from app.model.child_exit import describe_exit
from app.model.errors import ExpectedError
from app.model.event import AnyPayload, Line, Quiet
from app.model.message import Message
from app.ports import Command, Exit, Output, Silence
from app.steps.child_environment import child_environment
from app.steps.step_context import StepContext

_TAIL = 60_000
_BEAT = 2.0  # seconds


def say(text: str) -> Line:
    """One line of our own for the log."""
    return Line(text=(text + "\n").encode("utf-8", "replace"))


def run_child(
    site: StepContext,
    argv: tuple[str, ...],
    what: str,
    *,
    python: str | None = None,
    limit: float | None = None,
    extra: dict[str, str] | None = None,
    watch: Callable[[], AnyPayload] | None = None,
) -> Iterator[AnyPayload]:
    """Run one child, its command shown first. A non-zero end raises
    ``ExpectedError('child-failed')``.

    ``what`` completes the sentence "… failed"; ``details`` of the error is the end of the child's
    output. ``watch`` tells how far a child is that says nothing itself: it is called every two
    seconds of silence.
    """
    tail = bytearray()
    yield say("> " + " ".join(_quote_argument(a) for a in argv))
    environment = child_environment(site, python) | (extra or {})
    for item in site.system.processes.stream(
        Command(
            argv=argv,
            env=environment,
            folder=site.place.home,
            beat=None if watch is None else _BEAT,
        ),
        limit,
    ):
        if isinstance(item, Output):
            tail += item.data
            del tail[:-_TAIL]
            yield Line(text=item.data)
        elif isinstance(item, Silence):
            yield Quiet(seconds=item.seconds) if watch is None else watch()
        elif isinstance(item, Exit) and item.code != 0:
            raise ExpectedError(
                "child-failed",
                Message("{what} failed ({ending}).", what=what, ending=describe_exit(item.code)),
                details=bytes(tail).decode("utf-8", "replace"),
            )


def freeze(python: str, site: StepContext) -> str | None:
    """What is installed beside an interpreter (``uv pip freeze``); ``None`` where that cannot be
    told.

    Without a cache: uv would make one where the user keeps his, and nothing but what was chosen may
    change.
    """
    answer = site.system.processes.capture(
        (site.system.computer.uv(), "pip", "freeze", "--no-cache", "--python", python),
        limits.UV_ANSWER,
        child_environment(site),
    )
    return answer.out if answer.code == 0 else None


def _quote_argument(argument: str) -> str:
    return f'"{argument}"' if " " in argument or not argument else argument
