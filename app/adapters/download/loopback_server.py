"""Fetched bytes handed on while the rest still comes.

A server on loopback from which uv unpacks a wheel as it arrives.

The index sends each byte once, into the wheelhouse; uv reads it from there through this server,
checks the hash of what it read and unpacks into its cache. So unpacking ends a moment after the
last byte has come, not a whole unpacking later.
"""

from __future__ import annotations

import contextlib
import http.server
import os
import secrets
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote, unquote

from app.adapters.file_access import long_path
from app.ports import Download

_PIECE = 1 << 20


class PartialFile:
    """One file as far as it is there: the first ``front`` bytes, in the half-fetched file or under
    the final name.
    """

    def __init__(self, file: Download) -> None:
        self.size = file.size
        self.path = file.target + ".part"
        self.front = self.turns = 0
        self.change = threading.Condition()
        self.open = threading.Lock()  # Windows renames no file that is open here


class LoopbackServer:
    """The server; ``address`` says where a file can be read. It knows no other files and listens on
    loopback only.
    """

    def __init__(self) -> None:
        self._flows: dict[str, PartialFile] = {}
        self._secret = secrets.token_urlsafe(16)
        self.over = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.feeder = self
        threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="feeder", daemon=True
        ).start()

    def expect(self, files: Sequence[Download]) -> None:
        """These files are about to be fetched."""
        self._flows |= {os.path.basename(f.target): PartialFile(f) for f in files}

    def address(self, file: str) -> str:
        """Where a program of this computer reads the file with this name."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/{self._secret}/{quote(file)}"

    def close(self) -> None:
        """End the server and every answer that is under way."""
        if self.over.is_set():
            return
        self.over.set()
        for flow in list(self._flows.values()):  # a fetch that ends may still tell of a file
            with flow.change:
                flow.change.notify_all()
        self._server.shutdown()
        self._server.server_close()

    # --- told by the fetch ---

    def mark_grown(self, target: str, front: int, size: int | None) -> None:
        """So many bytes from the start are in the half-fetched file of ``target``, and stay."""
        if (flow := self._find_file(target)) is not None and (
            front > flow.front or size != flow.size
        ):
            with flow.change:
                flow.front, flow.size = max(front, flow.front), size
                flow.change.notify_all()

    def lost(self, target: str) -> None:
        """What was there is not right and will come again: whoever reads it is cut off."""
        if (flow := self._find_file(target)) is not None:
            with flow.change:
                flow.front, flow.turns = 0, flow.turns + 1
                flow.change.notify_all()

    @contextlib.contextmanager
    def finishing(self, target: str) -> Iterator[None]:
        """Around giving a file its final name: nothing here holds it open meanwhile."""
        flow = self._find_file(target)
        if flow is None:
            yield
            return
        with flow.open:
            yield
            self._mark_finished(flow, target)

    def finished(self, target: str) -> None:
        """The file is there under its final name."""
        if (flow := self._find_file(target)) is not None:
            with flow.open:
                self._mark_finished(flow, target)

    def _mark_finished(self, flow: PartialFile, target: str) -> None:
        with flow.change:
            flow.path, flow.size = target, os.stat(long_path(target)).st_size
            flow.front = flow.size
            flow.change.notify_all()

    def _find_file(self, target: str) -> PartialFile | None:
        return self._flows.get(os.path.basename(target))

    # --- asked by the server ---

    def found(self, path: str) -> PartialFile | None:
        """The file that an address means."""
        _, secret, name = [*path.split("/", 2), "", ""][:3]
        return (
            self._flows.get(unquote(name)) if secrets.compare_digest(secret, self._secret) else None
        )

    def send(self, flow: PartialFile, line: socket.socket) -> None:
        """The whole file, each part as soon as it is there. Raises ``OSError`` where the reader or
        the file is gone.
        """
        at, turns = 0, flow.turns
        while at != flow.size:
            with flow.change:
                while not self.over.is_set() and flow.turns == turns and flow.front <= at:
                    flow.change.wait()
                if self.over.is_set() or flow.turns != turns:
                    raise ConnectionAbortedError("the file is not coming")
                front = flow.front
            at = self._send_range(flow, line, at, front)

    if sys.platform == "win32":

        def _send_range(self, flow: PartialFile, line: socket.socket, at: int, front: int) -> int:
            buffer = memoryview(bytearray(min(_PIECE, front - at)))
            with flow.open, open(long_path(flow.path), "rb", buffering=0) as file:
                file.seek(at)
                got = file.readinto(buffer)
            if not got:
                raise ConnectionAbortedError("the file is not there")
            line.sendall(buffer[:got])
            return at + got

    else:

        def _send_range(self, flow: PartialFile, line: socket.socket, at: int, front: int) -> int:
            """From the system's cache to the socket without a copy here; a rename meanwhile does no
            harm.
            """
            with flow.open:
                file = open(long_path(flow.path), "rb", buffering=0)  # noqa: SIM115  (closed at once below)
            with file:
                while at < front and not self.over.is_set():
                    sent = os.sendfile(line.fileno(), file.fileno(), at, min(_PIECE, front - at))
                    if not sent:
                        raise ConnectionAbortedError("the file is not there")
                    at += sent
            return at


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    feeder: LoopbackServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reader that went away is no fault of this program."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def do_GET(self) -> None:
        feeder = self.server.feeder
        flow = feeder.found(self.path)
        if flow is None:
            self.send_error(404)
            return
        with flow.change:
            flow.change.wait_for(
                lambda: feeder.over.is_set() or (flow.size is not None and flow.front > 0)
            )
        if feeder.over.is_set():
            self.close_connection = True
            return
        self.send_response_only(200)
        self.send_header("Content-Length", str(flow.size))
        self.send_header("Content-Type", "application/octet-stream")
        self.end_headers()
        try:
            feeder.send(flow, self.connection)
        except OSError:
            self.close_connection = True
