"""The program's own log, secrets masked.

What its modules tell through ``logging``, to a file below home or to a stream.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from app.decide.redaction.masking import SecretMasker
from app.model.errors import ExpectedError
from app.model.home_layout import HomeLayout
from app.ports import Files

LOGGER = "app"
_MOST = 1_000_000  # bytes of a log before it is set aside; one older one is kept
_FORM = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")


class LogSink(logging.Handler):
    """Hands each line, masked, to a function. A disk that takes no more ends no command."""

    def __init__(self, write: Callable[[str], object], masker: SecretMasker) -> None:
        super().__init__()
        self._write, self._masker = write, masker
        self.setFormatter(_FORM)

    def mask(self, masker: SecretMasker) -> None:
        """From now on blot out what this masker knows."""
        self._masker = masker

    def emit(self, record: logging.LogRecord) -> None:
        """One line of the log."""
        with suppress(ExpectedError, OSError):  # the log is the only place to tell of it
            self._write(self._masker.text(self.format(record)) + "\n")


@contextmanager
def listening(sink: logging.Handler, level: int) -> Iterator[None]:
    """The program's modules are heard by ``sink`` as long as the context lasts."""
    logger = logging.getLogger(LOGGER)
    before = logger.level
    logger.setLevel(min(level, before) if before else level)
    sink.setLevel(level)
    logger.addHandler(sink)
    try:
        yield
    finally:
        logger.removeHandler(sink)
        logger.setLevel(before)


@contextmanager
def program_log(files: Files, place: HomeLayout, masker: SecretMasker) -> Iterator[None]:
    """``HOME/logs/program.log`` while a run holds a home of ours. What is over a megabyte is set
    aside as ``program.log.1``.
    """
    path = place.join(place.logs, "program.log")
    if (files.size(path) or 0) > _MOST:
        files.remove(f"{path}.1")
        files.move(path, f"{path}.1")
    write = files.open_log(path)
    with listening(
        LogSink(lambda line: write(line.encode("utf-8", "replace")), masker), logging.INFO
    ):
        yield
