"""Takes the person out of what leaves the computer: names, paths, addresses, serial numbers, tokens, passwords.

Two sources: rules for what has a known shape, and what the machine itself knows (user, computer, home folder) in
every spelling that logs use. What is put instead never matches a rule again, breaks no JSON, and keeps what
findings depend on: a user's folder with an accent stays one with an accent.
"""

from __future__ import annotations

import ipaddress
import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from app.decide.anchors import anchors
from app.decide.logtext import decode
from app.model import machine
from app.model.machine import MachineFacts
from app.model.value import Value

# Where a word can begin: not inside of another, but behind an escape (%5C, \\n, \\u00e9) whose last sign is a letter.
BEGIN = r"(?:(?<![^\W_])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrtbf])|(?<=\\u[0-9A-Fa-f]{4}))"
QUOTE = r"(?:\\{0,4}[\"'])?"  # also as JSON within JSON writes it
EQUALS = QUOTE + r"\s*[:=]\s*" + QUOTE
SCHEME = r"(?:bearer|basic|token|negotiate|ntlm|digest)\s+"
SEPARATOR = r"(?:\\{1,8}|/+|%5[Cc]|%2[Ff])"
# Folders below Users and home that are nobody's.
NOBODY = frozenset({"public", "default", "all users", "default user", "shared", "runner", "root", "linuxbrew"})
_WORDS = """
windows linux macos nvidia amd intel other ok missing mismatch error unknown reachable unreachable blocked untrusted venv conda
user-site cache model-cache own folder none null true false system default python torch cuda driver gpu user host root admin
administrator main test build work data disk free linux64 x86_64 amd64 arm64 ntfs the and for not with from import file users
local temp appdata roaming program files unsloth xformers triton transformers datasets pip uv geforce rtx windowsapps scripts lib
bin include site-packages envs wheels logs reports events report plan verification issue microsoft store base blocks warns
informs started skipped line progress quiet measured finished failed stopped works broken same explained below different
"""
# Words that a schema or a log needs; a user or a computer of that name is only replaced inside of paths and prompts.
_MARKS = "token password header key login"  # what stands in place of a secret, and in the names of variables that hold one
PLAIN_WORDS = frozenset(f"{_WORDS} {_MARKS}".split()) | {
    word for kind in vars(machine).values() if isinstance(kind, type) and issubclass(kind, Value)
    for field in kind.__struct_fields__ for word in (field, *field.split("_"))}
STAND_IN = re.compile(r"(?:u|ü|\\u00fc|%c3%bc)serx*(?: name)?", re.IGNORECASE)

_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])[23][0-9A-Fa-f]{3}:[0-9A-Fa-f:]{2,34}(?![\w:])")
_VERSION_BEFORE = re.compile(
    r"(?:[=<>~!]=\s*|(?:nvidia|cudnn|cublas|cu\d\d|nccl|version|driver|release|build)[\w.\-\"' ]{0,24}\W{0,4}|[a-z]-)$",
    re.IGNORECASE)


def redactor(facts: MachineFacts | None = None, names: Mapping[str, str] | None = None) -> Redactor:
    """A redactor for one computer. ``names`` maps a kind (``user``, ``host``, ``home``, …) to what is known of it."""
    return Redactor(facts, names or {})


class Redactor:
    """Replaces what identifies a person or opens an account. ``counts`` says how often, by kind."""

    def __init__(self, facts: MachineFacts | None, names: Mapping[str, str]) -> None:
        self.counts: dict[str, int] = {}
        self._rules = [*SHAPES, *(_named(kind, value) for kind, value in _known(facts, names)), *LAST]

    def text(self, text: str) -> str:
        """The text without the person. Doing it again changes nothing."""
        text = _PEM.sub(self._count("key", lambda _: "<key>"), text)
        lower = text.lower()
        for kind, pattern, instead in self._rules:
            needed = anchors(pattern.pattern.lower())
            if not needed or any(word in lower for word in needed):  # most rules have nothing to do in most texts
                text = pattern.sub(self._count(kind, instead), text)
        text = _IPV4.sub(self._count("public-address", _address), text)
        return _IPV6.sub(self._count("public-address", _address), text)

    def data(self, data: bytes) -> bytes:
        """A log's bytes in any encoding, as UTF-8 without the person."""
        return self.text(decode(data)).encode("utf-8", "replace")

    def value(self, value: Any, key: str = "") -> Any:
        """A JSON value without the person: every string in it, and the names in it that are no field names."""
        if isinstance(value, str):
            if key and _SECRET_KEY.fullmatch(key) and value and not value.startswith("<"):
                self.counts["token"] = self.counts.get("token", 0) + 1
                return "<token>"
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(k): self.value(v, k) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(v, key) for v in value]
        return value

    def facts(self, facts: MachineFacts) -> MachineFacts:
        """A machine file without the person; it still decodes, and gives the same findings."""
        return msgspec.convert(self.value(msgspec.to_builtins(facts)), MachineFacts)

    def _count(self, kind: str, instead: Callable[[re.Match[str]], str]) -> Callable[[re.Match[str]], str]:
        def replace(match: re.Match[str]) -> str:
            new = instead(match)
            if new != match.group():
                self.counts[kind] = self.counts.get(kind, 0) + 1
            return new
        return replace


Rule = tuple[str, re.Pattern[str], Callable[[re.Match[str]], str]]


def _shape(kind: str, pattern: str, instead: str, flags: int = re.IGNORECASE) -> Rule:
    """A rule whose first group, if there is one, is kept in front of what is put instead."""
    compiled = re.compile(pattern, flags)
    return kind, compiled, (lambda m: (m.group(1) or "") + instead) if compiled.groups else (lambda _: instead)


_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:(?!-----BEGIN)[\s\S])*?(?:-----END [A-Z ]*PRIVATE KEY-----|(?=[\"'])|\Z)")
_SECRET_KEY = re.compile(r"(?:\w*[_-])?(?:token|secret|passw(?:or)?d|pwd|api_?-?key|access_?-?key|credentials?|kaggle_key)",
                         re.IGNORECASE)
_VALUE = r"(?![<\[{(*\s])[^\s\"'<>,;&)}\]\\]"

SHAPES: tuple[Rule, ...] = (
    _shape("password", r"(://)(?!git@)[^\s/@\"'<>\\]{1,300}@(?=[\w\[.-])", "<login>@"),
    _shape("password", r"(%3a%2f%2f)(?:(?!%40|%2f)[\w%.~-])+?%3a(?:(?!%40|%2f)[\w%.~-])+?%40", "<login>%40"),
    _shape("header", r"((?:proxy-)?authorization" + EQUALS + f"(?:{SCHEME})?)(?!{SCHEME})" + _VALUE + r"+", "<token>"),
    _shape("header", r"(\b(?:bearer|basic)\s+)(?![<\s])[\w.~+/=-]{12,}", "<token>"),
    _shape("header", r"((?:set-)?cookie" + QUOTE + r"\s*:\s*" + QUOTE + r")(?!<)[^\r\n\"'<>\\]+", "<token>"),
    _shape("token", r"\b(?:hf|api_org)_[A-Za-z0-9]{10,}", "<token>", 0),
    _shape("token", r"\bgh[pousr]_[A-Za-z0-9]{16,}|\bgithub_pat_\w{16,}|\bglpat-[\w-]{16,}", "<token>", 0),
    _shape("token", r"\bsk-[A-Za-z0-9_-]{12,}|\bxox[abeprs]-[\w-]{10,}|\bKGAT_\w{12,}|\bnvapi-[\w-]{16,}", "<token>", 0),
    _shape("token", r"\bpypi-A[\w-]{30,}|\bAIza[\w-]{30,}|\bya29\.[\w.-]{20,}", "<token>", 0),
    _shape("token", r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?", "<token>", 0),
    _shape("key", r"\b(?:AKIA|ASIA|AGPA|AROA)[0-9A-Z]{12,20}\b", "<key>", 0),
    _shape("key", r"(aws_?(?:secret|session)\w*" + EQUALS + r")(?!<)[\w/+=]{16,}", "<key>"),
    _shape("token", r"([?&](?:[\w-]*(?:token|signature|secret|password|passwd|credential|api[_-]?key|policy)|key|sig|key-pair-id|"
                    r"x-amz-[\w-]+)=)(?!<)[^&\s\"'<>]+", "<token>"),
    _shape("token", r"((?:wandb|weights ?& ?biases)[^\n]{0,120}?(?<![0-9a-f]))[0-9a-f]{40}(?![0-9a-f])", "<token>"),
    _shape("token", r"(kaggle[^\n]{0,160}?(?<![0-9a-f]))[0-9a-f]{32}(?![0-9a-f])", "<token>"),
    _shape("token", r"(key" + EQUALS + r")[0-9a-f]{32}(?![0-9a-f])", "<token>"),
    _shape("token", r"((?<![a-z])(?:(?:hf|hub|access|auth|bearer|api|refresh|github|gh|gitlab|wandb|kaggle|"
                    r"session|security)[_-]?(?:token|key)|secret(?:[_-]?(?:key|token))?|client[_-]?secret|private[_-]?key|api[_-]?key)"
                    + QUOTE + r"\s*(?:[:=]|\bis\b)\s*" + QUOTE + r")" + _VALUE + r"{6,}", "<token>"),
    _shape("password", r"((?<![a-z])(?:password|passwd|passphrase|passwort|mot de passe|pwd)[\"']?\s*"
                       r"[:=]\s*[\"']?)(?!/)" + _VALUE + r"{3,}", "<password>"),
    _shape("token", r"(--(?:token|password|api-key|secret)[ =])(?![<-])[^\s\"']+", "<token>"),
    _shape("gpu-uuid", r"\b(?:GPU|MIG)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<gpu-uuid>"),
    _shape("uuid", r"(?<![0-9a-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])", "<uuid>"),
    _shape("mac", r"(?<![0-9a-f:-])(?:(?:[0-9a-f]{2}:){5}|(?:[0-9a-f]{2}-){5})[0-9a-f]{2}"
                  r"(?![0-9a-f]|[:-][0-9a-f]{2})", "<mac>"),
    _shape("serial", r"((?:serial ?(?:number|no\.?|nr\.?)?|seriennummer|service ?tag|asset ?tag|board_?serial|serial_number)"
                     + EQUALS + r")(?![<\s])(?!n/a|none|null|\[)[\w][\w./-]{3,}", "<serial>"),
    _shape("network-name", r"(\b(?:e?ssid|wlan[ _-]?(?:name|profile)|wi-?fi[ _-]?(?:name|network|profile))" + EQUALS + r")"
                           r"(?![<\s])[^\r\n\"'<>\\]{1,64}", "<network-name>"),
    _shape("email", r"(?<![\w.%+-])(?!git@)[\w.+-]{1,64}(?:@|%40)(?:[\w-]+\.)+[^\W\d_]{2,24}(?![\w])", "<email>"),
)


def _folder(match: re.Match[str]) -> str:
    before, name = match.group(1), match.group(2)
    if name.lower().strip() in NOBODY or STAND_IN.fullmatch(name) or name.startswith(("<", "$", "%", "{", "*")):
        return match.group()
    return before + stand_in(name)


LAST: tuple[Rule, ...] = (
    ("user", re.compile(
        r"(" + BEGIN + r"(?:Users|Benutzer|Utilisateurs|Usuarios|home|Documents and Settings)" + SEPARATOR + r")"
        r"((?:\\u[0-9a-fA-F]{4}|[^\\/:*?\"'<>|\s%]|%(?!5[Cc]|2[Ff])){1,64}"
        r"(?: (?:\\u[0-9a-fA-F]{4}|[^\\/:*?\"'<>|\s%]){1,64}){0,3}(?=" + SEPARATOR + r")"
        r"|(?:\\u[0-9a-fA-F]{4}|[^\\/:*?\"'<>|\s%,;)\]}]|%(?!5[Cc]|2[Ff]))+)", re.IGNORECASE), _folder),
    ("host", re.compile(r"\b(?:DESKTOP|LAPTOP|WIN)-[A-Z0-9]{5,12}\b"), lambda _: "host"),
    ("user", re.compile(r"^(\[?)(?!user@host\b)[\w.-]{1,64}@[\w.-]{1,64}(?=[ :][^\n]{0,120}[$#])", re.MULTILINE),
     lambda m: m.group(1) + "user@host"),
)


def stand_in(name: str) -> str:
    """What is put for a user's name: same length, and with an accent or a space where the name has one."""
    strange = any(c > "\x7f" for c in name) or re.search(r"\\u[0-9a-fA-F]{4}|%[c-e][0-9a-f]", name, re.IGNORECASE) is not None
    word = "üser" if strange else "user"
    tail = " name" if " " in name else ""
    return word + "x" * max(0, len(name) - len(word) - len(tail)) + tail


def _known(facts: MachineFacts | None, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """What this computer knows of its owner, longest first: home folder's last part, user, computer."""
    known: dict[str, str] = {}
    for kind, value in names.items():
        if not value or not isinstance(value, str):
            continue
        if kind in {"home", "user_home"}:
            value, kind = re.split(r"[\\/]", value.rstrip("\\/"))[-1], "user"
        known.setdefault(value, kind)
    for path in _paths(facts):
        found = re.search(r"[\\/](?:Users|home|Benutzer)[\\/]+([^\\/]+)", path, re.IGNORECASE)
        if found and found.group(1).lower() not in NOBODY:
            known.setdefault(found.group(1), "user")
    return sorted(((kind, value) for value, kind in known.items()
                   if len(value) >= 2 and value.lower() not in {"root", "public", "default"} and not STAND_IN.fullmatch(value)),
                  key=lambda item: -len(item[1]))


def _paths(facts: MachineFacts | None) -> list[str]:
    if facts is None:
        return []
    return [*(p.path for p in facts.pythons), *(x.path for x in facts.leftovers), *([facts.home.path] if facts.home else [])]


def _named(kind: str, value: str) -> Rule:
    """A rule for one known name in all its spellings."""
    spellings = "|".join(sorted({re.escape(s) for s in _spellings(value)}, key=lambda s: (-len(s), s)))
    short = len(value) < 3 or value.lower() in PLAIN_WORDS
    if short:
        # too common to be replaced everywhere: only as a part of a path, or before and behind an @
        one = f"(?:{spellings})"
        pattern = rf"(?<=/){one}(?=/)|(?<=\\){one}(?=\\)|(?<=@){one}(?![\w.])|(?<!\w){one}(?=@)"
    else:
        pattern = rf"{BEGIN}(?:{spellings})(?![^\W_])"
    word = value if kind == "user" else ""

    def instead(match: re.Match[str]) -> str:
        new = stand_in(word) if word else ("host" if kind == "host" else f"<{kind}>")
        return new if match.group().lower() != new.lower() else match.group()
    return kind, re.compile(pattern, re.IGNORECASE), instead


def _spellings(name: str) -> set[str]:
    """A name as paths, JSON, addresses, consoles and old Windows programs write it."""
    forms = {name, unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name)}
    for form in list(forms):
        escaped = json.dumps(form)[1:-1]
        forms |= {escaped, escaped.replace("\\", "\\\\"), quote(form), quote(form, safe=""), quote(quote(form)), "\0".join(form)}
        forms |= {form.replace(" ", "+"), form.replace("\\", "\\\\")}
        for page in ("cp1252", "cp850", "latin-1"):  # UTF-8 that was read in an old code page, and the other way round
            try:
                forms.add(form.encode("utf-8").decode(page))
                forms.add(quote(form.encode(page)))
            except UnicodeError:
                continue
        if any(c > "\x7f" for c in form):
            forms.add("".join(c if c <= "\x7f" else f"&#{ord(c)};" for c in form))
            forms.add("".join(c if c <= "\x7f" else f"\\x{ord(c):02x}" for c in form))
            forms.add("".join(c if c <= "\x7f" else "�" for c in form))
            forms.add("".join(c if c <= "\x7f" else "?" for c in form))
    letters = re.sub(r"[\s.]", "", name)
    if len(letters) > 6 or re.search(r"[\s.]", name):
        forms |= {f"{letters[:6]}~{n}" for n in range(1, 5)} | {f"{letters[:6]}%7e{n}" for n in range(1, 5)}
    return {form for form in forms if form}


def _address(match: re.Match[str]) -> str:
    """A public address; private ones, documentation and version numbers stay."""
    text = match.group().rstrip(":")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return match.group()
    before = match.string[max(0, match.start() - 60):match.start()]
    if not address.is_global or (address.version == 4 and _VERSION_BEFORE.search(before)):
        return match.group()
    return "<public-address>" + match.group()[len(text):]
