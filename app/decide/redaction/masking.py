"""Masks the secrets that this session knows in all that is told.

Logins of indexes and proxies, tokens in variables.

The report has rules for what has the shape of a secret (``redact``). Here it is the other way
round: the values are known, so whatever repeats them, a child's output or an error's details, loses
them before anybody sees or keeps it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus, unquote

import msgspec

from app.decide.redaction.secret_names import HARMLESS_VALUE, HOLDS_SECRET, PATH_VALUE
from app.model.encoding import encode, to_builtins
from app.model.errors import ExpectedError
from app.model.event import AnyPayload, Line
from app.model.message import Message
from app.model.odd_text import as_bytes
from app.model.sources import Sources

MASK = "***"
# Shorter ones are words of every log ("abc", "1234" in a version): they would blot out what people
# have to read.
SHORTEST = 5
_LOGIN = re.compile(r"://([^\s/@\"'<>\\:]*):([^\s/@\"'<>\\]+)@")
# People paste passwords with "@" and "/" as they are: then the last "@" of the word ends the login.
_PASTED = re.compile(r"://([^\s/@\"'<>\\:]*):(\S+)@")
_TOKEN_ALONE = re.compile(r"://([^\s/@\"'<>\\:]{16,})@")


def known_secrets(sources: Sources, variables: Mapping[str, str]) -> frozenset[str]:
    """Every secret that this program was given or could see, as plain text."""
    addresses = (
        sources.index,
        sources.pytorch_index,
        sources.proxy,
        sources.python_mirror,
        sources.python_list,
        *sources.extra_indexes,
        *sources.find_links,
    )
    found = set(_find_logins(" ".join(a if "://" in a else f"x://{a}" for a in addresses if a)))
    for name, value in variables.items():
        found.update(_find_logins(value))
        value = value.strip()
        if HOLDS_SECRET.search(name) and not (
            HARMLESS_VALUE.match(value) or PATH_VALUE.match(value)
        ):
            found.add(value)
    return frozenset(secret for secret in found if len(secret) >= SHORTEST and not secret.isspace())


def _find_logins(text: str) -> Iterator[str]:
    """Passwords in addresses, as written and decoded, and the whole login as an Authorization
    header carries it.
    """
    for user, password in {
        *_LOGIN.findall(text),
        *(found for word in text.split() for found in _PASTED.findall(word)),
    }:
        yield password
        yield unquote(password)
        login = as_bytes(f"{unquote(user)}:{unquote(password)}")
        yield base64.b64encode(login).decode().rstrip("=")
    yield from _TOKEN_ALONE.findall(text)


def spellings(secret: str) -> frozenset[str]:
    """A secret as addresses, JSON, headers and Windows programs write it."""
    raw = as_bytes(secret)
    text = raw.decode("utf-8", "replace")  # bytes that are no text, as they are shown
    forms = {
        secret,
        text,
        quote(raw),
        quote(raw, safe=""),
        quote_plus(raw),
        quote(raw, safe="").lower(),
        encode(text).decode()[1:-1],
        secret.encode("ascii", "backslashreplace").decode(),
        secret.replace("\\", "\\\\"),
        base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
        raw.hex(),
    }
    return frozenset(f for f in forms if len(f) >= SHORTEST)


class SecretMasker:
    """Blots out known secrets. Without any it hands on what it gets."""

    def __init__(self, secrets: Iterable[str]) -> None:
        texts = {form for secret in secrets for form in spellings(secret)}
        raw = {as_bytes(form) for form in texts}
        raw |= {form.encode("utf-16-le", "surrogatepass") for form in texts}
        self._longest = max(map(len, raw), default=0)
        self._raw = sorted(raw, key=lambda form: (-len(form), form))
        spread = {"\0".join(form) for form in texts}  # UTF-16 that somebody read as UTF-8
        self._text = _join_patterns(
            re.escape(form) for form in sorted(texts | spread, key=lambda form: (-len(form), form))
        )
        self._bytes = re.compile(b"|".join(re.escape(form) for form in self._raw)) if raw else None

    def text(self, text: str) -> str:
        """A text without the secrets; a message stays one where they stand in its values."""
        if self._text is None or self._text.search(text) is None:
            return text
        masked = self._text.sub(MASK, text)
        if isinstance(text, Message) and (filled := text.map_values(self.text)) == masked:
            return filled
        return masked

    def data(self, data: bytes) -> bytes:
        """Bytes without the secrets, also where they stand in UTF-16."""
        return data if self._bytes is None else self._bytes.sub(MASK.encode(), data)

    def value(self, value: Any) -> Any:
        """Any JSON value without the secrets."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(key): self.value(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(one) for one in value]
        return value

    def filter(self, happenings: Iterable[AnyPayload]) -> Iterator[AnyPayload]:
        """A step's events without the secrets. Output comes in chunks: an end that may be half
        a secret waits for more.
        """
        if self._bytes is None:
            yield from happenings
            return
        held = b""
        try:
            for what in happenings:
                if isinstance(what, Line):
                    data = self.data(held + what.text)
                    held = data[len(data) - self._partial_match_length(data) :]
                    if len(data) > len(held):
                        yield Line(text=data[: len(data) - len(held)])
                    continue
                yield self.mask_payload(
                    what
                )  # what is held back stays so: the log has output alone, and would join the halves
        except ExpectedError:
            if held:
                yield Line(text=held)
            raise
        if held:
            yield Line(text=held)

    def mask_payload(self, what: AnyPayload) -> AnyPayload:
        """One event without the secrets; of output only those that stand in it whole."""
        if isinstance(what, Line):
            return Line(text=self.data(what.text))
        if self._text is None:
            return what
        fields = to_builtins(what)
        veiled = self.value(fields)
        return what if veiled == fields else msgspec.convert(veiled, type(what))

    def error(self, error: ExpectedError) -> ExpectedError:
        """The same error without the secrets, in place."""
        error.message, error.details, error.hint = (
            self.text(error.message),
            self.text(error.details),
            self.text(error.hint),
        )
        error.args = (error.message,)
        return error

    def _partial_match_length(self, data: bytes) -> int:
        """How many bytes at the end may be the beginning of a secret."""
        tail = data[-(self._longest - 1) :] if self._longest > 1 else b""
        for length in range(len(tail), 0, -1):
            end = tail[-length:]
            if any(form.startswith(end) for form in self._raw):
                return length
        return 0


def _join_patterns(patterns: Iterable[str]) -> re.Pattern[str] | None:
    whole = "|".join(patterns)
    return re.compile(whole) if whole else None
