"""A server on loopback that answers every request with bytes as they are given, right or wrong."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType


class RawServer:
    """``answer`` says what comes back for each request (its head as bytes); between pieces it waits
    ``pause`` seconds. It closes after each answer.
    """

    def __init__(
        self, answer: Callable[[bytes], bytes], *, pause: float = 0.0, piece: int = 1 << 16
    ) -> None:
        self._answer, self._pause, self._piece = answer, pause, piece
        self._over = threading.Event()
        self.requests: list[bytes] = []
        self.sent = 0
        self._line = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.base = f"http://127.0.0.1:{self._line.getsockname()[1]}"
        threading.Thread(target=self._serve, name="raw-server", daemon=True).start()

    def __enter__(self) -> RawServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._line.close()

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                line, _ = self._line.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(line,), daemon=True).start()

    def _one(self, line: socket.socket) -> None:
        with line, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                more = line.recv(1 << 16)
                if not more:
                    return
                head += more
            self.requests.append(head)
            data = self._answer(head)
            for at in range(0, len(data), self._piece):
                if self._over.is_set():
                    return
                line.sendall(data[at : at + self._piece])
                self.sent += len(data[at : at + self._piece])
                time.sleep(self._pause)
            line.shutdown(socket.SHUT_WR)
