"""Finds plain strings of which every match of a pattern must contain one, so that most patterns need not be tried."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=4096)
def anchors(pattern: str) -> tuple[str, ...]:
    """Strings of which at least one stands in every match; empty where nothing is certain.

    Searching for a plain string is far cheaper than for an expression, and there are hundreds of them.
    """
    found, end = _choice(pattern, 0)
    return found if end == len(pattern) else ()


def _choice(pattern: str, at: int) -> tuple[tuple[str, ...], int]:
    """Alternatives up to the end of the pattern or a closing bracket: certain only if each of them has something."""
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
    if pattern.startswith("(?:", at):
        start = at + 3
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
    """How often the last piece must come at least (``once`` exactly, ``more``, ``none``), and the position behind."""
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
