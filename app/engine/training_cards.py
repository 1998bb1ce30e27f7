"""The cards that a training run may use, and those that it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.decide.training.several_cards import UsableCards, usable_cards
from app.model.errors import InputError
from app.model.message import Message
from app.model.profile import Profile
from app.steps.card_temperature import used_cards

if TYPE_CHECKING:
    from app.engine.session import Session


def usable(session: Session) -> UsableCards:
    """The cards that may train together, of those that the user's own ``CUDA_VISIBLE_DEVICES`` leaves."""
    facts = session.known_facts()
    own = {name.upper(): value for name, value in session.system.computer.variables().items()}
    hidden = "CUDA_VISIBLE_DEVICES" in session.home.site().left_out
    ours = tuple(gpu for gpu in facts.gpus if gpu.of_nvidia)
    left = used_cards(None if hidden else own.get("CUDA_VISIBLE_DEVICES"), ours)
    return usable_cards([gpu for gpu in ours if gpu.index in left], facts.os.family)


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
    return tuple(gpu.uuid or str(gpu.index) for gpu in found.cards[:wanted])
