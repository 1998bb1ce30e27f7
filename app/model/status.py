"""What is installed here and how far it is proven, schema ``status/1``."""

from __future__ import annotations

from typing import Literal

from app.model.value import Value
from app.model.verdict import Overall


class ProgramAge(Value, frozen=True, kw_only=True):
    """``knowledge`` is the day on which the newest setup was pinned, ``fresh_until`` the day after
    which newer ones are likely (both UTC).
    """

    version: str
    knowledge: str
    fresh_until: str


class Drift(Value, frozen=True, kw_only=True):
    """One package that is not as its lock has it. ``missing_files`` counts files of its RECORD that
    are gone.
    """

    package: str
    locked: str | None = None
    found: str | None = None
    missing_files: int = 0
    text: str = ""


class TrainingRun(Value, frozen=True, kw_only=True):
    """One training run under home."""

    id: str
    state: Literal["finished", "stopped", "failed"]
    resumable: bool = False


class Status(Value, frozen=True, kw_only=True):
    """``path`` is the stable one, ``environment`` the folder behind it. ``verdict`` is of what lies
    there now: ``not_checked`` where it has changed since it was verified.
    """

    schema: Literal["status/1"] = "status/1"
    program: ProgramAge
    home: str
    scope: Literal["user", "all-users"] = "user"
    installed: bool = False
    profile: str | None = None
    environment: str | None = None
    python: str | None = None
    path: str | None = None
    verdict: Overall = "not_checked"
    proven_at: str | None = None
    drift: tuple[Drift, ...] = ()
    packages_added: tuple[str, ...] = ()
    previous: str | None = None
    newer_profile: str | None = None
    newer_program: str | None = None
    exports: tuple[str, ...] = ()
    runs: tuple[TrainingRun, ...] = ()
