"""Says in one sentence which field of a file is wrong, and what was expected there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from app.model.encoding import encode

_STEP = re.compile(r"\[(\.\.\.|\d+)\]|([^.\[\]]+)")
_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}


def field_sentence(message: str, value: Any, kind: type[msgspec.Struct]) -> str:
    """msgspec's message (``Expected `int`, got `str` - at `$.gpus[0].index```) in words, for
    ``value`` read as ``kind``.
    """
    reason, _, where = message.partition(" - at ")
    steps = [found[1] or found[2] for found in _STEP.finditer(where.strip("`").removeprefix("$"))]
    steps, given, wanted = _resolve_steps(steps, value, kind)
    field = _format_path(steps)
    lacks = re.search(r"(unknown|missing required) field `([^`]*)`", reason)
    if lacks is None:
        found = ", but found " + _describe_value(given)
        if not field:
            return f"{_describe_kind(wanted)} was expected{found}."
        return f'the field "{field}" is wrong: expected {_describe_bound(reason) or _describe_kind(wanted)}{found}.'
    name = f"{field}.{lacks[2]}" if field else lacks[2]
    if lacks[1] == "unknown":
        return (
            f'the field "{name}" is not known; expected one of '
            f"{', '.join(f.name for f in msgspec.structs.fields(wanted))}."
        )
    return (
        f'the field "{name}" is missing; expected '
        f"{_describe_kind(get_type_hints(wanted, include_extras=True)[lacks[2]])}."
    )


def _resolve_steps(steps: Sequence[str], value: Any, kind: Any) -> tuple[list[str], Any, Any]:
    """The steps with the keys that msgspec leaves out (``[...]``), and what is there: the value and
    its kind.
    """
    walked: list[str] = []
    for step in steps:
        kind = _unwrap_kind(kind)
        if step == "...":
            inner = get_args(kind)[1]
            step = next(key for key, entry in value.items() if not isinstance(entry, inner))
            kind = inner
        else:
            kind = (
                get_args(kind)[0]
                if step.isdigit()
                else get_type_hints(kind, include_extras=True)[step]
            )
        value = value[int(step)] if step.isdigit() and isinstance(value, list) else value[step]
        walked.append(step)
    return walked, value, _unwrap_kind(kind) if isinstance(value, dict) else kind


def _unwrap_kind(kind: Any) -> Any:
    """A kind without its ``None`` and its bounds."""
    if get_origin(kind) in (UnionType, Union):
        kind = next(one for one in get_args(kind) if one is not NoneType)
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _describe_kind(kind: Any) -> str:
    """What a kind takes: ``a whole number or null``, ``one of windows, linux, macos``."""
    origin = get_origin(kind)
    if origin in (UnionType, Union):
        return " or ".join(_describe_kind(one) for one in get_args(kind))
    if origin is Literal:
        return f"one of {', '.join(map(str, get_args(kind)))}"
    if origin is Annotated:
        return _describe_kind(get_args(kind)[0])
    if origin in (tuple, dict):
        return _WORDS["array" if origin is tuple else "object"]
    return _WORDS[
        "null" if kind is NoneType else kind.__name__ if kind.__name__ in _WORDS else "object"
    ]


def _describe_bound(reason: str) -> str:
    low = re.search(r">= (\d+)", reason)
    return f"a whole number, {low[1]} or more" if low else ""


def _describe_value(value: Any) -> str:
    return (
        "an object"
        if isinstance(value, dict)
        else "a list"
        if isinstance(value, list)
        else json_text(value)
    )


def _format_path(steps: Sequence[str]) -> str:
    """``gpus[0].index``."""
    text = ""
    for step in steps:
        text += f"[{step}]" if step.isdigit() else f".{step}" if text else step
    return text


def json_text(value: object) -> str:
    """A value as JSON for a sentence, cut where it gets long."""
    text = encode(value).decode("utf-8", "replace")
    return text if len(text) <= 60 else text[:57] + "..."
