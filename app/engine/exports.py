"""What leaves a session: reports, machine files, scripts and bundles."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

import msgspec

from app.decide.redaction.masking import SecretMasker, known_secrets
from app.engine import bundling, integrations, scripts
from app.model.encoding import encode
from app.model.errors import InputError
from app.model.event import StepEvent
from app.model.message import Message
from app.model.profile import Platform

if TYPE_CHECKING:
    from app.decide.redaction.redact import Redactor
    from app.engine.session import Session
    from app.model.advice import Diagnosis
    from app.model.report import Preview


class Exports:
    """The files and texts that a session writes for people and for other machines."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def machine_file(self) -> bytes:
        """This machine's file, ``machine/1``: the same that a report holds, the person taken out."""
        return msgspec.json.format(
            encode(self.redactor().facts(self._session.known_facts())), indent=2
        )

    def redactor(self) -> Redactor:
        """What takes the person out of all that leaves this computer: by rule, and by what is known
        here.
        """
        session = self._session
        from app.decide.redaction.redact import redactor  # first needed at the end of a session

        table = session.resource("secrets.toml")
        if session.simulated:
            return redactor(session.known_facts(), table=table)
        known = session.system.computer.facts()
        names = {
            name: str(known[name])
            for name in ("user", "host", "user_home", "full_name")
            if known.get(name)
        }
        return redactor(
            session.known_facts(),
            names,
            known_secrets(session.network.sources(), session.system.computer.variables()),
            table=table,
        )

    def training_script(
        self,
        model: str | None = None,
        length: int | None = None,
        batch: int | None = None,
        bits: int | None = None,
        rank: int | None = None,
    ) -> str:
        """A starter training script for the profile's own API, sized to this machine's card."""
        session = self._session
        from app.decide.training import starter_script  # first needed on the last page

        profile = session.profile or session.environments.active_profile() or session.best().profile
        return starter_script.render_script(
            profile,
            session.known_facts(),
            session.knowledge.guide,
            session.resource,
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
        session = self._session
        wanted = shell or self.own_shell
        profiles = {p.id: p for p in session.knowledge.profiles}
        uv = "" if session.simulated else session.system.computer.uv()
        return scripts.plan_script(
            session.plans.install(), session.place, profiles, session.network.sources(), wanted, uv
        )

    @property
    def own_shell(self) -> str:
        """The shell that a script for this machine is written in."""
        return "powershell" if self._session.place.family == "windows" else "sh"

    def target_platform(self) -> Platform:
        """The platform that a bundle is for where none is named: the one that is looked at."""
        return "windows" if self._session.known_facts().os.family == "windows" else "linux"

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
        session = self._session
        there: tuple[str, ...] = ()
        if update and not profiles and session.profile is None:
            there = bundling.read(target, session.place, session.system.files).names
        wanted = [session.knowledge.profile(name) for name in (*profiles, *there)]
        wanted = wanted or [session.profile or session.best().profile]
        system = platform or self.target_platform()
        kernels = [
            integrations.kernel_of(one, session.knowledge, system)
            for one in (wanted if session.answers.kernel else ())
        ]
        kernels = list({one.id: one for one in kernels}.values())
        site = session.home.site_here()
        masker = SecretMasker(known_secrets(site.sources, session.system.computer.variables()))
        pointer = session.home.pointer() if models else None
        making = bundling.bundle(
            *(wanted, system, target, site, kernels, update, models),
            pointer.active if pointer is not None else None,
            session.knowledge.llama_cpp,
        )
        for event in making:
            yield msgspec.structs.replace(event, what=masker.mask_payload(event.what))

    def check_bundle(self, folder: str) -> bundling.Bundle:
        """Check every file of a bundle against its list. Raises ``InputError`` naming the first that
        differs.
        """
        return bundling.check(folder, self._session.place, self._session.system.files)

    def write_report(self, path: str | None = None) -> str:
        """Write the diagnostics report; its path."""
        session = self._session
        from app.engine import reporting  # first needed at the end of a session

        if path is None and not session.simulated:
            session.home.require_own("report")
        data = reporting.report_zip(session)
        name = path or session.place.join(
            session.place.reports, f"report-{session.system.clock.now().replace(':', '')}.zip"
        )
        if session.simulated and path is None:
            raise InputError(
                Message(
                    "A report of a simulated machine needs a place to go to; expected --output "
                    "FILE."
                )
            )
        if path is None and not session.system.files.exists(session.place.reports):
            session.home.journal.effect("report", "")("made", {"path": session.place.reports})
        session.system.files.write(name, data)
        return name

    def issue_text(self, log: bytes | None = None, diagnosis: Diagnosis | None = None) -> str:
        """The short text for an issue, the person taken out; about a pasted log where one is given."""
        from app.engine import reporting

        return reporting.build_issue_text(self._session, log, diagnosis)

    def report_preview(self) -> Preview:
        """What a report would hold and what was taken out of it, by kind and count."""
        from app.engine import reporting

        return reporting.preview(self._session)
