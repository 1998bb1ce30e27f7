"""Values as JSON and as plain builtins: the only place that does, since it renders messages."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from app.model.message import Message


def encode(value: object, order: Literal["deterministic", "sorted"] | None = None) -> bytes:
    """A value as JSON, messages in English. ``order`` is msgspec's."""
    return msgspec.json.encode(value, enc_hook=_render_message, order=order)


def to_builtins(value: object) -> Any:
    """A value as dicts, tuples and plain texts, messages in English."""
    return msgspec.to_builtins(value, enc_hook=_render_message)


def _render_message(value: object) -> str:
    """For msgspec, which asks about every kind that it does not know."""
    if isinstance(value, Message):
        return str(value)
    raise NotImplementedError(f"{type(value).__name__} has no form in JSON")
