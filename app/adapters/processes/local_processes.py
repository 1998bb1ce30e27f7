"""Children of this program: started without a shell, read as bytes, ended as whole trees."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence

from app.adapters.processes.process_tree import Tree, start
from app.model.errors import ExpectedError, StoppedError
from app.ports import Command, Completed, Exit, Output, Silence, Stop

log = logging.getLogger(__name__)

_CHUNK = 1 << 18
_WAITING = 16  # chunks between the reader and the run: 4 MiB at most
# A child that writes a line a `write` wakes its reader for every page: a million lines took 23,000
# reads and as many changes of thread. Where the pipe has room, a pause after a read of much but not
# all lets more gather: 2,900 reads, a quarter of the work.
_BURST, _GATHER = 2048, 0.001
_LOOK = 0.1  # seconds between looks at the stop wish: half of what people feel as "at once"
_QUIET_AFTER = 10.0
_HELD_OPEN = 2.0


class LocalProcesses:
    """This computer's processes. Standard input of every child is empty: nothing may ever wait for
    a person.
    """

    def __init__(self, stop: Stop) -> None:
        self._stop = stop

    def stream(
        self, command: Command, limit_seconds: float | None = None
    ) -> Iterator[Output | Silence | Exit]:
        """Start and yield output as it comes; the last item is ``Exit``. The tree never outlives
        the generator.
        """
        if self._stop.is_set():
            raise StoppedError
        try:
            tree = start(list(command.argv), dict(command.env), command.folder)
        except OSError as error:
            raise ExpectedError(
                "not-started",
                f"{command.argv[0]} could not be started: {error.strerror or error}.",
                details=str(error),
            ) from error
        log.info("child started: %s", command.argv)
        chunks: queue.Queue[bytes | None] = queue.Queue(maxsize=_WAITING)
        reader = threading.Thread(
            target=_read, args=(tree, chunks), name="child-output", daemon=True
        )
        reader.start()
        began = last = time.monotonic()
        said = _QUIET_AFTER
        try:
            while True:
                if self._stop.is_set():
                    raise StoppedError
                now = time.monotonic()
                if limit_seconds is not None and now - began > limit_seconds:
                    raise ExpectedError(
                        "timeout",
                        f"{_name(command)} did not end within {limit_seconds:.0f} s and was "
                        f"stopped.",
                        hint="Look at the last lines of the log.",
                    )
                try:
                    chunk = chunks.get(timeout=_LOOK)
                except queue.Empty:
                    if tree.wait(0) is not None and now - last > _HELD_OPEN:
                        break  # the child ended but something it left behind holds its output open
                    if now - last >= said:
                        yield Silence(seconds=round(now - last, 1))
                        said *= 2
                    continue
                if chunk is None:
                    break
                last, said = time.monotonic(), _QUIET_AFTER
                yield Output(data=_gather(chunk, chunks))
            yield Exit(code=self._await(tree, began, limit_seconds, command))
        finally:
            tree.end()
            _drain(reader, chunks)

    def _await(self, tree: Tree, began: float, limit: float | None, command: Command) -> int:
        """The output is closed; the child may take a moment longer, or have handed its output to
        nobody.
        """
        while True:
            code = tree.wait(_LOOK)
            if code is not None:
                log.info("child ended: %s with %d", _name(command), code)
                return code
            if self._stop.is_set():
                raise StoppedError
            if limit is not None and time.monotonic() - began > limit:
                raise ExpectedError(
                    "timeout", f"{_name(command)} did not end within {limit:.0f} s and was stopped."
                )

    def capture(
        self, argv: Sequence[str], seconds: float = 10.0, env: Mapping[str, str] | None = None
    ) -> Completed:
        """Run a short program and return what it said, decoded as UTF-8 with replacement."""
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        try:
            done = subprocess.run(
                list(argv),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=seconds,
                check=False,
                env=None if env is None else dict(env),
                creationflags=flags,
            )
        except subprocess.TimeoutExpired as late:
            return Completed(
                code=None, out=_text(late.stdout), err=f"did not answer within {seconds:.0f} s"
            )
        except OSError as error:
            return Completed(code=None, err=str(error))
        return Completed(code=done.returncode, out=_text(done.stdout), err=_text(done.stderr))


def _text(data: bytes | str | None) -> str:
    if data is None:
        return ""
    if isinstance(data, str):
        return data
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or data[1:20:2].count(0) > 6:
        return data.decode("utf-16", "replace")  # wsl.exe and reg.exe answer in UTF-16
    return data.decode("utf-8", "replace")


def _name(command: Command) -> str:
    return os.path.basename(command.argv[0])


def _read(tree: Tree, chunks: queue.Queue[bytes | None]) -> None:
    """Move bytes from the pipe to the queue; the bounded queue holds the child back, not the
    window.
    """
    while True:
        try:
            data = tree.read(_CHUNK)
        except OSError:
            break
        if not data:
            break
        chunks.put(data)
        if _BURST <= len(data) < _CHUNK < tree.room:
            time.sleep(_GATHER)
    chunks.put(None)


def _drain(reader: threading.Thread, chunks: queue.Queue[bytes | None]) -> None:
    """Let the reader run out: it may be waiting for room in the queue."""
    until = time.monotonic() + 1.0
    while reader.is_alive() and time.monotonic() < until:
        with contextlib.suppress(queue.Empty):
            chunks.get(timeout=0.02)


def _gather(first: bytes, chunks: queue.Queue[bytes | None]) -> bytes:
    """Everything that is waiting, as one piece of at most 1 MiB: fewer, larger events when a child
    writes fast.
    """
    parts, size = [first], len(first)
    while size < (1 << 20):
        with chunks.mutex:
            waiting = chunks.queue[0] if chunks.queue else None
        if waiting is None:
            break
        more = chunks.get()
        if more is None:
            break
        parts.append(more)
        size += len(more)
    return b"".join(parts)
