"""What was recognised in a person's training data.

Encoding, format, shape, columns, rows and what is wrong with them.
"""

from __future__ import annotations

from typing import Literal

from app.model.value import Value

Format = Literal["json-lines", "json", "csv", "tsv", "parquet", "text", "markdown"]
FORMATS: tuple[Format, ...] = ("json-lines", "json", "csv", "tsv", "parquet", "text", "markdown")
Shape = Literal[
    "instruction", "messages", "sharegpt", "prompt-completion", "question-answer", "text"
]
Role = Literal["messages", "system", "question", "context", "history", "answer", "text"]
ROLES: tuple[Role, ...] = ("messages", "system", "question", "context", "history", "answer", "text")
RowUnit = Literal["document", "paragraph", "line"]
QuestionCode = Literal["encoding", "mapping", "unused-columns", "bad-rows"]


class Encoding(Value, frozen=True, kw_only=True):
    """How bytes become text. ``assumed``: nothing in the file says so; ``why`` tells what was seen, ``sample`` how it reads."""

    name: str
    mark: bool = False
    assumed: bool = False
    why: str = ""
    sample: str = ""


class BadRow(Value, frozen=True, kw_only=True):
    """A row that cannot be used: its line in the file (from 1), a short stable name of the reason, and one sentence."""

    line: int
    code: str
    reason: str


class Column(Value, frozen=True, kw_only=True):
    """A column (or key): the role that it plays, ``None`` where it would not be used; in how many rows it holds something."""

    name: str
    role: Role | None = None
    filled: int = 0
    example: str = ""


class Question(Value, frozen=True, kw_only=True):
    """What a person has to confirm before the data are used; ``items`` are the columns or lines in question."""

    code: QuestionCode
    text: str
    items: tuple[str, ...] = ()


class ReadOptions(Value, frozen=True, kw_only=True):
    """How a person says that a file is to be read.

    ``mapping``: role to column. ``list_name``: which list of a JSON object. ``row_unit``: what one row of plain text is.
    ``code_page``: the encoding of this computer's older programs, such as ``cp1252``; only ever proposed, never taken unasked.
    """

    encoding: str | None = None
    format: Format | None = None
    mapping: dict[Role, str] = {}
    list_name: str | None = None
    delimiter: str | None = None
    header: bool = True
    row_unit: RowUnit = "document"
    code_page: str | None = None


class Confirmation(Value, frozen=True, kw_only=True):
    """What a person agreed to: leave out the bad rows, do without these columns (``*`` for all that are not used)."""

    skip_bad_rows: bool = False
    ignore_columns: tuple[str, ...] = ()


class Dataset(Value, frozen=True, kw_only=True):
    """A file as it was recognised. ``rows`` counts usable rows; ``samples`` are the first three of them in canonical form.

    ``needs_environment``: only a script inside an environment can read this format (Parquet needs pyarrow); nothing else is
    known of it then.
    """

    name: str
    size: int
    format: Format
    encoding: Encoding | None = None
    delimiter: str | None = None
    list_name: str | None = None
    shape: Shape | None = None
    columns: tuple[Column, ...] = ()
    rows: int = 0
    duplicates: int = 0
    bad_rows: tuple[BadRow, ...] = ()
    samples: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    needs_environment: bool = False

    @property
    def mapping(self) -> dict[Role, str]:
        """Role to column, as it is used."""
        return {column.role: column.name for column in self.columns if column.role is not None}

    @property
    def unused(self) -> tuple[str, ...]:
        """Columns that would not be used."""
        return tuple(column.name for column in self.columns if column.role is None)
