"""A report opens its sender's PC, and the run that it recorded plays back.

In the install page, at the speed that is chosen.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.__main__ import open_session
from app.engine.session import Session
from app.engine.simulation import simulate_run
from app.gui import languages
from app.gui.main import application
from app.gui.pages.install import Install
from app.gui.widgets.diagnosis_card import DiagnosisCard
from app.gui.wizard import Wizard
from app.model.event import Failed, Finished, Line, Started, StepEvent, Stopped
from app.model.plan import Plan
from tests.gui.fake_session import flush_and_close
from tests.gui.test_wizard import inside, text_of

MACHINE = Path(__file__).parents[2] / "resources" / "machines" / "rtx3090-windows.json"


def session_of(machine: Path, profile: str | None = None) -> Session:
    return open_session(
        argparse.Namespace(
            answers=None,
            home=None,
            profile=profile,
            offline=None,
            index=None,
            pytorch_index=None,
            machine=str(machine),
        )
    )


class Clock:
    """A wish to stop that only counts what is waited for; ``after`` seconds of it the wish is
    there.
    """

    def __init__(self, after: float = 1e9) -> None:
        self.waited, self.longest, self.after = 0.0, 0.0, after

    def is_set(self) -> bool:
        return self.waited >= self.after

    def set(self) -> None:
        self.after = 0.0

    def clear(self) -> None:
        self.after = 1e9

    def wait(self, timeout: float | None = None) -> bool:
        self.waited += timeout or 0.0
        self.longest = max(self.longest, timeout or 0.0)
        return self.is_set()


def recording() -> tuple[StepEvent, ...]:
    """Two minutes in a thousand events, one gap of half a minute among them."""
    times = [n * 0.09 for n in range(1000)] + [120.0]
    return tuple(StepEvent(at=at, step="python", what=Line(text=b"x\n")) for at in times)


@pytest.mark.parametrize("speed", [1.0, 10.0, 60.0])
def test_a_recording_takes_as_long_as_it_took_by_the_speed(speed: float) -> None:
    clock = Clock()
    played = list(simulate_run(Plan(title="", profile=""), recording(), {}, clock, lambda: speed))
    assert played == list(recording())
    assert clock.waited == pytest.approx(120.0 / speed, rel=0.02)
    assert clock.longest <= 0.1, "a stop or another speed is heard within a tenth of a second"


def test_the_speed_can_change_while_it_plays_and_a_stop_ends_it() -> None:
    clock = Clock()
    list(
        simulate_run(
            Plan(title="", profile=""),
            recording(),
            {},
            clock,
            lambda: 1.0 if clock.waited < 60 else 60.0,
        )
    )
    assert clock.waited == pytest.approx(61.0, abs=0.5)
    stopped = Clock(after=3.0)
    assert isinstance(
        list(simulate_run(Plan(title="", profile=""), recording(), {}, stopped, lambda: 1.0))[
            -1
        ].what,
        Stopped,
    )
    assert stopped.waited < 3.2


# ---- in the window


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with a run in it, of a setup that would not be the first choice there."""
    session = session_of(MACHINE, "torch26-2025.3")
    for _ in session.execution.run(session.plans.install()):
        pass
    return Path(session.exports.write_report(str(tmp_path_factory.mktemp("report") / "report.zip")))


@pytest.fixture
def wizard(qtbot: QtBot, report: Path) -> Iterator[Wizard]:
    application()
    languages.install_language("en")
    made = Wizard(session_of(report))
    qtbot.addWidget(made)
    with qtbot.waitSignal(made.surveyed, timeout=10_000):
        made.show()
    made.resize(1120, 740)
    yield made
    flush_and_close(made)


def install(wizard: Wizard) -> Install:
    wizard.go("install")
    found = wizard.currentPage()
    assert isinstance(found, Install)
    return found


def test_the_senders_plan_comes_back_and_his_run_is_offered(wizard: Wizard) -> None:
    page = install(wizard)
    assert page.plan is not None and page.plan.profile == "torch26-2025.3"
    assert "recorded run of this plan" in page.subtitle_label.text()
    assert page.bar.primary is not None and page.bar.primary.text() == "Play the recorded run"


def test_the_recorded_run_plays_back_at_the_speed_that_is_pressed(
    qtbot: QtBot, wizard: Wizard
) -> None:
    session, page = wizard.session, install(wizard)
    assert page.bar.primary is not None
    page.bar.primary.click()
    view = page.view
    assert view is not None and view.pace is not None
    assert [b.text() for b in view.pace.buttons.values() if b.isChecked()] == ["10×"]
    qtbot.waitUntil(lambda: len(session.execution.events) > 2, timeout=5000)
    qtbot.waitUntil(lambda: page.subtitle_label.text().startswith("Recorded run"), timeout=5000)
    view.pace.buttons[60].click()
    assert session.simulation.speed == 60.0
    session.simulation.speed = 1e6  # the rest at once
    qtbot.waitUntil(lambda: not wizard.busy(), timeout=20_000)
    found = [(e.step, type(e.what)) for e in session.execution.events]
    assert found == [(e.step, type(e.what)) for e in session.simulation.recording]
    qtbot.waitUntil(lambda: wizard.stage == "verify", timeout=5000)
    assert wizard.page_of("verify").subtitle_label.text().startswith("Recorded on another PC")


def test_another_setup_is_simulated_and_has_no_speed(qtbot: QtBot, wizard: Wizard) -> None:
    wizard.session.choose("torch28-2025.11")
    page = install(wizard)
    assert page.bar.primary is not None and page.bar.primary.text() == "Install"
    page.bar.primary.click()
    assert page.view is not None and page.view.pace is None
    wizard.session.execution.stop()
    qtbot.waitUntil(lambda: not wizard.busy(), timeout=5000)


def test_a_recorded_failure_ends_as_one(qtbot: QtBot, wizard: Wizard) -> None:
    session = wizard.session
    first = session.plans.install().steps[0]
    session.simulation.recording = (
        StepEvent(at=0.0, step=first.id, what=Started(title=first.title)),
        StepEvent(
            at=1.0, step=first.id, what=Failed(code="disk-full", message="The disk is full.")
        ),
    )
    session.simulation.speed = 1e6
    page = install(wizard)
    page.start(session.plans.install())
    qtbot.waitUntil(lambda: not wizard.busy(), timeout=5000)
    assert session.execution.outcome == "failed" and page.title_label.text() == "Not finished"
    assert "The disk is full" in text_of(wizard)


def test_a_failed_run_plays_back_to_the_senders_card(
    qtbot: QtBot, wizard: Wizard, tmp_path: Path
) -> None:
    """Over a report: recorded, cleaned, packed, read again, played; the card says what the sender's
    said.
    """
    sender = session_of(MACHINE, "torch28-2025.11")
    plan = sender.plans.install()
    step = plan.steps[1]
    known_issue = sender.execution.explain(
        b"line one\nOSError: [Errno 28] No space left on device\n"
    )
    assert known_issue.cause == "disk_full" and known_issue.evidence
    failed = Failed(code="disk-full", message="The disk is full.", diagnosis=known_issue)
    sender.simulation.recording = (
        StepEvent(at=0.0, step=step.id, what=Started(title=step.title)),
        StepEvent(
            at=0.5, step=step.id, what=Line(text=b"OSError: [Errno 28] No space left on device\n")
        ),
        StepEvent(at=1.0, step=step.id, what=failed),
    )
    sender.simulation.profile = plan.profile
    for _ in sender.execution.run(plan):
        pass
    session = session_of(Path(sender.exports.write_report(str(tmp_path / "failed.zip"))))
    with qtbot.waitSignal(wizard.surveyed, timeout=10_000):
        wizard.open_session(session)
    page = install(wizard)
    assert page.bar.primary is not None and page.bar.primary.text() == "Play the recorded run"
    session.simulation.speed = 1e6
    page.bar.primary.click()
    qtbot.waitUntil(lambda: not wizard.busy(), timeout=5000)
    (card,) = inside(wizard, DiagnosisCard)
    assert card.diagnosis == known_issue
    assert known_issue.title in text_of(wizard)


def test_a_plain_machine_file_has_no_recording() -> None:
    session = session_of(MACHINE)
    assert (
        session.simulation.recording == ()
        and session.simulation.profile is None
        and not session.simulation.is_replay(session.plans.install())
    )
    assert any(isinstance(e.what, Finished) for e in session.execution.run(session.plans.install()))
