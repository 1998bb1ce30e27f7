"""Writes the files for administrators out of ``resources/deploy/`` into a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from app.engine.scripts import as_file
from app.model.errors import InputError
from app.model.home_layout import HomeLayout
from app.model.message import Message
from app.ports import Files

LIST = "deploy/files.txt"


def deploy_files(resource: Callable[[str], bytes]) -> Iterator[tuple[str, bytes]]:
    """Each file with its path below the folder, ``/`` between the parts; PowerShell's as
    PowerShell 5.1 reads them.
    """
    for name in resource(LIST).decode("utf-8").split():
        data = resource(f"deploy/{name}")
        if name.endswith((".ps1", ".psm1")):
            data = as_file(data.decode("utf-8").replace("\r\n", "\n"), "powershell")
        yield name, data


def write(
    target: str,
    resource: Callable[[str], bytes],
    files: Files,
    place: HomeLayout,
    overwrite: bool,
) -> tuple[str, ...]:
    """Write all of them below ``target``; their paths. Raises ``InputError`` where that is no folder
    or not empty; with ``overwrite`` only files of the same names are replaced.
    """
    if files.exists(target) and not files.is_folder(target):
        raise InputError(
            Message("{target} is no folder; expected a new or empty one.", target=target)
        )
    beside = bool(files.names(target))
    if beside and not overwrite:
        raise InputError(
            Message(
                "The folder {target} is not empty; expected a new or empty one.", target=target
            ),
            hint=Message("--overwrite replaces files of the same names and leaves all others."),
        )
    written = []
    for name, data in deploy_files(resource):
        path = place.join(target, *name.split("/"))
        files.write(path, data)
        written.append(path)
    if not beside:
        files.share(target)
    return tuple(written)
