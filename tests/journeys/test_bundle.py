"""A bundle made on one machine installs on another with the network cut; a damaged one is named."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from app.engine import bundling
from app.model.errors import BadInput
from app.model.event import Failed
from tests.fault_index import FaultIndex, lock_of, make_wheel
from tests.journeys.small import plan, session


@pytest.fixture
def made(tmp_path: Path) -> tuple[str, Path]:
    """A bundle of three small wheels, and its lock."""
    wheels = [make_wheel(f"piece-{n}", size=50_000) for n in range(3)]
    lock, folder = lock_of(wheels), tmp_path / "bundle"
    with FaultIndex(wheels) as index:
        visit = session(str(tmp_path / "maker"), index.url, lock)
        events = list(bundling.bundle(visit.knowledge.profiles[0], visit._platform(), str(folder), visit.site()))
    assert not [e for e in events if isinstance(e.what, Failed)]
    return lock, folder


def test_a_bundle_installs_without_any_index(made: tuple[str, Path], tmp_path: Path) -> None:
    lock, folder = made
    visit = session(str(tmp_path / "other"), "http://127.0.0.1:9/simple", lock)  # nothing listens there
    visit.change(offline=str(folder))
    list(visit.run(plan("small-1")))
    assert visit.outcome == "finished"
    pointer = visit.pointer()
    assert pointer is not None and pointer.active == "small-1"


def test_a_bundle_is_checked_file_by_file(made: tuple[str, Path], tmp_path: Path) -> None:
    lock, folder = made
    visit = session(str(tmp_path / "other"), "http://127.0.0.1:9/simple", lock)
    listed = visit.check_bundle(str(folder))
    assert sum(f.path.endswith(".whl") for f in listed.files) == 3
    wheel = next(folder.glob("wheels/*.whl"))
    data = wheel.read_bytes()
    wheel.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(BadInput, match=wheel.name):
        visit.check_bundle(str(folder))
    wheel.unlink()
    with pytest.raises(BadInput, match="missing"):
        visit.check_bundle(str(folder))


def test_a_hostile_list_cannot_lead_outside(made: tuple[str, Path], tmp_path: Path) -> None:
    lock, folder = made
    visit = session(str(tmp_path / "other"), "http://127.0.0.1:9/simple", lock)
    listed = visit.check_bundle(str(folder))
    hostile = msgspec.structs.replace(listed, files=(msgspec.structs.replace(listed.files[0], path="../../etc/passwd"),))
    (folder / bundling.MANIFEST).write_bytes(msgspec.json.encode(hostile))
    with pytest.raises(BadInput, match="inside the bundle"):
        visit.check_bundle(str(folder))
    (folder / bundling.MANIFEST).unlink()
    with pytest.raises(BadInput, match="no bundle"):
        visit.check_bundle(str(folder))
