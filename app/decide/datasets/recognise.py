"""Recognises a file's bytes as a ``Dataset``, and gives its canonical rows.

What it is, what would be used, what must be confirmed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from app.decide.datasets import file_format, readers, text_encoding
from app.decide.datasets.columns import (
    choose_roles,
    list_names,
    map_by_hand,
    normalise,
    shape_of,
)
from app.decide.datasets.conversion import convert, is_sharegpt
from app.decide.datasets.readers import DataRecord
from app.model import limits
from app.model.dataset import (
    BadRow,
    Column,
    Confirmation,
    Dataset,
    Encoding,
    Format,
    Question,
    ReadOptions,
    Role,
)
from app.model.errors import InputError
from app.model.message import Message, joined

_EXAMPLE = 60
_SAMPLES = 3


def recognise(name: str, data: bytes, options: ReadOptions | None = None) -> Dataset:
    """What a file holds. ``name`` is for the sentences and its ending.

    Raises ``InputError`` for a file of which nothing can be said: empty, of a foreign kind, or not readable as its format.
    """
    return _Reading(name, data, options or ReadOptions()).dataset


def canonical_lines(
    name: str, data: bytes, options: ReadOptions | None = None, agreed: Confirmation | None = None
) -> Iterator[bytes]:
    """The usable rows as JSON lines in UTF-8, one ``{"messages": [...]}`` or ``{"text": ...}`` each, in the file's order.

    Raises ``InputError`` for whatever ``recognise`` asks about and ``agreed`` does not answer, before the first line.
    """
    reading = _Reading(name, data, options or ReadOptions())
    refuse_unanswered(reading.dataset, agreed or Confirmation())
    for row in reading.rows:
        yield canonical_line(row)


def refuse_unanswered(dataset: Dataset, agreed: Confirmation) -> None:
    """Raise ``InputError`` with the first question that is open, or where no row is left."""
    if dataset.needs_environment:
        raise InputError(
            Message(
                "{name} is a Parquet file; it is read inside an installed environment.",
                name=dataset.name,
            )
        )
    for question in dataset.questions:
        if question.code == "bad-rows" and (agreed.skip_bad_rows or not dataset.rows):
            continue
        if question.code == "unused-columns":
            ignored = {normalise(column) for column in agreed.ignore_columns}
            if "*" in agreed.ignore_columns or all(
                normalise(item) in ignored for item in question.items
            ):
                continue
        raise InputError(question.text)
    if not dataset.rows:
        first = dataset.bad_rows[0] if dataset.bad_rows else None
        why = (
            Message(
                ": all {count} are bad, the first in line {line}: {reason}",
                count=len(dataset.bad_rows),
                line=first.line,
                reason=first.reason,
            )
            if first
            else ""
        )
        raise InputError(
            Message(
                "{name} holds no row that can be used{why}.",
                name=dataset.name,
                why=why,
            )
        )


def canonical_line(row: dict[str, Any]) -> bytes:
    """One row of ``data.jsonl``."""
    return json.dumps(row, ensure_ascii=False).encode("utf-8") + b"\n"


def count_reasons(bad_rows: tuple[BadRow, ...]) -> tuple[tuple[str, int], ...]:
    """How often each reason was met, most frequent first."""
    return tuple(Counter(row.reason for row in bad_rows).most_common())


class _Reading:
    """One pass over a file: its rows in canonical form and the ``Dataset`` that describes them."""

    def __init__(self, name: str, data: bytes, options: ReadOptions) -> None:
        if len(data) > limits.TRAINING_DATA:
            raise InputError(
                Message(
                    "{name} has {count:.1f} GB; expected at most {limit} GB. Split it.",
                    name=name,
                    count=len(data) / 2**30,
                    limit=limits.TRAINING_DATA >> 30,
                )
            )
        self.name, self.options = name, options
        self.rows: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self.delimiter: str | None = None
        self.list_name: str | None = None
        if file_format.is_parquet(data) or options.format == "parquet":
            self.dataset = Dataset(
                name=name, size=len(data), format="parquet", needs_environment=True
            )
            return
        file_format.refuse_foreign(name, data)
        encoding = text_encoding.detect(
            name, data, chosen=options.encoding, code_page=options.code_page
        )
        text = text_encoding.decode(data, encoding)
        kind = options.format or file_format.recognise_format(name, text)
        records, bad = self._read_records(kind, text)
        self.dataset = self._describe_dataset(len(data), kind, encoding, records, bad)

    def _read_records(self, kind: Format, text: str) -> tuple[list[DataRecord], list[BadRow]]:
        if kind == "json-lines":
            items = readers.read_json_lines(text)
        elif kind == "json":
            self.list_name, items = readers.read_json(self.name, text, self.options.list_name)
        elif kind in ("csv", "tsv"):
            self.delimiter = self.options.delimiter or file_format.find_delimiter(
                text, "\t" if kind == "tsv" else None
            )
            items = readers.read_table(self.name, text, self.delimiter, self.options.header)
        else:
            items = readers.read_text(text, self.options.row_unit)
        records: list[DataRecord] = []
        bad: list[BadRow] = []
        for item in items:
            (records if isinstance(item, DataRecord) else bad).append(item)  # type: ignore[arg-type]
        return records, bad

    def _describe_dataset(
        self,
        size: int,
        kind: Format,
        encoding: Encoding,
        records: list[DataRecord],
        bad: list[BadRow],
    ) -> Dataset:
        names: dict[str, str] = {}
        filled: Counter[str] = Counter()
        examples: dict[str, str] = {}
        key_sets: Counter[frozenset[str]] = Counter()
        for record in records:
            keys = {normalise(key): key for key in record.fields}
            key_sets[frozenset(keys)] += 1
            for normal, key in keys.items():
                names.setdefault(normal, key)
                value = record.fields[key]
                if value not in (None, "", [], {}):
                    filled[normal] += 1
                    examples.setdefault(normal, _shorten_example(value))
        by_hand = self.options.mapping
        roles = (
            map_by_hand(by_hand, names.values()) if by_hand and names else choose_roles(key_sets)
        )
        bad += self._convert_records(records, roles, names)
        bad.sort(key=lambda row: row.line)
        used = {column: role for role, column in roles.items()}
        columns = tuple(
            Column(name=names[n], role=used.get(n), filled=filled[n], example=examples.get(n, ""))
            for n in names
        )
        sharegpt = "messages" in roles and any(
            is_sharegpt(record, roles["messages"]) for record in records[:20]
        )
        lines = [canonical_line(row) for row in self.rows]
        return Dataset(
            name=self.name, size=size, format=kind, encoding=encoding, delimiter=self.delimiter, list_name=self.list_name,
            shape=shape_of(roles, sharegpt) if roles else None, columns=columns, rows=len(lines),
            duplicates=len(lines) - len(set(lines)), bad_rows=tuple(bad), notes=tuple(self.notes),
            samples=tuple(line.decode("utf-8").rstrip("\n") for line in lines[:_SAMPLES]),
            questions=tuple(_build_questions(self.name, encoding, columns, roles, bad)),
        )  # fmt: skip

    def _convert_records(
        self, records: list[DataRecord], roles: dict[Role, str], names: dict[str, str]
    ) -> list[BadRow]:
        bad: list[BadRow] = []
        if not roles:
            return bad
        for record in records:
            row = convert(record, roles, names)
            if isinstance(row, BadRow):
                bad.append(row)
            else:
                self.rows.append(row)
        return bad


def _build_questions(
    name: str,
    encoding: Encoding,
    columns: tuple[Column, ...],
    roles: dict[Role, str],
    bad: list[BadRow],
) -> Iterator[Question]:
    if encoding.assumed:
        yield Question(
            code="encoding",
            items=(encoding.name,),
            text=Message(
                "{name} is probably {encoding}: {why}. Read so, a line is: “{sample}”. "
                "Say the encoding: {encoding} if that line reads right.",
                name=name,
                encoding=encoding.name,
                why=encoding.why,
                sample=encoding.sample,
            ),
        )
    if columns and not roles:
        yield Question(
            code="mapping",
            items=tuple(column.name for column in columns),
            text=Message(
                "No shape of {name} is known: its columns are {columns}. Expected "
                "instruction and output, prompt and completion, question and answer, messages, "
                "conversations or text. Say which column is which.",
                name=name,
                columns=list_names(c.name for c in columns),
            ),
        )
    unused = [column.name for column in columns if column.role is None]
    if roles and unused:
        yield Question(
            code="unused-columns",
            items=tuple(unused),
            text=Message(
                "{name} has columns that would not be used: {columns}. Say that they may be left "
                "out, or map them.",
                name=name,
                columns=list_names(unused),
            ),
        )
    if bad:
        rows = [
            Message("line {line}: {reason}", line=row.line, reason=row.reason)
            for row in bad[:_SAMPLES]
        ]
        if len(bad) > _SAMPLES:
            rows.append(Message("and {count} more", count=len(bad) - _SAMPLES))
        yield Question(
            code="bad-rows",
            items=tuple(str(row.line) for row in bad),
            text=Message(
                "{count} row of {name} cannot be used ({rows}). Mend them, or say that they may "
                "be left out."
                if len(bad) == 1
                else "{count} rows of {name} cannot be used ({rows}). Mend them, or say that they "
                "may be left out.",
                count=len(bad),
                name=name,
                rows=joined("; ", rows),
            ),
        )


def _shorten_example(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text[: _EXAMPLE * 4].split()).encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= _EXAMPLE else text[: _EXAMPLE - 1] + "…"
