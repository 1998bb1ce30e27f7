"""What a session does with the desktop: open things, start editors and terminals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.model.errors import NotInstalledError
from app.model.message import Message
from app.steps.child_environment import temporary_folder

if TYPE_CHECKING:
    from app.engine.editors import Editor
    from app.engine.session import Session


class Desktop:
    """The person's own programs, and this computer's task bar."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def offers(self) -> set[str]:
        """What the last page can offer here, by name: ``folder``, ``terminal``, ``kernel``,
        ``rollback`` …
        """
        pointer = None if self._session.simulated else self._session.home.pointer()
        found = {"report"}
        if pointer is not None:
            found |= {"folder", "terminal", "verify", "kernel", "shortcut"}
            if pointer.previous is not None:
                found.add("rollback")
        return found

    def open(self, target: str) -> None:
        """Open a folder, file or address with the system's own program; nothing happens in a
        simulation.
        """
        if not self._session.simulated:
            self._session.system.computer.open(target)

    def open_terminal(self) -> str:
        """A terminal with the active environment; a sentence that says so."""
        session = self._session
        pointer = session.home.pointer()
        if pointer is None or session.simulated:
            raise NotInstalledError(
                Message("There is no active environment to open a terminal in; expected one.")
            )
        session.system.computer.open_terminal(
            session.place.home, session.place.environment(pointer.active)
        )
        return Message("A terminal opened with {environment} active.", environment=pointer.active)

    def run_inside(self, words: Sequence[str]) -> int:
        """Run a program inside the active environment with this one's own streams; its exit code.

        It sees the user's variables, the environment's programs first on the path, as activating
        does. Raises ``NotInstalledError``, ``ExpectedError('not-started')``.
        """
        session = self._session
        name = session.environments.active()
        python = session.place.environment_python(name)
        if not session.system.files.exists(python):
            raise NotInstalledError(
                Message("The active environment {name} is no longer there.", name=name)
            )
        variables = dict(session.system.computer.variables())
        folder = session.place.folder_of(python)
        old = next((key for key in variables if key.upper() == "PATH"), "PATH")
        separator = ";" if session.place.family == "windows" else ":"
        variables[old] = folder + separator + variables.get(old, "")
        variables["VIRTUAL_ENV"] = session.place.environment(name)
        variables.pop("PYTHONHOME", None)
        variables.update(temporary_folder(session.system, session.place))
        models = session.place.join(session.place.models, "hub")
        if session.system.files.exists(models):
            variables.setdefault("HF_HUB_CACHE", models)
        found = session.system.terminal.find(words[0], variables[old])
        return session.system.terminal.lend((found or words[0], *words[1:]), variables)

    def editors(self) -> tuple[Editor, ...]:
        """Programs of this computer that work with an environment, as far as they are here."""
        from app.engine import editors

        return editors.found(self._session)

    def open_editor(self, editor: Editor, folder: str = "") -> str:
        """Start one with the active environment; what a person needs to know, in a sentence."""
        from app.engine import editors

        return editors.start(self._session, editor, folder)

    def show_progress(self, window: int, share: float) -> None:
        """How far the run is, on the task bar; below zero takes it away."""
        self._session.system.computer.show_progress(window, share if share >= 0 else None)

    def save(self, path: str, data: bytes) -> None:
        """Write a file that the user asked for."""
        self._session.system.files.write(path, data)
