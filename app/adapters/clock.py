"""Time, as the system gives it."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """This computer's clocks. Durations come from the one that never jumps; ``now`` is for people
    and files.
    """

    def now(self) -> str:
        """UTC now, to the second: ``2026-11-24T15:00:00Z``."""
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def monotonic(self) -> float:
        """Seconds since some fixed moment."""
        return time.monotonic()
