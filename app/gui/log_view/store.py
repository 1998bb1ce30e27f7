"""A run's log as the window needs it: the file on disk, indexed.

One number for each 64 KiB, search and filter in slices.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from time import perf_counter

from PySide6.QtCore import QByteArray, QFile, QIODevice

CHUNK = 65536
LONG = 16384  # bytes shown of a line that is longer than a chunk

# Words that make a line worth a second look. A word inside a file name (error_codes.py, warn-rs) is
# none.
TROUBLE = re.compile(
    rb"(?<![\w./\\-])(?:(?P<error>(?:\w+)?(?:errors?|exception)\b|fatal\b|traceback\b|failed\b|failure\b|denied\b|refused\b|abort(?:ed|ing)?\b)"
    rb"|(?:\w+)?warn(?:ing|ings)?\b|connection reset\b|timed out\b|retry(?:ing)?\b|deprecated\b)(?![\w./\\-]*\.\w)"
)
_HINTS = (
    b"err",
    b"warn",
    b"fail",
    b"except",
    b"fatal",
    b"traceback",
    b"denied",
    b"refused",
    b"abort",
    b"reset",
    b"timed out",
    b"retry",
    b"deprecated",
)
_RARE = b"zqjxkvbywgpfmucdlhrsnioate"  # letters by how seldom they are
# A line that names its own level is no worse than it says: PyTorch's "W1130 09:33:19.626 …" of what
# "will be an error in a future release", Python's "WARNING:root:…".
_OWN_LEVEL = re.compile(
    rb"^\s*(?:\[?(?:\d{4}-\d\d-\d\d[ t])?\d\d:\d\d:\d\d[\d.,]*z?\]?\s+)?"
    rb"(?:\[?(?:(w)arn(?:ing)?|info|debug)(?=[]:\s]|$)|(?:(w)|i)\d{4} \d\d:\d\d:)"
)
_NONE = re.compile(rb"\b(?:0|no) (?:errors?|warnings?|failures?)\b")


def find_severity(line: bytes) -> str:
    """``error``, ``warn`` or nothing: what a line's words say of it. The line is taken as it is, in
    any case.
    """
    low = _NONE.sub(b"", line[:4096].lower())
    # a loop: any() with a generator takes twice as long, and this is asked for every line in sight
    for hint in _HINTS:
        if hint in low:
            break
    else:
        return ""
    own = _OWN_LEVEL.match(low)
    if own:
        return "warn" if own[1] or own[2] else ""
    found = ""
    for match in TROUBLE.finditer(low):
        if match["error"]:
            return "error"
        found = "warn"
    return found


class LogStore:
    """All lines of a log. Only the index is held in memory: eight bytes for each 64 KiB, and one
    time for each second.

    The run writes its bytes to ``path`` before it tells of them, so the file is the truth: ``grow``
    only marks the time, and ``catch_up`` counts what the file has (94 MB take 40 ms). Where there
    is no file (a played-back run), the bytes themselves are kept.
    """

    def __init__(self, path: str | None = None) -> None:
        self.path = path
        self.size = 0
        self._newlines = 0
        self._marks = array("Q", [0])  # line ends before each multiple of CHUNK
        self._open_end = False  # the last line has no end yet
        self._told = 0  # bytes that ``grow`` was given
        self._time_offsets = array("Q")
        self._time_lines = array("Q")  # the same as line numbers, as far as anybody has asked
        self._times = array("d")
        self._kept = bytearray()
        self._file: QFile | None = None

    def close(self) -> None:
        """Let go of the file; the next read opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    # what grows

    def grow(self, chunk: bytes, at: float | None = None) -> None:
        """Bytes were added. ``at`` is the time to show beside their lines (seconds, any origin)."""
        if at is not None and (not self._times or int(at) != int(self._times[-1])):
            # By what was told, not by what is counted: the file may be far ahead of the telling.
            self._time_offsets.append(self._told)
            self._times.append(at)
        self._told += len(chunk)
        if self.path is None and chunk:
            self._kept += chunk
            while self.size < len(self._kept):
                self._count_lines(self.raw(self.size, CHUNK - self.size % CHUNK))

    def catch_up(self, seconds: float = 0.002) -> bool:
        """Index what the file has beyond what is known, for at most this long; whether its end was
        reached.
        """
        if self.path is None:
            return True
        until = perf_counter() + seconds
        while (chunk := self.raw(self.size, CHUNK - self.size % CHUNK)).size():
            self._count_lines(chunk)
            if perf_counter() > until:
                return False
        return True

    def _count_lines(self, chunk: QByteArray) -> None:
        """Count a piece of one chunk. Qt's array counts a byte twice as fast as Python's."""
        self.size += chunk.size()
        self._newlines += chunk.count(b"\n")
        self._open_end = not chunk.endsWith(b"\n")
        if self.size % CHUNK == 0:
            self._marks.append(self._newlines)

    @property
    def lines(self) -> int:
        """Number of lines; one without its end yet counts."""
        return self._newlines + self._open_end

    # what is read

    def read(self, offset: int, count: int) -> bytes:
        """Bytes of the log; fewer at its end, none where the file cannot be read."""
        return bytes(self.raw(offset, count).data())

    def raw(self, offset: int, count: int) -> QByteArray:
        """The same as Qt's own array, for who only counts in it."""
        if self.path is None:
            return QByteArray(bytes(self._kept[offset : offset + count]))
        if self._file is None:
            made = QFile(self.path)
            # Unbuffered: Qt's own buffer would hold an old end of a file that grows.
            if not made.open(QIODevice.OpenModeFlag.ReadOnly | QIODevice.OpenModeFlag.Unbuffered):
                return QByteArray()
            self._file = made
        if not self._file.seek(offset):
            return QByteArray()
        return self._file.read(count)

    def start_of(self, line: int) -> int:
        """Where a line begins; beyond the last line, the end."""
        if line <= 0:
            return 0
        if line > self._newlines:
            return self.size
        at = bisect_left(self._marks, line) - 1
        chunk = self.read(at * CHUNK, CHUNK)
        rest = chunk.split(b"\n", line - self._marks[at])[-1]
        return at * CHUNK + len(chunk) - len(rest)

    def get(self, first: int, count: int) -> list[bytes]:
        """Lines without their ends, as they are in the file. One longer than a chunk comes as
        ``LONG`` bytes of it.
        """
        found: list[bytes] = []
        line, at = first, self.start_of(first)
        while len(found) < count and at < self.size:
            chunk = self.read(at, min(CHUNK, self.size - at))
            if not chunk:
                break
            parts = chunk.split(b"\n")
            rest = parts.pop()
            if not parts and at + len(chunk) < self.size:
                end = self.start_of(line + 1) - 1 if line < self._newlines else self.size
                found.append(self._shorten_line(at, end))
                line, at = line + 1, end + 1
                continue
            if at + len(chunk) >= self.size and rest:
                parts.append(rest)
            found.extend(parts[: count - len(found)])
            line += len(parts)
            at += sum(map(len, parts)) + len(parts)
        return found

    def _shorten_line(self, start: int, end: int) -> bytes:
        """What to show of a very long line: the last redraw if it was redrawn, else its beginning."""
        tail = self.read(max(start, end - LONG), min(LONG, end - start)).rstrip(b"\r")
        if b"\r" in tail:
            return tail
        return self.read(start, LONG) + " …".encode()

    def clock(self, line: int) -> float | None:
        """The time that ``grow`` was given for a line."""
        while (n := len(self._time_lines)) < len(self._time_offsets) and self._time_offsets[
            n
        ] <= self.size:
            self._time_lines.append(self.line_at(self._time_offsets[n]))
        at = bisect_right(self._time_lines, line) - 1
        return self._times[at] if at >= 0 else None

    def lines_before(self, offset: int) -> int:
        """Line ends before an offset that is a multiple of ``CHUNK``."""
        return int(self._marks[min(offset // CHUNK, len(self._marks) - 1)])

    def line_at(self, offset: int) -> int:
        """Number of the line that holds an offset."""
        whole = offset // CHUNK * CHUNK
        return self.lines_before(whole) + self.read(whole, offset - whole).count(b"\n")


_FEW = 64  # places in a chunk: to look at one takes 0.001 ms, a chunk in small letters 0.05 ms


class Search:
    """A text in all lines, ignoring case, in slices. Escape codes in the middle of a word hide it.

    Kept is the number of hits in each chunk; a hit itself is looked up when somebody goes to it.
    Qt's array makes small letters and counts in a third of the time of Python's bytes; a chunk
    without the text's rarest letter is not looked into.
    """

    def __init__(self, store: LogStore, text: str) -> None:
        self._store = store
        self._ascii = text.isascii()
        self.needle = self._fold_case(text.encode())
        self._rare = (
            min(self.needle, key=lambda b: _RARE.find(b) % 99) if self._ascii and text else 0
        )
        # Qt counts hits that overlap, people do not.
        self._plain = self._ascii and not any(
            self.needle.startswith(self.needle[n:]) for n in range(1, len(self.needle))
        )
        # What has no case, such as the "_96." of "kernel_96.cu", is looked for as it stands,
        # without a copy in small letters.
        runs = re.finditer(rb"[^a-z]{2,}", self.needle) if self._plain else iter(())
        found = max(runs, key=lambda run: run.end() - run.start(), default=None)
        self._caseless, self._caseless_at = (found.group(), found.start()) if found else (b"", 0)
        self._counts = array("L")
        self._tail = 0
        self._seen = 0

    def _fold_case(self, data: bytes) -> bytes:
        return data.lower() if self._ascii else data.decode("utf-8", "replace").lower().encode()

    @property
    def total(self) -> int:
        """Hits found so far."""
        return sum(self._counts) + self._tail

    @property
    def done(self) -> bool:
        """Whether everything that is there now was looked at."""
        return self._seen >= self._store.size or not self.needle

    def step(self, seconds: float = 0.002) -> bool:
        """Look on for at most this long (one chunk at least); whether it is done."""
        until = perf_counter() + seconds * 0.95  # a chunk takes 0.05 ms
        while not self.done:
            hits = self._count_hits(len(self._counts))
            if (len(self._counts) + 1) * CHUNK <= self._store.size:
                self._counts.append(hits)
                self._tail, self._seen = 0, len(self._counts) * CHUNK
            else:
                self._tail, self._seen = hits, self._store.size
            if perf_counter() > until:
                break
        return self.done

    def _count_hits(self, number: int) -> int:
        raw = self._read_chunk(number)
        if not self._plain:
            return self._fold_case(bytes(raw.data())).count(self.needle)
        rare = bytes((self._rare,))
        if not raw.contains(rare) and not raw.contains(rare.upper()):
            return 0
        if self._caseless:
            hits = self._count_around_caseless(raw)
            if hits is not None:
                return hits
        return int(raw.toLower().count(self.needle))

    def _count_around_caseless(self, raw: QByteArray) -> int | None:
        """Hits, by the places of what has no case in the text; ``None`` where there are too many of
        them to look at each.
        """
        hits, length = 0, len(self.needle)
        at = raw.indexOf(self._caseless)
        for _ in range(_FEW):
            if at < 0:
                return hits
            start = at - self._caseless_at
            hits += start >= 0 and raw.mid(start, length).toLower() == self.needle
            at = raw.indexOf(self._caseless, at + 1)
        return None

    def _read_chunk(self, number: int) -> QByteArray:
        """One chunk, and as much of the next as a hit on the edge needs."""
        at = number * CHUNK
        return self._store.raw(at, min(CHUNK + len(self.needle) - 1, self._store.size - at))

    def _lines_with_hits(self, number: int) -> list[int]:
        """The lines of a chunk that hold a hit."""
        block, found = self._fold_case(bytes(self._read_chunk(number).data())), []
        line, seen, at = self._store.lines_before(number * CHUNK), 0, block.find(self.needle)
        while at >= 0:
            line += block.count(b"\n", seen, at)
            found.append(line)
            seen = at
            end = block.find(b"\n", at)
            at = block.find(self.needle, end) if end >= 0 else -1
        return found

    def after(self, line: int) -> int | None:
        """The first line beyond this one that holds the text; ``None`` where there is none."""
        return self._find_line(
            self._blocks_from(self._store.start_of(line + 1), forward=True),
            lambda n: n > line,
            first=True,
        )

    def before(self, line: int) -> int | None:
        """The last line before this one that holds the text."""
        return self._find_line(
            self._blocks_from(self._store.start_of(line), forward=False),
            lambda n: n < line,
            first=False,
        )

    def _blocks_from(self, offset: int, forward: bool) -> Iterable[int]:
        # A hit near the edge is counted in the chunk before its line's start, hence one more to the
        # left.
        here = min(offset // CHUNK, len(self._counts))
        return range(max(0, here - 1), len(self._counts) + 1) if forward else range(here, -1, -1)

    def _find_line(
        self, blocks: Iterable[int], fits: Callable[[int], bool], first: bool
    ) -> int | None:
        for number in blocks:
            count = self._counts[number] if number < len(self._counts) else self._tail
            if count and (lines := [n for n in self._lines_with_hits(number) if fits(n)]):
                return lines[0 if first else -1]
        return None


class ProblemScan:
    """The lines that warn or tell of an error, found in slices. Kept is one number for each."""

    def __init__(self, store: LogStore) -> None:
        self._store = store
        self.lines = array("Q")
        self._from = 0  # whole lines below this offset were judged
        self._seen = 0  # size of the log when its end was last reached

    @property
    def done(self) -> bool:
        """Whether everything that is there now was looked at."""
        return self._seen >= self._store.size

    def step(self, seconds: float = 0.002) -> bool:
        """Look on for at most this long (one chunk at least); whether it is done."""
        until = perf_counter() + seconds
        while not self.done:
            self._scan_chunk()
            if perf_counter() > until:
                break
        return self.done

    def _scan_chunk(self) -> None:
        size = self._store.size
        chunk = self._store.read(self._from, min(CHUNK, size - self._from))
        last = self._from + len(chunk) >= size
        # A line without its end yet is judged again when more of it has come; one longer than a
        # chunk, piece by piece.
        whole = chunk.rfind(b"\n") + 1 or (0 if last else len(chunk))
        low = chunk.lower()
        if any(hint in low for hint in _HINTS):
            line = self._store.line_at(self._from)
            for number, text in enumerate((chunk if last else chunk[:whole]).split(b"\n"), line):
                if (not self.lines or self.lines[-1] < number) and find_severity(text):
                    self.lines.append(number)
        self._from += whole
        if last or not chunk:
            self._seen = size
