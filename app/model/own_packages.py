"""Packages that a person added beside the proven ones, schema ``packages/1``.

What was added, by which change.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from app.model.errors import InputError
from app.model.message import Message
from app.model.value import Value


class OwnPackage(Value, frozen=True, kw_only=True):
    """One package with the hashes of the files that may be installed for it."""

    name: str
    version: str
    sha256: tuple[str, ...] = ()

    def requirement(self) -> str:
        """A line for uv that takes these very files."""
        hashes = "".join(f" --hash=sha256:{one}" for one in self.sha256)
        return f"{self.name}=={self.version}{hashes}"


class PackageChange(Value, frozen=True, kw_only=True):
    """What one ``packages add`` brought: ``asked`` in a person's words, ``packages`` with what they
    need.
    """

    at: str
    profile: str
    asked: tuple[str, ...]
    packages: tuple[OwnPackage, ...]


class OwnPackages(msgspec.Struct, frozen=True, kw_only=True):
    """All changes, oldest first. Read leniently: a newer program may say more."""

    schema: Literal["packages/1"] = "packages/1"
    changes: tuple[PackageChange, ...] = ()

    def of(self, profile: str) -> dict[str, OwnPackage]:
        """Name to package of what was added to a setup."""
        return {
            one.name: one
            for change in self.changes
            if change.profile == profile
            for one in change.packages
        }


def decode_own_packages(data: bytes | None, name: str) -> OwnPackages:
    """From its file; nothing where there is none. Raises ``InputError`` where it is broken."""
    if data is None:
        return OwnPackages()
    try:
        return msgspec.json.decode(data, type=OwnPackages)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(
            Message(
                "The list of your packages {name} cannot be read: {error}. Expected the "
                "schema packages/1.",
                name=name,
                error=error,
            ),
            hint=Message("Delete the file to start with an empty list."),
        ) from error
