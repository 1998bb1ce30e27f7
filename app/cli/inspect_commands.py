"""Commands that only look.

Nothing on this computer is changed but an output that was asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from app.cli import text
from app.model.encoding import to_builtins
from app.model.errors import ExitCode, InputError

if TYPE_CHECKING:
    from app.cli.command_run import CommandRun
    from app.model.profile import Profile


def detect(run: CommandRun) -> ExitCode:
    """``detect``."""
    for sighting in run.session.survey():
        if not run.options.json and sighting.facts is None:
            run.print_message(f"{sighting.subject}: {sighting.seconds:.2f} s")
    facts = run.session.known_facts()
    run.print_document(facts, text.machine(facts))
    return ExitCode.DONE


def record(run: CommandRun) -> ExitCode:
    """``record``."""
    path = run.options.output
    if path:
        run.refuse_existing(path)
    data = run.session.exports.machine_file()
    if path:
        run.session.desktop.save(path, data + b"\n")
        run.print_message(f"Machine file written: {path}")
        if not run.options.json:
            return ExitCode.DONE
    run.options.json = True  # the machine file is the document, for people too
    run.print_document(msgspec.Raw(data), "")
    return ExitCode.DONE


def plan(run: CommandRun) -> ExitCode:
    """``plan``: what ``install`` with the same options would do."""
    kept = take_choices(run)
    document = plan_document(run)
    run.print_document(document, text.plan(document, run.session.best(), run.session.choices()))
    offer_newer(run, kept)
    return ExitCode.BLOCKED if document["verdict"] == "blocked" else ExitCode.DONE


def plan_document(run: CommandRun) -> dict[str, Any]:
    """``plan/1`` of the choices that were taken."""
    session = run.session
    whole, broken = session.plans.repair(session.plans.install())
    if broken:
        run.print_message(f"To be mended: {broken}. The environment is made again.")
    document = text.plan_document(
        session.best(),
        session.choices(),
        session.findings(),
        whole,
        session.plans.find_unneeded(whole),
    )
    if document["verdict"] == "blocked" and not document["changes"]:
        document["verdict"] = "ready_with_warnings"  # what is in place needs nothing that blocks
    return document


def take_choices(run: CommandRun) -> str | None:
    """Take the options that ``plan`` and ``install`` share; the profile of a proven home, where it
    is kept.
    """
    from app.engine import shared_home

    session = run.session
    asked = bool(getattr(run.options, "all_users", False))
    if not session.simulated and (asked or not session.place.is_guest):
        shared_home.refuse(session.answers, session.system, session.place)
    if refused := session.network.sources().refused:  # of pip or uv: no address, as for --index
        raise InputError(refused)
    for option in ("kernel", "menu_entry"):
        if getattr(run.options, option) and session.fixed.get(option) is False:
            raise InputError(
                f"--{option.replace('_', '-')}: this computer's policy file does not allow it."
            )
    if run.options.kernel or run.options.menu_entry:
        session.change(
            kernel=run.options.kernel or session.answers.kernel,
            menu_entry=run.options.menu_entry or session.answers.menu_entry,
        )
    return session.environments.keep_profile()


def offer_newer(run: CommandRun, kept: str | None) -> None:
    """Say that a newer setup is ranked best here, where the installed one was kept."""
    newer = run.session.environments.newer_profile(kept) if kept is not None else None
    if newer is not None:
        run.print_message(
            f"{kept} is installed and kept. A newer setup fits too: --profile {newer}"
        )


def status(run: CommandRun) -> ExitCode:
    """``status``."""
    from app.engine.status import status as look

    now = look(run.session)
    if run.options.check_updates:
        newer = run.session.network.newer_program()
        now = msgspec.structs.replace(now, newer_program=newer.version if newer else None)
        if newer is not None and newer.page:
            run.print_message(f"Version {newer.version} of this program: {newer.page}")
    run.print_document(now, text.status(now))
    if not now.installed:
        return ExitCode.NOTHING_FOUND
    proven = now.verdict in ("works", "works_slowly")
    return ExitCode.DONE if proven else ExitCode.NOT_WORKING


def profiles(run: CommandRun) -> ExitCode:
    """``profiles``."""
    from app.decide.findings.advisories import advisories_for

    known = run.session.knowledge
    if run.options.action == "show":
        if not run.options.id:
            raise InputError("profiles show needs the id of a profile; see the command profiles.")
        profile = known.profile(run.options.id)
        advisories = advisories_for(profile, known.advisories)
        document = {**_drop_lock_text(profile), "advisories": to_builtins(advisories)}
        run.print_document(document, text.profile(profile, advisories))
    else:
        run.print_document(
            [_drop_lock_text(p) for p in known.profiles], text.profile_list(known.profiles)
        )
    return ExitCode.DONE


def report(run: CommandRun) -> ExitCode:
    """``report``."""
    if run.options.output:
        run.refuse_existing(run.options.output)
    path = run.session.exports.write_report(run.options.output)
    run.print_document({"schema": "written/1", "report": path}, path)
    return ExitCode.DONE


def diagnose(run: CommandRun) -> ExitCode:
    """``diagnose``."""
    diagnosis = run.session.execution.explain(run.read(run.options.log))
    run.print_document(diagnosis, text.diagnosis(diagnosis))
    return ExitCode.DONE if diagnosis.cause is not None else ExitCode.NOTHING_FOUND


def script(run: CommandRun) -> ExitCode:
    """``script``."""
    from app.engine.scripts import as_file

    session, path = run.session, run.options.output
    if path:
        run.refuse_existing(path)
    wanted = run.options.shell or session.exports.own_shell
    made = (
        session.exports.training_script()
        if run.options.train
        else session.exports.plan_script(wanted)
    )
    if path:
        session.desktop.save(path, as_file(made, "" if run.options.train else wanted))
        run.print_message(f"Script written: {path}")
    else:
        run.print_document(None, made.rstrip("\n"))
    return ExitCode.DONE


def _drop_lock_text(profile: Profile) -> dict[str, Any]:
    """A profile without its locks' text, which ``profiles show`` would drown in."""
    fields: dict[str, Any] = to_builtins(profile)
    for part in fields["parts"]:
        part.pop("requirements")
    return fields
