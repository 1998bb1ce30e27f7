"""Makes a pseudo-language for looking: accents, and a third longer.

What is cut, or not translated at all, is seen without knowing a language.
"""

from __future__ import annotations

import re

from PySide6.QtCore import QTranslator

_ACCENTS = str.maketrans("aeiouncAEIOUNC", "àéîöüñçÀÉÎÖÜÑÇ")
_KEPT = re.compile(r"(\{[^{}]*\}|%n|&.)")  # places to fill in, and the letters of mnemonics


def pseudo(text: str) -> str:
    """``Looking`` as ``[Löökîñg ~~]``; places and mnemonics stay as they are."""
    parts = _KEPT.split(text)
    changed = "".join(p if _KEPT.fullmatch(p) else p.translate(_ACCENTS) for p in parts)
    return f"[{changed} {'~' * max(1, len(text) // 3)}]" if text.strip() else text


class PseudoTranslator(QTranslator):
    """Install it as the last translator."""

    def translate(self, _context: str, text: str, _comment: str | None = None, _n: int = -1) -> str:
        """Any text that the window asks for, but formats of dates."""
        return text if text.startswith("d MMM") else pseudo(text)

    def isEmpty(self) -> bool:
        """It has a text for everything."""
        return False
