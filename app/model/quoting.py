"""One quoting function for each language that foreign text is written into.

POSIX shells, PowerShell, cmd, .desktop files, Jupyter's kernel.json. HTML has ``html.escape``, JSON
msgspec.

Each gives a word that the other side reads as the very same text, or raises ``InputError`` where
that language has no way to write it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from app.model.errors import InputError
from app.model.message import Message

# PowerShell ends a text at a typographic quote as well (about_Quoting_Rules).
_ENDS_TEXT = re.compile("(['\u2018-\u201b])")
_OPTION = re.compile(r"--[a-z][a-z-]*|[A-Za-z][A-Za-z0-9]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PLACEHOLDER = re.compile(r"\{(?:connection_file|prefix|resource_dir)\}")


class Quoted(str):
    """A word that already stands as its shell reads it, such as a variable within quotes."""

    __slots__ = ()


def sh(word: str) -> str:
    """A word of a POSIX shell (POSIX 2.2.2: nothing ends single quotes but a single quote)."""
    if isinstance(word, Quoted):
        return word
    if "\0" in word:
        raise InputError(Message("A word for the shell holds a zero byte; expected text."))
    return shlex.quote(word)


def powershell(word: str) -> str:
    """A word of PowerShell 5.1 and later: a verbatim text; options and plain words as they are.

    A double quote is refused: 5.1 hands it to programs without its escape, which splits the word.
    """
    if isinstance(word, Quoted) or _OPTION.fullmatch(word):
        return word
    if '"' in word:
        raise InputError(
            Message(
                "{word} holds a double quote, which PowerShell 5.1 hands on wrongly.",
                word=repr(word),
            )
        )
    return powershell_text(word)


def powershell_text(text: str) -> str:
    """A verbatim text of PowerShell, of one line or many: for values that no program is given."""
    return "'" + _ENDS_TEXT.sub(r"\1\1", text) + "'"


def cmd(word: str) -> str:
    """A word of cmd's command line, within double quotes, where ``& | < > ^ ( )`` stand for
    themselves ("cmd /?").

    A double quote has no escape there, and ``%`` none on a command line: neither is taken.
    """
    if '"' in word or "%" in word or _CONTROL.search(word):
        raise InputError(
            Message(
                '{word} holds one of the signs " and %, which cmd cannot be given.', word=repr(word)
            )
        )
    return f'"{word}"'


def desktop_exec(argv: Sequence[str]) -> str:
    """Arguments as the key ``Exec`` takes them (Desktop Entry Specification, "The Exec key")."""
    quoted = []
    for argument in argv:
        escaped = "".join("\\" + c if c in '"`$\\' else c for c in argument).replace("%", "%%")
        quoted.append(f'"{escaped}"')
    return desktop_text(" ".join(quoted))


def desktop_text(value: str) -> str:
    """A value of the kind string of a .desktop file ("Possible value types"): one line, whatever it
    names.
    """
    escaped = value.replace("\\", "\\\\")
    for sign, written in (("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r")):
        escaped = escaped.replace(sign, written)
    return "\\s" + escaped[1:] if escaped.startswith(" ") else escaped


def kernel_argument(word: str) -> str:
    """A word of ``argv`` in kernel.json. Jupyter puts values in place of ``{prefix}`` and the like,
    and has no escape for them.
    """
    if _PLACEHOLDER.search(word):
        raise InputError(
            Message(
                "{word} holds a name in braces that Jupyter would replace; expected "
                "another folder.",
                word=repr(word),
            )
        )
    return word


def comment(text: str) -> str:
    """One line for people, behind a ``#``: no line break of a name ends it."""
    return "# " + " ".join(_CONTROL.sub(" ", text).split())
