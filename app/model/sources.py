"""Where packages come from, as the user's pip and uv settings and his answers say.

May hold secrets: never shown raw.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from app.model.value import Value

_NO_ADDRESS = re.compile(r"[\s\x00-\x1f\x7f\"<>\\^`{|}\u2018-\u201f]")


class Sources(Value, frozen=True, kw_only=True):
    """What children and downloads use. ``index`` ``None`` is uv's own default index.

    ``certificate`` is a bundle's path or ``None`` for the system's store; ``proxy`` may carry a
    password. ``proxy_script`` and ``proxy_detect`` say that Windows asks a script (PAC), or looks
    for one, for each host's proxy. ``python_mirror`` and ``python_list`` are uv's
    ``python-install-mirror`` and ``python-downloads-json-url``. ``offline`` is a bundle folder:
    then nothing is asked of any index. ``refused`` is a sentence about a setting of pip or uv that
    is no address: it is left out here, and whoever would ask an index says the sentence instead.
    """

    index: str | None = None
    extra_indexes: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    python_mirror: str | None = None
    python_list: str | None = None
    pytorch_index: str = "https://download.pytorch.org/whl"
    proxy: str | None = None
    no_proxy: str | None = None
    proxy_script: str | None = None
    proxy_detect: bool = False
    certificate: str | None = None
    offline: str | None = None
    refused: str = ""


def is_address(address: str) -> bool:
    """Whether this is an address of an index: https, http or file, and only signs that an address
    may have (RFC 3986; letters of any language, as people write hosts).
    """
    try:
        parts = urlsplit(address)
        known = parts.scheme in ("https", "http", "file")
        complete = bool(parts.hostname) or parts.scheme == "file"
        port = parts.port  # raises where it is none
    except ValueError:
        return False
    return known and complete and port != 0 and _NO_ADDRESS.search(address) is None


def unencrypted(address: str) -> bool:
    """Whether what lies at an address would come over a network without TLS; on this computer
    itself that is no harm.
    """
    try:
        parts = urlsplit(address)
        name = (parts.hostname or "").lower()
    except ValueError:
        return False
    if parts.scheme != "http" or name == "localhost" or name.endswith(".localhost"):
        return False
    try:
        return not ipaddress.ip_address(name).is_loopback
    except ValueError:
        return True
