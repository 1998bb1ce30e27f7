"""An unexpected fault becomes a file that the report picks up."""

from __future__ import annotations

import platform
import traceback

from app import __version__
from app.model.errors import ExpectedError
from app.ports import Clock, Files


def write_crash(files: Files, clock: Clock, home: str, error: BaseException, arguments: list[str]) -> str:
    """Write traceback, version, system and arguments below ``reports/``; the path, or a word where that failed too."""
    at = clock.now()
    text = "\n".join([f"unsloth-setup {__version__}, {at}, {platform.platform()}, Python {platform.python_version()}",
                      f"arguments: {arguments}", "", "".join(traceback.format_exception(error))])
    path = f"{home}/reports/crash-{at.replace(':', '').replace('-', '')}.txt"
    try:
        files.write(path, text.encode("utf-8", "replace"))
    except ExpectedError:
        return f"(could not be written)\n{text}"
    return path
