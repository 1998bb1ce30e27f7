"""What the program raises for people, in German.

As they are raised, with their values.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from app.adapters.disk_errors import disk_fault
from app.adapters.download.download_errors import Endpoint, from_error
from app.decide.plans.uv_errors import explain_uv_error
from app.gui import languages
from app.gui.messages import localize
from app.gui.run_progress import RunProgress
from app.gui.widgets.diagnosis_card import diagnosis_of
from app.model.child_exit import describe_exit
from app.model.errors import ExpectedError
from app.model.event import Failed, StepEvent
from app.model.message import Message, joined
from app.model.plan import CreateEnvironment, Plan
from app.steps.drift import Change


@pytest.fixture
def german(qtbot: QtBot) -> Iterator[None]:
    languages.install_language("de")
    yield
    languages.install_language("en")


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
            localize(
                Message(
                    "{what} failed ({ending}).",
                    what=Message("Installing the packages"),
                    ending=describe_exit(code),
                )
            )
            == f"Die Installation der Pakete scheiterte ({expected})."
        )
    assert (
        localize(
            Message(
                "{what} failed ({ending}).",
                what=Message("Providing Python {version}", version="3.11"),
                ending=describe_exit(2),
            )
        )
        == "Das Bereitstellen von Python 3.11 scheiterte (Exit-Code 2)."
    )
    assert localize(
        Message(
            "The check “{check}” did not pass ({how}).",
            check=Message("First fine-tune"),
            how=describe_exit(1),
        )
    ).endswith("wurde nicht bestanden (Exit-Code 1).")


def test_figures_and_reasons_in_a_row_are_as_people_write_them(german: None) -> None:
    room = Message(
        "{missing:.2f} GB are still to be fetched into {folder}, but only {free:.2f} GB are free "
        "there.",
        missing=4.25,
        folder="C:\\unsloth",
        free=1.5,
    )
    assert localize(room) == (
        "4,25 GB sind noch nach C:\\unsloth zu laden, dort sind aber nur 1,50 GB frei."
    )
    reasons = [Message("the loss is not a number"), Message("a gradient is not finite")]
    assert localize(Message("The fine-tune ran, but {wrong}.", wrong=joined("; ", reasons))) == (
        "Das Feintuning lief, aber: der Verlust ist keine Zahl; ein Gradient ist nicht endlich."
    )


def test_paths_with_spaces_stand_in_german_sentences(german: None) -> None:
    home = "C:\\Users\\Kim Lee\\my models"
    error = disk_fault(PermissionError(13, "Permission denied"), home)
    assert localize(error.message) == f"{home} lässt sich nicht schreiben: keine Berechtigung."


def test_a_failed_step_and_its_card_are_german(german: None) -> None:
    step = CreateEnvironment(
        id="make", title="Make the environment", environment="rtx-1234abcd", python="3.11"
    )
    full = disk_fault(OSError(28, "No space left on device"), "C:\\unsloth\\envs")
    failure = Failed(
        code="disk_full",
        message=full.message,
        hint=full.hint,
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
