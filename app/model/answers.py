"""Every choice that the wizard's pages offer, as an answer file can give it (``answers/1``)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec

from app.model.value import Value

# Values of ``certificates`` beside a file: the system's store with the bundle that pip or
# SSL_CERT_FILE names, or without.
SYSTEM, SYSTEM_ALONE = "system", "system-alone"


class Answers(Value, frozen=True, kw_only=True):
    """Choices made beforehand. ``None`` means: let the program choose or ask the system."""

    schema: Literal["answers/1"] = "answers/1"
    profile: str | None = None
    home: str | None = None
    all_users: bool = False  # one home for every user of the PC, an administrator's
    # one of those that resources/translations/ holds a file of
    language: Annotated[str, msgspec.Meta(pattern="^[a-z]{2,3}$")] | None = None
    index: str | None = None
    pytorch_index: str | None = None
    extra_indexes: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    python_mirror: str | None = (
        None  # where uv's Pythons are fetched: an address or a folder laid out like their releases
    )
    python_list: str | None = (
        # which Pythons there are, with their hashes, instead of the list that uv has in itself
        None
    )
    proxy: str | None = None
    certificates: str = SYSTEM
    offline: str | None = None
    clean_up: tuple[str, ...] = ()
    uninstall_from: str | None = None
    verify: Literal["full", "quick", "none"] = "full"
    kernel: bool = False  # a Jupyter kernel for the new setup
    menu_entry: bool = False  # an entry in the Start menu that opens a terminal with it
    check_updates: bool = True  # whether a newer version of this program may be asked for
    theme: Literal["system", "light", "dark"] = "system"


def language_codes(files: Iterable[str]) -> tuple[str, ...]:
    """The languages that the names in ``resources/translations/`` stand for, sorted: ``de.qm`` is
    German. English is among them, since its plurals have a file.
    """
    return tuple(sorted(name.removesuffix(".qm") for name in files if name.endswith(".qm")))
