"""Reads an answer file (TOML, ``answers/1``) strictly.

Whatever is wrong in it is named with its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from app.model import limits
from app.model.answers import Answers
from app.model.errors import InputError
from app.model.message import Message
from app.model.sources import is_address, unencrypted
from app.model.toml_depth import deep_key

_HINT = Message("Its fields are listed in resources/schemas/answers.json.")
_PATH = re.compile(r" - at `\$\.?(?P<path>[^`]*)`\Z")
_FIELD = re.compile(r"unknown field `(?P<name>[^`]*)`")
_PLACE = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)\Z")
_KEY = re.compile(
    r"""^[ \t]*(?:\[{1,2}[ \t]*)?(?P<key>"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)[ \t]*(?=[=.\]])"""
)
_THERE = (
    "certificates",
    "offline",
    "uninstall_from",
    "find_links",
    "python_list",
)  # paths of what has to be there before
_FOLDERS = ("find_links", "python_mirror", "python_list")
_ADDRESSES = ("index", "pytorch_index", "extra_indexes", *_FOLDERS)


def load_answers(data: bytes, name: str, languages: Sequence[str] = ()) -> Answers:
    """The answers. Raises ``InputError`` naming file, line, field and what was expected.
    ``languages`` are those that the window speaks; without them any code of two or three letters
    is taken.
    """
    if len(data) > limits.ANSWERS:
        raise _answer_error(
            name,
            1,
            Message(
                "it has more than {limit} kB; expected a few lines", limit=limits.ANSWERS >> 10
            ),
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _answer_error(
            name, data.count(b"\n", 0, error.start) + 1, Message("it is not UTF-8 text")
        ) from error
    if (deep := deep_key(text)) is not None:
        raise _answer_error(name, deep, Message("its values are nested too deeply"))
    try:
        answers = msgspec.toml.decode(text, type=Answers)
    except msgspec.ValidationError as error:
        message = str(error)
        path, field = _PATH.search(message), _FIELD.search(message)
        where = path["path"] if path else ""
        if field:
            wanted, known = field["name"], ", ".join(Answers.__struct_fields__)
            raise _answer_error(
                name,
                line_of(text, wanted),
                Message(
                    "there is no field {wanted}; the fields are {known}", wanted=wanted, known=known
                ),
            ) from error
        raise _answer_error(
            name,
            line_of(text, where),
            Message(
                "{where}: {expected}",
                where=where,
                expected=_expected_language(languages)
                if where == "language" and languages
                else _explain_expected(_PATH.sub("", message), where),
            ),
        ) from error
    except RecursionError as error:
        raise _answer_error(name, 1, Message("its values are nested too deeply")) from error
    except msgspec.DecodeError as error:
        raise _answer_error(name, *_explain_syntax(text, str(error))) from error
    except ValueError as error:  # a number of more digits than Python reads, a date that is none
        raise _answer_error(
            name,
            _line_of_longest_number(text),
            Message("a value in it cannot be read ({error})", error=error),
        ) from error
    if languages and answers.language not in (None, *languages):
        raise _answer_error(
            name,
            line_of(text, "language"),
            Message(
                "{where}: {expected}", where="language", expected=_expected_language(languages)
            ),
        )
    for where, why in wrong_values(answers):
        raise _answer_error(
            name, line_of(text, where), Message("{where}: {why}", where=where, why=why)
        )
    return answers


def load_policy(
    data: bytes, name: str, given: Mapping[str, object], languages: Sequence[str] = ()
) -> dict[str, object]:
    """The choices that an administrator's policy file makes, by field. Raises ``InputError`` naming
    what is wrong in it, or the option in ``given`` that wants something else.
    """
    answers = load_answers(data, name, languages)
    chosen = msgspec.toml.decode(data.decode("utf-8-sig"), type=dict[str, Any])
    fixed = {field: getattr(answers, field) for field in chosen if field != "schema"}
    for field, value in fixed.items():
        if field in given and given[field] != value:
            option = f"--{field.replace('_', '-')}"
            raise InputError(
                Message(
                    "{option}: the policy file {name} fixes this choice to {value}.",
                    option=option,
                    name=name,
                    value=repr(value),
                )
            )
    return fixed


def check_answers(
    answers: Answers,
    data: bytes,
    name: str,
    profiles: Sequence[str],
    exists: Callable[[str], bool] | None = None,
) -> None:
    """What only the knowledge and this computer can tell. Raises ``InputError`` naming file, line,
    field and what was expected.

    ``exists`` looks at this computer's disk; without it, as on somebody else's, paths are taken as
    they are.
    """
    if answers.profile is not None and answers.profile not in profiles:
        text = data.decode("utf-8-sig")
        raise _answer_error(
            name,
            line_of(text, "profile"),
            Message(
                "profile: there is no profile {profile}; expected one of {profiles}",
                profile=repr(answers.profile),
                profiles=", ".join(profiles),
            ),
        )
    for field in _THERE if exists is not None else ():
        value = getattr(answers, field)
        many = isinstance(value, tuple)
        for number, path in enumerate(value if many else (value,)):
            if (
                path
                and path != "system"
                and "://" not in path
                and not path.startswith("~")
                and exists is not None
                and not exists(path)
            ):
                where = f"{field}[{number}]" if many else field
                raise _answer_error(
                    name,
                    line_of(data.decode("utf-8-sig"), where),
                    Message("{where}: {path} is not there", where=where, path=path),
                )


def add_line_number(error: InputError, answers: Answers, data: bytes, name: str) -> InputError:
    """The fault of a leftover's id, which only a survey can find wrong, with its line; any other as
    it is.
    """
    for number, wanted in enumerate(answers.clean_up):
        if error.message.startswith("clean_up") and repr(wanted) in error.message:
            return _answer_error(
                name,
                line_of(data.decode("utf-8-sig"), f"clean_up[{number}]"),
                error.message.rstrip("."),
            )
    return error


def line_of(text: str, path: str) -> int:
    """The line of a field, or of an item of its list (``clean_up[1]``); the first line where it is
    not to be found.
    """
    key, _, rest = path.partition("[")
    key = key.partition(".")[0]
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines, 1):
        found = _KEY.match(line)
        if found and found["key"].strip("\"'") == key:
            index = rest.partition("]")[0]
            return number + (
                _line_of_item("".join(lines[number - 1 :]), int(index)) if index.isdigit() else 0
            )
    return 1


def _line_of_longest_number(text: str) -> int:
    """The line of the longest number: what the reader refuses without saying where it stands."""
    numbers = max(re.finditer(r"\d+", text), key=lambda found: len(found[0]), default=None)
    return 1 if numbers is None else text.count("\n", 0, numbers.start()) + 1


def _line_of_item(text: str, index: int) -> int:
    """How many lines below its field the item of a list stands. Strings and comments are passed
    over.
    """
    depth = seen = line = at = 0
    while at < len(text):
        token = re.match(
            r'"""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|[\s\S]',
            text[at:],
        )
        piece = token[0] if token else text[at]
        if depth == 1 and seen == index and not piece.isspace() and piece[0] not in "#,]":
            return line
        depth += (piece == "[") - (piece == "]")
        seen += piece == "," and depth == 1
        line += piece.count("\n")
        at += len(piece)
    return 0


def _expected_language(languages: Sequence[str]) -> Message:
    return Message("expected one of {languages}", languages=", ".join(languages))


def _explain_expected(message: str, where: str) -> str:
    """msgspec's words, with the values that a field may have where they are few."""
    if "Invalid enum value" in message:
        schema = msgspec.json.schema(Answers)["$defs"]["Answers"]["properties"]
        kinds = schema.get(where.partition("[")[0], {})
        allowed: list[str] = kinds.get("enum") or next(
            (kind["enum"] for kind in kinds.get("anyOf", ()) if "enum" in kind), []
        )
        return message + f"; expected one of {', '.join(str(one) for one in allowed)}"
    words = {
        "str": "a text",
        "bool": "true or false",
        "array": "a list",
        "int": "a number",
        "float": "a number",
        "null": "nothing",
        "object": "a table",
    }
    return re.sub(
        r"`([a-z |]+)`",
        lambda m: " or ".join(words.get(one, one) for one in m[1].split(" | ")),
        message,
    )


def _explain_syntax(text: str, message: str) -> tuple[int, str]:
    """Line and sentence of what is no TOML at all."""
    place = _PLACE.search(message)
    sentence = _PLACE.sub("", message)
    if place is None or place["line"] is None:
        return _last_line(text, sentence), sentence[:1].lower() + sentence[1:]
    line = int(place["line"])
    message = f"{sentence[:1].lower()}{sentence[1:]} at column {place['column']}"
    if re.search(
        r"=\s*\"[^\"]*\\", text.splitlines()[line - 1] if line <= text.count("\n") + 1 else ""
    ):
        message += (
            " (in double quotes a backslash begins an escape: write such a path in single quotes)"
        )
    return line, message


def _last_line(text: str, sentence: str) -> int:
    """The line to look at where the reader only noticed at the end: a field given twice, or the
    last line that says something.
    """
    seen: set[str] = set()
    lines = text.splitlines()
    if "overwrite" in sentence:
        for number, line in enumerate(lines, 1):
            found = _KEY.match(line)
            if found and found["key"] in seen:
                return number
            if found:
                seen.add(found["key"])
    return next((n for n, line in reversed(list(enumerate(lines, 1))) if line.strip()), 1)


def wrong_values(answers: Answers) -> Iterator[tuple[str, str]]:
    """Fields whose kind is right and whose value cannot be, each with what is wrong."""
    for field in _ADDRESSES:
        value = getattr(answers, field)
        many = isinstance(value, tuple)
        for number, address in enumerate(value if many else (value,)):
            if address is not None and not _is_usable_address(address, folder=field in _FOLDERS):
                yield (
                    f"{field}[{number}]" if many else field,
                    Message(
                        "{address} is no address; expected one that begins with https:// or "
                        "file://{alternative}",
                        address=repr(_strip_login(address)),
                        alternative=Message(", or a file")
                        if field == "python_list"
                        else Message(", or a folder")
                        if field in _FOLDERS
                        else "",
                    ),
                )
            elif address is not None and unencrypted(address):
                yield (
                    f"{field}[{number}]" if many else field,
                    Message(
                        "{address} would come without TLS, which is refused; expected https://",
                        address=repr(_strip_login(address)),
                    ),
                )
    if answers.proxy is not None and not re.fullmatch(r"(?:https?://)?\S+", answers.proxy):
        yield (
            "proxy",
            Message(
                "{address} is no proxy; expected http://host:port",
                address=repr(_strip_login(answers.proxy)),
            ),
        )
    for field in ("home", "offline", "uninstall_from"):
        if getattr(answers, field) is not None and not getattr(answers, field).strip():
            yield field, Message("it is empty; expected a path")


def _is_usable_address(address: str, *, folder: bool) -> bool:
    if "://" not in address:
        return folder and bool(address.strip())
    return is_address(address)


def _strip_login(address: str) -> str:
    return re.sub(r"^(\w+://)?.*@", r"\1", address, flags=re.DOTALL)


def _answer_error(name: str, line: int, why: str) -> InputError:
    return InputError(
        Message(
            "The answer file {name} cannot be used, line {line}: {why}.",
            name=name,
            line=line,
            why=why,
        ),
        hint=_HINT,
    )
