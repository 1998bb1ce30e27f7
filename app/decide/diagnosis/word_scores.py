"""Compares a log's words with those of logs whose cause is known.

A net below the rules, for what no rule describes.

The rules know mechanisms; this knows none. It orders causes by how strongly single words and pairs
of neighbouring words of a log speak for each of them, as counted by ``build/word_scores.py`` in
several hundred logs that people have judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import pairwise

# letters at the end of a log that are compared; counting was done on excerpts of this order
READ = 12_000
_LONG = 60  # words of a line that are compared

_WORD = re.compile(r"[a-z_][a-z0-9_]*[a-z0-9]|(?<![\d.])\d{2,5}(?![\d.])")
# Where files lie on somebody's computer says nothing: their names, folders above the packages,
# numbers of lines.
_PERSONAL = re.compile(
    r"(?:users|home|benutzer)[\\/]+[^\\/\s\"']+|[^\s\"'(]*(?:site|dist)-packages[\\/]+|\bline \d+|:\d+\b|0x[0-9a-f]+"
)
_PLAIN = frozenset(
    (
        "the",
        "and",
        "for",
        "with",
        "this",
        "that",
        "from",
        "you",
        "are",
        "your",
        "was",
        "not",
        "user",
        "users",
        "home",
        "line",
        "file",
        "self",
        "return",
        "call",
        "last",
        "most",
        "recent",
        "lib",
    )
)

Counted = Mapping[str, Mapping[str, str]]  # cause, points as text, words with commas between them


def split_words(lower: str) -> frozenset[str]:
    """The words and the pairs of neighbouring words in a text of small letters."""
    found: set[str] = set()
    for line in lower[-READ:].splitlines():
        row = _WORD.findall(_PERSONAL.sub(" ", line))[:_LONG]
        found.update(word for word in row if len(word) > 2 and word not in _PLAIN)
        found.update(f"{one} {two}" for one, two in pairwise(row))
    return frozenset(found)


def score_causes(lower: str, counted: Counted) -> list[tuple[str, float]]:
    """Causes and how strongly the text's words speak for them, strongest first; only those that any
    word speaks for.

    Points are natural logarithms of how much more often a word stands in logs of that cause than in
    others, summed up.
    """
    if not counted:
        return []
    points = _index_points(_Held(counted))
    score: dict[str, float] = {}
    for word in split_words(lower):
        for label, worth in points.get(word, ()):
            score[label] = score.get(label, 0.0) + worth
    return sorted(score.items(), key=lambda pair: (-pair[1], pair[0]))


def pack(table: Iterable[tuple[str, Iterable[tuple[str, float]]]]) -> dict[str, dict[str, str]]:
    """The form in which words are kept, from causes with their words and points."""
    packed = {}
    for label, rows in table:
        groups: dict[str, list[str]] = {}
        for word, worth in rows:
            groups.setdefault(f"{worth:.1f}", []).append(word)
        packed[label] = {
            worth: ",".join(sorted(group)) for worth, group in sorted(groups.items(), reverse=True)
        }
    return packed


class _Held:
    """A table as a key: the same table is taken apart once."""

    def __init__(self, counted: Counted) -> None:
        self.counted = counted

    def __hash__(self) -> int:
        return id(self.counted)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and other.counted is self.counted


@lru_cache(maxsize=2)
def _index_points(held: _Held) -> dict[str, list[tuple[str, float]]]:
    points: dict[str, list[tuple[str, float]]] = {}
    for label, groups in held.counted.items():
        for worth, row in groups.items():
            for word in row.split(","):
                points.setdefault(word, []).append((label, float(worth)))
    return points
