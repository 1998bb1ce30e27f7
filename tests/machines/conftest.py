"""Knowledge for the machine tests, and ``--approve``, which writes the goldens anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.knowledge import Knowledge, load

RESOURCES = Path(__file__).parents[2] / "resources"


def pytest_addoption(parser: pytest.Parser) -> None:
    """``pytest tests/machines --approve``: take what the program says now as right, to be read in the diff."""
    parser.addoption("--approve", action="store_true", help="write the machines' goldens anew")


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """All of ``resources/``."""
    def read(path: str) -> bytes | None:
        file = RESOURCES / path
        return file.read_bytes() if file.is_file() else None

    def names(path: str) -> tuple[str, ...]:
        folder = RESOURCES / path
        return tuple(sorted(p.name for p in folder.iterdir())) if folder.is_dir() else ()
    return load(read, names)
