"""The verify page.

Fills in while the checks run, says the verdict in plain words, explains differences, runs again.
"""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from app.gui.dialogs.compare_output import CompareOutput
from app.gui.pages.install import Install
from app.gui.pages.verify import Verify
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Label
from app.gui.widgets.diagnosis_card import DiagnosisCard
from app.gui.widgets.icons import Mark
from app.gui.widgets.popover import Popover
from app.gui.widgets.verification_cards import guide_text
from app.gui.wizard import Wizard
from app.model.event import Failed, Measured, StepEvent
from app.model.pointer import Pointer
from app.model.verdict import Comparison, SeveralCards, Verification
from tests.gui.fake_session import Staged, inside
from tests.gui.sample_run import DIAGNOSIS, ENV, LOSSES, PLAN, VERDICT, good_checks, good_install


@pytest.fixture
def session(tmp_path: Path) -> Staged:
    return Staged(tmp_path, good_checks)


def page(wizard: Wizard) -> Verify:
    wizard.go("verify")
    found = wizard.page_of("verify")
    assert isinstance(found, Verify)
    return found


@pytest.mark.parametrize(
    ("overall", "title"),
    [
        ("works", "It works"),
        ("works_slowly", "It works, slowly"),
        ("broken", "It does not work yet"),
        ("not_checked", "Not checked yet"),
    ],
)
def test_the_title_is_the_verdict(
    wizard: Wizard, session: Staged, overall: str, title: str
) -> None:
    session.execution.verification = msgspec.structs.replace(VERDICT, overall=overall)
    verify = page(wizard)
    assert verify.title_label.text() == title
    assert verify.subtitle_label.text()


def test_the_proof_of_a_working_setup(wizard: Wizard, session: Staged) -> None:
    session.execution.verification = VERDICT
    verify = page(wizard)
    assert verify.subtitle_label.text() == "Checked, measured and trained on this card in 71 s."
    assert verify.expected.note.text() == "3 same · 3 corrected · 0 wrong"
    assert verify.bench.title.text() == "Benchmark against a healthy RTX 3090"
    assert [b.state for b in verify.bench.bars.bars] == ["good", "good", "good", "below"]
    assert verify.tuning.tag.text() == "Passed"
    assert verify.tuning.foot.text() == "5,120 tokens/s · peak 1.8 GB"
    assert verify.tuning.curve.losses == list(LOSSES)
    marks = [m.accessibleName() for m in inside(verify.expected, Mark)]
    assert "cuDNN: corrected" in marks and "PyTorch: same" in marks


def test_the_lines_that_say_most_are_in_sight_and_all_are_one_click_away(
    wizard: Wizard, session: Staged
) -> None:
    same = [
        Comparison(
            check=f"c{n}", title=f"Line {n}", guide="a", expected="a", actual="a", result="same"
        )
        for n in range(12)
    ]
    wrong = msgspec.structs.replace(
        same[11], check="bad", actual="b", result="different", why="Because."
    )
    session.execution.verification = msgspec.structs.replace(
        VERDICT, comparisons=(*same, wrong), overall="broken"
    )
    verify = page(wizard)
    assert [c.check for c in verify.expected.in_sight()] == [
        "c0",
        "c1",
        "c2",
        "c3",
        "c4",
        "c5",
        "bad",
    ]
    assert verify.expected.more.text() == "Show all 13 lines"
    verify.expected.more.click()
    assert len(verify.expected.in_sight()) == 13
    assert len(inside(verify.expected, Mark)) >= 13


def test_why_opens_the_reason(wizard: Wizard, session: Staged) -> None:
    session.execution.verification = VERDICT
    verify = page(wizard)
    links = [b for b in inside(verify.expected, Button) if b.text() == "why"]
    assert [b.accessibleName() for b in links] == [
        "Why cuDNN differs",
        "Why GPU memory differs",
        "Why torch._inductor differs",
    ]
    links[0].click()
    (popover,) = inside(links[0], Popover)
    assert "torch 2.8.0 brings cuDNN 9.10.2" in "\n".join(w.text() for w in inside(popover, Label))
    popover.close()


def test_checks_fill_in_live_and_end_in_the_verdict(
    wizard: Wizard, session: Staged, qtbot: QtBot
) -> None:
    acts = list(good_checks())
    half = next(
        i
        for i, (_, what) in enumerate(acts)
        if isinstance(what, Measured) and what.detail.get("step") == 8
    )
    session.gate = (half, threading.Event())
    verify = page(wizard)
    assert verify.title_label.text() == "Verify" and verify.bar.primary is not None
    verify.bar.primary.click()
    qtbot.waitUntil(lambda: len(verify.tuning.curve.losses) == 7)
    assert verify.title_label.text() == "Verifying"
    assert verify.tuning.tag.text() == "Training"
    assert verify.bench.sensors.summary() == "75 °C · 338 W · 1,760 MHz"
    qtbot.waitUntil(lambda: verify._doing.text() == "3 of 4 checks done")
    session.gate[1].set()
    qtbot.waitUntil(lambda: not verify.running)
    assert verify.title_label.text() == "It works"
    assert len(verify.tuning.curve.losses) == 20


def test_lines_are_compared_while_the_checks_run(
    wizard: Wizard, session: Staged, qtbot: QtBot
) -> None:
    found = [
        ("check-versions", Measured(name="python.version", value="3.12.11")),
        ("check-torch_basics", Measured(name="torch.version", value="2.8.0+cu128")),
    ]
    session.acts = lambda: iter([*found, *good_checks()])
    session.gate = (len(found) + 2, threading.Event())
    verify = page(wizard)
    verify.run_again()
    qtbot.waitUntil(lambda: any(c.actual == "2.8.0+cu128" for c in verify.expected.lines))
    assert "to come" in verify.expected.note.text()
    session.gate[1].set()
    qtbot.waitUntil(lambda: not verify.running)


def until_at(qtbot: QtBot, install: Install, step: str) -> None:
    """Until the run stands at the step where its gate is; those before it pass too fast to be seen."""
    number = [one.id for one in PLAN.steps].index(step) + 1
    qtbot.waitUntil(lambda: install.run is not None and install.run.run_progress.number == number)


def test_the_checks_of_an_install_are_watched(
    wizard: Wizard, session: Staged, qtbot: QtBot
) -> None:
    acts = list(good_install())
    at = next(
        i
        for i, (_, what) in enumerate(acts)
        if isinstance(what, Measured) and what.detail.get("step") == 5
    )
    session.acts = good_install
    session.gate = (at, threading.Event())
    wizard.go("install")
    install = wizard.page_of("install")
    assert isinstance(install, Install)
    install.start(PLAN)
    until_at(qtbot, install, acts[at][0])
    verify = page(wizard)
    qtbot.waitUntil(lambda: len(verify.tuning.curve.losses) == 4)
    assert verify.title_label.text() == "Verifying"
    session.gate[1].set()
    qtbot.waitUntil(lambda: not install.running)
    qtbot.waitUntil(lambda: verify.title_label.text() == "It works")
    assert len(verify.tuning.curve.losses) == 20


def test_an_install_that_is_stopped_while_it_is_watched(
    wizard: Wizard, session: Staged, qtbot: QtBot
) -> None:
    acts = list(good_install())
    at = next(i for i, (_, what) in enumerate(acts) if isinstance(what, Measured))
    session.acts, session.gate = good_install, (at, threading.Event())
    wizard.go("install")
    install = wizard.page_of("install")
    assert isinstance(install, Install)
    install.start(PLAN)
    until_at(qtbot, install, acts[at][0])
    verify = page(wizard)
    assert verify.title_label.text() == "Verifying" and install.run is not None
    install.run.stop()
    qtbot.waitUntil(lambda: verify.title_label.text() == "Stopped")
    assert verify.bar.primary is not None
    verify.bar.primary.click()
    assert wizard.stage == "install" and install.title_label.text() == "Stopped"


def test_coming_back_shows_the_same_and_not_twice(
    wizard: Wizard, session: Staged, qtbot: QtBot
) -> None:
    verify = page(wizard)
    verify.run_again()
    qtbot.waitUntil(lambda: not verify.running)
    before = (
        verify.tuning.curve.losses,
        [list(lane.samples) for lane in verify.bench.sensors.lanes],
    )
    wizard.go("welcome")
    page(wizard)
    assert (
        verify.tuning.curve.losses,
        [list(lane.samples) for lane in verify.bench.sensors.lanes],
    ) == before
    assert verify.title_label.text() == "It works"


def test_a_failed_check_is_explained(wizard: Wizard, session: Staged) -> None:
    session.execution.verification = msgspec.structs.replace(
        VERDICT, overall="broken", fine_tune=None
    )
    session.execution.last_plan = PLAN
    session.execution.events = [
        StepEvent(
            at=1.0,
            step="check-fine_tune",
            what=Failed(code="x", message="It stopped.", diagnosis=DIAGNOSIS),
        )
    ]
    verify = page(wizard)
    (card,) = inside(verify, DiagnosisCard)
    assert card.diagnosis == DIAGNOSIS
    assert verify.tuning.tag.text() == "Not passed"
    assert verify.bar.primary is not None and "another" in verify.bar.primary.text()


def test_a_fix_for_a_check_is_shown_on_the_plan_page(wizard: Wizard, session: Staged) -> None:
    session.execution.verification = msgspec.structs.replace(
        VERDICT, overall="broken", fine_tune=None
    )
    session.execution.events = [
        StepEvent(
            at=1.0,
            step="check-fine_tune",
            what=Failed(code="x", message="It stopped.", diagnosis=DIAGNOSIS),
        )
    ]
    verify = page(wizard)
    fix = inside(verify, DiagnosisCard)[0].fix_button
    assert fix is not None
    fix.click()
    assert wizard.stage == "install"
    assert wizard.page_of("install").title_label.text() == "Plan of the fix"


def test_what_changed_since_the_proof_is_said(
    wizard: Wizard, session: Staged, qtbot: QtBot
) -> None:
    session.execution.verification = VERDICT
    session.active = Pointer(
        active=ENV, profile="torch28-2025.11", previous=None, at="2026-11-24T15:00:00Z"
    )
    session.changed = ("torch is 2.6.0 instead of 2.8.0+cu128; pip put it there.",)
    verify = page(wizard)
    qtbot.waitUntil(lambda: any("pip put it there" in w.text() for w in inside(verify, Label)))
    next(b for b in inside(verify, Button) if "locked state" in b.text()).click()
    assert wizard.stage == "install"


def test_a_pasted_output_is_compared_in_the_same_way(wizard: Wizard, session: Staged) -> None:
    sheet = CompareOutput(wizard)
    sheet.field.setPlainText("nothing of the kind")
    sheet.compare()
    assert not list(sheet.table.lines)
    sheet.field.setPlainText("PyTorch version: 2.8.0+cu128\nCUDA available: True\n")
    sheet.compare()
    found = {c.check: (c.actual, c.result) for c in sheet.table.lines}
    assert found["torch.version"] == ("2.8.0+cu128", "explained")
    assert found["torch.cuda_available"][1] == "same"


def test_stopping_leaves_no_verdict(wizard: Wizard, session: Staged, qtbot: QtBot) -> None:
    session.gate = (3, threading.Event())
    verify = page(wizard)
    verify.run_again()
    qtbot.waitUntil(lambda: verify.run is not None and verify.run.run_progress.current is not None)
    assert verify.run is not None
    verify.run.stop()
    qtbot.waitUntil(lambda: not verify.running)
    assert verify.title_label.text() == "Stopped"


def test_a_training_that_was_stopped_is_not_said_to_go_on(
    wizard: Wizard, session: Staged, qtbot: QtBot
) -> None:
    acts = list(session.acts())
    session.gate = (
        next(
            n
            for n, (_, what) in enumerate(acts)
            if isinstance(what, Measured) and "loss" in what.name
        )
        + 5,
        threading.Event(),
    )
    verify = page(wizard)
    verify.run_again()
    qtbot.waitUntil(lambda: verify.tuning.tag.text() == "Training", timeout=20_000)
    assert verify.run is not None
    verify.run.stop()
    qtbot.waitUntil(lambda: not verify.running, timeout=20_000)
    assert verify.tuning.tag.text() == "Stopped" and verify.tuning.curve.losses


def test_tables_stand_behind_the_pictures(wizard: Wizard, session: Staged) -> None:
    session.execution.verification = VERDICT
    verify = page(wizard)
    table = next(b for b in inside(verify.bar, Button) if b.text() == "Show as table")
    table.click()
    assert verify.bench.tabled.table.rowCount() == 4 and verify.bench.tabled.currentIndex() == 1
    assert verify.tuning.tabled.table.rowCount() == 20
    assert table.text() == "Show as charts"


def test_a_processor_has_no_reference(wizard: Wizard, session: Staged) -> None:
    bench = msgspec.structs.replace(
        VERDICT.benchmark[1], reference=None, ratio=None, result="not_compared", value=0.11
    )
    session.execution.verification = msgspec.structs.replace(
        VERDICT, device="cpu", benchmark=(bench,), remarks=(), telemetry=()
    )
    verify = page(wizard)
    assert verify.bench.title.text() == "Benchmark"
    assert verify.bench.note.text() == "nothing to compare it with"
    assert "on the processor" in verify.subtitle_label.text()
    assert verify.bench.bars.bars[0].state == "none"


def test_a_simulated_verdict_says_that_its_figures_are_invented(
    qtbot: QtBot, tmp_path: Path
) -> None:
    session = Staged(tmp_path, good_checks, simulated="rtx-3090.json")
    made = Wizard(session)
    qtbot.addWidget(made)
    made.show()
    verify = page(made)
    verify.run_again()
    qtbot.waitUntil(lambda: not verify.running)
    assert verify.subtitle_label.text().startswith("Simulation, invented figures")
    assert [s.id for s in session.runs[0].steps] == [
        s.id for s in PLAN.steps if s.kind == "run-check"
    ]


def test_an_empty_verdict_shows_an_empty_page(wizard: Wizard, session: Staged) -> None:
    session.execution.verification = Verification()
    verify = page(wizard)
    assert verify.expected.lines == () and not verify.bench.bars.bars
    assert verify.bench.waiting.isVisibleTo(verify)


@pytest.mark.parametrize(
    ("title", "guide", "shown"),
    [
        ("PyTorch", "2.4.0", "PyTorch 2.4.0"),
        ("cuDNN", "cuDNN 8902", "cuDNN 8902"),
        ("", "x", "x"),
        ("GPU", "", "GPU"),
        ("CUDA available", "True", "CUDA available: True"),
    ],
)
def test_the_guides_line_has_its_name_once(title: str, guide: str, shown: str) -> None:
    assert (
        guide_text(
            Comparison(check="c", title=title, guide=guide, expected="", actual=None, result="same")
        )
        == shown
    )


@pytest.mark.parametrize("passed", [True, False])
def test_several_cards_beside_one(wizard: Wizard, session: Staged, passed: bool) -> None:
    """What they did together; where they do not, that one works and why the others do not."""
    found = SeveralCards(
        processes=2, loss_first=8.36, loss_last=6.2, tokens_per_s=9000.0, equal=True, passed=True
    )
    if not passed:
        found = SeveralCards(why="Training on 2 cards stopped: NCCL: Cuda failure 217.")
    session.execution.verification = msgspec.structs.replace(VERDICT, several_cards=found)
    verify = page(wizard)
    assert verify.title_label.text() == "It works" and verify.tuning.tag.text() == "Passed"
    assert not verify.tuning.together.isHidden()
    said, below = verify.tuning.together.text(), verify.subtitle_label.text()
    if passed:
        assert (
            said
            == "On 2 cards at once: loss 8.36 to 6.2 · 9,000 tokens/s · the same weights on all"
        )
        assert below.startswith("Checked, measured and trained")
    else:
        assert said == "On several cards at once: not passed"
        assert below.startswith("One card works, training on several cards does not. Training on 2")
        assert "Cuda failure 217" in below


def test_one_card_says_nothing_of_several(wizard: Wizard, session: Staged) -> None:
    session.execution.verification = VERDICT
    assert page(wizard).tuning.together.isHidden()


def test_checks_wait_for_the_look_at_this_pc(
    wizard: Wizard, session: Staged, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which cards there are decides what is checked; the window never waits for it."""
    verify = page(wizard)
    facts, session.facts = session.facts, None
    monkeypatch.setattr(type(wizard), "is_surveying", property(lambda _: True))
    verify.run_again()
    assert not verify.running and session.runs == []
    assert verify.subtitle_label.text() == "This PC is looked at first."
    session.facts = facts
    wizard.surveyed.emit(None)
    qtbot.waitUntil(lambda: bool(session.runs) and not verify.running)
    wizard.surveyed.emit(None)
    assert len(session.runs) == 1
