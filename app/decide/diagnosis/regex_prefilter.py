"""Finds plain strings of which every match of a pattern must contain one.

So most patterns need not be tried.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from re import _casefix, _parser  # type: ignore[attr-defined]  # what re itself reads patterns with
from typing import Any

_RARE = 3  # letters; shorter strings stand in every line
# lines that a match reaches over behind its anchor; patterns that reach further say so with [\s\S]
_NEAR = 3
_LEADING = 2  # letters with which a match begins; a single one stands everywhere
_SELDOM = frozenset("?&")  # signs that are worth looking for alone
_ENOUGH = 6  # letters; more tell no more
_MANY = 60  # strings with which a pattern may begin
_REPEATS = (_parser.MAX_REPEAT, _parser.MIN_REPEAT, _parser.POSSESSIVE_REPEAT)
_FAR = (r"[\s\S]", r"\s|", r"\n|", r"\S{1,200}\s+")


_LARGE = 4096  # characters; a smaller text is searched as it is
_BETWEEN = frozenset(b"\"'`/\\()[]{}<>,;|")  # beside spaces: what parts of a text stand between
_PARTS = bytes(
    ord("0") if chr(code).isdigit() else ord(" ") if code in _BETWEEN else code
    for code in range(256)
)
_EXACT = re.compile("[!#$%&*+.:=@^_~A-Za-z-]+")  # of letters that a part holds as they are
_MORE_CASES = frozenset(_casefix._EXTRA_CASES)
# Letters that re.IGNORECASE takes for i and s, and that stay what they are when they are made small.
_FOLDED = {"\u0130": "i", "\u0131": "i", "\u017f": "s"}


def lower_same_length(text: str) -> str:
    """The text in small letters, each where it was: some letters grow when they are made small (İ)."""
    lower = text.lower()
    if text.isascii():
        return lower
    if len(lower) != len(text):
        lower = "".join(low if len(low := c.lower()) == 1 else c for c in text)
    for letter, plain in _FOLDED.items():  # a hundred times faster than str.translate
        lower = lower.replace(letter, plain)
    return lower


class SearchedText:
    """A text in which many patterns are looked for, and its small letters.

    Of a large one also its different parts, of which a log of 1 MB has some 50 kB: that a word stands
    nowhere, and mostly also that it does, is told by these alone. ``before`` is the text that it was
    made of and ``changed`` the lines that differ: parts that are gone stay known, which costs a search.
    """

    def __init__(
        self, text: str, before: SearchedText | None = None, changed: Sequence[str] = ()
    ) -> None:
        self.text = text
        self.lower = lower_same_length(text)
        self._parts: bytes | None = None
        self._parts_as_written: bytes | None = None
        if len(text) <= _LARGE:
            return
        if before is None or before._parts is None:
            self._parts = _different_parts(self.lower)
            return
        lines = "\n".join(changed)
        self._parts = before._parts + b"\n" + _different_parts(lower_same_length(lines))
        if before._parts_as_written is not None:
            self._parts_as_written = before._parts_as_written + b"\n" + _different_parts(lines)

    def may_hold(self, word: str) -> bool:
        """Whether a word of small letters can stand in the small letters: never false where it does."""
        return word in self.lower if self._parts is None else _longest_part(word)[0] in self._parts

    def holds(self, word: str, exact: bool = False) -> bool:
        """Whether a word can stand in the text (``exact``) or in its small letters: never false where
        it does, and false where it does not, but for words that stood in the text ``before``.
        """
        if self._parts is not None:
            part, whole = _longest_part(word)
            if part not in self._parts:
                return False  # nor in any other case
            if whole and exact:
                if self._parts_as_written is None:
                    self._parts_as_written = _different_parts(self.text)
                return word.encode() in self._parts_as_written
            if whole:
                return True
        return word in (self.text if exact else self.lower)


def _different_parts(text: str) -> bytes:
    return b"\n".join(set(_split_parts(text)))


def _split_parts(text: str) -> list[bytes]:
    """A text's parts, each figure as 0: numbers differ in every line of a log."""
    return text.encode("latin-1", "replace").translate(_PARTS).split()


@lru_cache(maxsize=4096)
def _longest_part(word: str) -> tuple[bytes, bool]:
    """The longest part of a word, in small letters, and whether it is the whole word and stands in
    parts as it is written.
    """
    longest = max(_split_parts(lower_same_length(word)), key=len, default=b"")
    return longest, _EXACT.fullmatch(word) is not None


def sub_in_candidates(
    pattern: re.Pattern[str],
    instead: Callable[[re.Match[str]], str],
    searched: SearchedText,
    sign: re.Pattern[str] | None = None,
) -> SearchedText:
    """``pattern.sub(instead, text)``, looking only where there can be a match.

    ``sign`` is found in the small letters of each line with a match. Gives the very same text back
    where nothing changes.
    """
    text = searched.text
    parts: list[str] = []
    at = length = 0
    places: list[int] = []  # where something new stands, in the new text
    for match in _candidates(pattern, searched, sign):
        new = instead(match)
        if new != match.group():
            length += match.start() - at
            places += [length, length + len(new)]
            length += len(new)
            parts += [text[at : match.start()], new]
            at = match.end()
    if not parts:
        return searched
    made = "".join([*parts, text[at:]])
    return SearchedText(made, searched, list(_whole_lines(made, places)))


def _whole_lines(text: str, places: list[int]) -> Iterator[str]:
    """The lines in which these places lie, which are in order; what lies between two places of one
    new piece may be several.
    """
    done = 0
    for start, end in zip(places[::2], places[1::2], strict=True):
        begin, stop = text.rfind("\n", 0, start) + 1, _find_line_end(text, end)
        if stop > done:
            yield text[max(begin, done) : stop]
            done = stop


def _candidates(
    pattern: re.Pattern[str], searched: SearchedText, sign: re.Pattern[str] | None
) -> Iterator[re.Match[str]]:
    """``pattern.finditer(text)``."""
    text, lower = searched.text, searched.lower
    spans = [(0, len(text))]
    if sign is not None:
        spans = _merge_spans(list(_spans_with_pattern(lower, sign)))
    else:
        source, flags = pattern.pattern, pattern.flags
        sought: list[tuple[str, list[str]]] = []
        for exact in (False, True):
            needed = required_strings(source, flags, exact)
            there = [word for word in needed if searched.holds(word, exact)]
            if needed and not there:
                return
            if min(map(len, there), default=0) >= _RARE:
                sought.append((text if exact else lower, there))
        if begins := leading_strings(source, flags):
            yield from _matches_that_begin_with(begins, pattern, searched)
            return
        if sought and not any(far in source for far in _FAR):
            spans = _merge_spans(sorted(_spans_with_words(*sought[-1])))
    for start, end in spans:
        yield from pattern.finditer(text, start, end)


def _matches_that_begin_with(
    begins: tuple[str, ...], pattern: re.Pattern[str], searched: SearchedText
) -> Iterator[re.Match[str]]:
    """``pattern.finditer(text)``, where each match begins with one of some words
    (``leading_strings``).
    """
    places: set[int] = set()
    for word in begins:
        at = searched.lower.find(word) if searched.holds(word) else -1
        while at >= 0:
            places.add(at)
            at = searched.lower.find(word, at + 1)
    end = 0
    for at in sorted(places):
        if at >= end and (match := pattern.match(searched.text, at)) is not None:
            yield match
            end = match.end()


def _spans_with_words(lower: str, words: list[str]) -> Iterator[tuple[int, int]]:
    """The lines that hold one of the words, with some behind each."""
    for word in words:
        at = lower.find(word)
        while at >= 0:
            start = lower.rfind("\n", 0, at) + 1
            stop = end = _find_line_end(lower, at)
            for _ in range(_NEAR - 1):
                end = _find_line_end(lower, min(end + 1, len(lower)))
            yield start, end
            at = lower.find(word, stop)


def _spans_with_pattern(lower: str, sign: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    found = sign.search(lower)
    while found is not None:
        end = _find_line_end(lower, found.end())
        yield lower.rfind("\n", 0, found.start()) + 1, end
        found = sign.search(lower, end)


def _merge_spans(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in spans:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _find_line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


@lru_cache(maxsize=4096)
def required_strings(pattern: str, flags: int = 0, exact: bool = False) -> tuple[str, ...]:
    """Strings in small letters of which at least one stands in ``lower_same_length`` of every match
    of ``re.compile(pattern, flags)``; empty where nothing is certain. ``exact``: strings as they
    stand in the match itself, so of letters whose case counts.

    Searching for a plain string is far cheaper than for an expression, and there are hundreds of
    them. Python's own parser reads the pattern; an operation that this module does not know
    promises nothing. Raises ``re.error`` where the pattern is none.
    """
    parsed = _parser.parse(pattern, flags)
    return _required_by_sequence(parsed, bool(parsed.state.flags & re.IGNORECASE), exact)


def _required_by_sequence(
    items: Iterable[tuple[Any, Any]], any_case: bool, exact: bool
) -> tuple[str, ...]:
    """What one alternative promises: the best of its plain runs and its groups."""
    offers: list[tuple[str, ...]] = []
    run = ""
    for operation, value in items:
        if operation is _parser.LITERAL and _is_certain(value, any_case, exact):
            run += chr(value) if exact else lower_same_length(chr(value))
            continue
        offers.append((run,))
        run = ""
        inner = _required_by_node(operation, value, any_case, exact)
        offers.append(inner)
    offers.append((run,))
    best = max(offers, key=lambda offer: min(map(len, offer), default=0))
    return best if best and all(best) else ()


def _required_by_node(operation: Any, value: Any, any_case: bool, exact: bool) -> tuple[str, ...]:
    """What a group, a choice or a repetition promises. Look-arounds, classes and references promise
    nothing.
    """
    if operation is _parser.SUBPATTERN:
        _group, on, off, inner = value
        return _required_by_sequence(
            inner, (any_case or bool(on & re.IGNORECASE)) and not off & re.IGNORECASE, exact
        )
    if operation is _parser.ATOMIC_GROUP:
        return _required_by_sequence(value, any_case, exact)
    if operation is _parser.BRANCH:
        parts = [_required_by_sequence(branch, any_case, exact) for branch in value[1]]
        return tuple(dict.fromkeys(word for part in parts for word in part)) if all(parts) else ()
    if operation in _REPEATS and value[0] > 0:
        return _required_by_sequence(value[2], any_case, exact)
    return ()


def _is_certain(code: int, any_case: bool, exact: bool) -> bool:
    """Whether this letter of a pattern is known of each match: as it is, or made small."""
    if exact and any_case:
        return chr(code).lower() == chr(code).upper()
    return exact or _is_case_safe(code, any_case)


def _is_case_safe(code: int, any_case: bool) -> bool:
    """Whether this letter of a pattern stands in the small letters of whatever it matches. Of some
    letters beyond ASCII, ``re.IGNORECASE`` takes several small ones for the same.
    """
    return not any_case or code < 128 or ord(lower_same_length(chr(code))) not in _MORE_CASES


@lru_cache(maxsize=4096)
def leading_strings(pattern: str, flags: int = 0) -> tuple[str, ...]:
    """Strings in small letters with one of which ``lower_same_length`` of every match of
    ``re.compile(pattern, flags)`` begins; empty where nothing is certain or they are too many.

    Trying a pattern at the places of a few plain strings costs a tenth of looking for it.
    """
    parsed = _parser.parse(pattern, flags)
    found, _whole = _begin_of_sequence(parsed, bool(parsed.state.flags & re.IGNORECASE))
    if len(found) > _MANY or any(len(word) < _LEADING and word not in _SELDOM for word in found):
        return ()
    return tuple(
        word
        for word in sorted(found)
        if not any(word != other and word.startswith(other) for other in found)
    )


_Begin = tuple[frozenset[str], bool]  # what it begins with, and whether that is all of it
_NOTHING_KNOWN: _Begin = (frozenset({""}), False)


def _begin_of_sequence(items: Sequence[tuple[Any, Any]], any_case: bool) -> _Begin:
    begins = frozenset({""})
    for number, (operation, value) in enumerate(items):
        if min(map(len, begins)) >= _ENOUGH:
            return begins, False
        rest: list[tuple[Any, Any]] = list(items[number + 1 :])
        optional = operation in _REPEATS and value[0] == 0
        if optional:
            taken = _begin_of_sequence([*value[2], *(rest if value[1] == 1 else ())], any_case)
            more, whole = _union(
                [taken if value[1] == 1 else (taken[0], False), _begin_of_sequence(rest, any_case)]
            )
        else:
            more, whole = _begin_of_node(operation, value, any_case)
        longer = frozenset(a + b for a in begins for b in more)
        if len(longer) > _MANY:
            return begins, False
        begins = longer
        if optional or not whole:
            return begins, whole
    return begins, True


def _begin_of_node(operation: Any, value: Any, any_case: bool) -> _Begin:
    """What a match of one node begins with. A place has no width; a class is known if it is small."""
    if operation is _parser.LITERAL:
        if not _is_case_safe(value, any_case):
            return _NOTHING_KNOWN
        return frozenset({lower_same_length(chr(value))}), True
    if operation in (_parser.AT, _parser.ASSERT, _parser.ASSERT_NOT):
        return frozenset({""}), True
    if operation is _parser.IN and all(kind is _parser.LITERAL for kind, _ in value):
        return _union([_begin_of_node(kind, code, any_case) for kind, code in value])
    if operation is _parser.SUBPATTERN:
        _group, on, off, inner = value
        return _begin_of_sequence(
            inner, (any_case or bool(on & re.IGNORECASE)) and not off & re.IGNORECASE
        )
    if operation is _parser.ATOMIC_GROUP:
        return _begin_of_sequence(value, any_case)
    if operation is _parser.BRANCH:
        return _union([_begin_of_sequence(branch, any_case) for branch in value[1]])
    if operation in _REPEATS:
        _least, most, inner = value
        begins, whole = _begin_of_sequence(inner, any_case)
        return begins, whole and most == 1
    return _NOTHING_KNOWN


def _union(begins: list[_Begin]) -> _Begin:
    return frozenset().union(*(found for found, _ in begins)), all(whole for _, whole in begins)
