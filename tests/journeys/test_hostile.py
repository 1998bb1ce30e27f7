"""Hostile files from everywhere that a stranger can hand one in.

Nothing is written outside of home, no code of theirs runs before its hash is checked, no escape
sequence reaches a terminal.
"""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.resources import resource_names, resource_reader
from app.cli import output, text
from app.knowledge import load
from app.model.errors import InputError
from app.model.event import Failed, Line, StepEvent, flat
from tests.fault_index import FaultIndex, SmallWheel, lock_of, make_wheel
from tests.journeys.small import open_session, plan

ROOT = Path(__file__).parents[2]
GOOD = make_wheel("piece-0", size=5000)
ESCAPES = [
    "\x1b]0;evil\x07",
    "\x1b[2J\x1b[1;1H",
    "\x9b31m",
    "\x1bP$q\x1b\\",
    "\x00\x08\x7f",
    "\u202egpj.exe",
]


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    hasty = {"connect": 2.0, "read": 2.0, "attempts": 2, "first_attempts": 2, "backoff": 0.05}
    monkeypatch.setenv("SMALL_PATIENCE", json.dumps(hasty))


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Callable[[], list[str]]]:
    """What lies outside of home: that is ``tmp_path/a/b/home``, so that ``../..`` has somewhere to
    go.
    """
    (tmp_path / "a" / "b" / "home").mkdir(parents=True)
    (tmp_path / "precious.txt").write_text("precious")

    def changed() -> list[str]:
        whole = [p for p in tmp_path.rglob("*") if "home" not in p.relative_to(tmp_path).parts]
        return sorted(
            str(p.relative_to(tmp_path)) for p in whole if p.name not in ("a", "b", "precious.txt")
        )

    yield changed
    assert (tmp_path / "precious.txt").read_text() == "precious"


def run(tmp_path: Path, index: FaultIndex, lock: str) -> list[StepEvent]:
    """One install through the session; events."""
    session = open_session(str(tmp_path / "a" / "b" / "home"), index.url, lock)
    return list(session.execution.run(plan("small-1")))


def failed(events: list[StepEvent]) -> Failed | None:
    return next((e.what for e in events if isinstance(e.what, Failed)), None)


def packed(entries: dict[str, bytes], links: dict[str, str] | None = None) -> SmallWheel:
    """A wheel with entries that no honest one has; its record lists them, and its hash will be in
    the lock.
    """
    data = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD.data)) as good, zipfile.ZipFile(data, "w") as archive:
        record = next(n for n in good.namelist() if n.endswith("RECORD"))
        for name in good.namelist():
            if name != record:
                archive.writestr(name, good.read(name))
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name), content)
        for name, goal in (links or {}).items():
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, goal)
        names = [*entries, *(links or {})]
        archive.writestr(
            record, good.read(record).decode() + "".join(f"{name},,\n" for name in names)
        )
    return SmallWheel(GOOD.name, GOOD.version, GOOD.file, data.getvalue(), GOOD.metadata)


@pytest.mark.fault("hostile files")
@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "../../../../evil.txt",
        "piece_0/../../../../../../evil.txt",
        "/tmp/../{}/evil.txt",
        "C:/evil.txt",
        "..\\..\\..\\evil.txt",
        "piece_0-1.0.data/scripts/../../../../../evil",
        "piece_0-1.0.data/data/../../../../../evil",
    ],
)
def test_a_wheel_whose_paths_lead_outside_writes_nothing_there(
    tmp_path: Path, outside: Callable[[], list[str]], name: str
) -> None:
    """Its hash is the locked one, so only the unpacking stands in between."""
    wheel = packed({name.replace("{}", str(tmp_path).lstrip("/")): b"evil"})
    with FaultIndex([wheel]) as index:
        run(tmp_path, index, lock_of([wheel]))
    assert outside() == []
    for root in (Path("/tmp"), Path("/")):
        assert not (root / "evil.txt").exists() and not (root / "evil").exists()


@pytest.mark.fault("hostile files")
@pytest.mark.posix
@pytest.mark.skipif(sys.platform == "win32", reason="links in archives are files on Windows")
def test_a_link_in_a_wheel_does_not_lead_writing_outside(
    tmp_path: Path, outside: Callable[[], list[str]]
) -> None:
    wheel = packed({"piece_0/way/evil.txt": b"evil"}, {"piece_0/way": str(tmp_path)})
    with FaultIndex([wheel]) as index:
        run(tmp_path, index, lock_of([wheel]))
    assert outside() == []
    assert not (tmp_path / "evil.txt").exists()


@pytest.mark.fault("hostile files")
def test_code_of_a_wheel_with_another_hash_never_runs(
    tmp_path: Path, outside: Callable[[], list[str]]
) -> None:
    """A ``.pth`` line runs at every start of the interpreter, so the file must not come near an
    environment.
    """
    marker = tmp_path / "ran.txt"
    line = f"import pathlib; pathlib.Path({str(marker)!r}).write_text('evil')\n".encode()
    evil = packed({"evil.pth": line, "sitecustomize.py": line})
    with FaultIndex([evil]) as index:
        failures = failed(run(tmp_path, index, lock_of([GOOD])))
        assert failures is not None and failures.code == "pip_hash_mismatch"
        # An index that lies about the hash: only the bytes themselves tell.
        index.pages["piece-0"] = (
            f'<a href="/files/{evil.file}#sha256={GOOD.sha256}">{evil.file}</a>'
        )
        failures = failed(run(tmp_path, index, lock_of([GOOD])))
        assert failures is not None and failures.code in ("pip_hash_mismatch", "wrong_size"), (
            failures
        )
    assert not marker.exists() and outside() == []
    assert not list((tmp_path / "a/b/home").rglob("evil.pth"))


@pytest.mark.fault("hostile files")
def test_a_source_package_is_never_built(tmp_path: Path, outside: Callable[[], list[str]]) -> None:
    marker, data = tmp_path / "ran.txt", io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name, text in (
            ("setup.py", f"open({str(marker)!r}, 'w').write('evil')\n"),
            ("PKG-INFO", GOOD.metadata.decode()),
        ):
            info = tarfile.TarInfo(f"piece-0-1.0/{name}")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    source = replace(GOOD, file="piece-0-1.0.tar.gz", data=data.getvalue())
    with FaultIndex([source]) as index:
        failures = failed(run(tmp_path, index, f"piece-0==1.0 --hash=sha256:{source.sha256}\n"))
    assert failures is not None
    assert not marker.exists() and outside() == []


PAGES = [
    '<a href="/files/..%2F..%2F..%2Fevil-1.0-py3-none-any.whl#sha256={hash}">piece_0-1.0-py3-none-any.whl</a>',
    '<a href="/files/../../../../etc/passwd#sha256={hash}">piece_0-1.0-py3-none-any.whl</a>',
    '<a href="file:///etc/passwd#sha256={hash}">piece_0-1.0-py3-none-any.whl</a>',
    '<a href="file:///etc/piece_0-1.0-py3-none-any.whl#sha256={hash}">piece_0-1.0-py3-none-any.whl</a>',
    '<a href="C:\\evil\\piece_0-1.0-py3-none-any.whl#sha256={hash}">piece_0-1.0-py3-none-any.whl</a>',
    '<a href="/files/piece_0-1.0-py3-none-any.whl%00.exe#sha256={hash}">piece_0-1.0-py3-none-any.whl</a>',
    '<a href="ftp://127.0.0.1/piece_0-1.0-py3-none-any.whl#sha256={hash}">piece_0-1.0-py3-none-any.whl</a>',
    '<a href="http://example.invalid/piece_0-1.0-py3-none-any.whl#sha256={hash}">piece_0-1.0-py3-none-any.whl</a>',
    '<a href="/files/piece_0-1.0-py3-none-any.whl#sha256={hash}">..\\..\\evil.whl</a><script>alert(1)</script>',
    '<a href="/files/\x1b]0;evil\x07piece_0-1.0-py3-none-any.whl#sha256={hash}">\x1b[2Jpiece_0-1.0-py3-none-any.whl</a>',
    '<base href="http://example.invalid/"><a '
    'href="piece_0-1.0-py3-none-any.whl#sha256={hash}">piece_0-1.0-py3-none-any.whl</a>',
]


@pytest.mark.fault("hostile files")
@pytest.mark.parametrize("page", PAGES, ids=range(len(PAGES)))
def test_an_index_that_names_other_places_brings_nothing_from_there(
    tmp_path: Path, outside: Callable[[], list[str]], page: str
) -> None:
    with FaultIndex([GOOD]) as index:
        index.pages["piece-0"] = page.replace("{hash}", GOOD.sha256)
        events = run(tmp_path, index, lock_of([GOOD]))
    wheels = tmp_path / "a/b/home/wheels"
    assert outside() == []
    assert {p.name: p.read_bytes() for p in wheels.glob("*") if p.is_file()} in (
        {},
        {GOOD.file: GOOD.data},
    )
    failures = failed(events)
    if failures is not None:
        assert not set(failures.message + failures.hint) & set("\x1b\x07\x9b\x00")


# ---- what the program's own data could say, if somebody changed it


@pytest.mark.fault("hostile files")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('id = "practice-cpu"', 'id = "../../../evil"'),
        ('id = "practice-cpu"', 'id = "/etc"'),
        ('id = "practice-cpu"', 'id = "C:\\\\x"'),
        ('id = "practice-cpu"', 'id = ""'),
        ('\nid = "packages"', '\nid = "../evil"'),
        ('lock = "', 'lock = "../../../../etc/'),
        ('lock = "', 'lock = "/etc/'),
        ('index = "', 'index = "file:///etc/'),
    ],
)
def test_a_profile_cannot_name_a_place(old: str, new: str) -> None:
    read, file = resource_reader(), "profiles/practice-cpu/profile.toml"
    sound = (read(file) or b"").decode()
    changed = sound.replace(old, new, 1)
    assert changed != sound, old
    with pytest.raises(InputError, match=r"practice-cpu|profile\.toml"):
        load(lambda name: changed.encode() if name == file else read(name), resource_names())


# ---- other people's machine files and logs, on a terminal


def app(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        check=False,
    )


def controls(data: bytes) -> set[str]:
    """Signs that a terminal would obey."""
    return {
        c
        for c in data.decode("utf-8", "replace")
        if (ord(c) < 32 and c not in "\r\n\t") or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2066"
    }


@pytest.mark.fault("hostile files")
@pytest.mark.parametrize("escape", ESCAPES, ids=range(len(ESCAPES)))
def test_no_escape_sequence_of_a_machine_file_or_a_log_reaches_the_terminal(
    tmp_path: Path, escape: str
) -> None:
    facts = json.loads((ROOT / "resources/machines/rtx3090-windows.json").read_text())
    facts["os"]["name"] += escape
    for gpu in facts["gpus"]:
        gpu["name"] += escape
    facts.setdefault("notes", []).append({"about": "x" + escape, "text": escape})
    machine = tmp_path / "machine.json"
    machine.write_text(json.dumps(facts))
    log = (
        f"{escape}torch.OutOfMemoryError: CUDA out of memory.{escape} Tried to allocate 2.00 GiB\n"
    ).encode()
    found = [
        app("detect", "--machine", str(machine)),
        app("plan", "--machine", str(machine)),
        app("install", "--yes", "--machine", str(machine)),
        app("diagnose", "--log", "-", stdin=log),
        app("plan", "--machine", str(machine), "--json"),
    ]
    for one in found:
        # 7: with signs before it a line may be no proof any more
        assert one.returncode in (0, 3, 7), one.stderr[-1000:]
        assert controls(one.stdout) | controls(one.stderr) == set(), one.args
    assert json.loads(found[-1].stdout)["schema"] == "plan/1"


@pytest.mark.fault("hostile files")
def test_a_machine_file_writes_nothing_wherever_its_home_is(tmp_path: Path) -> None:
    own = (
        "rtx3090-windows" if sys.platform == "win32" else "t4-cloud"
    )  # a machine on which such a path is a path
    facts = json.loads((ROOT / f"resources/machines/{own}.json").read_text())
    facts["home"] = {"path": str(tmp_path / "evil" / "home")}
    (tmp_path / "machine.json").write_text(json.dumps(facts))
    done = app("install", "--yes", "--machine", str(tmp_path / "machine.json"))
    assert done.returncode == 0
    assert [p.name for p in tmp_path.iterdir()] == ["machine.json"]


@pytest.mark.fault("hostile files")
@pytest.mark.posix
@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_temporary_files_are_private(tmp_path: Path) -> None:
    """What the program writes below a folder that others can read is theirs to read only where its
    owner's mask says so.
    """
    old = os.umask(0o077)
    try:
        with FaultIndex([GOOD]) as index:
            (tmp_path / "a/b").mkdir(parents=True)
            assert failed(run(tmp_path, index, lock_of([GOOD]))) is None
    finally:
        os.umask(old)
    written = [
        p
        for p in (tmp_path / "a/b/home").rglob("*")
        if p.suffix in (".log", ".jsonl", ".json") and not {"envs", "cache"} & set(p.parts)
    ]
    assert written
    open_to_others = [p for p in written if p.stat().st_mode & 0o077]
    assert open_to_others == []


@pytest.mark.fault("hostile files")
@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "--machine", "no\x1b[2Jfile.json"),
        ("plan", "--profile", "\x1b]0;evil\x07"),
        ("frob\x9bnicate",),
    ],
)
def test_no_escape_sequence_of_an_argument_comes_back_in_a_fault(
    arguments: tuple[str, ...],
) -> None:
    done = app(*arguments)
    assert done.returncode == 2
    assert controls(done.stderr) == set()


@pytest.mark.fault("hostile files")
def test_what_a_child_prints_moves_no_cursor(tmp_path: Path) -> None:
    """Through the command line's own printing of a running step, as text and as JSON."""
    printed = "".join(ESCAPES) + "plain words\r\x1b[K100 %\n"
    event = StepEvent(at=0.0, step="x", what=Line(text=printed.encode()))
    for document in (False, True):
        out = io.StringIO()
        calm = output.SanitizedStream(out, document=document)
        calm.write(
            json.dumps(flat(event), ensure_ascii=False) + "\n"
            if document
            else text.indented(printed.encode())
        )
        assert controls(out.getvalue().encode()) == set()
        assert "plain words" in out.getvalue()
        if document:
            assert json.loads(out.getvalue())["text"] == printed
