"""Variables that every Python of an environment starts with, in a file that Python reads.

The person's own stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.model.event import AnyPayload
from app.model.message import Message
from app.model.plan import SetVariables
from app.steps.step_context import StepContext
from app.steps.subprocesses import say


def done(step: SetVariables, site: StepContext) -> str | None:
    """Found when the file says just this."""
    return (
        Message("{variables} in this environment.", variables=_describe_variables(step))
        if site.system.files.read(_pth_path(step, site)) == _pth_content(step)
        else None
    )


def run(step: SetVariables, site: StepContext) -> Iterator[AnyPayload]:
    """Write ``site-packages/unsloth_setup_variables.pth``, one line of Python that runs whenever
    this environment's Python starts.

    So they count in every console, notebook and script, without a setting of the user's. Python's
    own switches (``PYTHONUTF8``) cannot be set so: it has read them by then. Source:
    docs.python.org/3/library/site.html.
    """
    path = _pth_path(step, site)
    site.record("made", {"path": path})
    site.system.files.write(path, _pth_content(step))
    yield say(f"{_describe_variables(step)} whenever a Python of this environment starts ({path})")


def _pth_path(step: SetVariables, site: StepContext) -> str:
    return site.place.join(
        site.place.site_packages(step.environment, step.python), "unsloth_setup_variables.pth"
    )


def _pth_content(step: SetVariables) -> bytes:
    given = {name: value for name, value in step.variables if value}
    taken = [name for name, value in step.variables if not value]
    return (
        f"import os; os.environ.update({given!r}); [os.environ.pop(name, None) for name in "
        f"{taken!r}]\n"
    ).encode()


def _describe_variables(step: SetVariables) -> str:
    return ", ".join(
        f"{name} is set to {value}" if value else f"{name} is left out"
        for name, value in step.variables
    )
