"""A half-fetched file and its side file, by which a killed fetch goes on where it was.

The side file holds which ranges are on disk.

``NAME.part`` holds the bytes at their places, ``NAME.ranges.part`` one slot for each range that was
begun. A slot is written over in place as its range grows, and carries the CRC of the range's bytes:
after a power cut, slots may be newer than the data, and what does not match is fetched again. So
nothing needs an fsync until the file is whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
import sys
import threading
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import BinaryIO, cast

from app.adapters.disk_errors import disk_fault
from app.adapters.file_access import long_path, make_folders, open_private, replace_file
from app.model import limits

RANGE = (
    4 << 20
)  # bytes asked for at once: large enough that a round trip costs little, small enough to share out
_READ = 1 << 20
_LOOK = 1 << 18  # bytes hashed at once: what the processor's own cache holds
_MAGIC = b"ranges/1"
_HEAD = struct.Struct("<8sQ32s16x")  # magic, size of the file, SHA-256 of its identity
_SLOT = struct.Struct(
    "<QQII8x"
)  # start, length, CRC of the bytes, CRC of the slot's first 20 bytes


@dataclass
class Range:
    """One range that a stream is filling: ``start`` and ``end`` in the file, ``done`` bytes of it
    on disk.
    """

    slot: int
    start: int
    end: int
    done: int = 0
    crc: int = 0

    @property
    def at(self) -> int:
        """Where the next byte belongs."""
        return self.start + self.done

    @property
    def left(self) -> int:
        """Bytes still to come."""
        return self.end - self.at


class PartFile:
    """The half-fetched form of one file. Safe for several threads, each filling ranges of its own."""

    def __init__(self, target: str, size: int, identity: bytes) -> None:
        self.target, self.size = target, size
        self._identity = hashlib.sha256(identity).digest()
        self._data, self._side = long_path(target + ".part"), long_path(target + ".ranges.part")
        self._lock = threading.Lock()
        self._hash_lock = threading.Lock()
        self._hash = hashlib.sha256()
        self._hashed = 0
        self._slots = 0
        self._finished: list[tuple[int, int]] = []  # (start, end), sorted, merged
        self._free: list[tuple[int, int]] = []  # gaps nobody fills, sorted
        with _disk_errors_named(target):
            self._open_or_resume()

    def _open_or_resume(self) -> None:
        make_folders(Path(self._data).parent)
        head = _HEAD.pack(_MAGIC, self.size, self._identity)
        known = self._read_fetched_ranges(head)
        if known is None:
            known = []
            _open_unbuffered(self._data, "wb").close()
            with _open_unbuffered(self._side, "wb") as side:
                side.write(head)
        else:
            # Start the side file again with what was found good, whole or not at all.
            with _open_unbuffered(self._side + ".new.part", "wb") as side:
                side.write(head + b"".join(_pack_slot(s, n, c) for s, n, c in known))
            os.replace(self._side + ".new.part", self._side)
        self._slots = len(known)
        self._finished = _merge_spans((s, s + n) for s, n, _ in known)
        self._free = list(_missing_spans(self._finished, self.size))
        self._stream = _open_unbuffered(self._side, "r+b")

    def _read_fetched_ranges(self, head: bytes) -> list[tuple[int, int, int]] | None:
        """The slots of an earlier fetch of this very file whose bytes are really there; ``None``
        where there was none.
        """
        try:
            with open(self._side, "rb", opener=open_private) as side:
                raw = side.read(limits.READ_FILE)
            with open(self._data, "rb", opener=open_private) as data:
                if raw[: len(head)] != head:
                    return None
                return list(_sound_slots(raw[len(head) :], data, self.size))
        except FileNotFoundError:
            return None

    @property
    def present(self) -> int:
        """Bytes that are on disk and need not come again (at opening, and after each finished
        range).
        """
        with self._lock:
            return sum(e - s for s, e in self._finished)

    @property
    def whole(self) -> bool:
        """Whether every byte is there."""
        with self._lock:
            return self._finished == [(0, self.size)] or self.size == 0

    def take(self, most: int = RANGE) -> Range | None:
        """The next range that nobody fills, from the front; ``None`` where all is taken."""
        with self._lock:
            if not self._free:
                return None
            start, end = self._free.pop(0)
            if end - start > most:
                self._free.insert(0, (start + most, end))
                end = start + most
            self._slots += 1
            return Range(slot=self._slots - 1, start=start, end=end)

    def writer(self, piece: Range) -> Writer:
        """What puts the bytes of a range on disk, from where it stands."""
        with _disk_errors_named(self.target):
            return Writer(self, piece, _open_unbuffered(self._data, "r+b"))

    def note(self, piece: Range) -> None:
        """Write a range's slot: everything up to here is on disk (a kill cannot take it back, only
        a power cut).
        """
        with self._lock:
            if not self._stream.closed:
                _write_at(
                    self._stream,
                    _HEAD.size + piece.slot * _SLOT.size,
                    _pack_slot(piece.start, piece.done, piece.crc),
                )

    @property
    def front(self) -> int:
        """Bytes that lie without a gap from the start."""
        with self._lock:
            return self._contiguous_end()

    def _contiguous_end(self) -> int:
        return self._finished[0][1] if self._finished and self._finished[0][0] == 0 else 0

    def finish(self, piece: Range) -> None:
        """Give a range back, filled or not: what is missing of it can be taken again."""
        with self._lock:
            if piece.done:
                self._finished = _merge_spans([*self._finished, (piece.start, piece.at)])
            if piece.left:
                self._free = sorted([*self._free, (piece.at, piece.end)])
            if self._stream.closed:  # nobody goes on with this one
                return
        if self._hash_lock.acquire(
            blocking=False
        ):  # one thread at a time follows; the others go on fetching
            try:
                self._hash_contiguous()
            finally:
                self._hash_lock.release()

    def restart(self, size: int) -> Range:
        """Forget what is there and take the whole file as one range (a server that knows no
        ranges).
        """
        with self._lock, _disk_errors_named(self.target):
            self.size = size
            self._stream.truncate(0)
            self._stream.seek(0)
            self._stream.write(_HEAD.pack(_MAGIC, size, self._identity))
            os.truncate(self._data, 0)
            self._finished, self._free, self._slots = [], [], 1
        with self._hash_lock:
            self._hash, self._hashed = hashlib.sha256(), 0
        return Range(slot=0, start=0, end=size)

    def resize(self, size: int) -> None:
        """The size became known: everything after the ranges given out so far can be taken, up to
        there.
        """
        with self._lock, _disk_errors_named(self.target):
            self._free = [(s, min(e, size)) for s, e in self._free if s < size]
            self.size = size
            self._stream.seek(0)
            self._stream.write(_HEAD.pack(_MAGIC, size, self._identity))

    def cut(self, piece: Range) -> None:
        """The stream ended and nobody knew the size: this is where the file ends."""
        piece.end = piece.at
        self.resize(piece.at)

    def _hash_contiguous(self) -> None:
        """Hash what lies without a gap from the start; read from the system's cache, while others
        fetch.
        """
        buffer = memoryview(bytearray(_LOOK))
        with _disk_errors_named(self.target), _open_unbuffered(self._data, "rb") as data:
            data.seek(self._hashed)
            while True:
                front = self.front
                if self._hashed >= front:
                    return
                got = data.readinto(buffer[: front - self._hashed])
                if not got:
                    return
                self._hash.update(buffer[:got])
                self._hashed += got

    def digest(self) -> str:
        """The SHA-256 of the whole file, in hex."""
        with self._hash_lock:
            self._hash_contiguous()
            return self._hash.hexdigest()

    def keep(self) -> None:
        """The file is right: give it its final name and drop the side file.

        No fsync, which would hold up the end of a fetch for seconds: after a power cut the file is
        hashed again (``Files.stamp`` knows the start of the computer), and installing requires the
        hash in any case.
        """
        self.close()
        with _disk_errors_named(self.target):
            replace_file(Path(self._data), Path(long_path(self.target)))
            Path(self._side).unlink(missing_ok=True)

    def discard(self) -> None:
        """Forget all of it."""
        self.close()
        with _disk_errors_named(self.target):
            Path(self._data).unlink(missing_ok=True)
            Path(self._side).unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the side file; everything stays for the next time."""
        with self._lock:
            self._stream.close()


class Writer:
    """Writes one range, piece by piece, and notes each piece once it is written."""

    def __init__(self, part: PartFile, piece: Range, data: FileIO) -> None:
        self._part, self._piece, self._data = part, piece, data

    def write(self, chunk: bytes | bytearray) -> None:
        """Put the next bytes of the range on disk. Raises ``ExpectedError`` (``disk_full``,
        ``permission_denied``).
        """
        piece = self._piece
        with _disk_errors_named(self._part.target):
            _write_at(self._data, piece.at, chunk)
            piece.crc = zlib.crc32(chunk, piece.crc)
            piece.done += len(chunk)
            self._part.note(piece)

    def close(self) -> None:
        """Let go of the file."""
        self._data.close()


def leftovers(target: str) -> tuple[str, ...]:
    """The names under which an unfinished fetch of this file keeps its bytes."""
    return target + ".part", target + ".ranges.part", target + ".ranges.part.new.part"


def _open_unbuffered(path: str, mode: str) -> FileIO:
    """Unbuffered: what was written is the system's when the call returns, so that a kill cannot
    lose it.
    """
    return cast(FileIO, open(path, mode, buffering=0, opener=open_private))


def _write_at(file: FileIO, at: int, data: bytes | bytearray) -> None:
    """Write all of it at a place; one system call where the system has one for that (Windows has
    none).
    """
    view = memoryview(data)
    if sys.platform == "win32":
        file.seek(at)
        while view:
            view = view[file.write(view) :]
    else:
        while view:
            put = os.pwrite(file.fileno(), view, at)
            view, at = view[put:], at + put


@contextlib.contextmanager
def _disk_errors_named(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise disk_fault(error, path) from error


def _pack_slot(start: int, length: int, crc: int) -> bytes:
    front = struct.pack("<QQI", start, length, crc)
    return _SLOT.pack(start, length, crc, zlib.crc32(front))


def _sound_slots(raw: bytes, data: BinaryIO, size: int) -> Iterator[tuple[int, int, int]]:
    """Slots that are whole, lie inside the file and whose bytes have the noted CRC."""
    for at in range(0, len(raw) - _SLOT.size + 1, _SLOT.size):
        start, length, crc, _ = _SLOT.unpack_from(raw, at)
        if (
            length == 0
            or start + length > size
            or _pack_slot(start, length, crc)[:24] != raw[at : at + 24]
        ):
            continue
        data.seek(start)
        left, seen = length, 0
        while left:
            chunk = data.read(min(_READ, left))
            if not chunk:
                break
            seen = zlib.crc32(chunk, seen)
            left -= len(chunk)
        if not left and seen == crc:
            yield start, length, crc


def _merge_spans(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _missing_spans(finished: list[tuple[int, int]], size: int) -> Iterator[tuple[int, int]]:
    at = 0
    for start, end in finished:
        if start > at:
            yield at, start
        at = end
    if at < size:
        yield at, size
