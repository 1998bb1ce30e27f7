"""Text of other programs without what a terminal would act on."""

from __future__ import annotations

import re

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_()][0-9A-Za-z]?)"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def without_escapes(text: str) -> str:
    """The text without colours and cursor movements (ECMA-48's escape sequences)."""
    return _ESCAPES.sub("", text)


def plain(text: str) -> str:
    """The same without other control characters; line breaks and tabs stay."""
    return _CONTROLS.sub("", without_escapes(text))
