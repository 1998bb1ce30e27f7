"""Converts one record to one canonical row.

``{"messages": [...]}`` or ``{"text": ...}``; what cannot be converted says why.
"""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Mapping
from typing import Any

from app.decide.datasets.columns import normalise
from app.decide.datasets.readers import DataRecord
from app.decide.datasets.text_encoding import ESCAPED
from app.model.dataset import BadRow, Role
from app.model.message import Message

_ROLES = {
    "system": "system", "developer": "system",
    "user": "user", "human": "user", "prompter": "user", "question": "user",
    "assistant": "assistant", "gpt": "assistant", "chatgpt": "assistant", "model": "assistant", "bot": "assistant",
    "ai": "assistant", "bing": "assistant", "bard": "assistant", "answer": "assistant",
}  # fmt: skip
_ROLE_KEYS, _CONTENT_KEYS = ("role", "from", "speaker"), ("content", "value", "text")


class _RowError(Exception):
    """Why a row cannot be used: a short name and the rest of a sentence."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def convert(
    record: DataRecord, roles: Mapping[Role, str], names: Mapping[str, str]
) -> dict[str, Any] | BadRow:
    """The canonical form of a record, or why it has none.

    ``roles``: role to normalised column; ``names``: normalised column to its name in the file, for the sentence.
    """
    try:
        fields = _normalise_keys(record.fields)
        row = _build_row(fields, roles, names)
        broken = ESCAPED.search(json.dumps(row, ensure_ascii=False))
        if broken:
            damaged = "\udc80" <= broken.group() <= "\udcff"
            what = (
                Message("byte 0x{byte:02x} is no UTF-8", byte=ord(broken.group()) - 56320)
                if damaged
                else Message("it holds half a character")
            )
            raise _RowError("not-utf8", what)
    except _RowError as fault:
        return BadRow(line=record.line, code=fault.code, reason=str(fault))
    return row


def is_sharegpt(record: DataRecord, column: str) -> bool:
    """Whether the turns of a record are named as ShareGPT names them: from and value."""
    value = _normalised_or_empty(record.fields).get(column)
    turns = _parse_cell(value) if isinstance(value, str) else value
    return (
        isinstance(turns, list)
        and bool(turns)
        and isinstance(turns[0], dict)
        and "from" in turns[0]
    )


def _build_row(
    fields: dict[str, Any], roles: Mapping[Role, str], names: Mapping[str, str]
) -> dict[str, Any]:
    def text(role: Role, needed: bool = False) -> str:
        return _read_text(fields, roles.get(role), names, needed)

    if "text" in roles and "answer" not in roles and "messages" not in roles:
        return {"text": text("text", needed=True)}
    if "messages" in roles:
        messages = _parse_turns(
            _require_column(fields, roles["messages"], names), names[roles["messages"]]
        )
    else:
        messages = _build_turn_pair(fields, roles, names, text)
    system = text("system")
    if system and not (messages and messages[0]["role"] == "system"):
        messages.insert(0, {"role": "system", "content": system})
    _check_order(messages)
    return {"messages": messages}


def _build_turn_pair(
    fields: dict[str, Any], roles: Mapping[Role, str], names: Mapping[str, str], text: Any
) -> list[dict[str, str]]:
    """Question and answer, each a text or (as trl's conversational form has it) a list of messages."""
    asked, answered = fields.get(roles["question"]), fields.get(roles["answer"])
    if isinstance(answered, list):
        after = _parse_turns(answered, names[roles["answer"]])
        before = _parse_turns(asked, names[roles["question"]]) if isinstance(asked, list) else [
            {"role": "user", "content": text("question", needed=True)}
        ]  # fmt: skip
        return after if after[: len(before)] == before else before + after
    messages = (
        _parse_history(fields.get(roles["history"]), names[roles["history"]])
        if "history" in roles
        else []
    )
    if isinstance(asked, list):
        messages += _parse_turns(asked, names[roles["question"]])
    else:
        question, context = text("question"), text("context")
        if not question and not context:
            text("question", needed=True)
        messages.append(
            {"role": "user", "content": "\n\n".join(part for part in (question, context) if part)}
        )
    messages.append({"role": "assistant", "content": text("answer", needed=True)})
    return messages


def _parse_history(value: Any, name: str) -> list[dict[str, str]]:
    """Earlier turns as LLaMA-Factory writes them: a list of [question, answer]."""
    value = _parse_cell(value) if isinstance(value, str) and value.strip() else value
    messages: list[dict[str, str]] = []
    if value and not isinstance(value, list | tuple):
        raise _RowError(
            "history", Message("'{name}' is not a list of pairs of question and answer", name=name)
        )
    for pair in value or []:
        if not (
            isinstance(pair, list | tuple)
            and len(pair) == 2
            and all(isinstance(part, str) and part for part in pair)
        ):
            raise _RowError(
                "history",
                Message("'{name}' is not a list of pairs of question and answer", name=name),
            )
        messages += [
            {"role": "user", "content": pair[0]},
            {"role": "assistant", "content": pair[1]},
        ]
    return messages


def _parse_turns(value: Any, name: str) -> list[dict[str, str]]:
    turns = _parse_cell(value) if isinstance(value, str) else value
    if isinstance(turns, dict) and all(
        isinstance(v, list) for v in turns.values()
    ):  # as datasets keeps lists of objects
        turns = [
            dict(zip(turns, cells, strict=False)) for cells in zip(*turns.values(), strict=False)
        ]
    if not isinstance(turns, list):
        raise _RowError("no-messages", Message("'{name}' is not a list of messages", name=name))
    if not turns:
        raise _RowError("empty", Message("'{name}' is empty", name=name))
    return [
        _parse_turn(turn, Message("message {number} of '{name}'", number=number, name=name))
        for number, turn in enumerate(turns, 1)
    ]


def _parse_turn(turn: Any, where: str) -> dict[str, str]:
    if not isinstance(turn, dict):
        raise _RowError(
            "no-messages",
            Message("{where} is not an object with a role and a content", where=where),
        )
    fields = _normalise_keys(turn)
    role_text = next((fields[key] for key in _ROLE_KEYS if key in fields), None)
    role = _ROLES.get(role_text.strip().lower()) if isinstance(role_text, str) else None
    if role is None:
        raise _RowError(
            "role",
            Message(
                "{where} has the role {role}; expected system, user or assistant",
                where=where,
                role=repr(role_text),
            ),
        )
    if fields.get("tool_calls") or fields.get("function_call"):
        raise _RowError(
            "tools", Message("{where} calls a tool, which is not trained here", where=where)
        )
    key = next((key for key in _CONTENT_KEYS if key in fields), None)
    if key is None:
        raise _RowError("missing", Message("{where} has no content", where=where))
    return {"role": role, "content": _parse_content(fields[key], where)}


def _parse_content(value: Any, where: str) -> str:
    if isinstance(value, list):  # parts, as in the newer chat forms
        if any(not isinstance(part, dict) or part.get("type", "text") != "text" for part in value):
            raise _RowError(
                "not-text",
                Message("{where} holds something that is not text, such as a picture", where=where),
            )
        value = "".join(str(part.get("text") or "") for part in value)
    return _as_text(value, where, needed=True)


def _check_order(messages: list[dict[str, str]]) -> None:
    """System first if at all, then question and answer by turns, an answer at the end: what every chat template takes."""
    turns = messages[1:] if messages[0]["role"] == "system" else messages
    for number, turn in enumerate(turns):
        expected = "assistant" if number % 2 else "user"
        if turn["role"] != expected:
            found = {
                "system": Message("a system message"),
                "user": Message("a second question"),
                "assistant": Message("an answer"),
            }[turn["role"]]
            raise _RowError(
                "order",
                Message(
                    "{found} stands where an answer was expected"
                    if number % 2
                    else "{found} stands where a question was expected",
                    found=found,
                ),
            )
    if not turns or turns[-1]["role"] != "assistant":
        raise _RowError("no-answer", Message("the last message is no answer"))


def _require_column(fields: dict[str, Any], column: str, names: Mapping[str, str]) -> Any:
    if column not in fields:
        raise _RowError("missing", Message("it has no '{name}'", name=names[column]))
    return fields[column]


def _read_text(
    fields: dict[str, Any], column: str | None, names: Mapping[str, str], needed: bool
) -> str:
    if column is None:
        return ""
    if needed:
        _require_column(fields, column, names)
    return _as_text(fields.get(column), f"'{names[column]}'", needed)


def _as_text(value: Any, where: str, needed: bool) -> str:
    """A text as it is; a number as it is written; nothing for null."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise _RowError(
            "not-text",
            Message(
                "{where} is true or false" if isinstance(value, bool) else "{where} is no text",
                where=where,
            ),
        )
    if isinstance(value, float) and not math.isfinite(value):
        value = None  # what table programs write for an empty cell
    text = "" if value is None else str(value)
    if not text.strip():
        if needed:
            raise _RowError("empty", Message("{where} is empty", where=where))
        return ""
    return text


def _parse_cell(value: str) -> Any:
    """A list that stands in a table's cell as JSON, or as Python writes it; ``None`` where it is neither."""
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None


def _normalise_keys(fields: Mapping[str, Any]) -> dict[str, Any]:
    normal = {normalise(key): value for key, value in fields.items()}
    if len(normal) < len(fields):
        raise _RowError("key-twice", Message("it has one key in two spellings"))
    return normal


def _normalised_or_empty(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {normalise(key): value for key, value in fields.items()}
