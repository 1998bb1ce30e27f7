"""Pythons from a mirror, into a bundle and into an install.

This computer's own CPython, packed as uv's source packs it.
"""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import pytest

from app.adapters.computer import FAMILY
from app.engine import bundling
from app.engine.session import Session
from app.model.errors import InputError
from app.model.event import Failed, Line
from app.model.home_layout import interpreter
from app.steps import provide_python
from app.steps.step_context import StepContext
from tests.fault_index import FaultIndex, lock_of, make_wheel
from tests.journeys.small import PYTHON, open_session, plan

pytestmark = [pytest.mark.slow]
WHEELS = [make_wheel("piece-0", size=20_000)]
LOCK = lock_of(WHEELS)
BUILD, VERSION = "20261110", ".".join(str(part) for part in sys.version_info[:3])
SOURCE = "https://github.com/astral-sh/python-build-standalone/releases/download/"
SYSTEMS = {
    "linux": ("linux", "gnu", "x86_64-unknown-linux-gnu"),
    "windows": ("windows", "none", "x86_64-pc-windows-msvc"),
}
_LEFT_OUT = (
    "__pycache__",
    "/test/",
    "/tests/",
    "/site-packages/",
    "/idlelib/",
    "/turtledemo/",
    "/config-3",
    "/tcl/",
    "/Doc/",
    "/lib2to3/",
    "/_bundled/",
)


def pack_own(archive: Path) -> None:
    """This computer's CPython below ``python/``, without what an install never asks for."""
    base = Path(sys.base_prefix)

    def kept(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
        return None if any(part in entry.name + "/" for part in _LEFT_OUT) else entry

    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        if FAMILY == "windows":
            for path in (*base.glob("*.exe"), *base.glob("*.dll"), base / "DLLs", base / "Lib"):
                tar.add(path, f"python/{path.name}", filter=kept)
            return
        tar.add(base / "bin" / f"python{PYTHON}", f"python/bin/python{PYTHON}")
        for name in ("python", "python3"):
            link = tarfile.TarInfo(f"python/bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, f"python{PYTHON}"
            tar.addfile(link)
        tar.add(base / "lib" / f"python{PYTHON}", f"python/lib/python{PYTHON}", filter=kept)
        for library in base.glob("lib/libpython*"):
            tar.add(library, f"python/lib/{library.name}")


def entry(system: str, archive: Path) -> tuple[str, dict[str, object]]:
    """What uv's list says of one Python (uv's own ``download-metadata.json``)."""
    os_name, libc, _ = SYSTEMS[system]
    major, minor, patch = sys.version_info[:3]
    return f"cpython-{VERSION}-{os_name}-x86_64-{libc}", {
        "name": "cpython",
        "arch": {"family": "x86_64", "variant": None},
        "os": os_name,
        "libc": libc,
        "major": major,
        "minor": minor,
        "patch": patch,
        "prerelease": "",
        "url": f"{SOURCE}{BUILD}/{archive.name.replace('+', '%2B')}",
        "sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
        "variant": None,
        "build": BUILD,
    }


@dataclass
class Mirror:
    """A folder as administrators lay it out, its list of Pythons, and its address on loopback."""

    folder: Path
    url: str = ""
    asked: list[str] = field(default_factory=list)

    @property
    def list(self) -> Path:
        return self.folder / "pythons.json"

    def archive(self, system: str) -> Path:
        return (
            self.folder
            / BUILD
            / f"cpython-{VERSION}+{BUILD}-{SYSTEMS[system][2]}-install_only_stripped.tar.gz"
        )


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    """Serves a real Python for this system and a pretended one for the other."""
    made = Mirror(tmp_path_factory.mktemp("a mirror"))
    own, other = FAMILY, "windows" if FAMILY == "linux" else "linux"
    pack_own(made.archive(own))
    pretended = made.folder / "python.exe"
    pretended.write_bytes(b"MZ pretended")
    with tarfile.open(made.archive(other), "w:gz") as tar:
        tar.add(
            pretended, "python/python.exe" if other == "windows" else f"python/bin/python{PYTHON}"
        )
        tar.add(
            pretended,
            "python/Lib/os.py" if other == "windows" else f"python/lib/python{PYTHON}/os.py",
        )
    made.list.write_text(
        json.dumps(dict(entry(system, made.archive(system)) for system in (own, other)))
    )

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            made.asked.append(unquote(self.path))

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=str(made.folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield made
    server.shutdown()
    server.server_close()


def printed(events: list[object]) -> str:
    return b"".join(
        e.text for e in (getattr(e, "what", e) for e in events) if isinstance(e, Line)
    ).decode("utf-8", "replace")


def packed(
    folder: Path, target: Path, platform: str = FAMILY, **settings: str
) -> tuple[bundling.Bundle, str]:
    """A bundle made with some settings: its list, and all that was said."""
    with FaultIndex(WHEELS) as index:
        session = open_session(str(folder / "maker"), index.url, LOCK)
        session.change(**settings)
        events = list(
            bundling.bundle(
                [session.knowledge.profiles[0]],
                platform,  # type: ignore[arg-type]
                str(target),
                session.home.site(),
            )
        )
    assert not [e for e in events if isinstance(e.what, Failed)]
    return session.exports.check_bundle(str(target)), printed(list(events))


@pytest.fixture
def lonely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer on whose path, and in whose registry, there is no Python."""
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setattr(provide_python, "_known", {})
    if FAMILY == "windows":
        usual = provide_python.find

        def managed_only(version: str, site: StepContext) -> str | None:
            found = usual(version, site)
            return found if found is not None and site.place.holds(found) else None

        monkeypatch.setattr(provide_python, "find", managed_only)


def visits(home: Path, index: str = "http://127.0.0.1:9/simple", **settings: str) -> Session:
    session = open_session(str(home), index, LOCK)
    session.change(**settings)
    return session


def base_of(home: Path, name: str) -> Path:
    """Where the Python lies that an environment really runs with."""
    completed = subprocess.run(
        [
            interpreter(str(home / "envs" / name), FAMILY),
            "-c",
            "import sys, ssl; print(sys.base_prefix)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(completed.stdout.strip())


def test_a_bundle_brings_its_python_and_the_other_machine_needs_none(
    mirror: Mirror, tmp_path: Path, lonely: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, home = tmp_path / "bundle", tmp_path / "other"
    listed, _ = packed(
        tmp_path, target, python_mirror=mirror.url, python_list=f"{mirror.url}/pythons.json"
    )
    assert listed.python == PYTHON and not [
        note for note in listed.notes if note.startswith("Python")
    ]
    assert (
        f"/{BUILD}/{mirror.archive(FAMILY).name}" in mirror.asked[-1]
        and "/pythons.json" in mirror.asked
    )
    [python] = (target / "python").iterdir()  # not uv's lock, no link named by the minor version
    assert python.name.startswith(f"cpython-{VERSION}-") and not (target / "making").exists()
    assert sum(f.path.startswith(f"python/{python.name}/") for f in listed.files) > 500
    session = visits(home, offline=str(target))
    assert (
        provide_python.find(PYTHON, session.home.site()) is None
    )  # there is none but the bundle's
    events = list(session.execution.run(plan("small-1")))
    assert session.execution.outcome == "finished", printed(list(events))
    assert f"Python {PYTHON} out of the bundle" in printed(list(events))
    assert base_of(home, "small-1").resolve() == (home / "python" / python.name).resolve()
    damaged = next(p for p in sorted(python.rglob("*.py")))
    damaged.write_bytes(damaged.read_bytes() + b"\n")
    with pytest.raises(InputError, match=damaged.name):
        session.exports.check_bundle(str(target))


def test_a_bundle_for_the_other_system_has_its_python_too(mirror: Mirror, tmp_path: Path) -> None:
    other = "windows" if FAMILY == "linux" else "linux"
    listed, output = packed(
        tmp_path,
        tmp_path / "bundle",
        other,
        python_mirror=str(mirror.folder),
        python_list=str(mirror.list),
    )
    assert (listed.python, listed.platform) == (PYTHON, other), output[-1500:]
    ends = ("python.exe", f"bin/python{PYTHON}")
    start = f"python/cpython-{VERSION}-{SYSTEMS[other][0]}"
    [file] = [f for f in listed.files if f.path.startswith(start) and f.path.endswith(ends)]
    assert file.size == len(b"MZ pretended")
    assert not [f for f in listed.files if f.path.endswith("/python")] or other == "linux"


def test_an_install_takes_its_python_from_the_mirror(
    mirror: Mirror, tmp_path: Path, lonely: None
) -> None:
    home = tmp_path / "home"
    with FaultIndex(WHEELS) as index:
        session = visits(
            home, index.url, python_mirror=str(mirror.folder), python_list=str(mirror.list)
        )
        events = list(session.execution.run(plan("small-1")))
    assert session.execution.outcome == "finished", printed(list(events))
    assert base_of(home, "small-1").resolve().parent == (home / "python").resolve()


def test_a_python_that_is_not_the_listed_one_is_refused(
    mirror: Mirror, tmp_path: Path, lonely: None
) -> None:
    """uv checks what a mirror sends, by its own list as by a given one."""
    wrong = json.loads(mirror.list.read_text())
    for one in wrong.values():
        one["sha256"] = "0" * 64
    (tmp_path / "wrong.json").write_text(json.dumps(wrong))
    listed, output = packed(
        tmp_path,
        tmp_path / "bundle",
        python_mirror=mirror.url,
        python_list=str(tmp_path / "wrong.json"),
    )
    assert listed.python == "" and any(
        note.startswith(f"Python {PYTHON} could not be packed") for note in listed.notes
    )
    assert "Hash mismatch" in output and not (tmp_path / "bundle" / "python").exists()
    session = visits(
        tmp_path / "home", python_mirror=mirror.url, python_list=str(tmp_path / "wrong.json")
    )
    list(session.execution.run(plan("small-1")))
    assert (
        session.execution.outcome == "failed"
        and session.execution.error is not None
        and session.execution.error.code == "python-unavailable"
    )
    assert "Hash mismatch" in session.execution.error.details
    assert not list((tmp_path / "home" / "python").glob("cpython-*"))


def test_the_files_of_uvs_own_list_are_asked_of_the_mirror_and_checked(
    mirror: Mirror, tmp_path: Path, lonely: None
) -> None:
    """Without a list of one's own a mirror has to hold the very files that uv knows."""
    session = visits(tmp_path / "home")
    env = {"UV_NO_CONFIG": "1", "UV_PYTHON_DOWNLOADS": "manual"}
    completed = session.system.processes.capture(
        [
            session.system.computer.uv(),
            "python",
            "list",
            PYTHON,
            "--only-downloads",
            "--show-urls",
            "--output-format",
            "json",
        ],
        60.0,
        env,
    )
    known = next(
        one["url"] for one in json.loads(completed.out) if one["implementation"] == "cpython"
    )
    path = mirror.folder / unquote(known.partition("/download/")[2])
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(mirror.archive(FAMILY).read_bytes())
    try:
        listed, told_all = packed(tmp_path, tmp_path / "bundle", python_mirror=mirror.url)
    finally:
        path.unlink()
    assert (
        any(path.name in asked for asked in mirror.asked)
        and "Hash mismatch" in told_all
        and listed.python == ""
    )


def test_a_list_without_tls_is_refused(tmp_path: Path, lonely: None) -> None:
    session = visits(tmp_path / "home", python_list="http://mirror.invalid/pythons.json")
    list(session.execution.run(plan("small-1")))
    assert (
        session.execution.error is not None
        and "mirror.invalid would come without TLS" in session.execution.error.message
    )
