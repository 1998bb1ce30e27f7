"""Taking trees away so that no moment leaves half of one: renamed aside, then told, then deleted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.model.errors import ExpectedError
from app.model.message import Message
from app.ports import Files
from app.steps.step_context import StepContext

GONE = ".gone"
Record = Callable[[str, dict[str, str]], None]


def take_away(
    path: str, files: Files, record: Record, then: Callable[[], None] = lambda: None
) -> str:
    """Remove a file or tree. ``then`` runs when it is out of the way and before it is deleted.

    Refused while it is in use (``ExpectedError('file_in_use')``), with nothing changed. Returns a
    sentence about what could not be deleted, which ``sweep`` tries again; empty where all is gone.
    """
    aside = ""
    if files.exists(path):
        aside = free_name(path, files)
        record("set-aside", {"path": path, "to": aside})
        files.set_aside(path, aside)
        record("gone", {"path": path})
    then()
    return delete(aside, files) if aside else ""


def take_some_away(
    folder: str,
    parts: Sequence[str],
    files: Files,
    record: Record,
    then: Callable[[], None] = lambda: None,
) -> str:
    """The same for some of what lies in a folder, by their paths: all of them or, where one is in use,
    none.
    """
    aside = free_name(folder, files)
    record("set-aside", {"path": folder, "to": aside})
    files.make_folder(aside)
    moved: list[tuple[str, str]] = []
    try:
        for part in parts:
            target = aside + part[len(folder) :]
            files.set_aside(part, target)
            moved.append((part, target))
    except ExpectedError:
        for part, target in reversed(moved):
            files.move(target, part)
        files.remove_empty(aside)
        raise
    then()
    return delete(aside, files)


def claim(path: str, site: StepContext) -> None:
    """Write down a path that another program is about to make for this one, if it is new and its
    folder is not ours.
    """
    if not site.system.files.exists(path) and not site.ours(path):
        site.record("made", {"path": path})


def free_name(path: str, files: Files) -> str:
    """A name beside a path that nothing has: what a person called so is not touched."""
    name, number = path + GONE, 1
    while files.exists(name):
        number += 1
        name = f"{path}{GONE}{number}"
    return name


def delete(aside: str, files: Files) -> str:
    """Delete what was set aside; a sentence about what could not be."""
    try:
        files.remove(aside)
    except ExpectedError as error:
        return Message(
            "{message} What is left of it is deleted at the next start.", message=error.message
        )
    return ""


def sweep(set_aside: Sequence[tuple[str, str]], files: Files) -> tuple[str, ...]:
    """Delete what earlier runs had set aside and did not get to delete; sentences about what stays.

    ``set_aside`` is what the journal lists: pairs of where it lay and its name since.
    """
    return tuple(
        failure
        for path, aside in dict.fromkeys(set_aside)
        if aside.startswith(path + GONE)
        and files.exists(aside)
        and (failure := delete(aside, files))
    )


def not_ours(path: str) -> ExpectedError:
    """What lies at a path is neither deleted nor replaced."""
    return ExpectedError(
        "not-ours",
        Message(
            "{path} was not made by this program, so it is neither replaced nor deleted.", path=path
        ),
        hint=Message("Move it elsewhere, or choose another folder with --home."),
    )
