"""A real package index on loopback that fails on request in every way networks do.

PEP 503, 691 and 658.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.fault_index.wheels import SmallWheel

_SIGN_IN = (
    b"<html><head><title>Sign in</title></head><body><form action='/login'><input "
    b"name='room'></form></body></html>"
)
_PIECE = 1 << 16


@dataclass
class Rule:
    """What goes wrong for addresses that match. ``times`` counts down; ``after`` is in bytes of the
    answer.

    Kinds: ``status`` (code, headers), ``drop``, ``reset``, ``stall`` (after, seconds), ``slow``
    (rate), ``captive``, ``circle``, ``no-range``, ``no-length``, ``corrupt``, ``cut`` (a shorter
    file), ``grown`` (a longer file), ``wrong-range``. Without ``ranges`` the answer is always the
    whole file.
    """

    pattern: str
    kind: str
    times: float = float("inf")
    after: int | None = None
    code: int = 500
    seconds: float = 60.0
    rate: float = 1e6
    ranges: bool = True
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Request:
    """One request as the server saw it; ``sent`` counts body bytes that were handed to the socket."""

    method: str
    path: str
    span: str | None
    headers: dict[str, str]
    status: int = 0
    sent: int = 0


class PlaybackSpeed:
    """Holds all streams together to one rate, in bytes a second."""

    def __init__(self, rate: float) -> None:
        self._rate, self._lock, self._due = rate, threading.Lock(), 0.0

    def spend(self, count: int) -> None:
        """Wait until so many more bytes may go."""
        with self._lock:
            now = time.monotonic()
            self._due = max(self._due, now - 0.01) + count / self._rate
            wait = self._due - now
        if wait > 0:
            time.sleep(wait)


class FaultIndex:
    """The server. Use as a context; ``url`` is the index's address, ``requests`` what was asked."""

    def __init__(
        self,
        wheels: list[SmallWheel],
        *,
        tls: ssl.SSLContext | None = None,
        rate: float | None = None,
        sizes: bool = True,
        hashes: bool = True,
        small_buffer: bool = False,
    ) -> None:
        self.wheels = {w.file: w for w in wheels}
        self.pages: dict[str, str] = {}  # project pages in other words than the wheels would give
        self.rules: list[Rule] = []
        self.requests: list[Request] = []
        self.sizes, self.hashes, self.small_buffer = sizes, hashes, small_buffer
        self._pace = PlaybackSpeed(rate) if rate else None
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.index = self
        if tls is not None:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.base = f"{'https' if tls else 'http'}://{self.host}"
        self.url = f"{self.base}/simple/"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    def __enter__(self) -> FaultIndex:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    def fail(self, pattern: str, kind: str, **how: Any) -> None:
        """Add a rule; the first that matches and has turns left counts."""
        self.rules.append(Rule(pattern, kind, **how))

    def address(self, wheel: SmallWheel) -> str:
        """Where one wheel lies."""
        return f"{self.base}/files/{wheel.file}"

    @property
    def sent(self) -> int:
        """Body bytes of files that were sent, over all requests."""
        with self._lock:
            return sum(r.sent for r in self.requests if r.path.endswith(".whl"))

    def asked(self, ending: str) -> list[Request]:
        """The requests whose path ends so."""
        with self._lock:
            return [r for r in self.requests if r.path.endswith(ending)]

    # --- answering ---

    def rule_for(self, request: Request) -> Rule | None:
        """Note a request and find what is to go wrong with it."""
        with self._lock:
            self.requests.append(request)
            for rule in self.rules:
                if rule.times > 0 and re.search(rule.pattern, request.path):
                    rule.times -= 1
                    return rule
        return None

    def body(self, path: str, accept: str) -> tuple[str, bytes] | None:
        """Content type and bytes of an address, as a sound index answers."""
        page = re.fullmatch(r"/simple/([^/]+)/", path)
        if page and page[1] in self.pages:
            return "text/html", self.pages[page[1]].encode()
        if page:
            found = [w for w in self.wheels.values() if w.name == page[1]]
            if not found:
                return None
            if "application/vnd.pypi.simple.v1+json" in accept:
                return "application/vnd.pypi.simple.v1+json", self._json(page[1], found)
            return "text/html", self._html(found)
        if path == "/simple/":
            names = sorted({w.name for w in self.wheels.values()})
            return "text/html", "".join(f'<a href="/simple/{n}/">{n}</a>\n' for n in names).encode()
        file = path.removeprefix("/files/")
        if file in self.wheels:
            return "application/octet-stream", self.wheels[file].data
        if file.removesuffix(".metadata") in self.wheels:
            return "application/octet-stream", self.wheels[file.removesuffix(".metadata")].metadata
        return None

    def _json(self, name: str, found: list[SmallWheel]) -> bytes:
        files = [
            {
                "filename": w.file,
                "url": f"/files/{w.file}",
                "hashes": {"sha256": w.sha256} if self.hashes else {},
                **({"size": len(w.data)} if self.sizes else {}),
                "core-metadata": {"sha256": hashlib.sha256(w.metadata).hexdigest()},
            }
            for w in found
        ]
        return json.dumps(
            {"meta": {"api-version": "1.1"}, "name": name, "versions": [], "files": files}
        ).encode()

    def _html(self, found: list[SmallWheel]) -> bytes:
        ends = {w.file: f"#sha256={w.sha256}" if self.hashes else "" for w in found}
        return "".join(
            f'<a href="/files/{file}{end}">{file}</a>\n' for file, end in ends.items()
        ).encode()

    def pace(self, count: int, rule: Rule | None) -> None:
        """Hold back, where a rate is set."""
        if rule is not None and rule.kind == "slow":
            self._over.wait(count / rule.rate)
        elif self._pace is not None:
            self._pace.spend(count)

    def sleep(self, seconds: float) -> None:
        """Stall, but not beyond the life of the server."""
        self._over.wait(seconds)

    def spent(self, request: Request, count: int) -> None:
        """Count body bytes."""
        with self._lock:
            request.sent += count


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    index: FaultIndex

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Broken connections are what this server is for."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = (
        True  # head and body go in two writes; no real server waits 40 ms between them
    )
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def setup(self) -> None:
        """Where asked for, a small send buffer: then what counts as sent is on the line and not
        still here.
        """
        if self.server.index.small_buffer:
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _PIECE // 4)
        super().setup()

    def do_HEAD(self) -> None:
        self._answer(head=True)

    def do_GET(self) -> None:
        self._answer(head=False)

    def _answer(self, *, head: bool) -> None:
        index = self.server.index
        request = Request(self.command, self.path, self.headers.get("Range"), dict(self.headers))
        rule = index.rule_for(request)
        kind = rule.kind if rule else ""
        with contextlib.suppress(OSError):
            if rule is not None and kind == "status":
                return self._short(request, rule.code, b"fault\n", rule.headers)
            if kind == "captive":
                return self._short(request, 200, _SIGN_IN, {"Content-Type": "text/html"})
            if kind == "circle":
                return self._short(request, 302, b"", {"Location": self.path})
            if rule is not None and kind == "stall" and rule.after is None:
                index.sleep(rule.seconds)
                self.close_connection = True
                return None
            found = index.body(self.path, self.headers.get("Accept", ""))
            if found is None:
                return self._short(request, 404, b"not here\n", {})
            self._send(request, rule, *found, head=head)
        return None

    def _short(self, request: Request, code: int, body: bytes, headers: dict[str, str]) -> None:
        request.status = code
        self.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _send(
        self, request: Request, rule: Rule | None, content_type: str, data: bytes, *, head: bool
    ) -> None:
        kind = rule.kind if rule else ""
        file = request.path.endswith(".whl")
        if kind == "corrupt":
            middle = len(data) // 2
            data = data[:middle] + bytes(64) + data[middle + 64 :]
        if kind == "cut":
            data = data[: len(data) // 2]
        if kind == "grown":
            data += b"more"
        total, start, end, status = len(data), 0, len(data), 200
        span = re.fullmatch(r"bytes=(\d+)-(\d*)", request.span or "")
        if (
            span
            and file
            and kind not in ("no-range", "no-length")
            and (rule is None or rule.ranges)
        ):
            start, end, status = int(span[1]), min(int(span[2] or total - 1), total - 1) + 1, 206
            if kind == "wrong-range":
                start += 1
            if start >= total:
                return self._short(request, 416, b"", {"Content-Range": f"bytes */{total}"})
        request.status = status
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{total}")
        if kind == "no-length":
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(end - start))
        self.end_headers()
        if not head:
            self._pour(request, rule, memoryview(data)[start:end])
        return None

    def _pour(self, request: Request, rule: Rule | None, body: memoryview) -> None:
        index, kind = self.server.index, rule.kind if rule else ""
        stops = rule is not None and kind in ("drop", "reset", "stall")
        last = min(rule.after or 0, len(body)) if rule is not None and stops else len(body)
        for piece in _pieces(body[:last], 2048 if kind == "slow" else _PIECE):
            index.pace(len(piece), rule)
            self.wfile.write(
                b"%x\r\n%b\r\n" % (len(piece), bytes(piece)) if kind == "no-length" else piece
            )
            index.spent(request, len(piece))
        if kind == "no-length":
            self.wfile.write(b"0\r\n\r\n")
        if rule is None or not stops:
            return
        if kind == "stall":
            index.sleep(rule.seconds)
        self.close_connection = True
        if kind == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()


def _pieces(body: memoryview, size: int) -> Iterator[memoryview]:
    for at in range(0, len(body), size):
        yield body[at : at + size]
