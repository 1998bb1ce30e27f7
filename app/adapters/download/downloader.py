"""Fetches many files at once, big ones in several ranges.

Workers take ranges, retry with back-off and check each file.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from app.adapters.disk_errors import disk_fault
from app.adapters.download.connection_pool import Connections
from app.adapters.download.download_errors import DownloadError
from app.adapters.download.fetch_context import RetryPolicy
from app.adapters.download.loopback_server import LoopbackServer
from app.adapters.download.part_file import RANGE, Range
from app.adapters.download.transfer import Transfer
from app.adapters.file_access import long_path, make_folders
from app.model import limits
from app.model.errors import ExpectedError, StoppedError
from app.model.message import Message
from app.ports import Arrived, Download, Stop

log = logging.getLogger(__name__)

_LOOK = 0.1  # seconds between two looks at the stop wish and two tellings of progress
_SOON = 0.01  # the same while further files are being looked up
_MAKE_ROOM = Message("Make room on that disk, then run it again; it goes on from here.")
_MARGIN = 64 << 20  # room that must stay free on the volume
_STEADY = 1 << 16  # bytes that count as progress, so that a line which drops often is not given up


class Fetch:
    """One run over a list of files. ``run`` is the whole of it; the workers end with it."""

    def __init__(
        self,
        files: Sequence[Download],
        connections: Connections,
        patience: RetryPolicy,
        stop: Stop,
        feeder: LoopbackServer | None = None,
        more: Callable[[], Sequence[Download] | None] | None = None,
    ) -> None:
        self.connections, self.patience, self._stop = connections, patience, stop
        self.feeder, self._more = feeder, more
        self.turn = threading.Condition()
        self.over = threading.Event()
        self._files: list[Transfer] = []
        self._add_files(files)
        self._error: BaseException | None = None
        self._notes: deque[str] = deque()
        self._received = 0

    def _add_files(self, files: Sequence[Download]) -> None:
        known = {one.file.target for one in self._files}
        new = {f.target: Transfer(f, self) for f in files if f.target not in known}
        self._files = sorted(
            [*self._files, *new.values()], key=lambda one: -(one.file.size or RANGE)
        )

    def run(self) -> Iterator[Arrived]:
        """Yield progress about ten times a second until all is there. Raises ``ExpectedError`` or
        ``StoppedError``.
        """
        if not self._files and self._more is None:
            return
        self._check_disk_space()
        threads = [
            threading.Thread(target=self._run_worker, name=f"fetch-{n}", daemon=True)
            for n in range(self.patience.streams)
        ]
        for thread in threads:
            thread.start()
        try:
            yield from self._watch_progress()
        finally:
            self._cancel_workers(threads)
        yield self._report_progress(None)

    def _watch_progress(self) -> Iterator[Arrived]:
        past: deque[tuple[float, int]] = deque()
        looked = moved = time.monotonic()
        known = (-1, -1)
        while True:
            self._add_new_files()
            with self.turn:
                self.turn.wait_for(
                    lambda: self._error is not None or self._is_finished(),
                    _LOOK if self._more is None else _SOON,
                )
                error, finished = self._error, self._is_finished()
            now = time.monotonic()
            past.append((now, self._received))
            while now - past[0][0] > 3.0:
                past.popleft()
            rate = (
                (past[-1][1] - past[0][1]) / (now - past[0][0]) if now - past[0][0] > 0.2 else None
            )
            while self._notes:
                yield self._report_progress(rate, self._notes.popleft())
            if error is not None:
                raise error
            if finished:
                return
            if self._stop.is_set():
                raise StoppedError
            if now - looked > min(1.0, limits.NO_PROGRESS):
                looked = now
                self._watch_disk_space()
                here = (self._received, sum(j.state == "done" for j in self._files))
                if here != known or self._more is not None:
                    known, moved = here, now
                elif now - moved > limits.NO_PROGRESS:
                    raise self._no_progress_error()
            yield self._report_progress(rate)

    def _no_progress_error(self) -> ExpectedError:
        """Not one byte came in all that time, however often it was tried."""
        name = next((j.name for j in self._files if j.state != "done"), "the files")
        return ExpectedError(
            "network_timeout",
            Message(
                "Nothing of {name} came within {minutes} minutes.",
                name=name,
                minutes=limits.NO_PROGRESS // 60,
            ),
            hint=Message("Check the network, then run it again; what has arrived is kept."),
        )

    def _add_new_files(self) -> None:
        files = self._more() if self._more is not None else None
        if files is None:
            return
        self._more = None
        with self.turn:
            self._add_files(files)
            self.turn.notify_all()
        self._check_disk_space()

    def _is_finished(self) -> bool:
        return self._more is None and all(j.state == "done" for j in self._files)

    def _report_progress(self, rate: float | None, note: str = "") -> Arrived:
        with self.turn:
            sizes = [j.size for j in self._files]
            total = None if None in sizes or self._more is not None else sum(s or 0 for s in sizes)
            current = next((j.name for j in self._files if j.active), "")
            return Arrived(
                done=sum(j.bytes for j in self._files),
                total=total,
                rate=rate,
                note=note,
                file=current,
            )

    def _cancel_workers(self, threads: list[threading.Thread]) -> None:
        """Wake every worker: sockets are shut, so that no read waits for its time limit."""
        self.over.set()
        with self.turn:
            self.turn.notify_all()
            for one in self._files:
                for response in one.responses:
                    with contextlib.suppress(OSError, ValueError, RuntimeError):
                        response.shutdown()
        until = time.monotonic() + 0.7
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        for one in self._files:
            one.flush_and_close()

    # --- disk ---

    def _check_disk_space(self) -> None:
        """Whether all of it fits, before the first byte."""
        if not self._files:
            return
        folder = os.path.dirname(self._files[0].file.target)
        try:
            make_folders(Path(long_path(folder)))
            free = shutil.disk_usage(long_path(folder)).free
        except OSError as error:
            raise disk_fault(error, folder) from error
        if not os.access(long_path(folder), os.W_OK):
            raise ExpectedError(
                "permission_denied",
                Message("{folder} cannot be written: permission denied.", folder=folder),
                hint=Message("Choose a folder that you may write to."),
            )
        missing = sum(max(0, (j.size or 0) - _bytes_on_disk(j.file.target)) for j in self._files)
        if missing and missing + _MARGIN > free:
            raise ExpectedError(
                "disk_full",
                Message(
                    "{missing:.2f} GB are still to be fetched into {folder}, but only "
                    "{free:.2f} GB are free there.",
                    missing=missing / 1e9,
                    folder=folder,
                    free=free / 1e9,
                ),
                hint=_MAKE_ROOM,
            )

    def _watch_disk_space(self) -> None:
        if not self._files:
            return
        folder = os.path.dirname(self._files[0].file.target)
        with contextlib.suppress(OSError):
            if shutil.disk_usage(long_path(folder)).free < _MARGIN // 4:
                raise ExpectedError(
                    "disk_full",
                    Message(
                        "The disk that holds {folder} is nearly full, so fetching was stopped.",
                        folder=folder,
                    ),
                    hint=_MAKE_ROOM,
                )

    # --- workers ---

    def _run_worker(self) -> None:
        ended = False
        try:
            while (task := self._take_task()) is not None:
                one, piece = task
                try:
                    one.advance(piece)
                except DownloadError as fault:
                    self._count_failure(one, fault)
                except ExpectedError as error:
                    self._fail_with(error)
                finally:
                    with self.turn:
                        one.active -= 1
            ended = True
        finally:
            if not ended:
                self._fail_with(sys.exc_info()[1] or RuntimeError("a worker ended"))

    def _take_task(self) -> tuple[Transfer, Range | None] | None:
        """The next thing to do, largest file first, each file's ranges from its front; ``None``
        when all is given out.

        Only some streams may be on large files, so that small ones come beside them and not after
        them.
        """
        with self.turn:
            while not self.over.is_set() and self._error is None and not self._is_finished():
                now = time.monotonic()
                crowded = sum(f.active for f in self._files if f.is_large) >= self.patience.wide
                for one in self._files:
                    if one.not_before > now or (crowded and one.is_large):
                        continue
                    if one.state == "new":
                        one.state, one.active = "busy", one.active + 1
                        return one, None
                    piece = one.take()
                    if piece is not None:
                        one.active += 1
                        return one, piece
                    if one.is_ready_to_check:
                        one.state, one.active = "checking", one.active + 1
                        return one, None
                self.turn.wait(
                    min([*(j.not_before - now for j in self._files if j.not_before > now), 0.5])
                )
            return None

    def _count_failure(self, one: Transfer, fault: DownloadError) -> None:
        """Count one failed try; ranges of one file that break together count once."""
        if self.over.is_set():
            return
        with self.turn:
            now = time.monotonic()
            if one.state == "busy":
                one.state = "new"
            if fault.limit <= 1:
                self._error = self._error or fault.error
            elif now >= one.not_before:
                one.failures = 1 if one.since_failure >= _STEADY else one.failures + 1
                one.since_failure = 0
                limit = self.patience.attempts if self._received else self.patience.first_attempts
                if one.failures >= min(limit, fault.limit):
                    self._error = self._error or fault.error
                delay = min(self.patience.backoff * 2 ** (one.failures - 1), self.patience.longest)
                delay = max(delay, fault.wait or 0.0)
                one.not_before = now + delay
                log.warning("%s (try %d): %s", one.file.target, one.failures, fault.error.message)
                self._notes.append(f"{fault.error.message} Trying again in {delay:.1f} s.")
            self.turn.notify_all()

    def _fail_with(self, error: BaseException) -> None:
        with self.turn:
            self._error = self._error or error
            self.turn.notify_all()

    def note(self, text: str) -> None:
        """Keep a sentence until the next telling."""
        self._notes.append(text)

    def arrived(self, count: int) -> None:
        """Count bytes from the network, for the rate."""
        with self.turn:
            self._received += count

    def raise_if_stopped(self) -> None:
        """Raise ``DownloadError`` where nobody waits for the files any more."""
        if self.over.is_set():
            raise DownloadError(ExpectedError("stopped", Message("Fetching was stopped.")), limit=1)


def _bytes_on_disk(target: str) -> int:
    """Bytes that a finished or half-fetched file holds on its volume already."""
    for path in (target, target + ".part"):
        with contextlib.suppress(OSError):
            found = os.stat(long_path(path))
            return min(found.st_size, getattr(found, "st_blocks", found.st_size) * 512)
    return 0
