"""Swap the pointer file to the proven environment; the one before stays for a rollback."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from app.model.errors import ExitCode, ExpectedError
from app.model.event import AnyPayload
from app.model.message import Message
from app.model.plan import Activate
from app.model.pointer import Pointer, decode_pointer, encode_pointer
from app.model.verdict import Verification
from app.steps.step_context import StepContext
from app.steps.subprocesses import say

NOT_PROVEN = "not-proven"  # the code of the fault where the checks, not this step, failed


def done(step: Activate, site: StepContext) -> str | None:
    """Found when the pointer names this environment already."""
    pointer = read_pointer(site)
    return (
        Message("{environment} is the active environment.", environment=step.environment)
        if pointer is not None and pointer.active == step.environment
        else None
    )


def run(step: Activate, site: StepContext) -> Iterator[AnyPayload]:
    """Replace ``active.json`` atomically, only when the recorded verification says that the
    environment works.
    """
    data = site.system.files.read(site.place.verification(step.environment))
    verdict = (
        msgspec.json.decode(data, type=Verification).overall if data is not None else "not_checked"
    )
    if verdict == "broken" or (verdict == "not_checked" and site.answers.verify != "none"):
        raise ExpectedError(
            NOT_PROVEN,
            Message(
                "{environment} did not pass its verification, so it was not made active.",
                environment=step.environment,
            ),
            hint=Message(
                "What was active before still is. The failed checks above say what to do."
            ),
            exit_code=ExitCode.NOT_WORKING,
        )
    before = read_pointer(site)
    previous = before.active if before is not None else None
    site.record(
        "swapped", {"path": site.place.pointer, "from": previous or "", "to": step.environment}
    )
    pointer = Pointer(
        active=step.environment, profile=step.profile, previous=previous, at=site.system.clock.now()
    )
    old = site.system.files.read(site.place.pointer)
    site.system.files.write(site.place.pointer, encode_pointer(pointer, old))
    yield say(
        f"active environment: {step.environment}" + (f" (before: {previous})" if previous else "")
    )


def read_pointer(site: StepContext) -> Pointer | None:
    """The pointer file. Raises ``InputError`` naming the file when it is not one."""
    data = site.system.files.read(site.place.pointer)
    return None if data is None else decode_pointer(data, site.place.pointer)
