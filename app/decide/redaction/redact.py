"""Takes the person out of what leaves the computer.

Names, paths, addresses, serial numbers, tokens, passwords.

Two sources: rules for what has a known shape (``shapes``), and what the machine itself knows
(``known_names``, and the secrets of this session). Both are looked for in what a text says, however
it is written (``decoded_views``). What is put instead never matches a rule again, breaks no JSON, takes
away no line, and keeps what findings depend on: a user's folder with an accent stays one with an
accent.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, cast, get_type_hints

import msgspec

from app.decide.diagnosis.log_text import decode
from app.decide.diagnosis.regex_prefilter import (
    SearchedText,
    lower_same_length,
    required_strings,
    sub_in_candidates,
)
from app.decide.redaction.decoding import (
    APART,
    FRAME,
    FULL,
    DecodedView,
    decoded_views,
    goes_on_like,
    joined,
)
from app.decide.redaction.identities import RedactionRule, known_rules
from app.decide.redaction.masking import spellings
from app.decide.redaction.person_patterns import LAST
from app.decide.redaction.secret_names import HARMLESS_VALUE, SECRET_NAME
from app.decide.redaction.secret_patterns import SHAPES
from app.decide.redaction.service_tokens import token_rules
from app.model.event import StepEvent
from app.model.machine import MachineFacts
from app.model.message import Message

_SHORTEST = 12  # signs of a secret that stands in one word
# Fields that hold names of this program: steps, profiles, checks, causes.
OWN = frozenset({"id", "step", "profile", "check", "code", "cause", "part", "remedy"})
_SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,60}")


def redactor(
    facts: MachineFacts | None = None,
    names: Mapping[str, str] | None = None,
    secrets: Iterable[str] = (),
    *,
    table: bytes,
) -> Redactor:
    """A redactor for one computer. ``table`` is ``resources/secrets.toml``.

    ``names`` maps a kind (``user``, ``host``, ``home``, …) to what is known of it; ``secrets`` are
    known tokens and passwords.
    """
    return Redactor(facts, names or {}, secrets, table)


@lru_cache(maxsize=256)
def _enumerated_fields(kind: type[msgspec.Struct]) -> frozenset[str]:
    """The fields of a struct that take a few given words alone."""
    return frozenset(
        name for name, hint in get_type_hints(kind).items() if "Literal[" in repr(hint)
    )


class Edit(NamedTuple):
    """What is put (``new``) in place of the written text from ``start`` to ``end``; ``depth`` is
    that of the reading.
    """

    start: int
    end: int
    depth: int
    new: str
    kind: str


class Redactor:
    """Replaces what identifies a person or opens an account. ``counts`` says how often, by kind."""

    def __init__(
        self,
        facts: MachineFacts | None,
        names: Mapping[str, str],
        secrets: Iterable[str],
        table: bytes,
    ) -> None:
        self.counts: dict[str, int] = {}
        known = known_rules(facts, names)
        self._names = tuple(rule.pattern for rule in known)
        self._shapes = [_with_required_strings(rule) for rule in (*token_rules(table), *SHAPES)]
        self._rules = [
            *map(_with_required_strings, _rules_for_secrets(secrets)),
            *self._shapes,
            *map(_with_required_strings, (*known, *LAST)),
        ]
        self._nobodys: set[str] = set()

    def text(self, text: str) -> str:
        """The text without the person. Doing it again changes nothing."""
        found = decoded_views(text)
        broken = joined(text, self._name_across_breaks(text)) if "\n" in text else None
        if found or broken is not None:
            text = self._apply_edits(
                text,
                [
                    edit
                    for depth, reading in enumerate(
                        [*found, *([broken] if broken is not None else [])]
                    )
                    for edit in self._find_edits(reading, text, depth)
                ],
            )
        searched = SearchedText(text)
        for rule in _applicable_rules(self._rules, searched):
            searched = sub_in_candidates(
                rule.pattern, self._counting(rule.kind, rule.instead), searched, rule.sign
            )
        return searched.text

    def data(self, data: bytes) -> bytes:
        """A log's bytes in any encoding, as UTF-8 without the person."""
        return self.text(decode(data)).encode("utf-8", "replace")

    def value(self, value: Any, key: str = "") -> Any:
        """A value without the person: every string in it, and the names in it that are no field
        names.

        A struct stays what it is: its fields' names and the words that its schema prescribes are
        nobody's. Names that this program gave (``OWN``) lose secrets alone: a user called “legacy”
        must not take a profile of that name from a report.
        """
        if isinstance(value, str):
            if key and SECRET_NAME.fullmatch(key) and value and not HARMLESS_VALUE.match(value):
                self._count_kind("token")
                return "<token>"
            return self._clean_message(value) if isinstance(value, Message) else self.text(value)
        if isinstance(value, msgspec.Struct):
            fields = {
                name: getattr(value, name)
                for name in value.__struct_fields__
                if name not in _enumerated_fields(type(value))
            }
            own = (
                OWN if type(value).__module__ != MachineFacts.__module__ else frozenset()
            )  # what a survey saw has other names
            return msgspec.structs.replace(
                value,
                **{
                    name: self._clean_own_name(found)
                    if name in own and _SLUG.fullmatch(str(found))
                    else self.value(found, name)
                    for name, found in fields.items()
                },
            )
        if isinstance(value, dict):
            return {self.text(k): self.value(v, k) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self.value(v, key) for v in value)
        return value

    def _clean_message(self, message: Message) -> str:
        """A message whose values are clean; a plain text where that leaves something in the whole."""
        cleaned = message.map_values(self.text)
        whole = self.text(str(cleaned))
        return cleaned if whole == cleaned else whole

    def facts(self, facts: MachineFacts) -> MachineFacts:
        """A machine file without the person; it gives the same findings."""
        return cast(MachineFacts, self.value(facts))

    def event(self, event: StepEvent) -> StepEvent:
        """One event of a run without the person."""
        return cast(StepEvent, self.value(event))

    def _clean_own_name(self, name: str) -> str:
        """A name that the program gave, unless it has the shape of a secret."""
        if name in self._nobodys:
            return name
        cleaned = name
        for rule in _applicable_rules(self._shapes, SearchedText(name)):
            cleaned = rule.pattern.sub(self._counting(rule.kind, rule.instead), cleaned)
        if cleaned == name:
            self._nobodys.add(name)
        return cleaned

    def _counting(
        self, kind: str, instead: Callable[[re.Match[str]], str]
    ) -> Callable[[re.Match[str]], str]:
        def replace(match: re.Match[str]) -> str:
            new = instead(match)
            if new != match.group():
                self._count_kind(kind)
                new += "\n" * (
                    match.group().count("\n") - new.count("\n")
                )  # lines keep their numbers
            return new

        return replace

    def _count_kind(self, kind: str) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1

    def _name_across_breaks(self, text: str) -> Callable[[str], bool]:
        """Whether a name stands in two halves of a broken word; asked only of the names that stand in
        the text once all breaks are left out.
        """
        lower = lower_same_length(text)
        flat = "".join(line.strip(FRAME) for line in lower.split("\n"))
        names = [
            (name, needed)
            for name in self._names
            if not (needed := required_strings(name.pattern, name.flags))
            or any(one in flat for one in needed)
        ]

        def stands_in(halves: str) -> bool:
            small = lower_same_length(halves)
            return any(
                name.search(halves)
                for name, needed in names
                if not needed or any(one in small for one in needed)
            )

        return stands_in

    def _find_edits(self, reading: DecodedView, written: str, depth: int) -> list[Edit]:
        """What a reading of the written text says that has to go: counted from its beginning, in
        the text as it is written.
        """
        edits: list[Edit] = []
        searched = SearchedText(reading.text)
        for rule in _applicable_rules(self._rules, searched):

            def take(match: re.Match[str], rule: RedactionRule = rule) -> str:
                whole = match.group()
                found = (
                    match
                    if not reading.breaks
                    else self._match_across_break(reading, match, rule, written)
                )
                new = rule.instead(found) if found is not None else ""
                if found is None or new == found.group() or APART[1] in found.group():
                    return whole
                kept = (
                    found.group(1) or ""
                    if rule.pattern.groups and new.startswith(found.group(1) or "")
                    else ""
                )
                start, end = reading.place(found.start() + len(kept), found.end())
                edits.append(Edit(start, end, depth, new[len(kept) :], rule.kind))
                rest = whole[found.end() - match.start() :]
                return (
                    kept + "<" * (len(whole) - len(kept) - len(rest)) + rest
                )  # nothing is found in that, and places stay

            searched = sub_in_candidates(rule.pattern, take, searched, rule.sign)
        return edits

    def _apply_edits(self, written: str, edits: list[Edit]) -> str:
        """The written text after all edits. Where readings differ in how far a find goes, all of it
        goes.
        """
        parts: list[str] = []
        at = 0
        for start, end, best in _merge_edits(edits):
            parts += [written[at:start], best.new, "\n" * written.count("\n", start, end)]
            at = end
            self._count_kind(best.kind)
        return "".join([*parts, written[at:]]) if parts else written

    def _match_across_break(
        self, reading: DecodedView, match: re.Match[str], rule: RedactionRule, written: str
    ) -> re.Match[str] | None:
        """The find, where it lies across a line break that was left out: not a line's end with the
        next line's first word.
        """
        found: re.Match[str] | None = None if rule.pattern.pattern.startswith("^") else match
        while found is not None:
            number = bisect_left(reading.breaks, found.end()) - 1
            if number < 0 or reading.breaks[number] <= found.start():
                return None
            at = reading.breaks[number]
            place = reading.place(at - 1, at)[1]
            line = place - written.rfind("\n", 0, place)
            without = rule.pattern.match(match.string, match.start(), at)
            if without is None or rule.instead(without) == without.group():
                # neither half says it, both together do; but two versions one below the other are
                # no address
                two = (
                    rule.kind == "public-address"
                    and ":" not in found.group()
                    and match.string[at - 1 : at + 1].isalnum()
                )
                return None if two and line < FULL else found
            if found.group()[-1] not in "\\/" and match.string[found.end() : found.end() + 1] in {
                "\\",
                "/",
            }:
                return found  # a folder's name
            if goes_on_like(match.string[at : found.end()], line):
                return found
            found = without
        return None


class _SoughtRule(NamedTuple):
    """A rule with plain words of which each match holds one: in small letters, and as it is written
    (``exact``). Without any it is always tried.
    """

    rule: RedactionRule
    needed: tuple[str, ...]
    exact: tuple[str, ...]


def _with_required_strings(rule: RedactionRule) -> _SoughtRule:
    if rule.sign is not None:
        return _SoughtRule(rule, (), ())
    pattern, flags = rule.pattern.pattern, rule.pattern.flags
    return _SoughtRule(
        rule, required_strings(pattern, flags), required_strings(pattern, flags, exact=True)
    )


def _applicable_rules(rules: Iterable[_SoughtRule], searched: SearchedText) -> list[RedactionRule]:
    """The rules that can find something in a text: of three hundred a few.

    A log says the same words again and again: each different one is looked at once.
    """
    words = dict.fromkeys(searched.text.split())
    long_words = "\n".join(word for word in words if len(word) >= _SHORTEST)
    small_long = lower_same_length(long_words)

    def is_wanted(sought: _SoughtRule) -> bool:
        needed, exact = sought.needed, sought.exact
        there = [one for one in needed if searched.may_hold(one)]
        if needed and not there:
            return False
        if not sought.rule.in_word:
            return True
        pattern = sought.rule.pattern
        if exact and min(map(len, exact)) >= min(map(len, needed), default=0):
            there = [one for one in exact if searched.holds(one, exact=True)]
            return bool(there) and _is_found_in(pattern, there, long_words, long_words)
        return _is_found_in(pattern, there, long_words, small_long)

    return [sought.rule for sought in rules if is_wanted(sought)]


def _is_found_in(
    pattern: re.Pattern[str], needed: Sequence[str], words: str, searched: str
) -> bool:
    """Whether a pattern is found in one of these words, a line each, that hold what it needs.
    ``searched`` is ``words`` or its small letters.
    """
    if not needed:
        return pattern.search(words) is not None
    for one in needed:
        at = searched.find(one)
        while at >= 0:
            start, end = words.rfind("\n", 0, at) + 1, words.find("\n", at)
            end = len(words) if end < 0 else end
            if pattern.search(words, start, end) is not None:
                return True
            at = searched.find(one, end)
    return False


def _merge_edits(edits: list[Edit]) -> Iterator[tuple[int, int, Edit]]:
    """Edits that overlap as one: from where to where, and which of them says best what stood there."""
    cluster: list[Edit] = []
    end = -1
    for edit in sorted(edits):
        if cluster and edit.start >= end:
            yield cluster[0].start, end, max(cluster, key=lambda e: (e.end - e.start, e.depth))
            cluster = []
        end = max(end, edit.end) if cluster else edit.end
        cluster.append(edit)
    if cluster:
        yield cluster[0].start, end, max(cluster, key=lambda e: (e.end - e.start, e.depth))


def _rules_for_secrets(secrets: Iterable[str]) -> tuple[RedactionRule, ...]:
    forms = sorted(
        {form for secret in secrets for form in spellings(secret)},
        key=lambda form: (-len(form), form),
    )
    if not forms:
        return ()
    return (
        RedactionRule("token", re.compile("|".join(map(re.escape, forms))), lambda _: "<token>"),
    )
