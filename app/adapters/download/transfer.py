"""Fetches one file.

What is there already, one stream at a time into a range, and the check at the end.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import urllib3

from app.adapters.disk_errors import disk_errors_named
from app.adapters.download.connection_pool import BROKEN
from app.adapters.download.download_errors import (
    MANY,
    SIGN_IN,
    DownloadError,
    Endpoint,
    download_error,
    from_error,
    from_status,
    host,
)
from app.adapters.download.fetch_context import FetchContext
from app.adapters.download.part_file import RANGE, PartFile, Range, Writer, leftovers
from app.adapters.file_access import long_path, open_private, replace_file
from app.model import limits
from app.model.message import Message
from app.ports import Download

_READ = (
    1 << 16
)  # bytes taken from a socket at once: a kill loses no more of each stream (256 KB was no quicker)
_HOLD = 1 << 15  # bytes a stream holds before they are written: a kill loses no more of each stream
_HELD = 0.25  # seconds after which a slow stream writes what it holds
UNKNOWN = 1 << 50  # a file whose size nobody told ends where its stream ends


class Transfer:
    """One file. ``state``: new, busy (one worker finds out), ranged, single, checking, done;
    changes under ``turn``.
    """

    def __init__(self, file: Download, context: FetchContext) -> None:
        self.file, self.size = file, file.size
        self.most = limits.FILE_OF_UNKNOWN_SIZE if file.most is None else file.most
        self.state = "new"
        self.part: PartFile | None = None
        self.active = self.bytes = self.failures = self.since_failure = self.mismatches = 0
        self._most = (
            0  # bytes that were there at best: a stream that starts again and again is no progress
        )
        self.not_before = 0.0
        self.responses: list[urllib3.BaseHTTPResponse] = []
        self._writers: list[Writer] = []
        self._context = context

    @property
    def name(self) -> str:
        """The file's name."""
        return os.path.basename(self.file.target)

    def take(self) -> Range | None:
        """A range that nobody fills; where the server knows no ranges, all that is missing."""
        if (
            self.part is None
            or self.state not in ("ranged", "single")
            or (self.state == "single" and self.active)
        ):
            return None
        return self.part.take(RANGE if self.state == "ranged" else UNKNOWN)

    @property
    def is_large(self) -> bool:
        """Whether the file has more than one range, as far as anybody knows."""
        return self.size is None or self.size > RANGE

    @property
    def is_ready_to_check(self) -> bool:
        """Whether all bytes are there and nobody is checking them."""
        return (
            not self.active
            and self.state in ("ranged", "single")
            and self.part is not None
            and self.part.whole
        )

    def advance(self, piece: Range | None) -> None:
        """Do one piece of work: look what is there, fill a range, or check the whole. Raises
        ``DownloadError``.
        """
        if self.state == "busy":
            piece = self._find_first_range()
        if piece is not None and self.part is not None:
            self._fetch_range(piece, self.part)
        with self._context.turn:
            if self.part is None or not self.part.whole or self.state == "done":
                return
            if (
                self.state not in ("busy", "checking") and self.active > 1
            ):  # the last one out checks; see also ``is_ready_to_check``
                return
            self.state = "checking"
        self._check_hash(self.part)

    def flush_and_close(self) -> None:
        """The fetch is over: what has arrived stays for the next one, an empty beginning goes.

        A worker may still wait in a read (Windows does not wake it when its socket is shut); its
        file is closed here, since an open file could not be renamed by the next fetch.
        """
        for writer in list(self._writers):
            writer.close()
        if self.part is None:
            return
        if self.state != "done" and not self.active and self.part.present == 0:
            self.part.discard()
        else:
            self.part.close()

    def _find_first_range(self) -> Range | None:
        """What is there already, and the first range to ask for."""
        if self._is_complete():
            return None
        if self.size is not None and self.size > self.most:
            raise self._too_large_error(self._context.connections.endpoint(self.file.url))
        if urlsplit(self.file.url).scheme == "file":
            self._copy_local_file()
            return None
        identity = "\n".join(sorted(self.file.sha256)).encode() or self.file.url.encode()
        if self.part is None:
            self.part = PartFile(
                self.file.target, self.size if self.size is not None else UNKNOWN, identity
            )
            with self._context.turn:
                self.bytes = self._most = self.part.present
                if self.bytes:
                    self._context.note(
                        f"{self.name}: {self.bytes / 1e6:.1f} MB are here already, going on from "
                        f"there"
                    )
        return self.part.take()

    def _is_complete(self) -> bool:
        """A file of the right content under its final name needs nothing; a wrong one goes."""
        target = long_path(self.file.target)
        try:
            size = os.stat(target).st_size
        except FileNotFoundError:
            return False
        if (self.size is None or size == self.size) and self._has_locked_hash(
            _hash_file(target, self._context.raise_if_stopped)
        ):
            self._mark_done(size)
            self._notify_finished()
            return True
        with disk_errors_named(self.file.target):
            os.unlink(target)
        self._context.note(
            f"{self.name}: the file in the wheelhouse is not the locked one and is fetched again"
        )
        return False

    def _copy_local_file(self) -> None:
        """A file of this computer: linked where the volume allows it, else copied, then checked as
        any other.
        """
        source = long_path(url2pathname(_file_url_path(self.file.url)))
        target = long_path(self.file.target)
        if not os.path.isfile(source):
            raise download_error(
                "file_missing",
                Message("{source} is not there.", source=source),
                hint=Message("Check the find-links folder or the bundle."),
            )
        part = target + ".part"
        with disk_errors_named(self.file.target):
            Path(part).unlink(missing_ok=True)
            try:
                os.link(os.path.realpath(source), part)
            except OSError:
                with (
                    open(source, "rb", opener=open_private) as read,
                    open(part, "wb", opener=open_private) as write,
                ):
                    while chunk := read.read(1 << 20):
                        self._context.raise_if_stopped()
                        write.write(chunk)
                        self._count_bytes(len(chunk), net=False)
            size = os.stat(part).st_size
            found = _hash_file(part, self._context.raise_if_stopped)
            if not self._has_locked_hash(found):
                os.unlink(part)
                raise self._hash_mismatch_error(found)
            replace_file(Path(part), Path(target))
        self._mark_done(size)
        self._notify_finished()

    def _fetch_range(self, piece: Range, part: PartFile) -> None:
        """One request and its body. However it ends, what has arrived of the range stays, the rest
        can be taken again.
        """
        try:
            headers = self._build_headers(piece)
            endpoint = self._context.connections.endpoint(self.file.url)
            response = self._context.connections.request("GET", self.file.url, headers)
            with self._context.turn:
                self.responses.append(response)
            try:
                self._context.raise_if_stopped()
                piece = self._check_response(
                    piece, part, response, endpoint, ranged="Range" in headers
                )
                self._write_body(piece, part, response, endpoint)
            finally:
                with self._context.turn:
                    self.responses.remove(response)
                if piece.left:
                    response.close()
                else:
                    response.release_conn()
        finally:
            part.finish(piece)
            if self._context.feeder is not None:
                self._context.feeder.mark_grown(self.file.target, part.front, self.size)

    def _build_headers(self, piece: Range) -> dict[str, str]:
        """A range, unless the piece is the whole file: plain requests work everywhere."""
        headers = {}
        if self.state != "single" and (piece.at, piece.end) != (0, self.size):
            headers["Range"] = f"bytes={piece.at}-{min(piece.end, piece.at + RANGE) - 1}"
        if self.mismatches:
            headers["Cache-Control"] = (
                "no-cache"  # a broken copy in a proxy's cache must not come a second time
            )
        return headers

    def _check_response(
        self,
        piece: Range,
        part: PartFile,
        response: urllib3.BaseHTTPResponse,
        endpoint: Endpoint,
        *,
        ranged: bool,
    ) -> Range:
        """Judge an answer by its head. Returns the range that the body really fills."""
        if response.status not in (200, 206):
            raise from_status(response, endpoint)
        if response.headers.get("Content-Type", "").lower().startswith("text/html"):
            raise download_error(
                "captive_portal",
                Message(
                    "{host} answered with a web page instead of {file}.",
                    host=endpoint.host,
                    file=endpoint.file,
                ),
                details=_read_page_start(response),
                hint=SIGN_IN,
            )
        if response.status == 206:
            start, total = _content_range(response.headers.get("Content-Range", ""))
            if start != piece.at:
                raise download_error(
                    "server_error",
                    Message(
                        "{host} sent another range of {file} than was asked for.",
                        host=endpoint.host,
                        file=endpoint.file,
                    ),
                    limit=3,
                )
            self._learn_size(total, piece, part, endpoint)
            self._open_to_others("ranged")
            return piece
        length = limits.whole_number(response.headers.get("Content-Length", ""))
        if self.size is not None and length is not None and length != self.size:
            raise self._wrong_size_error(length, self.size, endpoint)
        if length is not None and length > self.most:
            raise self._too_large_error(endpoint)
        if not ranged and piece.at == 0:
            self._open_to_others("ranged")
            return piece
        return self._take_whole_file(part, self.size if length is None else length, endpoint)

    def _open_to_others(self, state: str) -> None:
        """The first answer told how the server behaves: others may now take ranges."""
        with self._context.turn:
            if self.state == "busy":
                self.state = state
                self._context.turn.notify_all()

    def _take_whole_file(self, part: PartFile, size: int | None, endpoint: Endpoint) -> Range:
        """The server refused the range and sends the whole file: one stream takes it, from the
        front.
        """
        with self._context.turn:
            if self.state != "single" and size is not None and size > RANGE:
                self._context.note(
                    f"{endpoint.host} sends {endpoint.file} only as a whole: one stream"
                )
            self.state = "single"
            if self.active > 1:
                raise download_error(
                    "network_interrupted",
                    Message(
                        "{host} stopped sending ranges of {file}.",
                        host=endpoint.host,
                        file=endpoint.file,
                    ),
                    limit=8,
                )
            self.bytes, self.size = 0, size
            self._notify_lost()
            return part.restart(UNKNOWN if size is None else size)

    def _learn_size(
        self, total: int | None, piece: Range, part: PartFile, endpoint: Endpoint
    ) -> None:
        """Learn or compare the size that the server tells."""
        if total is None:
            return
        if total > self.most:
            raise self._too_large_error(endpoint)
        if self.size is None:
            part.resize(total)
            piece.end = min(piece.end, total)
            with self._context.turn:
                self.size = total
        elif total != self.size:
            raise self._wrong_size_error(total, self.size, endpoint)

    def _wrong_size_error(self, found: int, wanted: int, endpoint: Endpoint) -> DownloadError:
        return download_error(
            "wrong_size",
            Message(
                "{host} offers {file} with {found:,} bytes; the index says {wanted:,}.",
                host=endpoint.host,
                file=endpoint.file,
                found=found,
                wanted=wanted,
            ),
            limit=3,
            hint=Message(
                "The mirror holds a damaged or cut file: run it again later, or choose "
                "another index."
            ),
        )

    def _too_large_error(self, endpoint: Endpoint) -> DownloadError:
        return download_error(
            "wrong_size",
            Message(
                "{host} sends more for {file} than that file has: over {most:,} bytes.",
                host=endpoint.host,
                file=endpoint.file,
                most=self.most,
            ),
            limit=2,
            hint=Message("The server or what stands in between is broken: choose another index."),
        )

    def _write_body(
        self, piece: Range, part: PartFile, response: urllib3.BaseHTTPResponse, endpoint: Endpoint
    ) -> None:
        """Move the body to the disk. A stream that falls below the slowest useful rate counts as
        stalled.
        """
        writer = part.writer(piece)
        self._writers.append(writer)
        held = bytearray()
        flushed = began = time.monotonic()
        seen = 0
        try:
            while piece.left - len(held) > 0:
                chunk = response.read1(min(_READ, piece.left - len(held)), decode_content=False)
                self._context.raise_if_stopped()
                if not chunk:
                    break
                seen += len(chunk)
                if piece.at + len(held) + len(chunk) > self.most:
                    raise self._too_large_error(endpoint)
                now = time.monotonic()
                if not held and len(chunk) >= _HOLD:  # a fast line: straight to the disk
                    flushed = now
                    self._write_chunk(writer, chunk)
                    continue
                held += chunk
                if len(held) >= _HOLD or now - flushed > _HELD:
                    flushed = now
                    self._flush_held(writer, held)
                if now - began > self._context.patience.read:
                    if seen < self._context.patience.slowest * (now - began):
                        raise TimeoutError(f"{seen} bytes in {now - began:.0f} s")
                    began, seen = now, 0
        except BROKEN as error:
            self._context.raise_if_stopped()
            raise from_error(error, endpoint) from error
        finally:
            try:
                if held and not self._context.over.is_set():
                    self._flush_held(writer, held)
            finally:
                writer.close()
                self._writers.remove(writer)
        if piece.left and self.size is None:
            part.cut(piece)
            with self._context.turn:
                self.size = piece.at
        elif piece.left:
            raise download_error(
                "network_interrupted",
                Message(
                    "{host} closed the connection in the middle of {file}.",
                    host=endpoint.host,
                    file=endpoint.file,
                ),
                limit=MANY,
            )

    def _flush_held(self, writer: Writer, held: bytearray) -> None:
        self._write_chunk(writer, held)
        held.clear()

    def _write_chunk(self, writer: Writer, chunk: bytes | bytearray) -> None:
        writer.write(chunk)
        self._count_bytes(len(chunk))

    def _check_hash(self, part: PartFile) -> None:
        """The whole file is there: it counts only with the hash of the lock."""
        found = part.digest()
        self._context.raise_if_stopped()
        if self._has_locked_hash(found):
            with (
                self._context.feeder.finishing(self.file.target)
                if self._context.feeder
                else contextlib.nullcontext()
            ):
                part.keep()
            self._mark_done(part.size)
            return
        self._notify_lost()
        part.discard()
        with self._context.turn:
            self.part, self.bytes, self.state, self.mismatches = None, 0, "new", self.mismatches + 1
            self._context.note(
                f"{self.name} from {host(self.file.url)} does not have the locked hash: fetching "
                f"it once more, whole"
            )
        if self.mismatches > 1:
            raise self._hash_mismatch_error(found)

    def _notify_finished(self) -> None:
        if self._context.feeder is not None:
            self._context.feeder.finished(self.file.target)

    def _notify_lost(self) -> None:
        if self._context.feeder is not None:
            self._context.feeder.lost(self.file.target)

    def _hash_mismatch_error(self, found: str) -> DownloadError:
        return download_error(
            "pip_hash_mismatch",
            Message(
                "{name} from {host} is not the file that the lock names: its SHA-256 differs.",
                name=self.name,
                host=host(self.file.url),
            ),
            details=f"wanted {', '.join(self.file.sha256)}\nfound {found}",
            hint=Message(
                "A mirror, proxy or virus scanner changed the file. Choose another index, "
                "or run it again on another network."
            ),
        )

    def _has_locked_hash(self, found: str) -> bool:
        return not self.file.sha256 or found in self.file.sha256

    def _mark_done(self, size: int) -> None:
        for left in leftovers(long_path(self.file.target)):
            Path(left).unlink(missing_ok=True)
        with self._context.turn:
            self.size, self.bytes, self.state = size, size, "done"
            self._context.turn.notify_all()

    def _count_bytes(self, count: int, *, net: bool = True) -> None:
        with self._context.turn:
            self.bytes += count
            self.since_failure += max(0, self.bytes - self._most)
            self._most = max(self._most, self.bytes)
        if net:
            self._context.arrived(count)


def _hash_file(path: str, alive: Callable[[], None]) -> str:
    digest = hashlib.sha256()
    with disk_errors_named(path), open(path, "rb", opener=open_private) as stream:
        while chunk := stream.read(1 << 20):
            alive()
            digest.update(chunk)
    return digest.hexdigest()


def _file_url_path(url: str) -> str:
    parts = urlsplit(url)
    return f"//{parts.netloc}{parts.path}" if parts.netloc not in ("", "localhost") else parts.path


def local_size(url: str) -> int | None:
    """The size of a ``file://`` address; ``None`` where there is no file."""
    try:
        return os.stat(long_path(url2pathname(_file_url_path(url)))).st_size
    except OSError:
        return None


def _content_range(text: str) -> tuple[int | None, int | None]:
    """Start and total of ``bytes 0-99/1000``; ``None`` for what is not told."""
    unit, _, rest = text.strip().partition(" ")
    span, _, total = rest.partition("/")
    start = limits.whole_number(span.partition("-")[0])
    if unit != "bytes" or start is None:
        return None, None
    return start, limits.whole_number(total)


def _read_page_start(response: urllib3.BaseHTTPResponse) -> str:
    with contextlib.suppress(*BROKEN):  # one read: a server may drip
        return response.read1(600, decode_content=False).decode("utf-8", "replace")
    return ""
