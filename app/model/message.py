"""A sentence for people as a value: its template and what fills it; as a text it is English."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

_PLACE = re.compile(r"\{([\w.]+)(?::([^{}]*))?\}")


class Message(str):
    """``Message("Needs driver {needed} or newer.", needed="570.65")``.

    As a text it reads in English, so it goes into files, logs and terminals as it is. The window
    translates ``text``, the template, and fills it with ``values`` in the reader's own way: a value
    may be a text, a message itself, several of them, or a number (``{share:.0%}``). The first
    argument stands in the catalogue, so it is written out where the message is made
    (``build/extract_messages.py``); templates of data are in ``resources/``. What was read from
    JSON again is a plain text, but for files that hold the parts (``stored_messages.py``).
    """

    __slots__ = ("text", "values")
    text: str
    values: Mapping[str, object]

    def __new__(cls, text: str, /, **values: object) -> Message:
        kept = {name: _plain_value(value) for name, value in values.items()}
        made = super().__new__(cls, fill_places(text, kept, format_english))
        made.text, made.values = str(text), kept
        return made

    def map_values(self, change: Callable[[str], str]) -> Message:
        """The same message with every text among its values changed, however deep."""
        return Message(self.text, **{k: _map_texts(v, change) for k, v in self.values.items()})


def fill_places(text: str, values: Mapping[str, object], show: Callable[[object, str], str]) -> str:
    """A template with ``{name}`` and ``{name:format}`` filled by ``show(value, format)``; a place
    without a value stays as it is written.
    """
    return _PLACE.sub(
        lambda place: show(values[place[1]], place[2] or "") if place[1] in values else place[0],
        text,
    )


def places(text: str) -> list[str]:
    """The names of a template's places."""
    return [place[1] for place in _PLACE.finditer(text)]


def format_english(value: object, form: str) -> str:
    """A value as English sentences hold it: several ones with commas between."""
    if isinstance(value, list | tuple):
        return ", ".join(format_english(one, form) for one in value)
    return format(value, form)


def joined(separator: str, parts: Sequence[str]) -> Message:
    """Several messages in a row, each still one of its own."""
    values = {str(number): part for number, part in enumerate(parts, 1)}
    return Message(separator.join(f"{{{name}}}" for name in values), **values)


def lower_first(text: str) -> str:
    """A message that goes on within a sentence: with a small first letter."""
    return _change_first(text, str.lower)


def upper_first(text: str) -> str:
    """A message that begins a sentence: with a capital first letter."""
    return _change_first(text, str.upper)


def without_stop(text: str) -> str:
    """A message without the stop at its end, for a sentence that goes on."""
    if isinstance(text, Message):
        return Message(text.text.rstrip("."), **text.values)
    return text.rstrip(".")


def _change_first(text: str, change: Callable[[str], str]) -> str:
    if not isinstance(text, Message):
        return change(text[:1]) + text[1:]
    first = _PLACE.match(text.text)
    if first is None:
        return Message(change(text.text[:1]) + text.text[1:], **text.values)
    value = text.values.get(first[1])
    changed = _change_first(value, change) if isinstance(value, str) else value
    return Message(text.text, **{**text.values, first[1]: changed})


def _plain_value(value: object) -> object:
    """What is neither a text nor a number (an exception, a path) as the text that it reads as."""
    if isinstance(value, list | tuple):
        return tuple(_plain_value(one) for one in value)
    return value if isinstance(value, str | int | float) else str(value)


def _map_texts(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, Message):
        return value.map_values(change)
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list | tuple):
        return tuple(_map_texts(one, change) for one in value)
    return value
