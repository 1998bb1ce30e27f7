"""Decodes bytes: marks first, then UTF-8, then what a person says.

A code page is proposed and never taken unasked.
"""

from __future__ import annotations

import codecs
import re

from app.model.dataset import Encoding
from app.model.errors import InputError
from app.model.message import Message

# UTF-32 before UTF-16: the first two bytes of its mark are UTF-16's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_USUAL_CODE_PAGE = (
    "cp1252"  # Windows in western Europe and America; proposed where this computer's own is UTF-8
)
_HEAD = 4096
_SAMPLE = 60
ESCAPED = re.compile(
    "[\ud800-\udfff]"
)  # bytes that were no UTF-8 (Python's surrogateescape), or half a character


def detect(
    name: str, data: bytes, *, chosen: str | None = None, code_page: str | None = None
) -> Encoding:
    """The encoding of a file's bytes.

    UTF-8 in which a few lines are damaged stays UTF-8: those rows are named later. Raises ``InputError`` for an encoding that
    does not exist, that contradicts the file's own mark, or where nothing fits.
    """
    mark = next((known for signature, known in _MARKS if data.startswith(signature)), None)
    wish = _look_up(chosen) if chosen else None
    if mark is not None:
        if wish is not None and not mark.startswith(wish.removesuffix("-sig")):
            raise InputError(
                Message(
                    "{name} begins with the mark of {mark}, but the encoding asked for is "
                    "{chosen}.",
                    name=name,
                    mark=mark.upper(),
                    chosen=chosen,
                )
            )
        return Encoding(name=mark, mark=True)
    if wish is not None:
        _check_decodes(name, data, wish)
        return Encoding(name=wish)
    wide = _detect_utf16(data)
    if wide:
        return Encoding(
            name=wide,
            assumed=True,
            why=Message("every second byte is zero and there is no mark"),
            sample=_first_text(data, wide),
        )
    fault = _first_fault(data, "utf-8")
    if fault is None or _mostly_utf8(data):
        return Encoding(name="utf-8")
    return _propose_code_page(name, data, fault, code_page)


def decode(data: bytes, encoding: Encoding) -> str:
    """The text without its mark. Damaged UTF-8 becomes lone surrogates, which ``ESCAPED`` finds in a row."""
    if encoding.mark:
        data = data[len(next(s for s, known in _MARKS if known == encoding.name)) :]
    if encoding.name == "utf-8":
        return data.decode("utf-8", "surrogateescape")
    if encoding.name.startswith("utf-"):
        width = 4 if encoding.name.startswith("utf-32") else 2
        return data[: len(data) // width * width].decode(
            encoding.name, "replace" if width == 4 else "surrogatepass"
        )
    return data.decode(encoding.name)


def _look_up(chosen: str) -> str:
    try:
        info = codecs.lookup(chosen)
        "".encode(info.name)  # a codec such as base64 is no encoding of text
    except (LookupError, ValueError):
        raise InputError(
            Message(
                "There is no encoding {chosen}; expected one such as utf-8, utf-16 or cp1252.",
                chosen=repr(chosen),
            )
        ) from None
    return info.name


def _check_decodes(name: str, data: bytes, encoding: str) -> None:
    if encoding == "utf-8":
        return  # damaged lines are named one by one
    fault = _first_fault(data, encoding)
    if fault is not None:
        raise InputError(
            Message(
                "{name} is not {encoding}: byte 0x{data:02x} in line {line} has no meaning there.",
                name=name,
                encoding=encoding,
                data=data[fault],
                line=_line_number(data, fault),
            )
        )


def _detect_utf16(data: bytes) -> str | None:
    """UTF-16 without a mark: nearly all of every second byte is zero, as in text of Latin letters."""
    head = data[:_HEAD]
    if len(head) < 4 or b"\0" not in head:
        return None
    even, odd = head[0::2].count(0) / len(head[0::2]), head[1::2].count(0) / len(head[1::2])
    if odd > 0.6 and even < 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > 0.6 and odd < 0.1 else None


def _first_fault(data: bytes, encoding: str) -> int | None:
    try:
        data.decode(encoding)
    except UnicodeDecodeError as fault:
        return min(fault.start, len(data) - 1)
    return None


def _mostly_utf8(data: bytes) -> bool:
    """Whether more lines hold letters that are well-formed UTF-8 than lines that are not: chance does not make those."""
    good = bad = 0
    for line in data.split(b"\n"):
        if line.isascii():
            continue
        if _first_fault(line, "utf-8") is None:
            good += 1
        else:
            bad += 1
    return good > bad


def _propose_code_page(name: str, data: bytes, fault: int, code_page: str | None) -> Encoding:
    own = codecs.lookup(code_page).name if code_page else "utf-8"
    proposal = _USUAL_CODE_PAGE if own.startswith("utf") else own
    why = Message(
        "byte 0x{data:02x} in line {line} is no UTF-8, and the file has no mark",
        data=data[fault],
        line=_line_number(data, fault),
    )
    if _first_fault(data, proposal) is not None:
        raise InputError(
            Message(
                "{name} is neither UTF-8 nor {encoding}: {why}.",
                name=name,
                encoding=proposal,
                why=why,
            ),
            hint=Message("Say its encoding, or save it as UTF-8."),
        )
    return Encoding(name=proposal, assumed=True, why=why, sample=_first_text(data, proposal))


def _first_text(data: bytes, encoding: str) -> str:
    """The first line with letters beyond ASCII as it reads in an encoding, for a person to judge."""
    lines = data.decode(encoding, "replace").split("\n")
    return next((line for line in lines if not line.isascii()), lines[0]).strip()[:_SAMPLE]


def _line_number(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1
