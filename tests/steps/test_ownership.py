"""What is not this program's stays in a home, whatever a run does there.

What it broke or lost is mended.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from app.engine.session import Session
from app.model.answers import Answers
from app.model.errors import ExpectedError, InputError
from app.model.event import Failed
from app.model.machine import MachineFacts, Network, Os
from app.model.plan import Plan, RemoveTree
from tests.fault_index import FaultIndex, SmallWheel, lock_of, make_wheel
from tests.journeys.bench import active, usable
from tests.journeys.small import open_session, plan

WHEELS = [make_wheel(f"piece-{n}", size=20_000) for n in range(4)]
# What a run sweeps up or writes by these names where the folder is its own.
MINE = (
    *("cache/.tmpmine", "cache/unpacking-mine/x", "cache/simple-v99/.tmpmine"),
    *("locks/pylock.unpacking-mine.toml", "envs/mine.gone/x", "work/notes.txt"),
)


def run(session: Session, todo: Plan) -> list[Failed]:
    return [e.what for e in session.execution.run(todo) if isinstance(e.what, Failed)]


def fill(home: Path, *names: str) -> None:
    for name in names:
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")


def all_mine(home: Path, *names: str) -> bool:
    return all((home / name).read_text() == "mine" for name in names)


@pytest.fixture
def index() -> Iterator[FaultIndex]:
    with FaultIndex(WHEELS) as served:
        yield served


def visit_of(home: Path, index: FaultIndex, wheels: list[SmallWheel] = WHEELS) -> Session:
    return open_session(str(home), index.url, lock_of(wheels))


def test_nothing_is_made_in_a_folder_of_somebody_elses(tmp_path: Path, index: FaultIndex) -> None:
    fill(tmp_path, "thesis.docx", *MINE)
    before = {p: p.lstat().st_mtime_ns for p in tmp_path.rglob("*")}
    with pytest.raises(ExpectedError, match="UnslothSetup") as raised:
        run(visit_of(tmp_path, index), plan("small-0"))
    assert (raised.value.code, raised.value.exit_code) == ("home-not-ours", 3)
    assert {p: p.lstat().st_mtime_ns for p in tmp_path.rglob("*")} == before
    for act in (
        lambda v: v.undo.rollback(),
        lambda v: v.exports.write_report(),
        lambda v: list(v.undo.remove(v.undo.uninstallable())),
    ):
        try:
            act(visit_of(tmp_path, index))
        except (ExpectedError, InputError) as refused:
            assert refused.message
    assert {p: p.lstat().st_mtime_ns for p in tmp_path.rglob("*")} == before


def test_a_home_whose_papers_are_gone_keeps_what_a_person_put_into_its_folders(
    tmp_path: Path, index: FaultIndex
) -> None:
    fill(tmp_path, *MINE)
    assert run(visit_of(tmp_path, index), plan("small-0")) == []
    assert usable(tmp_path) == "" and all_mine(tmp_path, *MINE)
    session = visit_of(tmp_path, index)
    list(session.undo.remove([item for item in session.undo.uninstallable() if item.in_all]))
    assert all_mine(tmp_path, *MINE) and not (tmp_path / "envs" / "small-0").exists()
    assert (tmp_path / "journal.jsonl").exists()
    assert json.loads((tmp_path / "unsloth-setup-home.json").read_text())["adopted"]


@pytest.mark.parametrize("same", [False, True])
def test_a_wheel_of_the_same_name_is_used_or_left_but_never_replaced(
    tmp_path: Path, index: FaultIndex, same: bool
) -> None:
    path = tmp_path / "wheels" / WHEELS[0].file
    path.parent.mkdir()
    path.write_bytes(WHEELS[0].data if same else b"mine")
    before = path.stat().st_mtime_ns
    failed = run(visit_of(tmp_path, index), plan("small-0"))
    assert [fault.code for fault in failed] == ([] if same else ["not-ours"])
    assert path.read_bytes() == (WHEELS[0].data if same else b"mine")
    assert path.stat().st_mtime_ns == before


def test_an_environments_folder_of_somebody_elses_is_not_made_anew(
    tmp_path: Path, index: FaultIndex
) -> None:
    fill(tmp_path, "envs/small-0/lib/mine.py", "envs/small-0/pyvenv.cfg")
    failed = run(visit_of(tmp_path, index), plan("small-0"))
    assert [fault.code for fault in failed] == ["not-ours"]
    assert all_mine(tmp_path, "envs/small-0/lib/mine.py", "envs/small-0/pyvenv.cfg")


def test_what_lies_behind_a_link_in_home_stays(tmp_path: Path, index: FaultIndex) -> None:
    home, big = tmp_path / "home", tmp_path / "big"
    assert run(visit_of(home, index), plan("small-0")) == []
    fill(big, ".tmpmine", "unpacking-mine/x", "bucket/.tmpmine")
    (home / "cache").rename(tmp_path / "old")
    try:
        (home / "cache").symlink_to(big, target_is_directory=True)
    except OSError:
        pytest.skip("links need a privilege here")
    assert run(visit_of(home, index), plan("small-1")) == []
    assert all_mine(big, ".tmpmine", "unpacking-mine/x", "bucket/.tmpmine")
    todo = Plan(
        title="Clean-up",
        steps=(RemoveTree(id="r", title="Cache", path=str(home / "cache")),),
    )
    assert run(visit_of(home, index), todo) == []
    assert all_mine(big, ".tmpmine") and not (home / "cache").is_symlink()


def test_only_what_is_listed_can_be_removed_by_a_plan(tmp_path: Path, index: FaultIndex) -> None:
    assert run(visit_of(tmp_path, index), plan("small-0")) == []
    fill(tmp_path, "models/mine.bin")
    todo = Plan(title="x", steps=(RemoveTree(id="r", title="x", path=str(tmp_path / "models")),))
    assert [fault.code for fault in run(visit_of(tmp_path, index), todo)] == ["not-ours"]
    assert all_mine(tmp_path, "models/mine.bin")


@pytest.mark.parametrize("damage", ["gone", "cut off", "in the cache too", "said so"])
def test_the_same_command_mends_what_is_broken(
    tmp_path: Path, index: FaultIndex, damage: str
) -> None:
    session = visit_of(tmp_path, index)
    assert run(session, plan("small-0")) == []
    assert session.plans.repair(plan("small-0")) == (plan("small-0"), "")
    (path,) = [p for p in (tmp_path / "envs").rglob("*.py") if "piece_1" in str(p)][:1]
    if damage == "gone":
        path.unlink()
    elif damage == "cut off":
        data = path.read_bytes()
        path.unlink()
        path.write_bytes(data[:-1])
    elif damage == "in the cache too":
        with path.open("ab") as shared:  # the cache has it by a hard link
            shared.write(b"#")
    else:
        record = tmp_path / "verified" / "small-0.json"
        record.write_text('{"schema":"verification/1","overall":"broken"}')
    todo, reason = session.plans.repair(plan("small-0"))
    assert "small-0" in reason and todo.environment == "small-0.2"
    assert run(session, todo) == []
    assert active(tmp_path) == "small-0.2" and usable(tmp_path) == ""
    assert session.plans.repair(msgspec.structs.replace(todo))[1] == ""
    assert session.undo.rollback_info().environment == "small-0"
    assert session.undo.rollback_info().doubtful is (damage == "said so")


def test_a_fetch_that_failed_is_no_verdict_about_an_environment(tmp_path: Path) -> None:
    with FaultIndex(WHEELS[:2]) as half:
        session = visit_of(tmp_path, half)
        assert run(session, plan("small-0")) != []
    assert session.execution.cut_short and session.execution.verification is None
    assert list((tmp_path / "verified").iterdir()) == []


def test_an_index_that_the_answers_name_is_judged_as_the_survey_saw_it(
    tmp_path: Path, index: FaultIndex
) -> None:
    session = visit_of(tmp_path, index)
    seen = MachineFacts(
        os=Os(family="linux"), network=Network(index="unreachable", pytorch="reachable")
    )
    session.facts = seen
    assert "mirror-unreachable" in {f.id for f in session.findings()}
    session.change(index="https://other.example/simple")  # which nobody has asked yet
    assert "mirror-unreachable" not in {f.id for f in session.findings()}
    theirs = Session(
        session.system, session.knowledge, Answers(index=index.url), session.resource, seen
    )
    assert "mirror-unreachable" not in {f.id for f in theirs.findings()}
