"""A proxy on loopback: passes CONNECT on, or asks for a password, or refuses."""

from __future__ import annotations

import base64
import contextlib
import select
import socket
import socketserver
import threading
from typing import Any


class Proxy:
    """The proxy. ``login`` is ``name:password`` where one is asked for; ``seen`` lists what was
    asked; ``target`` redirects all.
    """

    def __init__(self, login: str | None = None, target: tuple[str, int] | None = None) -> None:
        self.login, self.target = login, target
        self.seen: list[str] = []
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    proxy: Proxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Broken connections are expected."""


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        line = self.rfile.readline().decode("latin-1").strip()
        headers = {}
        while header := self.rfile.readline().decode("latin-1").strip():
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        proxy = self.server.proxy
        proxy.seen.append(line)
        if proxy.login:
            wanted = "Basic " + base64.b64encode(proxy.login.encode()).decode()
            if headers.get("proxy-authorization") != wanted:
                self.wfile.write(
                    b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic "
                    b'realm="x"\r\n'
                    b"Content-Length: 0\r\n\r\n"
                )
                return
        host, _, port = line.split(" ")[1].rpartition(":")
        with socket.create_connection(proxy.target or (host, int(port)), timeout=10) as far:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            self._join(far)

    def _join(self, far: socket.socket) -> None:
        near = self.connection
        with contextlib.suppress(OSError):
            while True:
                ready, _, _ = select.select([near, far], [], [], 30)
                for one in ready:
                    data = one.recv(65536)
                    if not data:
                        return
                    (far if one is near else near).sendall(data)
                if not ready:
                    return
