"""Fetch a model by the hub's own client, run in the environment; ask about one before."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from app.model import limits
from app.model.event import AnyPayload, Measured
from app.model.message import Message
from app.model.plan import FetchModel
from app.model.training import ModelInfo
from app.ports import Command
from app.steps import model_cache
from app.steps.run_training import fault, training_environment
from app.steps.script_events import relay
from app.steps.step_context import StepContext
from app.steps.subprocesses import say

_SCRIPT = "fetch_model.py"


def done(step: FetchModel, site: StepContext) -> str | None:
    """Found when all files are there that the fetch wrote down at its end."""
    there = model_cache.fetched(step.model, step.cache, site.system, site.place)
    return Message("{model} is in {cache}.", model=step.model, cache=step.cache) if there else None


def run(step: FetchModel, site: StepContext) -> Iterator[AnyPayload]:
    """What came stays where a fetch is stopped or cut, and the next one goes on. Raises
    ``StoppedError``, ``ExpectedError`` with the script's own sentence.
    """
    site.system.files.make_folder(step.cache)
    command = _build_command(step.environment, step.model, step.cache, site)
    yield say("> " + " ".join(command.argv))
    ended = yield from relay(site, command, None, limits.CHILD_LOG)
    if ended.code != 0:
        raise fault(ended, "Fetching the model")


def look(
    environment: str, model: str, cache: str, site: StepContext
) -> Generator[AnyPayload, None, ModelInfo]:
    """Ask the hub whether there is such a model, how large it is and whether it is given to this
    user, and whether it has room here. Raises ``ExpectedError`` with what stands against it.
    """
    command = _build_command(environment, model, cache, site, "--look")
    told: list[Measured] = []

    def takes(what: AnyPayload) -> bool:
        if isinstance(what, Measured) and what.name == "model.info":
            told.append(what)
        return not isinstance(what, Measured)

    ended = yield from relay(site, command, limits.MAKING, limits.CHECK_EVENTS, passes=takes)
    if ended.code != 0 or not told:
        raise fault(ended, "Asking the hub")
    info = told[-1]
    return ModelInfo(
        model=model,
        bytes=int(info.value),
        files=int(info.detail.get("files", 0)),
        licence=str(info.detail.get("licence", "")),
        gated=bool(info.detail.get("gated")),
        revision=str(info.detail.get("revision", "")),
    )


def _build_command(
    environment: str, model: str, cache: str, site: StepContext, *more: str
) -> Command:
    python = site.place.environment_python(environment)
    script = site.place.at("checks", _SCRIPT)
    data = site.resource(f"training/{_SCRIPT}")
    if site.system.files.read(script) != data:
        site.system.files.write(script, data)
    argv = (python, "-I", script, "--model", model, "--cache", cache, *more)
    return Command(argv=argv, env=training_environment(site, python, False), folder=site.place.home)
