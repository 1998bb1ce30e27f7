"""Reads uv's words on a failed look-up.

The true cause, the host and the package, with a next step.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from app.model.errors import ExpectedError
from app.model.message import Message, upper_first

_COMPANY = Message(
    "A company proxy or a virus scanner may re-sign the connection: give its "
    "root certificate with the certificates setting."
)
_AGAIN = Message("Check the network, then run it again; what has arrived is kept.")
_OTHER = Message("Choose another index, or wait until the mirror has caught up.")
_LOGIN = Message(
    "Check the index address and the credentials in pip's or uv's settings, or "
    "choose another index."
)
_SIGN_IN = Message(
    "Open any page in a browser, sign in to the network, then run it again; or "
    "choose another index."
)

# What uv prints (its ``cause:`` lines), the code, the sentence, the next step. The first that fits
# wins: transport comes before content, since uv also reports a content fault after a transport
# fault. Wordings: uv 0.9 to 0.13.
_CAUSES: tuple[tuple[str, str, str, str], ...] = (
    (
        r"invalid peer certificate: *expired|certificate has expired|certificate expired",
        "server_certificate_expired",
        Message("The certificate of {host} has expired."),
        Message(
            "Check this computer's date and time first; if they are right, choose "
            "another index or wait."
        ),
    ),
    (
        r"invalid peer certificate: *notvalidyet",
        "server_certificate_expired",
        Message("The certificate of {host} is not valid yet."),
        Message("Check this computer's date and time."),
    ),
    (
        r"invalid peer certificate: *notvalidforname",
        "tls_intercepted",
        Message("The certificate that answered for {host} belongs to another name."),
        _COMPANY,
    ),
    (
        r"causedasendentity|self.signed",
        "tls_intercepted",
        Message("The certificate of {host} is self-signed and not trusted on this computer."),
        _COMPANY,
    ),
    (
        r"invalid peer certificate|unknownissuer|certificate verify failed",
        "tls_intercepted",
        Message(
            "The certificate of {host} was issued by somebody whom this computer does not trust."
        ),
        _COMPANY,
    ),
    (
        r"proxy authorization required|407 proxy authentication",
        "proxy_needs_password",
        Message("The proxy wants a name and a password for {host}."),
        Message("Give the proxy as http://name:password@host:port in the proxy setting."),
    ),
    (
        r"tunnel error|proxy connect",
        "proxy_unreachable",
        Message("The proxy could not be used to reach {host}."),
        Message("Check the proxy setting, or take it out where no proxy is needed."),
    ),
    (
        r"dns error|failed to lookup address|no such host is known",
        "dns_failure",
        Message("The name {host} could not be resolved."),
        Message(
            "Check the network connection and the name server; behind a company "
            "network a proxy may be needed."
        ),
    ),
    (
        r"connection refused|actively refused|os error 111\b|os error 10061\b",
        "connection_refused",
        Message("{host} refuses the connection."),
        _AGAIN,
    ),
    (
        r"too many redirects|redirect loop|missing `content-type` header",
        "redirect_loop",
        Message("{host} sends requests in a circle instead of answering."),
        _SIGN_IN,
    ),
    (
        r"401 unauthorized|lack of valid authentication",
        "index_denied",
        Message("{host} wants a name and a password (401)."),
        _LOGIN,
    ),
    (r"403 forbidden", "index_denied", Message("{host} refuses access (403)."), _LOGIN),
    (
        r"429 too many requests",
        "too_many_requests",
        Message("{host} answered 429: too many requests."),
        Message("Wait some minutes, then run it again."),
    ),
    (
        r"http status server error \((?P<what>\d{3}[^)]*)\)",
        "server_error",
        Message("{host} answered {what}: the server has trouble."),
        Message("Wait some minutes, then run it again, or choose another index."),
    ),
    (
        r"operation timed out|timed out|deadline has elapsed",
        "network_timeout",
        Message("{host} did not answer in time."),
        _AGAIN,
    ),
    (
        r"network is unreachable|no route to host|os error (?:101|113|10051|10065)\b",
        "network_unreachable",
        Message("There is no way to {host} in the network."),
        _AGAIN,
    ),
    (
        r"connection reset|connection closed|incompletemessage|unexpected eof|error decoding response body|"
        r"os error (?:104|10054)\b",
        "network_interrupted",
        Message("The connection to {host} broke."),
        _AGAIN,
    ),
    (
        r"no space left|os error 28\b|os error 112\b|not enough space",
        "disk_full",
        Message("The disk is full: uv could not write its cache."),
        Message("Make room on that disk, then run it again; it goes on from here."),
    ),
    (
        r"permission denied|read-only file system|os error (?:13|30)\b|access is denied",
        "permission_denied",
        Message("uv may not write its cache in the home folder."),
        Message("Choose a home folder that you may write to."),
    ),
    (
        r"network was disabled|not found in the cache",
        "offline",
        Message("The package list is not here and the network is switched off."),
        Message("Allow the network, or give a bundle that holds this profile."),
    ),
    (
        r"url scheme is not allowed|failed to convert url to path|failed to read `[^`]*` to compute missing",
        "index_unsafe",
        Message("{host} lists a file under an address that is not taken."),
        Message("Choose another index."),
    ),
    (
        r"hash mismatch",
        "pip_hash_mismatch",
        Message("{host} offers a file with another SHA-256 than the lock names."),
        _OTHER,
    ),
    (
        r"(?P<what>[\w.-]+==\S+) has no wheels with a matching|has no wheels with a matching|no usable wheels",
        "wheel_unsuitable",
        Message("{host} has no file of {what} for this system and Python."),
        _OTHER,
    ),
    (
        r"there are no versions of (?P<what>[\w.-]+)",
        "captive_portal",
        Message(
            "{host} answered with a page that lists no files of {what}: a sign-in page "
            "or a filter may be in between."
        ),
        _SIGN_IN,
    ),
    (
        r"there is no version of (?P<what>[\w.-]+==[^\s,]+)",
        "version_missing",
        Message("{host} does not have {what}."),
        _OTHER,
    ),
    (
        r"because (?P<what>[\w.-]+) was not found in",
        "package_missing",
        Message("{host} does not have the package {what}."),
        _OTHER,
    ),
    (
        r"only (?P<what>\S+) is available|only the following versions of (?P<more>[\w.-]+)",
        "version_missing",
        Message("{host} does not have the locked version of {what}."),
        _OTHER,
    ),
)


def explain_uv_error(output: str, index: str | None) -> ExpectedError:
    """The fault behind uv's output. ``index`` is the address that was asked; ``None`` is the
    default index.
    """
    flat = re.sub(r"\s+", " ", output).lower()
    host = _find_asked_host(output) or _format_host(index)
    for pattern, code, sentence, hint in _CAUSES:
        hit = re.search(pattern, flat)
        if hit:
            groups = [g for g in hit.groupdict().values() if g] if hit.groupdict() else []
            what = groups[0].rstrip(".,;)") if groups else Message("a package")
            text = Message(sentence, host=host, what=what)
            return ExpectedError(
                code,
                upper_first(text) if text.startswith("the ") else text,
                details=output[-4000:],
                hint=hint,
            )
    if not output.strip():  # every refusal of uv has words; silence is a crash or a kill
        return ExpectedError(
            "child-failed",
            Message(
                "uv was ended from outside, or crashed, while it looked for the files on {host}.",
                host=host,
            ),
            hint=Message(
                "Run it again; where that does not help, look whether a virus scanner stops uv."
            ),
        )
    return ExpectedError(
        "resolve_failed",
        Message("The files of the lock could not be found on {host}.", host=host),
        details=output[-4000:],
        hint=Message("The last lines of the log say why."),
    )


def _find_asked_host(output: str) -> str | None:
    """The host in uv's own words; never with a user's name or password."""
    found = re.search(
        r"(?:Failed to fetch: |for url \(|index \(|index URL \(|header for )`?(https?://[^\s`)]+)",
        output,
    )
    return _format_host(found[1]) if found else None


def _format_host(url: str | None) -> str:
    if not url:
        return Message("the default index")
    parts = urlsplit(url)
    if not parts.hostname:
        return url
    return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
