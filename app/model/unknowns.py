"""Reads ``null`` as "could not be found out" wherever a file may leave a fact open, before the file's types are checked."""

from __future__ import annotations

from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

Fields = dict[str, Any]


def opened(value: Fields, kind: type[msgspec.Struct]) -> tuple[Fields, tuple[str, ...]]:
    """The object as ``kind`` takes it, and the places of list items that had to be left out.

    A null field that may be absent counts as unknown: an object with nothing known in it, an empty list, an empty table. An
    entry of a table that is null is not set. An item of a list, or an object that may be null, whose required field is null
    says nothing about anything and is left out. All other nulls stay, for the types to refuse.
    """
    left: list[str] = []
    return _object(value, kind, "", left), tuple(left)


def _object(value: Fields, kind: type[msgspec.Struct], where: str, left: list[str]) -> Fields:
    fields, types = {f.name: f for f in msgspec.structs.fields(kind)}, get_type_hints(kind)
    made: Fields = {}
    for name, given in value.items():
        field = fields.get(name)
        if field is None or (given is None and (field.required or _may_be_null(types[name]))):
            made[name] = given
        elif given is not None:
            made[name] = _value(given, types[name], f"{where}{name}", left)
        elif isinstance(types[name], type) and issubclass(types[name], msgspec.Struct):
            made[name] = _nothing_known(types[name])
    return made


def _value(given: Any, kind: Any, where: str, left: list[str]) -> Any:
    optional = _may_be_null(kind)
    if optional:
        kind = next((k for k in get_args(kind) if k is not type(None)), kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(given, dict):
        return None if optional and _lacks(given, kind) else _object(given, kind, where + ".", left)
    if get_origin(kind) is tuple and isinstance(given, list):
        return _items(given, get_args(kind)[0], where, left)
    if get_origin(kind) is dict and isinstance(given, dict):
        return {key: entry for key, entry in given.items() if entry is not None}
    return given


def _items(given: list[Any], kind: Any, where: str, left: list[str]) -> list[Any]:
    made = []
    for number, item in enumerate(given):
        lacks = _lacks(item, kind) if isinstance(item, dict) and isinstance(kind, type) else None
        if lacks:
            left.append(f"{where}[{number}].{lacks}")
        else:
            made.append(_value(item, kind, f"{where}[{number}]", left))
    return made


def _lacks(given: Fields, kind: type[msgspec.Struct]) -> str | None:
    """The first required field that is there and null."""
    return next((f.name for f in msgspec.structs.fields(kind) if f.required and f.name in given and given[f.name] is None), None)


def _nothing_known(kind: type[msgspec.Struct]) -> Fields:
    types = get_type_hints(kind)
    return {f.name: None for f in msgspec.structs.fields(kind) if _may_be_null(types[f.name])}


def _may_be_null(kind: Any) -> bool:
    return get_origin(kind) in (UnionType, Union) and type(None) in get_args(kind)
