"""Asks each source with given settings and tells what it answers: what the Test button shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote, urlsplit

from app.model import limits
from app.model.answers import Answers
from app.model.errors import ExpectedError
from app.model.machine import Reach
from app.model.message import Message
from app.model.sources import Sources, is_address, unencrypted
from app.model.value import Value
from app.probe.network import default_index, sources
from app.probe.operating_system import without_secrets

if TYPE_CHECKING:
    from app.engine.session import Session

SourceName = Literal["index", "pytorch", "python", "hub"]
NAMES: tuple[SourceName, ...] = ("index", "pytorch", "python", "hub")
_HUB = "https://huggingface.co"  # huggingface_hub's own default, where HF_ENDPOINT names no other
_URL = re.compile(r"https?://\S+")
_REMEDY = Message("Check the address, the proxy and the network, then test again.")


class Answer(Value, frozen=True, kw_only=True):
    """What one source said. ``address`` is the one asked, without logins; ``fault`` is empty where
    it can be used, and ``remedy`` says what to do where it cannot. ``asked`` is false where nothing
    was asked, and ``fault`` then says why.
    """

    name: SourceName
    address: str
    asked: bool = True
    usable: bool = False
    fault: str = ""
    remedy: str = ""


def ask_sources(session: Session, answers: Answers) -> Iterator[Answer]:
    """Ask index, PyTorch index, Python source and model hub with these answers, one after another.
    The session keeps its own settings. On another computer nothing is asked.
    """
    if session.simulated:
        yield from _recorded_answers(session)
        return
    system = session.system
    where = sources(system, answers)
    kept = session.network.sources()
    system.web.use(where)
    try:
        for name in NAMES:
            yield _ask_source(session, where, name)
    finally:
        system.web.use(kept)


def _recorded_answers(session: Session) -> Iterator[Answer]:
    """What the machine file tells of its own network; nothing is asked in a simulation."""
    network = session.known_facts().network
    why = Message("Nothing is asked in a simulation.")
    reaches: dict[SourceName, tuple[Reach, str]] = {
        "index": (network.index, network.index_fault),
        "pytorch": (network.pytorch, network.pytorch_fault),
    }
    for name in NAMES:
        reach, fault = reaches.get(name, ("unknown", ""))
        usable = reach == "reachable"
        yield Answer(
            name=name,
            address="",
            asked=False,
            usable=usable,
            fault="" if usable else fault or why,
            remedy=_REMEDY if reach not in ("reachable", "unknown") else "",
        )


def _ask_source(session: Session, where: Sources, name: SourceName) -> Answer:
    if where.offline and name != "hub":
        return Answer(
            name=name,
            address=where.offline,
            asked=False,
            usable=session.system.files.exists(where.offline),
            fault=""
            if session.system.files.exists(where.offline)
            else Message("The offline folder {offline} is not there.", offline=where.offline),
            remedy=Message("Name the folder that the command bundle made."),
        )
    address = _first_address(session, where, name)
    if address is None:
        return Answer(
            name=name,
            address="",
            asked=False,
            fault=Message("uv did not say which address it asks by default."),
            remedy=Message("Name an address, then test again."),
        )
    shown = without_secrets("", address)
    given = {"index": where.index, "pytorch": where.pytorch_index}.get(name, address)
    if name == "python" and "://" not in address:
        return _answer_for_folder(session, name, address)
    if not is_address(address) or (given is not None and not is_address(given)):
        shown = without_secrets("", given or address)
        return Answer(
            name=name,
            address=shown,
            asked=False,
            fault=Message(
                "{shown} is no address; expected one that begins with https:// or file://.",
                shown=repr(shown),
            ),
            remedy=Message("Correct the address, then test again."),
        )
    if address.startswith("file://"):
        path = unquote(urlsplit(address).path)
        return _answer_for_folder(session, name, path.lstrip("/") if path[2:3] == ":" else path)
    if unencrypted(address):
        return Answer(
            name=name,
            address=shown,
            asked=False,
            fault=Message(
                "{hostname} would be asked without TLS, which is refused.",
                hostname=urlsplit(address).hostname,
            ),
            remedy=Message("Give the address with https."),
        )
    fault = session.system.web.examine(address, limits.PAGE)
    if fault is None or (fault.code == "file_missing" and name != "python"):
        return Answer(name=name, address=shown, usable=True)
    return Answer(
        name=name,
        address=shown,
        fault=_without_secrets(fault.message),
        remedy=_describe_remedy(name, fault),
    )


def _without_secrets(sentence: str) -> str:
    if isinstance(sentence, Message):
        return sentence.map_values(_without_secrets)
    return without_secrets("", sentence)


def _describe_remedy(name: SourceName, fault: ExpectedError) -> str:
    if name == "hub":
        return Message(
            "{hint} The setup itself does not need the hub; models come from it, or from a folder.",
            hint=fault.hint or _REMEDY,
        )
    return fault.hint or _REMEDY


def _answer_for_folder(session: Session, name: SourceName, path: str) -> Answer:
    there = session.system.files.exists(path)
    return Answer(
        name=name,
        address=path,
        usable=there,
        fault="" if there else Message("The folder {path} is not there.", path=path),
        remedy="" if there else Message("Choose a folder that is there, then test again."),
    )


def _first_address(session: Session, where: Sources, name: SourceName) -> str | None:
    """The very page or file that an install would ask first."""
    system = session.system
    if name == "index":
        index = where.index or default_index(system)
        return None if index is None else _project_page(index, "pip")
    if name == "pytorch":
        return _project_page(where.pytorch_index, "torch")
    if name == "hub":
        hub = system.computer.variables().get("HF_ENDPOINT") or _HUB
        return f"{hub.rstrip('/')}/api/models?limit=1"
    version = session.best().profile.python
    mirror = where.python_mirror
    if mirror is not None and ("://" not in mirror or mirror.startswith("file://")):
        return mirror
    environment = dict(system.computer.variables())
    if mirror is not None:
        environment["UV_PYTHON_INSTALL_MIRROR"] = mirror
    if where.python_list is not None:
        environment["UV_PYTHON_DOWNLOADS_JSON_URL"] = where.python_list
    completed = system.processes.capture(
        [
            *(system.computer.uv(), "python", "list", "--only-downloads"),
            *("--show-urls", f"cpython-{version}"),
        ],
        limits.UV_ANSWER,
        environment,
    )
    found = _URL.search(completed.out)
    return found[0] if found else None


def _project_page(index: str, project: str) -> str:
    return index if index.startswith("file://") else f"{index.rstrip('/')}/{project}/"
