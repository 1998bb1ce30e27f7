"""How a command ended, schema ``result/1``: the last object of a stream, or the only one."""

from __future__ import annotations

from typing import Any, Literal

from app.model.value import Value


class ResultError(Value, frozen=True, kw_only=True):
    """What went wrong. ``code`` is a stable name; ``cause`` a label of the known issues, where one
    was named; ``remedy`` what to do next, empty where nothing is known.
    """

    code: str
    message: str
    cause: str | None = None
    remedy: str = ""


class ResultPaths(Value, frozen=True, kw_only=True):
    """Where things lie on this computer; ``None`` where there is none."""

    environment: str | None = None
    python: str | None = None
    log: str | None = None
    report: str | None = None


class Result(Value, frozen=True, kw_only=True):
    """``changed`` is false where nothing but logs, caches and records was touched."""

    schema: Literal["result/1"] = "result/1"
    outcome: Literal["finished", "failed", "stopped"]
    changed: bool = False
    verdict: Any = None
    error: ResultError | None = None
    paths: ResultPaths = ResultPaths()
