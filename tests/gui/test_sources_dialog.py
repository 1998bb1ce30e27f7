"""The Test button of Sources asks each source with the settings of the fields.

Over real sockets, and shows what each answered and what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.engine.session import Session
from app.engine.source_answers import NAMES, ask_sources
from app.gui import languages
from app.gui.dialogs.sources import SourcesDialog
from app.gui.main import application
from app.gui.pages.install import Install
from app.gui.widgets.buttons import Button
from app.gui.wizard import Wizard
from app.model.event import Failed, Started
from app.probe import survey
from tests.fault_index import FaultIndex, lock_of, make_wheel
from tests.gui.fake_session import Staged, flush_and_close, inside
from tests.gui.sample_run import PLAN, Act
from tests.journeys.small import open_session

WHEELS = [make_wheel("pip", size=2_000), make_wheel("torch", size=2_000)]
DEAD = "http://127.0.0.1:9/simple"  # the discard port: nobody listens


@pytest.fixture
def index() -> Iterator[FaultIndex]:
    with FaultIndex(WHEELS) as made:
        yield made


@pytest.fixture
def session(index: FaultIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setenv("HF_ENDPOINT", DEAD)
    made = open_session(str(tmp_path / "home"), index.url, lock_of(WHEELS))
    facts = made.facts
    assert facts is not None
    made.survey = lambda: survey.replay_facts(facts)  # type: ignore[method-assign]
    return made


@pytest.fixture
def wizard(qtbot: QtBot, session: Session) -> Iterator[Wizard]:
    application()
    languages.install_language("en")
    made = Wizard(session)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: made.painted and not made.is_surveying, timeout=30_000)
    yield made
    flush_and_close(made)


def with_dialog(qtbot: QtBot, wizard: Wizard, act: Callable[[SourcesDialog], None]) -> int:
    """Open the dialog, let ``act`` use it, and give back how it was closed."""
    dialog = SourcesDialog(wizard)
    failed: list[BaseException] = []

    def use() -> None:
        try:
            act(dialog)
        except BaseException as error:  # noqa: BLE001  (raised again below)
            failed.append(error)
            dialog.reject()

    QTimer.singleShot(0, use)
    result = dialog.exec()
    if failed:
        raise failed[0]
    return result


def write(dialog: SourcesDialog, name: str, text: str) -> None:
    dialog.fields[name].clear()
    QTest.keyClicks(dialog.fields[name], text)


def test_each_source_answers_for_itself(
    qtbot: QtBot, wizard: Wizard, index: FaultIndex, tmp_path: Path
) -> None:
    def use(dialog: SourcesDialog) -> None:
        write(dialog, "pytorch_index", DEAD)
        write(dialog, "python_mirror", str(tmp_path))
        QTest.mouseClick(dialog.test, Qt.MouseButton.LeftButton)
        assert set(dialog.rows) == set(NAMES) and not dialog.test.isEnabled()
        qtbot.waitUntil(dialog.test.isEnabled, timeout=90_000)
        rows = dialog.rows
        assert (
            rows["index"].mark.state == "ok" and "can be used" in rows["index"].status_line.text()
        )
        assert (
            rows["pytorch"].mark.state == "err"
            and "127.0.0.1:9" in rows["pytorch"].status_line.text()
        )
        assert rows["pytorch"].remedy.isVisible() and rows["pytorch"].remedy.text()
        assert rows["python"].mark.state == "ok"
        assert rows["hub"].mark.state == "err" and "does not need the hub" in (
            rows["hub"].remedy.text()
        )
        dialog.reject()

    with_dialog(qtbot, wizard, use)
    assert wizard.session.answers.pytorch_index is None  # a test takes nothing over


def test_other_settings_have_no_old_answers(
    qtbot: QtBot, wizard: Wizard, index: FaultIndex, tmp_path: Path
) -> None:
    def use(dialog: SourcesDialog) -> None:
        write(dialog, "python_mirror", str(tmp_path))
        QTest.mouseClick(dialog.test, Qt.MouseButton.LeftButton)
        QTest.keyClicks(dialog.fields["index"], "x")  # while it asks
        assert not dialog.rows and dialog.test.isEnabled()
        write(dialog, "index", index.url)
        QTest.mouseClick(dialog.use, Qt.MouseButton.LeftButton)

    assert with_dialog(qtbot, wizard, use)


def test_bad_addresses_are_told_and_not_asked(session: Session) -> None:
    import msgspec

    for field, value, words in (
        ("index", "not an address", "is no address"),
        ("index", "https://", "is no address"),
        ("pytorch_index", "http://mirror.invalid/whl", "without TLS"),
        ("python_mirror", "/no/such/folder", "is not there"),
    ):
        answers = msgspec.structs.replace(
            session.answers, **{"pytorch_index": DEAD, "python_mirror": "/tmp", field: value}
        )
        found = {one.name: one for one in ask_sources(session, answers)}
        name = {"index": "index", "pytorch_index": "pytorch", "python_mirror": "python"}[field]
        one = found[name]  # type: ignore[index]
        assert not one.usable and words in one.fault and one.remedy, (field, value, one)


def test_a_login_in_an_address_is_not_shown(session: Session, index: FaultIndex) -> None:
    import msgspec

    secret = index.url.replace("http://", "http://kim:hunter22@")
    answers = msgspec.structs.replace(session.answers, index=secret, python_mirror="/tmp")
    told = [one for one in ask_sources(session, answers) if one.name == "index"]
    assert told and "hunter22" not in told[0].address + told[0].fault


def failed_fetch() -> Iterator[Act]:
    yield "torch", Started(title="PyTorch for CUDA 12.8")
    yield "torch", Failed(code="offline", message="The index cannot be reached.")


def test_a_failed_fetch_leads_to_the_sources_and_tries_again_with_others(
    qtbot: QtBot, tmp_path: Path
) -> None:
    application()
    session = Staged(tmp_path, failed_fetch)
    made = Wizard(session)
    qtbot.addWidget(made)
    made.show()
    made.go("install")
    install = made.page_of("install")
    assert isinstance(install, Install)
    install.start(PLAN)
    qtbot.waitUntil(lambda: not install.running, timeout=30_000)

    def shown() -> list[str]:
        return [b.text() for b in inside(install, Button) if b.isVisible()]

    qtbot.waitUntil(lambda: "Try again" in shown())
    texts = shown()
    assert texts.count("Try again") == 1 and "Try this step again" not in texts
    sources = next(b for b in inside(install, Button) if b.text() == "Sources …")

    def take() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, SourcesDialog)
        QTest.keyClicks(dialog.fields["index"], "https://mirror.invalid/simple")
        QTest.mouseClick(dialog.use, Qt.MouseButton.LeftButton)

    QTimer.singleShot(50, take)
    QTest.mouseClick(sources, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(session.runs) == 2 and not install.running, timeout=30_000)
    assert session.answers.index == "https://mirror.invalid/simple"
    flush_and_close(made)
