"""An unexpected fault becomes a file that the report picks up."""

from __future__ import annotations

import platform
import traceback

from app import __version__
from app.decide.redaction.masking import SecretMasker, known_secrets
from app.engine.home_folder import mark
from app.engine.journal import Journal
from app.model.errors import ExpectedError
from app.model.home_layout import HomeLayout
from app.model.sources import Sources
from app.ports import System
from app.probe.home import home_state


def write_crash(system: System, home: str, error: BaseException, arguments: list[str]) -> str:
    """Write traceback, version, system and arguments below ``reports/``; the path, or a word where
    that failed too. A home that is somebody else's is not touched: the usual one is taken then.

    Logins in the arguments and what variables hold as secrets are blotted out.
    """
    at = system.clock.now()
    veil = SecretMasker(
        known_secrets(
            Sources(find_links=tuple(a.partition("=")[2] or a for a in arguments)),
            system.computer.variables(),
        )
    )
    text = "\n".join(
        [
            f"unsloth-setup {__version__}, {at}, {platform.platform()}, Python "
            f"{platform.python_version()}",
            f"arguments: {arguments}",
            "",
            "".join(traceback.format_exception(error)),
        ]
    )
    text = veil.text(text)
    for folder in dict.fromkeys((home, system.computer.data_folder())):
        place = HomeLayout(folder, system.computer.family)
        path = place.join(place.reports, f"crash-{at.replace(':', '').replace('-', '')}.txt")
        try:
            state = home_state(system, place)
            if state.refused is not None and not state.ours:
                continue
            journal = Journal(system.files, system.clock, place.journal)
            mark(system, place, state, journal, "crash")
            if not system.files.exists(place.reports):
                journal.effect("crash", "")("made", {"path": place.reports})
            system.files.write(path, text.encode("utf-8", "replace"))
        except (ExpectedError, ValueError):  # ValueError: a folder whose name is no text
            continue
        return path
    return f"(could not be written)\n{text}"
