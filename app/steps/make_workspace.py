"""Write the settings by which VS Code finds the environment in a folder of a person's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from app.model.encoding import encode
from app.model.errors import ExitCode, ExpectedError
from app.model.event import AnyPayload
from app.model.message import Message
from app.model.plan import MakeWorkspace
from app.steps.child_environment import temporary_folder
from app.steps.step_context import StepContext
from app.steps.subprocesses import say


def done(step: MakeWorkspace, site: StepContext) -> str | None:
    """Found when the file says just this."""
    there = site.system.files.read(step.path) == _settings(step, site)
    return Message("{path} names this environment.", path=step.path) if there else None


def run(step: MakeWorkspace, site: StepContext) -> Iterator[AnyPayload]:
    """Write ``.vscode/settings.json`` (code.visualstudio.com/docs/python/settings-reference).

    What somebody else wrote or changed is never replaced. Written down are the hash, by which an
    uninstall knows whether the file is as it was made, and the folder that was made for it.
    """
    files, data = site.system.files, _settings(step, site)
    if files.exists(step.path) and files.sha256(step.path) != step.replaces:
        raise settings_there(step.path, step.python)
    values = {"path": step.path, "sha256": hashlib.sha256(data).hexdigest()}
    new = folder = site.place.folder_of(step.path)
    while not files.exists(folder) and folder != (above := site.place.folder_of(folder)):
        new, folder = folder, above
    if new != folder:
        values["new"] = new
    site.record("made", values)
    files.write(step.path, data)
    yield say(f"{step.path}: {step.python}")


def settings_there(path: str, python: str) -> ExpectedError:
    """That a file of somebody else's lies there, and what to write into it."""
    return ExpectedError(
        "settings-there",
        Message("{path} is there already and is not replaced.", path=path),
        hint=Message(
            'Add the line "python.defaultInterpreterPath": "{python}" to it, or choose another '
            "folder.",
            python=python.replace("\\", "\\\\"),
        ),
        exit_code=ExitCode.BLOCKED,
    )


def _settings(step: MakeWorkspace, site: StepContext) -> bytes:
    """The interpreter, and for the terminals of that folder what this program's own have: the
    environment active, the counts of Unsloth and the Hub off.
    """
    system = "windows" if site.place.family == "windows" else "linux"
    variables = {"UNSLOTH_DISABLE_STATISTICS": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    settings = {
        "python.defaultInterpreterPath": step.python,
        "python.terminal.activateEnvironment": True,
        f"terminal.integrated.env.{system}": variables | temporary_folder(site.system, site.place),
    }
    return msgspec.json.format(encode(settings), indent=2) + b"\n"
