"""Texts whose bytes are no text: Linux takes any for variables and names."""

from __future__ import annotations


def as_bytes(text: str) -> bytes:
    """The bytes that a text stands for. Linux takes any for variables: those that are no UTF-8 are
    kept as lone surrogates, and become again what they were.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a character of Windows
        return text.encode("utf-8", "surrogatepass")
