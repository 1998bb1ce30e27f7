"""Connections whose beginning ends in time, however slowly the other side drips.

Connecting, TLS, a proxy's answer, the head of an answer.

The limit of a read starts again with each byte; one for the whole needs somebody who looks at the
clock meanwhile.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any

import urllib3
from urllib3 import connection, connectionpool
from urllib3 import exceptions as u3

from app.model import limits


@contextlib.contextmanager
def _with_deadline(holder: Any, what: str) -> Iterator[None]:
    """Shut ``holder.sock`` when the time is over. Raises ``TimeoutError`` then."""
    late = threading.Event()

    def cut() -> None:
        late.set()
        line = getattr(holder, "sock", None)
        line = getattr(line, "socket", line)  # TLS inside of TLS wraps the socket
        if isinstance(line, socket.socket):
            with contextlib.suppress(OSError):
                # not SSLSocket.shutdown, which takes the TLS layer from under the one who reads
                socket.socket.shutdown(line, socket.SHUT_RDWR)

    clock = threading.Timer(limits.HEADERS, cut)
    clock.daemon = True
    clock.start()
    try:
        yield
    except (u3.HTTPError, HTTPException, OSError, ValueError, AttributeError) as error:
        if late.is_set():
            raise TimeoutError(f"{what} took longer than {limits.HEADERS} s") from error
        raise
    finally:
        clock.cancel()
    if late.is_set():
        raise TimeoutError(f"{what} took longer than {limits.HEADERS} s")


class _Plain(connection.HTTPConnection):
    def connect(self) -> None:
        with _with_deadline(self, "connecting"):
            super().connect()

    def getresponse(self) -> urllib3.response.HTTPResponse:  # type: ignore[override]
        with _with_deadline(self, "the head of the answer"):
            return super().getresponse()


class _Secure(connection.HTTPSConnection):
    def connect(self) -> None:
        with _with_deadline(self, "connecting"):
            super().connect()

    def getresponse(self) -> urllib3.response.HTTPResponse:  # type: ignore[override]
        with _with_deadline(self, "the head of the answer"):
            return super().getresponse()


class _PlainPool(connectionpool.HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(connectionpool.HTTPSConnectionPool):
    ConnectionCls = _Secure


def with_deadlines(manager: urllib3.PoolManager) -> urllib3.PoolManager:
    """The same manager, whose connections from now on begin in time."""
    manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
    return manager
