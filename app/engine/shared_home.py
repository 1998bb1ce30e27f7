"""One home for every user of a PC.

An administrator makes and changes it, everybody reads and runs it, and what a user writes lies in
that user's own folder.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from app.model.answers import Answers
from app.model.errors import ExitCode, ExpectedError, InputError
from app.model.home_layout import HomeLayout
from app.model.message import Message
from app.ports import System

_log = logging.getLogger(__name__)


def layout(system: System, home: str) -> HomeLayout:
    """A home's layout as this user has it: a guest's where it is the one for all users and this user
    may not write there.
    """
    computer = system.computer
    files = system.files
    if home == computer.shared_folder() and files.exists(home) and not files.writable(home):
        own = computer.known_folder("local") or computer.data_folder()
        name = HomeLayout(own, computer.family).join(own, "UnslothSetup-shared")
        return HomeLayout(home, computer.family, own=name)
    return HomeLayout(home, computer.family)


def is_shared(system: System, place: HomeLayout) -> bool:
    """Whether a home is the one for all users."""
    return place.home == system.computer.shared_folder()


def policy(system: System) -> str | None:
    """The policy file that counts: where every user may make files, as below ``%ProgramData%``, only an
    administrator's does.
    """
    path, files = system.computer.policy_file(), system.files
    if not files.exists(path):
        return None
    open_to_users = path.startswith(system.computer.shared_folder())
    if open_to_users and not files.is_administrators(path):
        _log.warning("%s is not an administrator's and is not obeyed", path)
        return None
    return path


def chosen(answers: Answers, system: System) -> Answers:
    """The answers with the home that they ask for. Raises ``InputError`` where they ask for two."""
    shared = system.computer.shared_folder()
    if not answers.all_users:
        return msgspec.structs.replace(answers, all_users=answers.home == shared)
    if answers.home not in (None, shared):
        raise InputError(
            Message(
                "all_users: the home of all users is {shared}; expected no other home, and "
                "{home} was given.",
                shared=shared,
                home=answers.home,
            )
        )
    return msgspec.structs.replace(answers, home=shared)


def only_there(system: System) -> str | None:
    """The home of all users where something is installed in it and nothing in this user's own."""
    own = HomeLayout(system.computer.data_folder(), system.computer.family)
    shared = HomeLayout(system.computer.shared_folder(), system.computer.family)
    there = system.files.exists
    return shared.home if there(shared.pointer) and not there(own.pointer) else None


def refuse(answers: Answers, system: System, place: HomeLayout) -> None:
    """Raises ``ExpectedError`` where a home for all users may not be made or changed: by one who is no
    administrator, or where somebody else put a folder in its place.
    """
    if not answers.all_users and not is_shared(system, place):
        return
    if not system.computer.facts().get("is_admin"):
        raise ExpectedError(
            "needs-administrator",
            Message(
                "The home of all users, {home}, is made and changed by an administrator only.",
                home=place.home,
            ),
            hint=(
                Message("Run it in a console that was started as administrator.")
                if place.family == "windows"
                else Message("Run it as root, with sudo for one.")
            ),
            exit_code=ExitCode.BLOCKED,
        )
    if system.files.exists(place.home) and not system.files.is_administrators(place.home):
        raise ExpectedError(
            "home-not-ours",
            Message(
                "{home} is not an administrator's folder, or others may write to it; "
                "what lies there cannot be trusted by all users.",
                home=place.home,
            ),
            hint=Message("Look at what lies there, and move the folder away."),
            exit_code=ExitCode.BLOCKED,
        )
    if answers.kernel or answers.menu_entry:
        raise InputError(
            Message(
                "all_users: a kernel and a menu entry are each user's own; expected an "
                "install without them, and then install --kernel by each user who wants "
                "one."
            ),
        )


def share(system: System, place: HomeLayout, path: str) -> None:
    """Let all users read one thing that was written into their home after a run."""
    if not place.is_guest and is_shared(system, place):
        system.files.open_to_all(path, place.closed)


@contextmanager
def opened(system: System, place: HomeLayout) -> Iterator[None]:
    """While the context lasts an administrator works in the home of all users; at its start and its end
    the rights are those that all users need.
    """
    if place.is_guest or not is_shared(system, place):
        yield
        return
    system.files.make_folder(place.home)
    system.files.open_to_all(place.home, place.closed)
    try:
        yield
    finally:
        system.files.open_to_all(place.home, place.closed)
