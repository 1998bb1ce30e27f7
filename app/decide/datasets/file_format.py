"""Which format a data file has, by its content first and its name second."""

from __future__ import annotations

import csv
import io
import json

from app.decide.datasets.columns import find_roles, is_columns
from app.model.dataset import Format
from app.model.errors import InputError
from app.model.message import Message

_ENDINGS: dict[str, Format] = {
    "jsonl": "json-lines", "ndjson": "json-lines", "json": "json", "csv": "csv", "tsv": "tsv", "tab": "tsv",
    "parquet": "parquet", "txt": "text", "text": "text", "md": "markdown", "markdown": "markdown",
}  # fmt: skip
EXPECTED = Message("expected .jsonl, .json, .csv, .tsv, .parquet, .txt or .md")
_SIGNATURES = (
    (
        b"PK\x03\x04",
        Message("is a zip file or an Office document; unpack it, or save the table as CSV (UTF-8)"),
    ),
    (b"\xd0\xcf\x11\xe0", Message("is an older Office document; save the table as CSV (UTF-8)")),
    (b"%PDF", Message("is a PDF; save its text as .txt")),
    (b"{\\rtf", Message("is a rich text document; save it as plain text")),
    (b"\x1f\x8b", Message("is compressed (gzip); unpack it first")),
    (b"\x28\xb5\x2f\xfd", Message("is compressed (zstd); unpack it first")),
    (b"BZh", Message("is compressed (bzip2); unpack it first")),
    (b"\xfd7zXZ", Message("is compressed (xz); unpack it first")),
    (b"7z\xbc\xaf", Message("is a 7-Zip archive; unpack it first")),
    (b"Rar!", Message("is a RAR archive; unpack it first")),
    (b"SQLite format 3\0", Message("is an SQLite database; export the table as CSV")),
    (b"ARROW1", Message("is an Arrow file; save it as Parquet or JSON lines")),
    (
        b"version https://git-lfs",
        Message("is a Git LFS pointer: the data themselves were not downloaded"),
    ),
    (b"GGUF", Message("is a model in GGUF form, not training data")),
    (b"MZ\x90", Message("is a Windows program")),
    (b"\x7fELF", Message("is a Linux program")),
)
_DELIMITERS = (",", ";", "\t", "|")
_LINES_TO_JUDGE = 50


def refuse_foreign(name: str, data: bytes) -> None:
    """Raise ``InputError`` with what to do for a file that is empty or of a kind that holds no rows of text."""
    if not data[:64].strip(b"\0 \t\r\n\xef\xbb\xbf\xfe\xff") and not data.strip(
        b"\0 \t\r\n\xef\xbb\xbf\xfe\xff"
    ):
        raise InputError(Message("{name} is empty.", name=name))
    for signature, what in _SIGNATURES:
        if data.startswith(signature):
            raise InputError(
                Message("{name} {what}; {expected}.", name=name, what=what, expected=EXPECTED)
            )


def is_parquet(data: bytes) -> bool:
    """Whether the bytes are a Parquet file, whole or cut off, by its signature."""
    whole = data.rstrip(b"\r\n").endswith(b"PAR1")
    return data.startswith(b"PAR1") and (whole or b"\0" in data[:1024])


def recognise_format(name: str, text: str) -> Format:
    """The format of a text. Raises ``InputError`` for a name's ending and a content that are neither known."""
    ending = _ENDINGS.get(name.rpartition(".")[2].lower()) if "." in name else None
    start = text[:_LINES_TO_JUDGE].lstrip().lower()
    if start.startswith(("<!doctype html", "<html")):
        raise InputError(
            Message(
                "{name} is a web page, not data: perhaps an error page was saved in its "
                "place; {expected}.",
                name=name,
                expected=EXPECTED,
            )
        )
    if "\0" in text:
        raise InputError(
            Message(
                "{name} is not text: it holds zero bytes; {expected}.", name=name, expected=EXPECTED
            )
        )
    if is_json_lines(text):
        return "json-lines"
    if ending in ("csv", "tsv"):
        return ending
    if start.startswith(("[", "{")) and (ending in (None, "json") or _begins_with_long_value(text)):
        return "json"
    if ending in ("json", "json-lines"):
        return ending
    if ending in ("text", "markdown"):
        return "csv" if _is_known_table(text) else ending
    if _is_known_table(text):
        return "csv"
    if ending == "parquet":
        raise InputError(
            Message(
                "{name} is no Parquet file: its signature (PAR1 at both ends) is missing, "
                "as after a broken download.",
                name=name,
            )
        )
    raise InputError(
        Message(
            "What {name} holds is not known from its content or its name; {expected}, "
            "or say its format.",
            name=name,
            expected=EXPECTED,
        )
    )


def is_json_lines(text: str) -> bool:
    """Whether at least half of the first lines are each a JSON object; one object alone is JSON lines when it has no list."""
    lines = [line for line in text[: 1 << 22].split("\n") if line.strip()][:_LINES_TO_JUDGE]
    if not lines or not lines[0].lstrip().startswith(("{", '"')):
        good = sum(line.lstrip().startswith("{") for line in lines)
        if not lines or good * 2 < len(lines):
            return False
    values = [_parse_json_or_none(line) for line in lines]
    objects = [value for value in values if isinstance(value, dict)]
    if len(lines) == 1 and objects:
        row = bool(find_roles(list(objects[0]))) or not any(
            isinstance(v, (list, dict)) for v in objects[0].values()
        )
        return row and not is_columns(objects[0])
    return bool(objects) and len(objects) * 2 >= len(lines)


def find_delimiter(text: str, preferred: str | None = None) -> str:
    """The sign between the cells: Excel's ``sep=`` line, a header of known names, else the most columns that stay equal."""
    first = text[: text.find("\n")].strip().lower() if "\n" in text else ""
    if first.startswith("sep=") and len(first) == 5:
        return first[4]
    order = (
        [preferred, *(d for d in _DELIMITERS if d != preferred)] if preferred else list(_DELIMITERS)
    )
    heads = {sign: _first_rows(text, sign) for sign in order if sign}
    for sign, rows in heads.items():
        if rows and len(rows[0]) > 1 and find_roles(rows[0]):
            return sign
    equal = {
        sign: len(rows[0])
        for sign, rows in heads.items()
        if rows and len({len(row) for row in rows}) == 1
    }
    best = max(equal, key=lambda sign: equal[sign], default=None)
    return best if best and equal[best] > 1 else preferred or ","


def _is_known_table(text: str) -> bool:
    """A header of known names under one of the delimiters, and as many cells in the next rows."""
    for sign in _DELIMITERS:
        rows = _first_rows(text, sign)
        if (
            len(rows) > 1
            and len(rows[0]) > 1
            and len({len(row) for row in rows}) == 1
            and find_roles(rows[0])
        ):
            return True
    return False


def _first_rows(text: str, sign: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text[: 1 << 20], newline=""), delimiter=sign):
            if row:
                rows.append(row)
            if len(rows) == 20:
                break
    except csv.Error:
        return rows
    return rows


def _begins_with_long_value(text: str) -> bool:
    """Whether the text begins with a JSON value that is all of it, or goes over several lines."""
    begin = len(text) - len(text.lstrip())
    try:
        _, end = json.JSONDecoder().raw_decode(text, begin)
    except (ValueError, RecursionError):
        return False
    return "\n" in text[begin:end] or not text[end:].strip()


def _parse_json_or_none(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
