"""The last page: knobs and their memory, the script, what is offered, the way back.

And the paste-a-log sheet.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import QTextBrowser
from pytestqt.qtbot import QtBot

from app.decide.diagnosis.explain import explain
from app.decide.training import memory_estimate
from app.gui import theme
from app.gui.charts.bar_charts import whole_height
from app.gui.dialogs.memory_table import MemoryTable
from app.gui.dialogs.paste_log import SHOWN, PasteLog
from app.gui.dialogs.plan_details import PlanDetails
from app.gui.dialogs.report_preview import ReportPreview, qt_page
from app.gui.dialogs.restore import Restore
from app.gui.menu import apply_fix
from app.gui.pages.install import Install
from app.gui.pages.ready import Ready
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Label
from app.gui.widgets.training_settings import TrainingSettings
from app.gui.wizard import Wizard
from app.model.errors import InputError
from app.model.event import Started, StepEvent
from app.model.plan import MakeShortcut, Plan
from app.model.pointer import Pointer
from app.model.report import Preview
from app.report import preview
from tests.gui.fake_session import Staged, inside, real_knowledge
from tests.gui.sample_machine import FACTS, GUIDE, PRACTICE, TORCH28
from tests.gui.sample_run import PLAN
from tests.redaction import redactor
from tests.test_report import NAMES, TEMPLATE, report


def page(wizard: Wizard) -> Ready:
    wizard.go("ready")
    found = wizard.page_of("ready")
    assert isinstance(found, Ready)
    return found


def with_memory(gigabytes: float):  # type: ignore[no-untyped-def]
    gpu = msgspec.structs.replace(FACTS.gpus[0], memory_total=int(gigabytes * 2**30), memory_used=0)
    return msgspec.structs.replace(FACTS, gpus=(gpu,))


@pytest.mark.parametrize("gigabytes", [6, 8, 12, 16, 24, 48])
def test_the_first_choice_fits_the_card(qtbot: QtBot, gigabytes: int) -> None:
    knobs = TrainingSettings(real_knowledge().guide, TORCH28, with_memory(gigabytes))
    qtbot.addWidget(knobs)
    size = knobs.sized()
    assert size is not None and size.memory is not None and size.memory.process < gigabytes * 2**30
    assert knobs.sign.state == "ok" and knobs.verdict.text().startswith("Fits, ")


def test_every_knob_moves_the_estimate_as_the_model_says(qtbot: QtBot) -> None:
    knobs = TrainingSettings(real_knowledge().guide, TORCH28, FACTS)
    qtbot.addWidget(knobs)
    heard: list[bool] = []
    knobs.changed.connect(lambda: heard.append(True))

    def need() -> memory_estimate.MemoryEstimate:
        size = knobs.sized()
        assert size is not None and size.memory is not None
        return size.memory

    for box, index in ((knobs.length, 6), (knobs.batch, 4), (knobs.rank, 4), (knobs.bits, 1)):
        before = need()
        box.setCurrentIndex(index)
        assert need().process > before.process
    run = knobs.chosen()
    assert run is not None and len(heard) == 4
    shape = next(m.shape for m in real_knowledge().guide.models if m.id == run.model)
    assert shape is not None
    assert need() == memory_estimate.predict(shape, bits=16, rank=128, batch=16, length=32768)
    assert knobs.sign.state == "err" and "too much" in knobs.verdict.text()
    assert knobs.meter.share == 1.0


def test_memory_that_others_use_counts(qtbot: QtBot) -> None:
    gpu = msgspec.structs.replace(FACTS.gpus[0], memory_used=20 * 2**30)
    knobs = TrainingSettings(
        real_knowledge().guide, TORCH28, msgspec.structs.replace(FACTS, gpus=(gpu,))
    )
    qtbot.addWidget(knobs)
    assert knobs.figure.text().endswith("of the 4 GB free")


def test_unknown_memory_is_said_and_not_guessed(qtbot: QtBot) -> None:
    gpu = msgspec.structs.replace(FACTS.gpus[0], memory_total=None, memory_used=None)
    knobs = TrainingSettings(
        real_knowledge().guide, TORCH28, msgspec.structs.replace(FACTS, gpus=(gpu,))
    )
    qtbot.addWidget(knobs)
    assert knobs.verdict.text() == "The memory of the card is not known."
    assert not knobs.meter.isVisibleTo(knobs)


def test_the_processor_gets_no_figure_that_was_made_for_cards(qtbot: QtBot) -> None:
    knobs = TrainingSettings(real_knowledge().guide, PRACTICE, FACTS)
    qtbot.addWidget(knobs)
    assert "million parameters" in knobs.verdict.text() and knobs.figure.text() == ""


def test_models_are_those_that_the_setup_knows(qtbot: QtBot) -> None:
    def names(profile) -> set[str]:  # type: ignore[no-untyped-def]
        knobs = TrainingSettings(real_knowledge().guide, profile, FACTS)
        qtbot.addWidget(knobs)
        return {str(knobs.model.itemData(i)) for i in range(knobs.model.count())}

    older = msgspec.structs.replace(
        GUIDE, versions=msgspec.structs.replace(GUIDE.versions, unsloth="2024.9")
    )
    assert names(older) < names(GUIDE) <= names(TORCH28)
    assert not names(PRACTICE) & names(TORCH28)


def test_the_script_follows_the_knobs(wizard: Wizard, qtbot: QtBot) -> None:
    ready = page(wizard)
    ready.knobs.length.setCurrentIndex(0)
    qtbot.waitUntil(lambda: "LENGTH = 512 " in ready.script.toPlainText())
    ready.knobs.rank.setCurrentIndex(3)
    qtbot.waitUntil(lambda: "RANK = 64 " in ready.script.toPlainText())
    next(b for b in inside(ready, Button) if "Copy" in b.text()).click()
    assert QGuiApplication.clipboard().text() == ready.script.toPlainText()


def test_only_what_is_offered_is_there(qtbot: QtBot, tmp_path: Path) -> None:
    session = Staged(tmp_path)
    session.offered = {"report"}
    made = Wizard(session)
    qtbot.addWidget(made)
    made.show()
    labels = [b.text().replace("&", "") for b in inside(page(made), Button)]
    assert "Diagnostics report …" in labels
    assert not {
        "Open the folder",
        "Terminal with it active",
        "Go back to the previous setup",
        "Verify again",
    } & set(labels)


def test_open_the_folder_and_verify_again(wizard: Wizard, session: Staged) -> None:
    ready = page(wizard)
    next(b for b in inside(ready, Button) if "folder" in b.text()).click()
    assert session.opened == [session.place.home]
    next(b for b in inside(ready, Button) if "again" in b.text()).click()
    assert wizard.stage == "verify"


def test_every_control_has_a_name(wizard: Wizard) -> None:
    ready = page(wizard)
    for box in (
        ready.knobs.model,
        ready.knobs.length,
        ready.knobs.batch,
        ready.knobs.bits,
        ready.knobs.rank,
    ):
        assert box.accessibleName()
    assert (
        ready.script.accessibleName()
        and ready.knobs.meter.accessibleName()
        and ready.knobs.meter.accessibleDescription()
    )


def test_the_guides_table_stands_beside_ours(wizard: Wizard, session: Staged) -> None:
    dialog = MemoryTable(wizard, session.knowledge.guide)
    assert dialog.table.rowCount() == len(session.knowledge.guide.memory) > 0
    for row in range(dialog.table.rowCount()):
        ours, theirs = dialog.table.item(row, 4), dialog.table.item(row, 3)
        assert (
            ours is not None
            and theirs is not None
            and "GB" in ours.text()
            and "GB" in theirs.text()
        )
    dialog.fit()
    dialog.show()
    assert (
        dialog.table.height() == whole_height(dialog.table)
        and dialog.table.verticalScrollBar().maximum() == 0
    )
    assert dialog._area.verticalScrollBar().maximum() == 0
    dialog.close()


def test_a_pasted_log_is_explained_and_a_harmless_one_is_not(
    wizard: Wizard, session: Staged, qtbot: QtBot
) -> None:
    sheet = PasteLog(wizard, session)
    sheet.show()
    sheet.field.setPlainText("OSError: no space left on device")
    qtbot.waitUntil(lambda: sheet.card is not None)
    assert sheet.card is not None and sheet.card.diagnosis.title == "The disk is full"
    sheet.field.setPlainText("all is well")
    qtbot.waitUntil(lambda: sheet.card is None)
    assert sheet.answer.text() == "Nothing in it is known to be wrong."
    sheet.field.clear()
    qtbot.waitUntil(lambda: sheet.answer.text() == "")
    sheet.take("kein Platz: space".encode("utf-16"))
    sheet.accept()


def test_where_the_log_does_not_say_ideas_are_told_and_copied_for_an_issue(
    wizard: Wizard, knowing: Staged, qtbot: QtBot
) -> None:
    """Three looks: certain, likely, open; only the open one has the issue as its main act."""
    sheet = PasteLog(wizard, knowing, fixes=True)
    sheet.show()
    looks = []
    for log in (
        "AssertionError: Torch not compiled with CUDA enabled",
        "ImportError: cannot import name 'Zork' from 'transformers'",
        "RuntimeError: CUDA error: device-side assert triggered",
    ):
        before = sheet.card
        sheet.field.setPlainText(log)
        qtbot.waitUntil(lambda before=before: sheet.card not in (None, before))  # type: ignore[misc]
        assert sheet.card is not None
        looks.append((sheet.card.mark.state, sheet.card.issue_button is not None))
        assert sheet.card.fix_button is None or sheet.card.diagnosis.confidence == "certain"
    assert looks == [("err", False), ("warn", False), ("info", True)]
    assert sheet.card is not None
    assert sheet.card.issue_button is not None
    assert sheet.card.issue_button.kind == "primary"
    shown = [label.text() for label in inside(sheet.card, Label)]
    assert any("CUDA_LAUNCH_BLOCKING" in text for text in shown)
    sheet.card.issue_button.click()
    qtbot.waitUntil(lambda: "cuda_kernel_fault" in QGuiApplication.clipboard().text())
    qtbot.waitUntil(lambda: sheet.answer.text().startswith("Copied"))
    sheet.accept()


@pytest.fixture
def knowing(session: Staged, monkeypatch: pytest.MonkeyPatch) -> Staged:
    """A session that knows all causes."""
    monkeypatch.setattr(
        session.execution, "explain", lambda log: explain(log, real_knowledge().known_issues)
    )
    return session


def test_the_fix_for_a_pasted_log_is_shown_as_a_plan(
    wizard: Wizard, knowing: Staged, qtbot: QtBot
) -> None:
    """The same card as after a failed step: what the button does is said beside it, and nothing
    runs before it is seen.
    """
    session = knowing
    list(session.survey())
    sheet = PasteLog(wizard, session, fixes=True)
    sheet.fix_wanted.connect(lambda remedy: apply_fix(wizard, remedy))
    sheet.show()
    sheet.field.setPlainText("OSError: [Errno 28] No space left on device")
    qtbot.waitUntil(lambda: sheet.card is not None)
    assert (
        sheet.card is not None
        and sheet.card.fix_button is not None
        and sheet.card.retry_button is None
    )
    assert "Deletes this program's package cache" in sheet.card.fix_button.toolTip()
    assert any(
        "Deletes this program's package cache" in label.text()
        for label in inside(sheet.card, Label)
    )
    sheet.card.fix_button.click()
    assert wizard.stage == "install" and not sheet.isVisible()
    shown = wizard.currentPage()
    assert isinstance(shown, Install) and shown.title_label.text() == "Plan of the fix"
    assert shown.plan is not None and shown.plan.steps[0].kind == "remove-tree"
    assert session.runs == []


def test_a_fix_that_would_change_nothing_is_not_offered(
    wizard: Wizard, knowing: Staged, qtbot: QtBot
) -> None:
    """The cause is the system's own store; to trust it once more mends nothing."""
    sheet = PasteLog(wizard, knowing, fixes=True)
    sheet.show()
    sheet.field.setPlainText(
        "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "
        "self-signed certificate in certificate chain (_ssl.c:1000)"
    )
    qtbot.waitUntil(lambda: sheet.card is not None)
    assert sheet.card is not None and sheet.card.diagnosis.cause == "tls_intercepted"
    assert sheet.card.fix_button is None
    sheet.accept()


def test_a_whole_log_is_judged_and_its_beginning_shown(
    wizard: Wizard, session: Staged, qtbot: QtBot
) -> None:
    sheet = PasteLog(wizard, session)
    qtbot.addWidget(sheet)
    log = QMimeData()
    log.setText("a line\n" * 1_000_000 + "no space left\n")
    sheet.field.insertFromMimeData(log)
    assert len(sheet.field.toPlainText()) == SHOWN
    qtbot.waitUntil(
        lambda: sheet.card is not None, timeout=20_000
    )  # the cause stands far below what is shown
    sheet.accept()


def test_the_plan_for_experts_names_every_step_and_path(wizard: Wizard, session: Staged) -> None:
    sheet = PlanDetails(wizard, PLAN)
    text = sheet.text()
    for step in PLAN.steps:
        assert step.title in text
        assert all(path in text for path in step.touches)
    assert "parts = torch, packages" in text and "(" not in text  # no value as Python writes it
    sheet.tabs.setCurrentIndex(1)
    assert sheet.text() == session.exports.plan_script()


def test_the_report_shows_what_was_taken_out_first(
    wizard: Wizard, session: Staged, qtbot: QtBot, tmp_path: Path
) -> None:
    sheet = ReportPreview(wizard)
    sheet.show()
    assert not sheet.save.isEnabled()
    qtbot.waitUntil(sheet.save.isEnabled)
    found = [label.text() for label in inside(sheet, Label)]
    assert {"user name", "12 times", "access token", "once", "report.html"} <= set(found)
    assert "13 pieces of personal data" in sheet.note.text()
    assert "It works." in sheet.page.toPlainText() and sheet.text.toPlainText().startswith(
        "Unsloth Setup report"
    )
    sheet.copy.click()
    assert QGuiApplication.clipboard().text() == sheet.text.toPlainText()
    sheet.write(str(tmp_path / "r.zip"))
    qtbot.waitUntil(lambda: sheet.saved == str(tmp_path / "r.zip"))
    assert session.reports == [sheet.saved]
    sheet.reject()


@pytest.mark.parametrize("theme_name", ["light", "dark"])
def test_the_reports_page_is_dressed_for_qt(qtbot: QtBot, theme_name: str) -> None:
    """Qt's text view knows no CSS variables: without a sheet of its own the page was bare text with
    grey tables.
    """
    theme.apply("light" if theme_name == "light" else "dark")
    shown = qt_page(preview(report(), redactor(report().facts, NAMES), TEMPLATE).page)
    assert "var(" not in shown and "<svg" not in shown
    view = QTextBrowser()
    qtbot.addWidget(view)
    view.setHtml(shown)
    title = view.document().find("A file is in use")
    assert title.charFormat().fontWeight() >= 600
    tag = view.document().find("recommended")
    assert tag.charFormat().background().color() == QColor(theme.current().accent_soft)
    assert view.document().find("8.52").isNull(), "the picture's letters are no text"
    theme.apply("light")


def test_a_report_that_takes_long_may_be_left(
    wizard: Wizard, session: Staged, qtbot: QtBot
) -> None:
    gate, preview = threading.Event(), session.exports.report_preview()

    def slow() -> Preview:
        gate.wait(10)
        return preview

    session.exports.report_preview = slow  # type: ignore[method-assign]
    sheet = ReportPreview(wizard)
    sheet.show()
    sheet.reject()
    gate.set()
    qtbot.waitUntil(lambda: not wizard._streams)
    assert sheet.text.toPlainText() == ""


def test_a_broken_pointer_is_said_and_the_page_still_opens(wizard: Wizard, session: Staged) -> None:
    def broken() -> set[str]:
        raise InputError("active.json is not a pointer file.")

    session.desktop.offers = broken  # type: ignore[method-assign]
    session.home.pointer = broken  # type: ignore[method-assign, assignment]
    ready = page(wizard)
    assert ready.status_line.text() == "active.json is not a pointer file."
    wizard.go("verify")
    assert "active.json" in wizard.page_of("verify").subtitle_label.text()


def test_another_setup_that_became_active_is_what_the_page_shows(
    wizard: Wizard, session: Staged
) -> None:
    assert "PyTorch 2.8" in page(wizard).subtitle_label.text()
    wizard.go("welcome")
    session.active = Pointer(
        active="practice-cpu-1a2b3c4d",
        profile="practice-cpu",
        previous=None,
        at="2026-11-24T15:00:00Z",
    )
    ready = page(wizard)
    assert "million parameters" in ready.knobs.verdict.text()
    assert ready.bar.primary is not None


def test_what_was_moved_away_can_be_put_back_from_the_last_page(
    wizard: Wizard, session: Staged, monkeypatch: pytest.MonkeyPatch
) -> None:
    def labels() -> set[str]:
        return {b.text() for b in inside(page(wizard), Button) if b.isVisibleTo(wizard)}

    assert "Put back what was moved away" not in labels()
    wizard.go("welcome")
    session.moved = {"Q:\\001": "C:\\old"}
    assert "Put back what was moved away" in labels()

    def press(dialog: Restore) -> int:
        next(iter(dialog.buttons.values())).click()
        return 1

    monkeypatch.setattr(Restore, "exec", press)
    next(
        b for b in inside(page(wizard), Button) if b.text() == "Put back what was moved away"
    ).click()
    assert session.moved == {} and "Put back what was moved away" not in labels()


@pytest.mark.parametrize(
    ("label", "step", "then"),
    [
        ("Make a Jupyter kernel", "kernel", "The kernel is made."),
        ("Start-menu entry", "shortcut", "It is in the menu now"),
    ],
)
def test_a_kernel_and_a_menu_entry_are_made_beside_the_page(
    qtbot: QtBot,
    wizard: Wizard,
    session: Staged,
    monkeypatch: pytest.MonkeyPatch,
    label: str,
    step: str,
    then: str,
) -> None:
    session.offered = {"folder", "kernel", "shortcut"}
    let = threading.Event()
    plans: list[Plan] = []
    plan = Plan(
        title=label,
        steps=(
            MakeShortcut(
                id=step, title="An entry in the menu", environment="one", path="x", label="y"
            ),
        ),
    )

    def run_aside(given: Plan) -> Iterator[StepEvent]:
        plans.append(given)
        yield StepEvent(step=step, at=0.0, what=Started(title="An entry in the menu"))
        let.wait(20)

    monkeypatch.setattr(session.plans, "kernel", lambda: plan)
    monkeypatch.setattr(session.plans, "shortcut", lambda: plan)
    monkeypatch.setattr(session.execution, "run_aside", run_aside)
    shown = page(wizard)
    button = next(b for b in inside(shown, Button) if b.text() == label)
    button.click()
    told_there = shown._tells["use"]  # in the card of the button
    qtbot.waitUntil(lambda: told_there.text() == "An entry in the menu …", timeout=20000)
    assert wizard.busy()
    button.click()  # once is enough, and that is said
    assert "one after the other" in told_there.text()
    let.set()
    qtbot.waitUntil(lambda: told_there.text().startswith(then), timeout=20000)
    assert plans == [plan] and not wizard.busy()
