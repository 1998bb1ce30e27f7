"""One session, from survey to report: what the window and the command line both drive."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from app.decide.plans import builder
from app.decide.redaction.masking import SecretMasker, known_secrets
from app.decide.verification import judge
from app.engine import (
    bundling,
    current_link,
    home_folder,
    integrations,
    scripts,
    shared_home,
    uninstalling,
)
from app.engine.environments import Environment, list_environments, previous_environment, swap_back
from app.engine.execution import Execution
from app.engine.uninstalling import Uninstallable, list_removable
from app.model.errors import ExpectedError, InputError, NotInstalledError
from app.model.event import StepEvent
from app.model.plan import Plan
from app.model.pointer import Pointer
from app.model.profile import Platform
from app.model.verdict import Comparison, Overall
from app.steps import put_packages_back, quarantine
from app.steps.drift import drift, own_versions

if TYPE_CHECKING:
    from app.engine.editors import Editor
    from app.engine.source_answers import Answer
    from app.engine.updates import Announcement
    from app.model.advice import Diagnosis
    from app.model.answers import Answers
    from app.model.report import Preview
    from app.model.status import Status


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
            "works": "it works",
            "works_slowly": "it works, but slowly",
            "broken": "it does not work",
        }.get(self.verdict)
        return (
            f"The last verification of {self.environment} said: {verdict_text}."
            if verdict_text
            else f"{self.environment} was never verified."
        )


class Session(Execution):
    """One session with one computer, whole: seen, decided, run, taken back, told. Everything
    but long work answers at once.
    """

    # ---- undo

    def unfinished(self) -> Unfinished | None:
        """A run that was cut off, if there is one to go on with."""
        if self.simulated:
            return None
        found = self.journal.unfinished() if self.owns_home() else None
        if found is None:
            return None
        plan, done = found
        title = next(
            (p.title for p in self.knowledge.profiles if p.id == plan.profile), plan.profile
        )
        return Unfinished(
            profile=plan.profile,
            title=title,
            steps_done=len(done),
            steps_total=len(plan.steps),
            plan=plan,
        )

    def environments(self) -> tuple[Environment, ...]:
        """All environments under home, the active one first."""
        return (
            ()
            if self.simulated or not self.owns_home()
            else list_environments(self.system.files, self.place, self.pointer())
        )

    def has_environment(self, name: str) -> bool:
        """Whether an environment of this name is here, whole or not; told at once."""
        python = self.place.environment_python(name)
        return not self.simulated and bool(name) and self.system.files.exists(python)

    def rollback_info(self) -> RollbackInfo:
        """What going back would make active, and what its last verification said, to be asked before.
        Raises ``InputError`` where there is no earlier environment.
        """
        self.require_real_machine()
        self._not_a_guest()
        target = previous_environment(self.system.files, self.place, self.pointer())
        last = self.recorded_verification(target)
        return RollbackInfo(environment=target, verdict=last.overall if last else "not_checked")

    def rollback(self) -> Pointer:
        """Make the environment that was active before active again. Raises ``InputError`` when there
        is none.
        """
        self.require_real_machine()
        self._not_a_guest()
        previous_environment(self.system.files, self.place, self.pointer())
        with self.exclusive_lock("going back to the setup before"):
            back = swap_back(
                self.system.files, self.system.clock, self.place, self.pointer(), self.journal
            )
            self.mend_current()
            return back

    def uninstallable(self) -> tuple[Uninstallable, ...]:
        """Everything this program put on the machine, with sizes; on somebody else's nothing can be
        seen, and in a folder that is not ours nothing is.
        """
        if self.simulated or not self.owns_home():
            return ()
        found = list_removable(self.system.files, self.place, self.pointer(), self.journal)
        if self.place.is_guest:  # what is an administrator's is not theirs to remove
            found = tuple(item for item in found if item.path.startswith(self.place.own))
        return found

    def _not_a_guest(self) -> None:
        if self.place.is_guest:
            shared_home.refuse(self.answers, self.system, self.place)

    def remove(self, chosen: Sequence[Uninstallable]) -> Iterator[Uninstallable]:
        """Remove what the user chose; yields each when it is gone, with what of it could not be
        deleted. After the last of all, nothing of this program is left. Raises ``ExpectedError``
        where a thing is in use: it stays whole.
        """
        self.require_real_machine()
        files, place = self.system.files, self.place
        if self.owns_home():
            with self.exclusive_lock("uninstalling"):
                uninstalling.finish_removals(files, place, self.journal)
                yield from uninstalling.remove(chosen, files, place, self.journal)
                self.mend_current()
                empty = not self.uninstallable()
        else:
            empty = not files.exists(place.home)
        if empty and not place.is_guest:
            uninstalling.remove_home(files, place)

    @contextmanager
    def exclusive_lock(self, what: str) -> Iterator[None]:
        """Nothing else may run in this home folder meanwhile. Raises
        ``ExpectedError('already-running')``; nobody needs a folder that is not there, and none that
        is not ours is touched."""
        if not self.owns_home():
            yield
            return
        with self.system.files.hold(self.place.lock, what):
            try:
                yield
            finally:
                shared_home.share(self.system, self.place, self.place.home)

    def refuse_busy(self) -> None:
        """Raise ``ExpectedError('already-running')`` while another run is at work in this home."""
        if not self.simulated and self.owns_home():
            self.system.files.refuse_held(self.place.lock)

    def quarantined(self) -> tuple[tuple[str, str], ...]:
        """What lies in quarantine: the shelf's folder (for ``put_back``) and the path it came from."""
        if self.simulated or not self.owns_home():
            return ()
        return quarantine.shelves(self.site(), self.journal.moved())

    def removed_packages(self) -> Iterator[put_packages_back.SavedPackages]:
        """What the guide's clean-up took out of environments and is still missing there (30 ms for
        each saved list).
        """
        if not self.simulated and self.owns_home():
            yield from put_packages_back.list_saved(self.site())

    def packages_back_plan(self, saved: str) -> Plan:
        """The plan that puts the packages of a saved list back. Raises ``InputError`` where that is
        no such list.
        """
        self.require_real_machine()
        found = put_packages_back.read_saved_list(saved, self.site())
        return builder.packages_back_plan(saved, found.python, found.packages, self.place)

    def put_back(self, shelf: str) -> str:
        """Return one quarantined thing to where it was; its path. A folder of somebody else's could
        name any place.
        """
        self.require_real_machine()
        if shelf not in {folder for folder, _ in self.quarantined()}:
            raise InputError(
                f"{shelf} is no quarantined item; expected a folder that the command uninstall "
                f"lists."
            )
        with self.exclusive_lock("putting back"):
            return quarantine.put_back(shelf, self.site())

    # ---- tell

    def status(self) -> Status:
        """What is installed and how far it is proven, from files alone. Raises ``InputError`` where
        the pointer file cannot be read.
        """
        from app.engine import status  # it knows this class

        return status.status(copy(self))  # it sets other facts for a moment; a window reads ours

    def newer_program(self) -> Announcement | None:
        """A newer version of this program that its publisher announced, asked at most once a day.
        Raises ``ExpectedError`` with what stands between.
        """
        from app.engine import updates  # it knows this class

        return updates.find_newer_program(self)

    def editors(self) -> tuple[Editor, ...]:
        """Programs of this computer that work with an environment, as far as they are here."""
        from app.engine import editors

        return editors.found(self)

    def open_editor(self, editor: Editor) -> str:
        """Start one with the active environment; what a person needs to know, in a sentence."""
        from app.engine import editors

        return editors.start(self, editor)

    def ask_sources(self, answers: Answers) -> Iterator[Answer]:
        """Ask each source with these answers, and tell what it said: minutes behind a bad proxy."""
        from app.engine import source_answers

        return source_answers.ask_sources(self, answers)

    def training_script(
        self,
        model: str | None = None,
        length: int | None = None,
        batch: int | None = None,
        bits: int | None = None,
        rank: int | None = None,
    ) -> str:
        """A starter training script for the profile's own API, sized to this machine's card."""
        from app.decide.training import starter_script  # first needed on the last page

        profile = self.profile or self._active_profile() or self.best().profile
        return starter_script.render_script(
            profile,
            self.known_facts(),
            self.knowledge.guide,
            self.resource,
            model=model,
            length=length,
            batch=batch,
            bits=bits,
            rank=rank,
        )

    def plan_script(self, shell: str | None = None) -> str:
        """The plan as a script that a person can read and run. Raises ``InputError`` for a setting
        of pip or uv that is no address.
        """
        wanted = shell or self.own_shell
        profiles = {p.id: p for p in self.knowledge.profiles}
        uv = "" if self.simulated else self.system.computer.uv()
        return scripts.plan_script(self.plan(), self.place, profiles, self.sources(), wanted, uv)

    @property
    def own_shell(self) -> str:
        """The shell that a script for this machine is written in."""
        return "powershell" if self.place.family == "windows" else "sh"

    def compare(self, pasted: bytes, profile_id: str | None = None) -> tuple[Comparison, ...]:
        """The output of the guide's own script, pasted, against what is right here: for one setup,
        else the chosen, the active or the best.
        """
        profile = (
            self.knowledge.profile(profile_id)
            if profile_id is not None
            else self.profile or self._active_profile() or self.best().profile
        )
        return judge.compare_pasted(
            pasted.decode("utf-8", "replace"), profile, self.known_facts(), self.knowledge.guide
        )

    def closest(self, pasted: bytes) -> str | None:
        """The setup whose lines a pasted output fits best, by its id; ``None`` where none of them is
        in it. Of equals the one that is chosen or active here.
        """
        text = pasted.decode("utf-8", "replace")
        own = self.profile or self._active_profile()
        return judge.closest(
            text, self.knowledge.profiles, self.known_facts(), self.knowledge.guide, own
        )

    def changes(self, plan: Plan) -> tuple[str, ...]:
        """What has changed in an environment since it was installed, a sentence each."""
        profile = self.knowledge.profile(plan.profile)
        return tuple(change.sentence() for change in drift(plan.environment, profile, self.site()))

    def own_packages(self) -> tuple[str, ...]:
        """What a person added to the active setup, by name."""
        profile = self._active_profile()
        return tuple(own_versions(profile, self.site())) if profile is not None else ()

    def bundle(
        self,
        target: str,
        platform: Platform | None = None,
        profiles: Sequence[str] = (),
        update: bool = False,
        models: Sequence[str] = (),
    ) -> Generator[StepEvent, None, None]:
        """Make a folder with everything that the named, chosen or best profiles need on a machine
        without internet, the packages of a Jupyter kernel where the answers ask for one, and models.
        """
        there: tuple[str, ...] = ()
        if update and not profiles and self.profile is None:
            there = bundling.read(target, self.place, self.system.files).names
        wanted = [self.knowledge.profile(name) for name in (*profiles, *there)]
        wanted = wanted or [self.profile or self.best().profile]
        system = platform or self._target_platform()
        kernels = [
            integrations.kernel_of(one, self.knowledge, system)
            for one in (wanted if self.answers.kernel else ())
        ]
        kernels = list({one.id: one for one in kernels}.values())
        site = self.site_here()
        masker = SecretMasker(known_secrets(site.sources, self.system.computer.variables()))
        pointer = self.pointer() if models else None
        making = bundling.bundle(
            *(wanted, system, target, site, kernels, update, models),
            pointer.active if pointer is not None else None,
            self.knowledge.llama_cpp,
        )
        for event in making:
            yield msgspec.structs.replace(event, what=masker.mask_payload(event.what))

    def check_bundle(self, folder: str) -> bundling.Bundle:
        """Check every file of a bundle against its list. Raises ``InputError`` naming the first that
        differs.
        """
        return bundling.check(folder, self.place, self.system.files)

    def write_report(self, path: str | None = None) -> str:
        """Write the diagnostics report; its path."""
        from app.engine import reporting  # first needed at the end of a inspection

        if path is None and not self.simulated:
            self._require_own_home("report")
        data = reporting.report_zip(self)
        name = path or self.place.join(
            self.place.reports, f"report-{self.system.clock.now().replace(':', '')}.zip"
        )
        if self.simulated and path is None:
            raise InputError(
                "A report of a simulated machine needs a place to go to; expected --output FILE."
            )
        if path is None and not self.system.files.exists(self.place.reports):
            self.journal.effect("report", "")("made", {"path": self.place.reports})
        self.system.files.write(name, data)
        return name

    def _require_own_home(self, what: str) -> None:
        """Raises ``InputError`` where the home folder is somebody else's; a new one is marked."""
        state = self.home_state()
        if not state.ours and state.refused is not None:
            refusal = home_folder.explain_refusal(state.refused, self.place.home, self.place)
            raise InputError(
                refusal, hint=f"Name another folder, or a file with {what} --output FILE."
            )
        home_folder.write_marker(self.system, self.place, state, self.journal, what)

    def issue_text(self, log: bytes | None = None, diagnosis: Diagnosis | None = None) -> str:
        """The short text for an issue, the person taken out; about a pasted log where one is given."""
        from app.engine import reporting

        return reporting.build_issue_text(self, log, diagnosis)

    def report_preview(self) -> Preview:
        """What a report would hold and what was taken out of it, by kind and count."""
        from app.engine import reporting

        return reporting.preview(self)

    def offers(self) -> set[str]:
        """What the last page can offer here, by name: ``folder``, ``terminal``, ``kernel``,
        ``rollback`` …
        """
        pointer = None if self.simulated else self.pointer()
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
        if not self.simulated:
            self.system.computer.open(target)

    def active_environment(self) -> str:
        """The active environment's name. Raises ``NotInstalledError`` where there is none."""
        self.require_real_machine()
        pointer = self.pointer()
        if pointer is None:
            raise NotInstalledError("No environment is active here; expected one.")
        return pointer.active

    def stable_path(self) -> str:
        """The path that stays when a newer setup is installed; mended where nothing else runs."""
        name, pointer = self.active_environment(), self.pointer()
        if pointer is None:
            return self.place.environment(name)
        path = current_link.stable_path(self.system.files, self.place, pointer)
        if path != self.place.current:
            with (
                suppress(ExpectedError),
                self.exclusive_lock("mending the link to the environment"),
            ):
                self.mend_current()
            path = current_link.stable_path(self.system.files, self.place, pointer)
        return path

    def run_inside(self, words: Sequence[str]) -> int:
        """Run a program inside the active environment with this one's own streams; its exit code.

        It sees the user's variables, the environment's programs first on the path, as activating
        does. Raises ``NotInstalledError``, ``ExpectedError('not-started')``.
        """
        name = self.active_environment()
        python = self.place.environment_python(name)
        if not self.system.files.exists(python):
            raise NotInstalledError(f"The active environment {name} is no longer there.")
        variables = dict(self.system.computer.variables())
        folder = self.place.folder_of(python)
        old = next((key for key in variables if key.upper() == "PATH"), "PATH")
        separator = ";" if self.place.family == "windows" else ":"
        variables[old] = folder + separator + variables.get(old, "")
        variables["VIRTUAL_ENV"] = self.place.environment(name)
        variables.pop("PYTHONHOME", None)
        models = self.place.join(self.place.models, "hub")
        if self.system.files.exists(models):
            variables.setdefault("HF_HUB_CACHE", models)
        found = self.system.terminal.find(words[0], variables[old])
        return self.system.terminal.lend((found or words[0], *words[1:]), variables)

    def open_terminal(self) -> str:
        """A terminal with the active environment; a sentence that says so."""
        pointer = self.pointer()
        if pointer is None or self.simulated:
            raise NotInstalledError(
                "There is no active environment to open a terminal in; expected one."
            )
        self.system.computer.open_terminal(self.place.home, self.place.environment(pointer.active))
        return f"A terminal opened with {pointer.active} active."

    def show_progress(self, window: int, share: float) -> None:
        """How far the run is, on the task bar; below zero takes it away."""
        self.system.computer.show_progress(window, share if share >= 0 else None)

    def save(self, path: str, data: bytes) -> None:
        """Write a file that the user asked for."""
        self.system.files.write(path, data)
