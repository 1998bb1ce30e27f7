"""A file in use in the middle of an install, on Windows.

Named, nothing lost, and the next run finishes.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from app.engine.session import Session
from app.model.event import Failed
from tests.fault_index import FaultIndex, lock_of, make_wheel
from tests.journeys.bench import tree, unfinished, usable
from tests.journeys.small import open_session, plan

pytestmark = [pytest.mark.windows, pytest.mark.slow]
WHEELS = [make_wheel(f"piece-{n}", size=200_000) for n in range(4)]
# Another program holds the file as most do: without sharing the right to write or delete.
HOLD = "import sys; file = open(sys.argv[1], 'rb'); print('held', flush=True); sys.stdin.read()"


class Held:
    """Another process that has a file open while the context lasts."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Held:
        self.child = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(self.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.child.stdout is not None
        assert self.child.stdout.readline().strip() == b"held"
        return self

    def __exit__(self, *_: object) -> None:
        self.child.communicate()


@pytest.fixture
def made(tmp_path: Path) -> tuple[Session, Path]:
    """A home with an active environment ``small-0``."""
    home = tmp_path / "home"
    with FaultIndex(WHEELS) as index:
        session = open_session(str(home), index.url, lock_of(WHEELS))
        events = [event.what for event in session.execution.run(plan("small-0"))]
    assert session.execution.outcome == "finished", [
        what for what in events if isinstance(what, Failed)
    ]
    return session, home


@pytest.mark.fault("file in use")
@pytest.mark.parametrize("what", ["half an environment", "the pointer", "a wheel"])
def test_a_file_in_use_is_named_and_the_next_run_finishes(
    made: tuple[Session, Path], what: str
) -> None:
    if what == "half an environment" and hasattr(ctypes.CDLL("ntdll"), "wine_get_version"):
        pytest.skip(
            "Wine renames a folder in which a file is open; Windows refuses, only it can tell"
        )
    session, home = made
    expected = tree(home / "envs" / "small-0")
    begun = home / "envs" / "small-1" / "Lib" / "site-packages" / "begun.pyd"
    begun.parent.mkdir(parents=True)
    begun.write_bytes(b"of a run that was cut off")
    session.home.journal.effect("cut-off", "environment")("made", {"path": str(begun.parents[2])})
    wheel = home / "wheels" / WHEELS[1].file
    wheel.write_bytes(b"damaged")
    held = {"half an environment": begun, "the pointer": home / "active.json", "a wheel": wheel}[
        what
    ]
    with FaultIndex(WHEELS) as index:
        session = open_session(str(home), index.url, lock_of(WHEELS))
        with Held(held):
            events = list(session.execution.run(plan("small-1")))
            failed = next(e.what for e in events if isinstance(e.what, Failed))
            assert failed.code == "file_in_use", failed
            assert (held.name if what != "half an environment" else "small-1") in failed.message
            assert failed.hint
            assert usable(home) == ""
        assert session.execution.outcome == "failed"
        list(session.execution.run(plan("small-1")))
        assert session.execution.outcome == "finished"
    assert {path for path, _ in tree(home / "envs" / "small-1").items() ^ expected.items()} == set()
    assert unfinished(home) == []
    pointer = session.home.pointer()
    assert pointer is not None and (pointer.active, pointer.previous) == ("small-1", "small-0")
