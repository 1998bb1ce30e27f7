"""Counts which words speak for which cause, and writes resources/known_issues/words.json.

``python build/word_scores.py [FILES...]``.

Counted are the tests' own logs (tests/decide/diagnosis/logs/causes.txt) and, of every other log that was
judged, the words alone (tests/decide/diagnosis/logs/judged.txt, a line for each log). FILES of further judged
excerpts, a line ``=====cause`` before each, are added to the latter. Words and pairs of words that
stand in at least two logs are kept, never a sentence; names of people and their folders are taken
out before.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from app.adapters.resources import resource_names, resource_reader
from app.decide.diagnosis.explain import drop_harmless
from app.decide.diagnosis.log_text import Text
from app.decide.diagnosis.word_scores import pack, split_words
from app.knowledge import load
from app.model.known_issue import KnownIssues

ROOT = Path(__file__).resolve().parents[1]
LOGS_OF_TESTS = ROOT / "tests" / "decide" / "diagnosis" / "logs"
TABLE = ROOT / "resources" / "known_issues" / "words.json"
MOST = 120  # words kept for each cause: more bring nothing (five folds over 700 logs)
LOGS = 2  # in how many logs a word must stand at least
ONCE = 0.6  # what a word counts that stands in one log of the cause only

Judged = tuple[str, frozenset[str]]


def count(logs: Iterable[Judged], most: int = MOST) -> dict[str, dict[str, str]]:
    """The words that speak for each cause, in the form of ``words.json``."""
    logs = list(logs)
    causes = Counter(cause for cause, _ in logs)
    anywhere = Counter(word for _, held in logs for word in held)
    by_cause: dict[str, Counter[str]] = {cause: Counter() for cause in causes}
    for cause, held in logs:
        by_cause[cause].update(held)
    table = []
    for cause, number in sorted(causes.items()):
        rows = []
        for word, inside in by_cause[cause].items():
            if anywhere[word] < LOGS:
                continue
            here = inside / (number + 1)
            elsewhere = (anywhere[word] - inside + 0.5) / (len(logs) - number + 1)
            worth = math.log(here / elsewhere) * (1 if inside > 1 else ONCE)
            if worth >= 0.1:
                rows.append((word, worth))
        table.append((cause, sorted(rows, key=lambda row: (-row[1], row[0]))[:most]))
    return pack(table)


def own_logs() -> list[tuple[str, str]]:
    """Causes and logs that the tests hold."""
    text = (LOGS_OF_TESTS / "causes.txt").read_text("utf-8")
    pieces = [piece.partition("\n") for piece in text.split("\n=====\n")[1:]]
    return [(cause, log) for cause, _, log in pieces]


def kept() -> list[Judged]:
    """Causes and words of the other logs that were judged so far."""
    rows = [
        line.partition("\t")
        for line in (LOGS_OF_TESTS / "judged.txt").read_text("utf-8").splitlines()
    ]
    return [(cause, frozenset(held.split(","))) for cause, _, held in rows]


def keep(logs: Iterable[Judged]) -> None:
    """Write these as the logs that were judged so far."""
    rows = sorted((cause, sorted(held)) for cause, held in logs)
    (LOGS_OF_TESTS / "judged.txt").write_text(
        "".join(f"{cause}\t{','.join(held)}\n" for cause, held in rows), "utf-8"
    )


def further_logs(file: Path) -> list[tuple[str, str]]:
    """Causes and logs of a file with a line ``=====cause`` before each log."""
    pieces = [
        piece.partition("\n")
        for piece in re.split(r"^=====(?=\w+\n)", file.read_text("utf-8"), flags=re.MULTILINE)[1:]
    ]
    return [(cause.strip(), log) for cause, _, log in pieces]


def judged(logs: Iterable[tuple[str, str]], known_issues: KnownIssues) -> list[Judged]:
    """Causes with their logs' words, as the program reads them: without what is harmless."""
    known = {known_issue.label for known_issue in known_issues.causes}
    made = []
    for cause, log in logs:
        if cause in known:
            text = Text(log)
            drop_harmless(text, known_issues)
            made.append((cause, split_words(text.lower)))
    return made


def table(known_issues: KnownIssues) -> str:
    """The text of ``words.json`` from all that is kept."""
    counted = count([*judged(own_logs(), known_issues), *kept()])
    rows = ",\n".join(
        f" {json.dumps(cause)}: {json.dumps(groups)}" for cause, groups in counted.items()
    )
    return f"{{\n{rows}\n}}\n"


def main(files: list[str]) -> int:
    """Add what was judged again, and write the table; says how many logs were counted."""
    known_issues = load(resource_reader(), resource_names()).known_issues
    if files:
        before = kept()
        new = judged([log for file in files for log in further_logs(Path(file))], known_issues)
        keep([*before, *(log for log in new if log not in before)])
    TABLE.write_text(table(known_issues), encoding="utf-8")
    print(
        f"{len(own_logs()) + len(kept())} logs counted; {TABLE.stat().st_size / 1000:.0f} kB "
        f"written"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
