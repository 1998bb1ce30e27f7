"""Translates the texts of data and conclusions into the window's language.

They are English everywhere else: in files, reports, commands.

A message (``app/model/message.py``) is looked up by its template and filled with its values, each
in the same way and figures as the reader writes them. Any other text is looked up as it stands. What
is not found stays English. ``build/extract_messages.py`` collects the templates into the catalogue,
context ``Data``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication

from app.gui import languages
from app.model.errors import ExpectedError
from app.model.message import Message, fill_places

_MARKED = re.compile(r"`([^`\n]+)`")  # a command, as files and terminals mark it


def localize(text: str) -> str:
    """A text of data or of a conclusion in the chosen language; as it is where it has no
    translation.
    """
    if languages.current_language() != "en" and text:
        text = _translate(text)
    return _MARKED.sub(r"“\1”", text)


def localize_fault(fault: BaseException) -> str:
    """What a fault says: its message, or what Python writes of it."""
    return localize(fault.message if isinstance(fault, ExpectedError) else str(fault))


def localize_all(texts: Iterable[str]) -> list[str]:
    """Several of them."""
    return [localize(text) for text in texts]


def _translate(text: str) -> str:
    if isinstance(text, Message):
        return fill_places(_look_up(text.text), text.values, _format_value)
    return _look_up(text)


def _look_up(text: str) -> str:
    """A text's translation. It may stand in the catalogue with the other case of its first letter,
    or with a stop: both begin and go on sentences.
    """
    turned = text[:1].swapcase() + text[1:]
    for key in (text, turned, text + ".", turned + "."):
        found = QCoreApplication.translate("Data", key) if text else text
        if found != key:
            return found.rstrip(".") if key.endswith(".") and not text.endswith(".") else found
    return text


def _format_value(value: object, form: str) -> str:
    """A value as the language writes it: ``4,2``."""
    if isinstance(value, str):
        return format(_translate(value), form)
    if isinstance(value, list | tuple):
        return ", ".join(_format_value(one, form) for one in value)
    if isinstance(value, int | float):
        return _format_figure(format(value, form))
    return format(value, form)


def _format_figure(figure: str) -> str:
    """A number as Python writes it with the language's own marks."""
    from PySide6.QtCore import QLocale  # the first paint says nothing of this kind

    marks = {".": QLocale().decimalPoint(), ",": QLocale().groupSeparator()}
    return "".join(marks.get(sign, sign) for sign in figure)
