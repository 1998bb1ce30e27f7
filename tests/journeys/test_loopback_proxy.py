"""A proxy that is dead, and an index on this computer.

The proxy is not asked for it, and who is at fault is named.
"""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.fault_index import FaultIndex, lock_of
from tests.journeys import command

DEAD = "http://127.0.0.1:9"
ENV = {"HTTP_PROXY": DEAD, "HTTPS_PROXY": DEAD, "ALL_PROXY": DEAD, "NO_PROXY": "", "no_proxy": ""}


@pytest.mark.fault("proxy")
def test_an_index_on_this_computer_is_not_asked_through_the_proxy(tmp_path: Path) -> None:
    wheels = command.wheels()
    lock = tmp_path / "lock.txt"
    lock.write_text(lock_of(wheels))
    with FaultIndex(wheels) as index:
        done = command.run(tmp_path / "home", lock, index.url, "install", env=ENV)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.fault("proxy")
def test_the_one_that_is_dead_is_the_one_that_is_named(tmp_path: Path) -> None:
    wheels = command.wheels()
    lock = tmp_path / "lock.txt"
    lock.write_text(lock_of(wheels))
    with socket.create_server(("127.0.0.1", 0)) as line:
        port = line.getsockname()[1]
    here = command.run(tmp_path / "a", lock, f"http://127.0.0.1:{port}/simple/", "install", env=ENV)
    assert here.returncode != 0
    assert f"127.0.0.1:{port} refuses the connection" in here.stderr, here.stderr[-2000:]
    away = command.run(tmp_path / "b", lock, "https://index.invalid/simple/", "install", env=ENV)
    assert away.returncode != 0
    assert "The proxy 127.0.0.1:9 could not be used" in away.stderr, away.stderr[-2000:]
