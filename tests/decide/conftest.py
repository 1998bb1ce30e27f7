"""Knowledge for the tests of decisions."""

from __future__ import annotations

import pytest

from app.knowledge import Knowledge, load
from app.world.resources import resource_names, resource_reader


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """All of ``resources/``."""
    return load(resource_reader(), resource_names())
