"""Make a new environment beside the old ones; an unfinished one of the same name is gone on with."""

from __future__ import annotations

from collections.abc import Iterator

from app.model import limits
from app.model.errors import ExpectedError
from app.model.event import AnyPayload
from app.model.message import Message
from app.model.plan import CreateEnvironment
from app.steps import provide_python
from app.steps.removing import take_away
from app.steps.step_context import StepContext
from app.steps.subprocesses import run_child, say

INSTALLED = "installed.txt"  # written when all packages are in it
MADE = "made.txt"  # written when uv has ended: what lacks both was cut off in the middle
_ASK = "import sys; print('%d.%d' % sys.version_info[:2], sys.prefix != sys.base_prefix)"


def done(step: CreateEnvironment, site: StepContext) -> str | None:
    """Found when uv has made all of it, and its interpreter starts, is of the wanted version and is
    that of an environment.

    uv makes the link to Python first. Cut off then, what lies there starts as well, but it is the
    Python that the link leads to, and packages would be put into that (seen at kill 42 of 200).
    """
    python = site.place.environment_python(step.environment)
    if not site.system.files.exists(python) or not is_complete(step.environment, site):
        return None
    answer = site.system.processes.capture([python, "-I", "-c", _ASK], limits.UV_ANSWER)
    if answer.code == 0 and answer.out.split() == [step.python, "True"]:
        return Message(
            "The environment {environment} is there and starts.", environment=step.environment
        )
    return None


def run(step: CreateEnvironment, site: StepContext) -> Iterator[AnyPayload]:
    """``uv venv`` into a folder of its own. A folder that is there but is no whole environment is
    made again.
    """
    files, folder = site.system.files, site.place.environment(step.environment)
    python = provide_python.last_found(step.python, site) or provide_python.find(
        step.python, site
    )  # the plan's first step tried it
    if python is None:
        raise ExpectedError(
            "python-unavailable",
            Message("Python {python} is not on this computer.", python=step.python),
            hint=Message("Run the plan from its start."),
        )
    if files.exists(folder):
        yield say(f"{step.environment} was begun before and not finished: it is made again.")
        if left := take_away(folder, files, site.record):
            yield say(left)
    site.record("made", {"path": folder, "what": "environment"})
    files.make_folder(site.place.environments)
    uv = site.system.computer.uv()
    yield from run_child(
        site,
        (uv, "venv", "--no-project", "--python", python, folder),
        Message("Making the environment"),
        limit=limits.MAKING,
    )
    site.system.files.write(site.place.join(folder, MADE), f"{step.python}\n".encode())


def is_complete(environment: str, site: StepContext) -> bool:
    """Whether an environment is one of its own: with what makes Python take it for one, and made to
    the end.
    """
    folder = site.place.environment(environment)
    config, *marks = (
        site.system.files.exists(site.place.join(folder, name))
        for name in ("pyvenv.cfg", MADE, INSTALLED)
    )
    return config and any(marks)
