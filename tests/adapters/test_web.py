"""The network adapter against a real index on loopback.

Every fault is survived or named, no byte too many, nothing left behind.
"""

from __future__ import annotations

import errno
import socket
import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.adapters.download import part_file
from app.adapters.download.fetch_context import RetryPolicy
from app.adapters.download.web import HttpWeb
from app.model.errors import ExpectedError, StoppedError
from app.model.sources import Sources
from app.ports import Arrived, Download
from tests.fault_index import FaultIndex, SmallWheel, make_wheel
from tests.fault_index.certificates import OPENSSL, certificate
from tests.fault_index.proxy import Proxy

HASTY = RetryPolicy(connect=2.0, read=0.6, attempts=5, first_attempts=3, backoff=0.05, longest=0.2)
BIG = make_wheel("big", size=11 << 20)  # three ranges
SMALL = make_wheel("small", size=300_000)


@pytest.fixture
def index() -> Iterator[FaultIndex]:
    with FaultIndex([BIG, SMALL]) as running:
        yield running


def downloads(
    index: FaultIndex, folder: Path, *wheels: SmallWheel, sizes: bool = True
) -> list[Download]:
    """The wheels as the fetch step would ask for them."""
    return [
        Download(
            url=index.address(w),
            target=str(folder / "wheels" / w.file),
            sha256=(w.sha256,),
            size=len(w.data) if sizes else None,
        )
        for w in wheels
    ]


def fetch(
    index: FaultIndex,
    folder: Path,
    *wheels: SmallWheel,
    web: HttpWeb | None = None,
    sizes: bool = True,
) -> list[Arrived]:
    """Fetch to the end and check that exactly the wheels lie there."""
    wheels = wheels or (BIG, SMALL)
    text = list(
        (web or HttpWeb(threading.Event(), patience=HASTY)).fetch(
            downloads(index, folder, *wheels, sizes=sizes)
        )
    )
    assert {p.name: p.read_bytes() for p in (folder / "wheels").iterdir()} == {
        w.file: w.data for w in wheels
    }
    assert text[-1].done == text[-1].total == sum(len(w.data) for w in wheels)
    return text


def failure(
    index: FaultIndex, folder: Path, *wheels: SmallWheel, sources: Sources | None = None
) -> ExpectedError:
    """The fault that a fetch ends with."""
    web = HttpWeb(threading.Event(), sources, patience=HASTY)
    with pytest.raises(ExpectedError) as caught:
        list(web.fetch(downloads(index, folder, *(wheels or (SMALL,)))))
    assert caught.value.hint
    return caught.value


def test_files_arrive_in_ranges_and_nothing_twice(index: FaultIndex, tmp_path: Path) -> None:
    fetch(index, tmp_path)
    spans = sorted(r.span or "" for r in index.asked(BIG.file))
    assert len(spans) == 3 and all(spans)
    assert index.sent == len(BIG.data) + len(SMALL.data)


def test_a_second_fetch_asks_nothing(index: FaultIndex, tmp_path: Path) -> None:
    fetch(index, tmp_path)
    before = len(index.requests)
    fetch(index, tmp_path)
    assert len(index.requests) == before


@pytest.mark.parametrize("tenth", range(1, 10))
@pytest.mark.parametrize("kind", ["drop", "reset"])
def test_a_drop_at_every_tenth_goes_on_there(
    index: FaultIndex, tmp_path: Path, tenth: int, kind: str
) -> None:
    index.fail(SMALL.file, kind, times=1, after=len(SMALL.data) * tenth // 10)
    events = fetch(index, tmp_path, SMALL)
    # A reset may take bytes with it that the system had received but nobody had read; a plain close
    # may not.
    assert index.sent - len(SMALL.data) <= (0 if kind == "drop" else 1 << 20)
    assert any("Trying again" in t.note for t in events)


def test_a_line_that_keeps_dropping_still_ends(index: FaultIndex, tmp_path: Path) -> None:
    index.fail(BIG.file, "drop", times=30, after=400_000)
    fetch(index, tmp_path, BIG)
    assert index.sent == len(BIG.data)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (401, "index_denied"),
        (403, "index_denied"),
        (404, "file_missing"),
        (410, "file_missing"),
        (407, "proxy_needs_password"),
        (400, "server_error"),
    ],
)
def test_a_final_answer_is_named_at_once(
    index: FaultIndex, tmp_path: Path, code: int, name: str
) -> None:
    index.fail(SMALL.file, "status", code=code)
    error = failure(index, tmp_path)
    assert error.code == name
    assert index.host in error.message
    assert len(index.asked(SMALL.file)) == 1


@pytest.mark.parametrize(
    ("code", "name"), [(429, "too_many_requests"), (500, "server_error"), (503, "server_error")]
)
def test_server_trouble_is_tried_again_then_named(
    index: FaultIndex, tmp_path: Path, code: int, name: str
) -> None:
    index.fail(SMALL.file, "status", code=code, times=2)
    fetch(index, tmp_path, SMALL)
    index.fail(BIG.file, "status", code=code)
    error = failure(index, tmp_path, BIG)
    assert error.code == name and str(code) in error.message and BIG.file in error.message
    assert len(index.asked(BIG.file)) == HASTY.first_attempts


def test_retry_after_is_obeyed(index: FaultIndex, tmp_path: Path) -> None:
    index.fail(SMALL.file, "status", code=429, times=1, headers={"Retry-After": "1"})
    began = time.monotonic()
    fetch(index, tmp_path, SMALL)
    assert time.monotonic() - began >= 1.0


def test_a_stall_is_noticed_and_the_rest_fetched_anew(index: FaultIndex, tmp_path: Path) -> None:
    index.fail(SMALL.file, "stall", times=1, after=100_000)
    fetch(index, tmp_path, SMALL)
    assert index.sent == len(SMALL.data)
    index.fail(BIG.file, "stall")
    error = failure(index, tmp_path, BIG)
    assert error.code == "network_timeout" and index.host in error.message


def test_a_drip_counts_as_a_stall(index: FaultIndex, tmp_path: Path) -> None:
    index.fail(SMALL.file, "slow", times=1, rate=900.0)
    hasty = RetryPolicy(read=3.0, backoff=0.05, slowest=5000.0)
    events = fetch(index, tmp_path, SMALL, web=HttpWeb(threading.Event(), patience=hasty))
    assert any("Trying again" in t.note for t in events)


def test_a_slow_line_is_waited_for(index: FaultIndex, tmp_path: Path) -> None:
    index.fail(SMALL.file, "slow", rate=200_000.0)
    events = fetch(index, tmp_path, SMALL)
    rates = [t.rate for t in events if t.rate]
    assert rates and 100_000 < sorted(rates)[len(rates) // 2] < 300_000
    assert [t.done for t in events] == sorted(t.done for t in events)


def test_a_server_without_ranges_gets_one_stream(index: FaultIndex, tmp_path: Path) -> None:
    index.fail(BIG.file, "no-range")
    events = fetch(index, tmp_path, BIG)
    assert index.sent == len(BIG.data)
    assert any("one stream" in t.note for t in events)


def test_a_drop_without_ranges_starts_again_and_ends(index: FaultIndex, tmp_path: Path) -> None:
    index.fail(BIG.file, "drop", times=1, after=1 << 20)
    index.fail(BIG.file, "no-range")
    fetch(index, tmp_path, BIG)


def test_starting_again_for_ever_is_no_progress(index: FaultIndex, tmp_path: Path) -> None:
    index.fail(BIG.file, "drop", after=1 << 20, ranges=False)
    assert failure(index, tmp_path, BIG).code == "network_interrupted"
    assert len(index.asked(BIG.file)) <= HASTY.attempts + 1


def test_sizes_that_nobody_told(index: FaultIndex, tmp_path: Path) -> None:
    fetch(index, tmp_path, sizes=False)
    assert index.sent == len(BIG.data) + len(SMALL.data)


def test_a_stream_without_any_length(index: FaultIndex, tmp_path: Path) -> None:
    index.fail(".", "no-length")
    fetch(index, tmp_path, sizes=False)


def test_damaged_bytes_are_fetched_once_more_then_named(index: FaultIndex, tmp_path: Path) -> None:
    index.fail(SMALL.file, "corrupt", times=1)
    fetch(index, tmp_path, SMALL)
    index.fail(BIG.file, "corrupt")
    error = failure(index, tmp_path, BIG)
    assert (
        error.code == "pip_hash_mismatch"
        and BIG.file in error.message
        and BIG.sha256 in error.details
    )
    assert [p.name for p in (tmp_path / "wheels").iterdir()] == [SMALL.file]


@pytest.mark.parametrize("kind", ["cut", "grown"])
def test_a_file_of_another_size_is_named(index: FaultIndex, tmp_path: Path, kind: str) -> None:
    index.fail(SMALL.file, kind)
    error = failure(index, tmp_path)
    assert error.code == "wrong_size" and f"{len(SMALL.data):,}" in error.message


def test_a_wrong_range_is_not_written(index: FaultIndex, tmp_path: Path) -> None:
    index.fail(BIG.file, "wrong-range", times=2)
    fetch(index, tmp_path, BIG)


def test_a_sign_in_page_is_not_taken_for_a_file(index: FaultIndex, tmp_path: Path) -> None:
    index.fail(SMALL.file, "captive")
    error = failure(index, tmp_path)
    assert error.code == "captive_portal" and "Sign in" in error.details


def test_a_circle_of_redirects(index: FaultIndex, tmp_path: Path) -> None:
    index.fail(SMALL.file, "circle")
    assert failure(index, tmp_path).code == "redirect_loop"


def test_nobody_listens(index: FaultIndex, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        index.base = f"http://127.0.0.1:{free.getsockname()[1]}"
    error = failure(index, tmp_path)
    assert (
        error.code == "connection_refused" and index.base.removeprefix("http://") in error.message
    )


def test_a_name_that_does_not_exist(index: FaultIndex, tmp_path: Path) -> None:
    index.base = "https://index.invalid"
    error = failure(index, tmp_path)
    assert error.code == "dns_failure" and "index.invalid" in error.message


def test_no_tls_means_no_connection_beyond_loopback(index: FaultIndex, tmp_path: Path) -> None:
    index.base = "http://example.invalid"
    assert failure(index, tmp_path).code == "address_unsafe"
    index.base = "ftp://example.invalid"
    assert failure(index, tmp_path).code == "address_unsafe"


def test_a_redirect_may_not_leave_tls(index: FaultIndex, tmp_path: Path) -> None:
    index.fail(SMALL.file, "status", code=302, headers={"Location": "http://example.invalid/x.whl"})
    assert failure(index, tmp_path).code == "address_unsafe"


needs_openssl = pytest.mark.skipif(
    OPENSSL is None, reason="certificates are made by the openssl program"
)


@needs_openssl
def test_a_certificate_that_nobody_knows_and_one_that_was_given(tmp_path: Path) -> None:
    context, bundle = certificate(tmp_path)
    with FaultIndex([SMALL], tls=context) as index:
        error = failure(index, tmp_path)
        assert error.code == "tls_intercepted" and "self-signed" in error.message
        web = HttpWeb(threading.Event(), Sources(certificate=str(bundle)), patience=HASTY)
        assert web.examine(index.url) is None
        fetch(index, tmp_path, SMALL, web=web)
        assert (
            _code(HttpWeb(threading.Event(), patience=HASTY).examine(index.url))
            == "tls_intercepted"
        )


@needs_openssl
def test_an_expired_certificate(tmp_path: Path) -> None:
    context, bundle = certificate(tmp_path, days=("20200101000000Z", "20210101000000Z"))
    with FaultIndex([SMALL], tls=context) as index:
        error = failure(index, tmp_path, sources=Sources(certificate=str(bundle)))
        assert error.code == "server_certificate_expired" and "date and time" in error.hint


@needs_openssl
def test_a_certificate_of_another_name(tmp_path: Path) -> None:
    context, bundle = certificate(tmp_path, name="elsewhere.invalid")
    with FaultIndex([SMALL], tls=context) as index:
        error = failure(index, tmp_path, sources=Sources(certificate=str(bundle)))
        assert error.code == "tls_intercepted" and "another name" in error.message


@needs_openssl
def test_a_proxy_with_a_password(tmp_path: Path) -> None:
    context, bundle = certificate(tmp_path, name="index.invalid")
    with FaultIndex([SMALL], tls=context) as index:
        port = int(index.host.rpartition(":")[2])
        index.base = f"https://index.invalid:{port}"
        with Proxy(login="jan:gehe im", target=("127.0.0.1", port)) as proxy:
            right = Sources(certificate=str(bundle), proxy=f"http://jan:gehe%20im@{proxy.host}")
            web = HttpWeb(threading.Event(), right, patience=HASTY)
            assert web.proxy() == f"http://jan:***@{proxy.host}"
            fetch(index, tmp_path, SMALL, web=web)
            assert proxy.seen[0].startswith("CONNECT index.invalid")
            (tmp_path / "wheels" / SMALL.file).unlink()
            error = failure(
                index,
                tmp_path,
                sources=Sources(certificate=str(bundle), proxy=f"http://jan:falsch@{proxy.host}"),
            )
            assert error.code == "proxy_needs_password" and proxy.host in error.message
            assert "falsch" not in error.message + error.details + error.hint
        error = failure(
            index,
            tmp_path,
            sources=Sources(certificate=str(bundle), proxy=f"http://jan:falsch@{proxy.host}"),
        )
        assert error.code == "proxy_unreachable" and proxy.host in error.message
        assert "falsch" not in error.message + error.details + error.hint


def test_an_index_login_goes_to_its_own_host_only(index: FaultIndex, tmp_path: Path) -> None:
    web = HttpWeb(
        threading.Event(), Sources(index=index.url.replace("//", "//me:secret@")), patience=HASTY
    )
    fetch(index, tmp_path, SMALL, web=web)
    assert all(r.headers["Authorization"].startswith("Basic ") for r in index.asked(SMALL.file))
    with FaultIndex([BIG]) as other:
        fetch(other, tmp_path / "other", BIG, web=web)
        assert all("Authorization" not in r.headers for r in other.requests)


def test_stop_is_obeyed_at_once_and_nothing_is_lost(index: FaultIndex, tmp_path: Path) -> None:
    index.fail(BIG.file, "stall", after=3 << 20, seconds=120.0)
    stop = threading.Event()
    patient = HttpWeb(stop, patience=RetryPolicy(read=120.0))
    running = patient.fetch(downloads(index, tmp_path, BIG))
    for arrived in running:
        if arrived.done >= 8 << 20:
            break
    stop.set()
    began = time.monotonic()
    with pytest.raises(StoppedError):
        list(running)
    assert time.monotonic() - began < 60  # the stalled stream would be waited for 120 s
    stop.clear()
    index.rules.clear()
    list(patient.fetch(downloads(index, tmp_path, BIG)))
    assert index.sent <= len(BIG.data) * 1.02


def test_a_closed_generator_leaves_no_thread_at_work(index: FaultIndex, tmp_path: Path) -> None:
    index.fail(BIG.file, "slow", rate=500_000.0)
    running = HttpWeb(threading.Event(), patience=HASTY).fetch(downloads(index, tmp_path, BIG))
    assert isinstance(running, Generator)
    next(running)
    running.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("fetch-")]


def test_file_addresses_are_present(index: FaultIndex, tmp_path: Path) -> None:
    source = tmp_path / "a bundle" / SMALL.file
    source.parent.mkdir()
    source.write_bytes(SMALL.data)
    web = HttpWeb(threading.Event())
    assert web.size(source.as_uri()) == len(SMALL.data)
    wanted = Download(
        url=source.as_uri(), target=str(tmp_path / "wheels" / SMALL.file), sha256=(SMALL.sha256,)
    )
    list(web.fetch([wanted]))
    assert [p.name for p in (tmp_path / "wheels").iterdir()] == [SMALL.file]
    source.write_bytes(b"changed")
    (tmp_path / "wheels" / SMALL.file).unlink()
    with pytest.raises(ExpectedError, match="SHA-256"):
        list(web.fetch([wanted]))
    assert list((tmp_path / "wheels").iterdir()) == []


def test_a_wrong_file_under_the_final_name_is_replaced(index: FaultIndex, tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / SMALL.file).write_bytes(bytes(len(SMALL.data)))
    fetch(index, tmp_path, SMALL)


def test_a_folder_that_cannot_be_made_is_named(index: FaultIndex, tmp_path: Path) -> None:
    (tmp_path / "wheels").write_text("a file, not a folder")
    error = failure(index, tmp_path)
    assert str(tmp_path / "wheels") in error.message


def test_a_full_disk_stops_cleanly_and_goes_on_after_room_was_made(
    index: FaultIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = part_file.PartFile.note
    noted: list[int] = []

    def full(part: part_file.PartFile, piece: part_file.Range) -> None:
        noted.append(piece.done)
        if len(noted) > 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        whole(part, piece)

    monkeypatch.setattr(part_file.PartFile, "note", full)
    error = failure(index, tmp_path, BIG)
    assert error.code == "disk_full" and "wheels" in error.message
    monkeypatch.undo()
    events = fetch(index, tmp_path, BIG)
    assert events[0].done >= 20 * 60_000 or any("going on from there" in t.note for t in events)


def test_room_is_checked_first_and_watched(
    index: FaultIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [len(BIG.data)]
    monkeypatch.setattr(
        "app.adapters.download.downloader.shutil.disk_usage",
        lambda _: SimpleNamespace(free=free[0]),
    )
    error = failure(index, tmp_path, BIG)
    assert error.code == "disk_full" and "0.01 GB are still to be fetched" in error.message
    assert index.requests == []
    free[0] = 1 << 40
    index.fail(BIG.file, "slow", rate=300_000.0)
    with pytest.raises(ExpectedError, match="nearly full"):
        for _ in HttpWeb(threading.Event(), patience=HASTY).fetch(downloads(index, tmp_path, BIG)):
            free[0] = 1 << 20


def _code(fault: ExpectedError | None) -> str | None:
    return fault.code if fault else None


def test_an_index_is_told_from_a_sign_in_page(index: FaultIndex) -> None:
    web = HttpWeb(threading.Event(), patience=HASTY)
    assert web.examine(index.url) is None
    assert web.examine(index.url + "big/") is None
    index.fail("/simple/", "captive", times=1)
    assert _code(web.examine(index.url)) == "captive_portal"
    index.fail("/simple/", "status", code=403, times=1)
    assert _code(web.examine(index.url)) == "index_denied"
    index.fail("/simple/", "stall", times=1)
    began = time.monotonic()
    assert _code(web.examine(index.url, 0.5)) == "network_timeout"
    assert time.monotonic() - began < 40  # the server says nothing for 60 s
    assert _code(web.examine("https://index.invalid/simple/")) == "dns_failure"
    assert web.size(index.address(BIG)) == len(BIG.data)
    assert web.size(index.base + "/files/nothing.whl") is None
