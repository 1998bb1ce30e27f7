"""HTTP as this program uses it: TLS only, but on loopback.

The system's certificates, the chosen proxy.
"""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import ssl
import threading
import urllib.request
from http.client import HTTPException
from urllib.parse import unquote, urljoin, urlsplit

import truststore
import urllib3
from urllib3 import exceptions as u3

from app.adapters.download.deadlines import with_deadlines
from app.adapters.download.download_errors import (
    DownloadError,
    Endpoint,
    download_error,
    from_error,
    host,
)
from app.adapters.windows.proxy_script import DIRECT, proxy_of_script
from app.model import limits
from app.model.message import Message
from app.model.odd_text import as_bytes
from app.model.sources import Sources, unencrypted

_AGENT = "unsloth-setup/1"
# What the HTTP library and those below it raise over an answer that breaks the rules.
BROKEN = (u3.HTTPError, HTTPException, OSError, ValueError, AttributeError)
REDIRECTS = (301, 302, 303, 307, 308)


def is_valid_address(url: str) -> bool:
    """Whether an address can be taken apart: brackets in pairs, a port that exists."""
    try:
        parts = urlsplit(url)
        return bool(parts.scheme) and (parts.port is None or parts.hostname is not None)
    except ValueError:
        return False


def is_loopback(url: str) -> bool:
    """Whether an address stays on this computer; only there may a connection go without TLS."""
    name = (urlsplit(url).hostname or "").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class Connections:
    """Pools of connections for one choice of sources. Safe for several threads."""

    def __init__(
        self, sources: Sources | None, *, connect: float = limits.CONNECT, read: float = limits.READ
    ) -> None:
        self._sources = sources or Sources()
        self._system = sources is None
        self._timeout = urllib3.Timeout(connect=connect, read=read)
        self._lock = threading.Lock()
        self._managers: dict[str | None, urllib3.PoolManager] = {}
        self._credentials = _collect_logins(self._sources)

    def proxy(self, url: str) -> str | None:
        """The proxy for an address, with its password; ``None`` for loopback, exceptions and direct
        connections.
        """
        if is_loopback(url):
            return None
        name = urlsplit(url).hostname or ""
        # nobody has read the settings yet: what the system says (variables, the Windows registry)
        if self._system:
            if urllib.request.proxy_bypass(name):
                return None
            found = urllib.request.getproxies()
            return found.get(urlsplit(url).scheme) or found.get("all")
        if self._sources.proxy_script or self._sources.proxy_detect:
            scripted = proxy_of_script(url, self._sources.proxy_script, self._sources.proxy_detect)
            if scripted is not None:
                return None if scripted == DIRECT else scripted
        return None if _is_proxy_exempt(name, self._sources.no_proxy) else self._sources.proxy

    def endpoint(self, url: str) -> Endpoint:
        """What sentences about this address name."""
        return Endpoint(url, self.proxy(url))

    def request(
        self,
        method: str,
        url: str,
        headers: dict[str, str] | None = None,
        *,
        timeout: urllib3.Timeout | None = None,
    ) -> urllib3.BaseHTTPResponse:
        """One request, redirects followed; the body is left unread. Raises ``DownloadError``."""
        first = url
        if not is_valid_address(url):
            raise _bad_address_error(
                Message("{host} is no address that can be used.", host=host(url))
            )
        for _ in range(limits.REDIRECTS):
            endpoint = self.endpoint(url)
            response = self._request_once(method, url, dict(headers or {}), endpoint, timeout)
            target = response.headers.get("Location") if response.status in REDIRECTS else None
            if not target:
                return response
            response.close()
            url = _resolve_redirect(url, target)
        raise download_error(
            "redirect_loop",
            Message(
                "{host} sends the request for {file} in a circle.",
                host=host(first),
                file=Endpoint(first).file,
            ),
            hint=Message(
                "A sign-in page of the network may be in between: open any page in a "
                "browser, or choose another index."
            ),
        )

    def _request_once(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        endpoint: Endpoint,
        timeout: urllib3.Timeout | None,
    ) -> urllib3.BaseHTTPResponse:
        scheme = urlsplit(url).scheme
        if scheme not in ("https", "http"):
            raise download_error(
                "address_unsafe",
                Message(
                    "The address of {file} on {host} is neither http nor https.",
                    file=endpoint.file,
                    host=endpoint.host,
                ),
                hint=Message("Choose another index."),
            )
        if unencrypted(url):
            raise download_error(
                "address_unsafe",
                Message(
                    "{host} offers {file} without TLS, which is refused.",
                    host=endpoint.host,
                    file=endpoint.file,
                ),
                hint=Message("Give the index with https."),
            )
        headers.setdefault("User-Agent", _AGENT)
        headers.setdefault("Accept-Encoding", "identity")
        login = self._credentials.get(_host_and_port(url))
        parts = urlsplit(url)
        if parts.username:
            login = _encode_basic_auth(unquote(parts.username), unquote(parts.password or ""))
            url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        if login:
            headers["Authorization"] = login
        try:
            return self._manager_for(endpoint.proxy).request(
                method,
                url,
                headers=headers,
                preload_content=False,
                redirect=False,
                retries=False,
                timeout=timeout or self._timeout,
            )
        except BROKEN as error:
            raise from_error(error, endpoint) from error

    def _manager_for(self, proxy: str | None) -> urllib3.PoolManager:
        with self._lock:
            if proxy not in self._managers:
                self._managers[proxy] = self._open_manager(proxy)
            return self._managers[proxy]

    def _open_manager(self, proxy: str | None) -> urllib3.PoolManager:
        context = self._build_ssl_context()
        if proxy is None:
            return with_deadlines(urllib3.PoolManager(maxsize=16, ssl_context=context))
        if "://" not in proxy:
            proxy = "http://" + proxy
        parts = urlsplit(proxy)
        if parts.scheme not in ("http", "https"):
            raise download_error(
                "proxy_unreachable",
                Message(
                    "The proxy {host} is of the kind {scheme}, which is not supported.",
                    host=host(proxy),
                    scheme=parts.scheme,
                ),
                hint=Message("Give an http or https proxy."),
            )
        headers = {}
        if parts.username:
            headers = urllib3.make_headers(
                proxy_basic_auth=f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            )
        bare = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        return with_deadlines(
            urllib3.ProxyManager(
                bare,
                proxy_headers=headers,
                maxsize=16,
                ssl_context=context,
                proxy_ssl_context=self._build_ssl_context(),
            )
        )

    def _build_ssl_context(self) -> ssl.SSLContext:
        """The system's store (so that company roots count), and the chosen bundle beside it."""
        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        bundle = self._sources.certificate
        if bundle:
            try:
                context.load_verify_locations(cafile=bundle)
            except (OSError, ssl.SSLError) as error:
                raise download_error(
                    "certificate_unreadable",
                    Message("The certificate bundle {bundle} could not be read.", bundle=bundle),
                    details=str(error),
                    hint=Message("Give a file of certificates in PEM form."),
                ) from error
        return context

    def close(self) -> None:
        """Close every idle connection."""
        with self._lock:
            for manager in self._managers.values():
                with contextlib.suppress(u3.HTTPError):
                    manager.clear()


def _resolve_redirect(url: str, target: str) -> str:
    """Where a redirect leads. Raises ``DownloadError`` naming the server that sends to no address."""
    try:
        found = urljoin(url, target)
    except ValueError:
        found = ""
    if not is_valid_address(found):
        raise _bad_address_error(
            Message(
                "{host} sends the request on to {target}, which is no address.",
                host=host(url),
                target=repr(target[:80]),
            ),
        )
    return found


def _bad_address_error(sentence: Message) -> DownloadError:
    """An address that cannot be taken apart, ours or a server's."""
    return download_error(
        "server_error",
        sentence,
        limit=3,
        hint=Message(
            "The index or what stands in between is broken: run it again later, or "
            "choose another index."
        ),
    )


def without_password(url: str) -> str:
    """An address with its password, if any, taken out."""
    parts = urlsplit(url if "://" in url else "//" + url)
    if "@" not in parts.netloc:
        return url
    user, _, place = parts.netloc.rpartition("@")
    return (
        parts._replace(netloc=f"{user.partition(':')[0]}:***@{place}").geturl().removeprefix("//")
    )


def _host_and_port(url: str) -> tuple[str, int | None]:
    parts = urlsplit(url)
    return (parts.hostname or "").lower(), parts.port or {"https": 443, "http": 80}.get(
        parts.scheme
    )


def _encode_basic_auth(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(as_bytes(f"{user}:{password}")).decode()


def _collect_logins(sources: Sources) -> dict[tuple[str, int | None], str]:
    """The logins that index addresses carry; they count for files on the same host and port,
    nowhere else.
    """
    known = {}
    for url in (sources.index, sources.pytorch_index, *sources.extra_indexes, *sources.find_links):
        if not url or not is_valid_address(url):
            continue
        parts = urlsplit(url)
        if parts.hostname and parts.username:
            known[_host_and_port(url)] = _encode_basic_auth(
                unquote(parts.username), unquote(parts.password or "")
            )
    return known


def _is_proxy_exempt(name: str, exceptions: str | None) -> bool:
    """Whether ``NO_PROXY`` names this host: a name, a domain (with or without its dot), ``*``."""
    for one in (exceptions or "").replace(";", ",").split(","):
        if one.strip() == "*":
            return True
        one = one.strip().lower().partition(":")[0].removeprefix("*").removeprefix(".")
        if one and (name.lower() == one or name.lower().endswith("." + one)):
            return True
    return False
