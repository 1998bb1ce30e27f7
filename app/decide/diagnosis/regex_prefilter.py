"""Finds plain strings of which every match of a pattern must contain one.

So most patterns need not be tried.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from re import _parser  # type: ignore[attr-defined]  # the one parser that reads what re reads
from typing import Any

_RARE = 3  # letters; shorter strings stand in every line
# lines that a match reaches over behind its anchor; patterns that reach further say so with [\s\S]
_NEAR = 3
_REPEATS = (_parser.MAX_REPEAT, _parser.MIN_REPEAT, _parser.POSSESSIVE_REPEAT)
_FAR = (r"[\s\S]", r"\s|", r"\n|", r"\S{1,200}\s+")


# Letters that re.IGNORECASE takes for i and s, and that stay what they are when they are made small.
_FOLDED = {"\u0130": "i", "\u0131": "i", "\u017f": "s"}


def lower_same_length(text: str) -> str:
    """The text in small letters, each where it was: some letters grow when they are made small (İ)."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(low if len(low := c.lower()) == 1 else c for c in text)
    for letter, plain in _FOLDED.items():  # a hundred times faster than str.translate
        lower = lower.replace(letter, plain)
    return lower


def sub_in_candidates(
    pattern: re.Pattern[str],
    instead: Callable[[re.Match[str]], str],
    text: str,
    lower: str,
    sign: re.Pattern[str] | None = None,
) -> str:
    """``pattern.sub(instead, text)``, looking only at the lines in which there can be a match.
    ``lower`` is ``small(text)``.

    ``sign`` is found in each such line's small letters. Gives the very same text back where nothing
    changes.
    """
    spans = [(0, len(text))]
    if sign is not None:
        spans = _merge_spans(list(_spans_with_pattern(lower, sign)))
    else:
        needed = required_strings(pattern.pattern, pattern.flags)
        there = [word for word in needed if word in lower]
        if needed and not there:
            return text
        if (
            needed
            and min(map(len, there)) >= _RARE
            and not any(far in pattern.pattern for far in _FAR)
        ):
            spans = _merge_spans(sorted(_spans_with_words(lower, there)))
    parts: list[str] = []
    at = 0
    for start, end in spans:
        for match in pattern.finditer(text, start, end):
            new = instead(match)
            if new != match.group():
                parts += [text[at : match.start()], new]
                at = match.end()
    return "".join([*parts, text[at:]]) if parts else text


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
def required_strings(pattern: str, flags: int = 0) -> tuple[str, ...]:
    """Strings in small letters of which at least one stands in ``small(text)`` of every match of
    ``re.compile(pattern, flags)``; empty where nothing is certain.

    Searching for a plain string is far cheaper than for an expression, and there are hundreds of
    them. Python's own parser reads the pattern; an operation that this module does not know
    promises nothing. Raises ``re.error`` where the pattern is none.
    """
    parsed = _parser.parse(pattern, flags)
    return _required_by_sequence(parsed, bool(parsed.state.flags & re.IGNORECASE))


def _required_by_sequence(items: Iterable[tuple[Any, Any]], any_case: bool) -> tuple[str, ...]:
    """What one alternative promises: the best of its plain runs and its groups."""
    offers: list[tuple[str, ...]] = []
    run = ""
    for operation, value in items:
        if operation is _parser.LITERAL and _is_case_safe(value, any_case):
            run += lower_same_length(chr(value))
            continue
        offers.append((run,))
        run = ""
        inner = _required_by_node(operation, value, any_case)
        offers.append(inner)
    offers.append((run,))
    best = max(offers, key=lambda offer: min(map(len, offer), default=0))
    return best if best and all(best) else ()


def _required_by_node(operation: Any, value: Any, any_case: bool) -> tuple[str, ...]:
    """What a group, a choice or a repetition promises. Look-arounds, classes and references promise
    nothing.
    """
    if operation is _parser.SUBPATTERN:
        _group, on, off, inner = value
        return _required_by_sequence(
            inner, (any_case or bool(on & re.IGNORECASE)) and not off & re.IGNORECASE
        )
    if operation is _parser.ATOMIC_GROUP:
        return _required_by_sequence(value, any_case)
    if operation is _parser.BRANCH:
        parts = [_required_by_sequence(branch, any_case) for branch in value[1]]
        return tuple(dict.fromkeys(word for part in parts for word in part)) if all(parts) else ()
    if operation in _REPEATS and value[0] > 0:
        return _required_by_sequence(value[2], any_case)
    return ()


def _is_case_safe(code: int, any_case: bool) -> bool:
    """Whether this letter of a pattern stands in the small letters of whatever it matches. Beyond
    ASCII several letters are one to ``re.IGNORECASE``.
    """
    return not any_case or code < 128
