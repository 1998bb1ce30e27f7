"""Run one stand-alone check script inside the environment and hand on what it measures."""

from __future__ import annotations

from collections.abc import Iterator

from app.model import limits
from app.model.checks import check_named
from app.model.child_exit import describe_exit
from app.model.errors import ExpectedError
from app.model.event import AnyPayload, Failed
from app.model.message import Message
from app.model.plan import RunCheck
from app.ports import Command
from app.steps.child_environment import child_environment
from app.steps.script_events import relay
from app.steps.step_context import StepContext
from app.steps.subprocesses import say


def done(step: RunCheck, site: StepContext) -> str | None:
    """Never skipped: a check is what proves that things still work."""
    return None


def run(step: RunCheck, site: StepContext) -> Iterator[AnyPayload]:
    """``python checks/NAME.py`` with its own time limit, so that a crash is a result and not an
    end.

    JSON lines with a ``what`` become events; every other line is log. Raises ``ExpectedError`` with
    the script's own ``failed`` line, or with how the process ended.
    """
    ahead, command = site.head_start, _command(step, site)
    if ahead is not None and not ahead.begun:
        ahead.begin(site, _command(ahead.step, site))
    yield say("> " + " ".join(command.argv))
    if ahead is not None and ahead.step == step:
        ended = yield from ahead.finish(site)
    else:
        if ahead is not None and step.stage != "checks":
            yield from ahead.settle(site)
        ended = yield from relay(site, command, step.limit_seconds, limits.CHECK_EVENTS)
    site.system.files.remove(site.place.at("work", step.check))
    if ended.failed is not None or ended.code != 0 or not ended.whole:
        raise _check_error(step, ended.failed, ended.code, ended.tail)


def _command(step: RunCheck, site: StepContext) -> Command:
    """The script with its folder and its variables."""
    python = site.place.environment_python(step.environment)
    script = _unpack_scripts(site, step.check)
    env = child_environment(site, python) | {
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HF_HOME": site.place.at("cache", "huggingface"),
        "TRITON_CACHE_DIR": site.place.at("cache", "triton"),
        "TORCHINDUCTOR_CACHE_DIR": site.place.at("cache", "inductor"),
    }
    if step.cards:
        env |= {"CUDA_VISIBLE_DEVICES": ",".join(step.cards), "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    work = site.place.at("work", step.check)
    site.system.files.make_folder(work)
    return Command(argv=(python, "-I", script, *step.arguments), env=env, folder=work)


def _check_error(step: RunCheck, failed: Failed | None, code: int, tail: str) -> ExpectedError:
    if failed is not None:
        return ExpectedError(
            failed.code,
            failed.message,
            details=(failed.details + "\n" + tail).strip(),
            hint=failed.hint,
        )
    how = (
        describe_exit(code) if code else Message("it ended before it was through, with exit code 0")
    )
    return ExpectedError(
        "check-failed",
        Message("The check “{check}” did not pass ({how}).", check=step.title, how=how),
        details=tail,
    )


def _unpack_scripts(site: StepContext, check: str) -> str:
    """Write the script and its companions under home, so that the environment's own Python can read
    them.
    """
    folder = site.place.at("checks")
    names = check_named(check).scripts
    for name in names:
        data = site.resource(f"checks/{name}")
        target = site.place.join(folder, *name.split("/"))
        if site.system.files.read(target) != data:
            site.system.files.write(target, data)
    return site.place.join(folder, names[0])
