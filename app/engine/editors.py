"""Finds and starts programs of this computer that work with an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.model.errors import NotInstalledError
from app.model.message import Message
from app.model.value import Value

if TYPE_CHECKING:
    from app.engine.session import Session

EditorName = Literal["jupyter", "vscode"]

# Where each is got from: its makers' own page.
GET: dict[EditorName, str] = {
    "jupyter": "https://jupyter.org/install",
    "vscode": "https://code.visualstudio.com/download",
}


class Editor(Value, frozen=True, kw_only=True):
    """A program that was found, and how it is started."""

    name: EditorName
    argv: tuple[str, ...]


def found(session: Session) -> tuple[Editor, ...]:
    """Those on the search path (``where jupyter-lab``, ``where code``); none in a simulation."""
    if session.simulated:
        return ()
    computer, made = session.system.computer, []
    for program, words in (("jupyter-lab", ()), ("jupyter-notebook", ()), ("jupyter", ("lab",))):
        path = computer.which(program)
        if path is not None:
            made.append(Editor(name="jupyter", argv=(path, *words)))
            break
    path = computer.which("code")
    if path is not None:
        made.append(Editor(name="vscode", argv=(_find_code_program(session, path),)))
    return tuple(made)


def _find_code_program(session: Session, path: str) -> str:
    """On Windows ``bin\\code.cmd`` is a script for a console; the program itself lies above it."""
    place = session.place
    above = place.folder_of(place.folder_of(path))
    program = place.join(above, "Code.exe")
    is_script = path.lower().endswith(".cmd")
    return program if is_script and session.system.files.exists(program) else path


def start(session: Session, editor: Editor, folder: str = "") -> str:
    """Start it with the active environment, in a folder that names it to VS Code where one is given;
    what a person needs to know, in a sentence. Raises ``NotInstalledError``,
    ``ExpectedError('not-opened')``.
    """
    session.home.require_real_machine()
    pointer, place = session.home.pointer(), session.place
    if pointer is None:
        raise NotInstalledError(
            Message("There is no active environment to open it with; expected one.")
        )
    opened = (folder or place.home,) if editor.name == "vscode" else ()
    session.system.computer.launch(
        (*editor.argv, *opened), folder or place.home, place.environment(pointer.active)
    )
    if folder and editor.name == "vscode":
        return f"VS Code opens {folder}, which names this environment to it."
    python = place.environment_python(pointer.active)
    if editor.name == "vscode":
        return f"VS Code opens. The interpreter to select there: {python}"
    return "Jupyter starts and opens in the browser. The kernel is made on the page Ready."
