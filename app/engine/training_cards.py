"""The cards that a training run may use, and those that it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.decide.training.several_cards import UsableCards, usable_cards
from app.model.errors import InputError
from app.model.machine import Gpu
from app.model.message import Message
from app.model.profile import Profile
from app.steps.card_temperature import used_cards

if TYPE_CHECKING:
    from app.engine.session import Session


def usable(session: Session) -> UsableCards:
    """The cards that may train together, of those that the user's own ``CUDA_VISIBLE_DEVICES`` leaves."""
    return usable_cards(_left(session), session.known_facts().os.family)


def _left(session: Session) -> list[Gpu]:
    """NVIDIA's cards that the user leaves to this program."""
    ours = [gpu for gpu in session.known_facts().gpus if gpu.of_nvidia]
    if session.simulated:  # this computer's variables say nothing of another
        return ours
    own = {name.upper(): value for name, value in session.system.computer.variables().items()}
    hidden = "CUDA_VISIBLE_DEVICES" in session.home.site().left_out
    left = used_cards(None if hidden else own.get("CUDA_VISIBLE_DEVICES"), ours)
    return [gpu for gpu in ours if gpu.index in left]


def choose(session: Session, profile: Profile, wanted: int) -> tuple[str, ...]:
    """The ids of so many equal cards, as ``CUDA_VISIBLE_DEVICES`` takes them; none for one card, which
    is chosen for every child alike. Raises ``InputError`` where there are not so many.
    """
    if wanted == 1:
        return ()
    if not profile.needs.gpu:
        raise InputError(
            Message("--cards is {wanted}; expected 1: this setup trains on the processor.", wanted=wanted)
        )  # fmt: skip
    found = usable(session)
    if wanted > len(found.cards):
        raise InputError(
            Message(
                "--cards is {wanted}; expected {most} at most. {why}",
                wanted=wanted,
                most=max(1, len(found.cards)),
                why=found.text,
            )
        )
    return found.ids[:wanted]


def to_verify(session: Session, profile: Profile) -> tuple[str, ...]:
    """The ids of the cards that a verification lets train together; none where one is used alone."""
    ids = usable(session).ids if profile.needs.gpu else ()
    return ids if len(ids) > 1 else ()


def why_alone(session: Session, profile: Profile) -> str:
    """Why one of several cards is used; empty where there is one, or several train together."""
    found = usable(session)
    several = profile.needs.gpu and len(_left(session)) > 1
    return found.text if several and len(found.cards) == 1 else ""
