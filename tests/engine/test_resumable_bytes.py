"""What lies under home already is not asked for a second time.

A run that goes on needs only the room that is still missing.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest

from app.adapters.files import LocalFiles
from app.adapters.local_system import open_system
from app.adapters.resources import resource_names, resource_reader
from app.decide.findings.fact_table import build_fact_table
from app.decide.plans.builder import environment_name
from app.engine.resumable_bytes import measure_resumable
from app.knowledge import Knowledge, load
from app.model.home_layout import HomeLayout
from app.model.machine import Disk, Home, Leftover, MachineFacts, Os

FAMILY = open_system().computer.family
GB = 10**9


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load(resource_reader(), resource_names())


@pytest.fixture
def place(tmp_path: Path) -> HomeLayout:
    return HomeLayout(str(tmp_path / "home"), FAMILY)


def facts(place: HomeLayout, left: tuple[Leftover, ...] = ()) -> MachineFacts:
    return MachineFacts(
        os=Os(family=FAMILY),
        home=Home(path=place.home, volume="/here"),
        disks=(
            Disk(root="/", total=900 * GB, free=900 * GB),
            Disk(root="/here", total=20 * GB, free=GB),
        ),
        leftovers=left,
    )


def needed(knowledge: Knowledge, known: MachineFacts, profile: str) -> int:
    found = build_fact_table(known, knowledge.rules, knowledge.cards, knowledge.profile(profile))
    assert (
        found["disk.root"] == "/here" and found["disk.free"] == GB
    )  # the volume that it really lies on
    return int(found["disk.needed"])


@pytest.mark.skipif(
    sys.platform == "win32", reason="files with holes need a call of their own there"
)
def test_what_was_fetched_whole_or_in_part_is_not_fetched_again(
    knowledge: Knowledge, place: HomeLayout
) -> None:
    profile = knowledge.profile("practice-cpu")
    first, second = [
        wheel
        for p in profile.parts
        if p.platform == FAMILY
        for wheel in p.wheels
        if (wheel.size or 0) > 200_000
    ][:2]
    wheels = Path(place.wheels)
    wheels.mkdir(parents=True)
    (wheels / f"{first.name.replace('-', '_')}-{first.version}-py3-none-any.whl").write_bytes(
        b"x" * 50_000
    )
    with (wheels / f"{second.name.replace('-', '_')}-{second.version}-py3-none-any.whl.part").open(
        "wb"
    ) as half:
        half.truncate(GB)  # what has arrived of a file lies at its place in it
        half.write(b"x" * 70_000)
    (wheels / "somebody_else-1.0-py3-none-any.whl").write_bytes(b"x" * 90_000)
    here = measure_resumable(facts(place), knowledge.profiles, place, LocalFiles(), None, None)
    assert 120_000 <= here["practice-cpu"] < 200_000
    known = facts(place)
    assert known.home is not None
    changed = msgspec.structs.replace(known, home=msgspec.structs.replace(known.home, begun=here))
    assert (
        needed(knowledge, known, "practice-cpu") - needed(knowledge, changed, "practice-cpu")
        == here["practice-cpu"]
    )


def test_an_unfinished_and_an_active_setup_count_once(
    knowledge: Knowledge, place: HomeLayout
) -> None:
    profile = knowledge.profile("practice-cpu")
    name = environment_name(profile, FAMILY)
    disk = sum(p.disk for p in profile.parts if p.platform == FAMILY)
    Path(place.cache).mkdir(parents=True)
    (Path(place.cache) / "unpacked").write_bytes(b"x" * 40_000)

    def here(*left: Leftover, active: str | None = None, unfinished: str | None = None) -> int:
        return measure_resumable(
            facts(place, left), knowledge.profiles, place, LocalFiles(), active, unfinished
        ).get(profile.id, 0)

    def own(folder: str, size: int) -> Leftover:
        return Leftover(id=f"own:{folder}", kind="own", path=place.environment(folder), size=size)

    assert here() == 0
    assert here(unfinished="practice-cpu") == 40_000  # unpacked for it, to be linked from there
    assert here(unfinished="torch28-2025.11") == 0
    assert here(own(name, 30_000)) == 30_000
    assert here(own(name + ".2", 30_000), unfinished="practice-cpu") == 70_000
    assert (
        here(own("practice-cpu-00000000", 30_000)) == 0
    )  # made from another lock: nothing of it is used
    assert here(own(name, 10 * disk)) == disk  # never more than it needs
    whole = disk + sum(p.download for p in profile.parts if p.platform == FAMILY)
    assert here(active=name) == here(active=name + ".2") == whole
    LocalFiles().write(place.python_note(profile.python), b"{}")
    known = facts(place)
    assert known.home is not None
    changed = msgspec.structs.replace(
        known,
        home=msgspec.structs.replace(
            known.home,
            begun=measure_resumable(known, knowledge.profiles, place, LocalFiles(), name, None),
        ),
    )
    assert needed(knowledge, changed, profile.id) == 0  # all is here: no room is asked for
