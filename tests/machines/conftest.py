"""Knowledge for the machine tests, and ``--approve``, which writes the goldens again."""

from __future__ import annotations

import pytest

from app.adapters.resources import resource_names, resource_reader
from app.knowledge import Knowledge, load


def pytest_addoption(parser: pytest.Parser) -> None:
    """``pytest tests/machines --approve``: take what the program says now as right, to be read in
    the diff.
    """
    parser.addoption("--approve", action="store_true", help="write the machines' goldens again")


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """All of ``resources/``."""
    return load(resource_reader(), resource_names())
