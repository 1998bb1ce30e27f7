"""The terminal this program was started from, lent to a child until it ends."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence

from app.model.errors import ExitCode, ExpectedError
from app.model.message import Message


class LocalTerminal:
    """This process's own standard streams. The child stands in its process group: the terminal
    sends it Ctrl+C, and this program waits for what the child makes of it.
    """

    def find(self, name: str, path: str) -> str | None:
        """Where a search path has a program (``where NAME``, ``command -v NAME``)."""
        return shutil.which(name, path=path)

    def lend(self, argv: Sequence[str], env: Mapping[str, str]) -> int:
        """Run a program with this one's own streams; its exit code, or 128 and the signal's number."""
        try:
            child = subprocess.Popen(list(argv), env=dict(env))
        except OSError as error:
            raise ExpectedError(
                "not-started",
                Message(
                    "{program} could not be started: {reason}.",
                    program=argv[0],
                    reason=error.strerror or error,
                ),
                exit_code=ExitCode.BAD_INPUT,
            ) from error
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # after the start: it is inherited
        try:
            code = child.wait()
        finally:
            signal.signal(signal.SIGINT, before)
        return 128 - code if code < 0 else code
