"""Welcome, This PC and Setup: what they show and what their controls do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot

from app.decide.findings.fact_table import nvidia_adapters
from app.engine.undo import Unfinished
from app.gui import theme
from app.gui.dialogs.sources import SourcesDialog, ask_sources
from app.gui.pages.setup import Setup, tag
from app.gui.pages.setup_details import comparison
from app.gui.pages.this_pc import ThisPc, summarize_rest
from app.gui.pages.welcome import Welcome
from app.gui.widgets.buttons import Button
from app.gui.widgets.choice import ChoiceCard
from app.gui.widgets.dialog import Dialog
from app.gui.wizard import Wizard
from app.model.advice import Action, Finding
from app.model.machine import Driver, Gpu, MachineFacts, Network, Os, ProbeResult, Tools
from tests.gui.fake_session import FakeSession, real_knowledge
from tests.gui.sample_machine import CHOICES, FACTS, FINDINGS
from tests.gui.test_wizard import _speaks_english, go, inside, opened, text_of  # noqa: F401


def at(wizard: Wizard, kind: type[Any]) -> Any:
    """The current page, which has to be of a kind."""
    page = wizard.currentPage()
    assert isinstance(page, kind)
    return page


# ---- Welcome


def test_welcome_says_what_it_takes_on_this_machine(qtbot: QtBot) -> None:
    wizard = opened(qtbot, FakeSession())
    page = at(wizard, Welcome)
    assert (page.download.value.text(), page.disk.value.text(), page.free.value.text()) == (
        "4.1 GB",
        "9.6 GB",
        "300 GB",
    )
    assert "PyTorch 2.8" in page.cost_note.text()


def test_welcome_offers_first_to_go_on_where_it_stopped(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = FakeSession()
    session.cut_off = Unfinished(
        profile="torch28-2025.11",
        title="PyTorch 2.8",
        steps_done=3,
        steps_total=7,
        plan=session.plans.install(),
    )
    wizard = opened(qtbot, session)
    gone: list[str] = []
    monkeypatch.setattr(wizard, "go", gone.append)
    page = at(wizard, Welcome)
    assert "PyTorch 2.8: 3 of 7 steps are done." in text_of(wizard)
    assert page.bar.primary.text() == "Go on where you stopped"
    page.bar.primary.click()
    assert gone == ["install"] and wizard.resume == session.plans.install()
    assert session.profile is not None and session.profile.id == "torch28-2025.11"


# ---- This PC


def test_this_pc_resolves_line_by_line(qtbot: QtBot) -> None:
    session = FakeSession()
    steps: list[tuple[str, str, bool]] = []

    def survey() -> Iterator[ProbeResult]:
        for name in ("os", "gpus", "driver"):
            yield ProbeResult(subject=name, seconds=0.1, part=getattr(FACTS, name))
        session.facts = FACTS
        yield ProbeResult(subject="all", seconds=0.2, facts=FACTS)

    wizard = opened(qtbot, session)
    go(wizard, "this-pc")
    page = at(wizard, ThisPc)
    session.survey = survey  # type: ignore[method-assign]
    wizard.sighted.connect(
        lambda s: steps.append((s.subject, page.card_name.text(), page.bar.primary.isEnabled()))
    )
    with qtbot.waitSignal(wizard.surveyed, timeout=5000):
        page.again.click()
        assert page.card_name.text() == "…" and not page.bar.primary.isEnabled()
    assert steps[0] == ("os", "…", False)
    assert steps[1] == ("gpus", "NVIDIA GeForce RTX 3090", False)
    assert page.bar.primary.isEnabled()
    assert page.driver.value.text() == "576.80" and page.cuda.value.text() == "12.9"
    assert page.memory_text.text() == "22.8 GB free of 24 GB"
    assert page.memory_bar.share == pytest.approx(0.05, abs=0.001)
    assert page.toolkit.value.text() == "not needed"
    assert page.subtitle_label.text().startswith("Found in ")
    assert page.card_tag.text() == "Ready for training"


def test_a_card_without_a_driver_and_no_card_at_all(qtbot: QtBot) -> None:
    bare = msgspec.structs.replace(
        FACTS, gpus=(Gpu(vendor="nvidia", name=None, pci_id="10de:2204"),), driver=Driver()
    )
    wizard = opened(qtbot, FakeSession(bare))
    go(wizard, "this-pc")
    page = at(wizard, ThisPc)
    assert page.card_name.text() == "A card without a name (10de:2204)"
    assert (
        page.memory_text.text() == "not known without a driver"
        and page.driver.value.text() == "none"
    )
    assert wizard.rail.card.text() == "Unnamed card"
    wizard.session.facts = msgspec.structs.replace(FACTS, gpus=())
    page.enter()
    assert page.card_name.text() == "None found"


@pytest.mark.parametrize(
    ("others", "shown"),
    [
        ((), "NVIDIA GeForce RTX 3090"),
        ((("NVIDIA GeForce RTX 2060", "7.5", 6),), "NVIDIA GeForce RTX 3090"),
        ((("NVIDIA GeForce RTX 5090", "12.0", 32),), "NVIDIA GeForce RTX 5090"),
        (
            (("Tesla P40", "6.1", 32),),
            "NVIDIA GeForce RTX 3090",
        ),  # more memory, and too old for every setup
        ((("NVIDIA RTX A5000", "8.6", 24), ("NVIDIA L4", "8.9", 24)), "NVIDIA L4"),
    ],
)
def test_of_several_cards_the_page_shows_the_one_that_the_setup_is_chosen_for(
    qtbot: QtBot, others: tuple[tuple[str, str, int], ...], shown: str
) -> None:
    more = tuple(
        Gpu(
            index=at,
            vendor="nvidia",
            name=name,
            compute_capability=capability,
            memory_total=size << 30,
        )
        for at, (name, capability, size) in enumerate(others)
    )
    facts = msgspec.structs.replace(FACTS, gpus=(*more, *FACTS.gpus))
    wizard = opened(qtbot, FakeSession(facts))
    go(wizard, "this-pc")
    page = at(wizard, ThisPc)
    assert page.card_name.text() == shown and wizard.rail.card.text() == shown.removeprefix(
        "NVIDIA "
    )
    chosen_for = nvidia_adapters(facts, real_knowledge().cards)[0].gpu
    assert chosen_for.name == shown
    rest = [gpu.name or "" for gpu in facts.gpus if gpu is not chosen_for]
    assert all(name.removeprefix("NVIDIA ") in page.rest.text() for name in rest)


def test_what_cannot_be_pressed_does_not_look_as_if_it_could(qtbot: QtBot) -> None:
    wizard = opened(qtbot, FakeSession())
    go(wizard, "this-pc")
    save = at(wizard, ThisPc).save
    colours = []
    for enabled in (True, False):
        save.setEnabled(enabled)
        picture = save.grab().toImage()
        colours.append(
            {
                picture.pixelColor(x, y).name()
                for x in range(picture.width())
                for y in range(picture.height())
            }
        )
    assert (
        theme.LIGHT.accent in colours[0]
        and theme.LIGHT.accent not in colours[1]
        and theme.LIGHT.off in colours[1]
    )


def test_a_machine_of_which_nothing_is_known_is_shown_without_a_fault(qtbot: QtBot) -> None:
    wizard = opened(qtbot, FakeSession(MachineFacts(os=Os(family="linux"))))
    go(wizard, "this-pc")
    assert "Linux" in text_of(wizard)


def test_findings_are_said_with_their_weight(qtbot: QtBot) -> None:
    session = FakeSession()
    wizard = opened(qtbot, session)
    go(wizard, "this-pc")
    assert "3 notes, nothing in the way" in text_of(wizard)
    block = Finding(
        id="disk-low",
        severity="blocks",
        title="The disk is full",
        detail="",
        seen="1 GB",
        remedy="",
    )
    session.findings = lambda: (block, *FINDINGS)  # type: ignore[method-assign]
    at(wizard, ThisPc).enter()
    assert "1 thing in the way" in text_of(wizard)
    assert at(wizard, ThisPc).card_tag.text() == "Something is in the way"


@pytest.mark.parametrize(
    "action",
    [
        Action(kind="open", label="Driver", target="https://www.nvidia.com/drivers"),
        Action(kind="copy", label="Copy", target="wsl --shutdown"),
        Action(kind="page", label="Look", target="clean-up"),
    ],
    ids=lambda a: a.kind,
)
def test_a_findings_button_does_what_it_says(qtbot: QtBot, action: Action) -> None:
    session = FakeSession()
    wizard = opened(qtbot, session)
    go(wizard, "this-pc")
    finding = msgspec.structs.replace(FINDINGS[0], action=action)
    at(wizard, ThisPc)._carry_out_action(finding)
    if action.kind == "open":
        assert session.opened == [action.target]
    elif action.kind == "copy":
        assert QGuiApplication.clipboard().text() == action.target
    else:
        assert wizard.stage == "clean-up"


def test_the_machine_file_is_saved_where_the_person_says(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = FakeSession()
    wizard = opened(qtbot, session)
    go(wizard, "this-pc")
    page = at(wizard, ThisPc)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    page.save.click()
    assert not session.saved
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("D:\\machine.json", ""))
    page.save.click()
    assert session.saved == {"D:\\machine.json": session.exports.machine_file()}


def test_a_survey_that_fails_says_so_and_can_be_repeated(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = FakeSession()
    wizard = opened(qtbot, session)
    go(wizard, "this-pc")
    shown: list[BaseException] = []
    monkeypatch.setattr(
        "app.gui.error_dialog.show_fault", lambda _wizard, fault: shown.append(fault)
    )

    def failing() -> Iterator[ProbeResult]:
        raise OSError("the registry is locked")
        yield

    session.survey = failing  # type: ignore[method-assign]
    page = at(wizard, ThisPc)
    with qtbot.waitSignal(wizard.surveyed, timeout=5000):
        page.again.click()
    assert str(shown[0]) == "the registry is locked" and page.again.isEnabled()


def test_what_else_was_looked_at_in_one_line(qtbot: QtBot) -> None:
    facts = MachineFacts(
        os=Os(family="linux"),
        tools=Tools(git="2.39"),
        network=Network(index="untrusted", pytorch="reachable", proxy="http://proxy:3128"),
    )
    assert summarize_rest(facts) == (
        "Git 2.39 · no CMake · package index certificate not trusted · PyTorch index reachable · "
        "proxy http://proxy:3128"
    )


# ---- Setup


def cards_of(page: Setup) -> list[ChoiceCard]:
    """The cards from top to bottom, the folded ones too."""
    if not page._unfolded:
        page.more.click()
    return [c for c in inside(page, ChoiceCard) if c.isVisible()]


def test_the_best_setup_is_chosen_and_the_impossible_cannot_be(qtbot: QtBot) -> None:
    session = FakeSession()
    wizard = opened(qtbot, session)
    go(wizard, "setup")
    cards = cards_of(at(wizard, Setup))
    assert [c.radio.isChecked() for c in cards] == [True, False, False, False]
    assert [c.radio.isEnabled() for c in cards] == [True, False, True, True]
    assert session.profile is not None and session.profile.id == "torch28-2025.11"
    assert "Newest. Needs driver 580; yours is 576.80." in text_of(wizard)
    QTest.mouseClick(cards[1], Qt.MouseButton.LeftButton)
    assert cards[0].radio.isChecked()


def test_what_an_administrator_fixed_is_said_and_cannot_be_changed(qtbot: QtBot) -> None:
    session = FakeSession()
    session.fixed = {
        "profile": "torch28-2025.11",
        "home": "C:\\Shared",
        "index": "https://a.invalid",
    }
    wizard = opened(qtbot, session)
    go(wizard, "setup")
    page = at(wizard, Setup)
    assert "Fixed by this PC's administrator: the setup, the folder, sources." in text_of(wizard)
    assert [c.radio.isEnabled() for c in cards_of(page)] == [True, False, False, False]
    assert not page.change.isEnabled()
    dialog = SourcesDialog(wizard)
    assert not dialog.fields["index"].isEnabled() and dialog.fields["proxy"].isEnabled()
    assert "administrator" in dialog.fields["index"].toolTip()


def test_a_fixed_setup_that_cannot_work_leaves_nothing_to_choose(qtbot: QtBot) -> None:
    session = FakeSession()
    session.fixed = {"profile": "torch212-2026.10"}  # needs a newer driver
    wizard = opened(qtbot, session)
    go(wizard, "setup")
    assert [c.radio.isChecked() for c in cards_of(at(wizard, Setup))] == [False] * 4
    assert not session.profile


def test_without_a_policy_nothing_is_said_to_be_fixed(qtbot: QtBot) -> None:
    wizard = opened(qtbot, FakeSession())
    go(wizard, "setup")
    assert "administrator" not in text_of(wizard)
    assert at(wizard, Setup).change.isEnabled()


def test_arrow_keys_choose_and_pass_over_what_cannot_work(qtbot: QtBot) -> None:
    session = FakeSession()
    wizard = opened(qtbot, session)
    go(wizard, "setup")
    cards = cards_of(at(wizard, Setup))
    cards[0].radio.setFocus()
    QTest.keyClick(cards[0].radio, Qt.Key.Key_Down)
    assert cards[2].radio.isChecked() and session.profile.id == "guide-2024.9.post3"  # type: ignore[union-attr]
    QTest.keyClick(cards[2].radio, Qt.Key.Key_Down)
    assert cards[3].radio.isChecked()
    QTest.keyClick(cards[3].radio, Qt.Key.Key_Up)
    assert cards[2].radio.isChecked()


def test_a_click_on_a_card_chooses_it_and_the_choice_stays(qtbot: QtBot) -> None:
    session = FakeSession()
    wizard = opened(qtbot, session)
    go(wizard, "setup")
    QTest.mouseClick(cards_of(at(wizard, Setup))[3], Qt.MouseButton.LeftButton)
    assert session.profile is not None and session.profile.id == "practice-cpu"
    wizard.forward()
    wizard.backward()
    assert [c.radio.isChecked() for c in cards_of(at(wizard, Setup))] == [False, False, False, True]


def test_a_card_under_the_mouse_shows_that_it_can_be_chosen(qtbot: QtBot) -> None:
    wizard = opened(qtbot, FakeSession())
    go(wizard, "setup")
    cards = cards_of(at(wizard, Setup))
    for card, changes in (
        (cards[0], False),
        (cards[1], False),
        (cards[2], True),
    ):  # chosen, impossible, possible
        before = card.grab().toImage()
        card.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, True)
        assert (card.grab().toImage() != before) is changes, card.radio.text()
        card.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)


def test_where_nothing_can_work_the_way_on_is_closed_with_its_reason(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = FakeSession()
    none = tuple(msgspec.structs.replace(c, verdict="blocked", recommended=False) for c in CHOICES)
    monkeypatch.setattr(session, "choices", lambda: none)
    wizard = opened(qtbot, session)
    go(wizard, "setup")
    page = at(wizard, Setup)
    assert not page.bar.primary.isEnabled()
    assert page.reason.text() == "No setup can work here yet; each card says what it needs."


def test_details_fold_out_and_in(qtbot: QtBot) -> None:
    wizard = opened(qtbot, FakeSession())
    go(wizard, "setup")
    card = cards_of(at(wizard, Setup))[0]
    card._toggle.click()
    qtbot.waitUntil(lambda: "Turing only as best effort." in text_of(wizard))
    assert card._toggle.text() == "Less"
    card._toggle.click()
    assert card._toggle.text() == "Details" and "Turing only as best effort." not in text_of(wizard)


def test_the_link_of_a_blocked_setup_opens_its_remedy(qtbot: QtBot) -> None:
    session = FakeSession()
    wizard = opened(qtbot, session)
    go(wizard, "setup")
    card = cards_of(at(wizard, Setup))[1]
    button = next(b for b in inside(card, Button) if b.text() == "Update the driver")
    button.click()
    assert session.opened == ["https://www.nvidia.com/drivers"]


def test_another_folder_is_taken(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    session = FakeSession()
    wizard = opened(qtbot, session)
    go(wizard, "setup")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "D:\\ai")
    at(wizard, Setup)._change_folder()
    assert session.answers.home == "D:\\ai"
    assert at(wizard, Setup).folder.accessibleName() == "D:\\ai"


def test_sources_are_taken_as_they_are_written(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = FakeSession()
    wizard = opened(qtbot, session)
    go(wizard, "setup")

    def fill(dialog: Dialog) -> int:
        named = {field.accessibleName(): field for field in inside(dialog, QLineEdit)}
        named["Package index"].setText("https://mirror.invalid/simple ")
        named["Mirror of Pythons (an address or a folder)"].setText("D:\\pythons")
        return 1

    monkeypatch.setattr(Dialog, "exec", fill)
    assert ask_sources(wizard)
    answers = session.answers
    assert (answers.index, answers.python_mirror, answers.proxy, answers.certificates) == (
        "https://mirror.invalid/simple",
        "D:\\pythons",
        None,
        "system",
    )


def test_a_setup_that_cannot_work_is_not_praised_in_green(qtbot: QtBot) -> None:
    first, second, *_ = CHOICES
    assert tag(first) == ("Recommended", "good")
    assert tag(second)[1] == "warn"
    assert (
        tag(msgspec.structs.replace(second, recommended=True))[1] == "warn"
    )  # the best there is, and not for this PC


def test_two_setups_side_by_side(qtbot: QtBot) -> None:
    rows = {row[0]: row[1:] for row in comparison(CHOICES[0], CHOICES[1], "windows")}
    assert rows["PyTorch"] == ("2.8.0+cu128", "2.12.1+cu130")
    assert rows["Here"] == ("works", "cannot work yet")
    assert rows["Triton"] == ("3.4.0", "–")
