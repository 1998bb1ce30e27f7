"""The page of training.

Real files, a real child process with the script that stands in, real widgets.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QTextCursor
from PySide6.QtWidgets import QPushButton
from pytestqt.exceptions import TimeoutError as NeverSeen
from pytestqt.qtbot import QtBot

from app.engine import model_exports, training_records
from app.gui.main import application
from app.gui.pages.train import Train
from app.gui.pages.train_form import TrainForm
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Label
from app.gui.widgets.diagnosis_card import DiagnosisCard
from app.gui.widgets.plan_list import PlanList
from app.gui.widgets.training_choices import ChoicesCard
from app.gui.widgets.training_progress import ProgressCard
from app.gui.widgets.training_result import AnswersCard
from app.gui.wizard import Wizard
from app.model.event import Measured
from tests.gui.fake_session import flush_and_close, inside
from tests.gui.test_mnemonics import twice
from tests.gui.test_text_clipping import cut
from tests.training.homes import make_home, make_model, open_session, pretended, trained, write_rows

pytestmark = pytest.mark.posix
WAIT = 60_000


class Place:
    """The window over a home in which training can be asked for; ``pretend`` is told to the script."""

    def __init__(self, qtbot: QtBot, folder: Path, pretend: str = "{}") -> None:
        self.folder, self.qtbot = folder, qtbot
        home = folder / "home"
        if not home.exists():
            make_home(home)
            make_model(folder / "model")
        self.wizard = Wizard(open_session(home, pretend))
        # Else the window asks about what runs while it is closed, and nobody answers.
        qtbot.addWidget(self.wizard, before_close_func=lambda _window: self.end())
        self.wizard.show()
        self.wizard.resize(1120, 740)
        qtbot.waitUntil(lambda: self.wizard.session.facts is not None, timeout=WAIT)
        qtbot.waitUntil(lambda: not self.wizard.is_surveying, timeout=WAIT)
        self.wizard.go("train")
        found = self.wizard.page_of("train")
        assert isinstance(found, Train)
        self.page = found

    def end(self) -> None:
        """End what still runs."""
        self.wizard.session.execution.stop()
        self.over()
        flush_and_close(self.wizard)

    @property
    def form(self) -> TrainForm:
        """The page's form."""
        assert self.page.form is not None
        return self.page.form

    def choose(self, data: Path) -> None:
        """A model's folder and a file, and the preview of both."""
        form = self.form
        form.choices.own.setText(str(self.folder / "model"))
        form.choices.own.editingFinished.emit()
        form.data.take(str(data))
        self.rest()

    def rest(self) -> None:
        """Wait until nothing is read any more."""
        form = self.form
        self.qtbot.waitUntil(
            lambda: form._reading is None and not form._later.isActive(), timeout=WAIT
        )

    def press(self) -> None:
        """The page's primary button."""
        button = self.page.bar.primary
        assert button is not None and button.isEnabled()
        button.click()

    def plan(self) -> None:
        """From the form to the plan."""
        self.press()
        self.qtbot.waitUntil(lambda: bool(inside(self.page._planned, PlanList)), timeout=WAIT)

    def run(self) -> None:
        """Through the plan to the end of the run."""
        self.plan()
        self.press()
        self.over()

    def says(self, *texts: str) -> None:
        """Wait until the page says all of that; new labels show a moment after they were made."""
        try:
            self.qtbot.waitUntil(lambda: all(t in words(self) for t in texts), timeout=WAIT)
        except NeverSeen as error:
            raise AssertionError(f"expected {texts}; the page says:\n{words(self)}") from error

    def over(self) -> None:
        """Until the run has ended."""
        self.qtbot.waitUntil(lambda: not self.page.running, timeout=WAIT)


@pytest.fixture
def place(qtbot: QtBot, tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    """A window; its script does as the test's parameter says."""
    return Place(qtbot, tmp_path, getattr(request, "param", "{}"))


def words(place: Place) -> str:
    """All that the page's labels say where they can be seen."""
    return "\n".join(
        label.text() for label in inside(place.page, Label) if label.isVisibleTo(place.page)
    )


def well_made(place: Place) -> None:
    """Nothing written is cut, and no letter with Alt does two things."""
    assert twice(place.wizard, place.qtbot) == {}
    place.qtbot.waitUntil(lambda: cut(place.page) == [], timeout=10_000)


def test_from_a_file_to_answers_side_by_side(place: Place) -> None:
    assert place.page.bar.primary is not None and not place.page.bar.primary.isEnabled()
    place.choose(write_rows(place.folder / "rows.jsonl"))
    preview = place.form.preview
    assert preview is not None and preview.tokens is not None, words(place)
    place.says("Instruction and output", "not known")
    example = place.form.shown.examples[0]
    begin, end = example.learnt[0]
    cursor = QTextCursor(example.document())
    for at, learnt in ((begin, False), (end, True)):  # the format of the letter before
        cursor.setPosition(at)
        assert cursor.charFormat().fontUnderline() is learnt
    well_made(place)
    place.plan()
    well_made(place)
    assert not any((place.folder / "home" / "runs").glob("*"))  # the plan alone changes nothing
    place.press()
    place.over()
    assert place.page.progress is not None
    assert [step for step, _ in place.page.progress.chart.training] == [1, 2, 3, 4]
    assert [step for step, _ in place.page.progress.chart.evaluation] == [2, 4]
    assert place.page.progress.speed.value.text() == "100"
    assert inside(place.page._result, AnswersCard)
    place.says("I do not know.", "It is three.", "It is 3.", "Try a prompt", "Export")
    well_made(place)
    place.press()  # New training
    place.says("finished at step 4 of 4")
    place.rest()
    place.says("less than a minute")  # by the speed of the run that was


def test_bad_rows_and_unused_columns_are_named_and_must_be_ticked(place: Place) -> None:
    data = write_rows(place.folder / "rows.jsonl", source="a book")
    with data.open("a", encoding="utf-8") as file:
        file.write('{"instruction": "Say it"\n')
    place.choose(data)
    button = place.page.bar.primary
    assert button is not None and not button.isEnabled()
    place.says("Line 9")
    assert "such as: a book" in [label.toolTip() for label in inside(place.form.data, Label)]
    tick, bad = place.form.data.ticks["source"], place.form.data.bad
    assert bad is not None and not tick.isChecked() and not bad.isChecked()
    tick.click()
    assert not button.isEnabled()
    bad.click()
    assert button.isEnabled()
    tick.click()
    assert not button.isEnabled()
    tick.click()
    place.plan()


def test_a_file_of_no_known_shape_is_mapped_by_hand(place: Place) -> None:
    data = place.folder / "own.csv"
    data.write_text("frage,antwort\nWas?,Das.\nWer?,Der.\n", encoding="utf-8")
    place.choose(data)
    button, roles = place.page.bar.primary, place.form.data.roles
    assert button is not None and not button.isEnabled() and roles
    roles["question"].setCurrentIndex(roles["question"].findData("frage"))
    roles["question"].activated.emit(1)
    place.rest()
    roles = place.form.data.roles
    roles["answer"].setCurrentIndex(roles["answer"].findData("antwort"))
    roles["answer"].activated.emit(2)
    place.rest()
    assert place.form.data.roles["question"].currentData() == "frage"
    assert button.isEnabled(), words(place)


def test_a_file_may_be_dropped(place: Place) -> None:
    data = write_rows(place.folder / "rows of mine.jsonl")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(data))])
    event = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    place.form.data.dropEvent(event)
    assert place.form.data.path == str(data)
    place.rest()


def test_a_file_that_cannot_be_read_is_said_in_a_sentence(place: Place) -> None:
    place.choose(place.folder / "nothing.jsonl")
    assert "nothing.jsonl" in place.form.data.status_line.text()
    assert place.page.bar.primary is not None and not place.page.bar.primary.isEnabled()


@pytest.mark.parametrize("place", ['{"steps": 400, "seconds": 0.1}'], indirect=True)
def test_stop_keeps_a_checkpoint_and_go_on_is_offered_once_it_was_checked(place: Place) -> None:
    place.choose(write_rows(place.folder / "rows.jsonl"))
    place.plan()
    place.press()
    page = place.page
    place.qtbot.waitUntil(
        lambda: page.progress is not None and len(page.progress.chart.training) > 1, timeout=WAIT
    )
    page._stopper.click()
    assert page.title_label.text() == "Stopping" and "End" in page._stopper.text()
    place.over()
    run = training_records.runs(place.wizard.session)[0]
    assert run.state == "stopped" and run.step > 1 and run.resumable
    assert page.bar.primary is None  # not before the run's script has looked
    place.qtbot.waitUntil(
        lambda: page.bar.primary is not None and page.bar.primary.isEnabled(), timeout=WAIT
    )
    place.says(f"from step {run.step}")
    place.press()
    place.qtbot.waitUntil(page._planned.isVisible, timeout=WAIT)
    place.press()
    place.qtbot.waitUntil(
        lambda: page.progress is not None and bool(page.progress.chart.training), timeout=WAIT
    )
    assert page.progress is not None and page.progress.chart.training[0][0] == run.step + 1


@pytest.mark.parametrize("place", ['{"steps": 400, "seconds": 0.1, "deaf": true}'], indirect=True)
def test_a_second_stop_ends_at_once_after_a_question(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def yes(title: str, text: str, _yes: str, _no: str) -> bool:
        asked.append(text)
        return True

    monkeypatch.setattr(place.wizard, "ask_running", yes)
    place.choose(write_rows(place.folder / "rows.jsonl"))
    place.plan()
    place.press()
    page = place.page
    place.qtbot.waitUntil(
        lambda: page.progress is not None and bool(page.progress.chart.training), timeout=WAIT
    )
    page._stopper.click()
    assert not asked
    wish = place.wizard.session.system.stop
    place.qtbot.waitUntil(lambda: not wish.is_set(), timeout=WAIT)  # the script was asked
    page._stopper.click()
    place.over()
    assert len(asked) == 1 and page.title_label.text() == "Stopped"


@pytest.mark.parametrize("place", ['{"fail": 1}'], indirect=True)
def test_memory_full_offers_smaller_settings_with_their_cost(place: Place) -> None:
    place.choose(write_rows(place.folder / "rows.jsonl"))
    place.run()
    page = place.page
    assert inside(page._at_work, DiagnosisCard)
    place.says("They cost a little speed.")
    smaller = next(b for b in inside(page._at_work, Button) if "smaller" in b.text())
    smaller.click()
    place.qtbot.waitUntil(page._planned.isVisible, timeout=WAIT)
    assert page._request is not None and page._request.batch == 1
    assert place.form.choices.wishes()["batch"] == 1


def test_memory_and_temperature_of_the_card_stand_together(qtbot: QtBot) -> None:
    """Before the first answer nothing is said of it, and what cannot be read is said to be unknown."""
    application()
    card = ProgressCard()
    qtbot.addWidget(card)
    seen, told = [], list[dict[str, object]](({}, {"temperature": 63}, {"temperature": None}))
    for step, more in enumerate(told, 1):
        detail = {"step": step, "memory": 2 << 30, **more}
        card.take(Measured(name="train.loss", value=1.0, detail=detail))
        seen.append(card.memory.value.text())
    card.take(Measured(name="train.loss", value=1.0, detail={"step": 4, "memory": None}))
    assert seen == ["2 GB", "2 GB · 63 °C", "2 GB · temperature unknown"]
    assert card.memory.value.text() == "runs on no card"


def test_a_run_whose_data_changed_is_not_gone_on_with(place: Place) -> None:
    home = place.folder / "home"
    run = trained(home, place.folder / "model")
    output = home / "runs" / run / "output"
    (output / "run.json").write_text('{"state": "stopped", "step": 2, "total": 4, "data": "x"}')
    (home / "runs" / run / "data.jsonl").write_text("{}\n")
    (home / "runs" / run / "train.py").write_bytes(pretended()("training/train.py"))
    place.page.show_form()
    resume = place.form.runs.buttons[run, "resume"]
    resume.click()
    place.qtbot.waitUntil(lambda: bool(place.form.runs.status_line.text()), timeout=WAIT)
    assert not place.page._planned.isVisible()


def test_an_earlier_run_is_opened_and_exported(place: Place) -> None:
    run = trained(place.folder / "home", place.folder / "model")
    place.page.show_form()
    place.form.runs.buttons[run, "result"].click()
    assert place.page.title_label.text() == "Trained"
    place.page.export.wanted.emit("gguf", "")
    assert place.page._planned.isVisible()  # what is fetched is shown before
    plan_titles = [
        step.title for step in model_exports.plan(place.wizard.session, run, "gguf").steps
    ]
    assert len(plan_titles) == 2 and "llama.cpp" in plan_titles[0]
    buttons = inside(place.page.bar, QPushButton)
    back = next(button for button in buttons if "Back" in button.text())
    back.click()
    assert place.page.export.isVisible()


def test_without_a_setup_it_leads_to_one(qtbot: QtBot, wizard: Wizard) -> None:
    wizard.go("train")
    page = wizard.page_of("train")
    assert page.bar.primary is not None
    page.bar.primary.click()
    assert wizard.stage == "setup"


def test_a_preview_and_the_visits_runs_stop_each_by_its_own_wish(place: Place) -> None:
    place.choose(write_rows(place.folder / "rows.jsonl"))
    visit = place.wizard.session
    place.form.read()
    reading = place.form._reading
    assert reading is not None
    visit.execution.stop()  # meant for a run of the visit
    faults: list[object] = []
    reading.ended.connect(faults.append)
    place.rest()
    assert faults == [None] and place.form.preview is not None
    visit.system.stop.clear()
    place.form.read()
    place.form.leave()  # as when the page is built again while a run works
    assert not visit.system.stop.is_set()


def test_several_cards_are_offered_where_equal_ones_are(place: Place) -> None:
    """With one there is nothing to choose; the choice is kept when the form is made again."""
    assert place.form.choices.cards.parent() is None
    assert place.form.choices.wishes()["cards"] == 1
    guide = place.wizard.session.knowledge.guide
    two = ChoicesCard(guide, place.form._profile, place.wizard.session.facts, cards=2)
    place.qtbot.addWidget(two)
    two.show()
    assert two.cards.isVisible() and two.wishes()["cards"] == 1
    two.cards.setCurrentIndex(two.cards.findData(2))
    again = ChoicesCard(guide, place.form._profile, place.wizard.session.facts, cards=2)
    place.qtbot.addWidget(again)
    again.restore(two.changes())
    assert again.wishes()["cards"] == 2


def test_what_was_chosen_before_the_card_was_known_stays_chosen(place: Place) -> None:
    place.wizard.session.facts = None
    place.form._put_choices()
    place.choose(write_rows(place.folder / "rows.jsonl"))
    before = place.form.choices
    before.epochs.setCurrentIndex(before.epochs.findData(5.0))
    before.knobs.rank.setCurrentIndex(before.knobs.rank.findData(64))
    place.wizard.start_survey()
    place.qtbot.waitUntil(lambda: place.form.choices is not before, timeout=WAIT)
    wishes = place.form.choices.wishes()
    assert (wishes["epochs"], wishes["rank"]) == (5.0, 64)
    assert wishes["model"] == str(place.folder / "model")
    assert not place.form.choices.knobs.model.isEnabled()
    place.rest()
