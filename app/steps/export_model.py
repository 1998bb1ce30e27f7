"""Runs the export script inside the environment.

An adapter as it is, merged into its model, or GGUF.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.model import limits
from app.model.errors import InputError
from app.model.event import AnyPayload
from app.model.message import Message
from app.model.plan import ExportModel
from app.ports import Command
from app.steps.run_training import fault, training_environment
from app.steps.script_events import relay
from app.steps.step_context import StepContext
from app.steps.subprocesses import say

_SCRIPT = "export.py"


def done(step: ExportModel, site: StepContext) -> str | None:
    """Never skipped: a target that is there is refused before."""
    return None


def run(step: ExportModel, site: StepContext) -> Iterator[AnyPayload]:
    """``python export.py --json``. The target is there whole or not at all. Raises ``StoppedError``,
    ``ExpectedError`` with the script's own sentence.
    """
    place = site.place
    python = place.environment_python(step.environment)
    if not site.system.files.exists(python):
        raise InputError(
            Message(
                "There is no environment {environment} to export in.", environment=step.environment
            )
        )
    script = place.at("checks", _SCRIPT)
    site.system.files.write(script, site.resource(f"training/{_SCRIPT}"))
    wishes = [("--adapter", step.adapter), ("--format", step.format), ("--to", step.target)]
    wishes += [("--quantization", step.quantization)]
    wishes += [("--base", step.base)] if step.base else []
    wishes += [("--llama-cpp", step.llama_cpp)] if step.llama_cpp else []
    argv = (python, script, "--json", *(word for wish in wishes for word in wish))
    yield say("> " + " ".join(argv))
    env = training_environment(site, python, True)
    if step.models:
        env["HF_HUB_CACHE"] = step.models
    command = Command(argv=argv, env=env, folder=place.folder_of(step.adapter))
    ended = yield from relay(site, command, None, limits.CHECK_EVENTS)
    if ended.code != 0:
        raise fault(ended, "The export")
