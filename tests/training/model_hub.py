"""A hub on loopback that speaks the Hugging Face hub's protocol, with faults on request.

As far as fetching a model needs it.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """One model, ``someone/small``. ``faults`` are asked for by name, see ``_Handler``."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.faults: dict[str, Any] = {}
        self.requests: list[tuple[str, str, str]] = []  # method, path, Range
        self.tokens: set[str] = set()
        self.url = ""

    def sibling(self, name: str) -> dict[str, Any]:
        """A file as the hub lists it: large ones with their SHA-256, small ones with git's SHA-1."""
        data = self.files[name]
        blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
        told: dict[str, Any] = {"rfilename": name, "size": len(data), "blobId": blob}
        if name.endswith(".safetensors"):
            digest = hashlib.sha256(data).hexdigest()
            told["lfs"] = {"sha256": digest, "size": len(data), "pointerSize": 130}
        return told

    def etag(self, name: str) -> str:
        """What names the bytes of a file."""
        told = self.sibling(name)
        return str(told["lfs"]["sha256"] if "lfs" in told else told["blobId"])


@contextmanager
def serve(files: dict[str, bytes]) -> Iterator[Hub]:
    """The hub while the context lasts."""
    hub = Hub(files)

    class Handler(_Handler):
        pass

    Handler.hub = hub
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """``faults``: ``status`` (code, headers) of every answer; ``cut`` a file's bytes after which the line breaks, so many times;
    ``dies``: after so many bytes of a file nothing but 503 comes; ``wrong`` the name of a file that comes with other bytes;
    ``etag`` what large files are called instead.
    """

    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: tests read ``Hub.requests``."""

    def do_HEAD(self) -> None:
        self._answer(False)

    def do_GET(self) -> None:
        self._answer(True)

    def _answer(self, body: bool) -> None:
        hub, path = self.hub, self.path.partition("?")[0]
        hub.requests.append((self.command, path, self.headers.get("Range", "")))
        hub.tokens.add(self.headers.get("Authorization", ""))
        if "status" in hub.faults:
            code, headers = hub.faults["status"]
            return self._send(code, b"", headers, body)
        if path.startswith("/api/models/someone/small"):
            told = {
                "id": "someone/small", "modelId": "someone/small", "sha": COMMIT, "private": False, "gated": False,
                "disabled": False, "tags": [], "cardData": {"license": "apache-2.0"},
                "siblings": [hub.sibling(name) for name in hub.files],
            }  # fmt: skip
            return self._send(
                200, json.dumps(told).encode(), {"Content-Type": "application/json"}, body
            )
        name = path.rpartition("/")[2]
        if "/resolve/" not in path or name not in hub.files or "someone/small" not in path:
            return self._send(404, b"", {"X-Error-Code": "RepoNotFound"}, body)
        return self._file(name, body)

    def _file(self, name: str, body: bool) -> None:
        data = self.hub.files[name]
        headers = {
            "X-Repo-Commit": COMMIT,
            "ETag": f'"{self._named(name)}"',
            "Accept-Ranges": "bytes",
        }
        code, first = 200, 0
        wish = self.headers.get("Range", "")
        if wish.startswith("bytes="):
            first = int(wish[6:].partition("-")[0])
            headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
            code = 206
        if name == self.hub.faults.get("wrong"):
            data = bytes(byte ^ 1 for byte in data)
        self._send(code, data[first:], headers, body)

    def _named(self, name: str) -> str:
        """What names a large file's bytes, or a lie."""
        lie = self.hub.faults.get("etag") if name.endswith(".safetensors") else None
        return str(lie or self.hub.etag(name))

    def _send(self, code: int, data: bytes, headers: dict[str, str], body: bool) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if not body:
            return
        most, times = self.hub.faults.get("cut", (self.hub.faults.get("dies"), 1))
        if most is not None and times and len(data) > most:
            if "dies" in self.hub.faults:
                self.hub.faults = {"status": (503, {})}
            else:
                self.hub.faults["cut"] = (most, times - 1)
            self.wfile.write(data[:most])
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(2)
            return
        self.wfile.write(data)
