"""What the transfers of one fetch share: how long to wait, how often to try, and whom to tell."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Protocol

from app.adapters.download.connection_pool import Connections
from app.adapters.download.loopback_server import LoopbackServer
from app.model import limits


@dataclass(frozen=True)
class RetryPolicy:
    """How long to wait and how often to try. Seconds. ``attempts`` counts tries without progress in
    between.
    """

    connect: float = limits.CONNECT
    read: float = limits.READ
    attempts: int = limits.TRIES
    first_attempts: int = (
        4  # before anything at all has arrived: then the cause rarely goes away by waiting
    )
    backoff: float = 0.5
    longest: float = limits.LONGEST_WAIT
    slowest: float = limits.SLOWEST  # bytes a second below which a stream counts as stalled
    streams: int = 8  # at once, for all files
    # of these on files of more than one range: more brings no speed but loses more when killed
    wide: int = 4


class FetchContext(Protocol):
    """What a transfer asks of the fetch that it belongs to."""

    turn: threading.Condition
    connections: Connections
    patience: RetryPolicy
    feeder: LoopbackServer | None
    over: threading.Event

    def raise_if_stopped(self) -> None:
        """Raise ``DownloadError`` where the fetch was given up."""

    def note(self, text: str) -> None:
        """Say something to people."""

    def arrived(self, count: int) -> None:
        """Count bytes from the network."""
