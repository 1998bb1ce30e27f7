"""The language for "when": what it reads, what it refuses, and that an unknown fact never decides."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.decide.findings.conditions import fill, gigabytes, holds
from app.model.condition import All, AnyOf, Condition, Not, names_in, parse, parse_version
from app.model.errors import InputError
from app.model.rules import Rules, Threshold

NUMBERS = ("memory.total", "gpus.nvidia", "home.length")
FLAGS = ("os.wsl", "card.found", "cpu.avx2")


def evaluate(text: object, **facts: Any) -> bool | None:
    return holds(parse(text, "test"), {k.replace("__", "."): v for k, v in facts.items()})


@pytest.mark.parametrize(
    ("clause", "facts", "answer"),
    [
        ("os.family is windows", {"os__family": "windows"}, True),
        ("os.family is not windows", {"os__family": "linux"}, True),
        ("os.family in windows, linux", {"os__family": "Linux"}, True),
        ("os.family not in windows, linux", {"os__family": "macos"}, True),
        ("os.name contains server 2019", {"os__name": "Windows Server 2019 Datacenter"}, True),
        ("driver.version < 528.33", {"driver__version": "528.4"}, True),
        ("driver.version >= 580", {"driver__version": "580.0"}, True),
        ("driver.version < 570.65", {"driver__version": "1000.1"}, False),
        ("card.capability < 7.0", {"card__capability": "10.0"}, False),
        ("memory.total < 16 GiB", {"memory__total": 16 * 2**30}, False),
        ("disk.free < 10 GB", {"disk__free": 9_999_999_999}, True),
        ("home.writable is no", {"home__writable": False}, True),
        ("not os.wsl", {"os__wsl": False}, True),
        ("driver.version unknown", {}, True),
        ("driver.version known", {}, False),
        ("driver.version < 528.33", {}, None),
        (
            "driver.version < profile.driver",
            {"driver__version": "566.36", "profile__driver": "570.65"},
            True,
        ),
        ("driver.version < profile.driver", {"driver__version": "566.36"}, None),
        ("driver.version < 580", {"driver__version": "no digits"}, None),
        ({"any": ["os.wsl", "card.found"]}, {"card__found": True}, True),
        ({"any": ["os.wsl", "card.found"]}, {"card__found": False}, None),
        (["os.wsl", "card.found"], {"card__found": False}, False),
        ({"not": ["os.wsl", "card.found"]}, {"card__found": False}, True),
    ],
)
def test_clauses(clause: object, facts: dict[str, Any], answer: bool | None) -> None:
    assert evaluate(clause, **facts) is answer


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("os.famly is windows", "os.famly"),
        ("os.family", "needs a comparison"),
        ("os.family is", "''"),
        ("os.family < windows", "no order"),
        ("driver.version < new", "'new'"),
        ("memory.total < 16 TB", "'16 TB'"),
        ("driver.version known now", "too much"),
        ("memory.total contains 4", "looks for a part"),
        ("os.wsl is maybe", "'maybe'"),
        ("?", "cannot be read"),
        ({"some": ["os.wsl"]}, "all, any, not"),
        ({"any": "os.wsl"}, "all, any, not"),
        (7, "all, any, not"),
    ],
)
def test_a_wrong_clause_is_refused_by_file_table_and_clause(raw: object, words: str) -> None:
    with pytest.raises(InputError) as fault:
        parse([raw], "findings.toml, rule 3 (wsl)")
    assert fault.value.message.startswith("findings.toml, rule 3 (wsl): ")
    assert words in fault.value.message


def test_a_limit_is_looked_up_in_the_rules() -> None:
    rules = Rules(thresholds=(Threshold(id="few", value="4 GiB", source="-", date="2026-01-01"),))
    condition = parse("memory.total < limit.few", "test", ("limit.few",))
    assert holds(condition, {"memory.total": 2**30}, rules) is True
    assert names_in(condition) == {"memory.total", "limit.few"}


def clauses() -> st.SearchStrategy[object]:
    numbers = st.tuples(
        st.sampled_from(NUMBERS), st.sampled_from(["<", "<=", ">", ">=", "is"]), st.integers(0, 3)
    )
    return st.one_of(
        st.sampled_from(FLAGS),
        st.sampled_from(FLAGS).map("not {}".format),
        numbers.map(lambda t: f"{t[0]} {t[1]} {t[2]}"),
    )


def conditions() -> st.SearchStrategy[object]:
    return st.recursive(
        clauses(),
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3),
            st.lists(inner, min_size=1, max_size=3).map(lambda x: {"any": x}),
            inner.map(lambda x: {"not": x}),
        ),
        max_leaves=8,
    )


FACTS = st.fixed_dictionaries(
    {n: st.one_of(st.none(), st.integers(0, 3)) for n in NUMBERS}
    | {f: st.one_of(st.none(), st.booleans()) for f in FLAGS}
)


@given(conditions(), FACTS)
def test_what_surely_holds_holds_whatever_the_unknown_turns_out_to_be(
    raw: object, facts: dict[str, Any]
) -> None:
    condition = parse(raw, "test")
    answer = holds(condition, facts)
    open_names = [n for n in names_in(condition) if facts[n] is None]
    ranges = [range(4) if n in NUMBERS else (False, True) for n in open_names]
    results = {
        holds(condition, facts | dict(zip(open_names, filling, strict=True)))
        for filling in itertools.islice(itertools.product(*ranges), 512)
    }
    assert None not in results
    if answer is not None:
        assert results == {answer}


@given(conditions(), FACTS)
def test_not_turns_the_answer_and_keeps_the_unknown(raw: object, facts: dict[str, Any]) -> None:
    condition = parse(raw, "test")
    plain, turned = holds(condition, facts), holds(Not(part=condition), facts)
    assert turned is (None if plain is None else not plain)


@given(st.lists(conditions(), min_size=1, max_size=3), FACTS)
def test_all_and_any_mirror_each_other(raws: list[object], facts: dict[str, Any]) -> None:
    parts: tuple[Condition, ...] = tuple(parse(raw, "test") for raw in raws)
    every = holds(Not(part=All(parts=parts)), facts)
    some = holds(AnyOf(parts=tuple(Not(part=p) for p in parts)), facts)
    assert every is some


@given(st.lists(st.integers(0, 999), min_size=1, max_size=4))
def test_versions_compare_by_numbers(numbers: list[int]) -> None:
    text = ".".join(map(str, numbers))
    assert parse_version(text) == parse_version("v" + text + ".0")
    assert parse_version(text + ".1") > parse_version(text)  # type: ignore[operator]


def test_facts_are_filled_in_with_their_units() -> None:
    facts = {
        "card.memory": 25769803776,
        "disk.free": 4_200_000_000,
        "os.wsl": True,
        "card.used_share": 0.51,
    }
    assert fill(
        "{card.memory}, {disk.free}, {os.wsl}, {card.used_share}, {driver.version}", facts
    ) == ("24 GB, 4.2 GB, yes, 51%, unknown")
    assert gigabytes(0.62) == "620 MB"
    assert gigabytes(139.4) == "139 GB"
