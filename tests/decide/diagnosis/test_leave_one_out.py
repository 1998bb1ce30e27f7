"""Our own figure: every log is judged as if it had never been read, first one by one, then five
folds in turn.

The words are counted without the logs that are left out, and a pattern that fits one of them and no
other log of its cause is struck out, for it may have been written from just that one. Patterns that
fit none of these logs stay: they come from elsewhere (other logs, the libraries' own raise
statements) and cannot help here. The figures are for a collection with one or two logs of each
cause, where leaving one out often leaves nothing of its cause, so they lie below what new logs get
(test_explain_corpus). They are printed in the closing summary of pytest, whatever was asked for on
the command line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
import pytest

from app.decide.diagnosis.deduced import deductions
from app.decide.diagnosis.explain import FAILED, explain, hits, quieten
from app.decide.diagnosis.log_text import Text
from app.decide.diagnosis.word_scores import likeness, words
from build.word_scores import Judged, count, judged, kept, own_logs
from tests.decide.diagnosis.test_explain import KNOWN_ISSUES
from tests.decide.diagnosis.test_explain_corpus import CORPUS, real_failures

FOLDS = 5
LIKE = 0.7  # from here on two sets of words are the same log, cut or read in another way


class Held(NamedTuple):
    """A log with what can be left out with it: its words, and the patterns that fit it (number of
    the cause, of the sign).
    """

    cause: str
    log: str
    words: frozenset[str]
    patterns: frozenset[tuple[int, int]]


def held(cause: str, log: str) -> Held:
    text = Text(log)
    quieten(text, KNOWN_ISSUES)
    deduced = deductions(text.lower)
    failed = FAILED.search(text.lower) is not None
    patterns = frozenset(
        (number, place)
        for number, known_issue in enumerate(KNOWN_ISSUES.causes)
        for place, sign in enumerate(known_issue.patterns)
        if (failed or not sign.weak) and hits(text.lower, sign, deduced)
    )
    return Held(cause, log, words(text.lower), patterns)


def parts(logs: Sequence[Held]) -> list[list[Held]]:
    """The logs in five folds, by the hash of their text."""
    folds: list[list[Held]] = [[] for _ in range(FOLDS)]
    for one in logs:
        folds[hashlib.sha256(one.log.encode()).digest()[0] % FOLDS].append(one)
    return folds


def named(group: Sequence[Held], logs: Sequence[Held], others: Sequence[Judged]) -> tuple[int, int]:
    """How many of the group come out first and among three where nothing is known of any of them."""
    rest = [one for one in logs if one not in group]
    spoken = {
        sign
        for one in rest
        for sign in one.patterns
        if KNOWN_ISSUES.causes[sign[0]].label == one.cause
    }
    struck = {sign for one in group for sign in one.patterns} - spoken
    causes = tuple(
        msgspec.structs.replace(
            known_issue,
            patterns=tuple(
                sign
                for place, sign in enumerate(known_issue.patterns)
                if (number, place) not in struck
            ),
        )
        for number, known_issue in enumerate(KNOWN_ISSUES.causes)
    )
    elsewhere = [
        (cause, held)
        for cause, held in others
        if not any(cause == one.cause and alike(held, one.words) for one in group)
    ]
    counted = count([*elsewhere, *((one.cause, one.words) for one in rest)])
    blind = msgspec.structs.replace(KNOWN_ISSUES, causes=causes, words=counted)
    first = three = 0
    for one in group:
        found = explain(one.log, blind)
        ranked = [found.cause, *(other.cause for other in found.others)]
        first += ranked[0] == one.cause
        three += one.cause in ranked[:3]
    return first, three


def alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= LIKE * len(one | other)


def share(right: int, of: int) -> str:
    return f"{right} of {of} ({100 * right / of:.0f} %)"


def summed(results: Iterable[tuple[int, int]]) -> tuple[int, int]:
    pairs = list(results)
    return sum(first for first, _ in pairs), sum(three for _, three in pairs)


@pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the collection of logs lies in ../shared/corpus, which is not here"
)
def test_each_log_of_the_collection_left_out(figures: list[str]) -> None:
    logs = [held(cause, log) for cause, log in real_failures()]
    others = kept()
    first, three = summed(named([one], logs, others) for one in logs)
    folds = [(named(part, logs, others), len(part)) for part in parts(logs)]
    first_folds, three_folds = summed(result for result, _ in folds)
    figures += [
        f"Diagnosis, the same {len(logs)}, each left out in turn (judged without its words and "
        f"without patterns that no other "
        f"log speaks for): right at first place {share(first, len(logs))}, among three "
        f"{share(three, len(logs))}",
        f"Diagnosis, the same {len(logs)}, five folds left out in turn: right at first place "
        f"{share(first_folds, len(logs))}, "
        f"among three {share(three_folds, len(logs))}; by fold "
        + ", ".join(f"{result[0]} of {size}" for result, size in folds),
    ]
    assert first >= 0.65 * len(logs)
    assert three >= 0.8 * len(logs)
    assert three_folds >= 0.75 * len(logs)


def test_words_alone_with_five_folds_left_out(figures: list[str]) -> None:
    """Of most judged logs the words alone are kept, so only the words can be tried on them."""
    logs = [*kept(), *judged(own_logs(), KNOWN_ISSUES)]
    folds = [
        [
            one
            for one in logs
            if hashlib.sha256(",".join(sorted(one[1])).encode()).digest()[0] % FOLDS == fold
        ]
        for fold in range(FOLDS)
    ]
    first = three = 0
    for part in folds:
        counted = count([one for one in logs if one not in part])
        for cause, held in part:
            ranked = [label for label, _ in likeness("\n".join(sorted(held)), counted)][:3]
            first += ranked[:1] == [cause]
            three += cause in ranked
    figures.append(
        f"Diagnosis, words alone (the net below the patterns), {len(logs)} judged logs in five "
        f"folds left out in turn: right at "
        f"first place {share(first, len(logs))}, among three {share(three, len(logs))}"
    )
    assert three >= 0.5 * len(logs)
