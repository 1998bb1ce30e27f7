"""The journal on a real disk: order, half-written lines, what was cut off, what was made."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.adapters.clock import SystemClock
from app.adapters.files import LocalFiles
from app.engine.journal import Journal
from app.model.errors import InputError
from app.model.plan import CreateEnvironment, Plan, Quarantine

PLAN = Plan(
    title="Install",
    profile="p",
    environment="p-1",
    steps=(CreateEnvironment(id="environment", title="Own", environment="p-1", python="3.11"),),
)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(LocalFiles(), SystemClock(), str(tmp_path / "journal.jsonl"))


def test_a_cut_off_run_is_found_with_the_steps_it_did(journal: Journal) -> None:
    assert journal.unfinished() is None
    journal.began("1", PLAN)
    journal.step_done("1", "environment")
    assert journal.unfinished() == (PLAN, ("environment",))
    journal.ended("1", "stopped")
    assert journal.unfinished() == (PLAN, ("environment",))
    journal.ended("2", "finished")
    assert journal.unfinished() is None


def test_a_plan_without_an_environment_leaves_nothing_to_go_on_with(journal: Journal) -> None:
    journal.began(
        "1",
        Plan(title="Clean-up", steps=(Quarantine(id="q", title="Move", leftover="l", path="/x"),)),
    )
    assert journal.unfinished() is None


def test_a_half_written_last_line_is_left_out_and_mended(journal: Journal, tmp_path: Path) -> None:
    journal.began("1", PLAN)
    path = tmp_path / "journal.jsonl"
    path.write_bytes(path.read_bytes() + b'{"at":"2026-11-24T15:00:00Z","run":"1","kind":"eff')
    assert len(journal.entries()) == 1
    journal.ended("1", "finished")
    assert [e.kind for e in journal.entries()] == ["began", "ended"]


def test_a_foreign_line_in_the_middle_is_named(journal: Journal, tmp_path: Path) -> None:
    journal.began("1", PLAN)
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b"hello\n" + path.read_bytes())
    with pytest.raises(InputError, match="line 1"):
        journal.entries()


def test_what_was_made_comes_newest_first_and_once(journal: Journal) -> None:
    record = journal.effect("1", "s")
    for path in ("/a", "/b", "/a"):
        record("made", {"path": path})
    assert journal.made() == ("/a", "/b")
