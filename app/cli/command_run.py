"""One command while it runs: its session, what it says, its events, and its one last object."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Generator
from contextlib import closing
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from app.cli import text
from app.cli.output import ProgressLine, SanitizedStream
from app.model.encoding import encode, to_builtins
from app.model.errors import ExitCode, ExpectedError, InputError
from app.model.event import (
    Failed,
    Finished,
    Line,
    Measured,
    Progress,
    Skipped,
    Started,
    StepEvent,
    Stopped,
    flat,
)
from app.model.plan import Plan
from app.model.result import Result, ResultError, ResultPaths

if TYPE_CHECKING:
    from app.engine.session import Session

Outcome = Literal["finished", "failed", "stopped"]
SessionMaker = Callable[[argparse.Namespace], "Session"]
_LONGEST_LINE = 1 << 16  # bytes that wait for the end of their line


class CommandRun:
    """What a command's handler is given. ``stream`` says whether ``--json`` means one object a line."""

    def __init__(
        self,
        options: argparse.Namespace,
        make: SessionMaker,
        read: Callable[[str], bytes],
        out: SanitizedStream,
        err: SanitizedStream,
        stream: bool,
    ) -> None:
        self.options, self.read, self.out, self.err = options, read, out, err
        self.stream = bool(options.json) and stream
        self.report: str | None = None
        self._make = make
        self._session: Session | None = None
        self._ended = False
        self._progress = ProgressLine(err)
        self._begun = b""  # output of a child that came without the end of its line
        self._begun_by, self._at = "", 0.0
        self.opened: Callable[[Session], None] = lambda _: None
        self.measured: Callable[[Measured], str] = lambda _: ""  # what people are told of a value
        self.goes_on = "The same command goes on from there."

    @property
    def session(self) -> Session:
        """The command's session, opened when it is first asked for."""
        if self._session is None:
            self._session = self._make(self.options)
            self.opened(self._session)
        return self._session

    def inner(self, words: list[str]) -> CommandRun:
        """Another command inside of this one, by its words: what it says for people goes where this
        one's messages go, and standard output stays free for this one's document.
        """
        from app.cli.parser import read

        made = CommandRun(read(words), self._make, self.read, self.err, self.err, False)
        made.opened = self.opened
        return made

    # ---- saying

    def print_document(self, value: Any, words: str) -> None:
        """The command's one JSON document, or the same for people."""
        data = msgspec.json.format(encode(value), indent=2).decode()
        self.out.write((data if self.options.json else words) + "\n")
        self._ended = True

    def print_message(self, words: str) -> None:
        """A message for people, on standard error; nothing with ``--quiet``."""
        if not self.options.quiet:
            self.print_error(words)

    def print_error(self, words: str) -> None:
        """The same for what went wrong: said in any case."""
        self._end_line()
        self.err.write(words + "\n")
        self.err.flush()

    def agreed(self) -> bool:
        """Whether to go on: ``--yes``, or the answer of whoever sits there."""
        if self.options.yes:
            return True
        self.err.write("Go on? [y/N] ")
        self.err.flush()
        answer = sys.stdin.readline()
        if not answer:
            self.print_error("Nobody answered; --yes goes on without being asked.")
        return answer.strip().lower() in ("y", "yes")

    def report_unanswered(self) -> ExitCode:
        """The ending where nobody agreed: nothing was changed."""
        message = "Nobody agreed, so nothing was changed."
        error = ResultError(code="unanswered", message=message, remedy="Give --yes.")
        self.finish("stopped", error=error, changed=False)
        return ExitCode.STOPPED

    def refuse_existing(self, path: str, option: str = "--output") -> None:
        """Raises ``InputError`` where an output is there already and ``--overwrite`` was not given,
        or is a folder, which nothing replaces.
        """
        if self.session.system.files.is_folder(path):
            raise InputError(
                f"{option}: {path} is a folder; expected the name of a new file in it."
            )
        if self.session.system.files.exists(path) and not self.options.overwrite:
            raise InputError(
                f"{option}: {path} exists; expected a new file.",
                hint="--overwrite replaces it.",
            )

    # ---- the last object

    def finish(
        self,
        outcome: Outcome,
        verdict: Any = None,
        error: ResultError | None = None,
        changed: bool | None = None,
        **more: Any,
    ) -> None:
        """Write ``result/1``, once, where JSON is wanted. ``more`` rides along."""
        if self._ended or not self.options.json:
            return
        self._ended = True
        session = self._session
        result = Result(
            outcome=outcome,
            changed=(session is not None and session.execution.changed)
            if changed is None
            else changed,
            verdict=verdict,
            error=error,
            paths=self._result_paths(),
        )
        whole = {**to_builtins(result), **to_builtins(more)}
        self.out.write(encode(whole).decode() + "\n")
        self.out.flush()

    def _result_paths(self) -> ResultPaths:
        session = self._session
        if session is None or session.simulated:
            return ResultPaths(report=self.report)
        name, place, files = session.environments.at_hand(), session.place, session.system.files
        there = name is not None and files.exists(place.environment_python(name))
        return ResultPaths(
            environment=place.environment(name) if name is not None and there else None,
            python=place.environment_python(name) if name is not None and there else None,
            log=session.execution.log_path,
            report=self.report,
        )

    # ---- running plans

    def run_plan(
        self,
        plan: Plan,
        report: Callable[[ExitCode], None] = lambda _: None,
        more: Callable[[], dict[str, Any]] = dict,
    ) -> ExitCode:
        """Run a plan to its end and write the last object. ``report`` is called before that; what
        ``more`` gives rides along.
        """
        session = self.session
        try:
            self.print_events(session.execution.run(plan))
        except KeyboardInterrupt:
            session.execution.stop()
            self.print_error(f"Stopped. {self.goes_on}")
            session.execution.outcome = "stopped"
        code = exit_code_of(session)
        verdict = session.execution.verification
        if verdict is not None and session.execution.outcome != "stopped":
            self.print_message(text.verification(verdict))
        report(code)
        self.finish(
            _outcome_of(code),
            verdict=verdict,
            error=None if code == ExitCode.DONE else failure(session, self.goes_on),
            **more(),
        )
        return code

    def print_events(self, events: Generator[StepEvent, None, None]) -> None:
        """Every event as it comes. Raises ``KeyboardInterrupt`` where nobody reads any more."""
        with closing(events) as stream:
            for event in stream:
                self._print_event(event)
                if self.out.lost is not None or self.err.lost is not None:
                    raise KeyboardInterrupt  # who started it is gone, or has seen enough
        self._end_line()

    def _print_event(self, event: StepEvent) -> None:
        self._at = event.at
        if isinstance(event.what, Line):
            self._print_child_output(event.step, event.what.text)
            return
        self._end_line()
        if self.stream:
            self.out.write(encode(flat(event)).decode() + "\n")
            self.out.flush()
            return
        what = event.what
        if isinstance(what, Failed):
            self.print_error(text.failure(what))
        elif self.options.quiet:
            return
        elif isinstance(what, Started):
            self.print_message(f"{what.title} …")
        elif isinstance(what, Skipped):
            self.print_message(f"{event.step}: {what.why}")
        elif isinstance(what, Progress):
            self._progress.show(event.step, event.at, what)
        elif isinstance(what, Measured):
            if words := self.measured(what):
                self.print_message(words)
        elif isinstance(what, Finished) and what.seconds:
            self.print_message(f"    took {what.seconds:.1f} s")
        elif isinstance(what, Stopped):
            self.print_message(f"Stopped. {self.goes_on}")

    def _print_child_output(self, step: str, data: bytes) -> None:
        """Tell a child's output in whole lines: it comes in chunks that end anywhere."""
        if step != self._begun_by:
            self._end_line()
        data, self._begun, self._begun_by = self._begun + data, b"", step
        end = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        if len(data) - end < _LONGEST_LINE:
            data, self._begun = data[:end], data[end:]
        if not data:
            return
        if self.stream:
            for line in data.decode("utf-8", "replace").removesuffix("\n").split("\n"):
                words = {"at": self._at, "step": step, "what": "line", "text": line.rstrip("\r")}
                self.out.write(encode(words).decode() + "\n")
            self.out.flush()
        elif not self.options.quiet:
            self.err.write(text.indented(data))

    def _end_line(self) -> None:
        if self._begun:
            self._print_child_output(self._begun_by, b"\n")


def exit_code_of(session: Session) -> ExitCode:
    """How a run ended, for scripts. A step that failed goes before a verdict: nothing was proven."""
    from app.engine.execution import PREVENTED

    if session.execution.outcome == "stopped":
        return ExitCode.STOPPED
    codes = {
        event.what.code for event in session.execution.events if isinstance(event.what, Failed)
    }
    if session.execution.cut_short or not codes.isdisjoint(PREVENTED):
        return ExitCode.STEP_FAILED
    if (
        session.execution.verification is not None
        and session.execution.verification.overall == "broken"
    ):
        return ExitCode.NOT_WORKING
    if (
        session.execution.error is not None
        and session.execution.error.exit_code == ExitCode.NOT_WORKING
    ):
        return ExitCode.NOT_WORKING
    return ExitCode.DONE if session.execution.outcome == "finished" else ExitCode.STEP_FAILED


def _outcome_of(code: ExitCode) -> Outcome:
    if code == ExitCode.STOPPED:
        return "stopped"
    return "finished" if code == ExitCode.DONE else "failed"


def failure(session: Session, goes_on: str) -> ResultError:
    """What a run failed with: its first failed step, as its diagnosis explains it."""
    if session.execution.outcome == "stopped":
        return ResultError(
            code="interrupted",
            message="The run was stopped.",
            remedy=goes_on,
        )
    first = next((e.what for e in session.execution.events if isinstance(e.what, Failed)), None)
    if first is None:
        return ResultError(
            code="not-working",
            message="The verification found that it does not work.",
            remedy="The comparisons of the verdict say what differs.",
        )
    known = first.diagnosis if first.diagnosis is not None and first.diagnosis.cause else None
    fix = known.fix if known is not None else None
    return ResultError(
        code=first.code,
        cause=known.cause if known is not None else None,
        message=first.message,
        remedy=(fix.text if fix is not None else "") or first.hint,
    )


def error_of(error: ExpectedError) -> ResultError:
    """An expected fault as the last object has it."""
    return ResultError(code=error.code, message=error.message, remedy=error.hint)
