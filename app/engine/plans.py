"""The plans that a session can make: install, verify, mend, integrate."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from app.decide.plans import builder, fixes
from app.engine import bundled_models, bundling, integrations, training_cards
from app.engine.needed_steps import find_unneeded
from app.model.answers import SYSTEM_ALONE
from app.model.errors import InputError, NotInstalledError
from app.model.message import Message
from app.model.plan import Plan, Quarantine, RemoveTree, UninstallPackages
from app.model.profile import Profile
from app.steps import put_packages_back
from app.steps.registry import HANDLERS

if TYPE_CHECKING:
    from app.engine.session import Session


class Plans:
    """What a session's facts, choices and answers come to, as plans; nothing is run."""

    def __init__(self, session: Session) -> None:
        self._session = session
        # tells where an answer file says what is wrong
        self.locate_error: Callable[[InputError], InputError] = lambda error: error

    def install(self) -> Plan:
        """The whole plan for the chosen or best profile, the chosen clean-up first."""
        session = self._session
        profile = session.profile or session.best().profile
        facts = session.known_facts()
        cards = training_cards.to_verify(session, profile)
        install = builder.install_plan(facts, profile, session.place, session.answers, cards=cards)
        pointer = None if session.simulated else session.home.pointer()
        if pointer is not None and pointer.active.startswith(install.environment + "."):
            install = fixes.rename_environment(
                install, session.place, pointer.active
            )  # the one that was made again beside it
        install = self._with_models(self._with_integrations(install, profile))
        if not session.answers.clean_up:
            return self._match_recording(install)
        known, gone = {left.id for left in facts.leftovers}, self._leftovers_moved()
        wanted = [one for one in session.answers.clean_up if one in known or one not in gone]
        try:
            clean = builder.clean_up_plan(facts, session.place, wanted)
        except InputError as error:
            raise self.locate_error(error) from error
        return msgspec.structs.replace(install, steps=clean.steps + install.steps)

    def _with_models(self, install: Plan) -> Plan:
        """A bundle's models, last: what trains is proven before they are copied."""
        session = self._session
        if session.simulated or not session.answers.offline:
            return install
        bundle = session.answers.offline
        made = bundling.read(bundle, session.place, session.system.files)
        more = bundled_models.taking(made.models, bundle, session.place)
        return msgspec.structs.replace(install, steps=install.steps + more)

    def _leftovers_moved(self) -> set[str]:
        """Leftovers that earlier runs here moved away: the same answers may name them again."""
        if self._session.simulated:
            return set()
        entries = self._session.home.journal.entries()
        done = {(e.run, e.step) for e in entries if e.kind == "step-done"}
        return {
            step.leftover
            for e in entries
            if e.plan is not None
            for step in e.plan.steps
            if isinstance(step, Quarantine) and (e.run, step.id) in done
        }

    def _match_recording(self, install: Plan) -> Plan:
        """The sender's own plan where it did more than the facts alone ask for: a clean-up, a
        kernel, a menu entry.
        """
        theirs = self._session.simulation.plan
        if theirs is None or theirs.profile != install.profile:
            return install
        return (
            theirs
            if {step.id for step in install.steps} < {step.id for step in theirs.steps}
            else install
        )

    def _with_integrations(self, install: Plan, profile: Profile) -> Plan:
        """The kernel and the menu entry that the answers ask for, after everything else."""
        if not install.steps or self._session.simulated:
            return install
        return msgspec.structs.replace(
            install,
            steps=install.steps + self.integrations(profile, install.environment).steps,
        )

    def verify(self, quick: bool = False, environment: str | None = None) -> Plan:
        """The checks for an installed environment: the named one or the active one."""
        session = self._session
        pointer = session.home.pointer()
        name = environment or (pointer.active if pointer else None)
        if name is None:
            raise NotInstalledError(
                Message("There is no active environment to verify; expected one.")
            )
        known = session.system.files.names(session.place.environments)
        if name not in known:
            if environment is None or not known:
                raise NotInstalledError(
                    Message(
                        "There is no environment {name} to verify; nothing is installed here.",
                        name=repr(name),
                    )
                )
            raise InputError(
                Message(
                    "There is no environment {name} to verify; expected one of {known}.",
                    name=repr(name),
                    known=", ".join(known),
                )
            )
        profile = session.knowledge.profile(session.environments.profile_of(name, pointer))
        cards = () if quick else training_cards.to_verify(session, profile)
        return builder.verify_plan(profile, session.place, name, quick, cards)

    def integrations(self, profile: Profile | None = None, environment: str | None = None) -> Plan:
        """What the answers ask for beside the environment, the active one where none is named.
        Often without steps.
        """
        session = self._session
        plans = [
            make(profile, environment)
            for wanted, make in (
                (session.answers.kernel, self.kernel),
                (session.answers.menu_entry, self.shortcut),
            )
            if wanted
        ]
        plans.append(integrations.own_packages_plan(session, profile, environment))
        return Plan(
            title=Message("Kernel and menu entry"),
            profile=plans[0].profile if plans else "",
            steps=tuple(step for plan in plans for step in plan.steps),
        )

    def extras(self, plan: Plan) -> Plan:
        """What a plan has to do although its environment is in place: the chosen clean-up and
        fixes, kernel and menu entry.
        """
        first = tuple(
            step
            for step in plan.steps
            if isinstance(step, Quarantine | RemoveTree | UninstallPackages)
        )
        return msgspec.structs.replace(
            plan,
            title=Message("Clean-up, kernel and menu entry"),
            environment="",
            steps=(*first, *self.integrations().steps),
        )

    def kernel(self, profile: Profile | None = None, environment: str | None = None) -> Plan:
        """A Jupyter kernel for an environment, the active one where none is named."""
        session = self._session
        profile, environment = self._default_to_active(profile, environment)
        return integrations.kernel_plan(
            profile,
            environment,
            session.place,
            session.knowledge,
            session.system.computer,
        )

    def shortcut(self, profile: Profile | None = None, environment: str | None = None) -> Plan:
        """An entry of the system's menu for an environment, the active one where none is named."""
        profile, environment = self._default_to_active(profile, environment)
        return integrations.shortcut_plan(
            profile, environment, self._session.place, self._session.system.computer
        )

    def workspace(self, folder: str) -> Plan:
        """A folder of a person's in which VS Code finds the active environment."""
        profile, environment = self._default_to_active(None, None)
        return integrations.workspace_plan(self._session, profile, environment, folder)

    def _default_to_active(
        self, profile: Profile | None, environment: str | None
    ) -> tuple[Profile, str]:
        session = self._session
        if profile is not None and environment is not None:
            return profile, environment
        pointer = session.home.pointer()
        if pointer is None or session.simulated:
            raise NotInstalledError(Message("There is no active environment here; expected one."))
        return session.knowledge.profile(pointer.profile), pointer.active

    def remedy(self, remedy: str, failed: Plan) -> Plan:
        """The plan that mends what failed: the fix's own steps, then the rest. Changes the choices
        where the fix is one.

        Raises ``InputError`` for a fix that would change nothing here.
        """
        session = self._session
        if remedy == "other-profile":
            session.choose(self._next_profile(failed.profile))
            return self.install()
        if remedy == "system-certificates":
            if not self.is_applicable(remedy):
                raise InputError(
                    Message(
                        "Only the system's certificates are in use already, so this fix would "
                        "change nothing."
                    ),
                    hint=Message(
                        "Ask whoever manages the network for its root certificate, and name its "
                        "file in the settings."
                    ),
                )
            session.change(certificates=SYSTEM_ALONE)
        pointer = None if session.simulated else session.home.pointer()
        kept = (
            ()
            if pointer is None
            else (pointer.active, *((pointer.previous,) if pointer.previous else ()))
        )
        return fixes.plan_fix(remedy, failed, session.place, kept)

    def is_applicable(self, remedy: str | None) -> bool:
        """Whether an automatic fix would change anything on this computer."""
        session = self._session
        if remedy == "system-certificates":
            return session.network.sources().certificate is not None
        return remedy != "other-profile" or bool(
            self._other_setups(
                session.execution.last_plan.profile
                if session.execution.last_plan
                else session.best().profile.id
            )
        )

    def _other_setups(self, failed: str) -> list[str]:
        """The setups that can work here, those that nobody has tried first, then the best first.

        ``failed`` is among them only where no run here was of it: then the log came from elsewhere.
        """
        session = self._session
        tried = {
            e.plan.profile
            for e in (() if session.simulated else session.home.journal.entries())
            if e.plan is not None
        }
        tried |= {session.execution.last_plan.profile} if session.execution.last_plan else set()
        possible = [c.profile.id for c in session.choices() if c.verdict != "blocked"]
        return sorted(
            (p for p in possible if p != failed or p not in tried), key=lambda p: p in tried
        )

    def _next_profile(self, failed: str) -> str:
        others = self._other_setups(failed)
        if not others:
            raise InputError(
                Message("No other setup can work on this machine; the findings say why.")
            )
        return others[0]

    def repair(self, plan: Plan) -> tuple[Plan, str]:
        """The plan that mends what is broken in its environment, and what that is; the same plan and
        nothing where it is sound or not there.

        Broken is: files of packages are gone or cut off; or it was proven and active, and its last
        verification says that it does not work.
        """
        session = self._session
        name = plan.environment
        if session.simulated or not session.system.files.exists(
            session.place.environment_python(name)
        ):
            return plan, ""
        pointer, reason = session.home.pointer(), ""
        if lost := session.environments.lost_files(name, plan.profile):
            more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
            reason = f"{lost[0]}{more} of {name} is missing or cut off"
        elif pointer is not None and pointer.active == name:
            last = session.environments.verification(name)
            if last is not None and last.overall == "broken":
                reason = f"the last verification of {name} found it broken"
        if not reason:
            return plan, ""
        kept = [] if pointer is None else [n for n in (pointer.active, pointer.previous) if n]
        return fixes.plan_repair(plan, session.place, kept), reason

    def packages_back(self, saved: str) -> Plan:
        """The plan that puts the packages of a saved list back. Raises ``InputError`` where that is
        no such list.
        """
        session = self._session
        session.home.require_real_machine()
        found = put_packages_back.read_saved_list(saved, session.home.site())
        return builder.packages_back_plan(saved, found.python, found.packages, session.place)

    def left_to_do(self, plan: Plan) -> Plan:
        """What is still to do beside an environment that is in place; often without steps."""
        more = self.extras(plan)
        done = (
            find_unneeded(more, self._session.home.site(), HANDLERS, None)
            if not self._session.simulated
            else {}
        )
        return msgspec.structs.replace(
            more, steps=tuple(step for step in more.steps if step.id not in done)
        )

    def find_unneeded(self, plan: Plan) -> dict[str, str]:
        """Steps of a plan that would change nothing here, by id, each with what was found."""
        session = self._session
        if session.simulated:
            return {}
        return find_unneeded(
            plan,
            session.home.site(),
            HANDLERS,
            session.environments.already_in_place(plan),
        )
