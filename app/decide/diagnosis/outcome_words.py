"""Tells by its words whether a log reads like one without a failure, or like one without a cause.

The rules find messages wherever they stand; people see at once that a page of help or a test that
provokes an error has no failure. ``build/outcome_words.py`` weighs words of many judged logs for
that (logistic regression), and a log's own words are added up here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache

from app.decide.diagnosis.word_scores import split_words
from app.model.value import Value

Weighed = Mapping[str, Mapping[str, str]]  # what is weighed, weight as text, words with commas

HARMLESS, UNTOLD = "harmless", "untold"
BIAS = "bias"  # the word that every log has
_LAST, _FIRST = 6, 2  # lines that count once more: how it ends says most, how it begins what it is
FEWEST = 6  # lines; what is shorter is a message that somebody took out of a log
_LINE = re.compile(r"[^\n]*\S[^\n]*")


class Outcome(Value, frozen=True, kw_only=True):
    """How likely a log shows no failure, and, where it shows one, does not tell its cause (0 to 1)."""

    harmless: float = 0.0
    untold: float = 0.0


def outcome_words(lower: str) -> frozenset[str]:
    """The words and pairs of words of a log's small letters: of all, of its end (``$``) and of its
    beginning (``^``).
    """
    lines = _LINE.findall(lower[-100_000:])
    end, begin = "\n".join(lines[-_LAST:]), "\n".join(lines[:_FIRST])
    return (
        split_words(lower)
        | {f"${word}" for word in split_words(end)}
        | {f"^{word}" for word in split_words(begin)}
    )


def weigh_outcome(lower: str, weighed: Weighed) -> Outcome:
    """What the words of a log say of its outcome; nothing where it is a few lines long."""
    if not weighed or len(_LINE.findall(lower[:10_000])) < FEWEST:
        return Outcome()
    words = outcome_words(lower)
    return Outcome(
        harmless=_likelihood(words, weighed.get(HARMLESS, {})),
        untold=_likelihood(words, weighed.get(UNTOLD, {})),
    )


def _likelihood(words: frozenset[str], rows: Mapping[str, str]) -> float:
    weights = _index_weights(tuple(rows.items()))
    known = [weights[word] for word in words if word in weights]
    points = weights.get(BIAS, 0.0) + sum(known) / math.sqrt(len(known) or 1)
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, points))))


@lru_cache(maxsize=4)
def _index_weights(rows: tuple[tuple[str, str], ...]) -> dict[str, float]:
    return {word: float(weight) for weight, row in rows for word in row.split(",")}
