"""The rules of ``resources/secrets.toml``: what the tokens of services look like, a row each."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from app.decide.redaction.identities import RedactionRule
from app.model.value import Value

_BEGIN = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))"
_REST = r"[A-Za-z0-9_-]*"  # a longer one than is known goes whole
# A sign that gives a value, in any language: key = "x", key: x, "key" => x, key := x.
_GIVES = r"[\"']?\s{0,4}(?:=>|:=|[:=])\s{0,4}[\"'`]?"


class Token(Value, frozen=True, kw_only=True):
    """One row: see the head of the file."""

    id: str
    secret: str
    near: str = ""
    source: str = msgspec.field(name="from", default="")


class TokenTable(Value, frozen=True, kw_only=True):
    """The whole file."""

    schema: str
    token: tuple[Token, ...]


@lru_cache(maxsize=4)
def token_rules(data: bytes) -> tuple[RedactionRule, ...]:
    """The rules of the file's bytes, in its order. Raises ``msgspec.DecodeError`` and ``re.error``."""
    table = msgspec.toml.decode(data, type=TokenTable)
    return tuple(map(_token_rule, table.token))


def _token_rule(row: Token) -> RedactionRule:
    if row.near:
        pattern = re.compile(
            rf"((?<![a-zA-Z])(?i:{row.near})[ \t\w.-]{{0,20}}{_GIVES})(?:{row.secret})(?![A-Za-z0-9])"
        )
        return RedactionRule("token", pattern, lambda match: match.group(1) + "<token>")
    pattern = re.compile(rf"{_BEGIN}(?:{row.secret}){_REST}")
    return RedactionRule("token", pattern, lambda _: "<token>", in_word=True)
