"""What a session can take back: go back, put back, uninstall; and a run that was cut off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.engine import uninstalling
from app.engine.environments import previous_environment, swap_back
from app.engine.uninstalling import Uninstallable, list_removable
from app.model.errors import InputError
from app.model.message import Message
from app.model.plan import Plan
from app.model.pointer import Pointer
from app.model.verdict import Overall
from app.steps import put_packages_back, quarantine

if TYPE_CHECKING:
    from app.engine.session import Session


@dataclass(frozen=True)
class Unfinished:
    """A run that was cut off: what it was making and how far it came."""

    profile: str
    title: str
    steps_done: int
    steps_total: int
    plan: Plan


@dataclass(frozen=True)
class RollbackInfo:
    """What going back leads to: an environment and the verdict of its last verification,
    ``not_checked`` where there was none.
    """

    environment: str
    verdict: Overall

    @property
    def doubtful(self) -> bool:
        """Whether a person should be asked first: its last verification found it broken."""
        return self.verdict == "broken"

    @property
    def sentence(self) -> str:
        """What the last verification said, for people."""
        verdict_text = {
            "works": Message("it works"),
            "works_slowly": Message("it works, but slowly"),
            "broken": Message("it does not work"),
        }.get(self.verdict)
        return (
            Message(
                "The last verification of {environment} said: {verdict}.",
                environment=self.environment,
                verdict=verdict_text,
            )
            if verdict_text
            else Message("{environment} was never verified.", environment=self.environment)
        )


class Undo:
    """Ways back: to the environment before, out of quarantine, and off this computer."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def unfinished(self) -> Unfinished | None:
        """A run that was cut off, if there is one to go on with."""
        session = self._session
        if session.simulated:
            return None
        found = session.home.journal.unfinished() if session.home.is_owned() else None
        if found is None:
            return None
        plan, done = found
        title = next(
            (p.title for p in session.knowledge.profiles if p.id == plan.profile),
            plan.profile,
        )
        return Unfinished(
            profile=plan.profile,
            title=title,
            steps_done=len(done),
            steps_total=len(plan.steps),
            plan=plan,
        )

    def rollback_info(self) -> RollbackInfo:
        """What going back would make active, and what its last verification said, to be asked before.
        Raises ``InputError`` where there is no earlier environment.
        """
        session = self._session
        session.home.require_real_machine()
        session.home.refuse_guest()
        target = previous_environment(session.system.files, session.place, session.home.pointer())
        last = session.environments.verification(target)
        return RollbackInfo(environment=target, verdict=last.overall if last else "not_checked")

    def rollback(self) -> Pointer:
        """Make the environment that was active before active again. Raises ``InputError`` when there
        is none.
        """
        session = self._session
        session.home.require_real_machine()
        session.home.refuse_guest()
        previous_environment(session.system.files, session.place, session.home.pointer())
        with session.home.exclusive_lock("going back to the setup before"):
            back = swap_back(
                session.system.files,
                session.system.clock,
                session.place,
                session.home.pointer(),
                session.home.journal,
            )
            session.home.mend_current()
            return back

    def uninstallable(self) -> tuple[Uninstallable, ...]:
        """Everything this program put on the machine, with sizes; on somebody else's nothing can be
        seen, and in a folder that is not ours nothing is.
        """
        session = self._session
        if session.simulated or not session.home.is_owned():
            return ()
        found = list_removable(
            session.system.files,
            session.place,
            session.home.pointer(),
            session.home.journal,
        )
        if session.place.is_guest:  # what is an administrator's is not theirs to remove
            found = tuple(item for item in found if item.path.startswith(session.place.own))
        return found

    def remove(self, chosen: Sequence[Uninstallable]) -> Iterator[Uninstallable]:
        """Remove what the user chose; yields each when it is gone, with what of it could not be
        deleted. After the last of all, nothing of this program is left. Raises ``ExpectedError``
        where a thing is in use: it stays whole.
        """
        session = self._session
        session.home.require_real_machine()
        files, place = session.system.files, session.place
        if session.home.is_owned():
            with session.home.exclusive_lock("uninstalling"):
                uninstalling.finish_removals(files, place, session.home.journal)
                yield from uninstalling.remove(chosen, files, place, session.home.journal)
                session.home.mend_current()
                empty = not self.uninstallable()
        else:
            empty = not files.exists(place.home)
        if empty and not place.is_guest:
            uninstalling.remove_home(files, place)

    def quarantined(self) -> tuple[tuple[str, str], ...]:
        """What lies in quarantine: the shelf's folder (for ``put_back``) and the path it came from."""
        session = self._session
        if session.simulated or not session.home.is_owned():
            return ()
        return quarantine.shelves(session.home.site(), session.home.journal.moved())

    def removed_packages(self) -> Iterator[put_packages_back.SavedPackages]:
        """What the guide's clean-up took out of environments and is still missing there (30 ms for
        each saved list).
        """
        session = self._session
        if not session.simulated and session.home.is_owned():
            yield from put_packages_back.list_saved(session.home.site())

    def put_back(self, shelf: str) -> str:
        """Return one quarantined thing to where it was; its path. A folder of somebody else's could
        name any place.
        """
        session = self._session
        session.home.require_real_machine()
        if shelf not in {folder for folder, _ in self.quarantined()}:
            raise InputError(
                Message(
                    "{shelf} is no quarantined item; expected a folder that the command "
                    "uninstall lists.",
                    shelf=shelf,
                )
            )
        with session.home.exclusive_lock("putting back"):
            return quarantine.put_back(shelf, session.home.site())
