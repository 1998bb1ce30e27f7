"""What goes wrong between here and an index, each fault as one sentence.

A sentence names host, file and cause, with a next step.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3 import exceptions as u3

from app.model import limits
from app.model.errors import ExpectedError
from app.model.message import Message

_AGAIN = Message("Check the network, then run it again; what has arrived is kept.")
MANY = 99  # as often as the fetch's patience allows
SIGN_IN = Message(
    "A sign-in page of the network or a filter is in between: open any page in "
    "a browser, sign in, then run it again."
)
_COMPANY = Message(
    "A company proxy or a virus scanner may re-sign the connection. Give its "
    "root certificate with the certificates setting, or have it put into the "
    "system's store."
)


class DownloadError(Exception):
    """One failed try. ``limit`` is how many tries make sense (1: trying again cannot help),
    ``wait`` what the server asked for.
    """

    def __init__(self, error: ExpectedError, *, limit: int = 1, wait: float | None = None) -> None:
        super().__init__(error.message)
        self.error, self.limit, self.wait = error, limit, wait


@dataclass(frozen=True)
class Endpoint:
    """What a sentence names: the host, the file, and the proxy in between (without its password)."""

    url: str
    proxy: str | None = None

    @property
    def host(self) -> str:
        """Host and, where it is unusual, port; never a user's name or password."""
        return host(self.url)

    @property
    def file(self) -> str:
        """The last part of the address; a folder's is told as a page."""
        try:
            path = urlsplit(self.url).path
        except ValueError:  # no address at all
            return self.host
        name = unquote(path.rstrip("/").rpartition("/")[2])[:200]
        if not name:
            return self.host
        return Message("the page of {name}", name=name) if path.endswith("/") else name


def host(url: str) -> str:
    """The host of an address as people know it; an unusual port is kept, a password never."""
    try:
        parts = urlsplit(url)
        name, port = parts.hostname or "?", parts.port
    except ValueError:
        return "?"
    return f"{name}:{port}" if port else name


def download_error(
    code: str,
    sentence: str,
    *,
    limit: int = 1,
    hint: str = _AGAIN,
    details: str = "",
    wait: float | None = None,
) -> DownloadError:
    """A fault from its parts."""
    return DownloadError(
        ExpectedError(code, sentence, hint=hint, details=details), limit=limit, wait=wait
    )


def from_status(response: urllib3.BaseHTTPResponse, endpoint: Endpoint) -> DownloadError:
    """An answer that is neither the file nor a redirect."""
    status, at, name = response.status, endpoint.host, endpoint.file
    subject = Message("{at} answered {status} for {name}", at=at, status=status, name=name)
    if status == 401:
        return download_error(
            "index_denied",
            Message("{subject}: it wants a name and a password.", subject=subject),
            hint=Message(
                "Put the credentials into the index address of pip or uv, or choose another index."
            ),
        )
    if status == 403:
        return download_error(
            "index_denied",
            Message("{subject}: access is refused.", subject=subject),
            hint=Message(
                "A company filter or the index itself refuses this file; ask who runs it, "
                "or choose another index."
            ),
        )
    if status in (404, 410):
        return download_error(
            "file_missing",
            Message("{subject}: the file is not there.", subject=subject),
            hint=Message(
                "The index or mirror lacks this file; choose another index, or wait until "
                "the mirror has caught up."
            ),
        )
    if status == 407:
        return proxy_denied(endpoint)
    if status == 429:
        return download_error(
            "too_many_requests",
            Message("{subject}: too many requests.", subject=subject),
            limit=MANY,
            wait=retry_after(response),
            hint=Message("Wait some minutes, then run it again; what has arrived is kept."),
        )
    if status == 408 or status >= 500:
        return download_error(
            "server_error",
            Message("{subject}: the server has trouble.", subject=subject),
            limit=MANY,
            wait=retry_after(response),
            hint=Message(
                "Wait some minutes, then run it again, or choose another index; what has "
                "arrived is kept."
            ),
        )
    return download_error(
        "server_error", Message("{subject}, which was not expected.", subject=subject)
    )


def proxy_denied(endpoint: Endpoint) -> DownloadError:
    """The proxy wants a name and a password."""
    return download_error(
        "proxy_needs_password",
        Message(
            "The proxy {proxy} wants a name and a password for {host}.",
            proxy=host(endpoint.proxy or endpoint.url),
            host=endpoint.host,
        ),
        hint=Message("Give the proxy as http://name:password@host:port in the proxy setting."),
    )


def retry_after(response: urllib3.BaseHTTPResponse) -> float | None:
    """Seconds that the server asked to wait (``Retry-After``, as a number or a date), at most two
    minutes.
    """
    header = response.headers.get("Retry-After")
    if not header:
        return None
    number = limits.whole_number(header)
    if number is not None:
        return float(min(number, limits.RETRY_AFTER))
    try:
        then = parsedate_to_datetime(header)
        now = parsedate_to_datetime(response.headers.get("Date", ""))
        seconds = (then - now).total_seconds()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(max(seconds, 0.0), float(limits.RETRY_AFTER))


def from_error(error: Exception, endpoint: Endpoint) -> DownloadError:
    """An exception of the HTTP library, of TLS or of the sockets below."""
    chain = list(_walk_causes(error))
    details = "\n".join(dict.fromkeys(f"{type(e).__name__}: {e}" for e in chain))
    via = (
        Message(" through the proxy {proxy}", proxy=host(endpoint.proxy)) if endpoint.proxy else ""
    )
    for one in chain:
        if isinstance(one, ssl.SSLCertVerificationError):
            return _explain_certificate(one, endpoint, details)
    if any("407" in str(e) for e in chain if isinstance(e, OSError)):
        return proxy_denied(endpoint)
    if endpoint.proxy and any(isinstance(e, u3.ProxyError) for e in chain):
        return download_error(
            "proxy_unreachable",
            Message(
                "The proxy {proxy} could not be used to reach {host}: {cause}.",
                proxy=host(endpoint.proxy),
                host=endpoint.host,
                cause=_innermost_cause(chain),
            ),
            limit=MANY,
            details=details,
            hint=Message("Check the proxy setting, or take it out where no proxy is needed."),
        )
    if any(isinstance(e, socket.gaierror | u3.NameResolutionError) for e in chain):
        return download_error(
            "dns_failure",
            Message("The name {host} could not be resolved.", host=endpoint.host),
            limit=MANY,
            details=details,
            hint=Message(
                "Check the network connection and the name server; behind a company "
                "network a proxy may be needed."
            ),
        )
    if any(isinstance(e, ConnectionRefusedError) for e in chain):
        return download_error(
            "connection_refused",
            Message(
                "{host} refuses the connection{via}, so {file} could not be fetched.",
                host=endpoint.host,
                via=via,
                file=endpoint.file,
            ),
            limit=MANY,
            details=details,
        )
    if any(isinstance(e, ssl.SSLError) for e in chain) or isinstance(error, u3.SSLError):
        return download_error(
            "tls_failed",
            Message(
                "A secure connection to {host} could not be made: {cause}.",
                host=endpoint.host,
                cause=_innermost_cause(chain),
            ),
            limit=MANY,
            details=details,
            hint=_COMPANY,
        )
    if any(isinstance(e, u3.TimeoutError | TimeoutError) for e in chain):
        return download_error(
            "network_timeout",
            Message(
                "{host} did not answer in time{via} while {file} was fetched.",
                host=endpoint.host,
                via=via,
                file=endpoint.file,
            ),
            limit=MANY,
            details=details,
        )
    if any(
        isinstance(e, OSError) and e.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH) for e in chain
    ):
        return download_error(
            "network_unreachable",
            Message("There is no way to {host} in the network{via}.", host=endpoint.host, via=via),
            limit=MANY,
            details=details,
        )
    return download_error(
        "network_interrupted",
        Message(
            "The connection to {host} broke while {file} was fetched.",
            host=endpoint.host,
            file=endpoint.file,
        ),
        limit=MANY,
        details=details,
    )


def _explain_certificate(
    error: ssl.SSLCertVerificationError, endpoint: Endpoint, details: str
) -> DownloadError:
    text = f"{error.verify_message or ''} {error}".lower()
    if "expired" in text or error.verify_code == 10:
        return download_error(
            "server_certificate_expired",
            Message("The certificate of {host} has expired.", host=endpoint.host),
            details=details,
            hint=Message(
                "Check this computer's date and time first; if they are right, choose "
                "another index or wait."
            ),
        )
    if "not yet valid" in text or error.verify_code == 9:
        return download_error(
            "server_certificate_expired",
            Message("The certificate of {host} is not valid yet.", host=endpoint.host),
            details=details,
            hint=Message("Check this computer's date and time."),
        )
    if (
        "hostname mismatch" in text
        or "ip address mismatch" in text
        or "doesn't match" in text
        or error.verify_code in (62, 64)
    ):
        return download_error(
            "tls_intercepted",
            Message(
                "The certificate that answered for {host} belongs to another name.",
                host=endpoint.host,
            ),
            details=details,
            hint=_COMPANY,
        )
    if "self-signed" in text or "self signed" in text:
        return download_error(
            "tls_intercepted",
            Message(
                "The certificate of {host} is self-signed and not trusted on this computer.",
                host=endpoint.host,
            ),
            details=details,
            hint=_COMPANY,
        )
    return download_error(
        "tls_intercepted",
        Message(
            "The certificate of {host} was issued by somebody whom this computer does not trust.",
            host=endpoint.host,
        ),
        details=details,
        hint=_COMPANY,
    )


def _walk_causes(error: BaseException) -> Iterator[BaseException]:
    """The error and everything behind it: causes, contexts, urllib3's ``reason`` and
    ``original_error``.
    """
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [
            getattr(one, "reason", None),
            getattr(one, "original_error", None),
            one.__cause__,
            one.__context__,
            *one.args,
        ]


def _innermost_cause(chain: list[BaseException]) -> str:
    """The innermost cause in a few words."""
    for one in reversed(chain):
        if isinstance(one, OSError) and one.strerror:
            return one.strerror.lower()
    return str(chain[-1])[:200]
