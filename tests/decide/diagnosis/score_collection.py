"""Scores the diagnosis on the judged collection.

``python -m tests.decide.diagnosis.score_collection [read|kept|second|third|fourth|fifth|sixth|all] [--strict] [--write]``.

Prints how many causes were named right at first place and among three, how many wrong ones were
named firmly or with an automatic fix, what stayed silent although it is known, which unknown ones
were named and which harmless ones were called a cause. ``--write`` renews the table of confusions.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from app.adapters.resources import resource_names, resource_reader
from app.decide.diagnosis.explain import explain
from app.knowledge import known_issues
from app.model.advice import Diagnosis
from app.model.known_issue import KnownIssues

HERE = Path(__file__).parent / "collection"
TABLE = HERE / "confusions.md"


class JudgedLog(NamedTuple):
    """One log with what its judge said of it. ``right`` is empty where no label fits; ``accepted``
    are labels that may be named all the same, ``also`` those that the judge did not know.
    """

    id: str
    half: str
    right: tuple[str, ...]
    accepted: tuple[str, ...]
    also: tuple[str, ...]
    log: bytes


def collection(half: str = "all") -> list[JudgedLog]:
    """The logs of one part (``read``, ``kept``, ``second``, ``third``, ``fourth``, ``fifth``, ``sixth``) or of ``all``, as bytes.

    Each is checked against its hash; ``encoding`` says how a log that is not UTF-8 was written.

    Raises ``ValueError`` where a log is not the one that was judged.
    """
    answers = tomllib.loads((HERE / "judged.toml").read_text(encoding="utf-8"))["log"]
    lines = (HERE / "logs.jsonl").read_text(encoding="utf-8").splitlines()
    logs = {one["id"]: one for one in map(json.loads, lines)}
    found = []
    for answer in answers:
        row = logs[answer["id"]]
        log = row["log"].encode(row.get("encoding", "utf-8"))
        if hashlib.sha256(log).hexdigest() != row["sha256"]:
            raise ValueError(f"The log {answer['id']} is not the one that was judged.")
        accepted = tuple(answer.get("accept", ()))
        right = (answer["label"], *accepted) if answer["label"] else ()
        if half in ("all", answer["half"]):
            also = tuple(answer.get("also", ()))
            found.append(JudgedLog(answer["id"], answer["half"], right, accepted, also, log))
    return found


class Score:
    """The counts over some judged logs, and what was said where it was not right."""

    def __init__(
        self, logs: Sequence[JudgedLog], known: KnownIssues, *, strict: bool = False
    ) -> None:
        """``strict`` counts a label that the judge did not know as wrong."""
        self.strict = strict
        labels = {cause.label for cause in known.causes}
        self.labelled = self.first = self.among = self.sure = self.without_rules = 0
        self.firm: list[str] = []  # a wrong cause, said with certainty
        self.mended: list[str] = []  # a wrong cause with an automatic fix beside it
        self.silent: list[str] = []  # a cause that is known, and nothing was named
        self.named: list[str] = []  # no label fits, and one was named
        self.alarmed: list[str] = []  # harmless, and called a cause
        self.unknown = self.harmless = 0
        self.confusions: Counter[tuple[str, str]] = Counter()
        for one in logs:
            found = explain(one.log, known)
            self._count(one, found, labels)

    def _count(self, one: JudgedLog, found: Diagnosis, labels: set[str]) -> None:
        named = found.cause or "-"
        allowed = one.right + one.accepted + (() if self.strict else one.also)
        fits = found.cause is None if one.id.startswith("h") else named in (*allowed, "-")
        note = f"{one.id} {(one.right or ('-',))[0]}: {named} ({_confidence(found)})"
        if one.id.startswith("h"):
            self.harmless += 1
            if found.cause:
                self.alarmed.append(note)
        elif not one.right:
            self.unknown += 1
            if not fits:
                self.named.append(note)
        else:
            self.labelled += 1
            self.without_rules += not labels & set(one.right)
            self.first += found.cause in one.right
            ranked = (found.cause, *(other.cause for other in found.others))
            self.among += any(label in one.right for label in ranked[:3])
            if found.cause is None:
                self.silent.append(note)
        wrong = bool(found.cause) and not fits
        self.sure += bool(found.cause) and not wrong and _confidence(found) == "certain"
        if wrong and _confidence(found) == "certain":
            self.firm.append(note)
        if wrong and found.fix is not None and found.fix.automatic:
            self.mended.append(note)
        if not fits or (named == "-" and one.right):
            self.confusions[
                ("harmless" if one.id[0] == "h" else (one.right or ("-",))[0], named)
            ] += 1

    def lines(self) -> list[str]:
        """The figures, one sentence a line."""
        return [
            f"right at first place {_share(self.first, self.labelled)}, among three "
            f"{_share(self.among, self.labelled)} ({self.without_rules} of them have no rules)",
            f"wrong and said as certain {len(self.firm)}, wrong with an automatic fix "
            f"{len(self.mended)}, silent although judged {len(self.silent)}",
            f"without a label {self.unknown}, of which {len(self.named)} were named wrongly; harmless "
            f"{self.harmless}, of which {len(self.alarmed)} were called a cause",
        ]


def _confidence(found: Diagnosis) -> str:
    return found.confidence or "nothing"


def _share(right: int, of: int) -> str:
    return f"{right} of {of} ({100 * right / max(1, of):.0f} %)"


def table(score: Score) -> str:
    """The table of confusions: what was judged, what was said, how often."""
    rows = sorted(score.confusions.items(), key=lambda row: (-row[1], row[0]))
    return "\n".join(
        [
            "# Confusions on the judged collection",
            "",
            *(f"- {line}" for line in score.lines()),
            "",
            "| judged | said | times |",
            "|---|---|---|",
            *(f"| {right} | {named} | {times} |" for (right, named), times in rows),
            "",
        ]
    )


def main(arguments: list[str]) -> int:
    """Print the figures and every answer that was not right."""
    half = next((word for word in arguments if not word.startswith("-")), "all")
    known = known_issues(resource_reader(), resource_names())
    score = Score(collection(half), known, strict="--strict" in arguments)
    print(*score.lines(), sep="\n")
    for name in ("firm", "mended", "silent", "named", "alarmed"):
        print(f"{name}:", *getattr(score, name), sep="\n  ")
    print("confusions:")
    for (right, named), times in score.confusions.most_common():
        print(f"  {right} -> {named}: {times}")
    if "--write" in arguments:
        TABLE.write_text(table(score), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
