"""Messages that outlive their program run: taken apart beside the English of a file.

A file holds every sentence in English, where anybody may read it. Beside them lie the templates and
values of those that have any, so that a window in another language says them as it says new ones.
A sentence without values is its own template and needs none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from app.model.message import Message
from app.model.value import Value

AnyValue = TypeVar("AnyValue")


class MessageParts(Value, frozen=True, kw_only=True):
    """A message taken apart; a value may be the parts of another, or a list of any."""

    text: str
    values: dict[str, Any] = {}


def collect_messages(value: object) -> tuple[MessageParts, ...]:
    """The parts of every message with values in a value, each once."""
    found: dict[Message, MessageParts] = {}

    def note(part: object) -> None:
        if isinstance(part, Message):
            if part.values:
                found[part] = MessageParts(**_take_apart(part))
        elif isinstance(part, msgspec.Struct):
            for name in part.__struct_fields__:
                note(getattr(part, name))
        elif isinstance(part, list | tuple):
            for one in part:
                note(one)

    note(value)
    return tuple(found.values())


def build_message(parts: MessageParts) -> Message:
    """The message of its parts. Raises ``ValueError`` (msgspec's too) where they fit no message."""
    return Message(parts.text, **{name: _build(one) for name, one in parts.values.items()})


def restore_messages(value: AnyValue, stored: Iterable[MessageParts]) -> AnyValue:
    """The same value with every text that a stored message reads as in English being that message.

    Parts that fit no message are passed over: the English stays.
    """
    known: dict[str, Message] = {}
    for parts in stored:
        try:
            made = build_message(parts)
        except ValueError:
            continue
        known[str(made)] = made

    def put_back(part: Any) -> Any:
        if isinstance(part, str):
            return known.get(part, part)
        if isinstance(part, msgspec.Struct):
            fields = {name: getattr(part, name) for name in part.__struct_fields__}
            return msgspec.structs.replace(part, **{n: put_back(one) for n, one in fields.items()})
        if isinstance(part, list | tuple):
            return type(part)(put_back(one) for one in part)
        return part

    return put_back(value) if known else value


def _take_apart(value: Any) -> Any:
    if isinstance(value, Message):
        values = {name: _take_apart(one) for name, one in value.values.items()}
        return {"text": value.text, "values": values}
    if isinstance(value, list | tuple):
        return [_take_apart(one) for one in value]
    return value


def _build(value: Any) -> Any:
    if isinstance(value, dict):
        return build_message(msgspec.convert(value, MessageParts))
    if isinstance(value, list):
        return tuple(_build(one) for one in value)
    return value
