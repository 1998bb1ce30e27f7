"""Unpacking beside the fetch: installing finds the files in the cache, a failure harms nothing, nothing is left."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.decide.pylock import LockedFile
from app.model.errors import Stopped
from app.steps import provide_python, unpacking
from app.steps.children import run_child
from app.steps.site import Site
from tests.fault_index import SmallWheel, lock_of, make_wheel

BIG = make_wheel("big", size=9_000_000)


@pytest.fixture(autouse=True)
def nobody_stays(site: Site) -> Iterator[None]:
    """Every test ends with an idle worker."""
    yield
    site.world.stop.clear()
    unpacking.settle(site)


def fetched(site: Site, wheel: SmallWheel, sha256: str | None = None) -> LockedFile:
    """A wheel in the wheelhouse, as the fetch step leaves it."""
    site.world.files.write(site.place.wheel(wheel.file), wheel.data)
    return LockedFile(name=wheel.name, version=wheel.version, file=wheel.file, url="", sha256=(sha256 or wheel.sha256,))


def left(site: Site) -> list[str]:
    """Scratch files that are there."""
    return [p.name for p in Path(site.place.home).rglob("unpacking*")]


def begin(site: Site) -> unpacking.Unpacking:
    """The worker for this home."""
    worker = unpacking.begin(site, site.profiles["small"].python)
    assert worker is not None
    return worker


def test_installing_afterwards_links_what_was_unpacked(site: Site) -> None:
    begin(site).add([fetched(site, BIG)])
    unpacking.settle(site)
    unpacked = list(Path(site.place.cache).rglob("big/data.bin"))
    assert len(unpacked) == 1 and left(site) == []
    environment, uv = site.place.environment("e"), site.world.computer.uv()
    python = provide_python.find(site.profiles["small"].python, site)
    assert python is not None
    list(run_child(site, (uv, "venv", "--quiet", "--python", python, environment), "venv"))
    lock = site.place.at("lock.txt")
    site.world.files.write(lock, lock_of([BIG]).encode())
    list(run_child(site, (uv, "pip", "sync", "--python", site.place.environment_python("e"), "--offline", "--no-index",
                          "--find-links", site.place.wheels, "--require-hashes", "--link-mode", "hardlink", lock), "sync"))
    installed = next(Path(environment).rglob("big/data.bin"))
    assert installed.stat().st_ino == unpacked[0].stat().st_ino


def test_little_is_left_to_the_install_step(site: Site) -> None:
    begin(site).add([fetched(site, make_wheel("little", size=1000))])
    unpacking.settle(site)
    assert not list(Path(site.place.home).rglob("little/data.bin"))


def test_a_file_with_a_wrong_hash_is_not_unpacked_and_harms_nothing(site: Site) -> None:
    begin(site).add([fetched(site, BIG, "0" * 64)])
    unpacking.settle(site)
    assert left(site) == [] and not list(Path(site.place.home).rglob("big/data.bin"))


def test_a_kill_leaves_nothing_once_the_next_run_has_installed(site: Site) -> None:
    scratch = Path(site.place.cache) / "unpacking" / "big"
    scratch.mkdir(parents=True)
    (scratch / "data.bin").write_bytes(b"half")
    unpacking.settle(site)
    assert left(site) == []


def test_stop_ends_the_waiting_and_the_worker(site: Site) -> None:
    begin(site).add([fetched(site, make_wheel("huge", size=60_000_000))])
    site.world.stop.set()
    began = time.monotonic()
    with contextlib.suppress(Stopped):  # not raised where the worker saw the wish first
        unpacking.settle(site)
    while any(t.name == "unpacking" for t in threading.enumerate()):
        assert time.monotonic() - began < 3.0
        time.sleep(0.02)
    assert left(site) == []


def test_files_for_another_system_are_not_unpacked(site: Site) -> None:
    other = replace(site, platform="linux" if site.place.family == "windows" else "windows")
    assert unpacking.begin(other, "3.11") is None
