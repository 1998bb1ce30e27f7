"""Translates the texts of data and conclusions into the window's language.

They are English everywhere else: in files, reports, commands.

``app/decide`` gives whole sentences with figures already in them, and so does whatever raises a
fault for people. A sentence is looked up as it stands; then among the shapes with places to fill in
(``Needs driver {1} or newer; yours is {2}.``), whose values are taken out, translated where they
are texts themselves, and put in again; then part by part, as reasons are made of several. What is
not found stays English. ``build/extract_messages.py`` collects all of them into the catalogue, context
``Data``.
"""

from __future__ import annotations

import re
from functools import lru_cache

from PySide6.QtCore import QCoreApplication

from app.gui import languages, theme

_PLACE = re.compile(r"\{[^{}]*\}")
_MARKED = re.compile(r"`([^`\n]+)`")  # a command, as files and terminals mark it
_END = re.compile(r"(?<=[.;:]) ")
_CUT = re.compile(r"(?<=[.;:])(?= )|(?= \()")  # where one part ends and the next begins
_NAMES = re.compile(r"[^a-z]*|\S*[^a-z\s]\S*")  # a figure or a name: what is no plain word
# letters of its own below which a shape that begins with a place takes only names and figures
_FEW = 20
_FIGURE = re.compile(r"(?<=\d)\.(?=\d+ (?:[KMGT]B|[KMG]iB|TFLOP|W|s|ms|%)(?![A-Za-z]))")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+")
_DEEP = 3  # a text in a text in a text

Shape = tuple[str, list[str]]  # as written, and what stands between its places

_shapes: list[Shape] = []


def localize(text: str) -> str:
    """A text of data or of a conclusion in the chosen language; as it is where it has no
    translation.
    """
    if languages.current_language() == "en" or not text:
        return _MARKED.sub(r"“\1”", text)
    return _MARKED.sub(r"“\1”", _translate_cached(text, languages.current_language()))


@lru_cache(maxsize=2048)
def _translate_cached(text: str, _language: str) -> str:
    """Remembered: a page says the same texts each time it is built, and one takes up to a
    millisecond.
    """
    return _translate_known(text, _DEEP) or _translate_in_parts(text) or text


def localize_all(texts: tuple[str, ...]) -> list[str]:
    """Several of them."""
    return [localize(text) for text in texts]


def shapes() -> list[Shape]:
    """Every text with places to fill in, those with most words of their own first. Read once: 8 KB."""
    if not _shapes:
        from PySide6.QtCore import QFile, QIODevice  # the first paint says nothing of this kind

        file = QFile(f"{theme.RESOURCES}/translations/shapes.txt")
        if file.open(QIODevice.OpenModeFlag.ReadOnly):
            lines = bytes(file.readAll().data()).decode().splitlines()
            _shapes.extend(
                sorted(
                    ((line, _PLACE.split(line)) for line in lines if line),
                    key=lambda s: -sum(map(len, s[1])),
                )
            )
    return _shapes


def _translate_exact(text: str) -> str | None:
    found = QCoreApplication.translate("Data", text)
    return found if found != text else None


def _translate_known(text: str, deep: int) -> str | None:
    return _translate_exact(text) or (_translate_shaped(text, deep) if deep else None)


def _translate_shaped(text: str, deep: int) -> str | None:
    for shape, pieces in shapes():
        if not (text.startswith(pieces[0]) and text.endswith(pieces[-1])):
            # nearly all of them, told without a call: a text is held against three hundred
            continue
        values = _extract_values(text, pieces)
        if values is None or not (pieces[0] or _is_meant(pieces, values, deep)):
            continue
        places = iter(_PLACE.findall(shape))
        filled = {next(places): _translate_value(value, deep - 1) for value in values}
        # A unit may belong to the shape, so figures are looked at once more when it is filled.
        return _localize_figures(
            _PLACE.sub(lambda place: filled[place[0]], QCoreApplication.translate("Data", shape))  # noqa: B023
        )
    return None


def _is_meant(pieces: list[str], values: list[str], deep: int) -> bool:
    """Whether a shape that begins with a place, and so fits nearly everything (``{1} with {2}``),
    is meant here.
    """
    if sum(map(len, pieces)) >= _FEW:
        return (
            _END.search(values[0] + " ") is None
            or _translate_known(values[0], deep - 1) is not None
        )
    return all(
        _translate_either_case(value)
        or _translate_known(value, deep - 1)
        or all(map(_NAMES.fullmatch, value.split()))
        for value in values
    )


def _extract_values(text: str, pieces: list[str]) -> list[str] | None:
    """What fills a shape's places in a text; ``None`` where it has another shape."""
    first, *middle, last = pieces
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return None
    at, end, found = len(first), len(text) - len(last), []
    for piece in middle:
        to = text.find(piece, at, end)
        if to < 0:
            return None
        found.append(text[at:to])
        at = to + len(piece)
    return [*found, text[at:end]]


def _translate_value(value: str, deep: int) -> str:
    """A value: a text itself, several of them in a row, or a figure with its unit."""
    whole = _translate_either_case(value) or (_translate_shaped(value, deep) if deep else None)
    if whole:
        return whole
    if "; " in value:
        return "; ".join(_translate_value(one, deep) for one in value.split("; "))
    return (
        value.replace(",", _group_separator())
        if _GROUPED.fullmatch(value)
        else _localize_figures(value)
    )


def _localize_figures(text: str) -> str:
    """Figures with a unit in the language's own way: ``4,2 GB``."""
    from PySide6.QtCore import QLocale

    return _FIGURE.sub(QLocale().decimalPoint(), text)


def _group_separator() -> str:
    from PySide6.QtCore import QLocale

    return QLocale().groupSeparator()


def _translate_either_case(value: str) -> str | None:
    """A whole text that begins small or large: both stand within sentences."""
    return _translate_exact(value) or _translate_exact(value[:1].swapcase() + value[1:])


def _translate_in_parts(text: str) -> str | None:
    """The longest known beginning, then the rest in the same way. ``None`` where no beginning is
    known.
    """
    for end in [len(text), *reversed([m.start() for m in _CUT.finditer(text)])]:
        part = text[:end]
        core = part.rstrip(".;:")
        whole = _translate_known(part, _DEEP)
        if whole is None and core != part and (bare := _translate_known(core, _DEEP)) is not None:
            whole = bare + part[len(core) :]
        if whole is not None:
            return whole + _translate_rest(text[end:])
    return None


def _translate_rest(text: str) -> str:
    """What follows a known beginning, with the space before it; some texts are written to be put
    behind another.
    """
    return (
        (_translate_known(text, _DEEP) or " " + (_translate_in_parts(text[1:]) or text[1:]))
        if text
        else ""
    )
