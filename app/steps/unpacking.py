"""Unpacks wheels into uv's cache while they are being fetched.

Installing afterwards only links them.

uv reads each wheel through the web adapter's feeder as its bytes arrive, and checks its hash. A
kindness, never a condition: what is not unpacked here, the install step unpacks; what fails here,
fails there with its reason. Nothing of the packages runs and nothing is installed: uv is ended as
soon as it says that all is prepared.

A wheel is unpacked by one thread, so the largest decide when all is done: they begin with their
first byte. The many others wait until it shows that the line is slow, so that they would cost it
nothing, or until all is there: on a fast line they would only take the processors away from the
large ones and from the fetch (1.19 instead of 1.42 times uv's own time, 312 MB on loopback).
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Generator, Sequence
from typing import cast

from app.decide.plans.pylock import WHEELHOUSE, LockedFile, offline_lock
from app.model import limits
from app.model.errors import ExpectedError, StoppedError
from app.ports import Command, Download, Exit, FileServer, Output, Silence
from app.steps import provide_python
from app.steps.child_environment import child_environment
from app.steps.removing import claim
from app.steps.step_context import StepContext

# bytes to come before a child is started for them; starting one costs as much as unpacking 1 MB
_WORTHWHILE = 8_000_000
# bytes a second of a line that leaves the processors idle: two cores unpack about as many
_SLOW = 150e6
_PREPARED = re.compile(rb"^Prepared \d+ package", re.MULTILINE)
_UNPACKED = (
    "archive-"  # the part of uv's cache that holds the packages' own files, which may have any name
)
_at_work: dict[str, list[Unpacking]] = {}


class Unpacking:
    """The background work for one lock; the fetch may end while it still goes on, the install step
    waits for it.
    """

    def __init__(self, site: StepContext, version: str, feeder: FileServer, number: int) -> None:
        self._site, self._version, self._number = site, version, number
        self.feeder = feeder
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._waiting: list[Sequence[LockedFile]] = []
        self._busy, self._all = 0, False

    def add(
        self, files: Sequence[LockedFile], downloads: Sequence[Download], *, at_once: bool
    ) -> None:
        """These files are about to be fetched; they are unpacked from now on, or when ``update_rate`` or
        ``complete`` says so.
        """
        self.feeder.expect(downloads)
        to_come = sum(
            d.size or 0 for d in downloads if not self._site.system.files.exists(d.target)
        )
        if to_come < _WORTHWHILE:
            return
        self._waiting.append([f for f in files if len(f.sha256) == 1])
        if at_once:
            self._start_threads()

    def update_rate(self, rate: float | None) -> None:
        """So many bytes come a second: on a slow line what waits begins too."""
        if rate and rate < _SLOW:
            self._start_threads()

    def _start_threads(self) -> None:
        while self._waiting:
            files = self._waiting.pop()
            with self._lock:
                self._busy += 1
                name = f"{self._number}-{len(self._threads)}"
                self._threads.append(
                    threading.Thread(
                        target=self._unpack_files, args=(files, name), name="unpacking", daemon=True
                    )
                )
                self._threads[-1].start()

    def complete(self) -> None:
        """No more files will be added, and all of them are in the wheelhouse: what still waits
        begins.
        """
        self._start_threads()
        with self._lock:
            self._all = True
            ended = not self._busy
        if ended:
            self.feeder.close()

    def give_up(self) -> None:
        """The files are not coming: the work ends soon, what is unpacked stays."""
        self.feeder.close()

    def wait(self, seconds: float) -> bool:
        """Whether the work has ended within about this time."""
        for thread in self._threads:
            thread.join(seconds)
        return not any(thread.is_alive() for thread in self._threads)

    def _unpack_files(self, files: Sequence[LockedFile], name: str) -> None:
        site = self._site
        scratch, lock = _scratch_paths(site, name)
        try:
            python = provide_python.last_found(self._version, site) or provide_python.find(
                self._version, site
            )
            if python is None:
                return
            here = [(f.file, f.sha256[0], self.feeder.address(f.file)) for f in files]
            site.system.files.write(lock, offline_lock(here).encode())
            claim(scratch, site)
            self._run_uv(
                (
                    site.system.computer.uv(),
                    "pip",
                    "sync",
                    "--python",
                    python,
                    "--target",
                    scratch,
                    "--require-hashes",
                    "--no-build",
                    "--default-index",
                    WHEELHOUSE,
                    "--link-mode",
                    "hardlink",
                    lock,
                )
            )
        except (ExpectedError, StoppedError) as ended:
            self.fault: Exception = ended  # said by the install step, should it meet the same
        finally:
            with contextlib.suppress(
                ExpectedError
            ):  # a scanner may hold a file; ``finish_unpacking`` tries again
                for left in (scratch, lock):
                    site.system.files.remove(left)
            with self._lock:
                self._busy -= 1
                last = self._all and not self._busy
            if last:
                self.feeder.close()

    def _run_uv(self, argv: tuple[str, ...]) -> None:
        """Let uv unpack everything, and end it before it installs: the cache is what is wanted."""
        site, output = self._site, b""
        stream = site.system.processes.stream(
            Command(argv=argv, env=_uv_environment(site), folder=site.place.home)
        )
        with contextlib.closing(
            cast("Generator[Output | Silence | Exit, None, None]", stream)
        ) as items:
            for item in items:
                output = (
                    (output + item.data)[-limits.CHILD_LINE :]
                    if isinstance(item, Output)
                    else output
                )
                if _PREPARED.search(output):
                    return


def begin(site: StepContext, version: str) -> Unpacking | None:
    """Get ready for files that are about to be fetched; ``None`` where they are for another system.

    The fetch is to be given the ``feeder``.
    """
    if site.platform not in (None, site.place.family):
        return None
    try:
        feeder = site.system.web.feeder()
    except ExpectedError:
        return None
    at_work = _at_work.setdefault(site.place.home, [])
    at_work.append(Unpacking(site, version, feeder, len(at_work)))
    return at_work[-1]


def finish_unpacking(site: StepContext) -> None:
    """Wait until the workers of this home have ended, and sweep up. Raises ``StoppedError``."""
    waited = 0.0
    for worker in _at_work.pop(site.place.home, []):
        while not worker.wait(0.1):
            waited += 0.1
            if site.system.stop.is_set() or waited > limits.UNPACKING:
                worker.give_up()
            if site.system.stop.is_set():
                raise StoppedError
    _remove_scratch(site)


def _scratch_paths(site: StepContext, name: str) -> tuple[str, str]:
    """What is there for a while: where uv would install, and its lock."""
    return site.place.at("cache", f"unpacking-{name}"), site.place.at(
        "locks", f"pylock.unpacking-{name}.toml"
    )


def _remove_scratch(site: StepContext) -> None:
    """Nothing stays of the work but the cache, not even after a kill; uv's own half-unpacked
    folders go too.
    """
    cache, locks = site.place.cache, site.place.at("locks")
    for folder, start in ((cache, ("unpacking", ".tmp")), (locks, ("pylock.unpacking",))):
        if _is_ours(folder, site):
            for name in site.system.files.names(folder):
                if name.startswith(start):
                    site.system.files.remove(site.place.join(folder, name))
    if _is_ours(cache, site):
        for bucket in site.system.files.names(cache):
            if not bucket.startswith(_UNPACKED):
                _sweep_bucket(site.place.join(cache, bucket), site)


def _is_ours(folder: str, site: StepContext) -> bool:
    """Whether this program made the folder, and it leads nowhere else: only then it is swept."""
    return site.ours(folder) and site.system.files.link(folder) is None


def _sweep_bucket(folder: str, site: StepContext) -> None:
    """What uv was writing when it was killed lies beside the file that it was to become (seen once
    in 200 kills).
    """
    for path, _ in tuple(site.system.files.walk(folder)):
        if path.replace("\\", "/").rpartition("/")[2].startswith(".tmp"):
            site.system.files.remove(path)


def _uv_environment(site: StepContext) -> dict[str, str]:
    """As any child's, but the feeder is on this computer: no proxy stands between, and it may take
    hours.
    """
    own = {
        name: value
        for name, value in child_environment(site).items()
        if not name.endswith("_PROXY")
    }
    return own | {
        "NO_PROXY": "127.0.0.1",
        "UV_HTTP_TIMEOUT": "86400",
        "UV_HTTP_RETRIES": "0",
        "UV_PREVIEW_FEATURES": "pylock",
    }
