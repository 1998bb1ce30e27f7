"""The proposal of a newer set: which pins are loosened, what differs in words, what must be proven."""

from __future__ import annotations

import pytest

from app.adapters.resources import resource_names, resource_reader
from app.knowledge import load
from app.model.profile import Profile
from build.propose_profile import Candidate, described, differences, locked, loosened, to_prove


@pytest.fixture(scope="module")
def newest() -> Profile:
    return load(resource_reader(), resource_names()).profile("torch212-2026.10")


def test_the_leading_pins_are_loosened_and_nothing_else() -> None:
    asked = loosened(
        "# why\nunsloth==2026.10.9\ntorch==2.13.0+cpu\nnumpy<2\nbitsandbytes>=0.49\n"
        "triton-windows>=3.7,<3.8 ; sys_platform == 'win32'\n"
    )
    assert asked.splitlines() == [
        "# why",
        "unsloth",
        "torch",
        "numpy<2",
        "bitsandbytes>=0.49",
        'triton-windows ; sys_platform == "win32"',
    ]


def test_each_difference_is_a_sentence_and_the_leading_ones_come_first() -> None:
    now = {"aiohttp": "3.0", "torch": "2.12.1", "gone": "1.0", "kept": "1", "peft": "0.20"}
    then = {"aiohttp": "3.1", "torch": "2.13.0", "came": "2.0", "kept": "1", "peft": "0.19"}
    assert differences(now, then) == [
        "torch rises from 2.12.1 to 2.13.0.",
        "aiohttp rises from 3.0 to 3.1.",
        "came 2.0 is new.",
        "gone 1.0 is no longer needed.",
        "peft falls from 0.20 to 0.19.",
    ]
    assert differences({"torch": "2.13.0+cpu"}, {"torch": "2.13.0"}) == [
        "torch stays 2.13.0, as another build (2.13.0+cpu, 2.13.0)."
    ]


@pytest.mark.parametrize(("triton", "word"), [("3.7.0", "the pair fits"), ("3.8.0", "NOT FIT")])
def test_a_pair_of_tritons_is_judged(newest: Profile, triton: str, word: str) -> None:
    told = to_prove([], {"triton": triton, "triton-windows": "3.7.2.post1"}, newest)
    assert word in told[-1]


def test_what_is_unknown_and_what_is_unproven_is_written(newest: Profile) -> None:
    versions = locked(newest, "windows") | {"torch": "2.99.0"}
    text = described(newest, [Candidate("windows", "torch\n", "", versions)])
    assert "Nothing of it is proven." in text
    assert "- torch rises from 2.12.1+cu130 to 2.99.0." in text
    assert "hash unknown for its build of 2.99.0" in text
    assert "The driver and capability figures" in text
