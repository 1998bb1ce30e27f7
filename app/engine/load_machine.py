"""Reading what people hand in: machine files and reports that hold one."""

from __future__ import annotations

from app.model.event import StepEvent
from app.model.machine import MachineFacts, decode_machine
from app.model.plan import Plan
from app.model.stored_messages import restore_messages

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # with files in it, and without any


def load_machine(data: bytes, name: str) -> tuple[MachineFacts, tuple[StepEvent, ...]]:
    """A machine file, or a report's zip with the machine file and the recorded events in it."""
    if data.startswith(_ZIP):
        from app.report import read_events, read_machine, read_messages  # only a report needs it

        found = decode_machine(read_machine(data, name), name), read_events(data, name)
        return restore_messages(found, read_messages(data, name))
    return decode_machine(data, name), ()


def recorded_run(data: bytes, name: str) -> tuple[str | None, Plan | None]:
    """The profile that a report's run was of and its plan; nothing for a plain machine file."""
    if not data.startswith(_ZIP):
        return None, None
    from app.report import read_messages, read_plan, read_profile

    plan = restore_messages(read_plan(data, name), read_messages(data, name))
    return read_profile(data, name), plan
