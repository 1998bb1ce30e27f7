"""Knowledge for the tests of decisions."""

from __future__ import annotations

import pytest

from app.adapters.resources import resource_names, resource_reader
from app.knowledge import Knowledge, load


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """All of ``resources/``."""
    return load(resource_reader(), resource_names())
