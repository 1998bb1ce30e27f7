"""The loopback server hands bytes on as they come, and to nobody without the address.

Never before they are there, never wrong ones as right.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from app.adapters.download.loopback_server import LoopbackServer
from app.ports import Download

DATA = bytes(range(256)) * 20_000


@pytest.fixture
def feeder() -> Iterator[LoopbackServer]:
    running = LoopbackServer()
    yield running
    running.close()


@pytest.fixture
def target(tmp_path: Path, feeder: LoopbackServer) -> Path:
    path = tmp_path / "a b-1.0.whl"
    feeder.expect([Download(url="", target=str(path), sha256=(), size=len(DATA))])
    Path(f"{path}.part").write_bytes(DATA[:3_000_000])
    feeder.mark_grown(str(path), 3_000_000, len(DATA))
    return path


def asked(feeder: LoopbackServer, target: Path) -> urllib3.BaseHTTPResponse:
    """One request, its body unread."""
    return urllib3.PoolManager().request(
        "GET", feeder.address(target.name), preload_content=False, timeout=30.0, retries=False
    )


def whole(target: Path, feeder: LoopbackServer) -> None:
    """The rest arrives and the file gets its final name."""
    half = Path(f"{target}.part")
    half.write_bytes(DATA)
    with feeder.finishing(str(target)):
        half.replace(target)


def test_what_is_there_comes_at_once_and_the_rest_when_it_is_there(
    feeder: LoopbackServer, target: Path
) -> None:
    answer = asked(feeder, target)
    assert answer.headers["Content-Length"] == str(len(DATA))
    got = answer.read(3_000_000)
    whole(target, feeder)
    assert got + answer.read() == DATA
    assert asked(feeder, target).read() == DATA


def test_what_turns_out_wrong_cuts_its_readers_off(feeder: LoopbackServer, target: Path) -> None:
    answer = asked(feeder, target)
    assert answer.read(3_000_000) == DATA[:3_000_000]
    feeder.lost(str(target))
    with pytest.raises(urllib3.exceptions.ProtocolError):
        answer.read()
    whole(target, feeder)
    assert asked(feeder, target).read() == DATA


def test_the_end_cuts_everybody_off_and_leaves_no_thread(
    feeder: LoopbackServer, target: Path
) -> None:
    answer = asked(feeder, target)
    feeder.close()
    with pytest.raises(urllib3.exceptions.HTTPError):
        answer.read()
    feeder.close()
    assert not any(
        t.name == "feeder" and t.is_alive() and not t.daemon for t in threading.enumerate()
    )
    with pytest.raises(urllib3.exceptions.HTTPError):
        asked(feeder, target)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/a%20b-1.0.whl",
        "/wrong/a%20b-1.0.whl",
        "/{secret}/../../etc/passwd",
        "/{secret}/other.whl",
    ],
)
def test_nothing_else_is_told(feeder: LoopbackServer, target: Path, path: str) -> None:
    base, secret, _ = feeder.address(target.name).rsplit("/", 2)
    answer = urllib3.PoolManager().request(
        "GET", base + path.format(secret=secret), timeout=30.0, retries=False
    )
    assert answer.status == 404


def test_only_this_computer_is_listened_to(feeder: LoopbackServer, target: Path) -> None:
    assert feeder.address(target.name).startswith("http://127.0.0.1:")
