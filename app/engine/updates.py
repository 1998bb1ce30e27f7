"""Whether a newer version of this program was announced: asked only on request, at most once a day."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import msgspec
from packaging.version import InvalidVersion, Version

from app import __version__
from app.model.encoding import encode
from app.model.errors import ExpectedError
from app.model.message import Message
from app.model.value import Value

if TYPE_CHECKING:
    from app.engine.session import Session

SETTINGS = "updates.toml"


class Announcement(msgspec.Struct, frozen=True):
    """What stands at the publisher's address. Other fields may follow in later years."""

    version: str
    page: str = ""


class Remembered(Value, frozen=True, kw_only=True):
    """``HOME/cache/updates.json``: the day of the last question and its answer."""

    asked_on: str
    version: str
    page: str = ""


def find_newer_program(session: Session) -> Announcement | None:
    """A newer version than this one, or ``None`` where there is none or nobody is to be asked.

    No data is sent: one GET of the publisher's address (``updates.toml``), by TLS unless it lies on
    this computer. Within a day the remembered answer counts. An answer file or a policy with
    ``check_updates = false`` switches it off. Raises ``ExpectedError`` with what stands between.
    """
    address = str(tomllib.loads(session.home.site().resource(SETTINGS).decode("utf-8"))["address"])
    if not address or not session.answers.check_updates or session.simulated:
        return None
    today = session.system.clock.now()[:10]
    remembered = _read_remembered(session)
    if remembered is None or remembered.asked_on != today:
        found = _ask(session, address)
        remembered = Remembered(asked_on=today, version=found.version, page=found.page)
        if session.home.is_owned() and session.system.files.exists(session.place.cache):
            session.system.files.write(session.place.updates, encode(remembered))
    if Version(remembered.version) <= Version(__version__):
        return None
    return Announcement(version=remembered.version, page=remembered.page)


def _ask(session: Session, address: str) -> Announcement:
    data = session.system.web.read(address)
    try:
        found = msgspec.json.decode(data, type=Announcement)
        Version(found.version)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, InvalidVersion) as error:
        raise ExpectedError(
            "updates-unreadable",
            Message(
                '{address} did not tell a version; expected JSON such as {"version": '
                '"1.2.0", "page": "https://…"}.',
                address=address,
            ),
            details=str(error),
        ) from error
    page = found.page if found.page.startswith("https://") else ""
    return Announcement(version=found.version, page=page)


def _read_remembered(session: Session) -> Remembered | None:
    """What was answered before; ``None`` where nothing was, or where the file is no answer."""
    data = session.system.files.read(session.place.updates)
    try:
        found = msgspec.json.decode(data or b"", type=Remembered)
        Version(found.version)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, InvalidVersion):
        return None
    return found
