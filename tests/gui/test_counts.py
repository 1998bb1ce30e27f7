"""One count of steps and bytes, whatever page tells it; and messages where the eye is."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from app.decide.plans.builder import bytes_of, install_plan
from app.decide.plans.differences import differences
from app.gui import formatting
from app.gui.dialogs.compare_output import CompareOutput
from app.gui.file_names import proposed
from app.gui.messages import localize
from app.gui.pages.install import Install
from app.gui.run_progress import RunProgress
from app.gui.widgets.choice import cost
from app.gui.widgets.plan_list import PlanList
from app.gui.widgets.verification_cards import ExpectedOutput
from app.gui.wizard import Wizard
from app.model.advice import Choice
from app.model.answers import Answers
from app.model.event import Finished, Progress, Skipped, Started, StepEvent
from app.model.home_layout import HomeLayout
from app.model.machine import MachineFacts, Os
from app.model.verdict import Comparison
from tests.gui.fake_session import Staged, inside, real_knowledge
from tests.gui.sample_run import PLAN
from tests.gui.test_wizard import _speaks_english  # noqa: F401


@pytest.mark.parametrize("family", ["windows", "linux"])
def test_setup_and_plan_tell_the_same_bytes(qtbot: QtBot, family: str) -> None:
    for profile in real_knowledge().profiles:
        place = HomeLayout("C:\\h" if family == "windows" else "/h", family)  # type: ignore[arg-type]
        facts = MachineFacts(os=Os(family=family))  # type: ignore[arg-type]
        plan = install_plan(facts, profile, place, Answers())
        assert bytes_of(profile, family) == (plan.download_bytes, plan.disk_bytes)  # type: ignore[arg-type]
        told = cost(Choice(profile=profile, verdict="ready", why=""), family)
        if plan.steps:
            assert formatting.size(plan.download_bytes) in told
            assert formatting.size(plan.disk_bytes) in told


def test_what_was_here_already_is_not_counted_as_fetched(qtbot: QtBot) -> None:
    run_progress = RunProgress(PLAN)
    python = PLAN.steps[0]
    whole = PLAN.download_bytes
    assert run_progress.to_fetch == whole

    def tell(step: str, what: object) -> None:
        run_progress.take(StepEvent(step=step, at=1.0, what=what))  # type: ignore[arg-type]

    tell(python.id, Started(title="Python"))
    tell(python.id, Skipped(why="It is here."))
    assert run_progress.to_fetch == whole - python.download_bytes and run_progress.fetched == 0
    tell("torch", Started(title="torch"))
    tell("torch", Skipped(why="All files are here."))
    assert run_progress.to_fetch == 657_017_665 and run_progress.fetched == 0
    tell("packages", Started(title="packages"))
    tell("packages", Progress(done=657_017_665, total=657_017_665))
    tell("packages", Finished(seconds=1.0))
    assert run_progress.fetched == run_progress.to_fetch and not run_progress.fetching


def test_steps_are_counted_alike_in_the_list_and_in_the_run(qtbot: QtBot) -> None:
    shown = PlanList(PLAN)
    qtbot.addWidget(shown)
    assert f"{len(PLAN.steps)} steps" in [label.text() for label in inside(shown, QLabel)]
    run_progress = RunProgress(PLAN)
    last = PLAN.steps[-1]
    run_progress.take(StepEvent(step=last.id, at=1.0, what=Started(title="")))
    assert run_progress.number == len(PLAN.steps)


def test_going_from_one_setup_to_another_is_said_in_words_and_bytes() -> None:
    known = real_knowledge()
    profiles = {p.id: p for p in known.profiles}
    old, new = profiles["torch26-2025.3"], profiles["torch28-2025.11"]
    told = differences(old, new, "windows", known.advisories)
    assert any("PyTorch 2.8.0+cu128 instead of 2.6.0+cu124." in s for s in told)
    assert any("to download and" in s and "more" in s for s in told)
    assert any("later" in s for s in told)
    assert differences(old, old, "windows") == ()
    back = differences(new, old, "windows", known.advisories)
    assert any("earlier" in s for s in back) and any("less" in s for s in back)


def test_a_setup_without_a_card_shows_the_lines_that_apply(qtbot: QtBot) -> None:
    def line(check: str, expected: str, actual: str | None, result: str) -> Comparison:
        return Comparison(
            check=check,
            guide="12.1",
            expected=expected,
            actual=actual,
            result=result,  # type: ignore[arg-type]
        )

    card = ExpectedOutput()
    qtbot.addWidget(card)
    card.show()
    card.set_content(
        (
            line("torch.version", "2.13.0+cpu", "2.13.0+cpu", "explained"),
            line("torch.cuda", "None", None, "explained"),
            line("torch.cudnn", "None", None, "explained"),
        ),
        running=False,
    )
    assert [c.check for c in card.in_sight()] == ["torch.version"]
    assert card.rest.isVisible() and card.rest.text().startswith("2 lines of the guide")
    QTest.mouseClick(card.more, Qt.MouseButton.LeftButton)
    assert len(card.in_sight()) == 3 and not card.rest.isVisible()


def test_a_pasted_output_is_compared_with_the_setup_that_it_fits(
    qtbot: QtBot, wizard: Wizard, session: Staged
) -> None:
    qtbot.waitUntil(lambda: not wizard.is_surveying, timeout=30_000)
    dialog = CompareOutput(wizard)
    dialog.show()
    guide = "PyTorch: 2.4.0+cu121\nCUDA version: 12.1\nPyTorch version: 2.4.0+cu121\n"
    QApplication.clipboard().setText(guide)
    dialog.field.setFocus()
    dialog.field.paste()
    fits = session.environments.closest(guide.encode())
    assert fits is not None
    qtbot.waitUntil(lambda: dialog.setup.currentData() == fits, timeout=10_000)
    assert dialog.match.isVisible()
    other = next(p.id for p in session.knowledge.profiles if p.id != fits)
    dialog.setup.setCurrentIndex(dialog.setup.findData(other))
    dialog.setup.activated.emit(dialog.setup.currentIndex())  # what choosing in the list emits
    dialog.field.appendPlainText("and more")
    qtbot.wait(500)
    assert dialog.setup.currentData() == other and not dialog.match.isVisible()
    dialog.close()


def test_the_rail_goes_back_to_what_was_passed_and_nowhere_else(
    qtbot: QtBot, wizard: Wizard, session: Staged
) -> None:
    qtbot.waitUntil(lambda: not wizard.is_surveying, timeout=30_000)
    wizard.go("this-pc")
    wizard.go("setup")

    def click(stage: str) -> None:
        step = wizard.rail.steps[stage]  # type: ignore[index]
        QTest.mouseClick(step, Qt.MouseButton.LeftButton)
        qtbot.wait(50)

    click("ready")
    after_ready = wizard.stage
    click("this-pc")
    assert (after_ready, wizard.stage) == ("setup", "this-pc")
    wizard.go("install")
    install = wizard.page_of("install")
    assert isinstance(install, Install)
    wizard.busy = lambda: True
    click("welcome")
    assert wizard.stage == "install"  # what runs stays in sight
    wizard.busy = lambda: False


def test_commands_are_marked_for_people_and_not_with_a_files_signs() -> None:
    assert localize("make one with `unsloth-setup bundle` and name it") == (
        "make one with “unsloth-setup bundle” and name it"
    )
    assert localize("a lone ` stays") == "a lone ` stays"


def test_files_are_proposed_among_the_documents() -> None:
    assert proposed("train.py").replace("\\", "/").rpartition("/")[0] not in ("", ".")
