"""Servers that break every rule: each is a fault of that server, named.

None ends the program, holds it for ever or fills disk and memory.
"""

from __future__ import annotations

import hashlib
import threading
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.download.fetch_context import RetryPolicy
from app.adapters.download.web import HttpWeb
from app.model import limits
from app.model.errors import ExpectedError
from app.model.sources import Sources
from app.ports import Download
from tests.fault_index.raw import RawServer
from tests.fuzzing import runs

HASTY = RetryPolicy(
    connect=2.0, read=0.5, attempts=2, first_attempts=2, backoff=0.001, longest=0.01, streams=2
)
BODY = b"a wheel of nine bytes or so"


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RETRY_AFTER", 0)


def _fetch(url: str, folder: Path, size: int | None = None, most: int | None = None) -> str:
    """``fetched``, or the code of the fault that it ended with."""
    target = folder / "wheels" / "small.whl"
    wanted = Download(
        url=url,
        target=str(target),
        sha256=(hashlib.sha256(BODY).hexdigest(),),
        size=size,
        most=most,
    )
    try:
        list(HttpWeb(threading.Event(), Sources(), patience=HASTY).fetch([wanted]))
    except ExpectedError as error:
        assert error.message
        assert not target.exists()
        return error.code
    assert target.read_bytes() == BODY
    return "fetched"


HEADS = {
    "a superscript as the start of a range": (206, "Content-Range: bytes \u00b2-9/27"),
    "a start of 5000 digits": (206, f"Content-Range: bytes {'9' * 5000}-9/27"),
    "a total of 5000 digits": (206, f"Content-Range: bytes 0-9/{'9' * 5000}"),
    "a total of a petabyte": (206, "Content-Range: bytes 0-9/999999999999999"),
    "a length of 5000 digits": (200, f"Content-Length: {'9' * 5000}"),
    "a superscript as the length": (200, "Content-Length: \u00b9\u00b2"),
    "two lengths": (200, "Content-Length: 27\r\nContent-Length: 28"),
    "half an address": (302, "Location: http://[::1"),
    "a port that does not exist": (302, "Location: http://127.0.0.1:99999999/x"),
    "a port of 5000 digits": (302, f"Location: http://127.0.0.1:{'9' * 5000}/x"),
    "a name that is none": (302, f"Location: http://{'a' * 300}.example/x"),
    "a scheme of its own": (302, "Location: file:///etc/passwd"),
    "an address of spaces": (302, "Location: http:// /x"),
    "itself": (302, "Location: ."),
    "a wait that is no number": (429, "Retry-After: nan"),
    "an endless wait": (503, "Retry-After: 1e999"),
    "a wait of 5000 digits": (503, f"Retry-After: {'9' * 5000}"),
    "a date without end": (503, "Retry-After: Fri, 99 Foo 99999 99:99:99 GMT"),
    "chunks that are none": (200, "Transfer-Encoding: chunked"),
    "a header without end": (200, "X: " + "x" * 100_000),
    "a thousand headers": (200, "\r\n".join(f"X-{n}: y" for n in range(1000))),
}


@pytest.mark.fault("answers")
@pytest.mark.parametrize("size", [27, None], ids=["size told", "size not told"])
@pytest.mark.parametrize("head", HEADS)
def test_a_broken_head_is_a_named_fault_of_that_server(
    tmp_path: Path, head: str, size: int | None
) -> None:
    status, line = HEADS[head]
    answer = f"HTTP/1.1 {status} Odd\r\n{line}\r\n\r\n".encode("latin-1") + BODY
    with RawServer(lambda _: answer) as server:
        assert _fetch(server.base + "/small.whl", tmp_path, size) in {
            "fetched",
            "server_error",
            "network_interrupted",
            "network_timeout",
            "wrong_size",
            "dns_failure",
            "redirect_loop",
            "address_unsafe",
            "too_many_requests",
            "pip_hash_mismatch",
        }
        web = HttpWeb(threading.Event(), Sources(), patience=HASTY)
        web.size(server.base + "/small.whl")
        web.examine(server.base + "/simple/", 1.0)


@pytest.mark.fault("answers")
@pytest.mark.parametrize("size", [None, 10**9], ids=["not told", "told too large"])
def test_a_body_larger_than_the_lock_knows_is_not_taken(tmp_path: Path, size: int | None) -> None:
    head = b"HTTP/1.1 200 OK\r\n" + (b"Content-Length: %d\r\n" % size if size else b"") + b"\r\n"
    with RawServer(lambda _: head + bytes(64 << 20)) as server:
        assert _fetch(server.base + "/small.whl", tmp_path, size, most=1 << 20) == "wrong_size"
        assert server.sent < 40 << 20  # what fits into the buffers between, twice


@pytest.mark.fault("answers")
def test_a_head_that_drips_ends_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HEADERS", 1)
    drip = b"HTTP/1.1 200 OK\r\nX: " + b"x" * 60_000 + b"\r\n\r\n"
    with RawServer(lambda _: drip, pause=0.1, piece=1) as server:
        assert _fetch(server.base + "/small.whl", tmp_path) == "network_timeout"
        web = HttpWeb(threading.Event(), Sources(), patience=HASTY)
        fault = web.examine(server.base + "/simple/", 2.0)
        assert fault is not None
        assert fault.code == "network_timeout"


@pytest.mark.fault("answers")
def test_a_page_that_drips_is_judged_by_what_came_in_time() -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<a>" + b"x" * 60_000
    with RawServer(lambda _: page, pause=0.05, piece=50) as server:
        web = HttpWeb(threading.Event(), Sources(), patience=HASTY)
        assert web.examine(server.base + "/simple/", 1.0) is None
        assert server.sent < 60_000


@pytest.mark.fault("answers")
def test_a_packed_page_is_unpacked_no_further_than_it_is_looked_at() -> None:
    bomb = zlib.compressobj(9, wbits=31)
    packed = bomb.compress(b"<form>" + bytes(50 << 20)) + bomb.flush()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n"
    with RawServer(lambda _: head + packed) as server:
        web = HttpWeb(threading.Event(), Sources(), patience=HASTY)
        fault = web.examine(server.base + "/simple/", 5.0)
        assert fault is not None
        assert (fault.code, len(fault.details)) == ("captive_portal", 600)


@pytest.mark.fault("answers")
def test_a_fetch_in_which_nothing_moves_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "NO_PROGRESS", 1)
    patient = RetryPolicy(read=60.0, attempts=1000, first_attempts=1000)
    silent = threading.Event()

    def answer(_: bytes) -> bytes:
        silent.wait(60.0)
        return b""

    with RawServer(answer) as server:
        web = HttpWeb(threading.Event(), Sources(), patience=patient)
        wanted = Download(url=server.base + "/a.whl", target=str(tmp_path / "a.whl"), sha256=())
        with pytest.raises(ExpectedError, match=r"Nothing of a\.whl came") as caught:
            list(web.fetch([wanted]))
        silent.set()
    assert caught.value.code == "network_timeout"


_NUMBER = st.one_of(
    st.integers(-(10**30), 10**30).map(str),
    st.text("0123456789\u00b2\u00b3-/ *e.", max_size=30),
    st.just("9" * 5000),
)
_LINE = st.one_of(
    st.tuples(
        st.sampled_from(
            ("Content-Length", "Retry-After", "Content-Encoding", "Transfer-Encoding", "X")
        ),
        st.one_of(_NUMBER, st.sampled_from(("chunked", "gzip", "gzip, gzip", "br", "identity"))),
    ),
    st.tuples(
        st.just("Content-Range"),
        st.builds("bytes {}-{}/{}".format, _NUMBER, _NUMBER, _NUMBER),
    ),
    st.tuples(
        st.just("Location"),
        st.one_of(
            st.text(st.characters(max_codepoint=255), max_size=40),
            st.builds("http://{}:{}/".format, st.text("[]:@%.a1", max_size=12), _NUMBER),
        ),
    ),
    st.tuples(st.just("Content-Type"), st.sampled_from(("text/html", "application/json", ""))),
    st.tuples(
        st.text(st.characters(max_codepoint=255), max_size=9), st.text("ab:\r\n", max_size=9)
    ),
)


@runs(60)
@given(
    status=st.sampled_from((200, 206, 301, 302, 404, 416, 429, 500, 100, 999)),
    lines=st.lists(_LINE, max_size=4),
    body=st.one_of(st.just(BODY), st.binary(max_size=40), st.just(b"ffffffffff\r\n")),
    size=st.sampled_from((None, len(BODY))),
)
def test_no_head_of_an_answer_ends_the_program(
    tmp_path_factory: pytest.TempPathFactory,
    status: int,
    lines: list[tuple[str, str]],
    body: bytes,
    size: int | None,
) -> None:
    head = "".join(f"{name}: {value}\r\n" for name, value in lines).encode("latin-1", "replace")
    answer = b"HTTP/1.1 %d Odd\r\n" % status + head + b"\r\n" + body
    with RawServer(lambda _: answer) as server:
        _fetch(server.base + "/small.whl", tmp_path_factory.mktemp("w"), size, most=1000)
        web = HttpWeb(threading.Event(), Sources(), patience=HASTY)
        told = web.size(server.base + "/small.whl")
        assert told is None or 0 <= told < 10**limits.DIGITS
        web.examine(server.base + "/simple/", 1.0)
