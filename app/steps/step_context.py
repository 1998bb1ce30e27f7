"""What every step is given.

The adapters, the layout of the home folder, the profiles, the user's choices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.model.answers import Answers
from app.model.home_layout import HomeLayout
from app.model.profile import Platform, Profile
from app.model.sources import Sources
from app.ports import System

if TYPE_CHECKING:
    from app.steps.head_start import HeadStart


@dataclass(frozen=True)
class StepContext:
    """Where a plan is run.

    ``sources`` is where packages come from. ``resource`` gives a file of ``resources/`` by its
    relative path (``checks/versions.py``).
    ``record`` writes an effect into the journal before it happens: kind of effect (``made``,
    ``swapped``, ``moved``, ``removed-packages``), then the values that undoing needs. ``ours`` says
    whether the journal lists a path of the home folder as made by this program; other things are
    neither deleted nor replaced there. ``platform``
    is set where packages for another system than this one are wanted (a bundle). ``left_out`` names
    variables of the user's that would disturb children, in capitals; ``card`` is the one that they
    are pointed at where several kinds are in the PC. ``head_start`` is a check that may begin before its turn.
    """

    system: System
    place: HomeLayout
    profiles: Mapping[str, Profile]
    answers: Answers
    sources: Sources
    resource: Callable[[str], bytes]
    record: Callable[[str, dict[str, str]], None]
    ours: Callable[[str], bool] = lambda _: True
    platform: Platform | None = None
    left_out: frozenset[str] = frozenset()
    card: str | None = None
    head_start: HeadStart | None = None
