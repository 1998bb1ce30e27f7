"""Packages that the guide's clean-up took out.

Shown where they can be put back, with what that would install.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.decide.plans.builder import packages_back_plan
from app.engine.stages import Stage
from app.gui.widgets.card import Elided
from app.gui.widgets.removed_packages import Offer
from app.model.errors import ExpectedError
from app.model.event import AnyPayload, Line, StepEvent
from app.model.plan import Plan
from app.steps.put_packages_back import SavedPackages
from tests.gui.fake_session import FakeSession, Staged
from tests.gui.test_wizard import _speaks_english, go, inside, opened  # noqa: F401

TAKEN = SavedPackages(
    saved="Q:\\packages-2026-11-24T150000Z.txt",
    python="C:\\old\\envs\\tune\\Scripts\\python.exe",
    day="2026-11-24",
    packages=("torch==2.6.0+cu124", "unsloth==2025.3.1"),
)


def putting_back(
    session: FakeSession, *acts: AnyPayload, fault: ExpectedError | None = None
) -> tuple[list[Plan], threading.Event]:
    """Let the session put packages back: the acts it tells, held at the last until the event is set."""
    plans: list[Plan] = []
    let = threading.Event()

    def run_aside(plan: Plan) -> Iterator[StepEvent]:
        plans.append(plan)
        for what in acts:
            yield StepEvent(step="put-back", at=0.0, what=what)
        let.wait(20)
        if fault is not None:
            raise fault
        session.taken.clear()

    session.execution.run_aside = run_aside  # type: ignore[method-assign]
    session.plans.packages_back = lambda saved: packages_back_plan(  # type: ignore[method-assign]
        saved, TAKEN.python, TAKEN.packages, session.place
    )
    return plans, let


@pytest.mark.parametrize("stage", ["clean-up", "ready"])
def test_packages_that_were_taken_out_are_shown_and_put_back(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: Stage
) -> None:
    session = Staged(tmp_path)
    session.taken = [TAKEN]
    plans, let = putting_back(session, Line(text=b"\x1b[32mPrepared\x1b[0m 2 packages\n"))
    wizard = opened(qtbot, session)
    go(wizard, stage)
    card = wizard.page_of(stage).taken  # type: ignore[attr-defined]
    qtbot.waitUntil(card.isVisible, timeout=20000)
    row = card.rows[TAKEN.saved]
    assert (
        row.name == "Packages taken out of tune on 24 Nov 2026"
        and "torch 2.6.0+cu124, unsloth 2025.3.1" in row.status_line.text()
    )
    shown: list[str] = []

    def answer(given: bool) -> None:
        def exec_(dialog: Offer) -> bool:
            shown[:] = [label.accessibleName() for label in inside(dialog, Elided)]
            return given

        monkeypatch.setattr(Offer, "exec", exec_)

    answer(False)
    row.button.click()
    assert shown == ["C:\\old\\envs\\tune", *TAKEN.packages] and plans == [] and not wizard.busy()
    answer(True)
    row.button.click()
    qtbot.waitUntil(
        lambda: row.status_line.accessibleName() == "Prepared 2 packages", timeout=20000
    )
    assert wizard.busy() and row.button.text() == "Stop"
    card.refresh()  # does not take away the row that is at work
    with qtbot.waitSignal(
        wizard.surveyed, timeout=20000
    ):  # the page looks again: what is back is among what is found
        let.set()
    assert [[s.kind for s in plan.steps] for plan in plans] == [
        ["put-packages-back"]
    ] and not wizard.busy()
    assert row.status_line.accessibleName() == "Back where they were" and not row.button.isVisible()
    card.refresh()
    qtbot.waitUntil(lambda: not card.isVisible(), timeout=20000)


def test_packages_that_cannot_be_put_back_say_why_and_stay_on_offer(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = FakeSession()
    session.taken = [TAKEN]
    _, let = putting_back(
        session,
        fault=ExpectedError("child-failed", "Putting the packages back failed (exit code 2)."),
    )
    wizard = opened(qtbot, session)
    go(wizard, "clean-up")
    card = wizard.page_of("clean-up").taken  # type: ignore[attr-defined]
    qtbot.waitUntil(card.isVisible, timeout=20000)
    row, texts = card.rows[TAKEN.saved], [""][:0]
    monkeypatch.setattr(Offer, "exec", lambda _: True)
    monkeypatch.setattr(
        "app.gui.widgets.removed_packages.show_fault",
        lambda _wizard, fault: texts.append(fault.message),
    )
    let.set()
    row.button.click()
    qtbot.waitUntil(lambda: bool(texts), timeout=20000)
    assert texts == ["Putting the packages back failed (exit code 2)."]
    assert (
        row.button.isVisible()
        and row.button.text() == "Put back …"
        and "torch 2.6.0+cu124" in row.status_line.text()
    )


def test_where_nothing_was_taken_out_nothing_is_offered(qtbot: QtBot) -> None:
    wizard = opened(qtbot, FakeSession())
    go(wizard, "clean-up")
    qtbot.waitUntil(lambda: not wizard._streams, timeout=20000)
    assert not wizard.page_of("clean-up").taken.isVisible()  # type: ignore[attr-defined]
