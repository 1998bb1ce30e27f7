"""A clock that jumps changes names and times, and nothing else.

No record is taken for another, limits hold, locks hold.
"""

from __future__ import annotations

import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest

from app.adapters.download.web import HttpWeb
from app.adapters.files import LocalFiles
from app.adapters.processes.local_processes import LocalProcesses
from app.engine import reporting
from app.model.errors import ExpectedError
from app.model.event import Failed
from app.ports import Command, Download
from tests.fault_index import FaultIndex, lock_of, make_wheel
from tests.journeys.small import open_session, plan

WHEELS = [make_wheel("piece-0", size=50_000)]


@pytest.mark.fault("clock and sleep")
@pytest.mark.parametrize("way", ["forward", "back"])
def test_the_report_is_of_the_newest_run_whatever_the_clock_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setenv("SMALL_CLOCK", way)
    with FaultIndex(WHEELS) as index:
        session = open_session(str(tmp_path / "home"), index.url, lock_of(WHEELS))
        index.fail("whl$", "status", code=404, times=1)
        failed = list(session.execution.run(plan("small-1")))
        assert any(isinstance(e.what, Failed) for e in failed)
        assert any(isinstance(e.what, Failed) for e in reporting.gather_report(session).events)
        finished = list(session.execution.run(plan("small-1")))
        assert session.execution.outcome == "finished"
    kept = reporting.gather_report(session).events
    assert not any(isinstance(e.what, Failed) for e in kept)
    assert {e.step for e in kept} == {e.step for e in finished}
    assert session.undo.unfinished() is None
    assert all(a.at <= b.at for a, b in pairwise(finished))  # a run's own times never jump


@pytest.mark.fault("clock and sleep")
def test_two_runs_in_the_same_second_keep_their_own_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultIndex(WHEELS) as index:
        session = open_session(str(tmp_path / "home"), index.url, lock_of(WHEELS))
        monkeypatch.setattr(type(session.system.clock), "now", lambda _: "2026-11-24T15:00:00Z")
        index.fail("whl$", "status", code=404, times=1)
        list(session.execution.run(plan("small-1")))
        list(session.execution.run(plan("small-1")))
    assert len(list((tmp_path / "home" / "logs").glob("2026*.log"))) == 2
    assert not any(isinstance(e.what, Failed) for e in reporting.gather_report(session).events)


@pytest.fixture
def wild_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The computer's own wall clock, as this program could ask it, jumps a day with every look, to
    and fro.
    """
    looks = iter(range(1_000_000))
    monkeypatch.setattr(time, "time", lambda: 1.7e9 + 86400.0 * (-1) ** next(looks))


@pytest.mark.fault("clock and sleep")
@pytest.mark.usefixtures("wild_clock")
def test_time_limits_and_retries_do_not_look_at_the_wall_clock(tmp_path: Path) -> None:
    python = LocalProcesses(threading.Event())
    list(
        python.stream(
            Command(argv=(sys.executable, "-c", "import time; time.sleep(1)")), limit_seconds=120
        )
    )
    with pytest.raises(ExpectedError, match="did not end within"):
        list(
            python.stream(
                Command(argv=(sys.executable, "-c", "import time; time.sleep(300)")),
                limit_seconds=0.5,
            )
        )
    with FaultIndex(WHEELS) as index:
        index.fail("whl$", "drop", times=3, after=10_000)
        index.fail("whl$", "slow", rate=30_000.0)
        wanted = Download(
            url=index.address(WHEELS[0]),
            target=str(tmp_path / WHEELS[0].file),
            sha256=(WHEELS[0].sha256,),
            size=len(WHEELS[0].data),
        )
        events = list(HttpWeb(threading.Event()).fetch([wanted]))
    assert (tmp_path / WHEELS[0].file).read_bytes() == WHEELS[0].data
    assert all(t.rate is None or 0 <= t.rate < 1e9 for t in events)
    assert [t.done for t in events] == sorted(t.done for t in events)


@pytest.mark.usefixtures("wild_clock")
def test_a_lock_is_no_matter_of_time(tmp_path: Path) -> None:
    lock = str(tmp_path / "running.lock")
    with LocalFiles().hold(lock, "install"):
        with pytest.raises(ExpectedError, match="install"), LocalFiles().hold(lock, "verify"):
            pass
    with LocalFiles().hold(lock, "verify"):
        pass
