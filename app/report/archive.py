"""Writes and reads the zip of a report.

Written the same each time, read within bounds, since anybody may have made it.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping
from zlib import error as zlib_error

from app.model import limits
from app.model.errors import InputError
from app.model.message import Message

_END = b"PK\x05\x06"  # the end of the list of files (APPNOTE 4.3.16)
_END_SIZE = 22
_LONGEST_COMMENT = 65_535
_ZIP64 = b"PK\x06\x07"  # where the list of a zip over 4 GB lies (4.3.15), 20 bytes before the end
# What the reader raises over a damaged zip: its own errors, and those of what it takes apart.
_DAMAGED = (
    zipfile.BadZipFile,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    OSError,
    LookupError,
    struct.error,
    zlib_error,
)


def write_archive(files: Mapping[str, bytes]) -> bytes:
    """The zip of these files. The same files give the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, data)
    return packed.getvalue()


def read_member(data: bytes, name: str, member: str, *, required: bool) -> bytes:
    """One file of the zip ``data``; empty where there is none and none is ``required``. Raises
    ``InputError`` naming ``name`` and what is wrong.
    """
    if len(data) > limits.REPORT:
        raise InputError(
            Message(
                "{name} is larger than {limit} MB; expected a report of this program.",
                name=name,
                limit=limits.REPORT >> 20,
            )
        )
    if _list_size(data) > limits.REPORT_LIST:
        raise InputError(
            Message("{name} lists too many files; expected a report of this program.", name=name)
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entry = next((e for e in archive.infolist() if e.filename == member), None)
            if entry is None:
                if required:
                    raise InputError(
                        Message(
                            "{name} holds no {member}; expected a report of this program.",
                            name=name,
                            member=member,
                        )
                    )
                return b""
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise InputError(
                    Message(
                        "{name}: {member} is packed in a way that reports do not use; expected a "
                        "report of this program.",
                        name=name,
                        member=member,
                    )
                )
            with archive.open(entry) as stream:  # the size in the archive's list may lie
                content = stream.read(limits.REPORT_MEMBER + 1)
    except _DAMAGED as error:
        raise InputError(
            Message(
                "{name} cannot be read as a zip file; expected a report of this program: {error}.",
                name=name,
                error=error,
            )
        ) from error
    if len(content) > limits.REPORT_MEMBER:
        raise InputError(
            Message(
                "{name}: {member} is larger than {limit} MB; expected a report of this program.",
                name=name,
                member=member,
                limit=limits.REPORT_MEMBER >> 20,
            )
        )
    return content


def _list_size(data: bytes) -> int:
    """Bytes of the zip's list of files, as its end says; the reader takes as many before anything
    else. A list of the kind for more than 4 GB counts as too large.
    """
    at = len(data) - _END_SIZE
    if at < 0:
        return 0
    if data[at : at + 4] != _END or data[-2:] != b"\0\0":
        at = data.rfind(_END, max(0, at - _LONGEST_COMMENT))
    if at < 0 or at + _END_SIZE > len(data):
        return 0  # no zip: the reader says so
    if at >= 20 and data[at - 20 : at - 16] == _ZIP64:
        return limits.REPORT_LIST + 1
    return int(struct.unpack_from("<L", data, at + 12)[0])
