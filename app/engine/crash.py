"""An unexpected fault becomes a file that the report picks up."""

from __future__ import annotations

import platform
import traceback
from collections.abc import Mapping
from contextlib import suppress

from app import __version__
from app.decide.redaction.masking import SecretMasker, known_secrets
from app.engine.home_folder import write_marker
from app.engine.journal import Journal
from app.model.errors import ExpectedError
from app.model.home_layout import HomeLayout
from app.model.sources import Sources
from app.ports import Clock, Files, System
from app.probe.home import home_state


def crash_home(system: System, home: str) -> HomeLayout | None:
    """Where a crash file may lie: in this home, else in the usual one, each only if it is ours or new;
    ``None`` where neither is. A new one is marked.
    """
    for folder in dict.fromkeys((home, system.computer.data_folder())):
        place = HomeLayout(folder, system.computer.family)
        with suppress(ExpectedError, ValueError):  # ValueError: a folder whose name is no text
            state = home_state(system, place)
            if state.ours or state.refused is None:
                write_marker(
                    system,
                    place,
                    state,
                    Journal(system.files, system.clock, place.journal),
                    "crash",
                )
                return place
    return None


def write_crash(
    files: Files,
    clock: Clock,
    home: HomeLayout | None,
    error: BaseException,
    arguments: list[str],
    variables: Mapping[str, str],
) -> str:
    """Write traceback, version, system and arguments below ``reports/``; the path, or a word where
    that failed too.

    Logins in the arguments and what ``variables`` hold as secrets are masked.
    """
    at = clock.now()
    masker = SecretMasker(
        known_secrets(
            Sources(find_links=tuple(a.partition("=")[2] or a for a in arguments)), variables
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
    text = masker.text(text)
    if home is None:
        return f"(could not be written)\n{text}"
    path = home.join(home.reports, f"crash-{at.replace(':', '').replace('-', '')}.txt")
    try:
        if not files.exists(home.reports):
            Journal(files, clock, home.journal).effect("crash", "")("made", {"path": home.reports})
        files.write(path, text.encode("utf-8", "replace"))
    except (ExpectedError, ValueError):  # ValueError: a folder whose name is no text
        return f"(could not be written)\n{text}"
    return path
