"""The file that says that a folder is a home of this program, schema ``home/1``.

Written when the home is made.
"""

from __future__ import annotations

import msgspec


class HomeMarker(msgspec.Struct, frozen=True, kw_only=True):
    """``program`` is the version that made the home, ``at`` when (UTC). ``adopted`` says that an older
    program had made it, or that other files were there: what lies there is ours only as far as the
    journal lists it.

    Read leniently: a newer program may say more.
    """

    schema: str = "home/1"
    program: str = ""
    at: str = ""
    adopted: bool = False


def decode_marker(data: bytes) -> HomeMarker | None:
    """A marker from its file; ``None`` where it is none of ours."""
    try:
        marker = msgspec.json.decode(data, type=HomeMarker)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return marker if marker.schema.startswith("home/") else None
