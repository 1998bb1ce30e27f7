"""The desired and the actual state of one home, as DSC engines ask and are told.

``dsc get``, ``test``, ``set``, ``whatif``, ``export``.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from app.model.value import Value
from app.model.verdict import Overall


class WhatIf(Value, frozen=True, kw_only=True):
    """What ``set`` would do, a sentence each."""

    what_if: tuple[str, ...] = msgspec.field(default=(), name="whatIf")


class Desired(Value, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """One instance. The first fields are asked for, those from ``environment`` on are only told.

    ``exist`` says whether a setup is to be there; ``in_desired_state`` and ``metadata`` are DSC's own
    properties.
    """

    scope: Literal["user", "all-users"] = "user"
    home: str | None = None
    profile: str | None = None
    index: str | None = None
    pytorch_index: str | None = None
    offline: str | None = None
    answers: str | None = None
    exist: bool = msgspec.field(default=True, name="_exist")
    environment: str | None = None
    python: str | None = None
    path: str | None = None
    verdict: Overall | None = None
    proven_at: str | None = None
    drift: tuple[str, ...] = ()
    program_version: str | None = None
    blocked: tuple[str, ...] = ()
    in_desired_state: bool | None = msgspec.field(default=None, name="_inDesiredState")
    metadata: WhatIf | None = msgspec.field(default=None, name="_metadata")


TOLD = (
    *("environment", "python", "path", "verdict", "provenAt", "drift"),
    *("programVersion", "blocked", "_inDesiredState"),
)
