"""Automatic fixes for real.

A fault on a loopback index or on disk, its diagnosis, the plan of the fix, the run, the way back.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from app.decide.plans.builder import install_plan
from app.engine.session import Session
from app.model.advice import Diagnosis
from app.model.answers import SYSTEM_ALONE
from app.model.errors import InputError
from app.model.event import Failed, Skipped
from app.model.plan import Plan, RemoveTree
from tests.fault_index import FaultIndex, lock_of, make_wheel
from tests.journeys.small import open_session, plan

WHEELS = [make_wheel("piece-0", size=50_000), make_wheel("piece-1", size=20_000)]


@pytest.fixture
def index() -> Iterator[FaultIndex]:
    with FaultIndex(WHEELS) as made:
        yield made


@pytest.fixture
def session(index: FaultIndex, tmp_path: Path) -> Session:
    return open_session(str(tmp_path / "home"), index.url, lock_of(WHEELS))


def run(session: Session, what: Plan) -> Diagnosis | None:
    """Carry a plan out; the diagnosis of the step that failed."""
    failed = [e.what for e in session.execution.run(what) if isinstance(e.what, Failed)]
    return failed[0].diagnosis if failed else None


def mended(session: Session, remedy: str, what: Plan) -> Plan:
    """The plan of a fix, run to its end."""
    made = session.plans.remedy(remedy, what)
    assert run(session, made) is None
    assert session.execution.outcome == "finished"
    return made


def journalled(session: Session) -> list[tuple[str, str]]:
    """What was removed, by step."""
    return [
        (e.step, e.values["path"])
        for e in session.home.journal.entries()
        if e.kind == "effect" and e.effect == "removed"
    ]


def test_files_that_arrive_damaged_are_fetched_again(session: Session, index: FaultIndex) -> None:
    """Refetch: the damage stays for the whole first run; the plan names what goes, and the journal
    keeps it.
    """
    index.fail("piece_0.*whl$", "corrupt")
    found = run(session, plan("small-1"))
    assert found is not None and found.cause == "pip_hash_mismatch"
    assert (
        found.fix is not None
        and found.fix.automatic
        and found.fix.remedy == "refetch"
        and found.fix.does
    )
    index.rules.clear()
    made = mended(session, found.fix.remedy, plan("small-1"))
    first = made.steps[0]
    assert isinstance(first, RemoveTree) and first.touches == (session.place.wheels,)
    assert journalled(session) == [("fix-wheels", session.place.wheels)]
    pointer = session.home.pointer()
    assert pointer is not None and pointer.active == "small-1"


def test_an_emptied_cache_costs_time_only(session: Session) -> None:
    assert run(session, plan("small-1")) is None
    cache = Path(session.place.cache)
    (cache / "stale").write_text("of another time")
    made = mended(session, "clear-cache", plan("small-1"))
    assert made.steps[0].touches == (str(cache),)
    assert not (cache / "stale").exists()
    assert session.system.files.exists(session.place.environment_python("small-1"))


def test_a_damaged_setup_is_made_anew_beside_the_old_one_and_can_be_gone_back_to(
    session: Session,
) -> None:
    """One package gone from the active environment: the new one lacks nothing, and the old one is
    still there.
    """
    assert run(session, plan("small-1")) is None
    package = next(Path(session.place.environment("small-1")).rglob("piece_0/__init__.py"))
    package.unlink()
    made = mended(session, "rebuild-environment", plan("small-1"))
    assert made.environment == "small-1.2"
    assert next(Path(session.place.environment("small-1.2")).rglob("piece_0/__init__.py")).exists()
    back = session.undo.rollback()
    assert (back.active, back.previous) == ("small-1", "small-1.2")
    again = session.plans.remedy("rebuild-environment", plan("small-1"))
    assert again.environment == "small-1.3"  # .2 is what a rollback would go to


def test_a_bundle_of_certificates_gives_way_to_the_system_s(
    session: Session, tmp_path: Path
) -> None:
    session.change(certificates=str(tmp_path / "old.pem"))
    assert session.network.sources().certificate == str(tmp_path / "old.pem")
    assert session.plans.is_applicable("system-certificates")
    mended(session, "system-certificates", plan("small-1"))
    assert session.network.sources().certificate is None
    assert session.answers.certificates == SYSTEM_ALONE
    assert not session.plans.is_applicable("system-certificates")
    with pytest.raises(InputError, match="would change nothing"):
        session.plans.remedy("system-certificates", plan("small-1"))


def test_a_bundle_that_a_variable_names_gives_way_as_well(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SSL_CERT_FILE often outlives what it was set for; the choice "system" alone would go on
    taking it.
    """
    (tmp_path / "left.pem").write_text("")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "left.pem"))
    session.change(certificates="system")
    assert session.network.sources().certificate is not None
    session.plans.remedy("system-certificates", plan("small-1"))
    assert session.network.sources().certificate is None


def test_another_setup_is_planned_instead_and_the_first_stays(session: Session) -> None:
    first = session.knowledge.profiles[0]
    other = msgspec.structs.replace(first, id="other", title="Other")
    session.knowledge = msgspec.structs.replace(session.knowledge, profiles=(first, other))
    session.change(verify="none")
    assert run(session, plan("small-1")) is None
    made = session.plans.remedy("other-profile", plan("small-1"))
    assert made.profile == "other" and session.best().profile.id == "other"
    small = plan("other-1")
    assert run(session, msgspec.structs.replace(small, profile="other")) is None
    assert {s.kind for s in made.steps} <= {
        s.kind
        for s in install_plan(session.known_facts(), first, session.place, session.answers).steps
    }
    back = session.undo.rollback()
    assert back.active == "small-1"


def test_what_was_tried_comes_last(session: Session, index: FaultIndex) -> None:
    """Two setups have failed: the fix takes the third and not the first again; one that was never
    run here is not passed over.
    """
    first = session.knowledge.profiles[0]
    others = [msgspec.structs.replace(first, id=name, title=name) for name in ("second", "third")]
    session.knowledge = msgspec.structs.replace(session.knowledge, profiles=(first, *others))
    assert session.plans.remedy("other-profile", plan("small-1")).profile == "small"
    index.fail("whl$", "status", code=404)
    for name in ("small", "second"):
        assert run(session, msgspec.structs.replace(plan(f"{name}-1"), profile=name)) is not None
    assert (
        session.plans.remedy(
            "other-profile", msgspec.structs.replace(plan("second-1"), profile="second")
        ).profile
        == "third"
    )


def test_without_another_setup_none_is_offered(session: Session) -> None:
    assert run(session, plan("small-1")) is None
    assert not session.plans.is_applicable("other-profile")
    with pytest.raises(InputError, match="No other setup can work"):
        session.plans.remedy("other-profile", plan("small-1"))


def test_a_step_that_failed_is_tried_again_and_goes_on(session: Session, index: FaultIndex) -> None:
    """Retry: what the first run has done is found done."""
    index.fail("piece_1.*whl$", "status", code=404)
    assert run(session, plan("small-1")) is not None
    index.rules.clear()
    mended(session, "retry", plan("small-1"))
    assert "python" in {e.step for e in session.execution.events if isinstance(e.what, Skipped)}
    assert session.undo.unfinished() is None


def test_variables_are_set_in_a_new_environment_and_gone_with_it(session: Session) -> None:
    """Compilation off: the setup that works is not touched, the new one says so to every Python of
    it, a rollback takes it back.
    """
    assert run(session, plan("small-1")) is None
    made = mended(session, "compile-off", plan("small-1"))
    assert made.environment == "small-1.2"
    asked = "import os; print(os.environ.get('TORCHDYNAMO_DISABLE'))"

    def read_variable(environment: str) -> str:
        return session.system.processes.capture(
            [session.place.environment_python(environment), "-c", asked], 60.0
        ).out.strip()

    assert (read_variable("small-1"), read_variable("small-1.2")) == ("None", "1")
    pointer = session.home.pointer()
    assert pointer is not None and (pointer.active, pointer.previous) == ("small-1.2", "small-1")
