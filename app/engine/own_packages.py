"""A person's own packages beside the proven ones: what is there, adding, taking back."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement

from app.engine.training_runs import active
from app.model.errors import ExitCode, ExpectedError, InputError
from app.model.event import AnyPayload
from app.model.message import Message
from app.model.own_packages import OwnPackages, PackageChange
from app.model.plan import AddPackages, Plan, RemovePackages
from app.steps import add_packages
from app.steps.drift import Change, drift

if TYPE_CHECKING:
    from app.engine.session import Session


def _changeable(session: Session) -> None:
    """Raises ``ExpectedError('home-of-all')`` in a home that only an administrator may change."""
    if session.place.is_guest:
        raise ExpectedError(
            "home-of-all",
            Message(
                "The environment in {home} is of all users of this computer; only an "
                "administrator changes it.",
                home=session.place.home,
            ),
            hint=Message("A home of your own (--home) takes packages of your own."),
            exit_code=ExitCode.BLOCKED,
        )


def listed(session: Session) -> tuple[OwnPackages, tuple[Change, ...]]:
    """What was added by this program, and what has changed in the active environment beside it."""
    environment, profile = active(session)
    site = session.home.site()
    return add_packages.read(site), drift(environment, profile, site)


def add_plan(session: Session, asked: Sequence[str]) -> Generator[AnyPayload, None, Plan]:
    """The plan that adds packages; it asks the index, so it takes a moment. Without steps where all
    are there. Raises as ``add_packages.resolve``, ``InputError`` for what is no requirement.
    """
    environment, profile = active(session)
    _changeable(session)
    wanted = [_parse_requirement(one) for one in asked]
    if not wanted:
        raise InputError(Message("packages add needs the name of a package."))
    site = session.home.site()
    found = yield from add_packages.resolve(wanted, environment, profile, site)
    if not found:
        return Plan(title=Message("Your packages"), profile=profile.id)
    change = PackageChange(
        at=session.system.clock.now(), profile=profile.id, asked=tuple(wanted), packages=found
    )
    names = ", ".join(f"{one.name} {one.version}" for one in found)
    step = AddPackages(
        id="add",
        title=Message("Your packages: {names}", names=names),
        touches=(session.place.environment(environment), session.place.own_packages),
        environment=environment,
        change=change,
    )
    return Plan(title=Message("Your packages"), profile=profile.id, steps=(step,))


def undo_plan(session: Session) -> Plan:
    """The plan that takes the last change back: what came or changed beside this program first, then
    the last ``packages add``. Raises ``ExpectedError('nothing-added')`` where there is none.
    """
    environment, profile = active(session)
    _changeable(session)
    known, changes = listed(session)
    mine = [one for one in known.changes if one.profile == profile.id]
    if changes:
        added = tuple(one.name for one in changes if one.locked is None)
        changed = [one.name for one in changes if one.locked is not None]
        title = "; ".join(
            [f"Takes out {', '.join(added)}"] * bool(added)
            + [f"puts back {', '.join(changed)} as the setup has it"] * bool(changed)
        )
        change, restore = None, bool(changed)
    elif mine:
        change, restore = mine[-1], False
        added = tuple(one.name for one in change.packages)
        title = Message(
            "Takes out {added}, added on {at}", added=", ".join(added), at=change.at[:10]
        )
    else:
        raise ExpectedError(
            "nothing-added",
            Message(
                "Nothing was added to {environment}, so there is nothing to take back.",
                environment=environment,
            ),
            exit_code=ExitCode.NOTHING_FOUND,
        )
    step = RemovePackages(
        id="undo",
        title=title,
        touches=(session.place.environment(environment), session.place.own_packages),
        environment=environment,
        profile=profile.id,
        packages=added,
        change=change,
        restore=restore,
    )
    return Plan(title=Message("Your packages"), profile=profile.id, steps=(step,))


def _parse_requirement(text: str) -> str:
    try:
        made = Requirement(text)
    except InvalidRequirement as error:
        raise InputError(
            Message(
                "{given} is no package; expected a name such as wandb or wandb==0.23.",
                given=repr(text),
            )
        ) from error
    if made.url:
        raise InputError(
            Message(
                "{package} is given by an address, which has no hash; expected a name.",
                package=made.name,
            )
        )
    return str(made)
