"""The texts of data and conclusions in German; English where there is none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from app.decide.diagnosis.explain import explain
from app.decide.findings.conditions import fill
from app.decide.findings.ranking import rank
from app.decide.findings.rules import findings
from app.decide.plans.builder import install_plan
from app.gui import languages
from app.gui.messages import localize
from app.gui.widgets.card import Label
from app.gui.widgets.diagnosis_card import DiagnosisCard
from app.model.answers import Answers
from app.model.errors import ExpectedError
from app.model.home_layout import HomeLayout
from app.model.known_issue import KnownIssue
from app.model.machine import MachineFacts
from app.model.message import Message, joined, lower_first
from tests.gui.fake_session import real_knowledge

MACHINES = sorted((Path(__file__).parents[2] / "resources" / "machines").glob("*.json"))
# Words that every English sentence of some length has and no German one.
_ENGLISH = re.compile(
    r"\b(?:the|is|are|and|of|to|with|for|your|it|needs|this|that|from|by)\b", re.IGNORECASE
)


@pytest.fixture
def german(qtbot: QtBot) -> Iterator[None]:
    languages.install_language("de")
    yield
    languages.install_language("en")


def shown(machine: Path) -> Iterator[str]:
    """Every text of data that This PC, Setup and the plan show for a machine."""
    raw = json.loads(machine.read_text("utf-8"))
    facts = msgspec.convert(raw.get("facts", raw), MachineFacts)
    known = real_knowledge()
    for finding in findings(facts, known.rules, known.cards, None):
        yield from (
            finding.title,
            finding.detail,
            finding.remedy,
            finding.action.label if finding.action else "",
        )
    place = HomeLayout("/home/kim/unsloth", facts.os.family)
    for choice in rank(facts, known.profiles, known.rules, known.cards):
        profile = choice.profile
        yield from (
            choice.why,
            choice.tag,
            profile.supports,
            *(claim.text for claim in (*profile.good, *profile.bad)),
        )
        for finding in choice.findings:
            yield from (finding.title, finding.detail, finding.remedy)
        try:
            plan = install_plan(facts, profile, place, Answers())
        except ExpectedError:
            continue
        yield from (plan.title, *(step.title for step in plan.steps))


@pytest.mark.release
@pytest.mark.parametrize("machine", MACHINES, ids=lambda p: p.stem)
def test_what_a_person_sees_of_a_machine_is_german(german: None, machine: Path) -> None:
    for text in dict.fromkeys(shown(machine)):
        own = re.sub("„[^“]*“", "", localize(text))  # what a program prints stays as it prints it
        assert not _ENGLISH.search(own), f"{text!r} became {own!r}"


NEEDS = Message(
    "Needs driver {needed} or newer; yours is {found}.", needed="570.65", found="452.06"
)


def test_a_message_is_filled_with_figures_as_people_write_them(german: None) -> None:
    assert localize(
        fill("{disk.free} free on {disk.root}", {"disk.free": 4.2e9, "disk.root": "C:\\"})
    ) == ("4,2 GB frei auf C:\\")
    assert localize(NEEDS) == "Braucht Treiber 570.65 oder neuer; Ihrer ist 452.06."
    sizes = Message("{found:,} of {wanted:.2f} ({share:.0%})", found=12345, wanted=1.5, share=0.25)
    assert localize(sizes) == "12.345 of 1,50 (25%)"


def test_values_that_are_messages_are_translated_too(german: None) -> None:
    reason = Message(
        "{reason}; {driver}.",
        reason="Best proven for Ampere cards",
        driver=Message(
            "your driver {own} runs CUDA {cuda} directly ({wanted} or newer)",
            own="576.80",
            cuda="12.8",
            wanted="570.65",
        ),
    )
    assert localize(reason) == (
        "Best proven for Ampere cards; Ihr Treiber 576.80 führt CUDA 12.8 direkt aus (570.65 oder "
        "neuer)."
    )
    title = lower_first("The NVIDIA driver is missing")
    assert (
        localize(Message("In the way: {title}.", title=title))
        == "Im Weg: Der NVIDIA-Treiber fehlt."
    )
    assert localize(joined(" ", [NEEDS, NEEDS])) == f"{localize(NEEDS)} {localize(NEEDS)}"
    hosts = Message("{names} and {count} more", names=["a", "the default index"], count=2)
    assert localize(hosts) == "a, (Standardindex) und 2 weitere"


def test_what_was_read_from_json_is_looked_up_as_it_stands(german: None) -> None:
    assert localize("The NVIDIA driver is missing") == "Der NVIDIA-Treiber fehlt"
    assert localize(str(NEEDS)) == str(NEEDS)  # its values are no longer known


def test_a_command_in_a_message_is_marked_in_every_language(german: None) -> None:
    told = Message("Run `{command}` first.", command="nvidia-smi")
    assert localize(told) == "Run “nvidia-smi” first."
    languages.install_language("en")
    assert localize(told) == "Run “nvidia-smi” first."


def test_an_unknown_sentence_stays_english_as_a_whole(german: None) -> None:
    for text in (
        "Compiled with a hammer and nails",
        "Nobody has written this sentence: it is new. It stays.",
        "",
    ):
        assert localize(text) == text


def test_english_is_as_it_was_written(qtbot: QtBot) -> None:
    languages.install_language("en")
    assert localize(NEEDS) == "Needs driver 570.65 or newer; yours is 452.06."


@pytest.mark.release
@pytest.mark.parametrize("known_issue", real_knowledge().known_issues.causes, ids=lambda t: t.label)
def test_a_diagnosis_is_german(german: None, known_issue: KnownIssue) -> None:
    for text in (known_issue.title, known_issue.means, known_issue.fix.text):
        assert localize(text) != text
    for text in (
        known_issue.title,
        known_issue.means,
        known_issue.fix.text,
        *known_issue.fix.steps,
    ):
        # a bare command is the same in every language, and so is code within a sentence
        code = (
            r"\.\w+\([^)]*\)|\w+/\w+|(?:from [\w.]+ import|for \w+ in|print\().*|IT-Abteilung|-it\b"
        )
        own = re.sub(code, "", localize(text))
        assert not _ENGLISH.search(own), f"{text!r} became {localize(text)!r}"


def test_the_card_of_a_pasted_log_speaks_german(german: None) -> None:
    found = explain(
        "Traceback (most recent call last):\nAssertionError: Torch not compiled with CUDA enabled\n",
        real_knowledge().known_issues,
    )
    card = DiagnosisCard(found)
    shown = [label.text() for label in cast(list[Label], card.findChildren(Label))]
    assert "torch ist die CPU-Fassung" in shown
    assert (
        found.fix is not None
        and localize(found.fix.text) in shown
        and localize(found.means) in shown
    )
    assert not {found.title, found.means, found.fix.text} & set(shown)
    assert card.accessibleDescription() == localize(found.means)


@pytest.mark.release
def test_other_possible_causes_are_german(german: None) -> None:
    found = explain(
        "ImportError: DLL load failed while importing libtriton: WinError 1114\n"
        'OSError: [WinError 1114] Error loading "C:\\\\torch\\\\lib\\\\c10.dll" or one of its '
        "dependencies.\n",
        real_knowledge().known_issues,
    )
    assert found.others
    card = DiagnosisCard(found)
    shown = [label.text() for label in cast(list[Label], card.findChildren(Label))]
    also = next(text for text in shown if text.startswith("Auch möglich: "))
    assert not _ENGLISH.search(also) and "Zeile " in also


@pytest.mark.release
def test_what_the_guide_gets_wrong_is_german(german: None) -> None:
    for entry in real_knowledge().guide.corrections:
        for text in filter(None, (entry.truth, entry.evidence)):
            assert localize(text) != text
            own = re.sub("„[^“]*“", "", localize(text))
            assert not _ENGLISH.search(own), f"{text!r} became {own!r}"
