"""A record that a verification wrote of itself, schema ``proof/1``: what was proven, where, when."""

from __future__ import annotations

from typing import Literal

from app.model.value import Value


class Proof(Value, frozen=True, kw_only=True):
    """Nobody's name is in it. ``scope`` is ``locked`` only where every installed version is the
    lock's; else ``components``, with the differences in words.

    ``lock`` is the SHA-256 of the profile's locks for the system, ``versions`` every installed
    package, ``passed`` the checks that passed, ``figures`` what was measured with its unit in the
    name. ``system`` names Wine, WSL and containers.
    """

    schema: Literal["proof/1"] = "proof/1"
    profile: str
    scope: Literal["locked", "components"]
    lock: str
    date: str
    system: str
    card: str | None = None
    driver: str | None = None
    passed: tuple[str, ...] = ()
    figures: dict[str, float] = {}
    differences: tuple[str, ...] = ()
    versions: dict[str, str] = {}
