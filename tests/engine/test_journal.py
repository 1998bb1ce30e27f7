"""The journal on a real disk: order, half-written lines, what was cut off, what was made."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from app.adapters.clock import SystemClock
from app.adapters.files import LocalFiles
from app.engine.journal import VERSION, Journal
from app.model.errors import InputError
from app.model.message import Message
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
    journal.began("2", Plan(title="Training"))
    journal.step_done("2", "train")
    journal.ended("2", "finished")
    assert journal.unfinished() == (PLAN, ("environment",)), "what else ran is no end of it"
    journal.began("3", PLAN)
    journal.ended("3", "finished")
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


def test_lines_of_other_versions_are_read_as_far_as_they_are_known(
    journal: Journal, tmp_path: Path
) -> None:
    """A newer program's step kinds, fields and lines, and the first version's lines without a version."""
    newer = [
        '{"at":"a","run":"r1","kind":"began","plan":{"title":"Install","profile":"p",'
        '"environment":"e","steps":[{"kind":"write-note","id":"n","title":"A note"}]}}',
        '{"at":"a","run":"r1","kind":"effect","effect":"made","values":{"path":"/x","n":[1]},'
        '"host":{"a":1},"version":9}',
        '{"version":9,"something":"else"}',
        '{"at":"a","run":"r1","kind":"paused","version":9,"step":"n"}',
        '{"at":"a","run":"r1","kind":"ended","outcome":"finished"}',
    ]
    (tmp_path / "journal.jsonl").write_text("".join(f"{line}\n" for line in newer))
    journal.effect("r2", "s")("made", {"path": "/y"})
    assert journal.made() == ("/y", "/x")
    assert [(e.kind, e.version) for e in journal.entries()] == [
        *(("began", 1), ("effect", 9), ("paused", 9), ("ended", 1), ("effect", VERSION)),
    ]
    assert journal.unfinished() is None
    began = journal.entries()[0]
    assert began.plan is not None and not began.understood and began.plan.environment == "e"


@pytest.mark.parametrize("messages", ["[]", "7", "null", '[{"text":"{n","more":1}]', "absent"])
def test_a_plan_is_read_whatever_stands_beside_it_of_its_sentences(
    tmp_path: Path, messages: str
) -> None:
    """Other programs wrote none, or write them otherwise: the English is there in any case."""
    journal = Journal(LocalFiles(), SystemClock(), str(tmp_path / "journal.jsonl"))
    journal.began("1", msgspec.structs.replace(PLAN, title=Message("Install {what}", what="x")))
    path = tmp_path / "journal.jsonl"
    fields = json.loads(path.read_bytes())
    assert fields["messages"] == [{"text": "Install {what}", "values": {"what": "x"}}]
    if messages == "absent":
        del fields["messages"]
    else:
        fields["messages"] = json.loads(messages)
    path.write_text(json.dumps(fields) + "\n")
    found = journal.unfinished()
    assert found is not None and found[0].title == "Install x"


def test_what_an_uninstall_took_is_not_listed_until_it_is_made_again(journal: Journal) -> None:
    record = journal.effect("1", "s")
    record("made", {"path": "/a"})
    assert journal.lists("/a/b") and not journal.lists("/ab")
    record("gone", {"path": "/a"})
    assert not journal.lists("/a/b")
    record("made", {"path": "/a"})
    assert journal.lists("/a")


def test_a_slash_of_an_older_program_is_windows_own_separator() -> None:
    home = "C:\\Users\\kim\\UnslothSetup"
    line = (
        '{"at":"2026-01-01T00:00:00Z","run":"crash","kind":"effect","step":"","effect":"made",'
        '"outcome":"","values":{"home":"C:\\\\Users\\\\kim\\\\UnslothSetup",'
        '"path":"C:\\\\Users\\\\kim\\\\UnslothSetup/reports"},"plan":null}\n'
    )
    journal = Journal(OneFile(line.encode()), SystemClock(), home + "\\journal.jsonl")
    assert journal.made() == (home + "\\reports",)
    assert journal.lists(home + "\\reports\\report.zip")
    assert not journal.lists(home + "\\notes.txt")


class OneFile(LocalFiles):
    """Files of which each holds the same bytes, for a path of another system."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._data = data

    def read(self, path: str) -> bytes | None:
        return self._data
