"""Reads a log and names what went wrong: the cause, the lines that prove it, what mends it. Silent
when nothing did.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from app.decide.diagnosis.deduced import RAISED, deductions
from app.decide.diagnosis.levels import Said, without
from app.decide.diagnosis.log_text import Text
from app.decide.diagnosis.regex_prefilter import anchors
from app.decide.diagnosis.word_scores import likeness
from app.decide.plans.fixes import fix_of
from app.model.advice import Diagnosis, EvidenceLine, OtherCause
from app.model.known_issue import Hint, KnownIssue, KnownIssues, Pattern
from app.model.machine import MachineFacts
from app.model.value import Value

LEAST = 30  # below this a cause is not named
SURE = 60  # below this a cause does not push its symptoms back
OTHERS = 4  # how many further causes are told
PROOF_LINES = 4  # how many lines of proof are shown
CLEAR = 65  # from here on no likeness of words takes a cause's first place
WORDS = 20  # what likeness adds to the cause that is most alike; less than any rule's own weight
# points of likeness below which it alone names no cause, and a third of that below which no other
# one
ALIKE = 7.0
NEIGHBOUR = 4.0  # points of likeness that a neighbour of the best cause has from the start
PASSING = ("cuda_oom", "host_memory_exhausted")  # what a smaller try overcomes
PLACES = 3  # up to so many places likeness fills where rules leave them empty

# That something failed at all; warnings and notices alone do not count.
FAILED = re.compile(
    r"traceback \(most recent call last\)|\b[a-z_.]*(?:error|exception)\b\s*[:(\]]|\berror\b|fatal|aborted|\[winerror|"
    r"segmentation fault|exit (?:code|status)[: ]+[1-9]|\bfile \"[^\"\n]+\", line \d+, in |^-+> ?\d+ |"
    r"^(?![^\n]*warn)[^\n]*(?:failed|cannot |could not|unable to|not found|not supported|refused|denied|died|crash)",
    re.MULTILINE,
)
# That it ended in a failure: what likeness alone needs before it may name a cause.
ENDED = re.compile(
    r"traceback \(most recent call last\)|^\W{0,6}(?:\[rank\d+\]:\s*)?(?:[\w.]+\.)?\w*(?:error|exception|fatal)\b[ \t]*:|"
    r"\bfile \"[^\"\n]+\", line \d+, in |^-+> ?\d+ |exit(?:ed with)? (?:code|status)[: ]+[1-9]|segmentation fault|core dumped|"
    r"^(?![^\n]*warn)[^\n]*\[winerror|no solution found|subprocess-exited|^[×✗] ",
    re.MULTILINE,
)
# That it went on or ended well after the last of these: what was caught is no cause.
WELL = (
    r"successfully installed|installed \d+ packages? in|login successful|\{'(?:train_)?(?:loss|runtime)'|100%\||"
    r"exit(?:ed with)? (?:code|status)[: ]+0\b|(?:training|setup|installation) (?:is )?(?:complete|finished)|"
    r"\bstep \d+\b[^\n]*\bloss\b"
)
WENT_WELL = re.compile(WELL)
# That work went on which every real failure would have kept from going on.
WORKED = re.compile(
    r"\{'(?:train_)?(?:loss|runtime)'|\bstep \d+\b[^\n]*\bloss\b|(?:training|setup|installation) (?:is )?(?:complete|finished)"
)
# That what is reached over a network, or needs memory, was reached or found enough after all.
OVERCAME = re.compile(
    rf"{WELL}|resuming normal|server (?:is )?(?:started|ready|fired up)|(?:application startup|download) complete|model loaded|"
    r"^[ \t]*100[ \t]+[\d.]+[kmg]?[ \t]+100[ \t]|100%\[=|\bsaved \[\d+|^fetched [\d.,]+ [kmg]?b in|downloaded newer image",
    re.MULTILINE,
)
# That something was only warned of, or tried again.
AGAIN = re.compile(
    r"warn|^\W{0,3}w\d{3,4} \d\d:|\bretr(?:y|ies)|resum|\btry(?:ing)? again|\bwill try|attempt|fall(?:ing|s)? back|instead\b|"
    r"\bconnected\.|^get:\d",
    re.MULTILINE,
)
_LINES = re.compile(r"(?:[^\n]*\n?){1,4}")
# That it has to do with what this program sets up, and is not a fault of somebody's own script.
FIELD = re.compile(
    r"-packages|torch|cuda|nvidia|triton|bitsandbytes|xformers|unsloth|transformers|huggingface|hf\.co|tokenizer|datasets?\b|"
    r"\bpip\b|\buv\b|conda|wheel|whl\b|winerror|os error|\bdll\b|ssl|certificate|https?://|multiprocessing|importlib|pickle|protobuf|"
    r"numpy|setuptools|compiler|\bgcc\b|\bcl\.exe|\bgpu\b|python3?\.exe"
)
ERROR_LINE = re.compile(
    r"^[ \t]*(?:[×✗]|e?rror\b|fatal\b|traceback|[\w.]+(?:error|exception)\b)", re.MULTILINE
)
# Frames of a traceback, and what Python prints below them.
_FRAMES = re.compile(r"(?:[ \t]*file \"[^\n]*\n(?:[ \t]+(?!file \")[^\n]*\n)*)+", re.MULTILINE)


# Said where no line names a cause.
UNNAMED = (
    "No line of this log names what went wrong. Going by its words it is most like logs of "
    "this cause."
)
BY_WORDS = "No line names it, but logs with such words often come from it."
SAME_PICTURE = "No line names it, but it shows itself in the same way."


class Candidate(Value, frozen=True, kw_only=True):
    """One cause that fits, with its score and where its proofs stand."""

    known_issue: KnownIssue
    score: int
    places: tuple[int, ...]


def explain(
    log: bytes | str, known_issues: KnownIssues, facts: MachineFacts | None = None
) -> Diagnosis:
    """The cause of a failure, from a log in any encoding and, where they are known, the machine's
    facts.

    A second log of 50 MB is thinned out first; evidence lines count from 1 in the whole log.
    """
    text = Text(log)
    quieten(text, known_issues)
    found = [c for c in candidates(text, known_issues, facts) if c.score >= LEAST]
    alike = dict(_alike(text.lower, known_issues, found))
    ranked = rank(found, alike)
    best = ranked[0] if ranked else _by_words(text, known_issues, alike)
    if best is None or (best.score < SURE and _went_on(text.lower)) or _overcome(text, best):
        return Diagnosis()
    others = [
        OtherCause(cause=c.known_issue.label, why=_why(text, c, best))
        for c in ranked[1 : 1 + OTHERS]
    ]
    named = {best.known_issue.label, *(c.known_issue.label for c in ranked)}
    others += [other for other in _further(best, alike) if other.cause not in named][
        : max(0, PLACES - 1 - len(others))
    ]
    known_issue = best.known_issue
    return Diagnosis(
        cause=known_issue.label,
        title=known_issue.title,
        means=known_issue.means if ranked else f"{UNNAMED} {known_issue.means}",
        evidence=_proof(text, best),
        fix=fix_of(known_issue),
        others=tuple(others),
    )


def _alike(
    lower: str, known_issues: KnownIssues, found: list[Candidate]
) -> list[tuple[str, float]]:
    """Causes by the likeness of words, where a rule fits or the log ended in a failure; else none:
    silence stays silent.
    """
    if not found and not (ENDED.search(lower) and FIELD.search(lower)):
        return []
    return likeness(lower, known_issues.words)


def _went_on(lower: str) -> bool:
    """Whether things went well after the last that failed."""
    ends = [match.end() for match in ENDED.finditer(lower)]
    return bool(ends) and WENT_WELL.search(lower, ends[-1]) is not None


def _overcome(text: Text, best: Candidate) -> bool:
    """Whether what speaks for a cause was told as a warning or tried again, work went on after it,
    and nothing ended that later.

    What goes on after an error that stands for itself may be another run. A state that lasts (a
    build without CUDA) lets a bar fill up and a page be served all the same, so these count only
    for what passes: networks and memory.
    """
    lower = text.lower
    last = max(best.places)
    end = lower.find("\n", last)
    starts = [lower.rfind("\n", 0, place) + 1 for place in best.places]
    if end < 0 or any(ERROR_LINE.match(lower, start) for start in starts):
        return False
    passing = best.known_issue.stage == "network" or best.known_issue.label in PASSING
    told = _LINES.match(text.said, lower.rfind("\n", 0, last) + 1, end + 1000 if passing else end)
    well = max(
        (match.end() for match in (OVERCAME if passing else WORKED).finditer(lower, end)),
        default=None,
    )
    if well is None or told is None or not AGAIN.search(told.group()):
        return False
    later = [
        pattern.regex
        for pattern in best.known_issue.patterns
        if pattern.weight >= SURE and _possible(pattern.regex, lower)
    ]
    return not any(
        pattern.search(lower, well) for pattern in (ENDED, ERROR_LINE, *map(_compiled, later))
    )


def _further(best: Candidate, alike: dict[str, float]) -> list[OtherCause]:
    """Causes that no line names: the neighbours of the best one and those that words speak for,
    likeliest first.
    """
    related = best.known_issue.related
    points = {
        label: alike.get(label, 0.0) + (NEIGHBOUR if label in related else 0.0)
        for label in [*related, *alike]
    }
    likely = sorted(
        (label for label in points if points[label] >= ALIKE / 3), key=lambda label: -points[label]
    )
    return [
        OtherCause(cause=label, why=SAME_PICTURE if label in related else BY_WORDS)
        for label in likely
    ]


def _by_words(text: Text, known_issues: KnownIssues, alike: dict[str, float]) -> Candidate | None:
    """The cause that words alone speak for, and where it failed."""
    label = next(iter(alike), None)
    known_issue = known_issues.find(label) if label else None
    if label is None or known_issue is None or alike[label] < ALIKE:
        return None
    places = [
        match.start() + len(match[0]) - len(match[0].lstrip())
        for match in ENDED.finditer(text.lower)
    ]
    return Candidate(known_issue=known_issue, score=0, places=(places[-1],))


def quieten(text: Text, known_issues: KnownIssues) -> None:
    """Strike out what looks like a fault and is none."""
    spans = []
    for harmless in known_issues.harmless:
        if not _possible(harmless.regex, text.lower):
            continue
        spans += [match.span() for match in _compiled(harmless.regex).finditer(text.lower)]
    if spans:
        text.strike(spans)
    _strike_chatter(text)


def _strike_chatter(text: Text) -> None:
    """Strike lines that quote code and, where nothing but they speaks of a failure, those of
    debugging. Where something failed they stay: they may tell why. So they do where the log ends in
    one that tells a failure, and where all lines are of debugging: then another program has passed
    this log on."""
    said = Said(text.said)
    quoting = [_whole(text.lower, span) for span in said.quoting]
    debug = [_whole(text.lower, span) for span in said.debug]
    if debug and without(text.said, said.debug).strip():
        info = [_whole(text.lower, span) for span in said.info]
        rest = without(text.lower, sorted([*quoting, *debug, *info]))
        told = any(
            pattern.search(text.lower, *span) for span in info for pattern in (ENDED, ERROR_LINE)
        )
        cut = not text.lower[debug[-1][1] :].strip() and FAILED.search(text.lower, debug[-1][0])
        if not (
            told or cut or any(pattern.search(rest) for pattern in (FAILED, ENDED, ERROR_LINE))
        ):
            quoting += debug
    if quoting:
        text.strike(quoting)


def _whole(lower: str, span: tuple[int, int]) -> tuple[int, int]:
    """A line's span, up to the end that it has now: a line that was broken is in one."""
    end = lower.find("\n", span[0])
    return span[0], max(span[1], len(lower) if end < 0 else end)


def candidates(
    text: Text, known_issues: KnownIssues, facts: MachineFacts | None
) -> list[Candidate]:
    """Every cause of which at least one sign stands in the log."""
    failed = FAILED.search(text.lower) is not None
    deduced = deductions(text.lower)
    known: dict[str, Any] | None = msgspec.to_builtins(facts) if facts else None
    found = []
    for known_issue in known_issues.causes:
        weights: list[int] = []
        places: list[int] = []
        for pattern in known_issue.patterns:
            if pattern.weak and not failed:
                continue
            at = hits(text.lower, pattern, deduced)
            if at:
                weights.append(pattern.weight)
                places += at
        if weights:
            weights.sort(reverse=True)
            score = weights[0] + min(6, 3 * (len(weights) - 1)) + _leaning(known_issue.hints, known)
            found.append(
                Candidate(known_issue=known_issue, score=score, places=tuple(dict.fromkeys(places)))
            )
    return found


def rank(found: list[Candidate], alike: Mapping[str, float] | None = None) -> list[Candidate]:
    """Best first. A cause that is another's symptom stands behind it, whatever its own message
    says; where no rule is clear, the likeness of words decides with."""
    capped: dict[str, int] = {c.known_issue.label: c.score for c in found}
    sure = [c for c in found if c.score >= SURE]
    for _ in range(3):  # a symptom's symptom follows along
        for cause in sure:
            for symptom in cause.known_issue.supersedes:
                if symptom in capped:
                    capped[symptom] = min(capped[symptom], capped[cause.known_issue.label] - 1)
    ranked = sorted(found, key=lambda c: (-capped[c.known_issue.label], -c.score, c.places[0]))
    if not ranked or not alike:
        return ranked
    most = max(alike.values())
    worth = {label: score + WORDS * alike.get(label, 0.0) / most for label, score in capped.items()}
    kept = 1 if ranked[0].score >= CLEAR else 0
    return ranked[:kept] + sorted(ranked[kept:], key=lambda c: -worth[c.known_issue.label])


def hits(lower: str, pattern: Pattern, deduced: str) -> list[int]:
    """Where a sign's proof stands, at most three places; empty unless all its conditions hold."""
    if not _possible(pattern.regex, lower) or not all(
        _compiled(p).search(deduced) for p in pattern.needs if p.startswith("raised-in-")
    ):
        return []
    places: list[int] = []
    last = 0
    for match in _compiled(pattern.regex).finditer(lower):
        last = match.end()
        if len(places) < 3:
            # a pattern may begin with a line break or an empty look-around: the proof is where text
            # begins
            places.append(match.start() + len(match.group()) - len(match.group().lstrip()))
    if not places or not all(
        _compiled(p).search(lower) or _compiled(p).search(deduced) for p in pattern.needs
    ):
        return []
    if any(
        _compiled(p).search(lower) or _compiled(p).search(deduced) for p in pattern.unless
    ) or _settled(lower, pattern, last):
        return []
    return places


def _settled(lower: str, pattern: Pattern, last: int) -> bool:
    """Whether it went well in the end. Tools write progress and warnings into two streams, so a
    success that stands before the warnings counts too, as long as no error does."""
    if any(_compiled(p).search(lower, last) for p in pattern.settled):
        return True
    return not ERROR_LINE.search(lower) and any(_compiled(p).search(lower) for p in pattern.settled)


def _leaning(hints: tuple[Hint, ...], known: dict[str, Any] | None) -> int:
    """What the machine's facts add to a cause."""
    if known is None:
        return 0
    return sum(hint.adds for hint in hints if _fact(known, hint.fact) in hint.values)


def _fact(known: dict[str, Any], path: str) -> str:
    value: Any = known
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return str(value).lower()


def _proof(text: Text, best: Candidate) -> tuple[EvidenceLine, ...]:
    """The lines of the proof: those that tell before the frames of tracebacks, which say only
    where; each in their order. Where none of the lines tells, the exception that a traceback ends
    in does."""
    ends = {place: _told(text.lower, place) for place in best.places}
    telling = [place for place in best.places if ends[place] is None]
    if not any(RAISED.match(text.lower, text.lower.rfind("\n", 0, place) + 1) for place in telling):
        telling += [end for end in ends.values() if end is not None][:1]
    frames = [place for place in best.places if ends[place] is not None]
    return tuple([*_lines(text, telling), *_lines(text, frames)][:PROOF_LINES])


def _lines(text: Text, places: Iterable[int]) -> list[EvidenceLine]:
    lines: dict[int, EvidenceLine] = {}
    for place in places:
        line = text.line(place)
        lines.setdefault(line, EvidenceLine(line=line, text=text.shown(place)))
    return sorted(lines.values(), key=lambda e: e.line)


def _told(lower: str, place: int) -> int | None:
    """Where the exception stands that ends the traceback of which this place is a frame; None if it
    is none.
    """
    start = lower.rfind("\n", 0, place) + 1
    frames = _FRAMES.match(lower, lower.rfind("\n", 0, max(0, start - 1)) + 1) or _FRAMES.match(
        lower, start
    )
    raised = RAISED.match(lower, frames.end()) if frames and frames.end() > place else None
    return raised.end() - len(raised.group().lstrip()) if raised else None


def _why(text: Text, other: Candidate, best: Candidate) -> str:
    line = text.line(other.places[0])
    if other.known_issue.label in best.known_issue.supersedes:
        return f"Line {line} fits, but it usually follows from: {best.known_issue.title}."
    if (
        other.known_issue.label in best.known_issue.related
        or best.known_issue.label in other.known_issue.related
    ):
        return f"Line {line} fits it too; from the log alone the two are hard to tell apart."
    return f"Line {line} fits it, but names the cause less clearly."


def _possible(pattern: str, lower: str) -> bool:
    needed = anchors(pattern)
    return not needed or any(text in lower for text in needed)


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)
