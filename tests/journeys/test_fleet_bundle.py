"""One bundle for a fleet.

Several profiles, licences and bills of materials inside, made larger without fetching again, and
used from a read-only share by several computers at once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from app.engine import bundling
from app.engine.session import Session
from app.knowledge import Knowledge
from app.model.errors import InputError
from app.model.event import Failed
from app.model.plan import FetchWheels, Plan
from tests.fault_index import FaultIndex, SmallWheel, lock_of, make_wheel
from tests.journeys import small
from tests.rights import held_above_permissions, obey_permissions

ROOT = Path(__file__).parents[2]
BASE = [make_wheel(f"piece-{n}", size=30_000, licence="Apache-2.0") for n in range(2)]
MORE = [make_wheel("extra", size=40_000, licence="MIT")]
pytestmark = [pytest.mark.slow]


def open_session(folder: Path, url: str, more: list[SmallWheel] | None = None) -> Session:
    """A session that knows two profiles, the second of them with more packages."""
    made = small.open_session(str(folder), url, lock_of(BASE))
    first = made.knowledge.profiles[0]
    second = small.profile(lock_of([*BASE, *(MORE if more is None else more)]))
    second = msgspec.structs.replace(second, id="other", title="Other")
    known = made.knowledge
    made.knowledge = Knowledge(
        profiles=(first, second),
        rules=known.rules,
        cards=known.cards,
        read_guide=known.read_guide,
        read_known_issues=known.read_known_issues,
    )
    return made


def bundled(session: Session, target: Path, *names: str, update: bool = False) -> None:
    """Make or enlarge a bundle, to its end."""
    events = list(session.exports.bundle(str(target), profiles=names, update=update))
    assert not [event for event in events if isinstance(event.what, Failed)]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of both profiles."""
    folder = tmp_path_factory.mktemp("fleet")
    with FaultIndex([*BASE, *MORE]) as index:
        bundled(open_session(folder / "maker", index.url), folder / "bundle", "small", "other")
    return folder / "bundle"


def test_it_holds_each_profile_once_with_licences_and_bills(both: Path) -> None:
    made = json.loads((both / "bundle.json").read_text())
    assert (made["profile"], made["profiles"]) == ("small", ["small", "other"])
    wheels = sorted(path.name for path in (both / "wheels").iterdir())
    assert wheels == sorted(one.file for one in (*BASE, *MORE))
    listed = {one["path"] for one in made["files"]}
    for one in (*BASE, *MORE):
        path = f"licences/{one.name}-1.0/licenses/LICENSE"
        assert path in listed
        kind = "MIT" if one.name == "extra" else "Apache-2.0"
        assert (both / path).read_text() == f"The text of {kind}\n"
    for name, packages in (("small", BASE), ("other", [*BASE, *MORE])):
        bill = json.loads((both / "sbom" / f"{name}.cdx.json").read_text())
        assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
        told = {
            part["name"]: (
                part["licenses"][0]["license"]["id"],
                part["hashes"][0]["content"],
                part["purl"],
            )
            for part in bill["components"]
        }
        assert told == {
            one.name: (
                "MIT" if one.name == "extra" else "Apache-2.0",
                one.sha256,
                f"pkg:pypi/{one.name}@1.0",
            )
            for one in packages
        }


def test_either_profile_is_taken_from_it_and_no_other(both: Path, tmp_path: Path) -> None:
    session = open_session(tmp_path / "home", "http://127.0.0.1:9/simple")
    session.change(offline=str(both))
    session.network.take_bundle()
    assert session.profile is None  # none is forced: the best of those that are in it
    assert {one.profile.id for one in session.choices()} == {"small", "other"}
    plan = msgspec.structs.replace(small.plan("other-1"), profile="other")
    steps = tuple(
        msgspec.structs.replace(step, profile="other") if hasattr(step, "profile") else step
        for step in plan.steps
    )
    list(session.execution.run(msgspec.structs.replace(plan, steps=steps)))
    assert session.execution.outcome == "finished"
    assert (tmp_path / "home" / "envs" / "other-1").is_dir()
    with pytest.raises(InputError, match="expected one of third"):
        bundling.usable(str(both), "third", session.place, session.system.files)


def test_an_update_fetches_only_what_is_new_and_drops_what_no_lock_names(tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    with FaultIndex([*BASE, *MORE]) as index:
        bundled(open_session(tmp_path / "maker", index.url), target, "small")
        before = index.sent
        with pytest.raises(InputError, match="holds a bundle of small") as refused:
            bundled(open_session(tmp_path / "maker", index.url), target, "small", "other")
        assert "--update" in refused.value.hint
        bundled(open_session(tmp_path / "maker", index.url), target, "other", update=True)
        assert index.sent - before == len(MORE[0].data)
        made = json.loads((target / "bundle.json").read_text())
        assert set(made["profiles"]) == {"small", "other"}
    newer = [make_wheel("extra", "2.0", size=10_000, licence="MIT")]
    with FaultIndex([*BASE, *newer]) as index:
        session = open_session(tmp_path / "maker", index.url, newer)
        bundled(session, target, update=True)
        assert index.sent == len(newer[0].data)
    names = {path.name for path in (target / "wheels").iterdir()}
    assert names == {one.file for one in (*BASE, *newer)}
    session.exports.check_bundle(str(target))


def test_a_notebook_kernels_packages_come_along(tmp_path: Path) -> None:
    kernel = msgspec.structs.replace(small.profile(lock_of(MORE)), id="jupyter", title="Kernel")
    with FaultIndex([*BASE, *MORE]) as index:
        session = open_session(tmp_path / "maker", index.url)
        session.knowledge = msgspec.structs.replace(session.knowledge, kernels=(kernel,))
        session.change(kernel=True)
        bundled(session, tmp_path / "bundle", "small")
    made = json.loads((tmp_path / "bundle" / "bundle.json").read_text())
    assert (made["profiles"], made["kernels"]) == ([], ["jupyter"])
    assert MORE[0].file in {path.name for path in (tmp_path / "bundle" / "wheels").iterdir()}
    assert (tmp_path / "bundle" / "sbom" / "jupyter.cdx.json").exists()
    session = open_session(tmp_path / "home", "http://127.0.0.1:9/simple")
    session.knowledge = msgspec.structs.replace(session.knowledge, kernels=(kernel,))
    session.change(offline=str(tmp_path / "bundle"))
    session.choose("small")
    step = FetchWheels(id="fetch", title="Kernel", profile="jupyter", part="packages")
    list(session.execution.run(Plan(title="Kernel", profile="small", steps=(step,))))
    assert session.execution.outcome == "finished"


def test_a_file_that_somebody_added_is_no_part_of_an_update(both: Path, tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    with FaultIndex([*BASE, *MORE]) as index:
        bundled(open_session(tmp_path / "maker", index.url), target, "small")
        (target / "wheels" / "mine.whl").write_bytes(b"mine")
        with pytest.raises(InputError, match=r"mine\.whl .* is not in its list"):
            bundled(open_session(tmp_path / "maker", index.url), target, "other", update=True)
    assert (target / "wheels" / "mine.whl").read_bytes() == b"mine"


@pytest.mark.posix
@pytest.mark.skipif(held_above_permissions(), reason="root here writes whatever the rights say")
def test_several_install_at_once_from_a_share_that_none_may_write(
    both: Path, tmp_path: Path
) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(lock_of(BASE))
    folders = [both, *(path for path in both.rglob("*") if path.is_dir())]
    before = {str(path): path.stat().st_mtime_ns for path in both.rglob("*")}
    for folder in folders:
        folder.chmod(0o555)

    def install(number: int) -> subprocess.CompletedProcess[str]:
        words = [str(tmp_path / f"home-{number}"), "http://127.0.0.1:9/simple", str(lock)]
        return subprocess.run(
            [sys.executable, "-m", "tests.journeys.small", *words, "small-1"],
            cwd=ROOT,
            env={**os.environ, "SMALL_ANSWERS": json.dumps({"offline": str(both)})},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            preexec_fn=obey_permissions,
        )

    try:
        with ThreadPoolExecutor() as pool:
            done = list(pool.map(install, range(3)))
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert [one.returncode for one in done] == [0, 0, 0], done[0].stderr[-2000:]
    assert {str(path): path.stat().st_mtime_ns for path in both.rglob("*")} == before
    for number in range(3):
        assert (tmp_path / f"home-{number}" / "active.json").exists()
