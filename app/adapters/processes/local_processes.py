"""Children of this program: started without a shell, read as bytes, ended as whole trees."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from app.adapters.processes.process_tree import Tree, start
from app.model import limits
from app.model.errors import ExpectedError, StoppedError
from app.model.message import Message
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


class LocalProcesses:
    """This computer's processes. Standard input of every child is empty: nothing may ever wait for
    a person.
    """

    def __init__(self, stop: Stop) -> None:
        self._stop = stop

    def with_stop(self, stop: Stop) -> LocalProcesses:
        """The same for work that has a wish to stop of its own."""
        return LocalProcesses(stop)

    def stream(
        self,
        command: Command,
        limit_seconds: float | None = None,
        on_stop: Callable[[], None] | None = None,
    ) -> Iterator[Output | Silence | Exit]:
        """Start and yield output as it comes; the last item is ``Exit``. The tree never outlives
        the generator. ``on_stop`` is told of the first wish to stop, which is taken back.
        """
        asking = [on_stop] if on_stop is not None else []
        if self._stop.is_set():
            raise StoppedError
        try:
            tree = start(list(command.argv), dict(command.env) or None, command.folder)
        except (OSError, ValueError) as error:  # ValueError: a NUL in a path
            raise ExpectedError(
                "not-started",
                Message(
                    "{program} could not be started: {reason}.",
                    program=command.argv[0],
                    reason=getattr(error, "strerror", None) or error,
                ),
                details=str(error),
            ) from error
        log.info("child started: %s", command.argv)
        output = _Reader(tree)
        began = last = time.monotonic()
        first = command.beat or _QUIET_AFTER
        quiet_after = first
        ended = _Ended(tree, output)
        try:
            while True:
                self._look_at_stop(asking)
                now = time.monotonic()
                if limit_seconds is not None and now - began > limit_seconds:
                    raise ExpectedError(
                        "timeout",
                        Message(
                            "{program} did not end within {limit:.0f} s and was stopped.",
                            program=_program_name(command),
                            limit=limit_seconds,
                        ),
                        hint=Message("Look at the last lines of the log."),
                    )
                if ended.enough(now):
                    break  # something it left behind holds its output open, or writes on and on
                try:
                    chunk = output.chunks.get(timeout=_LOOK)
                except queue.Empty:
                    if now - last >= quiet_after:
                        yield Silence(seconds=round(now - last, 1))
                        quiet_after = (
                            quiet_after + command.beat if command.beat else quiet_after * 2
                        )
                    continue
                if chunk is None:
                    break
                last, quiet_after = time.monotonic(), first
                piece = _join_waiting_chunks(chunk, output.chunks)
                ended.handed_on += len(piece)
                yield Output(data=piece)
            if left := output.waiting():
                yield Output(data=left)
            yield Exit(code=self._wait_for_exit(tree, began, limit_seconds, command, asking))
        finally:
            tree.end()
            output.drain()

    def _look_at_stop(self, asking: list[Callable[[], None]]) -> None:
        """Raises ``StoppedError`` where a stop is wished for and nobody is left to be asked first."""
        if not self._stop.is_set():
            return
        if not asking:
            raise StoppedError
        self._stop.clear()
        asking.pop()()

    def _wait_for_exit(
        self,
        tree: Tree,
        began: float,
        limit: float | None,
        command: Command,
        asking: list[Callable[[], None]],
    ) -> int:
        """The output is closed; the child may take a moment longer, or have handed its output to
        nobody.
        """
        while True:
            code = tree.wait(_LOOK)
            if code is not None:
                log.info("child ended: %s with %d", _program_name(command), code)
                return code
            self._look_at_stop(asking)
            if limit is not None and time.monotonic() - began > limit:
                raise ExpectedError(
                    "timeout",
                    Message(
                        "{program} did not end within {limit:.0f} s and was stopped.",
                        program=_program_name(command),
                        limit=limit,
                    ),
                )

    def capture(
        self, argv: Sequence[str], seconds: float = 10.0, env: Mapping[str, str] | None = None
    ) -> Completed:
        """Run a short program and return what it said, decoded as UTF-8 with replacement.

        Its whole tree ends with it, with the time, or with more output than ``ANSWER_OUTPUT``.
        """
        try:
            tree = start(
                list(argv), None if env is None else dict(env), None, stderr=subprocess.PIPE
            )
        except (OSError, ValueError) as error:  # ValueError: a NUL in a path
            return Completed(code=None, err=str(error))
        out, err = _Answer(tree.read), _Answer(tree.read_errors)
        until = time.monotonic() + seconds
        code, why = None, ""
        try:
            while code is None and not why:
                code = tree.wait(_LOOK)
                if out.overfull or err.overfull:
                    why = f"printed more than {limits.ANSWER_OUTPUT >> 20} MB"
                elif code is None and time.monotonic() > until:
                    why = f"did not answer within {seconds:.0f} s"
            out.join(limits.HELD_OPEN if not why else 0.0)
            err.join(limits.HELD_OPEN if not why else 0.0)
        finally:
            tree.end()
            out.join(limits.HELD_OPEN)
            err.join(limits.HELD_OPEN)
        if out.overfull or err.overfull:  # seen only after its end
            code, why = None, f"printed more than {limits.ANSWER_OUTPUT >> 20} MB"
        if why:
            return Completed(code=None, out=_decode_output(bytes(out.data)), err=why)
        return Completed(
            code=code, out=_decode_output(bytes(out.data)), err=_decode_output(bytes(err.data))
        )


class _Answer:
    """One pipe of a short program, read to its end by a thread of its own, up to a bound."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self.data = bytearray()
        self.overfull = False
        self._read = read
        self._thread = threading.Thread(
            target=self._read_until_closed, name="child-answer", daemon=True
        )
        self._thread.start()

    def _read_until_closed(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # its tree was ended
            while data := self._read(_CHUNK):
                if len(self.data) < limits.ANSWER_OUTPUT:
                    self.data += data[: limits.ANSWER_OUTPUT - len(self.data)]
                else:
                    self.overfull = True  # read on, so that its end closes the pipe

    def join(self, seconds: float) -> None:
        """Wait for the end of the output, at most so long."""
        self._thread.join(seconds)


class _Reader:
    """Moves a child's bytes from the pipe to a queue. The bounded queue holds the child back, not
    the window.
    """

    def __init__(self, tree: Tree) -> None:
        self.chunks: queue.Queue[bytes | None] = queue.Queue(maxsize=_WAITING)
        self.taken = self.turns = 0
        self.holding = False  # whether it has, or is about to have, bytes that ``taken`` lacks
        self._tree = tree
        self._thread = threading.Thread(
            target=self._read_until_closed, name="child-output", daemon=True
        )
        self._thread.start()

    def _read_until_closed(self) -> None:
        while True:
            try:
                self.holding = self._tree.ready()
                data = self._tree.read(_CHUNK)
            except (OSError, ValueError):  # its tree was ended
                break
            if not data:
                break
            self.taken += len(data)
            self.turns += 1
            self.holding = False
            self.chunks.put(data)
            if _BURST <= len(data) < _CHUNK < self._tree.room:
                time.sleep(_GATHER)
        self.chunks.put(None)

    def waiting(self) -> bytes:
        """What lies in the queue now."""
        found = []
        while True:
            try:
                found.append(self.chunks.get_nowait() or b"")
            except queue.Empty:
                return b"".join(found)

    def drain(self) -> None:
        """Let the reader run out: it may be waiting for room in the queue."""
        until = time.monotonic() + 1.0
        while self._thread.is_alive() and time.monotonic() < until:
            with contextlib.suppress(queue.Empty):
                self.chunks.get(timeout=0.02)


class _Ended:
    """Whether a child is gone and all that it wrote itself has been read.

    Its output may stay open for longer: what it left behind holds it. A silence proves nothing: on
    a busy computer the reader itself comes late.
    """

    def __init__(self, tree: Tree, output: _Reader) -> None:
        self._tree, self._output = tree, output
        self._looked = 0.0
        self._at: float | None = None
        self._owed: int | None = None
        self.handed_on = 0

    def enough(self, now: float) -> bool:
        """Whether to wait no longer for the end of the output."""
        if self._at is None:
            if now - self._looked < _LOOK:
                return False
            self._looked = now
            if self._tree.wait(0) is None:
                return False
            self._at = now
        if now - self._at > limits.LAST_WORDS:
            return True
        if self._owed is None:
            turn, holding = self._output.turns, self._output.holding
            owed = self._output.taken + self._tree.unread()
            if holding or self._output.holding or turn != self._output.turns:
                return False  # bytes are on their way between pipe and count: look again
            self._owed = owed
        return now - self._at >= limits.HELD_OPEN and self.handed_on >= self._owed


def _decode_output(data: bytes | str | None) -> str:
    if data is None:
        return ""
    if isinstance(data, str):
        return data
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or data[1:20:2].count(0) > 6:
        return data.decode("utf-16", "replace")  # wsl.exe and reg.exe answer in UTF-16
    return data.decode("utf-8", "replace")


def _program_name(command: Command) -> str:
    return os.path.basename(command.argv[0])


def _join_waiting_chunks(first: bytes, chunks: queue.Queue[bytes | None]) -> bytes:
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
