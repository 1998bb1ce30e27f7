"""What the program raises for people, in German.

Every sentence and hint, found with the values in it, none forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from app.adapters.download.download_errors import Endpoint, from_error
from app.decide.plans.uv_errors import explain_uv_error
from app.gui import languages
from app.gui.messages import localize
from app.gui.run_progress import RunProgress
from app.gui.widgets.diagnosis_card import diagnosis_of
from app.model.child_exit import ending
from app.model.errors import ExpectedError
from app.model.event import Failed, StepEvent
from app.model.plan import CreateEnvironment, Plan
from app.steps.drift import Change
from build.fault_texts import sentences, unread

# Words that every English sentence of some length has and no German one.
_ENGLISH = re.compile(
    r"\b(?:the|is|are|and|of|to|with|your|it|this|that|from|by|not|be)\b", re.IGNORECASE
)
_PLACE = re.compile(r"\{\d\}")
ALL = sorted({text for text in sentences() if len(re.sub(r"\{\d\}|[^A-Za-z]", "", text)) > 2})


@pytest.fixture
def german(qtbot: QtBot) -> Iterator[None]:
    languages.install_language("de")
    yield
    languages.install_language("en")


def test_only_words_of_others_are_handed_on_without_a_sentence() -> None:
    """A new place that raises something unreadable must be written plainly, or be listed here with
    its reason.
    """
    assert set(unread()) == {
        "app/decide/plans/uv_errors.py: hint",  # both from its table, which is read as a whole
        "app/decide/plans/uv_errors.py: text[:1].upper() + text[1:] if text.startswith('the ') "
        "else text",
        # planning's own sentence, with its line
        "app/engine/answer_file.py: error.message.rstrip('.')",
        # one sentence for each reason, from the table above it
        "app/engine/home_folder.py: explain_refusal(why, place.home, place)",
        "app/steps/run_check.py: failed.hint",  # what a check raised
        "app/steps/run_check.py: failed.message",
        "app/steps/add_packages.py: what",  # what the step is at, said beforehand
        "app/steps/run_training.py: failed.hint",  # what a training run raised
        "app/steps/run_training.py: failed.message",
        # the adapter to ExpectedError that every fault there goes through
        "app/adapters/download/download_errors.py: hint",
        "app/adapters/download/download_errors.py: sentence",
    }


def test_many_sentences_are_read_from_all_rooms() -> None:
    assert len(ALL) > 200
    for text in (
        "{1} answered {2} for {3}: too many requests.",
        "There is no way to {1} in the network through the proxy {2}.",
        "{1} refuses the connection.",
        "the loss is not a number",
        "crashed: {1}, 0x{2}",
        "a former or unfinished setup",
        "The home folder {1} cannot be written; expected a folder that you may write to.",
    ):
        assert text in ALL


@pytest.mark.release
@pytest.mark.parametrize("text", ALL)
def test_each_is_german_with_the_same_values(german: None, text: str) -> None:
    there = QCoreApplication.translate("Data", text)
    assert there != text or text == "{1}: {2}"
    assert sorted(_PLACE.findall(there)) == sorted(_PLACE.findall(text))
    assert not _ENGLISH.search(there.replace("--home", "").replace("find-links", "")), there
    filled = text
    for number in range(1, 6):
        filled = filled.replace(f"{{{number}}}", f"V{number}")
    for number in range(1, 6):
        there = there.replace(f"{{{number}}}", f"V{number}")
    assert localize(filled) == there


def test_faults_of_the_network_as_they_are_raised(german: None) -> None:
    endpoint = Endpoint("https://pypi.example.org/packages/torch-2.8.0-cp311-cp311-win_amd64.whl")
    refused = from_error(ConnectionRefusedError(111, "Connection refused"), endpoint).error
    assert localize(refused.message) == (
        "Der Server pypi.example.org verweigert die Verbindung, daher ließ sich "
        "torch-2.8.0-cp311-cp311-win_amd64.whl nicht laden."
    )
    assert (
        localize(refused.hint)
        == "Prüfen Sie das Netz und versuchen Sie es dann noch einmal; was angekommen ist, bleibt."
    )
    asleep = from_error(
        TimeoutError(), Endpoint(endpoint.url, "http://kim:secret@proxy.example.org:3128")
    ).error
    assert localize(asleep.message) == (
        "Der Server pypi.example.org antwortete über den Proxy proxy.example.org:3128 nicht "
        "rechtzeitig, während torch-2.8.0-cp311-cp311-win_amd64.whl geladen wurde."
    )


@pytest.mark.parametrize(
    ("output", "german_text"),
    [
        ("error: connection refused", "Der Server (Standardindex) verweigert die Verbindung."),
        (
            "error: certificate expired",
            "Das Zertifikat des Servers (Standardindex) ist abgelaufen.",
        ),
        (
            "because there is no version of torch==9.9.9 and you require it",
            "Der Server (Standardindex) hat torch==9.9.9 nicht.",
        ),
        (
            "HTTP status server error (503 Service Unavailable) for url "
            "(https://pypi.example.org/simple/)",
            "Der Server pypi.example.org antwortete 503 service unavailable: Er hat eine Störung.",
        ),
    ],
)
def test_what_uv_met_names_the_default_index_in_german(
    german: None, output: str, german_text: str
) -> None:
    assert localize(explain_uv_error(output, None).message) == german_text


def test_how_a_child_ended_is_german(german: None) -> None:
    for code, expected in (
        (1, "Exit-Code 1"),
        (-9, "Signal 9: von außen beendet, oft wegen zu wenig Arbeitsspeicher"),
        (0xC0000005, "abgestürzt: Zugriffsverletzung, 0xC0000005"),
        (-6, "Signal 6: abort"),
    ):
        assert (
            localize(f"Installing the packages failed ({ending(code)}).")
            == f"Die Installation der Pakete scheiterte ({expected})."
        )
    assert (
        localize(f"Providing Python 3.11 failed ({ending(2)}).")
        == "Das Bereitstellen von Python 3.11 scheiterte (Exit-Code 2)."
    )
    assert localize(f"The check “First fine-tune” did not pass ({ending(1)}).").endswith(
        "wurde nicht bestanden (Exit-Code 1)."
    )


def test_figures_and_reasons_in_a_row_are_as_people_write_them(german: None) -> None:
    assert localize(
        "4.25 GB are still to be fetched into C:\\unsloth, but only 1.50 GB are free there."
    ) == ("4,25 GB sind noch nach C:\\unsloth zu laden, dort sind aber nur 1,50 GB frei.")
    assert localize(
        "pypi.example.org offers a.whl with 12,345 bytes; the index says 1,234,567."
    ) == (
        "Der Server pypi.example.org bietet a.whl mit 12.345 Bytes an; der Index nennt 1.234.567."
    )
    assert localize(
        "The fine-tune ran, but the loss is not a number; a gradient is not finite."
    ) == ("Das Feintuning lief, aber: der Verlust ist keine Zahl; ein Gradient ist nicht endlich.")


def test_paths_with_spaces_stand_in_german_sentences(german: None) -> None:
    home = "C:\\Users\\Kim Lee\\my models"
    assert (
        localize(f"{home} cannot be written: permission denied.")
        == f"{home} lässt sich nicht schreiben: keine Berechtigung."
    )


def test_a_failed_step_and_its_card_are_german(german: None) -> None:
    step = CreateEnvironment(
        id="make", title="Make the environment", environment="rtx-1234abcd", python="3.11"
    )
    failure = Failed(
        code="disk_full",
        message="The disk is full: C:\\unsloth\\envs could not be written.",
        hint="Make room on that disk, then run the same command again; it goes on from here.",
    )
    run_progress = RunProgress(Plan(title="", steps=(step,)))
    run_progress.take(StepEvent(at=1.0, step="make", what=failure))
    assert (
        run_progress.rows[0].note
        == "Das Laufwerk ist voll: C:\\unsloth\\envs konnte nicht geschrieben werden."
    )
    card = diagnosis_of(failure)
    assert localize(card.title) == run_progress.rows[0].note
    assert localize(card.means).startswith("Schaffen Sie Platz auf diesem Laufwerk")


def test_what_nobody_wrote_stays_english(german: None) -> None:
    own = ExpectedError("odd", "The teapot on shelf 3 has no lid.", hint="Look for another teapot.")
    assert (localize(own.message), localize(own.hint)) == (own.message, own.hint)


@pytest.mark.release
def test_what_has_changed_in_an_environment_is_german(german: None) -> None:
    assert (
        localize(Change("torch", "2.8.0", None).sentence()) == "torch 2.8.0 fehlt in der Umgebung."
    )
    assert localize(Change("torch", "2.8.0", "2.6.0", "pip").sentence()) == (
        "torch ist 2.6.0; festgeschrieben ist 2.8.0. Das kam durch pip."
    )
    assert (
        localize(Change("rich", None, "14.0").sentence())
        == "rich 14.0 kam dazu und steht nicht in der Festschreibung."
    )
