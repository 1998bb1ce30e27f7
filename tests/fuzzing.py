"""How often the fuzzing tests run.

A fixed number in the suite, fifty times as often with ``--long``.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

FACTOR = 1  # set by ``--long`` before any test is collected
LONG = 50


def runs(count: int) -> settings:
    """A decorator: so many examples, the same ones each time in the suite, new ones with ``--long``."""
    return settings(
        max_examples=count * FACTOR,
        deadline=None,
        derandomize=FACTOR == 1,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
