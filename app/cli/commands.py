"""The same session without a window: text for people, JSON for programs, one exit code for scripts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any, NoReturn

import msgspec

from app import __version__
from app.cli import COMMANDS, text
from app.decide.findings.advisories import concerning
from app.decide.plans.fixes import REMEDIES
from app.engine import proving
from app.engine.scripts import as_file
from app.engine.session import Session
from app.model.errors import ExitCode, ExpectedError, InputError
from app.model.event import (
    Failed,
    Finished,
    Line,
    Progress,
    Skipped,
    Started,
    StepEvent,
    Stopped,
    flat,
)
from app.model.plan import Plan
from app.model.profile import Profile

_LONGEST_LINE = 1 << 16  # bytes that wait for the end of their line

SessionMaker = Callable[[argparse.Namespace], Session]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError(
            f"The command line cannot be used: {message}.", hint=f"See {self.prog} --help."
        )


def parser() -> argparse.ArgumentParser:
    """All commands and options of the contract."""
    common = _Parser(add_help=False)
    common.add_argument(
        "--json",
        action="store_true",
        help="one JSON document on standard output (lines for install and verify)",
    )
    common.add_argument(
        "--machine", metavar="FILE", help="use a machine file or a report instead of this computer"
    )
    common.add_argument(
        "--home", metavar="DIR", help="where environments, cache, journal and reports live"
    )
    common.add_argument("--profile", metavar="ID", help="take this profile instead of the best one")
    common.add_argument(
        "--answers", metavar="FILE", help="a TOML file with choices made beforehand"
    )
    common.add_argument("--yes", action="store_true", help="do not ask")
    common.add_argument("--offline", metavar="DIR", help="install from a bundle")
    common.add_argument("--index", metavar="URL", help="another package index")
    common.add_argument("--pytorch-index", metavar="URL", help="a mirror of the PyTorch index")
    top = _Parser(
        prog="unsloth-setup",
        description="From a PC with an NVIDIA card to a proven fine-tuning environment.",
    )
    top.add_argument("--version", action="version", version=f"unsloth-setup {__version__}")
    commands = top.add_subparsers(dest="command", parser_class=_Parser)

    def add(name: str, purpose: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=purpose, description=purpose, parents=[common])

    add("detect", "survey this machine and print its facts")
    add("plan", "rank the profiles and print the full plan")
    install = add("install", "run the plan; a run that was cut off goes on where it stopped")
    install.add_argument(
        "--fix",
        metavar="NAME",
        help="apply an automatic fix first, as a failed step's diagnosis names it",
    )
    install.add_argument(
        "--kernel", action="store_true", help="also make a Jupyter kernel for the setup"
    )
    install.add_argument(
        "--menu-entry",
        action="store_true",
        help="also make an entry in the Start menu that opens a terminal",
    )
    verify = add("verify", "check, measure and train inside an installed environment")
    verify.add_argument("--quick", action="store_true", help="only the checks")
    verify.add_argument(
        "--environment", metavar="NAME", help="another environment than the active one"
    )
    verify.add_argument(
        "--compare", metavar="FILE", help="compare the output of the guide's own script instead"
    )
    verify.add_argument(
        "--save-proof", metavar="FILE", help="write a record of what passed, without names"
    )
    report = add("report", "write the diagnostics report")
    report.add_argument("--output", metavar="FILE", help="where to write the zip")
    diagnose = add("diagnose", "read a log, name the cause and the fix")
    diagnose.add_argument(
        "--log", metavar="FILE", default="-", help="the log, or - for standard input"
    )
    profiles = add("profiles", "list the profiles, or show one")
    profiles.add_argument("action", nargs="?", choices=["show"], help="show one profile")
    profiles.add_argument("id", nargs="?", help="the profile's id")
    add("rollback", "go back to the environment that was active before")
    uninstall = add("uninstall", "list what this program put here, remove what is chosen")
    uninstall.add_argument(
        "--remove",
        metavar="ID",
        action="append",
        default=[],
        help="remove this item (all for everything)",
    )
    uninstall.add_argument(
        "--put-back",
        metavar="PATH",
        help="return a quarantined thing, or the packages of a list, as listed",
    )
    bundle = add(
        "bundle", "make a folder with everything a profile needs, for a machine without internet"
    )
    bundle.add_argument("--output", metavar="DIR", help="the folder to make")
    bundle.add_argument(
        "--verify", metavar="DIR", help="check the files of a bundle against its list instead"
    )
    bundle.add_argument(
        "--platform", choices=["windows", "linux"], help="for this system (default: the machine's)"
    )
    checked = add("verify-bundle", "check every file of a bundle against its list")
    checked.add_argument("bundle", metavar="DIR", help="the bundle's folder")
    script = add("script", "print the plan as a script that a person can read and run")
    script.add_argument(
        "--shell", choices=["powershell", "sh"], help="which shell (default: the machine's)"
    )
    script.add_argument(
        "--train", action="store_true", help="print a starter training script instead"
    )
    script.add_argument(
        "--output",
        metavar="FILE",
        help="write it as a file, as its shell reads it (default: standard output)",
    )
    record = add("record", "write the machine file of this machine")
    record.add_argument(
        "--output", metavar="FILE", help="where to write it (default: standard output)"
    )
    return top


def main(arguments: Sequence[str], make: SessionMaker, read: Callable[[str], bytes]) -> int:
    """Run one command and return its exit code. ``make`` opens a session, ``read`` reads a file or
    ``-``.
    """
    options = parser().parse_args(list(arguments))
    if options.command is None:
        raise InputError("No command was given; expected one of: " + ", ".join(COMMANDS) + ".")
    return int(
        _Run(
            options, make, read, text.Calm(sys.stdout, document=options.json), text.Calm(sys.stderr)
        ).go()
    )


class _Run:
    """One command: what it needs and where it writes."""

    def __init__(
        self,
        options: argparse.Namespace,
        make: SessionMaker,
        read: Callable[[str], bytes],
        out: text.Calm,
        err: text.Calm,
    ) -> None:
        self.options, self.make, self.read, self.out, self.err = options, make, read, out, err
        self._lines = bool(options.json) and options.command in (
            "install",
            "verify",
        )  # all others give one document
        self._begun = b""  # output of a child that came without the end of its line
        self._begun_by, self._at = "", 0.0
        self._ended = False  # whether the last JSON object was written

    def go(self) -> ExitCode:
        command: Callable[[], ExitCode] = getattr(self, self.options.command.replace("-", "_"))
        try:
            code = command()
        except (
            KeyboardInterrupt
        ):  # before or after a plan ran; ``_run_plan`` hears it while one does
            self._end_line()
            self.say("Stopped.")
            if self._lines and not self._ended:
                self._result("stopped", None)
            code = ExitCode.STOPPED
        self.out.flush()
        if self.out.lost is not None and not isinstance(self.out.lost, BrokenPipeError):
            raise ExpectedError(
                "not-written",
                f"Standard output cannot be written: {self.out.lost.strerror or self.out.lost}.",
                hint="Make room where it goes to, and run the command again.",
            )
        return code

    # ---- printing

    def document(self, value: Any, words: str) -> None:
        """One JSON document or the same for people."""
        self.out.write(
            (
                msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
                if self.options.json
                else words
            )
            + "\n"
        )

    def say(self, words: str) -> None:
        self.err.write(words + "\n")
        self.err.flush()

    # ---- commands

    def detect(self) -> ExitCode:
        session = self.make(self.options)
        for sighting in session.survey():
            if not self.options.json and sighting.facts is None:
                self.say(f"{sighting.subject}: {sighting.seconds:.2f} s")
        facts = session.known()
        self.document(facts, text.machine(facts))
        return ExitCode.DONE

    def record(self) -> ExitCode:
        session = self.make(self.options)
        data = session.machine_file()
        if self.options.output:
            session.save(self.options.output, data + b"\n")
            self.say(f"Machine file written: {self.options.output}")
        else:
            self.out.write(data.decode() + "\n")
        return ExitCode.DONE

    def plan(self) -> ExitCode:
        session = self.make(self.options)
        _refuse_settings(session)
        document = text.plan_document(
            session.best(), session.choices(), session.findings(), session.plan()
        )
        self.document(document, text.plan(document, session.best(), session.choices()))
        return ExitCode.BLOCKED if document["verdict"] == "blocked" else ExitCode.DONE

    def profiles(self) -> ExitCode:
        session = self.make(self.options)
        if self.options.action == "show":
            if not self.options.id:
                raise InputError(
                    "profiles show needs the id of a profile; see the command profiles."
                )
            profile = session.knowledge.profile(self.options.id)
            told = concerning(profile, session.knowledge.advisories)
            document = {**_public(profile), "advisories": msgspec.to_builtins(told)}
            self.document(document, text.profile(profile, told))
        else:
            profiles = session.knowledge.profiles
            self.document([_public(p) for p in profiles], text.profile_list(profiles))
        return ExitCode.DONE

    def install(self) -> ExitCode:
        session = self.make(self.options)
        _refuse_settings(session)
        if self.options.kernel or self.options.menu_entry:
            session.change(
                kernel=self.options.kernel or session.answers.kernel,
                menu_entry=self.options.menu_entry or session.answers.menu_entry,
            )
        plan = session.plan()
        if self.options.fix:
            plan = session.remedy_plan(self.options.fix, plan)
            self.say(f"Fix {self.options.fix}: {REMEDIES[self.options.fix]}")
        best = session.best()
        if best.verdict == "blocked":
            self.say(text.blocked(best))
            self._result(
                "failed", {"verdict": "blocked", "findings": msgspec.to_builtins(best.findings)}
            )
            return ExitCode.BLOCKED
        if not self.options.fix:
            plan, broken = session.repaired(plan)
            if broken:
                self.say(f"To be mended: {broken}. The environment is made anew.")
        proven = None if self.options.fix else session.already_in_place(plan)
        if proven is not None:
            self.say(
                f"All is in place: {best.profile.title}, proven, in "
                f"{session.place.environment(plan.environment)}."
            )
            more = session.beside_plan(plan)
            if more.steps:
                self.say("Still to do: " + "; ".join(step.title for step in more.steps) + ".")
                if not self.options.yes and not self._agreed():
                    self._result("stopped", None)
                    return ExitCode.STOPPED
                session.verification = proven
                return self._run_plan(session, more)
            self._result("finished", msgspec.to_builtins(proven))
            return ExitCode.DONE
        unfinished = session.unfinished()
        if unfinished is not None and unfinished.plan.environment == plan.environment:
            self.say(
                f"Going on where the last run stopped ({unfinished.steps_done} of "
                f"{unfinished.steps_total} steps were done)."
            )
        self.say(text.install_intro(best, plan, session.place.home))
        if not self.options.yes and not self._agreed():
            self._result("stopped", None)
            return ExitCode.STOPPED
        code = self._run_plan(session, plan)
        if (
            code in (ExitCode.DONE, ExitCode.NOT_WORKING, ExitCode.STEP_FAILED)
            and not session.simulated
        ):
            self.say(f"Report: {session.write_report()}")
        return code

    def verify(self) -> ExitCode:
        session = self.make(self.options)
        if self.options.compare:
            comparisons = session.compare(self.read(self.options.compare))
            self.document(
                {"schema": "verification/1", "overall": "not_checked", "comparisons": comparisons},
                text.comparisons(comparisons),
            )
            return ExitCode.DONE
        if session.simulated:
            plan = session.plan()
            plan = msgspec.structs.replace(
                plan, steps=tuple(s for s in plan.steps if s.kind == "run-check")
            )
        else:
            plan = session.verify_plan(self.options.quick, self.options.environment)
            for change in session.changes(plan):
                self.say(change)
        code = self._run_plan(session, plan)
        if self.options.save_proof and code == ExitCode.DONE:
            made = proving.record(session, plan)
            data = msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n"
            session.save(self.options.save_proof, data)
            self.say(f"The record of what passed is in {self.options.save_proof}.")
        return code

    def report(self) -> ExitCode:
        session = self.make(self.options)
        path = session.write_report(self.options.output)
        self.document({"schema": "written/1", "report": path}, path)
        return ExitCode.DONE

    def diagnose(self) -> ExitCode:
        session = self.make(self.options)
        diagnosis = session.explain(self.read(self.options.log))
        self.document(diagnosis, text.diagnosis(diagnosis))
        return ExitCode.DONE if diagnosis.cause is not None else ExitCode.NOTHING_FOUND

    def rollback(self) -> ExitCode:
        session = self.make(self.options)
        back = session.going_back()
        self.say(back.sentence)
        if back.doubtful and not self.options.yes and not self._agreed():
            return ExitCode.STOPPED
        pointer = session.rollback()
        self.document(pointer, f"Active again: {pointer.active}. Before: {pointer.previous}.")
        return ExitCode.DONE

    def uninstall(self) -> ExitCode:
        session = self.make(self.options)
        if self.options.put_back and self.options.put_back.endswith(".txt"):
            return self._run_plan(session, session.packages_back_plan(self.options.put_back))
        if self.options.put_back:
            path = session.put_back(self.options.put_back)
            self.document({"schema": "put-back/1", "path": path}, f"Put back: {path}")
            return ExitCode.DONE
        items = session.uninstallable()
        chosen = [
            i
            for i in items
            if ("all" in self.options.remove and i.in_all) or i.id in self.options.remove
        ]
        unknown = [r for r in self.options.remove if r != "all" and r not in {i.id for i in items}]
        if unknown:
            raise InputError(
                f"There is no item {unknown[0]!r} to remove; expected one that the command "
                f"uninstall lists."
            )
        if chosen:
            if not self.options.yes and not self._agreed():
                return ExitCode.STOPPED
            for item in session.remove(chosen):
                self.say(f"Removed: {item.title}, {text.size(item.size)}. {item.left}".rstrip())
        elif "all" in self.options.remove:
            list(session.remove(()))  # what a run that was cut off left of nothing but its papers
        self.document(
            [
                {
                    "id": i.id,
                    "title": i.title,
                    "path": i.path,
                    "size": i.size,
                    "note": i.keep,
                    "removed": i in chosen,
                }
                for i in items
            ],
            text.uninstallable(items, chosen, session.quarantined(), session.packages_taken_out()),
        )
        return ExitCode.DONE

    def bundle(self) -> ExitCode:
        if self.options.verify:
            return self._checked(self.options.verify)
        session = self.make(self.options)
        if not self.options.output:
            raise InputError("bundle needs --output DIR, the folder to make.")
        for event in session.bundle(self.options.output, self.options.platform):
            self._tell(event)
        self.document({"schema": "written/1", "bundle": self.options.output}, self.options.output)
        return ExitCode.DONE

    def verify_bundle(self) -> ExitCode:
        return self._checked(self.options.bundle)

    def _checked(self, folder: str) -> ExitCode:
        made = self.make(self.options).check_bundle(folder)
        self.document(
            made,
            f"{folder}: {len(made.files)} files for {made.profile} on {made.platform}, all as "
            f"listed.",
        )
        return ExitCode.DONE

    def script(self) -> ExitCode:
        session = self.make(self.options)
        script = (
            session.training_script()
            if self.options.train
            else session.plan_script(self.options.shell)
        )
        if self.options.output:
            shell = "" if self.options.train else self.options.shell or session.own_shell
            session.save(self.options.output, as_file(script, shell))
            self.document(
                {"schema": "written/1", "script": self.options.output}, self.options.output
            )
        else:
            self.document({"schema": "script/1", "text": script}, script.rstrip("\n"))
        return ExitCode.DONE

    # ---- running plans

    def _run_plan(self, session: Session, plan: Plan) -> ExitCode:
        try:
            with closing(session.run(plan)) as events:
                for event in events:
                    self._tell(event)
                    if self.out.lost is not None or self.err.lost is not None:
                        raise KeyboardInterrupt  # who started it is gone, or has seen enough
        except KeyboardInterrupt:
            session.stop()
            self._end_line()
            self.say("Stopped. The same command goes on from here.")
            self._result("stopped", None)
            return ExitCode.STOPPED
        except ExpectedError:
            self._result("failed", None)
            raise
        self._end_line()
        verdict = session.verification
        self._result(session.outcome, msgspec.to_builtins(verdict) if verdict is not None else None)
        if verdict is not None and session.outcome != "stopped":
            self.say(text.verification(verdict))
        return _ending(session)

    def _tell(self, event: StepEvent) -> None:
        self._at = event.at
        if isinstance(event.what, Line):
            self._more(event.step, event.what.text)
            return
        self._end_line()
        if self._lines:
            self.out.write(msgspec.json.encode(flat(event)).decode() + "\n")
            self.out.flush()
            return
        what = event.what
        if isinstance(what, Started):
            self.say(f"{what.title} …")
        elif isinstance(what, Skipped):
            self.say(f"{event.step}: {what.why}")
        elif isinstance(what, Progress):
            text.show_progress(self.err, what)
        elif isinstance(what, Finished):
            self.say(f"    took {what.seconds:.1f} s")
        elif isinstance(what, Failed):
            self.say(text.failure(what))
        elif isinstance(what, Stopped):
            self.say("Stopped. The same command goes on from here.")

    def _more(self, step: str, data: bytes) -> None:
        """Tell a child's output in whole lines: it comes in chunks that end anywhere."""
        if step != self._begun_by:
            self._end_line()
        data, self._begun, self._begun_by = self._begun + data, b"", step
        end = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        if len(data) - end < _LONGEST_LINE:
            data, self._begun = data[:end], data[end:]
        if not data:
            return
        if self._lines:
            for line in data.decode("utf-8", "replace").removesuffix("\n").split("\n"):
                words = {"at": self._at, "step": step, "what": "line", "text": line.rstrip("\r")}
                self.out.write(msgspec.json.encode(words).decode() + "\n")
            self.out.flush()
        else:
            self.err.write(text.indented(data))

    def _end_line(self) -> None:
        if self._begun:
            self._more(self._begun_by, b"\n")

    def _result(self, outcome: str, verdict: Any) -> None:
        self._ended = True
        if self.options.json:
            self.out.write(
                msgspec.json.encode(
                    {"schema": "result/1", "outcome": outcome, "verdict": verdict}
                ).decode()
                + "\n"
            )

    def _agreed(self) -> bool:
        self.err.write("Go on? [y/N] ")
        self.err.flush()
        answer = sys.stdin.readline()
        if not answer:
            self.say("Nobody answered; --yes goes on without being asked.")
        return answer.strip().lower() in ("y", "yes")


def _ending(session: Session) -> ExitCode:
    if session.outcome == "stopped":
        return ExitCode.STOPPED
    if session.cut_short:
        return ExitCode.STEP_FAILED
    if session.error is not None and session.error.exit_code == ExitCode.NOT_WORKING:
        return ExitCode.NOT_WORKING
    if session.verification is not None and session.verification.overall == "broken":
        return ExitCode.NOT_WORKING
    return ExitCode.DONE if session.outcome == "finished" else ExitCode.STEP_FAILED


def _refuse_settings(session: Session) -> None:
    """Raise ``InputError`` for a setting of pip or uv that is no address, as for ``--index``."""
    if refused := session.sources().refused:
        raise InputError(refused)


def _public(profile: Profile) -> dict[str, Any]:
    """A profile without its locks' text, which ``profiles show`` would drown in."""
    fields: dict[str, Any] = msgspec.to_builtins(profile)
    for part in fields["parts"]:
        part.pop("requirements")
    return fields
