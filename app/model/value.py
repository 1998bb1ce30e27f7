"""The one kind of value every room uses: frozen, checked when read, comparable."""

from __future__ import annotations

import msgspec


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An immutable record. A field that is ``None`` could not be found out; somebody's ``notes``
    say why.
    """
