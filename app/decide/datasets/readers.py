"""Reads text as records, each with its line: JSON lines, JSON, tables and plain text.

What cannot be read is a bad row, not an end.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from app.decide.datasets.columns import find_roles, is_columns, list_names, normalise
from app.model.dataset import BadRow, RowUnit
from app.model.errors import InputError
from app.model.message import Message
from app.model.value import Value

_LARGEST_CELL = 1 << 30
_SPACE = re.compile(r"[ \t\r\n]*")


class DataRecord(Value, frozen=True, kw_only=True):
    """One row as it was read: the line at which it begins (from 1) and its keys and values."""

    line: int
    fields: dict[str, Any]


class _DuplicateKeyError(ValueError):
    """A JSON object names one key twice: one of the values would be lost."""


def read_json_lines(text: str) -> Iterator[DataRecord | BadRow]:
    """One JSON object a line; empty lines are passed over."""
    for number, line in enumerate(_split_lines(text), 1):
        if not line.strip():
            continue
        try:
            value = _DECODER.decode(line.strip())
        except json.JSONDecodeError as fault:
            ends = line.rstrip().endswith(",") and fault.msg == "Extra data"
            why = (
                "it ends with a comma, which JSON lines have not"
                if ends
                else f"{fault.msg} at column {fault.colno}"
            )
            yield BadRow(line=number, code="not-json", reason=f"not JSON: {why}")
        except _DuplicateKeyError as fault:
            yield BadRow(line=number, code="key-twice", reason=str(fault))
        except (ValueError, RecursionError):
            yield BadRow(
                line=number,
                code="not-json",
                reason="not JSON that can be read: too deep, or a number too long",
            )
        else:
            yield _to_record(number, value)


def read_json(
    name: str, text: str, list_name: str | None = None
) -> tuple[str | None, Iterator[DataRecord | BadRow]]:
    """An array of objects, an object with one such list inside (its name is returned), or objects one after another.

    Raises ``InputError`` where the file is not JSON, or where several lists could be meant and ``list_name`` names none.
    """
    start = _skip_space(text, 0)
    if text.startswith("[", start):
        return None, _iterate_elements(name, text, start)
    try:
        members = _locate_members(name, text, start)
    except _SeveralObjectsError:
        return None, _iterate_objects(name, text, start)
    lists = {key: at for key, (at, value) in members.items() if isinstance(value, list)}
    rows = {
        key: at
        for key, at in lists.items()
        if any(isinstance(item, dict) for item in members[key][1])
    }
    if list_name is not None:
        if list_name not in lists:
            raise InputError(
                Message(
                    "{name} has no list {list}; it has {names}.",
                    name=name,
                    list=repr(list_name),
                    names=list_names(lists),
                )
            )
        return list_name, _iterate_elements(name, text, lists[list_name])
    values = {key: value for key, (_, value) in members.items()}
    if is_columns(values):
        return None, _transpose_columns(values)
    if find_roles(list(values)):
        return None, iter([_to_record(1, values)])
    if len(rows) == 1:
        only = next(iter(rows))
        return only, _iterate_elements(name, text, rows[only])
    if rows:
        raise InputError(
            Message(
                "{name} holds several lists of rows: {names}; say which one to use.",
                name=name,
                names=list_names(rows),
            )
        )
    raise InputError(
        Message(
            "{name} is one JSON object without a list of rows; expected an array of "
            "objects, or one list inside.",
            name=name,
        )
    )


def read_table(
    name: str, text: str, delimiter: str, header: bool = True
) -> Iterator[DataRecord | BadRow]:
    """Rows of CSV or TSV under their header. Without one the columns are called 1, 2, 3 …

    Raises ``InputError`` for a header that names a column twice or not at all.
    """
    csv.field_size_limit(_LARGEST_CELL)  # the module's own is 128 KiB, which a long answer exceeds
    offset = 0
    if text[:4].lower() == "sep=":
        text, offset = text.partition("\n")[2], 1
    # Line ends inside a cell stay as they are; the reader counts the lines itself.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] | None = None
    while True:
        begin = reader.line_num + 1 + offset
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            why = (
                "a quotation mark is opened and never closed"
                if "unexpected end" in str(fault)
                else str(fault)
            )
            yield BadRow(line=begin, code="bad-table-row", reason=f"not a row of the table: {why}")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if names is None:
            names = (
                _read_header(name, cells) if header else [str(i) for i in range(1, len(cells) + 1)]
            )
            if header:
                continue
        if len(cells) != len(names):
            yield BadRow(
                line=begin,
                code="cell-count",
                reason=f"it has {len(cells)} cells, the header has {len(names)}",
            )
        else:
            yield DataRecord(line=begin, fields=dict(zip(names, cells, strict=True)))


def read_text(text: str, unit: RowUnit) -> Iterator[DataRecord | BadRow]:
    """Plain text: the whole as one row, or a row for each paragraph (blank lines between) or line."""
    if unit == "document":
        if text.strip():
            yield DataRecord(line=1, fields={"text": text})
        return
    gathered: list[str] = []
    begin = 1
    for number, line in enumerate([*_split_lines(text), ""], 1):
        if line.strip():
            begin = begin if gathered else number
            gathered.append(line)
        if gathered and (unit == "line" or not line.strip()):
            yield DataRecord(line=begin, fields={"text": "\n".join(gathered)})
            gathered = []


class _SeveralObjectsError(Exception):
    """After the first JSON object comes another one."""


def _refuse_duplicate_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _DuplicateKeyError(f"the key '{twice}' stands twice")
    return fields


_DECODER = json.JSONDecoder(object_pairs_hook=_refuse_duplicate_keys)


def _split_lines(text: str) -> list[str]:
    """Lines at line feeds (old Macs: carriage returns) alone: ``splitlines`` also cuts at signs that JSON strings may hold."""
    if "\n" not in text and "\r" in text:
        return text.split("\r")
    return [line.removesuffix("\r") for line in text.split("\n")]


def _to_record(line: int, value: object) -> DataRecord | BadRow:
    if not isinstance(value, dict):
        kind = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}.get(
            type(value), "a number"
        )
        return BadRow(
            line=line, code="not-an-object", reason=f"{kind} instead of an object with named values"
        )
    return DataRecord(line=line, fields=value)


def _skip_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _decode_value_at(name: str, text: str, at: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as fault:
        _raise_not_json(name, text, fault.pos, fault.msg)
    except _DuplicateKeyError as fault:
        _raise_not_json(name, text, at, str(fault))
    except (ValueError, RecursionError):
        _raise_not_json(name, text, at, "too deep, or a number too long")


def _raise_not_json(name: str, text: str, at: int, why: str) -> NoReturn:
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    raise InputError(
        Message(
            "{name} is not JSON: line {line}, column {column}: {why}.",
            name=name,
            line=line,
            column=column,
            why=why,
        )
    )


def _iterate_elements(name: str, text: str, start: int) -> Iterator[DataRecord | BadRow]:
    """The elements of the array that begins at ``start``, each with the line at which it begins."""
    at, line, counted = _skip_space(text, start + 1), 1, 0
    if text.startswith("]", at):
        return
    while True:
        line, counted = line + text.count("\n", counted, at), at
        value, at = _decode_value_at(name, text, at)
        yield _to_record(line, value)
        at = _skip_space(text, at)
        if text.startswith("]", at):
            return
        if not text.startswith(",", at):
            _raise_not_json(
                name,
                text,
                at,
                "a comma or the closing bracket is missing, as where a file was cut off",
            )
        at = _skip_space(text, at + 1)


def _iterate_objects(name: str, text: str, start: int) -> Iterator[DataRecord | BadRow]:
    """Objects one after another, over several lines each."""
    at, line, counted = start, 1, 0
    while at < len(text):
        line, counted = line + text.count("\n", counted, at), at
        value, at = _decode_value_at(name, text, at)
        yield _to_record(line, value)
        at = _skip_space(text, at)


def _locate_members(name: str, text: str, start: int) -> dict[str, tuple[int, Any]]:
    """Key to (position of its value, value) of the one object of a file."""
    members: dict[str, tuple[int, Any]] = {}
    _, end = _decode_value_at(
        name, text, start
    )  # a sound object, so that the walk below needs no checks
    if _skip_space(text, end) < len(text):
        raise _SeveralObjectsError
    at = _skip_space(text, start + 1)
    while not text.startswith("}", at):
        key, at = _decode_value_at(name, text, at)
        at = _skip_space(text, _skip_space(text, at) + 1)
        begin = at
        value, at = _decode_value_at(name, text, at)
        members[key] = (begin, value)
        at = _skip_space(text, at)
        at = _skip_space(text, at + 1) if text.startswith(",", at) else at
    return members


def _transpose_columns(columns: dict[str, Any]) -> Iterator[DataRecord | BadRow]:
    lists = {
        key: list(value.values()) if isinstance(value, dict) else value
        for key, value in columns.items()
    }
    for number, cells in enumerate(zip(*lists.values(), strict=True), 1):
        yield DataRecord(line=number, fields=dict(zip(lists, cells, strict=True)))


def _read_header(name: str, cells: list[str]) -> list[str]:
    names = [cell.strip() or f"column {number}" for number, cell in enumerate(cells, 1)]
    normal = [normalise(cell) for cell in names]
    twice = next((names[i] for i, cell in enumerate(normal) if cell in normal[:i]), None)
    if twice is not None:
        raise InputError(
            Message(
                "The header of {name} names the column {twice} twice.", name=name, twice=repr(twice)
            )
        )
    return names
