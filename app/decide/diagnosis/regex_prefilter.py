"""Finds plain strings of which every match of a pattern must contain one, so that most patterns
need not be tried.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

_RARE = 3  # letters; shorter strings stand in every line
# lines that a match reaches over behind its anchor; patterns that reach further say so with [\s\S]
_NEAR = 3
_MARKED = re.compile(r"\(\?[a-z-]*:")
_FAR = (r"[\s\S]", r"\s|", r"\n|", r"\S{1,200}\s+")


def small(text: str) -> str:
    """The text in small letters, each where it was: some letters grow when they are made small (İ)."""
    lower = text.lower()
    return (
        lower
        if len(lower) == len(text)
        else "".join(low if len(low := c.lower()) == 1 else c for c in text)
    )


def sub(
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
        spans = _merged(list(_signed(lower, sign)))
    else:
        needed = anchors(small(pattern.pattern))
        there = [word for word in needed if word in lower]
        if needed and not there:
            return text
        if (
            needed
            and min(map(len, there)) >= _RARE
            and not any(far in pattern.pattern for far in _FAR)
        ):
            spans = _merged(sorted(_anchored(lower, there)))
    parts: list[str] = []
    at = 0
    for start, end in spans:
        for match in pattern.finditer(text, start, end):
            new = instead(match)
            if new != match.group():
                parts += [text[at : match.start()], new]
                at = match.end()
    return "".join([*parts, text[at:]]) if parts else text


def _anchored(lower: str, words: list[str]) -> Iterator[tuple[int, int]]:
    """The lines that hold one of the words, with some behind each."""
    for word in words:
        at = lower.find(word)
        while at >= 0:
            start = lower.rfind("\n", 0, at) + 1
            stop = end = _line_end(lower, at)
            for _ in range(_NEAR - 1):
                end = _line_end(lower, min(end + 1, len(lower)))
            yield start, end
            at = lower.find(word, stop)


def _signed(lower: str, sign: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    found = sign.search(lower)
    while found is not None:
        end = _line_end(lower, found.end())
        yield lower.rfind("\n", 0, found.start()) + 1, end
        found = sign.search(lower, end)


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in spans:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


@lru_cache(maxsize=4096)
def anchors(pattern: str) -> tuple[str, ...]:
    """Strings of which at least one stands in every match; empty where nothing is certain.

    Searching for a plain string is far cheaper than for an expression, and there are hundreds of
    them.
    """
    found, end = _choice(pattern, 0)
    return found if end == len(pattern) else ()


def _choice(pattern: str, at: int) -> tuple[tuple[str, ...], int]:
    """Alternatives up to the end of the pattern or a closing bracket: certain only if each of them
    has something.
    """
    every: list[str] = []
    certain = True
    while True:
        found, at = _sequence(pattern, at)
        certain = certain and bool(found)
        every += found
        if at >= len(pattern) or pattern[at] == ")":
            return (tuple(dict.fromkeys(every)) if certain else ()), at
        at += 1  # over the |


def _sequence(pattern: str, at: int) -> tuple[tuple[str, ...], int]:
    """One alternative: the best of its plain runs and its groups."""
    offers: list[tuple[str, ...]] = []
    run = ""
    while at < len(pattern) and pattern[at] not in "|)":
        char = pattern[at]
        plain: str | None = None
        inner: tuple[str, ...] = ()
        if char == "\\":
            plain = pattern[at + 1] if not pattern[at + 1].isalnum() else None
            at += 2
        elif char == "[":
            at = _class_end(pattern, at)
        elif char == "(":
            inner, at = _group(pattern, at)
        else:
            plain = None if char in ".^$" else char
            at += 1
        least, at = _quantifier(pattern, at)
        if plain is not None and least == "once":
            run += plain
            continue
        if plain is not None and least == "more":
            run += plain
        offers.append((run,))
        run = ""
        if inner and least != "none":
            offers.append(inner)
    offers.append((run,))
    best = max(offers, key=lambda offer: min(len(text) for text in offer))
    return (best if all(best) else ()), at


def _group(pattern: str, at: int) -> tuple[tuple[str, ...], int]:
    """What a group promises, and the position behind it. Look-arounds promise nothing."""
    looks = pattern.startswith(("(?=", "(?!", "(?<=", "(?<!"), at)
    start = at + 1
    marked = _MARKED.match(pattern, at)
    if marked is not None:
        start = marked.end()
    elif looks:
        start = at + (4 if pattern[at + 2] == "<" else 3)
    found, end = _choice(pattern, start)
    return (() if looks else found), end + 1


def _class_end(pattern: str, at: int) -> int:
    end = at + 1
    if pattern[end] == "^":
        end += 1
    if pattern[end] == "]":
        end += 1
    while pattern[end] != "]":
        end += 2 if pattern[end] == "\\" else 1
    return end + 1


def _quantifier(pattern: str, at: int) -> tuple[str, int]:
    """How often the last piece must come at least (``once`` exactly, ``more``, ``none``), and the
    position behind.
    """
    if at >= len(pattern) or pattern[at] not in "*?+{":
        return "once", at
    least = {"*": "none", "?": "none", "+": "more", "{": "none"}[pattern[at]]
    if pattern[at] == "{":
        least = "none" if pattern[at + 1] in ",0" else "more"
        at = pattern.index("}", at)
    at += 1
    if at < len(pattern) and pattern[at] in "?+":
        at += 1
    return least, at
