"""Where no rule names the cause, words give ideas and say so.

They never name one, and silence stays silent.
"""

from __future__ import annotations

import hashlib
import time

import msgspec
import pytest

from app.decide.diagnosis.explain import BY_WORDS, explain
from app.decide.diagnosis.word_scores import pack, score_causes, split_words
from app.model.known_issue import KnownIssues
from build.word_scores import TABLE, count, judged, kept, own_logs, table
from tests.decide.diagnosis.test_explain import KNOWN_ISSUES

FOLDS = 5
# A traceback cut before its message, as people paste them.
CUT = (
    "Traceback (most recent call last):\n  File "
    '"C:\\Users\\somebody\\env\\lib\\site-packages\\torch\\utils\\data\\dataloader.py", '
    "line 1043, in __init__\n    w.start()\n  File "
    '"C:\\Python311\\lib\\multiprocessing\\context.py", line 327, in _Popen\n'
    "    return Popen(process_obj)\n"
)


def test_words_know_no_person_and_no_line() -> None:
    found = split_words(
        '  file "c:\\users\\somebody\\env\\lib\\site-packages\\torch\\_utils.py", line 1043, in '
        "__init__\nwinerror 1455"
    )
    assert {"torch", "winerror 1455", "_utils py"} <= found
    assert not {
        word for word in found if "somebody" in word or "1043" in word or "env" in word.split()
    }


def test_the_cause_of_most_alike_logs_comes_first() -> None:
    counted = pack([("one", [("red", 2.0), ("blue sky", 1.5)]), ("two", [("red", 0.5)])])
    assert score_causes("a red thing under a blue sky", counted) == [("one", 3.5), ("two", 0.5)]
    assert score_causes("nothing of it", counted) == []
    assert score_causes("red", {}) == []


def test_what_is_counted_stands_in_two_logs_at_least() -> None:
    counted = count(
        [
            ("one", frozenset({"red", "mine"})),
            ("one", frozenset({"red"})),
            ("two", frozenset({"green"})),
        ]
    )
    assert "red" in str(counted["one"])
    assert "mine" not in str(counted)


def test_the_table_is_what_counting_gives() -> None:
    """After a change to the logs or to what is harmless: ``python -m build.word_scores``."""
    assert TABLE.read_text("utf-8") == table(KNOWN_ISSUES)


def test_beside_what_a_line_states_words_say_nothing() -> None:
    found = explain("AssertionError: Torch not compiled with CUDA enabled", KNOWN_ISSUES)
    assert (found.cause, found.confidence) == ("torch_cpu_build", "certain")
    assert BY_WORDS not in {other.why for other in found.others}


def test_words_alone_give_an_idea_and_name_nothing() -> None:
    silent = msgspec.structs.replace(
        KNOWN_ISSUES,
        causes=tuple(msgspec.structs.replace(t, patterns=()) for t in KNOWN_ISSUES.causes),
    )  # as if no rule knew it
    found = explain(CUT, silent)
    assert (found.cause, found.confidence, found.fix, found.evidence) == (None, None, None, ())
    ideas = {other.cause for other in found.others}
    assert ideas & {"worker_pickling", "multiprocessing_spawn", "dataset_worker_crash"}
    assert {other.why for other in found.others} == {BY_WORDS}
    assert all(other.check for other in found.others)
    assert explain(CUT, msgspec.structs.replace(silent, words={})).others == ()


@pytest.mark.parametrize(
    "log",
    [
        CUT + "KeyboardInterrupt\n",
        'Traceback (most recent call last):\n  File "/home/me/prepare.py", line 12, in <module>\n'
        "ValueError: invalid literal for int() with base 10: 'ten'\n",
        "ImportError: the torch extension zork is missing\n{'loss': 1.2, 'epoch': 0.1}\n",
        "error_log: /var/log/torch/error.log\nabort_on_nan=True\nnum_failed=0\n",
        "WARNING: no module named 'zork'; skipping this optional part of torch\nTraining complete\n",
    ],
)
def test_words_alone_make_no_cause_of_what_is_none(log: str) -> None:
    assert explain(log, KNOWN_ISSUES).cause is None


def test_how_well_words_alone_and_with_the_rules_carry_over() -> None:
    """Five folds: the words are counted again without the fold that is judged. The tests' own logs
    are each another form of their cause, so words alone find only some."""
    logs = [(label, log) for label, log in own_logs() if KNOWN_ISSUES.find(label)]
    parts = [hashlib.sha256(log.encode()).digest()[0] % FOLDS for _, log in logs]
    ready = judged(logs, KNOWN_ISSUES)
    bare = msgspec.structs.replace(
        KNOWN_ISSUES,
        causes=tuple(msgspec.structs.replace(t, patterns=()) for t in KNOWN_ISSUES.causes),
    )
    alone = both = 0
    for fold in range(FOLDS):
        counted = count(
            [*kept(), *(one for one, part in zip(ready, parts, strict=True) if part != fold)]
        )
        for (label, log), part in zip(logs, parts, strict=True):
            if part != fold:
                continue
            alone += label in _three(log, msgspec.structs.replace(bare, words=counted))
            both += label in _three(log, msgspec.structs.replace(KNOWN_ISSUES, words=counted))
    print(f"\namong three, of {len(logs)} logs: words alone {alone}, with the rules {both}")
    assert both >= 0.99 * len(logs)
    assert alone >= 0.2 * len(logs)  # chance gives 2 per cent: three of some 125 causes


def _three(log: str, known_issues: KnownIssues) -> list[str | None]:
    found = explain(log, known_issues)
    return [found.cause, *(o.cause for o in found.others)][:3]


def test_no_harmless_pattern_takes_for_ever() -> None:
    """Twice as long, about twice the time: blank and indented lines after a traceback's head once
    took minutes.
    """
    took = []
    for size in (1, 2):
        lines = "\n      \n    x" * 2000 * size
        log = f"traceback (most recent call last):{lines}\nexception ignored in: x{lines}"
        began = time.process_time()
        explain(log, KNOWN_ISSUES)
        took.append(time.process_time() - began)
    assert took[1] < 8 * took[0]
