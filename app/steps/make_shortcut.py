"""Put an entry into the Start menu that opens a terminal with the environment active.

Uninstalling takes it away.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.model.errors import InputError
from app.model.event import AnyPayload
from app.model.message import Message
from app.model.plan import MakeShortcut
from app.steps.step_context import StepContext
from app.steps.subprocesses import say


def done(step: MakeShortcut, site: StepContext) -> str | None:
    """Found when the entry is there and names this environment: in UTF-16 inside a .lnk, in UTF-8
    in a .desktop file.
    """
    written = site.system.files.read(step.path) or b""
    environment = site.place.environment(step.environment)
    named = any(environment.encode(code) in written for code in ("utf-16-le", "utf-8"))
    return Message("{label} is in the menu.", label=step.label) if named else None


def run(step: MakeShortcut, site: StepContext) -> Iterator[AnyPayload]:
    """Write the entry where the system's menu looks for it."""
    environment = site.place.environment(step.environment)
    if not site.system.files.exists(site.place.environment_python(step.environment)):
        raise InputError(
            Message(
                "There is no environment {environment} for an entry in the menu; expected "
                "one, made by an install.",
                environment=step.environment,
            )
        )
    site.record("made", {"path": step.path, "for": step.environment})
    site.system.computer.make_shortcut(step.path, step.label, environment, site.place.home)
    yield say(f"{step.label}: {step.path}")
