"""Commands that work inside the active environment, and shell completion."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from app.model.errors import ExitCode, InputError, NotInstalledError

if TYPE_CHECKING:
    from app.cli.command_run import CommandRun


def run(run: CommandRun) -> ExitCode:
    """``run -- COMMAND …``: the child's own output and exit code."""
    words = list(run.options.words)
    if words[:1] == ["--"]:
        words = words[1:]
    if not words:
        raise InputError("run needs a command; expected run -- COMMAND …")
    return _child_exit_code(run.session.desktop.run_inside(words))


def shell(run: CommandRun) -> ExitCode:
    """``shell``: the user's own, with the environment's programs first on its path."""
    session = run.session
    run.print_message(f"A shell with {session.environments.active()}; exit leaves it.")
    return _child_exit_code(session.desktop.run_inside(session.system.computer.shell()))


def env(run: CommandRun) -> ExitCode:
    """``env path``: one line on standard output."""
    session = run.session
    name = session.environments.active()
    if not session.system.files.exists(session.place.environment_python(name)):
        raise NotInstalledError(f"The active environment {name} is no longer there.")
    if run.options.json:
        run.finish("finished", changed=False, path=session.environments.stable_path())
    else:
        run.out.write(f"{session.environments.stable_path()}\n")
    return ExitCode.DONE


def workspace(run: CommandRun) -> ExitCode:
    """``workspace FOLDER``."""
    return run.run_plan(run.session.plans.workspace(run.options.folder))


def completion(run: CommandRun) -> ExitCode:
    """``completion bash|powershell``."""
    from app.cli import completions

    made = completions.bash() if run.options.for_shell == "bash" else completions.powershell()
    run.out.write(made)
    return ExitCode.DONE


def _child_exit_code(code: int) -> ExitCode:
    """A child's exit code as it is: most have no name among this program's."""
    return cast(ExitCode, code)
