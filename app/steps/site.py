"""What every step is given: the doors, the layout of the home folder, the profiles, the user's choices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.model.answers import Answers
from app.model.place import Place
from app.model.profile import Profile
from app.ports import World


@dataclass(frozen=True)
class Site:
    """Where a plan is carried out.

    ``resource`` gives a file of ``resources/`` by its relative path (``checks/torch_import.py``).
    ``record`` writes an effect into the journal before it happens: kind of effect, then what undoes it.
    """

    world: World
    place: Place
    profiles: Mapping[str, Profile]
    answers: Answers
    resource: Callable[[str], bytes]
    record: Callable[[str, dict[str, str]], None]
