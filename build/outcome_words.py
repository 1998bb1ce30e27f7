"""Weighs which words speak for a log without a failure, and for one whose cause is not told.

``python -m build.outcome_words [FOLDER ...]`` writes ``resources/known_issues/outcome.json``.

Weighed are the tests' own logs and, of every other log that was judged, the words alone
(``tests/decide/diagnosis/logs/outcomes.xz``: words that stand in five logs at least, and a line for
each log with its judgement and the numbers of its words). Each FOLDER (``judged.jsonl`` with ``file`` and
``kind``, and ``logs/``) is added to the latter. Logistic regression: each log counts by the square
root of its words, each side as much as the other; the strongest words are kept and weighed again.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import math
import random
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from app.decide.diagnosis.log_text import Text
from app.decide.diagnosis.outcome_words import BIAS, HARMLESS, UNTOLD, outcome_words
from app.decide.diagnosis.word_scores import pack

ROOT = Path(__file__).resolve().parents[1]
LOGS = ROOT / "tests" / "decide" / "diagnosis" / "logs"
KEPT = LOGS / "outcomes.xz"
TABLE = ROOT / "resources" / "known_issues" / "outcome.json"
KINDS = ("labelled", "unknown", "harmless")
LEAST = 5  # logs that a word must stand in
MOST = 4000  # words kept for each of the two
ROUNDS = 30
BIND = 0.1  # how strongly weights are held near nothing

Judged = tuple[str, frozenset[str]]


def words_of(log: bytes | str) -> frozenset[str]:
    """A log's words as the program reads them."""
    return outcome_words(Text(log).lower)


def own_logs() -> list[Judged]:
    """What the tests' own logs say."""
    found = []
    for name, kind in (("causes", "labelled"), ("ideas", "unknown"), ("silent", "harmless")):
        text = (LOGS / f"{name}.txt").read_text("utf-8")
        for piece in text.split("\n=====\n")[1:]:
            log = piece if kind == "harmless" else piece.partition("\n")[2]
            found.append((kind, words_of(log)))
    return found


def kept() -> list[Judged]:
    """Judgement and words of the other logs that were judged so far."""
    vocabulary, *rows = lzma.decompress(KEPT.read_bytes()).decode().splitlines()
    names = vocabulary.split(",")
    found = []
    for row in rows:
        kind, _, numbers = row.partition(" ")
        found.append((kind, frozenset(names[int(number)] for number in numbers.split())))
    return found


def keep(logs: Sequence[Judged]) -> None:
    """Write these as the logs that were judged so far."""
    anywhere = Counter(word for _, held in logs for word in held)
    names = sorted(word for word, times in anywhere.items() if times >= LEAST)
    place = {word: number for number, word in enumerate(names)}
    rows = [
        " ".join([kind, *(str(n) for n in sorted(place[w] for w in held if w in place))])
        for kind, held in logs
    ]
    text = "\n".join([",".join(names), *sorted(rows)]) + "\n"
    KEPT.write_bytes(lzma.compress(text.encode(), preset=9))


def judged_folder(folder: Path) -> list[Judged]:
    """The judged logs of a folder."""
    rows = [json.loads(row) for row in (folder / "judged.jsonl").read_text("utf-8").splitlines()]
    return [(row["kind"], words_of((folder / "logs" / row["file"]).read_bytes())) for row in rows]


def weigh(logs: Sequence[tuple[bool, frozenset[str]]], most: int = MOST) -> dict[str, float]:
    """The weight of each word that speaks for or against, and the bias."""
    anywhere = Counter(word for _, held in logs for word in held)
    names = {word for word, times in anywhere.items() if times >= LEAST}
    first = _regress(logs, names)
    first.pop(BIAS)
    strongest = sorted(first, key=lambda word: (-abs(first[word]), word))[:most]
    return _regress(logs, set(strongest))


def _regress(logs: Sequence[tuple[bool, frozenset[str]]], names: set[str]) -> dict[str, float]:
    yes = sum(1 for is_so, _ in logs if is_so)
    share = {True: len(logs) / (2 * yes), False: len(logs) / (2 * (len(logs) - yes))}
    rows = [(is_so, sorted(held & names)) for is_so, held in logs]
    rows = [(is_so, held) for is_so, held in rows if held]
    times = Counter(word for _, held in rows for word in held)
    weights, bias = dict.fromkeys(sorted(times), 0.0), 0.0
    order = random.Random(1)  # noqa: S311  (the same order each time, no secret)
    for turn in range(ROUNDS):
        pace = 2.0 / (1 + 0.3 * turn)
        order.shuffle(rows)
        for is_so, held in rows:
            scale = 1 / math.sqrt(len(held))
            points = bias + scale * sum(weights[word] for word in held)
            likely = 1 / (1 + math.exp(-max(-30.0, min(30.0, points))))
            pull = (likely - is_so) * share[is_so]
            bias -= pace * 0.05 * pull
            for word in held:
                weights[word] -= pace * (pull * scale + BIND * weights[word] / times[word])
    return {**weights, BIAS: bias}


def table(logs: Sequence[Judged], source: str) -> str:
    """The text of ``outcome.json``."""
    rows = {
        HARMLESS: weigh([(kind == "harmless", held) for kind, held in logs]),
        UNTOLD: weigh([(kind == "unknown", held) for kind, held in logs if kind != "harmless"]),
    }
    packed = pack((name, sorted(weights.items())) for name, weights in rows.items())
    return json.dumps({"from": {"sha256": source}, **packed}, indent=0) + "\n"


def source_hash() -> str:
    """What the table must have been made from."""
    files = [KEPT, *(LOGS / f"{name}.txt" for name in ("causes", "ideas", "silent"))]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def main(folders: Iterable[str]) -> int:
    """Add what was judged, and write the table; says how many logs were weighed."""
    further = [one for folder in folders for one in judged_folder(Path(folder))]
    if further:
        keep([*(kept() if KEPT.exists() else []), *further])
    logs = [*own_logs(), *kept()]
    TABLE.write_text(table(logs, source_hash()), "utf-8")
    print(f"{len(logs)} logs weighed; {TABLE.stat().st_size // 1000} kB written")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
