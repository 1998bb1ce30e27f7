"""The same session without a window: text for people, JSON for programs, one exit code for scripts."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from app.cli.command_run import CommandRun, SessionMaker, error_of
from app.cli.command_table import command
from app.cli.output import SanitizedStream
from app.cli.parser import read as read_options
from app.decide.redaction.masking import SecretMasker, known_secrets
from app.engine.program_log import LogSink, listening
from app.model.encoding import encode
from app.model.errors import ExitCode, ExpectedError
from app.model.result import Result, ResultError
from app.model.sources import Sources

if TYPE_CHECKING:
    from app.engine.session import Session

_log = logging.getLogger(__name__)
Crash = Callable[[BaseException, list[str]], str]


def main(
    arguments: Sequence[str],
    make: SessionMaker,
    read: Callable[[str], bytes],
    crash: Crash | None = None,
    plain_terminal: bool = False,
) -> int:
    """Run one command and return its exit code; whatever happens, the last object is written.

    ``make`` opens a session, ``read`` reads a file or ``-``. ``crash`` writes an unexpected fault
    down and says where; without it the fault is raised. ``plain_terminal``: no colours.
    """
    given = list(arguments)
    own = given[: given.index("--")] if "--" in given else given
    err = SanitizedStream(sys.stderr)
    try:
        options = read_options(given)
    except ExpectedError as error:
        if "--json" in own:
            _print_refusal(error)
        return _print_error(error, err)
    spec = command(options.command)
    colour = not (plain_terminal or options.no_color or options.json)
    err = SanitizedStream(sys.stderr, colour=colour and sys.stderr.isatty())
    out = SanitizedStream(
        sys.stdout, document=bool(options.json), colour=colour and sys.stdout.isatty()
    )
    run = CommandRun(options, make, read, out, err, spec.streams(options))
    with ExitStack() as held:
        if options.verbose:
            sink = LogSink(err.write, SecretMasker(_logins_of_arguments(given)))
            run.opened = lambda session: sink.mask(_session_masker(session))
            held.enter_context(listening(sink, logging.DEBUG))
        return _run_to_end(run, given, spec.handler, crash)


def _run_to_end(
    run: CommandRun,
    given: list[str],
    handler: Callable[[CommandRun], ExitCode],
    crash: Crash | None,
) -> int:
    """The command's exit code, its last object written at every ending."""
    _log.info("command %s", run.options.command)
    try:
        code = int(handler(run))
        run.out.flush()
        if run.out.lost is not None and not isinstance(run.out.lost, BrokenPipeError):
            raise ExpectedError(
                "not-written",
                f"Standard output cannot be written: {run.out.lost.strerror or run.out.lost}.",
                hint="Make room where it goes to, and run the command again.",
            )
    except ExpectedError as error:
        run.finish("failed", error=error_of(error))
        code = _print_error(error, run.err)
    except KeyboardInterrupt:
        run.print_error("Stopped.")
        message = "The command was stopped."
        run.finish("stopped", error=ResultError(code="interrupted", message=message))
        code = int(ExitCode.STOPPED)
    except Exception as error:
        if crash is None:
            raise
        where, kind = crash(error, given), type(error).__name__
        message = f"A fault in this program: {kind}."
        remedy = f"The crash report lies at {where}."
        run.finish("failed", error=ResultError(code="fault", message=message, remedy=remedy))
        run.print_error(f"unsloth-setup: a fault in this program: {kind}. {remedy}")
        code = int(ExitCode.FAULT)
    run.out.flush()
    _log.info("exit code %d", code)
    return code


def _print_error(error: ExpectedError, err: SanitizedStream) -> int:
    err.write(f"unsloth-setup: {error.message}\n" + (f"{error.hint}\n" if error.hint else ""))
    err.flush()
    return int(error.exit_code)


def _print_refusal(error: ExpectedError) -> None:
    """The last object where the command line itself was not understood."""

    out = SanitizedStream(sys.stdout, document=True)
    out.write(encode(Result(outcome="failed", error=error_of(error))).decode() + "\n")
    out.flush()


def _logins_of_arguments(given: Sequence[str]) -> frozenset[str]:
    return known_secrets(Sources(find_links=tuple(a.partition("=")[2] or a for a in given)), {})


def _session_masker(session: Session) -> SecretMasker:
    return SecretMasker(
        known_secrets(session.network.sources(), session.system.computer.variables())
    )
