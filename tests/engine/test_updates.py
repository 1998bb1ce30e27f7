"""A newer program is announced at one address.

Asked on request, once a day, switched off by a choice.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app import __version__
from app.engine import updates
from app.engine.session import Session
from app.model.errors import ExpectedError
from tests.journeys.small import open_session


class Publisher:
    """An address of this computer in a publisher's place, and what it was asked."""

    def __init__(self) -> None:
        self.body, self.asked = b'{"version": "99.1", "page": "https://example.org/new"}', []  # type: ignore[var-annotated]
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                publisher.asked.append((self.path, dict(self.headers)))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(publisher.body)

            def log_message(self, *_: object) -> None:
                """Nothing on the test's output."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/newest.json"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    made = Publisher()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def session(tmp_path: Path, publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A home of ours with a cache, and a publisher that is set."""
    made = open_session(str(tmp_path / "home"), "http://127.0.0.1:9/", "")
    (tmp_path / "home" / "cache").mkdir(parents=True)
    (tmp_path / "home" / "unsloth-setup-home.json").write_text(
        json.dumps({"schema": "home/1", "program": "1.1.0", "at": "", "adopted": False})
    )
    whole = made.home.site

    def site() -> object:
        context = whole()
        text = f'address = "{publisher.address}"\n'.encode()
        read = context.resource
        object.__setattr__(
            context, "resource", lambda name: text if name == updates.SETTINGS else read(name)
        )
        return context

    monkeypatch.setattr(made.home, "site", site)
    return made


def test_a_newer_one_is_told_and_asked_for_once_a_day(
    session: Session, publisher: Publisher
) -> None:
    for _ in range(3):
        newer = session.network.newer_program()
        assert newer is not None
        assert (newer.version, newer.page) == ("99.1", "https://example.org/new")
    assert len(publisher.asked) == 1
    path, headers = publisher.asked[0]
    assert path == "/newest.json"
    assert not {name.lower() for name in headers} & {"cookie", "authorization", "referer"}
    kept = Path(session.place.updates)
    kept.write_bytes(
        kept.read_bytes().replace(session.system.clock.now()[:10].encode(), b"2000-01-01")
    )
    session.network.newer_program()
    assert len(publisher.asked) == 2


@pytest.mark.parametrize("version", [__version__, "1.0.0", "0.9"])
def test_the_same_and_older_ones_are_no_news(
    session: Session, publisher: Publisher, version: str
) -> None:
    publisher.body = json.dumps({"version": version}).encode()
    assert session.network.newer_program() is None


def test_a_choice_or_a_policy_switches_it_off(session: Session, publisher: Publisher) -> None:
    session.change(check_updates=False)
    assert session.network.newer_program() is None
    assert publisher.asked == []


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"version": "newest"}', b"[1]", b"\xff" * 99])
def test_what_is_no_answer_is_one_sentence(
    session: Session, publisher: Publisher, body: bytes
) -> None:
    publisher.body = body
    with pytest.raises(ExpectedError, match="did not tell a version; expected JSON"):
        session.network.newer_program()
    assert not Path(session.place.updates).exists()


def test_a_page_without_tls_is_not_passed_on(session: Session, publisher: Publisher) -> None:
    publisher.body = b'{"version": "99", "page": "http://example.org/"}'
    newer = session.network.newer_program()
    assert newer is not None
    assert newer.page == ""


def test_nobody_is_asked_until_a_publisher_sets_the_address(tmp_path: Path) -> None:
    made = open_session(str(tmp_path / "home"), "http://127.0.0.1:9/", "")
    assert made.network.newer_program() is None
