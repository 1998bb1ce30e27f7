"""Put an entry into the Start menu that opens a terminal with the environment active; uninstalling
takes it away.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.model.errors import BadInput
from app.model.event import What
from app.model.plan import MakeShortcut
from app.steps.children import say
from app.steps.site import Site


def done(step: MakeShortcut, site: Site) -> str | None:
    """Found when the entry is there and names this environment: in UTF-16 inside a .lnk, in UTF-8
    in a .desktop file.
    """
    written = site.world.files.read(step.path) or b""
    environment = site.place.environment(step.environment)
    named = any(environment.encode(code) in written for code in ("utf-16-le", "utf-8"))
    return f"{step.label} is in the menu." if named else None


def run(step: MakeShortcut, site: Site) -> Iterator[What]:
    """Write the entry where the system's menu looks for it."""
    environment = site.place.environment(step.environment)
    if not site.world.files.exists(site.place.environment_python(step.environment)):
        raise BadInput(
            f"There is no environment {step.environment} for an entry in the menu; expected one, "
            f"made by an install."
        )
    site.record("made", {"path": step.path, "for": step.environment})
    site.world.computer.make_shortcut(step.path, step.label, environment, site.place.home)
    yield say(f"{step.label}: {step.path}")
