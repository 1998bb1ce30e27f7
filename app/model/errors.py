"""Faults that the program expects.

Each carries its sentence for people and its details for experts.
"""

from __future__ import annotations

from enum import IntEnum

from app.model.message import Message


class ExitCode(IntEnum):
    """How a command ended, as scripts see it."""

    DONE = 0
    FAULT = 1
    BAD_INPUT = 2
    BLOCKED = 3
    STEP_FAILED = 4
    NOT_WORKING = 5
    STOPPED = 6
    NOTHING_FOUND = 7
    BUSY = 8


class ExpectedError(Exception):
    """A fault with a known shape.

    ``code`` is a short stable name, ``message`` one sentence that names the thing and what was
    expected, ``details`` the raw evidence for experts, ``hint`` what to do next.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        details: str = "",
        hint: str = "",
        exit_code: ExitCode = ExitCode.STEP_FAILED,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details
        self.hint = hint
        self.exit_code = exit_code


class InputError(ExpectedError):
    """A file, a field or an argument that people gave is wrong; the sentence names it and what was
    expected.
    """

    def __init__(self, message: str, *, details: str = "", hint: str = "") -> None:
        super().__init__(
            "bad-input", message, details=details, hint=hint, exit_code=ExitCode.BAD_INPUT
        )


class NotInstalledError(ExpectedError):
    """What a command works with was never installed here, or is gone."""

    def __init__(
        self, message: str, *, hint: str = Message("The command install makes one.")
    ) -> None:
        super().__init__("not-installed", message, hint=hint, exit_code=ExitCode.NOTHING_FOUND)


class StoppedError(Exception):
    """The user asked to stop. Adapters raise it while they block; the runner turns it into an event."""
