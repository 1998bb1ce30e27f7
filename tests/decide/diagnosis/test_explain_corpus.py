"""Diagnosis against real failure logs and against what uv and pip print for faults, where that
collection is at hand.

The first rules were written from one half of the 93 logs (by the hash of their ids); on the other
half, before anybody had looked at it, they named 31 of 38 causes at the first place (82 %) and 34
of 38 among the first three (89 %). The figures printed here are of all logs after both halves were
read, so they say how well the rules hold, not how well they carry over;
tests/decide/diagnosis/test_leave_one_out.py leaves logs out in turn.

Later the rules were widened with other excerpts: 361 from public issue threads, found by searching
for each label (from the eighth batch on for general words), many cut short on purpose, 43 of them
the output of runs that work. The true label is how the thread was solved where it says so, else
what the excerpt and the title say; a few tails that the search had cut off were completed from the
title. One reader judged them all, the same who wrote the rules. Each batch was measured before its
misses were looked at, then mended:

    batch                     1   2   3   4   5   6   7   8   9  10    all ten
    excerpts                 49  46  46  43  42  41  28  31  18  17    361
    first place, per cent    76  76  57  79  69  73  82  61  67  65    71
    among three, per cent    84  80  63  79  71  78  86  65  83  65    76

A second label that the judge would also have accepted counts as a miss here; where it counts as
right, batch 8 is at 74 and batch 10 at 76. One harmless output was called a cause (TensorFlow's
search for a card; mended). The batches differ in how hard they are and show no clear rise: of
short, clipped excerpts like these, about seven in ten that nobody has read come out first. Whole
logs may do better, as the 82 % above suggest. After mending, 344 of the 361 come out first, 357
among three.

Then a new collection, judged before the program had seen any of it: 222 excerpts that hold the line
that tells, at least six of nearly every label, split at random into halves, with 40 harmless
outputs; then smaller sets (general words, clipped; the labels that had done worst; three over many
labels), and 39 more harmless outputs. Each at first look, then mended:

    set                half one  half two  general  worst  many  many  many   harmless, called a
    cause excerpts                111       111       40     15    59    39    35   20 + 20 + 39
    first                   101       100       34     10    53    35    33   1 + 1 + 1
    per cent                 91        90       85     67    90    90    94
    among three, p.c.        93        92       88     73    93    95    97

Half two was measured after the misses of half one were mended, so 90 % is the honest figure for
excerpts like these: at first place the goal is just met, among three it is not. A log that ends
before the exception's message is the commonest miss. Judge and author of the rules are the same
here too.

Most of what was not among the three had no cause named at all. So neighbours and the words of
judged logs now fill the places that rules leave empty (app/decide/diagnosis/word_scores.py). Tried out with the
rules as they were before half one was read, on 503 excerpts (this collection and the seven sets
above), the words counted in ten folds without the excerpts that are judged:

    per cent                      first   among three
    those rules alone              89.5          92.2
    with neighbours and words      91.8          96.8

Then somebody else judged new excerpts, before the program or the author of the rules had seen them,
each first look:

    set                                    H         I         J    harmless (40)  (30, after
    mending) excerpts                              70        40        65
    first                           68 (97%)  37 (93%)  63 (97%)    4 called a cause, mended:
    notices that Triton is absent; 0 among three                    70 (100%) 40 (100%)  64 (98%)
    without neighbours and words          69        39
    only those of no known thread      36/38     22/25    first; all of them among three
    only those without a known line                      15/17     first, 16 among three

J came from a third person, after all mending. Together 168 of 175 at first place (96 %), 174 among
three (99 %). About four in ten of H and I come from threads whose other excerpts had been read
before, and J shares lines (the same messages) with what was known, which is why the last two rows
stand there.

A fourth person searched public threads anew, mostly of other projects (image, speech and language
tools), and judged every excerpt before the program saw it; K at first look, L after the mending of
K, then mended too, M (causes rare in both) after L:

    set                       K (122)      L (66)    M (18)    harmless (42, 26, 70 and 22)
    first                  115 (94 %)  63 (95 %)  17 (94 %)    2, 1, 2 and 1 called a cause, mended
    among three            120 (98 %)  64 (97 %)  17 (94 %)

The 70 and half of the 22 were written down from memory of what such tools print, not taken from
threads.

A fifth person took four more sets of harmless outputs, chosen to alarm and judged before the
program saw them, each at first look, then mended (levels, recoveries). Called a cause: 12 of 108, 8
of 73, 1 of 48 and 0 of 22; of those from threads alone 1 of 35, 2 of 38, 1 of 31 and 0 of 22. One
stays a cause, for others would call it a fault: xformers built for another torch.

Each excerpt of K that came out right was tried in 33 other forms before the mending (encodings,
colours, bars, prefixes of other tools, JSON, a console's width, both ends cut): encodings, colours
and chained tracebacks cost none or one; lines broken at 80 columns cost 10, JSON 6; prefixes cost
one cause and called two harmless ones a cause. Mended (app/decide/diagnosis/lineform.py), they cost at most
three. A third of the head cut off costs 17 of 76 (11 of 79), the last line 5 (5), for what tells it
is mostly gone then.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.decide.diagnosis.explain import explain
from tests.decide.diagnosis.test_explain import KNOWN_ISSUES

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the collection of logs lies in ../shared/corpus, which is not here"
)

# A label that somebody's redaction took for a token.
GARBLED = {"hf_0000000000000000": "hf_unreachable"}


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CORPUS / name).read_text(encoding="utf-8").splitlines()]


def real_failures() -> list[tuple[str, str]]:
    """Causes and logs of the collection."""
    return [
        (GARBLED.get(case["cause"], case["cause"]), case["log"])
        for case in lines("cases_dev.jsonl")
    ]


def test_real_failures(figures: list[str]) -> None:
    first: list[bool] = []
    among: list[bool] = []
    wrong: list[str] = []
    for want, log in real_failures():
        found = explain(log, KNOWN_ISSUES)
        ranked = [found.cause, *(o.cause for o in found.others)]
        first.append(ranked[0] == want)
        among.append(want in ranked[:3])
        if ranked[0] != want:
            wrong.append(f"{want} came out as {ranked[:3]}: {log[:80]}")
    figures.append(
        f"Diagnosis, {len(first)} real logs, with all that was learnt from these logs too (no "
        f"measure of new ones): right at first "
        f"place {sum(first)}, among three {sum(among)}"
    )
    print(*wrong, sep="\n  ")
    assert sum(first) >= 0.95 * len(first)
    assert sum(among) >= 0.99 * len(among)


def test_every_label_of_the_collection_has_rules() -> None:
    text = (CORPUS / "taxonomy.toml").read_text(encoding="utf-8")
    labels = {line[1:-1] for line in text.splitlines() if line.startswith("[")}
    assert labels <= {t.label for t in KNOWN_ISSUES.causes}


def test_harmless_logs_name_no_cause() -> None:
    for case in lines("negatives_dev.jsonl"):
        assert explain(case["log"], KNOWN_ISSUES).cause is None, case["id"]


# What each fault is. pip's own words hold no cause for some (it says "from versions: none" for all
# of them).
NOTHING = {
    "ok",
    "slow_2MBps",
    "no_range_support",
    "drop_midfile_once",
    "rst_midfile_once",
    "http503_twice_then_ok",
    "http429_retry_after_2_once",
    "drop_midfile_forever",
}
TRUE = {
    "captive_portal_file": "captive_portal",
    "conflict": "dependency_conflict",
    "connection_refused": "connection_refused",
    "corrupt_bytes": "pip_hash_mismatch",
    "disk_full_cache": "disk_full",
    "disk_full_target": "disk_full",
    "dns_failure": "dns_failure",
    "good_hash_corrupt_file": "pip_hash_mismatch",
    "http401_index": "index_unauthorized",
    "http403_file": "index_forbidden",
    "http403_index": "index_forbidden",
    "http404_file": "wheel_missing",
    "http429_forever": "index_rate_limited",
    "http500_file": "index_server_error",
    "http503_file_forever": "index_server_error",
    "http503_index_forever": "index_server_error",
    "missing_hash_in_lock": "lock_hash_missing",
    "no_such_package": "package_not_found",
    "no_such_version": "package_not_found",
    "offline_flag": "offline_mode",
    "proxy_407": "proxy_auth_required",
    "proxy_refused": "proxy_unreachable",
    "redirect_loop_index": "redirect_loop",
    "rst_midfile_forever": "network_interrupted",
    "sdist_build_fails": "cuda_toolkit_missing",
    "stall_index_timeout3s": "network_timeout",
    "stall_midfile_timeout3s": "network_timeout",
    "target_readonly_file_in_use": "file_in_use",
    "tls_self_signed": "tls_intercepted",
    "tls_unknown_issuer": "tls_intercepted",
    "truncated_lying_length": "pip_hash_mismatch",
    "wrong_hash_in_index": "pip_hash_mismatch",
    "wrong_hash_in_lock": "pip_hash_mismatch",
    "wrong_platform": "platform_unsupported",
    "wrong_python": "python_version_unsupported",
    "captive_portal_index": "package_not_found",
}
PIP_CANNOT_KNOW = {
    "captive_portal_file": "pip_hash_mismatch",
    "http403_index": "package_not_found",
    "http503_index_forever": "package_not_found",
    "offline_flag": "package_not_found",
    "wrong_platform": "package_not_found",
    "proxy_refused": "connection_refused",
}


def test_what_uv_and_pip_print_for_each_fault() -> None:
    named, wrong = 0, []
    files = sorted((CORPUS / "tool_errors").glob("*.txt"))
    for file in files:
        fault, tool = file.stem.rsplit(".", 1)
        data = file.read_bytes()
        log = data[data.index(b"# ---- stdout") :]  # the head of the file tells the fault
        want = None if fault in NOTHING else TRUE[fault]
        if tool == "pip":
            want = PIP_CANNOT_KNOW.get(fault, want)
            if fault == "stall_midfile_timeout3s":
                want = None  # pip resumed and installed
        found = explain(log, KNOWN_ISSUES).cause
        named += found == want
        if found != want:
            wrong.append(f"{file.name}: {want} came out as {found}")
    print(f"\n{named} of {len(files)} outputs judged right", *wrong, sep="\n  ")
    assert not wrong
    assert len(files) >= 80
