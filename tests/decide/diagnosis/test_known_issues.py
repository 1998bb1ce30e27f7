"""The data of diagnosis.

Labels, words and fixes are whole, patterns are sound, quick and anchored on what they need.
"""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.decide.diagnosis.explain import LEAST, explain
from app.decide.diagnosis.regex_prefilter import (
    SearchedText,
    lower_same_length,
    required_strings,
    sub_in_candidates,
)
from app.decide.plans.fixes import REMEDIES
from app.model.known_issue import KnownIssue, Pattern
from tests.decide.diagnosis.test_explain import CAUSES, KNOWN_ISSUES, LABELS, SILENT

PATTERNS = [(t, s) for t in KNOWN_ISSUES.causes for s in t.patterns]


def patterns(pattern: Pattern) -> list[str]:
    return [pattern.regex, *pattern.needs, *pattern.unless, *pattern.settled]


def test_labels_are_unique_and_known_to_each_other() -> None:
    assert len(LABELS) == len(set(LABELS))
    for known_issue in KNOWN_ISSUES.causes:
        assert {*known_issue.related, *known_issue.supersedes} <= set(LABELS), known_issue.label
        assert known_issue.label not in known_issue.supersedes
        for other in known_issue.supersedes:
            behind = KNOWN_ISSUES.find(other)
            assert behind is not None
            assert known_issue.label not in behind.supersedes, (known_issue.label, other)


@pytest.mark.parametrize("known_issue", KNOWN_ISSUES.causes, ids=LABELS)
def test_each_cause_is_told_in_words_and_has_a_way_out(known_issue: KnownIssue) -> None:
    assert known_issue.title and known_issue.stage and len(known_issue.means) > 30
    assert len(known_issue.fix.text) > 15
    assert known_issue.fix.automatic == (known_issue.fix.remedy is not None)
    assert known_issue.fix.remedy is None or known_issue.fix.remedy in REMEDIES
    assert "!" not in known_issue.means + known_issue.fix.text
    assert any(s.weight >= LEAST for s in known_issue.patterns)


def test_patterns_are_small_letters_and_compile() -> None:
    for known_issue, pattern in PATTERNS:
        for regex in patterns(pattern):
            re.compile(regex)
            bare = re.sub(r"\\.|\[\^?[^\]]*\]", "", regex)
            assert bare == bare.lower(), (known_issue.label, regex)


def test_codes_of_our_own_faults_lead_to_a_cause() -> None:
    pairs = {
        "index_denied": "index_forbidden",
        "disk_full": "disk_full",
        "too_many_requests": "index_rate_limited",
        "index_unsafe": "index_untrusted",
        "disk_error": "disk_fault",
        "timeout": "program_hung",
        "resolve_failed": "package_not_found",
        "python-unavailable": "python_unavailable",
    }
    for code, label in pairs.items():
        found = KNOWN_ISSUES.find(code)
        assert found is not None
        assert found.label == label
    codes = [code for t in KNOWN_ISSUES.causes for code in t.codes]
    assert len(codes) == len(set(codes))
    assert not set(codes) & set(LABELS)


def hostile(words: list[str], size: int) -> str:
    """Lines that almost match: the words that patterns start from, with ``size`` times as much
    between and after them.
    """
    lines = [
        "'".join([word] * 8 * size) + "a" * 500 * size + "\\" * 50 * size + " (" * 50 * size
        for word in words
    ]
    return "\n".join([*lines, "error: " + "".join(f"c:\\x{w} " for w in words) * 5 * size])


@pytest.mark.slow
def test_no_pattern_takes_for_ever() -> None:
    """Twice the length takes about twice the time: a pattern that goes back over its tracks would
    take far more.

    Figures of one run, so that a slow machine says the same as a quick one: 2.5 times where all is
    well; a pattern of nested repetition takes thousands of times as long.
    """
    words = sorted({text for _, s in PATTERNS for text in required_strings(s.regex)})[::3]
    took = []
    for size in (1, 2):
        text, began = hostile(words, size), time.process_time()
        explain(text, KNOWN_ISSUES)
        took.append(time.process_time() - began)
    print(
        f"\nhostile lines judged in {took[0]:.1f} s of processor time, twice as long ones in "
        f"{took[1]:.1f} s"
    )
    assert took[1] < 8 * took[0]


ALL_LOGS = [log.lower() for _, log in CAUSES] + [s.lower() for s in SILENT]


def test_what_a_pattern_is_anchored_on_stands_in_every_match() -> None:
    tried = 0
    for pattern in {p for _, s in PATTERNS for p in patterns(s)} | {
        h.regex for h in KNOWN_ISSUES.harmless
    }:
        needed = required_strings(pattern)
        for log in ALL_LOGS:
            for match in re.finditer(pattern, log, re.MULTILINE):
                tried += 1
                assert not needed or any(text in match.group() for text in needed), (
                    pattern,
                    needed,
                )
    assert tried > 300


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("abc", ("abc",)),
        ("ab|cd", ("ab", "cd")),
        ("a?bcd", ("bcd",)),
        ("x(?:ab|cde)+", ("ab", "cde")),
        ("(?:ab)?", ()),
        ("ab+cd", ("cd",)),
        (r"a\.b", ("a.b",)),
        (r"\d+", ()),
        ("(?!abc)de", ("de",)),
        ("[abc]def[^x]", ("def",)),
        ("a{0,3}bc", ("bc",)),
        ("ab|", ()),
        ("(?P<x>abc)d", ("abc",)),
        ("(?>abcd)e", ("abcd",)),
        (r"\x41\u0042c", ("abc",)),
        ("(abc)(?(1)def|ghi)", ("abc",)),
        ("(?i:ABC)", ("abc",)),
        ("(?x) a b # c\n c", ("abc",)),
        ("abc*+de", ("ab",)),
        (r"(ab)\1", ("ab",)),
        ("(?=abc)", ()),
        ("(?<!abc)", ()),
    ],
)
def test_anchors(pattern: str, expected: tuple[str, ...]) -> None:
    assert required_strings(pattern) == expected


# Patterns of every operation that Python's parser knows, over a few letters, so that they match often.
LETTERS = st.sampled_from(
    ["a", "b", "s", "i", "k", "I", "S", "\u0131", "\u017f", "\u0130", "\u212a", "\xe4"]
)
PLAIN = st.text(LETTERS, min_size=1, max_size=4)
ATOMS = st.one_of(
    PLAIN,
    st.sampled_from([".", "[ab]", "[^s]", r"\w", r"\b", "^", "$", r"\x61", r"\u0069"]),
)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(
            lambda head, body, tail: f"{head}{body}){tail}",
            st.sampled_from(["(", "(?:", "(?i:", "(?>", "(?=", "(?!", "(?P<n>"]),
            inner,
            st.sampled_from(["", "*", "+", "?", "{2}", "{0,2}", "*?", "++"]),
        ),
        st.builds(lambda one, other: f"{one}{other}", inner, inner),
        st.builds(lambda one, other: f"(?:{one}|{other})", inner, inner),
    ),
    max_leaves=5,
)


@given(
    pattern=EXPRESSIONS,
    flags=st.sampled_from([0, re.IGNORECASE, re.MULTILINE, re.IGNORECASE | re.MULTILINE]),
    lines=st.lists(st.text(LETTERS, max_size=8), max_size=4),
)
@settings(max_examples=400, deadline=None)
def test_whatever_re_finds_the_filtered_search_finds(
    pattern: str, flags: int, lines: list[str]
) -> None:
    try:
        compiled = re.compile(pattern, flags)
    except re.error:  # a group's name twice: no pattern at all
        return
    text = "\n".join(lines)
    needed = required_strings(pattern, flags)
    for match in compiled.finditer(text):
        assert not needed or any(word in lower_same_length(match.group()) for word in needed), (
            needed
        )
    marked = sub_in_candidates(
        compiled, lambda match: f"<{match.group()}>", SearchedText(text)
    ).text
    if "(?=" not in pattern and "(?!" not in pattern:  # these look beyond the match
        assert marked == compiled.sub(lambda match: f"<{match.group()}>", text)
