"""Files that people hand in, broken in every way.

One sentence each, no fault of the program, bounded memory.
"""

from __future__ import annotations

import errno
import io
import json
import os
import struct
import sys
import threading
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.clock import SystemClock
from app.adapters.disk_errors import disk_fault
from app.adapters.files import LocalFiles
from app.decide.plans.pylock import as_pylock, choose_files, parse_pins
from app.engine.answer_file import load_answers
from app.engine.journal import Journal
from app.engine.load_machine import load_machine, recorded_run
from app.model import limits
from app.model.errors import ExpectedError, InputError
from app.model.machine import MachineFacts, Os, decode_machine
from app.model.plan import CreateEnvironment, Plan
from app.report.archive import read_member, write_archive
from tests.fuzzing import runs

MACHINE = msgspec.json.encode(MachineFacts(os=Os(family="windows", name="Windows 11")))
EVENT = b'{"at": 1, "step": "python", "what": "started"}\n'
REPORT = write_archive(
    {"machine.json": MACHINE, "events.jsonl": EVENT * 3, "report.json": b'{"profile": "p"}'}
)


def _read(data: bytes) -> None:
    """Everything that is read of a machine file or a report."""
    try:
        load_machine(data, "given")
        recorded_run(data, "given")
    except InputError as error:
        assert "given" in error.message
        assert "\n" not in error.message


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_only_what_reports_are_packed_with_is_unpacked(method: int) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        archive.writestr("machine.json", MACHINE)
    with pytest.raises(InputError, match="packed in a way"):
        load_machine(data.getvalue(), "given")


def test_a_list_of_a_million_files_is_not_read() -> None:
    data = bytearray(REPORT)
    struct.pack_into("<L", data, len(data) - 10, limits.REPORT_LIST + 1)
    with pytest.raises(InputError, match="too many files"):
        load_machine(bytes(data), "given")
    end = REPORT[:-22] + b"PK\x06\x07" + bytes(16) + REPORT[-22:]
    with pytest.raises(InputError, match="too many files"):
        load_machine(end, "given")


def test_the_size_that_a_report_claims_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REPORT_MEMBER", 1000)
    with pytest.raises(InputError, match=r"machine\.json is larger than"):
        read_member(
            write_archive({"machine.json": bytes(2000)}), "x", "machine.json", required=True
        )


@pytest.mark.parametrize("at", ["1e999", "9" * 5000, '"x"', "null", "[]", "-1e308"])
def test_an_event_at_an_odd_time_is_told_by_its_line(at: str) -> None:
    event = b'{"at": %s, "step": "a", "what": "line", "text": "x"}\n' % at.encode()
    _read(write_archive({"machine.json": MACHINE, "events.jsonl": event}))


def test_a_machine_file_of_any_size_is_refused_before_it_is_read() -> None:
    with pytest.raises(InputError, match="larger than 8 MB"):
        decode_machine(b"[" * (limits.MACHINE + 1), "given")


@runs(300)
@given(
    places=st.lists(st.tuples(st.integers(0, len(REPORT) - 1), st.integers(0, 255)), max_size=6),
    cut=st.integers(0, len(REPORT)),
    more=st.binary(max_size=30),
)
def test_no_damage_to_a_report_is_a_fault(
    places: list[tuple[int, int]], cut: int, more: bytes
) -> None:
    data = bytearray(REPORT)
    for place, value in places:
        data[place] = value
    _read(bytes(data[: cut or None]) + more)


@runs(300)
@given(
    at=st.integers(0, 21), value=st.sampled_from((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\0\0\0\x80"))
)
def test_no_lie_at_the_end_of_a_report_is_a_fault(at: int, value: bytes) -> None:
    data = bytearray(REPORT)
    start = len(data) - 22 + at
    data[start : start + 4] = value
    _read(bytes(data))


_JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just(10**400)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(MachineFacts.__struct_fields__), inner, max_size=4),
    ),
    max_leaves=12,
)


@runs(300)
@given(fields=st.dictionaries(st.sampled_from(MachineFacts.__struct_fields__), _JSON, max_size=5))
def test_no_value_in_a_machine_file_is_a_fault(fields: dict[str, object]) -> None:
    whole = json.loads(MACHINE) | fields
    _read(json.dumps(whole).encode())


@pytest.mark.parametrize(
    "text",
    [
        "steps = " + "9" * 10_000,
        "a" + ".a" * 50_000 + " = 1",
        "[a" + ".a" * 50_000 + "]",
        "x = {a" + ".a" * 50_000 + " = 1}",
        "'a'" + ' . "b"' * 20_000 + " = 1",
        "x = " + "[" * 100_000,
        "x = " + "{a=" * 50_000,
        "x = 9999-99-99",
        "x = 1e" + "9" * 5000,
        "# " + "x" * limits.ANSWERS,
        "\ufeff\0",
    ],
    ids=range(11),
)
def test_an_odd_answer_file_is_one_sentence_with_its_line(text: str) -> None:
    with pytest.raises(InputError, match="The answer file given cannot be used, line ") as caught:
        load_answers(text.encode(), "given")
    assert len(caught.value.message) < 2000


@runs(300)
@given(
    text=st.text("abchome=.[]{}\"'\n\t #,0123456789-:eT\\_", max_size=60)
    | st.builds("home = {}".format, st.text(max_size=30))
)
def test_no_answer_file_is_a_fault(text: str) -> None:
    try:
        load_answers(text.encode("utf-8", "replace"), "given")
    except InputError as error:
        assert error.message.startswith("The answer file given cannot be used, line ")


def test_addresses_with_many_dots_are_no_deep_keys() -> None:
    address = "https://" + ".".join("abcdefghijklmnopqrstuvwxyz") + ".example/simple"
    read = load_answers(f"extra_indexes = [\n  '{address}',\n]\n".encode(), "given")
    assert read.extra_indexes == (address,)


def _journal(path: Path) -> Journal:
    return Journal(LocalFiles(), SystemClock(), str(path))


@runs(150)
@given(
    lines=st.lists(
        st.one_of(
            st.binary(max_size=40),
            _JSON.map(lambda value: json.dumps(value).encode()),
            st.sampled_from((b"[" * 5000, b'{"at":"x","run":"r","kind":"ended"}', b"")),
        ),
        max_size=4,
    ),
    cut=st.integers(0, 80),
)
def test_no_journal_is_a_fault(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], cut: int
) -> None:
    path = tmp_path_factory.mktemp("j") / "journal.jsonl"
    plan = Plan(
        title="t",
        profile="p",
        environment="e",
        steps=(CreateEnvironment(id="a", title="b", environment="e", python="3.11"),),
    )
    _journal(path).began("1", plan)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - cut] + b"\n".join(lines))
    journal = _journal(path)
    for ask in (journal.entries, journal.unfinished, journal.runs, journal.made):
        try:
            ask()
        except InputError as error:
            assert "journal" in error.message


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes in folders")
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_journal_that_is_no_file_is_named_and_waits_for_nobody(tmp_path: Path, kind: str) -> None:
    if sys.platform == "win32":
        return
    path = tmp_path / "journal.jsonl"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    messages: list[str] = []

    def ask() -> None:
        try:
            _journal(path).entries()
        except ExpectedError as error:
            messages.append(error.message)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(60)
    assert len(messages) == 1
    assert "no file but a pipe or a device" in messages[0]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes in folders")
@pytest.mark.parametrize("door", ["read", "end", "append", "open_log", "sha256", "hold"])
def test_no_door_to_the_disk_waits_for_a_pipe(tmp_path: Path, door: str) -> None:
    if sys.platform == "win32":
        return
    path = str(tmp_path / "pipe")
    os.mkfifo(path)
    choose_files = LocalFiles()
    doors: dict[str, Callable[[], object]] = {
        "read": lambda: choose_files.read(path),
        "end": lambda: choose_files.end(path, 10),
        "append": lambda: choose_files.append(path, b"x"),
        "open_log": lambda: choose_files.open_log(path),
        "sha256": lambda: choose_files.sha256(path),
        "hold": lambda: ExitStack().enter_context(choose_files.hold(path, "me")),
    }
    messages: list[str] = []

    def ask() -> None:
        try:
            doors[door]()
        except ExpectedError as error:
            messages.append(error.message)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(60)
    assert len(messages) == 1
    assert path in messages[0]


def test_a_volume_without_room_for_files_is_told_from_a_full_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    assert "The disk is full" in disk_fault(full, str(tmp_path)).message
    monkeypatch.setattr("app.adapters.disk_errors.free_files", lambda _: 0)
    assert "inodes are used up" in disk_fault(full, str(tmp_path / "not" / "yet")).message


@pytest.mark.parametrize(
    ("error", "code"),
    [
        *(
            (OSError(getattr(errno, name), name), "disk_error")
            for name in ("EIO", "ENODEV", "ENXIO")
        ),
        *(
            (OSError(getattr(errno, name), name), "path_unusable")
            for name in ("ENOENT", "EISDIR", "ENOTDIR", "ENAMETOOLONG", "ELOOP", "EINVAL", "EMFILE")
        ),
    ],
    ids=lambda given: given if isinstance(given, str) else str(given.strerror),
)
def test_only_a_fault_of_the_drive_is_called_one(error: OSError, code: str) -> None:
    """A folder that is not there was told as a broken drive, to be checked with chkdsk."""
    told = disk_fault(error, "/somewhere")
    assert told.code == code
    assert "/somewhere" in told.message


@pytest.mark.parametrize(
    ("number", "windows", "code"),
    [
        *((errno.EACCES, one, "disk_error") for one in (21, 23, 31)),  # not ready, CRC, no answer
        *((errno.EINVAL, one, "disk_error") for one in (1167, 1785)),
        (errno.EACCES, 19, "permission_denied"),  # the medium is write-protected
        *((errno.EINVAL, one, "path_unusable") for one in (123, 161)),
    ],
)
def test_windows_own_number_says_more_than_pythons(number: int, windows: int, code: str) -> None:
    error = OSError(number, "as Windows says it")
    error.winerror = windows  # type: ignore[attr-defined,unused-ignore]
    assert disk_fault(error, "/somewhere").code == code


def test_a_file_that_is_too_large_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "READ_FILE", 1000)
    (tmp_path / "a").write_bytes(bytes(1001))
    with pytest.raises(ExpectedError, match="larger than"):
        LocalFiles().read(str(tmp_path / "a"))
    assert LocalFiles().end(str(tmp_path / "a"), 10) == bytes(10)
    assert LocalFiles().end(str(tmp_path / "none"), 10) == b""


@runs(200)
@given(
    url=st.one_of(
        st.text(max_size=30),
        st.builds(
            "https://{}/{}".format, st.text("[]:@%.a1/\\", max_size=12), st.text(max_size=12)
        ),
        st.just("https://index.example/one-1.0-py3-none-any.whl"),
    ),
    size=st.one_of(st.integers(-(10**30), 10**30), st.text(max_size=4), st.booleans()),
    sha256=st.one_of(st.text(max_size=8), st.just("a" * 64)),
)
def test_no_page_of_an_index_is_a_fault(url: str, size: object, sha256: str) -> None:
    """What uv hands on of an index's pages: addresses, sizes and hashes of files."""
    wheel = (
        f"{{ url = {json.dumps(url)}, size = {json.dumps(size)}, "
        f"hashes = {{ sha256 = {json.dumps(sha256)} }} }}"
    )
    wanted = parse_pins(f"one==1.0 --hash=sha256:{'a' * 64}")
    try:
        found = choose_files(
            f'[[packages]]\nname = "one"\nwheels = [{wheel}]\n', wanted, "3.11", "linux"
        )
        assert found[0].sha256 == ("a" * 64,)
    except ExpectedError as error:
        assert error.message
    as_pylock(f'[[package]]\nname = "one"\nwheels = [{wheel}]\n', wanted)
