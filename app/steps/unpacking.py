"""Unpack fetched files into uv's cache while others still come, so that installing afterwards only links them.

A kindness, never a condition: what is not unpacked here, the install step unpacks; what fails here, fails there with its
reason. Nothing of the packages runs: no builds, hashes required, and only files of the wheelhouse.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence

from app.decide.pylock import LockedFile
from app.model.errors import ExpectedError, Stopped
from app.ports import Command
from app.steps import provide_python
from app.steps.site import Site
from app.steps.surroundings import child_environment

_WORTHWHILE = 8_000_000  # bytes that are waiting before a child is started for them; starting one costs as much as unpacking 1 MB
_at_work: dict[str, Unpacking] = {}


class Unpacking:
    """One background worker for a home folder; a fetch step may end while it still works, the install step waits for it."""

    def __init__(self, site: Site, version: str) -> None:
        self._site, self._version = site, version
        self._lock = threading.Lock()
        self._waiting: list[LockedFile] = []
        self._thread: threading.Thread | None = None

    def add(self, files: Sequence[LockedFile]) -> None:
        """These files are in the wheelhouse now."""
        with self._lock:
            self._waiting += files
            worth = sum(self._site.world.files.size(self._site.place.wheel(f.file)) or 0 for f in self._waiting)
            if worth >= _WORTHWHILE and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._work, name="unpacking", daemon=True)
                self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Whether the worker has ended within this time."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)
        return thread is None or not thread.is_alive()

    def _work(self) -> None:
        site = self._site
        scratch, lock = _scratch(site)
        try:
            _sweep(site)
            python = provide_python.find(self._version, site)
            while python is not None and (batch := self._batch()):
                text = "".join(f"{f.name}=={f.version} {' '.join(f'--hash=sha256:{h}' for h in f.sha256)}\n" for f in batch)
                site.world.files.write(lock, text.encode())
                argv = (site.world.computer.uv(), "pip", "install", "--quiet", "--python", python, "--target", scratch,
                        "--no-deps", "--offline", "--no-index", "--find-links", site.place.wheels, "--require-hashes", "--no-build",
                        "--link-mode", "hardlink", "-r", lock)
                for _ in site.world.processes.stream(Command(argv=argv, env=child_environment(site), folder=site.place.home), 1800):
                    pass
                site.world.files.remove(scratch)
        except (ExpectedError, Stopped):
            self._waiting.clear()
        finally:
            with contextlib.suppress(ExpectedError):  # a scanner may hold a file; ``settle`` tries again
                _sweep(site)

    def _batch(self) -> list[LockedFile]:
        with self._lock:
            batch, self._waiting = [f for f in self._waiting if f.sha256], []
            return batch


def begin(site: Site, version: str) -> Unpacking | None:
    """The worker of this home, for one version of Python; ``None`` where the files are for another system."""
    if site.platform not in (None, site.place.family):
        return None
    if site.place.home not in _at_work:
        _at_work[site.place.home] = Unpacking(site, version)
    return _at_work[site.place.home]


def settle(site: Site) -> None:
    """Wait until the worker of this home has ended, and sweep up. Raises ``Stopped``."""
    worker = _at_work.pop(site.place.home, None)
    while worker is not None and not worker.wait(0.2):
        if site.world.stop.is_set():
            raise Stopped
    _sweep(site)


def _scratch(site: Site) -> tuple[str, str]:
    return site.place.at("cache", "unpacking"), site.place.at("locks", "unpacking.txt")


def _sweep(site: Site) -> None:
    """Nothing stays of the work but the cache, not even after a kill."""
    for left in _scratch(site):
        site.world.files.remove(left)
