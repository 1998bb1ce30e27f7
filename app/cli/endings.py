"""How every command can end: which situation leads to which exit code and which last object.

Data for ``--help``, the reference page, and the test that brings each of them about.
"""

from __future__ import annotations

from typing import NamedTuple

from app.model.errors import ExitCode

MEANINGS: dict[ExitCode, str] = {
    ExitCode.DONE: "done",
    ExitCode.FAULT: "a fault in this program: the message says where the crash report lies",
    ExitCode.BAD_INPUT: "the command line or an input file is wrong",
    ExitCode.BLOCKED: "blocked: this computer or this home folder cannot take it; what to do is said",
    ExitCode.STEP_FAILED: "a step failed; the diagnosis says why and what to do",
    ExitCode.NOT_WORKING: "installed, but not proven: the verification found it broken",
    ExitCode.STOPPED: "stopped by the user, or nobody answered",
    ExitCode.NOTHING_FOUND: "nothing there: no known cause, nothing installed, nothing to go back to",
    ExitCode.BUSY: "busy: another run is at work in this home folder",
}

SITUATIONS: dict[str, str] = {
    "done": "it is done",
    "nothing-to-do": "all is in place already",
    "blocked": "the findings block this computer",
    "unwritable": "the home folder cannot be written",
    "busy": "another run is at work in this home folder",
    "step-failed": "a step failed",
    "broken": "the verification found it broken",
    "not-verified": "it stands and was never verified",
    "unanswered": "nobody answered the question and --yes was not given",
    "nothing-installed": "nothing is installed here",
    "no-earlier": "there is no earlier environment",
    "no-cause": "no known cause is in the log",
    "child": "the command ran: its own exit code",
    "wrong-option": "an option that the command does not know",
    "wrong-file": "an answer file that cannot be read",
    "exists": "the output exists and --overwrite was not given",
    "bad-data": "the data have a question that was not answered, or cannot be read",
    "no-such-run": "there is no training run of that name",
    "no-llama-cpp": "gguf was asked for in a way for which no hash of llama.cpp is known",
    "clash": "a package of the setup would have to change",
    "settings-there": "the folder has settings of its own, which stay as they are",
    "bad-name": "the index has no such package",
    "nothing-added": "no package was added, so none can be taken back",
    "stopped": "it was stopped and a checkpoint was written",
    "fault": "a fault in this program",
}

OWN, NONE = "its own document", "no JSON"


class Ending(NamedTuple):
    """One row: ``last`` is the schema of the last object on standard output with ``--json``,
    ``outcome`` and ``error`` are those of a ``result/1`` (empty: none).
    """

    command: str
    situation: str
    code: ExitCode
    last: str
    outcome: str = ""
    error: str = ""


def _result_ending(
    command: str, situation: str, code: ExitCode, outcome: str = "failed", error: str = ""
) -> Ending:
    return Ending(command, situation, code, "result/1", outcome, error)


_C = ExitCode
_ENDINGS = (
    Ending("detect", "done", _C.DONE, "machine/1"),
    Ending("record", "done", _C.DONE, "machine/1"),
    _result_ending("record", "exists", _C.BAD_INPUT, error="bad-input"),
    Ending("plan", "done", _C.DONE, "plan/1"),
    Ending("plan", "nothing-to-do", _C.DONE, "plan/1"),
    Ending("plan", "blocked", _C.BLOCKED, "plan/1"),
    _result_ending("install", "done", _C.DONE, "finished"),
    _result_ending("install", "nothing-to-do", _C.DONE, "finished"),
    _result_ending("install", "blocked", _C.BLOCKED, error="driver-too-old"),
    _result_ending("install", "unwritable", _C.BLOCKED, error="home-unwritable"),
    _result_ending("install", "step-failed", _C.STEP_FAILED, error="*"),
    _result_ending("install", "broken", _C.NOT_WORKING, error="*"),
    _result_ending("install", "unanswered", _C.STOPPED, "stopped", "unanswered"),
    _result_ending("install", "busy", _C.BUSY, error="already-running"),
    _result_ending("verify", "done", _C.DONE, "finished"),
    _result_ending("verify", "broken", _C.NOT_WORKING, error="*"),
    _result_ending("verify", "nothing-installed", _C.NOTHING_FOUND, error="not-installed"),
    _result_ending("verify", "busy", _C.BUSY, error="already-running"),
    Ending("status", "done", _C.DONE, "status/1"),
    Ending("status", "not-verified", _C.NOT_WORKING, "status/1"),
    Ending("status", "broken", _C.NOT_WORKING, "status/1"),
    Ending("status", "nothing-installed", _C.NOTHING_FOUND, "status/1"),
    Ending("report", "done", _C.DONE, "written/1"),
    _result_ending("report", "exists", _C.BAD_INPUT, error="bad-input"),
    Ending("diagnose", "done", _C.DONE, "diagnosis/1"),
    Ending("diagnose", "no-cause", _C.NOTHING_FOUND, "diagnosis/1"),
    Ending("profiles", "done", _C.DONE, OWN),
    _result_ending("rollback", "done", _C.DONE, "finished"),
    _result_ending("rollback", "no-earlier", _C.NOTHING_FOUND, error="nothing-before"),
    _result_ending("rollback", "busy", _C.BUSY, error="already-running"),
    Ending("uninstall", "done", _C.DONE, OWN),
    _result_ending("uninstall --remove all", "done", _C.DONE, "finished"),
    _result_ending("uninstall --remove all", "nothing-installed", _C.DONE, "finished"),
    _result_ending("uninstall --remove all", "unanswered", _C.STOPPED, "stopped", "unanswered"),
    _result_ending("uninstall --remove all", "busy", _C.BUSY, error="already-running"),
    _result_ending("bundle", "done", _C.DONE, "finished"),
    _result_ending("bundle", "exists", _C.BAD_INPUT, error="bad-input"),
    Ending("verify-bundle", "done", _C.DONE, "bundle/1"),
    Ending("script", "done", _C.DONE, NONE),
    Ending("script", "exists", _C.BAD_INPUT, NONE),
    _result_ending("train", "done", _C.DONE, "finished"),
    _result_ending("train", "bad-data", _C.BAD_INPUT, error="bad-input"),
    _result_ending("train", "exists", _C.BAD_INPUT, error="bad-input"),
    _result_ending("train", "step-failed", _C.STEP_FAILED, error="memory-full"),
    _result_ending("train", "stopped", _C.STOPPED, "stopped", "interrupted"),
    _result_ending("train", "nothing-installed", _C.NOTHING_FOUND, error="not-installed"),
    _result_ending("train", "busy", _C.BUSY, error="already-running"),
    _result_ending("export", "done", _C.DONE, "finished"),
    _result_ending("export", "no-such-run", _C.BAD_INPUT, error="bad-input"),
    _result_ending("export", "exists", _C.BAD_INPUT, error="bad-input"),
    _result_ending("export", "no-llama-cpp", _C.BLOCKED, error="no-llama-cpp"),
    _result_ending("export", "step-failed", _C.STEP_FAILED, error="*"),
    _result_ending("export", "nothing-installed", _C.NOTHING_FOUND, error="not-installed"),
    _result_ending("export", "busy", _C.BUSY, error="already-running"),
    Ending("packages list", "done", _C.DONE, "packages-list/1"),
    _result_ending("packages list", "nothing-installed", _C.NOTHING_FOUND, error="not-installed"),
    _result_ending("packages add", "nothing-to-do", _C.DONE, "finished"),
    _result_ending("packages add", "unanswered", _C.STOPPED, "stopped", "unanswered"),
    _result_ending("packages add", "clash", _C.BLOCKED, error="packages-clash"),
    _result_ending("packages add", "bad-name", _C.BAD_INPUT, error="no-such-package"),
    _result_ending("packages undo", "nothing-added", _C.NOTHING_FOUND, error="nothing-added"),
    Ending("train --preview", "done", _C.DONE, "training-preview/1"),
    Ending("train --preview", "bad-data", _C.BAD_INPUT, "training-preview/1"),
    Ending("deploy-files", "done", _C.DONE, NONE),
    Ending("deploy-files", "exists", _C.BAD_INPUT, NONE),
    Ending("dsc", "done", _C.DONE, NONE),
    Ending("dsc", "blocked", _C.BLOCKED, NONE),
    Ending("dsc", "step-failed", _C.STEP_FAILED, NONE),
    _result_ending("env path", "done", _C.DONE, "finished"),
    _result_ending("env path", "nothing-installed", _C.NOTHING_FOUND, error="not-installed"),
    _result_ending("workspace", "done", _C.DONE, "finished"),
    _result_ending("workspace", "settings-there", _C.BLOCKED, error="settings-there"),
    _result_ending("workspace", "nothing-installed", _C.NOTHING_FOUND, error="not-installed"),
    _result_ending("workspace", "busy", _C.BUSY, error="already-running"),
    Ending("run", "child", _C.DONE, NONE),
    Ending("run", "nothing-installed", _C.NOTHING_FOUND, NONE),
    Ending("shell", "child", _C.DONE, NONE),
    Ending("shell", "nothing-installed", _C.NOTHING_FOUND, NONE),
    Ending("completion", "done", _C.DONE, NONE),
)


def _common_endings(command: str, json: bool, answers: bool) -> list[Ending]:
    last, outcome = ("result/1", "failed") if json else (NONE, "")
    rows = [
        Ending(command, "wrong-option", _C.BAD_INPUT, last, outcome, "bad-input" if json else ""),
        Ending(command, "fault", _C.FAULT, last, outcome, "fault" if json else ""),
    ]
    if answers:
        rows.append(
            Ending(command, "wrong-file", _C.BAD_INPUT, last, outcome, "bad-input" if json else "")
        )
    return rows


def endings() -> tuple[Ending, ...]:
    """The whole table, the endings of all commands last."""
    from app.cli.command_table import COMMANDS

    more = [
        row
        for one in COMMANDS
        for row in _common_endings(one.name, "json" in one.options, "answers" in one.options)
    ]
    return (*_ENDINGS, *more)


def codes_of(command: str) -> tuple[ExitCode, ...]:
    """The exit codes that a command can end with."""
    own = [e for e in endings() if e.command == command or e.command.startswith(f"{command} ")]
    return tuple(sorted({e.code for e in own}))
