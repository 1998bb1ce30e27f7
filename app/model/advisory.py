"""A published security advisory on a package, as ``resources/advisories.toml`` holds it."""

from __future__ import annotations

from app.model.value import Value


class Advisory(Value, frozen=True, kw_only=True):
    """``affected`` is a PEP 440 range of ``package``; ``beside`` maps other packages to ranges that
    must hold too. ``score`` is from 0 to 10 on ``scale``, ``None`` where none is published.
    """

    id: str
    package: str
    affected: str
    summary: str
    source: str
    date: str
    aliases: tuple[str, ...] = ()
    beside: dict[str, str] = {}
    fixed_in: str = ""
    score: float | None = None
    scale: str = ""


class Advisories(Value, frozen=True, kw_only=True):
    """All of ``resources/advisories.toml``."""

    advisory: tuple[Advisory, ...] = ()
