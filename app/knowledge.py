"""Reads what the program knows from ``resources/`` once, checks it, and hands out values."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import TypeVar

import msgspec

from app.model.advisory import Advisories, Advisory
from app.model.card import CardCatalogue, CardModel
from app.model.condition import NAMES, parse
from app.model.errors import InputError
from app.model.guide import Guide
from app.model.known_issue import Chapter, KnownIssues
from app.model.llama_cpp import LlamaCpp
from app.model.message import Message
from app.model.profile import Part, Profile, Wheel
from app.model.proof import Proof
from app.model.rules import Rule, Rules, RulesFile
from app.model.value import Value

Read = Callable[[str], bytes | None]
Names = Callable[[str], tuple[str, ...]]
T = TypeVar("T")

_FILL = re.compile(r"\{([^{}]*)\}")
_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^\s\\;]+)")
_PART = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
_PLACE = re.compile(r"default|pytorch/[a-z0-9.]+")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")


class WheelList(Value, frozen=True, kw_only=True):
    """``<lock>.wheels.json``: what the lock maker saw. Bytes; ``measured`` says that somebody
    unpacked them.
    """

    download: int = 0
    disk: int = 0
    measured: bool = False
    estimated: bool = False
    wheel: tuple[Wheel, ...] = ()


class Knowledge(Value, frozen=True, kw_only=True):
    """Everything that the program knows before it looks at a computer."""

    profiles: tuple[Profile, ...]
    rules: Rules
    cards: CardCatalogue
    read_known_issues: Callable[[], KnownIssues] = KnownIssues
    read_guide: Callable[[], Guide] = Guide
    advisories: tuple[Advisory, ...] = ()
    llama_cpp: LlamaCpp | None = None
    kernels: tuple[
        Profile, ...
    ] = ()  # packages for a notebook kernel, one set for each Python: never an environment

    @property
    def known_issues(self) -> KnownIssues:
        """What the diagnosis knows, read when it is first asked for: half of all there is to read."""
        return self.read_known_issues()

    @property
    def guide(self) -> Guide:
        """What the guide says, read when it is first asked for."""
        return self.read_guide()

    def profile(self, name: str) -> Profile:
        """The profile with this id. Raises ``InputError`` that lists the ids."""
        for profile in self.profiles:
            if profile.id == name:
                return profile
        known = ", ".join(p.id for p in self.profiles)
        raise InputError(f"There is no profile {name!r}; expected one of {known}.")


def load(read: Read, names: Names) -> Knowledge:
    """Read and check ``resources/``: known issues and guide when they are first asked for.

    ``read`` gives a file by its path below ``resources/`` (``None`` where there is none), ``names``
    lists a folder. Raises ``InputError`` that names the file, the place in it and what was expected.
    """

    def all_of(kind: str) -> tuple[Profile, ...]:
        return tuple(
            profile(
                read,
                n,
                kind,
                [x for x in names(f"{kind}/{n}/proof") if x.endswith(".json")],
            )
            for n in names(kind)
            if read(f"{kind}/{n}/profile.toml") is not None
        )

    return Knowledge(
        profiles=all_of("profiles"),
        kernels=all_of("kernels"),
        rules=rules(read),
        cards=cards(read),
        read_known_issues=cache(lambda: known_issues(read, names)),
        read_guide=cache(lambda: guide(read, names)),
        advisories=_read_value(read, "advisories.toml", Advisories).advisory,
        llama_cpp=_read_value(read, "training/llama_cpp.toml", LlamaCpp),
    )


def profile(read: Read, folder: str, kind: str = "profiles", proofs: Sequence[str] = ()) -> Profile:
    """One profile with the texts and sizes of its locks; ``kind`` is the folder of all of its kind,
    ``proofs`` the names of its proof records.
    """
    where = f"{kind}/{folder}/profile.toml"
    found = _read_value(read, where, Profile)
    if found.id != folder:
        raise InputError(f"{where}: `id` is {found.id!r}; expected the folder's name {folder!r}.")
    return msgspec.structs.replace(
        found,
        parts=tuple(_check_part(read, f"{kind}/{folder}/", part, where) for part in found.parts),
        proof=tuple(_read_proof(read, f"{kind}/{folder}/proof/{n}", folder) for n in proofs),
    )


def _read_proof(read: Read, path: str, folder: str) -> Proof:
    found = _read_value(read, path, Proof)
    if found.profile != folder:
        raise InputError(f"{path}: it is of {found.profile!r}; expected a record of {folder!r}.")
    return found


def _check_part(read: Read, folder: str, part: Part, where: str) -> Part:
    if not _PART.fullmatch(part.id):
        raise InputError(
            f"{where}: the part's id is {part.id!r}; expected a plain word, since files are named "
            f"by it."
        )
    if not _PLACE.fullmatch(part.index):
        raise InputError(
            f"{where}, part {part.id!r}: `index` is {part.index!r}; expected default, or pytorch/ "
            f"and a folder there."
        )
    lock = _read_text(read, folder + part.lock, f"{where}, part {part.id!r}")
    entries = check_lock(lock, folder + part.lock, part.unhashed)
    sizes = folder + part.lock.replace(".lock.txt", ".wheels.json")
    listed = (
        _read_value(read, sizes, WheelList)
        if read(sizes) is not None
        else WheelList(estimated=True)
    )
    for wheel in listed.wheel:
        if entries.get(_normalize_name(wheel.name)) != wheel.version:
            raise InputError(
                f"{sizes}: {wheel.name} {wheel.version} is not in {part.lock}; "
                "expected the lock's packages: make the sizes again."
            )
    count = (
        len(entries)
        - (1 if "unsloth" in entries or "torch" in entries else 0)
        - (1 if "unsloth" in entries and "torch" in entries else 0)
    )
    return msgspec.structs.replace(
        part,
        requirements=lock,
        wheels=listed.wheel,
        download=listed.download,
        disk=listed.disk,
        estimated=listed.estimated,
        title=Message(part.title, count=count) if "{count}" in part.title else part.title,
    )


def check_lock(text: str, where: str, unhashed: tuple[str, ...] = ()) -> dict[str, str]:
    """The pinned names and versions of a lock. Raises ``InputError`` where a line is no pin, has no
    hash or an address.
    """
    found: dict[str, str] = {}
    joined = text.replace("\r\n", "\n").replace("\\\n", " ")
    for line in joined.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        pin = _REQUIREMENT.match(line)
        if not pin or "://" in line:
            raise InputError(
                f"{where}: the line {line[:60]!r} is not a pinned requirement; expected "
                f"name==version with hashes."
            )
        if not _HASH.search(line) and pin["name"] not in unhashed:
            raise InputError(
                f"{where}: {pin['name']}=={pin['version']} has no SHA-256 hash; "
                "expected one, or the name in the part's `unhashed`."
            )
        found[_normalize_name(pin["name"])] = pin["version"]
    if not found:
        raise InputError(f"{where}: no requirement in it; expected name==version with hashes.")
    return found


def rules(read: Read) -> Rules:
    """The rules of ``findings.toml``, each condition and each text checked."""
    file = "findings.toml"
    raw = _read_value(read, file, RulesFile)
    limits = tuple("limit." + t.id for t in raw.threshold)
    made = []
    for number, table in enumerate(raw.rule, 1):
        where = f"{file}, rule {number} ({table.id})"
        for text in (table.title, table.detail, table.seen, table.remedy):
            for name in _FILL.findall(text):
                if name not in NAMES and name not in limits:
                    raise InputError(
                        f"{where}: the text fills in {{{name}}}, which is not a name of the "
                        f"rules' language."
                    )
        fields = {f: getattr(table, f) for f in table.__struct_fields__}
        made.append(Rule(**{**fields, "when": parse(table.when, where, limits)}))
    return Rules(
        thresholds=raw.threshold,
        rules=tuple(made),
        variables=raw.variable,
        old_systems=raw.old_systems,
        fresh_until=raw.fresh_until,
        sources=raw.sources,
        unsafe_characters=raw.unsafe_characters,
        broken_characters=raw.broken_characters,
        unknown=raw.unknown,
    )


def cards(read: Read) -> CardCatalogue:
    """How to tell a card, and the models of ``gpus.csv``. A table of that size takes a thousandth of
    a second as CSV, fifty times as much as TOML.
    """
    file = "gpus.csv"
    rows = csv.DictReader(_read_text(read, file, "the program").splitlines(), strict=True)
    made = []
    try:
        for row in rows:
            given = {name: cell for name, cell in row.items() if cell}
            names = [name.strip() for name in given.pop("nvml_names", "").split(";")]
            made.append(msgspec.convert({**given, "nvml_names": names}, CardModel, strict=False))
    except (csv.Error, TypeError, AttributeError, msgspec.ValidationError) as fault:
        raise InputError(f"resources/{file}, line {rows.line_num}: {fault}")
    found = _read_value(read, "gpus.toml", CardCatalogue)
    return msgspec.structs.replace(found, gpu=tuple(made))


def known_issues(read: Read, names: Names) -> KnownIssues:
    """All chapters of ``known_issues/``, and the words that speak for each cause."""
    chapters = [
        _read_value(read, f"known_issues/{n}", Chapter)
        for n in names("known_issues")
        if n.endswith(".toml")
    ]
    words, outcome = "known_issues/words.json", "known_issues/outcome.json"
    return KnownIssues(
        causes=tuple(t for c in chapters for t in c.known_issue),
        harmless=tuple(h for c in chapters for h in c.harmless),
        checks={stage: check for c in chapters for stage, check in c.checks.items()},
        words=_read_value(read, words, dict[str, dict[str, str]])
        if read(words) is not None
        else {},
        outcome=_read_value(read, outcome, dict[str, dict[str, str]])
        if read(outcome) is not None
        else {},
    )


def guide(read: Read, names: Names) -> Guide:
    """All files of ``guide/``: each holds some of the guide's fields."""
    parts = [_read_value(read, f"guide/{n}", Guide) for n in names("guide") if n.endswith(".toml")]
    fields = {
        f: tuple(item for part in parts for item in getattr(part, f))
        for f in Guide.__struct_fields__
    }
    return Guide(**fields)


def _read_text(read: Read, path: str, asked_by: str) -> str:
    data = read(path)
    if data is None:
        raise InputError(f"resources/{path} is missing; {asked_by} expects it.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise InputError(f"resources/{path}: not UTF-8 at byte {fault.start}.")


def _read_value(read: Read, path: str, shape: type[T]) -> T:
    try:
        decode = msgspec.json.decode if path.endswith(".json") else msgspec.toml.decode
        return decode(_read_text(read, path, "the program"), type=shape)
    except msgspec.MsgspecError as fault:
        raise InputError(f"resources/{path}: {fault}")


def _normalize_name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
