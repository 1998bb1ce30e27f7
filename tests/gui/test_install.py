"""The install page.

The plan before, the run live, stop once, failures explained, going on, and a log that is on disk.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from app.gui.pages.install import Install
from app.gui.run_progress import RunProgress, rows_of
from app.gui.widgets.diagnosis_card import DiagnosisCard
from app.gui.wizard import Wizard
from app.model.errors import InputError
from app.model.event import Failed, Finished, Line, Progress, Started, StepEvent
from tests.gui.fake_session import Staged, inside
from tests.gui.sample_run import DIAGNOSIS, PLAN, Act, failed_install, good_install


def page(wizard: Wizard) -> Install:
    wizard.go("install")
    found = wizard.page_of("install")
    assert isinstance(found, Install)
    return found


def answer(choose: str) -> None:
    """Press a button of the dialog that comes next, by its text."""

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if dialog is None:
            QTimer.singleShot(20, look)
            return
        next(b for b in inside(dialog, QPushButton) if b.text().replace("&", "") == choose).click()

    QTimer.singleShot(0, look)


def test_checks_that_follow_one_another_are_one_row() -> None:
    rows = rows_of(PLAN)
    assert [r.title for r in rows][5:] == [
        "First import, byte code",
        "Checks and first fine-tune",
        "Switch to the new setup",
    ]
    assert len(rows[6].steps) == 4


def test_the_tally_counts_true_bytes_and_never_goes_back() -> None:
    run_progress, shares = RunProgress(PLAN), []
    for at, (step, what) in enumerate(good_install()):
        run_progress.take(StepEvent(at=float(at), step=step, what=what))
        shares.append(run_progress.share)
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1.0)
    assert run_progress.fetched == PLAN.download_bytes
    assert [r.state for r in run_progress.rows] == [
        "ok",
        "skip",
        "ok",
        "ok",
        "ok",
        "ok",
        "ok",
        "ok",
    ]
    assert run_progress.seconds_left == pytest.approx(0.0)


@pytest.mark.parametrize("share", [0.0, 0.013, 0.25, 0.999])
def test_bytes_shown_are_bytes_fetched(share: float) -> None:
    run_progress = RunProgress(PLAN)
    run_progress.take(StepEvent(at=0, step="torch", what=Started()))
    run_progress.take(
        StepEvent(
            at=1,
            step="torch",
            what=Progress(done=3_461_384_651 * share, total=3_461_384_651, rate=1e7),
        )
    )
    assert run_progress.fetched == pytest.approx(3_461_384_651 * share)
    row = run_progress.rows[2]
    assert row.share == pytest.approx(share)


def test_nothing_runs_before_install_is_pressed(wizard: Wizard, session: Staged) -> None:
    install = page(wizard)
    assert install.title_label.text() == "Plan" and not session.runs
    assert (
        install.bar.primary is not None and install.bar.primary.text().replace("&", "") == "Install"
    )
    assert install.bar.primary.hasFocus() or not wizard.isActiveWindow()


def test_a_run_goes_to_its_end_and_on_to_the_proof(
    wizard: Wizard, session: Staged, qtbot: QtBot
) -> None:
    install = page(wizard)
    heard: list[float] = []
    install.progress_changed.connect(heard.append)
    assert install.bar.primary is not None
    install.bar.primary.click()
    qtbot.waitUntil(lambda: install.run is not None and not install.run.running)
    assert session.runs == [PLAN]
    assert install.run is not None and install.run.outcome == "finished"
    assert heard[-1] == -1.0
    assert wizard.stage == "verify"
    assert install.title_label.text() == "Installed"


def test_the_log_shows_what_is_on_disk(wizard: Wizard, session: Staged, qtbot: QtBot) -> None:
    install = page(wizard)
    install.start(PLAN)
    qtbot.waitUntil(lambda: not install.running)
    assert install.view is not None
    pane = install.view.panel.pane
    qtbot.waitUntil(lambda: pane.rows() == 4)
    assert Path(
        session.execution.log_path or ""
    ).read_text().splitlines() == pane.visible_text().split("\n")


def test_stop_asks_once_and_can_be_gone_on_from(
    wizard: Wizard, session: Staged, qtbot: QtBot
) -> None:
    session.gate = (8, threading.Event())
    install = page(wizard)
    install.start(PLAN)
    qtbot.waitUntil(
        lambda: install.view is not None and install.view.run_progress.rows[2].state == "down"
    )
    answer("Go on")
    install.ask_stop()
    assert install.running and not session.system.stop.is_set() and install._stopper.isEnabled()
    answer("Stop now")
    install.ask_stop()
    assert not install._stopper.isEnabled()  # asked for once is enough
    qtbot.waitUntil(lambda: not install.running)
    assert install.title_label.text() == "Stopped"
    session.gate = None
    assert (
        install.bar.primary is not None and install.bar.primary.text().replace("&", "") == "Go on"
    )
    install.bar.primary.click()
    qtbot.waitUntil(lambda: len(session.runs) == 2 and not install.running)
    assert install.run is not None and install.run.outcome == "finished"


def test_enter_while_it_installs_does_not_ask_to_stop(
    wizard: Wizard, session: Staged, qtbot: QtBot
) -> None:
    session.gate = (8, threading.Event())
    install = page(wizard)
    assert install.bar.primary is not None
    QTest.keyClick(install.bar.primary, Qt.Key.Key_Return)
    qtbot.waitUntil(
        lambda: install.view is not None and install.view.run_progress.rows[2].state == "down"
    )
    held = wizard.focusWidget()
    assert held is not None and held is not install._stopper and held.isVisible()
    QTest.keyClick(held, Qt.Key.Key_Return)
    QApplication.processEvents()
    assert QApplication.activeModalWidget() is None and not session.system.stop.is_set()
    session.gate[1].set()
    qtbot.waitUntil(lambda: not install.running)


def test_the_question_goes_when_the_run_ends(wizard: Wizard, session: Staged, qtbot: QtBot) -> None:
    gate = threading.Event()
    session.gate = (8, gate)
    install = page(wizard)
    install.start(PLAN)
    qtbot.waitUntil(
        lambda: install.view is not None and install.view.run_progress.rows[2].state == "down"
    )
    asked: list[str] = []

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if dialog is None:
            QTimer.singleShot(10, look)
            return
        asked.append(dialog.windowTitle())
        gate.set()  # the run ends under the question

    QTimer.singleShot(0, look)
    QTest.mouseClick(install._stopper, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: asked == ["Stop"])
    qtbot.waitUntil(lambda: not install.running and QApplication.activeModalWidget() is None)
    assert install.run is not None and install.run.outcome == "finished"
    qtbot.waitUntil(lambda: wizard.stage == "verify")


def test_what_is_focused_while_checks_are_watched_can_be_seen(
    wizard: Wizard, session: Staged, qtbot: QtBot
) -> None:
    first_check = next(
        at for at, (step, _what) in enumerate(good_install()) if step.startswith("check-")
    )
    session.gate = (first_check + 1, threading.Event())
    install = page(wizard)
    install.start(PLAN)
    qtbot.waitUntil(lambda: install._watching)
    watch = next(b for b in inside(install.bar, QPushButton) if "Watch" in b.text())
    watch.setFocus()
    QTest.keyClick(watch, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: wizard.stage == "verify" and wizard.currentPage().isVisible())

    def seen() -> bool:  # a bar that has just been made shows with the next event
        held = wizard.focusWidget()
        return held is not None and held.isVisible() and wizard.currentPage().isAncestorOf(held)

    qtbot.waitUntil(seen)
    session.gate[1].set()
    qtbot.waitUntil(lambda: not install.running)


def test_a_failed_step_shows_its_cause_proof_and_ways_on(
    wizard: Wizard, session: Staged, qtbot: QtBot
) -> None:
    session.acts = failed_install
    install = page(wizard)
    install.start(PLAN)
    qtbot.waitUntil(lambda: not install.running)
    assert install.title_label.text() == "Not finished"
    assert install.view is not None and install.view.run_progress.rows[4].state == "err"
    card = inside(install, DiagnosisCard)[0]
    assert card.diagnosis == DIAGNOSIS
    assert card.retry_button is None and card.fix_button is not None  # once is enough:
    again = install.bar.primary
    assert again is not None and again.text() == "Try again"
    session.acts = good_install
    again.click()
    qtbot.waitUntil(lambda: len(session.runs) == 2 and not install.running)
    assert install.run is not None and install.run.outcome == "finished"


def test_a_fix_is_shown_as_a_plan_and_then_carried_out(
    wizard: Wizard, session: Staged, qtbot: QtBot
) -> None:
    session.acts = failed_install
    install = page(wizard)
    install.start(PLAN)
    qtbot.waitUntil(lambda: not install.running)
    fix = inside(install, DiagnosisCard)[0].fix_button
    assert fix is not None
    fix.click()
    assert install.title_label.text() == "Plan of the fix" and len(session.runs) == 1
    assert install.plan is not None and install.plan.steps[0].title == "Package cache emptied"
    session.acts = good_install
    assert install.bar.primary is not None
    install.bar.primary.click()
    qtbot.waitUntil(lambda: len(session.runs) == 2 and not install.running)
    assert session.runs[1].steps[0].kind == "remove-tree"


def test_a_failure_without_a_diagnosis_still_says_what_happened(
    wizard: Wizard, session: Staged, qtbot: QtBot
) -> None:
    session.acts = lambda: iter(
        [
            (
                "python",
                Failed(
                    code="x",
                    message="Python 3.12 could not be fetched.",
                    hint="Try again later.",
                    details="one\ntwo\n",
                ),
            )
        ]
    )
    install = page(wizard)
    install.start(PLAN)
    qtbot.waitUntil(lambda: not install.running)
    card = inside(install, DiagnosisCard)[0]
    assert card.diagnosis.title == "Python 3.12 could not be fetched."
    assert [e.text for e in card.diagnosis.evidence] == ["one", "two"]
    assert card.fix_button is None


def test_a_run_that_could_not_begin_says_why(wizard: Wizard, session: Staged, qtbot: QtBot) -> None:
    def refused() -> Iterator[Act]:
        raise InputError(
            "The home folder D:\\Unsloth cannot be written.", hint="Choose another one."
        )
        yield "python", Started()

    session.acts = refused
    install = page(wizard)
    answer("Close")
    install.start(PLAN)
    qtbot.waitUntil(lambda: install.title_label.text() == "Not finished")
    assert install.subtitle_label.text() == "The home folder D:\\Unsloth cannot be written."
    assert install.run is not None and install.run.outcome == "failed"
    assert (
        install.bar.primary is not None
        and install.bar.primary.text().replace("&", "") == "Try again"
    )


def test_closing_while_it_runs_asks(wizard: Wizard, session: Staged, qtbot: QtBot) -> None:
    session.gate = (8, threading.Event())
    install = page(wizard)
    install.start(PLAN)
    qtbot.waitUntil(
        lambda: install.view is not None and install.view.run_progress.rows[2].state == "down"
    )
    answer("Keep it running")
    wizard.reject()
    assert wizard.isVisible() and install.running
    answer("Stop and close")
    wizard.reject()
    assert not wizard.isVisible() and session.system.stop.is_set()


def test_a_machine_that_cannot_take_it_is_told_what_to_do(wizard: Wizard, session: Staged) -> None:
    session.choose("torch212-2026.10")
    install = page(wizard)
    assert "The driver is too old" in install.subtitle_label.text()
    assert (
        install.bar.primary is not None
        and install.bar.primary.text().replace("&", "") == "Update the driver"
    )
    install.bar.primary.click()
    assert session.opened == ["https://www.nvidia.com/drivers"] and not session.runs
    assert install.bar.primary.text() == "Look again"
    before = session.surveys
    install.bar.primary.click()
    assert wizard.stage == "this-pc" and session.surveys == before + 1


def test_a_run_that_was_cut_off_goes_on_at_once(
    wizard: Wizard, session: Staged, qtbot: QtBot
) -> None:
    wizard.resume = PLAN
    install = page(wizard)
    qtbot.waitUntil(lambda: session.runs == [PLAN] and not install.running)


def test_a_simulated_run_says_so(qtbot: QtBot, tmp_path: Path) -> None:
    session = Staged(tmp_path, simulated="rtx-3090.json")
    session.gate = (6, threading.Event())
    made = Wizard(session)
    qtbot.addWidget(made)
    made.show()
    install = page(made)
    assert "Simulation" in install.subtitle_label.text()
    install.start(PLAN)
    qtbot.waitUntil(lambda: "Simulation" in install.subtitle_label.text())
    session.execution.stop()
    qtbot.waitUntil(lambda: not install.running)


def test_another_language_in_the_middle_of_a_run_keeps_the_run(
    wizard: Wizard, session: Staged, qtbot: QtBot
) -> None:
    session.gate = (8, threading.Event())
    install = page(wizard)
    install.start(PLAN)
    qtbot.waitUntil(
        lambda: install.view is not None and install.view.run_progress.rows[2].state == "down"
    )
    wizard.rebuild_stage("install")
    assert install.running and install.view is not None
    assert install.view.run_progress.rows[2].state == "down"
    session.gate[1].set()
    qtbot.waitUntil(lambda: not install.running)
    assert install.run is not None and install.run.outcome == "finished"


def test_a_fast_run_does_not_hold_the_window(wizard: Wizard, session: Staged, qtbot: QtBot) -> None:
    chunk = b"".join(b"line %d\n" % n for n in range(1000))
    session.acts = lambda: iter(
        [("torch", Started()), *[("torch", Line(text=chunk))] * 3000, ("torch", Finished())]
    )
    install = page(wizard)
    beats: list[float] = []
    timer = QTimer()
    timer.timeout.connect(lambda: beats.append(perf_counter()))
    timer.start(5)
    install.start(PLAN)
    qtbot.waitUntil(lambda: not install.running, timeout=200_000)
    assert install.view is not None
    pane = install.view.panel.pane
    qtbot.waitUntil(lambda: pane.rows() == 3_000_000, timeout=200_000)
    # A window that waited for the lines would have had one beat; this only tells that from a living
    # one on a busy machine.
    assert len(beats) > 5
