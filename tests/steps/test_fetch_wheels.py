"""The fetch step with the real uv against a real index on loopback.

What arrives, what is refused, what is said.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from app.adapters.download.fetch_context import RetryPolicy
from app.adapters.download.web import HttpWeb
from app.model.errors import ExpectedError, InputError
from app.model.event import AnyPayload, Line, Progress
from app.model.plan import FetchWheels
from app.model.profile import Part, Wheel
from app.model.sources import Sources
from app.steps import child_environment, fetch_wheels
from app.steps.step_context import StepContext
from tests.fault_index import FaultIndex, lock_of, make_wheel, server
from tests.fault_index.certificates import OPENSSL, issued

ONE, TWO = make_wheel("one", size=400_000), make_wheel("two-words", "2.1", size=50_000)
STEP = FetchWheels(id="fetch", title="Fetching", profile="small", part="packages")


@pytest.fixture
def index() -> Iterator[FaultIndex]:
    with FaultIndex([ONE, TWO]) as running:
        yield running


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """uv tries once and waits two seconds, so that the tests need not sit through its patience."""
    usual = child_environment.uv_settings
    monkeypatch.setattr(
        child_environment,
        "uv_settings",
        lambda site: usual(site) | {"UV_HTTP_RETRIES": "0", "UV_HTTP_TIMEOUT": "2"},
    )


Make = Callable[..., StepContext]


@pytest.fixture
def at(site: StepContext) -> Make:
    """A site whose index is the given one, with a lock of the two wheels or of other text."""

    def made(
        index: FaultIndex,
        /,
        lock: str | None = None,
        unhashed: tuple[str, ...] = (),
        **sources: object,
    ) -> StepContext:
        text = lock_of([ONE, TWO]) if lock is None else lock
        profile = site.profiles["small"]
        part = Part(
            id="packages",
            title="Packages",
            platform=profile.parts[0].platform,
            lock="x.txt",
            requirements=text,
            unhashed=unhashed,
            wheels=(Wheel(name="one", version="1.0"), Wheel(name="two-words", version="2.1")),
        )
        small = type(profile)(
            **{f: getattr(profile, f) for f in profile.__struct_fields__} | {"parts": (part,)}
        )
        own = Sources(**({"index": index.url} | sources))  # type: ignore[arg-type]
        site.system.web = HttpWeb(
            site.system.stop, patience=RetryPolicy(read=1.0, backoff=0.05, longest=0.1)
        )
        return replace(site, profiles={"small": small}, sources=own)

    return made


def wheels(site: StepContext) -> dict[str, bytes]:
    """What lies in the wheelhouse."""
    return (
        {p.name: p.read_bytes() for p in Path(site.place.wheels).iterdir()}
        if Path(site.place.wheels).exists()
        else {}
    )


def printed(events: list[AnyPayload]) -> str:
    """All lines of a run."""
    return b"".join(e.text for e in events if isinstance(e, Line)).decode()


def failed(site: StepContext) -> ExpectedError:
    """The fault that the step ends with; it always has a next step, and nothing is in the
    wheelhouse.
    """
    with pytest.raises(ExpectedError) as caught:
        list(fetch_wheels.run(STEP, site))
    assert caught.value.hint, caught.value
    assert wheels(site) == {}
    return caught.value


def test_a_lock_arrives_whole_and_only_once(
    index: FaultIndex, at: Make, effects: list[tuple[str, dict[str, str]]]
) -> None:
    site = at(index)
    assert fetch_wheels.done(STEP, site) is None
    events = list(fetch_wheels.run(STEP, site))
    assert wheels(site) == {ONE.file: ONE.data, TWO.file: TWO.data}
    last = [e for e in events if isinstance(e, Progress)][-1]
    assert last.done == last.total == len(ONE.data) + len(TWO.data)
    assert ("made", {"path": site.place.wheels}) in effects
    assert fetch_wheels.done(STEP, site) == "2 files of the lock are in the wheelhouse."
    before = index.sent
    list(fetch_wheels.run(STEP, site))
    assert index.sent == before


def large_and_many(at: Make, index: FaultIndex) -> StepContext:
    """A lock of one file that the profile knows to be large and of ten others: they are looked up
    in two shares.
    """
    site = at(index, lock_of(list(index.wheels.values())))
    part = site.profiles["small"].parts[0]
    sizes = tuple(
        Wheel(name=w.name, version=w.version, size=20_000_000 if w.name == "one" else 1000)
        for w in index.wheels.values()
    )
    changed = msgspec.structs.replace(
        site.profiles["small"], parts=(msgspec.structs.replace(part, wheels=sizes),)
    )
    return replace(site, profiles={"small": changed})


def test_the_large_file_is_looked_up_first_and_everything_arrives(at: Make) -> None:
    others = [make_wheel(f"other{n}", size=1000) for n in range(10)]
    with FaultIndex([ONE, *others]) as index:
        site = large_and_many(at, index)
        events = list(fetch_wheels.run(STEP, site))
        pages = [r.path for r in index.requests if r.path.startswith("/simple/")]
    assert pages[0] == "/simple/one/" and len(pages) == 11
    assert wheels(site) == {w.file: w.data for w in (ONE, *others)}
    assert "Looking up 1 files" in printed(events) and "Looking up 10 files" in printed(events)
    last = [e for e in events if isinstance(e, Progress)][-1]
    assert last.done == last.total == sum(len(w.data) for w in (ONE, *others))
    assert fetch_wheels.done(STEP, site) == "11 files of the lock are in the wheelhouse."


def test_a_fault_of_the_second_share_is_named_too(at: Make) -> None:
    others = [make_wheel(f"other{n}", size=1000) for n in range(10)]
    with FaultIndex([ONE, *others]) as index:
        site = large_and_many(at, index)
        index.fail("/simple/other3/", "status", code=403)
        with pytest.raises(ExpectedError) as caught:
            list(fetch_wheels.run(STEP, site))
        assert caught.value.code == "index_denied" and index.host in caught.value.message
        assert not [
            p
            for p in wheels(site)
            if p not in (ONE.file, ONE.file + ".part", ONE.file + ".ranges.part")
        ]
        index.rules.clear()
        list(fetch_wheels.run(STEP, site))
    assert wheels(site) == {w.file: w.data for w in (ONE, *others)}


@pytest.mark.parametrize("told", [True, False])
def test_an_index_without_hashes_sends_every_file_once_and_the_locks_hashes_decide(
    at: Make, told: bool
) -> None:
    """uv, asked for a lock of files alone, fetched each of them here: 450,000 bytes more, before
    the first byte was shown.
    """
    with FaultIndex([ONE, TWO], hashes=told, sizes=told) as index:
        site = at(index)
        events = list(fetch_wheels.run(STEP, site))
        assert wheels(site) == {ONE.file: ONE.data, TWO.file: TWO.data}
        assert index.sent == len(ONE.data) + len(TWO.data)
        assert len([r for r in index.requests if r.path.startswith("/simple/")]) == 2
        assert ("No hashes are told by the chosen index" in printed(events)) is not told
        last = [e for e in events if isinstance(e, Progress)][-1]
        assert last.done == last.total == index.sent
    assert not list(Path(site.place.home).rglob("lookup-*"))
    assert fetch_wheels.done(STEP, site) == "2 files of the lock are in the wheelhouse."


@pytest.mark.parametrize("told", [True, False])
def test_an_index_that_forbids_to_keep_its_pages_sends_every_file_once_too(
    at: Make, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = server._Handler.end_headers

    def end_headers(self: server._Handler) -> None:
        self.send_header("Cache-Control", "no-store")
        usual(self)

    monkeypatch.setattr(server._Handler, "end_headers", end_headers)
    with FaultIndex([ONE, TWO], hashes=told, sizes=told) as index:
        site = at(index)
        list(fetch_wheels.run(STEP, site))
        assert wheels(site) == {ONE.file: ONE.data, TWO.file: TWO.data}
        assert index.sent == len(ONE.data) + len(TWO.data)


def test_a_local_version_of_an_index_without_hashes_is_found_for_its_pin(at: Make) -> None:
    local = make_wheel("one", "1.0+cpu", size=100_000)
    with FaultIndex([local, TWO], hashes=False, sizes=False) as index:
        site = at(index, lock_of([local, TWO]).replace("1.0+cpu", "1.0"))
        list(fetch_wheels.run(STEP, site))
        assert wheels(site) == {local.file: local.data, TWO.file: TWO.data}
        assert index.sent == len(local.data) + len(TWO.data)


def test_a_changed_file_of_an_index_without_hashes_is_refused(at: Make) -> None:
    other = make_wheel("one", size=300_000)
    with FaultIndex([other, TWO], hashes=False, sizes=False) as index:
        site = at(index)
        with pytest.raises(ExpectedError) as caught:
            list(fetch_wheels.run(STEP, site))
    assert caught.value.code == "pip_hash_mismatch" and index.host in caught.value.message
    assert ONE.file not in wheels(site)


def test_without_an_answer_from_its_pages_uv_fetches_the_files_itself(
    at: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.steps.index_lookup.as_pylock", lambda *_: None)
    with FaultIndex([ONE, TWO], hashes=False) as index:
        site = at(index)
        list(fetch_wheels.run(STEP, site))
    assert wheels(site) == {ONE.file: ONE.data, TWO.file: TWO.data}


def test_many_files_for_other_systems_without_hashes_are_told_apart(at: Make) -> None:
    """The lock has hashes of all of a package's files: the one for this system is taken, by its
    name.
    """
    own, other = (f"cp3{sys.version_info.minor + n}" for n in (0, 1))
    tags = (
        f"{own}-{own}-win_amd64",
        f"{own}-{own}-manylinux_2_17_x86_64",
        f"{other}-{other}-win_amd64",
        f"{other}-{other}-manylinux_2_17_x86_64",
        f"{own}-{own}-macosx_11_0_arm64",
    )
    many = [make_wheel("many", size=1000, tag=tag) for tag in tags]
    lock = "many==1.0 " + " ".join(f"--hash=sha256:{w.sha256}" for w in many) + "\n"
    with FaultIndex(many, hashes=False, sizes=False) as index:
        site = at(index, lock)
        list(fetch_wheels.run(STEP, site))
    [name] = wheels(site)
    assert (
        name.endswith("win_amd64.whl" if site.place.family == "windows" else "x86_64.whl")
        and own in name
    )


def test_done_looks_at_the_files_and_at_the_lock(index: FaultIndex, at: Make) -> None:
    site = at(index)
    list(fetch_wheels.run(STEP, site))
    path = Path(site.place.wheel(ONE.file))
    path.touch()
    assert fetch_wheels.done(STEP, site) is not None  # another time, the same bytes
    path.write_bytes(ONE.data[:-1] + b"?")
    assert fetch_wheels.done(STEP, site) is None
    list(fetch_wheels.run(STEP, site))
    assert wheels(site)[ONE.file] == ONE.data
    assert fetch_wheels.done(STEP, at(index, lock_of([TWO]))) is None
    path.unlink()
    assert fetch_wheels.done(STEP, at(index)) is None


def test_an_index_that_tells_no_sizes(at: Make) -> None:
    with FaultIndex([ONE, TWO], sizes=False) as index:
        site = at(index)
        events = list(fetch_wheels.run(STEP, site))
        totals = {e.total for e in events if isinstance(e, Progress)}
        assert totals == {len(ONE.data) + len(TWO.data)}


def test_the_best_file_of_several_is_taken(at: Make) -> None:
    plain, fitting = (
        make_wheel("one", size=1000),
        make_wheel("one", size=2000, tag="cp311-cp311-manylinux_2_17_x86_64"),
    )
    newer = make_wheel("one", size=3000, tag="cp311-cp311-manylinux_2_39_x86_64")
    with FaultIndex([plain, fitting, newer]) as index:
        lock = (
            f"one==1.0 --hash=sha256:{plain.sha256} --hash=sha256:{fitting.sha256} "
            f"--hash=sha256:{newer.sha256}\n"
        )
        site = at(index, lock)
        if site.place.family == "windows" or site.profiles["small"].python != "3.11":
            pytest.skip("the tags are of Linux and Python 3.11")
        list(fetch_wheels.run(STEP, site))
        assert list(wheels(site)) == [fitting.file]


def test_without_a_hash_in_the_lock_the_index_is_believed_and_that_is_said(
    index: FaultIndex, at: Make
) -> None:
    site = at(index, lock_of([ONE]) + "two-words==2.1\n", ("two-words",))
    events = list(fetch_wheels.run(STEP, site))
    assert (
        "two-words 2.1: the lock has no hash for this file; the index's own hash is taken"
        in printed(events)
    )
    written = Path(site.place.at("locks", "small-packages.txt")).read_text()
    assert f"--hash=sha256:{TWO.sha256}" in written and f"--hash=sha256:{ONE.sha256}" in written


def test_a_forgotten_hash_is_refused(index: FaultIndex, at: Make) -> None:
    assert failed(at(index, lock_of([ONE]) + "two-words==2.1\n")).code == "pip_hash_mismatch"


def test_another_hash_than_the_lock_is_refused_before_a_byte_comes(
    index: FaultIndex, at: Make
) -> None:
    error = failed(at(index, f"one==1.0 --hash=sha256:{'0' * 64}\n"))
    assert error.code == "pip_hash_mismatch"
    assert index.sent == 0


@pytest.mark.parametrize(
    ("kind", "how", "code"),
    [
        ("status", {"code": 401}, "index_denied"),
        ("status", {"code": 403}, "index_denied"),
        ("status", {"code": 404}, "package_missing"),
        ("status", {"code": 429}, "too_many_requests"),
        ("status", {"code": 503}, "server_error"),
        ("captive", {}, "captive_portal"),
        ("circle", {}, "redirect_loop"),
        ("stall", {}, "network_timeout"),
    ],
)
def test_a_failing_index_is_named(
    index: FaultIndex, at: Make, kind: str, how: dict[str, int], code: str
) -> None:
    index.fail("/simple/", kind, **how)
    error = failed(at(index))
    assert error.code == code, error
    assert "127.0.0.1" in error.message


def test_a_refusal_is_not_taken_for_a_missing_package_with_several_indexes(
    index: FaultIndex, at: Make
) -> None:
    index.fail("/simple/", "status", code=403)
    with FaultIndex([ONE]) as other:
        error = failed(at(index, extra_indexes=(other.url,)))
    assert error.code == "index_denied" and index.host in error.message


def test_an_index_that_lacks_one_file(at: Make) -> None:
    with FaultIndex([ONE]) as index:
        error = failed(at(index))
        assert error.code == "package_missing" and "two-words" in error.message
    with FaultIndex([ONE, make_wheel("two-words", "3.0")]) as index:
        error = failed(at(index))
        assert error.code == "version_missing" and "two-words==2.1" in error.message


def test_files_for_another_system_only(at: Make) -> None:
    other = make_wheel("one", tag="cp311-cp311-macosx_11_0_arm64")
    with FaultIndex([other]) as index:
        error = failed(at(index, lock_of([other])))
        assert error.code == "wheel_unsuitable" and "one==1.0" in error.message


def test_nobody_listens_and_no_such_name(index: FaultIndex, at: Make) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        error = failed(at(index, index=f"http://127.0.0.1:{free.getsockname()[1]}/simple/"))
    assert error.code == "connection_refused"
    error = failed(at(index, index="https://index.invalid/simple/"))
    assert error.code == "dns_failure" and "index.invalid" in error.message


@pytest.mark.skipif(OPENSSL is None, reason="certificates are made by the openssl program")
def test_an_unknown_certificate_and_one_that_was_given(at: Make, tmp_path: Path) -> None:
    context, bundle = issued(tmp_path)
    with FaultIndex([ONE, TWO], tls=context) as index:
        assert failed(at(index)).code == "tls_intercepted"
        list(fetch_wheels.run(STEP, at(index, certificate=str(bundle))))


def test_a_password_of_the_index_is_shown_nowhere(index: FaultIndex, at: Make) -> None:
    site = at(index, index=index.url.replace("//", "//jan:geheim@"))
    events = list(fetch_wheels.run(STEP, site))
    assert "geheim" not in printed(events)
    assert all("Authorization" in r.headers for r in index.asked(".whl"))
    home = [
        p for p in Path(site.place.home).rglob("*") if p.is_file() and b"geheim" in p.read_bytes()
    ]
    assert [p for p in home if "locks" in p.parts] == []
    index.fail("/simple/", "status", code=403)
    Path(site.place.cache).rename(site.place.cache + "-old")
    with pytest.raises(ExpectedError) as caught:
        list(fetch_wheels.run(STEP, site))
    assert "geheim" not in caught.value.message + caught.value.details + caught.value.hint


def test_a_hostile_index_cannot_name_a_path(at: Make) -> None:
    with FaultIndex([ONE]) as index:
        index.pages = {
            "one": '<a href="/files/x%2F..%2F..%2Fevil.whl">one-1.0-py3-none-any.whl</a>'
        }
        assert (
            failed(at(index, lock_of([ONE]))).code == "version_missing"
        )  # uv itself takes no such name
        index.pages = {"one": f'<a href="file:///etc/{ONE.file}">{ONE.file}</a>'}
        assert failed(at(index, lock_of([ONE]))).code == "index_unsafe"


def test_find_links_stand_in_for_the_pytorch_index(
    index: FaultIndex, at: Make, tmp_path: Path
) -> None:
    folder = tmp_path / "my wheels"
    folder.mkdir()
    (folder / ONE.file).write_bytes(ONE.data)
    site = at(
        index, lock_of([ONE]), find_links=(str(folder),), pytorch_index="https://index.invalid/whl"
    )
    step = FetchWheels(
        id="fetch", title="Fetching", profile="small", part="packages", index="pytorch/cpu"
    )
    list(fetch_wheels.run(step, site))
    assert wheels(site) == {ONE.file: ONE.data}
    (folder / ONE.file).unlink()
    Path(site.place.wheel(ONE.file)).unlink()
    assert failed_with(step, site).code == "dns_failure"


def test_a_bundle_needs_no_network(index: FaultIndex, at: Make, tmp_path: Path) -> None:
    (tmp_path / "bundle" / "wheels").mkdir(parents=True)
    for wheel in (ONE, TWO):
        (tmp_path / "bundle" / "wheels" / wheel.file).write_bytes(wheel.data)
    site = at(index, offline=str(tmp_path / "bundle"), index="https://index.invalid/simple/")
    list(fetch_wheels.run(STEP, site))
    assert wheels(site) == {ONE.file: ONE.data, TWO.file: TWO.data}
    assert index.requests == []


def test_a_plan_for_another_system_is_refused(site: StepContext) -> None:
    with pytest.raises(InputError, match="the part nothing of small"):
        list(fetch_wheels.run(FetchWheels(id="f", title="", profile="small", part="nothing"), site))


def failed_with(step: FetchWheels, site: StepContext) -> ExpectedError:
    """The fault of another step than the usual."""
    with pytest.raises(ExpectedError) as caught:
        list(fetch_wheels.run(step, site))
    return caught.value


@pytest.mark.parametrize(
    "sources",
    [
        {"index": "http://index.invalid/simple/"},
        {"extra_indexes": ("http://index.invalid/simple/",)},
        {"find_links": ("http://index.invalid/links",)},
    ],
)
def test_an_index_without_tls_is_not_even_asked(
    index: FaultIndex, at: Make, sources: dict[str, object]
) -> None:
    """Whoever stands in between could say what there is, and from where."""
    error = failed(at(index, **sources))
    assert error.code == "address_unsafe" and "index.invalid" in error.message
    assert index.requests == []


def test_a_page_whose_hashes_will_count_may_not_leave_tls_on_its_way(
    index: FaultIndex, at: Make
) -> None:
    index.fail(
        "/simple/one/",
        "status",
        code=302,
        headers={"Location": "http://example.invalid/simple/one/"},
    )
    lock = lock_of([ONE, TWO]).replace(f" --hash=sha256:{ONE.sha256}", "")
    assert failed(at(index, lock, unhashed=("one",))).code == "address_unsafe"
