"""The adapter to the network.

What can be reached, how large a file is, and fetching many files with resume and checks.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit

import urllib3

from app import ports
from app.adapters.download.connection_pool import BROKEN, Connections, without_password
from app.adapters.download.download_errors import SIGN_IN, DownloadError, from_error, from_status
from app.adapters.download.downloader import Fetch
from app.adapters.download.fetch_context import RetryPolicy
from app.adapters.download.loopback_server import LoopbackServer
from app.adapters.download.transfer import local_size
from app.model import limits
from app.model.errors import ExpectedError, StoppedError
from app.model.message import Message
from app.model.sources import Sources
from app.ports import Arrived, Download, Stop

_ACCEPT = (
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.9, "
    "text/html;q=0.5"
)


class HttpWeb:
    """HTTP for this program. ``use`` changes the sources once the user's settings are known."""

    def __init__(
        self, stop: Stop, sources: Sources | None = None, patience: RetryPolicy | None = None
    ) -> None:
        self._stop = stop
        self._patience = patience or RetryPolicy()
        self._lock = threading.Lock()
        self._connections = self._open_connections(sources)

    def _open_connections(self, sources: Sources | None) -> Connections:
        return Connections(sources, connect=self._patience.connect, read=self._patience.read)

    def use(self, sources: Sources | None) -> None:
        """From now on take this proxy, these certificates and these logins."""
        with self._lock:
            old, self._connections = self._connections, self._open_connections(sources)
        old.close()

    def examine(self, url: str, seconds: float = limits.REACHING) -> ExpectedError | None:
        """What stands between here and an index page, named; ``None`` where the page is sound.

        Source of the difference: an index page is JSON or a list of links; it has neither forms nor
        scripts (PEP 503).
        """
        endpoint = self._connections.endpoint(url)
        try:
            page = self._read_start(url, _ACCEPT, seconds).lower()
        except DownloadError as one:
            return one.error
        if b"vnd.pypi" not in page and any(
            word in page for word in (b"<form", b"<script", b'http-equiv="refresh', b"<input")
        ):
            return ExpectedError(
                "captive_portal",
                Message(
                    "{host} answered with a web page instead of a list of packages.",
                    host=endpoint.host,
                ),
                hint=SIGN_IN,
                details=page[:600].decode("utf-8", "replace"),
            )
        return None

    def read(self, url: str, seconds: float = limits.REACHING) -> bytes:
        """A small document, at most ``PAGE_LOOK`` bytes of it. Raises ``ExpectedError`` with what
        stands between.
        """
        try:
            return self._read_start(url, "application/json", seconds)
        except DownloadError as one:
            raise one.error from one

    def _read_start(self, url: str, accept: str, seconds: float) -> bytes:
        endpoint = self._connections.endpoint(url)
        response = self._connections.request(
            "GET", url, {"Accept": accept}, timeout=urllib3.Timeout(seconds, connect=seconds)
        )
        try:
            if response.status != 200:
                raise from_status(response, endpoint)
            return _read_page_start(response, seconds)
        except BROKEN as error:
            raise from_error(error, endpoint) from error
        finally:
            response.close()

    def size(self, url: str) -> int | None:
        """What a HEAD says of a file's size; ``None`` where it does not, or where the server could
        not be asked.
        """
        if self._stop.is_set():
            raise StoppedError
        if urlsplit(url).scheme == "file":
            return local_size(url)
        try:
            response = self._connections.request(
                "HEAD", url, timeout=urllib3.Timeout(limits.PAGE, connect=limits.PAGE)
            )
        except DownloadError:
            return None
        response.release_conn()
        length = response.headers.get("Content-Length", "")
        return limits.whole_number(length) if response.status == 200 else None

    def feeder(self) -> LoopbackServer:
        """A server on loopback, to be given to ``fetch``. Raises
        ``ExpectedError('feeder-refused')``.
        """
        try:
            return LoopbackServer()
        except OSError as error:
            raise ExpectedError(
                "feeder-refused",
                Message(
                    "This computer allows no server on loopback: {reason}.",
                    reason=error.strerror or error,
                ),
            ) from error

    def fetch(
        self,
        files: Sequence[Download],
        feeder: ports.FileServer | None = None,
        more: Callable[[], Sequence[Download] | None] | None = None,
    ) -> Iterator[Arrived]:
        """Bring all files to their targets, resuming and checking; raises ``ExpectedError`` naming
        file and cause.
        """
        if self._stop.is_set():
            raise StoppedError
        loopback_server = feeder if isinstance(feeder, LoopbackServer) else None
        yield from Fetch(
            files, self._connections, self._patience, self._stop, loopback_server, more
        ).run()

    def proxy(self) -> str | None:
        """The proxy that requests to the outside take, its password removed."""
        found = self._connections.proxy("https://download.pytorch.org/")
        return without_password(found) if found else None


def _read_page_start(response: urllib3.BaseHTTPResponse, seconds: float) -> bytes:
    """The beginning of a page, in time and unpacked by no more than is looked at: identity was asked
    for, but some servers compress all the same.
    """
    until = time.monotonic() + seconds
    data = b""
    while len(data) < limits.PAGE_LOOK and time.monotonic() < until:
        piece = response.read1(limits.PAGE_LOOK - len(data), decode_content=False)
        if not piece:
            break
        data += piece
    if response.headers.get("Content-Encoding", "").strip().lower() in ("gzip", "deflate"):
        try:
            return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(data, limits.PAGE_LOOK)
        except zlib.error:
            return data
    return data
