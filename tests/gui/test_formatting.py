"""Figures as people say them."""

from __future__ import annotations

import pytest

from app.gui import formatting, languages
from app.gui.summaries import architecture, home_disk, short_cpu
from app.model.machine import Disk, Home, MachineFacts, Os


@pytest.fixture(autouse=True)
def _english(qapp: object) -> None:
    languages.install_language("en")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 KB"),
        (620_000_000, "620 MB"),
        (999_600_000, "1 GB"),
        (4_118_402_316, "4.1 GB"),
        (300_000_000_000, "300 GB"),
        (1_000_000_000_000, "1 TB"),
        (None, "unknown"),
    ],
)
def test_sizes(number: int | None, text: str) -> None:
    assert formatting.size(number) == text


def test_memory_is_said_as_its_makers_say_it() -> None:
    assert formatting.memory(25769803776) == "24 GB"
    assert formatting.memory(24481300000) == "22.8 GB"
    assert formatting.installed(34274779136) == "32 GB"


@pytest.mark.parametrize(
    ("span", "text"), [(0.94, "0.9 s"), (12.2, "12 s"), (200, "3 min 20 s"), (3900, "1 h 5 min")]
)
def test_exact_spans(span: float, text: str) -> None:
    assert formatting.seconds(span) == text


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (3, "less than a minute"),
        (70, "about a minute"),
        (370, "about 6 minutes"),
        (7200, "about 2 hours"),
    ],
)
def test_rough_spans(span: float, text: str) -> None:
    assert formatting.about(span) == text


def test_dates_and_what_is_none() -> None:
    assert formatting.day("2025-11-21") == "21 Nov 2025"
    assert formatting.day("unknown") == "unknown"


def test_architectures_by_capability() -> None:
    assert [architecture(c) for c in ("8.6", "8.9", "7.5", "7.0", "12.0", "9.0", "3.5", None)] == [
        "Ampere, 8.6",
        "Ada, 8.9",
        "Turing, 7.5",
        "Volta, 7.0",
        "Blackwell, 12.0",
        "Hopper, 9.0",
        "3.5",
        "",
    ]


def test_a_processor_in_short() -> None:
    assert short_cpu("AMD Ryzen 7 5800X 8-Core Processor") == "Ryzen 7 5800X"
    assert short_cpu("Intel(R) Core(TM) i7-9700K CPU @ 3.60GHz") == "Core i7-9700K"


def test_the_homes_disk_is_the_one_with_the_longest_fitting_root() -> None:
    disks = (Disk(root="/", free=1), Disk(root="/home", free=2), Disk(root="/data", free=3))
    facts = MachineFacts(
        os=Os(family="linux"), disks=disks, home=Home(path="/home/kim/.local/share/UnslothSetup")
    )
    found = home_disk(facts)
    assert found is not None and found.root == "/home"
