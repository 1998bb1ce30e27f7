"""Where packages come from, as the user's pip and uv settings and his answers say. May hold
secrets: never shown raw.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from app.model.value import Value


class Sources(Value, frozen=True, kw_only=True):
    """What children and downloads use. ``index`` ``None`` is uv's own default index.

    ``certificate`` is a bundle's path or ``None`` for the system's store; ``proxy`` may carry a
    password. ``proxy_script`` and ``proxy_detect`` say that Windows asks a script (PAC), or looks
    for one, for each host's proxy. ``python_mirror`` and ``python_list`` are uv's
    ``python-install-mirror`` and ``python-downloads-json-url``. ``offline`` is a bundle folder:
    then nothing is asked of any index.
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
