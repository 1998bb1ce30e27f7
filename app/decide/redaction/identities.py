"""What a computer knows of its owner, in every spelling that logs use.

User, computer, home folder, and what is put in their place.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from app.model import machine
from app.model.machine import MachineFacts
from app.model.value import Value


class RedactionRule(NamedTuple):
    """What to look for (``pattern``), of which kind it is, and what is put instead of a match.

    ``sign`` is a cheaper pattern, for small letters, that every line with a match holds; without
    one, plain words of the pattern itself serve (``required_strings``). ``in_word`` says that no match holds
    white space: then a text's different words tell whether there is one.
    """

    kind: str
    pattern: re.Pattern[str]
    instead: Callable[[re.Match[str]], str]
    sign: re.Pattern[str] | None = None
    in_word: bool = False


# Where a word can begin: not inside of another, but behind an escape (%5C, \\n, \\u00e9) whose last
# sign is a letter.
BEGIN = r"(?:(?<![^\W_])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrtbf])|(?<=\\u[0-9A-Fa-f]{4}))"
SEPARATOR = r"(?:\\{1,8}|/+|%5[Cc]|%2[Ff])"
# Folders below Users and home that are nobody's.
NOBODY = frozenset(
    {"public", "default", "all users", "default user", "shared", "runner", "root", "linuxbrew"}
)
_WORDS = """
windows linux macos nvidia amd intel other ok missing mismatch error unknown reachable unreachable blocked untrusted venv conda
user-site cache model-cache own folder none null true false system default python torch cuda driver gpu user host root admin
administrator main test build work data disk free linux64 x86_64 amd64 arm64 ntfs the and for not with from import file users
local temp appdata roaming program files unsloth xformers triton transformers datasets pip uv geforce rtx windowsapps scripts lib
bin include site-packages envs wheels logs reports events report plan verification issue microsoft store base blocks warns
informs started skipped line progress quiet measured finished failed stopped works broken same explained below different
ubuntu debian fedora centos rocky alma almalinux suse opensuse arch mint kali alpine gentoo localhost kernel server desktop laptop
max min mean will mark may art dev lab guest grant home office student master note page first last next new old pro plus core mini
ray rich click black flask hydra dask jan feb mar apr jun jul aug sep oct nov dec mon tue wed thu fri sat sun version install
setup config model token loss step steps train trainer epoch batch check status result value key path point port proxy index
"""
# Words that a schema or a log needs: “ubuntu” is the user of most rented computers,
# “max_seq_length” in every training log. A user or a computer of that name is only replaced inside
# of paths and prompts. what stands in place of a secret, and in the names of variables that hold
# one
_MARKS = "token password header key login"
PLAIN_WORDS = frozenset(f"{_WORDS} {_MARKS}".split()) | {
    word
    for kind in vars(machine).values()
    if isinstance(kind, type) and issubclass(kind, Value)
    for field in kind.__struct_fields__
    for word in (field, *field.split("_"))
}
STAND_IN = re.compile(r"(?:u|ü|\\u00fc|%c3%bc)serx*(?: name)?", re.IGNORECASE)
_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"}
)
# What one program writes in a page and another reads in another one.
_MISREAD = (
    ("utf-8", "cp1252"),
    ("utf-8", "cp850"),
    ("utf-8", "cp437"),
    ("utf-8", "latin-1"),
    ("cp850", "cp1252"),
    ("cp1252", "cp850"),
    ("cp437", "cp1252"),
    ("cp1252", "cp437"),
    ("cp1251", "cp1252"),
    ("cp866", "cp1251"),
    ("cp1251", "cp866"),
    ("cp866", "cp1252"),
)


def stand_in(name: str) -> str:
    """What is put for a user's name: same length, and with an accent or a space where the name has
    one.
    """
    strange = (
        any(c > "\x7f" for c in name)
        or re.search(r"\\u[0-9a-fA-F]{4}|%[c-e][0-9a-f]", name, re.IGNORECASE) is not None
    )
    word = "üser" if strange else "user"
    tail = " name" if " " in name else ""
    return word + "x" * max(0, len(name) - len(word) - len(tail)) + tail


def known_rules(facts: MachineFacts | None, names: Mapping[str, str]) -> tuple[RedactionRule, ...]:
    """A rule for each name that is known, the longest first."""
    return tuple(_rule_for_name(kind, value) for kind, value in _collect_identities(facts, names))


def _collect_identities(
    facts: MachineFacts | None, names: Mapping[str, str]
) -> list[tuple[str, str]]:
    """What this computer knows of its owner, longest first: home folder's last part, user,
    computer.
    """
    known: dict[str, str] = {}
    for kind, value in names.items():
        if not value or not isinstance(value, str):
            continue
        if kind in {"home", "user_home"}:
            value, kind = re.split(r"[\\/]", value.rstrip("\\/"))[-1], "user"
        known.setdefault(value, "user" if kind == "full_name" else kind)
    for path in _collect_paths(facts):
        found = re.search(r"[\\/](?:Users|home|Benutzer)[\\/]+([^\\/]+)", path, re.IGNORECASE)
        if found and found.group(1).lower() not in NOBODY:
            known.setdefault(found.group(1), "user")
    return sorted(
        (
            (kind, value)
            for value, kind in known.items()
            if len(value) >= 2
            and value.lower() not in {"root", "public", "default"}
            and not STAND_IN.fullmatch(value)
        ),
        key=lambda item: -len(item[1]),
    )


def _collect_paths(facts: MachineFacts | None) -> list[str]:
    if facts is None:
        return []
    return [
        *(p.path for p in facts.pythons),
        *(x.path for x in facts.leftovers),
        *([facts.home.path] if facts.home else []),
    ]


# Where a name that is also a word of every log is somebody's all the same. Look-behinds have one
# length each, so what is kept in front stands in one look-behind a row.
_SAYS_USER = (
    *(
        rf"(?<=\b{word})@@(?![\w.=-])"
        for word in (
            *(f"{name}{sign}" for name in ("USER", "LOGNAME", "USERNAME") for sign in ("=", " = ")),
            *(
                f"{name}{sign}"
                for name in ("user", "username", "login", "account")
                for sign in (": ", "=")
            ),
            *(
                f"{name} "
                for name in ("user", "login", "user name", "Benutzer", "logged in as", "su -")
            ),
            "user '",
            'user "',
        )
    ),
    r"(?<=Users-)@@(?![\w.=])",
    r"(?<=-home-)@@(?![\w.=])",
    r"(?<=[ug]id=\d{4}\()@@(?=\))",
    r"(?<=\()@@(?=\) (?:gid|groups|Gruppen)=)",
    r"(?<=WORKGROUP\\)@@(?![\w.\\])",
    r"(?<=AzureAD\\)@@(?![\w.\\])",
    r"(?<=Users\\)@@(?![\w.])",
    r"(?<=Users/)@@(?![\w.])",
    r"(?<=/home/)@@(?![\w.])",
    r"(?<=~)@@(?=/)",
    r"\b@@(?= @@ +\d+ (?:[A-Z][a-z]{2}|\d{4}-))|\b@@(?= +(?:users|staff|wheel|sudo) +\d+ )",
)


def _rule_for_name(kind: str, value: str) -> RedactionRule:
    """A rule for one known name in all its spellings."""
    spellings = "|".join(
        sorted(
            {re.escape(s).replace("\\ ", r"\s{1,40}") for s in spellings_of(value)},
            key=lambda s: (-len(s), s),
        )
    )
    short = len(value) < 3 or value.lower() in PLAIN_WORDS
    if short:
        # too common to be replaced everywhere: only as a part of a path, before and behind an @, and
        # where the words around it say that it is somebody
        one = f"(?:{spellings})"
        pattern = (
            rf"(?<=/){one}(?=/)|(?<=\\){one}(?=\\)|(?<=@){one}(?![\w.])|(?<!\w){one}(?=@)|"
            + "|".join(before.replace("@@", one) for before in _SAYS_USER)
        )
    else:
        pattern = rf"{BEGIN}(?:{spellings})(?![^\W_])"
    word = value if kind == "user" else ""

    def instead(match: re.Match[str]) -> str:
        new = stand_in(word) if word else ("host" if kind == "host" else f"<{kind}>")
        return new if match.group().lower() != new.lower() else match.group()

    return RedactionRule(kind, re.compile(pattern, re.IGNORECASE), instead)


def spellings_of(name: str) -> set[str]:
    """A name as consoles, old programs and people write it. Escapes are none of its business:
    ``decoded_views`` undoes them.
    """
    forms = {
        name,
        unicodedata.normalize("NFC", name),
        unicodedata.normalize("NFD", name),
        name.translate(_UMLAUTS),
        _strip_accents(name),
    }
    for form in list(forms):
        forms |= {
            form.replace(" ", "+"),
            form.replace(" ", "-"),
            form.replace(" ", "_"),
            form.replace(" ", "."),
        }
        if form.isascii():
            continue
        for written, read in _MISREAD:
            try:
                forms.add(form.encode(written).decode(read))
            except UnicodeError:
                continue
        forms |= {"".join(c if c <= "\x7f" else sign for c in form) for sign in "\ufffd?_"}
        forms.add(
            "".join(
                c if c <= "\x7f" else "\ufffd" * len(c.encode("utf-8", "surrogatepass"))
                for c in form
            )
        )
    return {
        form
        for form in (*forms, *_short_names(name))
        if form and not form.isspace() and set(form) - set("\ufffd?_")
    }


def _strip_accents(name: str) -> str:
    """The name without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))


def _short_names(name: str) -> Iterator[str]:
    """What Windows makes of a name for programs that take eight letters and three: ``JRGENM~1``,
    ``JR3F2A~1.MEI``.
    """
    stem, _, ending = name.rpartition(".") if "." in name else (name, "", "")
    strange = re.compile(r"[^\x00-\x7f]")
    for letters in {
        _drop_illegal_letters(form)
        for form in (stem, _strip_accents(stem), strange.sub("", stem), strange.sub("_", stem))
    }:
        if letters and (len(letters) > 6 or letters != name):
            for number in range(1, 10):
                yield f"{letters[:6]}~{number}"
    if ending:
        for number in range(1, 10):
            yield f"{_drop_illegal_letters(name)[:6]}~{number}"


def _drop_illegal_letters(name: str) -> str:
    return re.sub(r"[+,;=\[\]]", "_", re.sub(r"[\s.]", "", name))
