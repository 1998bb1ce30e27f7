"""How deep the keys of a TOML text nest, told before its reader takes memory for them."""

from __future__ import annotations

import re

from app.model import limits

_PART = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
# Where a key can begin: a line, a table's head, an inline table.
_DEEP = re.compile(
    rf"(?:^|[\[{{,])[ \t]*{_PART}(?:[ \t]*\.[ \t]*{_PART}){{{limits.KEY_PARTS}}}", re.MULTILINE
)


def deep_key(text: str) -> int | None:
    """The line of the first key with more than ``KEY_PARTS`` parts; ``None`` where there is none.

    Python's reader makes a table for each part, and a copy of the way to it: 100 kB of ``a.a.a``
    took 5 GB and did not end.
    """
    found = _DEEP.search(text)
    return None if found is None else text.count("\n", 0, found.end()) + 1
