"""Knowledge for the tests of decisions."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.knowledge import Knowledge, load

RESOURCES = Path(__file__).parents[2] / "resources"


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
