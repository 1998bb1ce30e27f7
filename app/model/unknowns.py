"""Reads ``null`` as "could not be found out" wherever a file may leave a fact open.

Before the file's types are checked.
"""

from __future__ import annotations

from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

Fields = dict[str, Any]


def drop_nulls(value: Fields, kind: type[msgspec.Struct]) -> tuple[Fields, tuple[str, ...]]:
    """The object as ``kind`` takes it, and the places of list items that had to be left out.

    A null field that may be absent counts as unknown: an object with nothing known in it, an empty
    list, an empty table. An entry of a table that is null is not set. An item of a list, or an
    object that may be null, whose required field is null says nothing about anything and is left
    out. All other nulls stay, for the types to refuse.
    """
    left: list[str] = []
    return _clean_object(value, kind, "", left), tuple(left)


# the window reads thirty machine files for its menu, and looking kinds up again took 3 ms for each
@cache
def _field_kinds(kind: type[msgspec.Struct]) -> dict[str, tuple[Any, bool, bool]]:
    """Each field's kind, whether it has to be there, and whether it may be null."""
    types = get_type_hints(kind)
    return {
        f.name: (types[f.name], f.required, _may_be_null(types[f.name]))
        for f in msgspec.structs.fields(kind)
    }


def _clean_object(value: Fields, kind: type[msgspec.Struct], where: str, left: list[str]) -> Fields:
    fields = _field_kinds(kind)
    made: Fields = {}
    for name, given in value.items():
        inner, required, nullable = fields.get(name, (None, True, True))
        if given is not None:
            made[name] = (
                _clean_value(given, inner, f"{where}{name}", left)
                if isinstance(given, dict | list)
                else given
            )
        elif required or nullable:
            made[name] = None
        elif isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            made[name] = {
                field: None for field, (_, _, open_) in _field_kinds(inner).items() if open_
            }
    return made


def _clean_value(given: Any, kind: Any, where: str, left: list[str]) -> Any:
    optional = _may_be_null(kind)
    if optional:
        kind = next((k for k in get_args(kind) if k is not type(None)), kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(given, dict):
        return (
            None
            if optional and _missing_required_field(given, kind)
            else _clean_object(given, kind, where + ".", left)
        )
    if get_origin(kind) is tuple and isinstance(given, list):
        return _clean_items(given, get_args(kind)[0], where, left)
    if get_origin(kind) is dict and isinstance(given, dict):
        return {key: entry for key, entry in given.items() if entry is not None}
    return given


def _clean_items(given: list[Any], kind: Any, where: str, left: list[str]) -> list[Any]:
    made = []
    for number, item in enumerate(given):
        lacks = (
            _missing_required_field(item, kind)
            if isinstance(item, dict) and isinstance(kind, type)
            else None
        )
        if lacks:
            left.append(f"{where}[{number}].{lacks}")
        else:
            made.append(_clean_value(item, kind, f"{where}[{number}]", left))
    return made


def _missing_required_field(given: Fields, kind: type[msgspec.Struct]) -> str | None:
    """The first required field that is there and null."""
    needed = (name for name, (_, required, _) in _field_kinds(kind).items() if required)
    return next((name for name in needed if name in given and given[name] is None), None)


def _may_be_null(kind: Any) -> bool:
    return get_origin(kind) in (UnionType, Union) and type(None) in get_args(kind)
