"""The pointer file: which environment is active and which one was before it, schema ``pointer/1``."""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

from app.model.encoding import encode, to_builtins
from app.model.errors import InputError
from app.model.message import Message

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}\Z")


class Pointer(msgspec.Struct, frozen=True, kw_only=True):
    """Read leniently: what a newer program says beside this is left aside, and kept when it is
    written again. ``active`` and ``previous`` are names of folders in ``envs/``; ``at`` is when the swap
    happened (UTC).
    """

    schema: Literal["pointer/1"] = "pointer/1"
    active: str
    profile: str
    previous: str | None = None
    at: str = ""


def decode_pointer(data: bytes, name: str) -> Pointer:
    """A pointer from its file. Names are checked: a hostile pointer cannot lead outside ``envs/``."""
    try:
        pointer = msgspec.json.decode(data, type=Pointer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(
            Message(
                "The pointer file {name} cannot be read: {error}. Expected the schema pointer/1.",
                name=name,
                error=error,
            ),
            hint=Message(
                "Run install again, or delete the file to start without an active environment."
            ),
        ) from error
    for field, value in (("active", pointer.active), ("previous", pointer.previous)):
        if value is not None and not _NAME.match(value):
            raise InputError(
                Message(
                    "The pointer file {name} names {value} in the field {field}; expected the "
                    "name of a folder in envs.",
                    name=name,
                    value=repr(value),
                    field=field,
                )
            )
    return pointer


def encode_pointer(pointer: Pointer, before: bytes | None) -> bytes:
    """The pointer as its file, with what else the file that it replaces says."""
    known = to_builtins(pointer)
    try:
        other = msgspec.json.decode(before or b"{}", type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        other = {}
    return msgspec.json.format(encode({**other, **known}))
