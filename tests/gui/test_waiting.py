"""A line that is cut while packages come.

The window says that it waits, for how long, and goes on by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.gui.pages.install import Install
from app.gui.run_progress import SILENT, RunProgress
from app.gui.widgets.step_list import detail, mark_of, shorten
from app.gui.wizard import Wizard
from app.model.event import AnyPayload, Failed, Progress, Started, StepEvent
from tests.gui.fake_session import Staged
from tests.gui.sample_run import PLAN, Act

WHOLE = 3_461_384_651


def feed(run_progress: RunProgress, at: float, what: AnyPayload) -> None:
    """One event of the torch step."""
    run_progress.take(StepEvent(at=at, step="torch", what=what))


def fetching(run_progress: RunProgress, at: float, done: float, rate: float = 7e6) -> None:
    feed(run_progress, at, Progress(done=done, total=WHOLE, rate=rate))


def test_a_line_without_data_is_waited_for_and_its_speed_is_not_forgotten() -> None:
    run_progress = RunProgress(PLAN)
    feed(run_progress, 0.0, Started(title="torch"))
    for at in range(1, 5):
        fetching(run_progress, at, 1e8 * at)
    row = run_progress.current
    assert row is not None and not row.waiting and run_progress.waiting_seconds == 0
    fetching(run_progress, 4 + SILENT - 0.5, 4e8, rate=0.0)
    assert not row.waiting
    for at in range(200):
        fetching(run_progress, 4 + SILENT + at, 4e8, rate=0.0)
    assert row.waiting and run_progress.waiting_seconds == 199 + SILENT
    assert detail(row, run_progress.rate) == "waiting for the network" and mark_of(row) == (
        "warn",
        "waiting for the network",
    )
    assert (
        run_progress.rate == 7e6 and run_progress.seconds_left < 3600
    )  # an average down to nothing once made this thousands of hours
    fetching(run_progress, 300.0, 5e8, rate=2e6)
    assert not row.waiting and run_progress.waiting_seconds == 0 and run_progress.rate == 2e6
    assert mark_of(row)[0] == "down"


def test_a_fetch_that_is_being_hashed_or_whose_size_is_not_known_waits_for_nobody() -> None:
    for total in (WHOLE, None):
        run_progress = RunProgress(PLAN)
        feed(run_progress, 0.0, Started(title="torch"))
        for at in range(60):
            feed(run_progress, at, Progress(done=WHOLE, total=total, rate=0.0))
        assert run_progress.current is not None and not run_progress.current.waiting


def test_a_failed_fetch_keeps_its_share() -> None:
    run_progress = RunProgress(PLAN)
    feed(run_progress, 0.0, Started(title="torch"))
    fetching(run_progress, 1.0, WHOLE / 4)
    before = run_progress.fetched
    feed(
        run_progress,
        2.0,
        Failed(code="network_timeout", message="example.org did not answer in time."),
    )
    assert run_progress.fetched == before == WHOLE / 4


def test_a_long_sentence_is_cut_between_words_in_the_narrow_column() -> None:
    long = (
        "download.pytorch.org did not answer in time while "
        "torch-2.8.0+cu128-cp312-cp312-win_amd64.whl was fetched."
    )
    assert shorten(long) == "download.pytorch.org did not answer in time while …"
    assert shorten("The disk is full.") == "The disk is full."


def cut() -> Iterator[Act]:
    """A line that is cut for ten seconds, then comes back."""
    yield "torch", Started(title="PyTorch for CUDA 12.8")
    for part in range(1, 4):
        yield "torch", Progress(done=1e8 * part, total=WHOLE, rate=7.4e6)
    for _ in range(10):
        yield "torch", Progress(done=3e8, total=WHOLE, rate=0.0)
    yield "torch", Progress(done=4e8, total=WHOLE, rate=3e6)
    yield "torch", Progress(done=5e8, total=WHOLE, rate=3e6)


@pytest.fixture
def session(tmp_path: Path) -> Staged:
    """A line that is cut until the gate opens."""
    made = Staged(tmp_path, cut)
    made.gate = (14, threading.Event())
    return made


def test_the_page_says_that_it_waits_and_that_it_goes_on(
    qtbot: QtBot, wizard: Wizard, session: Staged
) -> None:
    assert session.gate is not None
    qtbot.waitUntil(lambda: not wizard.is_surveying, timeout=30_000)
    wizard.go("install")
    page = wizard.page_of("install")
    assert isinstance(page, Install)
    page.start(PLAN)
    try:
        qtbot.waitUntil(
            lambda: page.title_label.text() == "Waiting for the network", timeout=30_000
        )
        whole = (
            "No data for 10 s. It goes on by itself when the network answers; "
            "what has arrived is kept."
        )
        # The head is refreshed between the events that count the seconds up.
        qtbot.waitUntil(lambda: page.subtitle_label.text() == whole, timeout=30_000)
        assert (
            page.view is not None
            and page.view.speed.text() == ""
            and not page.view.spark.isVisible()
        )
        shown = page.view.steps.widget_of(page.view.run_progress.rows[2])
        assert shown.note.text() == "waiting for the network" and shown.mark.state == "warn"
        assert shown.accessibleName() == "PyTorch for CUDA 12.8: waiting for the network"
    finally:  # a window whose plan runs asks before it closes
        session.gate[1].set()
    qtbot.waitUntil(lambda: not page.running, timeout=30_000)
    assert shown.accessibleName() == "PyTorch for CUDA 12.8: downloading"
