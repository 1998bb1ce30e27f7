"""Unpacking beside the fetch.

Installing finds the files in the cache, a failure harms nothing, nothing is left.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.download.loopback_server import LoopbackServer
from app.decide.plans.pylock import WHEELHOUSE, LockedFile, offline_lock
from app.model.errors import StoppedError
from app.ports import Download
from app.steps import provide_python, unpacking
from app.steps.step_context import StepContext
from app.steps.subprocesses import run_child
from tests.fault_index import FaultIndex, SmallWheel, make_wheel

BIG = make_wheel("big", size=9_000_000)
SLOW, FAST = 1e6, 1e9  # lines, in bytes a second


@pytest.fixture(autouse=True)
def nobody_stays(site: StepContext) -> Iterator[None]:
    """Every test ends with an idle worker."""
    yield
    site.system.stop.clear()
    unpacking.finish_unpacking(site)


def unpacked(
    site: StepContext,
    wheel: SmallWheel,
    index: FaultIndex,
    sha256: str | None = None,
    *,
    at_once: bool = True,
) -> None:
    """Fetch one wheel and unpack it meanwhile, or at the end, as the fetch step does."""
    work = unpacking.begin(site, site.profiles["small"].python)
    assert work is not None
    download = Download(
        url=index.address(wheel),
        target=site.place.wheel(wheel.file),
        sha256=(wheel.sha256,),
        size=len(wheel.data),
    )
    locked = LockedFile(
        name=wheel.name,
        version=wheel.version,
        file=wheel.file,
        url="",
        sha256=(sha256 or wheel.sha256,),
    )
    work.add([locked], [download], at_once=at_once)
    for _ in site.system.web.fetch([download], work.feeder):
        pass
    work.complete()


def left(site: StepContext) -> list[str]:
    """Scratch files that are there."""
    return [
        p.name
        for p in Path(site.place.home).rglob("*")
        if "unpacking" in p.name or p.name.startswith(".tmp")
    ]


def cached(site: StepContext, name: str) -> list[Path]:
    """The data file of a package, unpacked in the cache."""
    return list(Path(site.place.cache).rglob(f"{name}/data.bin"))


def test_installing_afterwards_links_what_was_unpacked(site: StepContext) -> None:
    with FaultIndex([BIG]) as index:
        unpacked(site, BIG, index)
        unpacking.finish_unpacking(site)
        assert index.sent == len(BIG.data)
    assert len(cached(site, "big")) == 1 and left(site) == []
    environment, uv = site.place.environment("e"), site.system.computer.uv()
    python = provide_python.find(site.profiles["small"].python, site)
    assert python is not None
    list(run_child(site, (uv, "venv", "--quiet", "--python", python, environment), "venv"))
    lock = site.place.at("pylock.e.toml")
    site.system.files.write(
        lock,
        offline_lock([(BIG.file, BIG.sha256, Path(site.place.wheel(BIG.file)).as_uri())]).encode(),
    )
    list(
        run_child(
            site,
            (
                uv,
                "pip",
                "sync",
                "--python",
                site.place.environment_python("e"),
                "--offline",
                "--default-index",
                WHEELHOUSE,
                "--require-hashes",
                "--link-mode",
                "hardlink",
                lock,
            ),
            "sync",
        )
    )
    installed = next(Path(environment).rglob("big/data.bin"))
    assert os.path.samefile(installed, cached(site, "big")[0])


def test_a_wheel_is_unpacked_while_it_still_comes(site: StepContext) -> None:
    huge = make_wheel("huge", size=30_000_000)
    work = unpacking.begin(site, site.profiles["small"].python)
    assert work is not None
    target = Path(site.place.wheel(huge.file))
    locked = LockedFile(name="huge", version="1.0", file=huge.file, url="", sha256=(huge.sha256,))
    work.add(
        [locked],
        [Download(url="", target=str(target), sha256=(huge.sha256,), size=len(huge.data))],
        at_once=True,
    )
    feeder = work.feeder
    assert isinstance(feeder, LoopbackServer)
    half = Path(f"{target}.part")
    half.parent.mkdir()
    half.write_bytes(huge.data[:20_000_000])
    feeder.mark_grown(str(target), 20_000_000, len(huge.data))
    began = time.monotonic()
    while not cached(
        site, "huge"
    ):  # uv has made the data file in its cache with a third of the wheel still missing
        assert time.monotonic() - began < 120.0 and not work.wait(0.05)
    half.write_bytes(huge.data)
    with feeder.finishing(str(target)):
        half.replace(target)
    work.complete()
    unpacking.finish_unpacking(site)
    assert [path.stat().st_size for path in cached(site, "huge")] == [30_000_000]


def test_a_broken_file_that_comes_again_is_unpacked_right_or_not_at_all(site: StepContext) -> None:
    with FaultIndex([BIG]) as index:
        index.fail("/files/", "corrupt", times=3)  # 9 MB are three ranges
        unpacked(site, BIG, index)
    unpacking.finish_unpacking(site)
    assert left(site) == []
    assert all(path.stat().st_size == 9_000_000 for path in cached(site, "big"))
    assert Path(site.place.wheel(BIG.file)).read_bytes() == BIG.data


@pytest.mark.parametrize("rate", [FAST, 0.0, None])
def test_what_is_not_large_waits_for_a_slow_line(site: StepContext, rate: float | None) -> None:
    work = unpacking.begin(site, site.profiles["small"].python)
    assert work is not None
    locked = LockedFile(name="big", version="1.0", file=BIG.file, url="", sha256=(BIG.sha256,))
    coming = Download(
        url="", target=site.place.wheel(BIG.file), sha256=(BIG.sha256,), size=len(BIG.data)
    )
    work.add([locked], [coming], at_once=False)
    for _ in range(3):
        work.update_rate(rate)
    assert not [t for t in threading.enumerate() if t.name == "unpacking"]
    work.update_rate(SLOW)
    assert [t for t in threading.enumerate() if t.name == "unpacking"]
    work.give_up()


def test_what_waited_is_unpacked_when_all_is_there(site: StepContext) -> None:
    with FaultIndex([BIG]) as index:
        unpacked(site, BIG, index, at_once=False)
    unpacking.finish_unpacking(site)
    assert len(cached(site, "big")) == 1 and left(site) == []


def test_little_is_left_to_the_install_step(site: StepContext) -> None:
    little = make_wheel("little", size=1000)
    with FaultIndex([little]) as index:
        unpacked(site, little, index)
    unpacking.finish_unpacking(site)
    assert not cached(site, "little")


def test_a_file_with_a_wrong_hash_is_not_unpacked_and_harms_nothing(site: StepContext) -> None:
    with FaultIndex([BIG]) as index:
        unpacked(site, BIG, index, "0" * 64)
    unpacking.finish_unpacking(site)
    assert left(site) == [] and not cached(site, "big")


def test_a_kill_leaves_nothing_once_the_next_run_has_installed(site: StepContext) -> None:
    for name in ("unpacking-0-0", ".tmpAbCdEf"):
        scratch = Path(site.place.cache) / name / "big"
        scratch.mkdir(parents=True)
        (scratch / "data.bin").write_bytes(b"half")
    cache = Path(site.place.cache)
    written, own = (
        cache / "wheels-v8" / "index" / "abc" / "big" / ".tmpAbCdEf",
        cache / "archive-v0" / "abc" / "big" / ".tmpl",
    )
    for path in (written, written.with_name("big.msgpack"), own):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
    unpacking.finish_unpacking(site)
    assert not written.exists() and written.with_name("big.msgpack").exists()
    assert own.exists()  # a package's
    own.unlink()
    assert left(site) == []


@pytest.mark.parametrize("how", ["stop", "give up"])
def test_a_fetch_that_ends_early_ends_the_work(site: StepContext, how: str) -> None:
    huge = make_wheel("huge", size=60_000_000)
    with FaultIndex([huge], rate=5e6) as index:
        work = unpacking.begin(site, site.profiles["small"].python)
        assert work is not None
        download = Download(
            url=index.address(huge),
            target=site.place.wheel(huge.file),
            sha256=(huge.sha256,),
            size=len(huge.data),
        )
        locked = LockedFile(
            name="huge", version="1.0", file=huge.file, url="", sha256=(huge.sha256,)
        )
        work.add([locked], [download], at_once=True)
        arriving = iter(site.system.web.fetch([download], work.feeder))
        while next(arriving).done < 5_000_000:
            pass
        if how == "stop":
            site.system.stop.set()
        arriving.close()  # type: ignore[attr-defined]
        work.give_up()
        with contextlib.suppress(StoppedError):  # not raised where the work saw the wish first
            unpacking.finish_unpacking(site)
    began = time.monotonic()
    while any(t.name == "unpacking" for t in threading.enumerate()):
        assert time.monotonic() - began < 60.0
        time.sleep(0.02)
    site.system.stop.clear()
    unpacking.finish_unpacking(site)
    assert left(site) == []


def test_files_for_another_system_are_not_unpacked(site: StepContext) -> None:
    other = replace(site, platform="linux" if site.place.family == "windows" else "windows")
    assert unpacking.begin(other, "3.11") is None
