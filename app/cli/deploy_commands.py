"""Commands for those who look after many PCs.

Their files, and the desired state of one PC for engines that ask over standard input and output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.model.errors import ExitCode

if TYPE_CHECKING:
    from app.cli.command_run import CommandRun


def deploy_files(run: CommandRun) -> ExitCode:
    """``deploy-files DIR``."""
    from app.engine import deploy_files as made

    session, target = run.session, run.options.directory
    written = made.write(
        target, session.resource, session.system.files, session.place, bool(run.options.overwrite)
    )
    run.print_message(f"{len(written)} files written.")
    run.out.write(f"{target}\n")
    return ExitCode.DONE
