"""Reads a log and names what went wrong: the cause, its evidence, what mends it.

Where no line tells it, the cause stays open and the likeliest ideas are told with what to look at
first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Literal

import msgspec

from app.decide.diagnosis.excused_lines import find_excused_lines
from app.decide.diagnosis.log_facts import facts_for
from app.decide.diagnosis.log_text import Text
from app.decide.diagnosis.outcome_words import FEWEST, Outcome, weigh_outcome
from app.decide.diagnosis.regex_prefilter import required_strings
from app.decide.diagnosis.run_outcome import (
    ENDED,
    ERROR_LINE,
    NEW_RUN,
    RAISED,
    ends_well,
    goes_on,
    has_gone_on,
    is_cut_off,
    is_only_warned,
    is_written,
    was_outlived,
)
from app.decide.diagnosis.word_scores import score_causes
from app.decide.plans.fixes import fix_of, without_button
from app.model.advice import Diagnosis, EvidenceLine, Fix, OtherCause
from app.model.known_issue import Hint, KnownIssue, KnownIssues, Pattern
from app.model.machine import MachineFacts
from app.model.message import Message
from app.model.value import Value

CERTAIN = 88  # a pattern of this weight states the mechanism
LISTED = 80  # causes that stand side by side from this on make a list of causes
LIKELY = 60  # below this no cause is named, and none pushes its symptoms back
SAID = 36  # signs of a message that people say; what is longer was copied
# How sure words must be of a log's outcome. Of 18 judges' logs, each judge left out when the words were
# weighed: beyond NO_FAILURE are 571 of 720 without a failure and 2 of 809 with a told cause, beyond
# NO_FAILURE_LIKELY 640 and 5; beyond UNTOLD are 329 of 489 whose cause is not told and 7 of the 809.
NO_FAILURE = 0.85
NO_FAILURE_LIKELY = 0.7  # where a line only fits a cause
UNTOLD = 0.8
DOUBTFUL = 0.5  # beyond this of either nothing is done by a button
LEAST = 30  # below this a cause is not even an idea
OTHERS = 4  # how many further causes are told
IDEAS = 3  # how many are told where none is named
PROOF_LINES = 6  # how many lines of proof are shown
# Points of alike words (natural logarithms, see word_scores) from which on words make an idea.
ALIKE = 7.0

# That something failed at all; warnings and notices alone do not count.
FAILED = re.compile(
    r"traceback \(most recent call last\)|\b[a-z_.]*(?:error|exception)\b\s*[:(\]]|\berror\b|fatal|aborted|\[winerror|"
    r"segmentation fault|exit (?:code|status)[: ]+[1-9]|\bfile \"[^\"\n]+\", line \d+, in |^-+> ?\d+ |"
    r"^(?![^\n]*warn)[^\n]*(?:failed|cannot |could not|unable to|not found|not supported|refused|denied|died|crash)",
    re.MULTILINE,
)
# That it has to do with what this program sets up, and is not a fault of somebody's own script.
FIELD = re.compile(
    r"-packages|torch|cuda|nvidia|triton|bitsandbytes|xformers|unsloth|transformers|huggingface|hf\.co|tokenizer|datasets?\b|"
    r"\bpip\b|\buv\b|conda|wheel|whl\b|winerror|os error|\bdll\b|ssl|certificate|https?://|multiprocessing|importlib|pickle|protobuf|"
    r"numpy|setuptools|compiler|\bgcc\b|\bcl\.exe|\bgpu\b|python3?\.exe"
)
_TRACEBACK = "traceback (most recent call last)"
_FRAMES = re.compile(r"(?:[ \t]*file \"[^\n]*\n(?:[ \t]+(?!file \")[^\n]*\n)*)+", re.MULTILINE)
_FRAME = re.compile(r"^\W{0,6}file \"|[\\/](?:site|dist)-packages[\\/][^\n]*:\d+", re.MULTILINE)

# Why a cause is told beside another one, or where none is named.
BY_WORDS = Message("No line names it, but logs with such words often come from it.")
SAME_PICTURE = Message("No line names it, but it shows itself in the same way.")
HINTED = Message("Line {line} hints at it, no more.")
FROM_THERE = Message("The error passed through its code on line {line}, which does not say why.")


class Candidate(Value, frozen=True, kw_only=True):
    """One cause that fits: its score, the weight of its best proof, where its proofs stand, where
    the last of all its matches ends, and how many signs the longest one has.
    """

    known_issue: KnownIssue
    score: int
    proof: int
    places: tuple[int, ...]
    last: int
    longest: int


def explain(
    log: bytes | str, known_issues: KnownIssues, facts: MachineFacts | None = None
) -> Diagnosis:
    """The cause of a failure, from a log in any encoding and, where they are known, the machine's
    facts.

    ``certain``: a line states the mechanism. ``likely``: a line fits one mechanism best. Else no
    cause is named, and ``others`` holds ideas with a first thing to look at. An automatic fix
    stands beside ``certain`` alone. A log of 50 MB is thinned out first; evidence lines count
    from 1 in the whole log.
    """
    text = Text(log)
    outcome = weigh_outcome(text.lower, known_issues.outcome)
    drop_harmless(text, known_issues)
    known = facts_for(text.lower, facts)
    found = [
        c
        for c in find_candidates(text, known_issues, known)
        if c.score >= LEAST and (c.known_issue.lasting or not was_outlived(text.lower, c.last))
    ]
    ranked = rank(found)
    best = ranked[0] if ranked else None
    if best is not None and has_gone_on(text.lower, best.known_issue, best.places, best.last):
        return Diagnosis()
    if best is not None and is_only_warned(text.lower, best.places, best.last):
        best = None
    open_end = best is not None and (
        (best.proof < LISTED and outcome.untold > UNTOLD)
        or (best.proof < CERTAIN and is_cut_off(text.lower, best.last))
    )
    reads_well = best is not None and outcome.harmless > (
        NO_FAILURE if best.proof >= CERTAIN else NO_FAILURE_LIKELY
    )
    if (
        best is None
        or best.score < LIKELY
        or open_end
        or reads_well
        or is_a_list(text.lower, ranked)
    ):
        return Diagnosis(others=tuple(_guess_causes(text, known_issues, ranked)))
    in_doubt = ends_well(text.lower, best.last) or goes_on(text.lower, best.last)
    sure = best.proof >= CERTAIN and not in_doubt
    confidence: Literal["certain", "likely"] = "certain" if sure else "likely"
    fix = _choose_fix(best.known_issue, text.lower, known["os"]["family"])
    return Diagnosis(
        cause=best.known_issue.label,
        confidence=confidence,
        title=best.known_issue.title,
        means=best.known_issue.means,
        evidence=_choose_evidence(text, best),
        fix=without_button(fix) if not sure or is_doubtful(text.lower, outcome) else fix,
        others=tuple(_find_other_causes(text, known_issues, ranked, confidence)),
        source=best.known_issue.source,
    )


def is_doubtful(lower: str, outcome: Outcome) -> bool:
    """Whether a log reads so little like one that tells its cause, or shows so little of a failure beside
    it, that no button should do anything about it.
    """
    if max(outcome.harmless, outcome.untold) > DOUBTFUL:
        return True
    failed = ENDED.search(lower) or ERROR_LINE.search(lower)
    return not failed and lower.count("\n") >= FEWEST


def _choose_fix(known_issue: KnownIssue, lower: str, family: str) -> Fix:
    """What mends it in this log's case, without the steps for other systems than the log's."""
    fix = next(
        (case.fix for case in known_issue.cases if _compile(case.regex).search(lower)),
        known_issue.fix,
    )
    foreign = {"windows": ("Linux", "WSL"), "linux": ("Windows",)}.get(family, ())
    steps = tuple(step for step in fix.steps if not step.startswith(foreign))
    return fix_of(msgspec.structs.replace(fix, steps=steps))


def _find_other_causes(
    text: Text,
    known_issues: KnownIssues,
    ranked: list[Candidate],
    confidence: Literal["certain", "likely"],
) -> list[OtherCause]:
    """What else fits beside a cause: further rules, and its neighbours where it is only likely."""
    best = ranked[0]
    others = [
        OtherCause(
            cause=c.known_issue.label,
            why=_explain_other(text, c, best),
            check=known_issues.check(c.known_issue),
        )
        for c in ranked[1:]
        if c.score >= LIKELY or (confidence == "likely" and not _is_only_frames(text, c))
    ][:OTHERS]
    if confidence == "certain":
        return others
    named = {c.known_issue.label for c in ranked}
    near = [known_issues.find(label) for label in best.known_issue.related if label not in named]
    others += [
        OtherCause(cause=issue.label, why=SAME_PICTURE, check=known_issues.check(issue))
        for issue in near
        if issue is not None and not _is_ruled_out(issue, text.lower)
    ]
    return others[: max(len(others[:OTHERS]), IDEAS - 1)][:OTHERS]


def _guess_causes(
    text: Text, known_issues: KnownIssues, ranked: list[Candidate]
) -> list[OtherCause]:
    """What it may be where no cause is named: weak signs first, then what words speak for."""
    if not (ranked or (ENDED.search(text.lower) and FIELD.search(text.lower))):
        return []
    if not FAILED.search(text.lower):
        return []
    ideas = [
        OtherCause(
            cause=c.known_issue.label,
            why=Message(
                FROM_THERE if _is_only_frames(text, c) else HINTED, line=text.line(c.places[0])
            ),
            check=known_issues.check(c.known_issue),
        )
        for c in ranked
    ]
    named = {c.known_issue.label for c in ranked}
    for label, points in score_causes(text.lower, known_issues.words):
        issue = known_issues.find(label)
        if points < ALIKE or issue is None or label in named:
            continue
        if not _is_ruled_out(issue, text.lower):
            ideas.append(OtherCause(cause=label, why=BY_WORDS, check=known_issues.check(issue)))
    return ideas[:IDEAS]


def _is_only_frames(text: Text, candidate: Candidate) -> bool:
    """Whether all that speaks for a cause are frames of a traceback: where, and not what."""
    lines = [text.lower.rfind("\n", 0, place) + 1 for place in candidate.places]
    return all(
        _FRAME.search(text.lower, start, _find_line_end(text.lower, start)) is not None
        for start in lines
    )


def _find_line_end(lower: str, at: int) -> int:
    end = lower.find("\n", at)
    return len(lower) if end < 0 else end


def drop_harmless(text: Text, known_issues: KnownIssues) -> None:
    """Strike out what looks like a fault and is none."""
    spans = find_excused_lines(text.lower)
    for harmless in known_issues.harmless:
        if not _can_match(harmless.regex, text.lower):
            continue
        spans += [match.span() for match in _compile(harmless.regex).finditer(text.lower)]
    if spans:
        text.blank_out(spans)


def find_candidates(
    text: Text, known_issues: KnownIssues, known: dict[str, Any]
) -> list[Candidate]:
    """Every cause of which at least one sign stands in the log; ``known`` are facts by name."""
    lower = text.lower
    failed = FAILED.search(lower) is not None
    found = []
    for known_issue in known_issues.causes:
        weights: list[int] = []
        places: list[int] = []
        last = longest = 0
        for pattern in known_issue.patterns:
            if pattern.weak and not failed:
                continue
            at, end, length = find_evidence(lower, pattern)
            if at:
                weights.append(pattern.weight)
                places += at
                last, longest = max(last, end), max(longest, length)
        if not weights or _is_ruled_out(known_issue, lower):
            continue
        weights.sort(reverse=True)
        leaning = _weigh_hints(known_issue.hints, known)
        found.append(
            Candidate(
                known_issue=known_issue,
                score=weights[0] + min(6, 3 * (len(weights) - 1)) + leaning,
                # facts may make a certain cause doubtful, and never a doubtful one certain
                proof=weights[0] + min(0, leaning),
                places=tuple(dict.fromkeys(places)),
                last=last,
                longest=longest,
            )
        )
    return found


def rank(found: list[Candidate]) -> list[Candidate]:
    """Best first. A cause that is another's symptom stands behind it, whatever its own message
    says."""
    capped: dict[str, int] = {c.known_issue.label: c.score for c in found}
    for _ in range(3):  # a symptom's symptom follows along
        for cause in (c for c in found if c.score >= LIKELY):
            for symptom in cause.known_issue.supersedes:
                if symptom in capped:
                    capped[symptom] = min(capped[symptom], capped[cause.known_issue.label] - 1)
    return sorted(found, key=lambda c: (-capped[c.known_issue.label], -c.score, c.places[0]))


def is_a_list(lower: str, ranked: list[Candidate]) -> bool:
    """Whether a text names causes without having one: no program ran, or several stand side by side
    that have nothing to do with each other, and neither a traceback nor another run parts them. Of
    300 logs of one failure none named two such causes.
    """
    if ranked[0].longest < SAID and is_written(lower, ranked[0].places):
        return True
    if _TRACEBACK in lower or NEW_RUN.search(lower):
        return False
    apart: list[Candidate] = []
    for one in ranked:
        if one.proof >= LISTED and not any(_belong_together(one, other) for other in apart):
            apart.append(one)
    return len(apart) > 1


def _belong_together(one: Candidate, other: Candidate) -> bool:
    issues = (one.known_issue, other.known_issue)
    named = {label for issue in issues for label in (*issue.related, *issue.supersedes)}
    return bool(named & {issue.label for issue in issues}) or bool(
        set(one.places) & set(other.places)
    )


def find_evidence(lower: str, pattern: Pattern) -> tuple[list[int], int, int]:
    """Where a sign's proof stands, at most three places, where its last match ends, and how long the
    longest is; no place unless all its conditions hold.
    """
    if not _can_match(pattern.regex, lower):
        return [], 0, 0
    places: list[int] = []
    last = longest = 0
    for match in _compile(pattern.regex).finditer(lower):
        last = match.end()
        if len(places) < 3:
            # a pattern may begin with a line break or an empty look-around: the proof is where text
            # begins; where it reaches over lines, the last one tells what the first one led to
            found = match.group()
            longest = max(longest, len(found))
            places.append(match.start() + len(found) - len(found.lstrip()))
            if "\n" in found.strip():
                places.append(match.start() + len(found.rstrip()) - 1)
    if (
        not places
        or not all(_matches(regex, lower) for regex in pattern.needs)
        or any(_matches(regex, lower) for regex in pattern.unless)
        or _ended_well(lower, pattern, last)
    ):
        return [], 0, 0
    return places, last, longest


def _ended_well(lower: str, pattern: Pattern, last: int) -> bool:
    """Whether it went well in the end. Tools write progress and warnings into two streams, so a
    success that stands before the warnings counts too, as long as no error does."""
    if any(_compile(p).search(lower, last) for p in pattern.settled):
        return True
    return not ERROR_LINE.search(lower) and any(_matches(p, lower) for p in pattern.settled)


def _weigh_hints(hints: tuple[Hint, ...], known: Mapping[str, Any]) -> int:
    """What facts of the machine and of the log add to a cause."""
    return sum(hint.adds for hint in hints if _look_up_fact(known, hint.fact) in hint.values)


def _look_up_fact(known: Mapping[str, Any], path: str) -> str:
    value: Any = known
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return str(value).lower()


def _choose_evidence(text: Text, best: Candidate) -> tuple[EvidenceLine, ...]:
    """The lines of the proof: those that tell before the frames of tracebacks, which say only
    where; each in their order. Where none of the lines tells, the exception that a traceback ends
    in does."""
    ends = {place: _find_traceback_end(text.lower, place) for place in best.places}
    telling = [place for place in best.places if ends[place] is None]
    if not any(RAISED.match(text.lower, text.lower.rfind("\n", 0, place) + 1) for place in telling):
        telling += [end for end in ends.values() if end is not None][:1]
    frames = [place for place in best.places if ends[place] is not None]
    return tuple([*_evidence_lines(text, telling), *_evidence_lines(text, frames)][:PROOF_LINES])


def _evidence_lines(text: Text, places: Iterable[int]) -> list[EvidenceLine]:
    lines: dict[int, EvidenceLine] = {}
    for place in places:
        line = text.line(place)
        lines.setdefault(line, EvidenceLine(line=line, text=text.shown(place)))
    return sorted(lines.values(), key=lambda e: e.line)


def _find_traceback_end(lower: str, place: int) -> int | None:
    """Where the exception stands that ends the traceback of which this place is a frame; None if it
    is none.
    """
    start = lower.rfind("\n", 0, place) + 1
    frames = _FRAMES.match(lower, lower.rfind("\n", 0, max(0, start - 1)) + 1) or _FRAMES.match(
        lower, start
    )
    raised = RAISED.match(lower, frames.end()) if frames and frames.end() > place else None
    return raised.end() - len(raised.group().lstrip()) if raised else None


def _explain_other(text: Text, other: Candidate, best: Candidate) -> str:
    line = text.line(other.places[0])
    if other.known_issue.label in best.known_issue.supersedes:
        return Message(
            "Line {line} fits, but it usually follows from: {cause}.",
            line=line,
            cause=best.known_issue.title,
        )
    if (
        other.known_issue.label in best.known_issue.related
        or best.known_issue.label in other.known_issue.related
    ):
        return Message(
            "Line {line} fits it too; from the log alone the two are hard to tell apart.", line=line
        )
    return Message("Line {line} fits it, but names the cause less clearly.", line=line)


def _is_ruled_out(known_issue: KnownIssue, lower: str) -> bool:
    return any(_matches(regex, lower) for regex in known_issue.unless)


def _matches(pattern: str, lower: str) -> bool:
    return _can_match(pattern, lower) and _compile(pattern).search(lower) is not None


def _can_match(pattern: str, lower: str) -> bool:
    needed = required_strings(pattern)
    return not needed or any(text in lower for text in needed)


@lru_cache(maxsize=4096)
def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)
