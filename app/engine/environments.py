"""The environments under a home folder: listing them, and going back to the one before."""

from __future__ import annotations

from dataclasses import dataclass

from app.engine.journal import Journal
from app.model.errors import ExitCode, ExpectedError
from app.model.home_layout import HomeLayout
from app.model.pointer import Pointer, encode_pointer
from app.ports import Clock, Files


@dataclass(frozen=True)
class Environment:
    """One environment. ``size`` is bytes on disk, ``None`` until asked for."""

    name: str
    path: str
    active: bool
    previous: bool
    proven: bool


def list_environments(
    files: Files, place: HomeLayout, pointer: Pointer | None
) -> tuple[Environment, ...]:
    """All environments, the active one first, then the one before it."""
    found = [
        Environment(
            name=name,
            path=place.environment(name),
            active=pointer is not None and pointer.active == name,
            previous=pointer is not None and pointer.previous == name,
            proven=files.exists(place.verification(name)),
        )
        for name in files.names(place.environments)
        if files.exists(place.environment_python(name))
    ]
    return tuple(sorted(found, key=lambda e: (not e.active, not e.previous, e.name)))


def previous_environment(files: Files, place: HomeLayout, pointer: Pointer | None) -> str:
    """The environment that was active before. Raises ``ExpectedError`` (exit code 7) when there is
    none.
    """
    if pointer is None or pointer.previous is None:
        raise ExpectedError(
            "nothing-before",
            "There is no earlier environment to go back to; expected one that was active before "
            "the last install.",
            exit_code=ExitCode.NOTHING_FOUND,
        )
    if not files.exists(place.environment_python(pointer.previous)):
        raise ExpectedError(
            "nothing-before",
            f"The earlier environment {pointer.previous} is no longer there, so {pointer.active} "
            f"stays active.",
            exit_code=ExitCode.NOTHING_FOUND,
        )
    return pointer.previous


def swap_back(
    files: Files, clock: Clock, place: HomeLayout, pointer: Pointer | None, journal: Journal
) -> Pointer:
    """Swap active and previous in the pointer file, atomically. Raises as ``previous_environment``."""
    target = previous_environment(files, place, pointer)
    active = pointer.active if pointer is not None else None
    back = Pointer(active=target, profile=target.rsplit("-", 1)[0], previous=active, at=clock.now())
    journal.effect("rollback", "rollback")(
        "swapped", {"path": place.pointer, "from": active or "", "to": target}
    )
    files.write(place.pointer, encode_pointer(back, files.read(place.pointer)))
    return back
