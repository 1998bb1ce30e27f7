"""A person's own packages: packages list, add, undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.cli.generators import returned
from app.engine import own_packages, training_runs
from app.model.encoding import to_builtins
from app.model.errors import ExitCode, InputError

if TYPE_CHECKING:
    from app.cli.command_run import CommandRun


def packages(run: CommandRun) -> ExitCode:
    """``packages``."""
    what, names = run.options.what, run.options.names
    if names and what != "add":
        raise InputError(f"packages {what} takes no name; expected packages add NAME …")
    return {"list": _list_packages, "add": _add_packages, "undo": _undo_change}[what](run)


def _list_packages(run: CommandRun) -> ExitCode:
    known, changes = own_packages.listed(run.session)
    environment, profile = training_runs.active(run.session)
    mine = known.of(profile.id)
    document: dict[str, Any] = {
        "schema": "packages-list/1",
        "environment": environment,
        "added": [{"name": one.name, "version": one.version} for one in mine.values()],
        "changed": [{"package": one.name, "text": one.sentence()} for one in changes],
    }
    lines = [f"{one.name} {one.version}" for one in mine.values()]
    lines += [one.sentence() for one in changes]
    run.print_document(document, "\n".join(lines or [f"Nothing was added to {environment}."]))
    return ExitCode.DONE


def _add_packages(run: CommandRun) -> ExitCode:
    run.print_message("Asking the index …")
    plan = returned(own_packages.add_plan(run.session, run.options.names))
    if not plan.steps:
        run.print_message("All of them are there.")
        run.finish("finished", changed=False)
        return ExitCode.DONE
    run.print_message(f"{plan.steps[0].title}. No package of the setup changes.")
    if not run.agreed():
        return run.report_unanswered()
    added = to_builtins(plan.steps[0])["change"]["packages"]
    return run.run_plan(plan, more=lambda: {"packages": added})


def _undo_change(run: CommandRun) -> ExitCode:
    plan = own_packages.undo_plan(run.session)
    run.print_message(f"{plan.steps[0].title}.")
    if not run.agreed():
        return run.report_unanswered()
    return run.run_plan(plan)
