"""The redactor as the program makes it: with the table of ``resources/secrets.toml``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from app.decide.redaction import redact
from app.decide.redaction.redact import Redactor
from app.model.machine import MachineFacts

TABLE = (Path(__file__).resolve().parents[1] / "resources/secrets.toml").read_bytes()


def redactor(
    facts: MachineFacts | None = None,
    names: Mapping[str, str] | None = None,
    secrets: Iterable[str] = (),
) -> Redactor:
    """A redactor for one computer, with the program's own table."""
    return redact.redactor(facts, names, secrets, table=TABLE)
