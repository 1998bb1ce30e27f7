"""A bundle made on one machine installs on another with the network cut; a damaged one is named."""

from __future__ import annotations

import hashlib
import json
import os
import py_compile
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from app.adapters.resources import resource_names, resource_reader
from app.engine import bundled_program, bundling, training_models
from app.knowledge import load
from app.model.errors import ExpectedError, InputError
from app.model.event import Failed, Line
from app.model.home_layout import HomeLayout
from app.model.plan import Plan
from app.probe import network
from app.steps import provide_python
from app.steps.registry import handler
from tests.fault_index import FaultIndex, lock_of, make_wheel
from tests.journeys.small import open_session, plan
from tests.rights import is_root

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def packed_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A bundle of three small wheels, and its lock."""
    wheels, folder = (
        [make_wheel(f"piece-{n}", size=50_000) for n in range(3)],
        tmp_path_factory.mktemp("bundle"),
    )
    lock = lock_of(wheels)
    with FaultIndex(wheels) as index:
        session = open_session(str(folder / "maker"), index.url, lock)
        events = list(
            bundling.bundle(
                [session.knowledge.profiles[0]],
                session.exports.target_platform(),
                str(folder / "bundle"),
                session.home.site(),
            )
        )
    assert not [e for e in events if isinstance(e.what, Failed)]
    return lock, folder / "bundle"


@pytest.fixture
def made(packed_once: tuple[str, Path], tmp_path: Path) -> tuple[str, Path]:
    """A copy of the bundle that a test may damage, and its lock."""
    lock, folder = packed_once
    shutil.copytree(folder, tmp_path / "bundle", symlinks=True)
    return lock, tmp_path / "bundle"


def test_a_bundle_installs_without_any_index(made: tuple[str, Path], tmp_path: Path) -> None:
    lock, folder = made
    session = open_session(
        str(tmp_path / "other"), "http://127.0.0.1:9/simple", lock
    )  # nothing listens there
    session.change(offline=str(folder))
    list(session.execution.run(plan("small-1")))
    assert session.execution.outcome == "finished"
    pointer = session.home.pointer()
    assert pointer is not None and pointer.active == "small-1"


@pytest.mark.parametrize(
    "name", ["Jürgens stick", "com,ma", "ha#sh", "per%20cent", "it's", "a [b] (c)"]
)
def test_a_bundle_may_lie_in_a_folder_of_any_name(
    made: tuple[str, Path], tmp_path: Path, name: str
) -> None:
    lock, folder = made
    folder.rename(tmp_path / name)
    session = open_session(str(tmp_path / "other"), "http://127.0.0.1:9/simple", lock)
    session.change(offline=str(tmp_path / name))
    list(session.execution.run(plan("small-1")))
    assert session.execution.outcome == "finished", session.execution.error


def test_a_bundle_is_checked_file_by_file(made: tuple[str, Path], tmp_path: Path) -> None:
    lock, folder = made
    session = open_session(str(tmp_path / "other"), "http://127.0.0.1:9/simple", lock)
    listed = session.exports.check_bundle(str(folder))
    assert sum(f.path.endswith(".whl") for f in listed.files) == 3
    wheel = next(folder.glob("wheels/*.whl"))
    data = wheel.read_bytes()
    wheel.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(InputError, match=wheel.name):
        session.exports.check_bundle(str(folder))
    wheel.unlink()
    with pytest.raises(InputError, match="missing"):
        session.exports.check_bundle(str(folder))


def test_a_bundle_of_an_index_without_hashes_holds_nothing_of_the_lookup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels = [make_wheel("piece-0", size=50_000)]
    monkeypatch.setattr(bundling, "pack_python", lambda *_: iter(()))
    monkeypatch.setattr(bundling, "pack_program", lambda *_: iter(()))
    with FaultIndex(wheels, hashes=False) as index:
        session = open_session(str(tmp_path / "maker"), index.url, lock_of(wheels))
        list(
            bundling.bundle(
                [session.knowledge.profiles[0]],
                session.exports.target_platform(),
                str(tmp_path / "bundle"),
                session.home.site(),
            )
        )
        assert index.sent == len(wheels[0].data)
    assert {p.name for p in (tmp_path / "bundle").iterdir()} == {
        "bundle.json",
        "wheels",
        "locks",
        "checks",
        "sbom",
    }
    assert not [
        p.name
        for p in (tmp_path / "bundle/locks").iterdir()
        if ".asked" in p.name or ".pages" in p.name
    ]


def test_a_hostile_list_cannot_lead_outside(made: tuple[str, Path], tmp_path: Path) -> None:
    lock, folder = made
    session = open_session(str(tmp_path / "other"), "http://127.0.0.1:9/simple", lock)
    listed = session.exports.check_bundle(str(folder))
    hostile = msgspec.structs.replace(
        listed, files=(msgspec.structs.replace(listed.files[0], path="../../etc/passwd"),)
    )
    (folder / bundling.MANIFEST).write_bytes(msgspec.json.encode(hostile))
    with pytest.raises(InputError, match="inside the bundle"):
        session.exports.check_bundle(str(folder))
    (folder / bundling.MANIFEST).unlink()
    with pytest.raises(InputError, match="no bundle"):
        session.exports.check_bundle(str(folder))


def cli(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize(
    "how",
    [
        "tampered",
        "cut",
        "longer",
        "missing",
        "added",
        "added link",
        "became a link",
        "not finished",
    ],
)
def test_verify_bundle_names_whatever_is_not_as_listed(
    made: tuple[str, Path], tmp_path: Path, how: str
) -> None:
    _, folder = made
    assert cli("verify-bundle", str(folder)).returncode == 0
    file, name = next(folder.glob("wheels/*.whl")), ""
    data = file.read_bytes()
    if how in ("tampered", "cut", "longer"):
        file.write_bytes(
            {
                "tampered": data[:-1] + bytes([data[-1] ^ 1]),
                "cut": data[:-10],
                "longer": data + b"x",
            }[how]
        )
    elif how == "missing":
        file.unlink()
    elif how == "added":
        (folder / "python").mkdir(exist_ok=True)
        (folder / "python" / "sitecustomize.py").write_text("print('evil')")
        name = "sitecustomize.py"
    elif how == "not finished":
        begun = bundling.Bundle(program="1", profile="small", platform="linux", finished=False)
        (folder / bundling.MANIFEST).write_bytes(msgspec.json.encode(begun))
        name = "not finished"
    elif sys.platform == "win32":
        pytest.skip("links need a right there")
    elif how == "added link":
        (folder / "locks" / "way").symlink_to("/etc")
        name = "locks/way"
    else:
        file.rename(tmp_path / file.name)
        file.symlink_to(tmp_path / file.name)
    for words in (("verify-bundle", str(folder)), ("bundle", "--verify", str(folder), "--json")):
        done = cli(*words)
        assert done.returncode == 2, done.stdout
        assert '"outcome":"failed"' in done.stdout if "--json" in words else done.stdout == ""
        assert (name or file.name) in done.stderr and "Traceback" not in done.stderr


def test_what_a_bundle_brings_to_run_is_compared_before_it_runs(
    made: tuple[str, Path], tmp_path: Path
) -> None:
    """Its wheels are compared with the lock; its Python has only the list."""
    lock, folder = made
    own = folder / "python" / "cpython-3.99.0-own" / "bin" / "python3"
    own.parent.mkdir(parents=True)
    own.write_text("#!/bin/sh\n")
    session = open_session(str(tmp_path / "other"), "http://127.0.0.1:9/simple", lock)
    session.change(offline=str(folder))
    with pytest.raises(InputError, match=r"cpython-3.99.0-own/bin/python3.* is not in its list"):
        list(session.execution.run(plan("small-1")))
    assert not (tmp_path / "other").exists()
    listed = msgspec.json.decode((folder / bundling.MANIFEST).read_bytes(), type=bundling.Bundle)
    shutil.rmtree(own.parents[1])
    (folder / bundling.MANIFEST).write_bytes(
        msgspec.json.encode(msgspec.structs.replace(listed, profile="practice-cpu"))
    )
    with pytest.raises(InputError, match="is of practice-cpu"):
        list(session.execution.run(plan("small-1")))
    assert not (tmp_path / "other").exists()


def test_byte_code_beside_a_bundles_python_is_left_behind(
    made: tuple[str, Path], tmp_path: Path
) -> None:
    """That Python may have been started from the bundle and have written it; nobody has checked it."""
    lock, folder = made
    cached = folder / "python" / "cpython-3.99.0-own" / "lib" / "__pycache__" / "os.cpython-311.pyc"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"evil")
    assert cli("verify-bundle", str(folder)).returncode == 0
    session = open_session(str(tmp_path / "other"), "http://127.0.0.1:9/simple", lock)
    assert provide_python._copy_from_bundle(str(folder), session.home.site())
    assert not list((tmp_path / "other").rglob("*.pyc"))


def test_a_persons_folder_is_not_taken_for_a_bundle(tmp_path: Path) -> None:
    """Parts of the target are deleted while it is filled, so it has to be new, empty, or this very
    bundle.
    """
    mine = tmp_path / "mine"
    for name in ("cache", "work", "locks"):
        (mine / name).mkdir(parents=True)
        (mine / name / "precious.txt").write_text("mine")
    done = cli("bundle", "--profile", "practice-cpu", "--output", str(mine))
    assert done.returncode == 2 and "not empty" in done.stderr
    assert len(list(mine.rglob("precious.txt"))) == 3
    (mine / "file").write_text("")
    assert (
        cli("bundle", "--profile", "practice-cpu", "--output", str(mine / "file")).returncode == 2
    )


def test_a_bundle_is_no_effect_that_uninstalling_takes_back(
    made: tuple[str, Path], packed_once: tuple[str, Path]
) -> None:
    _, folder = made
    maker = packed_once[1].parent / "maker"
    assert not (maker / "journal.jsonl").exists()
    if sys.platform != "win32":
        assert all(
            p.stat().st_mode & 0o044 for p in packed_once[1].rglob("*") if not p.is_symlink()
        )  # others may read it
    assert folder.exists()


@pytest.mark.parametrize("words", [("--offline", "no-such-folder"), ("--offline", ".")])
def test_a_folder_that_is_no_bundle_is_named_at_once(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    done = cli("plan", *words, "--home", str(tmp_path / "home"))
    assert done.returncode == 2 and "is no bundle" in done.stderr


# ---- the program in it


def printed(events: list[object]) -> str:
    return b"".join(e.text for e in events if isinstance(e, Line)).decode()


def test_what_is_packed_is_what_the_command_line_runs_with() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {line.partition(">")[0].partition("=")[0].strip().lower() for line in wanted}
    # no window is opened there, and no bill of materials is written
    assert set(bundled_program.PACKAGES) == names - {"pyside6-essentials", "cyclonedx-python-lib"}


def test_a_bundle_says_what_it_could_not_pack(made: tuple[str, Path]) -> None:
    """The index on loopback has none of the program's own packages, and Python's home cannot be
    reached everywhere.
    """
    _, folder = made
    listed = msgspec.json.decode((folder / bundling.MANIFEST).read_bytes(), type=bundling.Bundle)
    assert any("own packages could not be packed" in note for note in listed.notes)
    assert not (folder / "start.py").exists()
    assert (folder / "locks" / "packages.lock.txt").read_text() == made[0]
    assert (folder / "checks" / "versions.py").exists()
    assert bool(listed.python) is any((folder / "python").glob("cpython-*"))
    assert not [
        f.path for f in listed.files if f.path.startswith("cache") or f.path.endswith(".asked.txt")
    ]


@pytest.mark.parametrize("path", ["../x", "/etc/x", "C:/x", "..\\..\\x", "wheels/../../x"])
def test_no_spelling_of_a_listed_path_leads_outside(
    made: tuple[str, Path], tmp_path: Path, path: str
) -> None:
    lock, folder = made
    session = open_session(str(tmp_path / "other"), "http://127.0.0.1:9/simple", lock)
    listed = msgspec.json.decode((folder / bundling.MANIFEST).read_bytes(), type=bundling.Bundle)
    first = msgspec.structs.replace(listed.files[0], path=path)
    (folder / bundling.MANIFEST).write_bytes(
        msgspec.json.encode(msgspec.structs.replace(listed, files=(first,)))
    )
    with pytest.raises(InputError, match="inside the bundle"):
        session.exports.check_bundle(str(folder))


@pytest.mark.posix
@pytest.mark.skipif(sys.platform == "win32", reason="links and permissions")
def test_a_python_that_uv_manages_goes_along_and_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pretended one: where its files lie and that they arrive with permissions and links; no
    Python is moved here.
    """
    own = tmp_path / "managed" / "cpython-3.11.9-linux-x86_64-gnu"
    (own / "bin").mkdir(parents=True)
    (own / "bin" / "python3.11").write_text("#!/bin/sh\nexit 0\n")
    (own / "bin" / "python3.11").chmod(0o755)
    (own / "bin" / "python").symlink_to("python3.11")
    session = open_session(str(tmp_path / "home"), "http://127.0.0.1:9/simple", "")
    monkeypatch.setattr(provide_python, "managed_folder", lambda *_: str(own))

    def refused(*_: object, **__: object) -> Iterator[Line]:
        yield Line(text=b"no network\n")
        raise ExpectedError("child-failed", "Packing Python 3.11 failed.")

    monkeypatch.setattr(bundled_program, "run_child", refused)
    bundle, notes = HomeLayout(str(tmp_path / "bundle"), session.place.family), [""][:0]
    lines = list(
        bundled_program.pack_python(
            "3.11", session.exports.target_platform(), bundle, session.home.site(), notes
        )
    )
    assert notes == [] and "may be moved" in printed(list(lines))
    site = replace(
        session.home.site(),
        sources=msgspec.structs.replace(session.network.sources(), offline=bundle.home),
    )
    assert provide_python._copy_from_bundle(bundle.home, site)
    arrived = tmp_path / "home" / "python" / own.name / "bin"
    assert (arrived / "python3.11").stat().st_mode & 0o111
    assert (arrived / "python").readlink() == Path("python3.11")
    assert provide_python._copy_from_bundle(bundle.home, site)  # again, over what is there


@pytest.fixture
def started(tmp_path: Path) -> Path:
    """A bundle with the real start and a program of two files that only says its name."""
    folder = tmp_path / "bundle"
    files = {
        "start.py": (ROOT / "resources/templates/start_bundle.py").read_text("utf-8"),
        "program/app/__init__.py": "",
        "program/app/__main__.py": "def main(words):\n    print('honest')\n    return 0\n",
        "program/app/cli.py": "COMMANDS = ('plan',)\n",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    (folder / "program" / "wheels").mkdir()
    listed = [
        {"path": name, "sha256": hashlib.sha256(text.encode()).hexdigest()}
        for name, text in files.items()
    ]
    (folder / "bundle.json").write_text(json.dumps({"profile": "small", "files": listed}))
    return folder


def start(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(folder / "start.py"), "plan"],
        env={**os.environ, **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("path", ["", ".", ":HERE:"])
@pytest.mark.parametrize("name", ["json", "token", "os", "app"])
def test_nothing_beside_the_start_is_imported(started: Path, name: str, path: str) -> None:
    """Also where PYTHONPATH leads there, or to the working folder."""
    (started / f"{name}.py").write_text("open('RAN', 'w').close()\nprint('evil')\n")
    path = path.replace("HERE", str(started)).replace(":", os.pathsep)
    done = start(started, PYTHONPATH=path) if path and name != "os" else start(started)
    assert (done.returncode, done.stdout) == (0, "honest\n"), done.stderr
    assert not (started / "RAN").exists()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"profile": "small", "files": [{"path": "program/app',
        b"[]",
        b"null",
        b"7",
        b'{"files": 7}',
        b'{"profile": "small"}',
        b'{"profile": 7, "files": [{"path": "a", "sha256": "b"}]}',
        b'{"profile": "small", "files": [7]}',
        b'{"profile": "small", "files": [{"path": "program/x"}]}',
        b'{"profile": "small", "files": [{"path": 7, "sha256": null}]}',
        b"\xff\xfe{\x00}\x00",
        b"[" * 200_000,
        b"\x00" * 1000,
    ],
)
def test_a_broken_list_is_one_sentence(started: Path, data: bytes) -> None:
    (started / "bundle.json").write_bytes(data)
    done = start(started)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "bundle.json" in done.stderr
    assert "copy the bundle again" in done.stderr


def test_a_missing_list_and_another_python_are_one_sentence(started: Path) -> None:
    listed = json.loads((started / "bundle.json").read_bytes())
    wheel = {"path": "program/wheels/msgspec-0.19-cp39-cp39-win_amd64.whl", "sha256": "0" * 64}
    (started / "bundle.json").write_text(json.dumps({**listed, "files": [*listed["files"], wheel]}))
    done = start(started)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "needs Python 3.9" in done.stderr
    (started / "bundle.json").unlink()
    done = start(started)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "bundle.json cannot be read" in done.stderr


def test_an_honest_bundle_starts_and_stays_as_it_is(started: Path) -> None:
    done = start(started)
    assert (done.returncode, done.stdout) == (0, "honest\n"), done.stderr
    assert not list(started.rglob("*.pyc"))


@pytest.mark.parametrize(
    "how", ["changed", "added", "missing", "byte code", "linked folder", "no list of the program"]
)
def test_nothing_of_a_bundles_program_runs_that_was_not_compared(
    started: Path, tmp_path: Path, how: str
) -> None:
    main, evil = (
        started / "program/app/__main__.py",
        "def main(words):\n    print('evil')\n    return 0\n",
    )
    if how == "changed":
        main.write_text(evil)
    elif how == "added":
        (started / "program" / "hashlib.py").write_text("print('evil')")
    elif how == "missing":
        (started / "program/app/cli.py").unlink()
        (started / "program/app/cli").mkdir()
    elif how == "byte code":  # made for the honest source's size and time, as Python expects it
        was, text = main.stat(), main.read_text()
        main.write_bytes((evil + "#" * (len(text) - len(evil))).encode())
        os.utime(main, ns=(was.st_atime_ns, was.st_mtime_ns))
        py_compile.compile(str(main))
        main.write_bytes(text.encode())
        os.utime(main, ns=(was.st_atime_ns, was.st_mtime_ns))
        done = start(started)
        assert (done.returncode, done.stdout) == (0, "honest\n"), done.stderr
        return
    elif how == "linked folder":
        if sys.platform == "win32":
            pytest.skip("links need a right there")
        (started / "program" / "app").rename(tmp_path / "elsewhere")
        (tmp_path / "elsewhere" / "__main__.py").write_text(evil)
        (started / "program" / "app").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    else:
        (started / "bundle.json").write_text('{"profile": "small", "files": []}')
    done = start(started)
    assert done.returncode != 0 and "evil" not in done.stdout, done.stdout
    assert "copy" in done.stderr


def alone(folder: Path, *words: str, home: Path) -> subprocess.CompletedProcess[str]:
    """The bundle's own start, without this checkout's packages and, where that can be had, without
    any network.
    """
    cut = ["unshare", "-n"] if shutil.which("unshare") and is_root() else []
    if cut and subprocess.run([*cut, "true"], check=False, capture_output=True).returncode:
        cut = []  # a container may keep even root from it
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "UNSLOTH_SETUP_HOME": str(home)}
    return subprocess.run(
        [*cut, sys.executable, "-I", "-S", str(folder / "start.py"), *words],
        cwd="/",
        env=env,
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.posix
@pytest.mark.skipif(sys.platform == "win32", reason="networks are cut with unshare")
def test_the_program_runs_from_the_bundle_alone_and_a_changed_one_does_not(tmp_path: Path) -> None:
    wheels, folder, home = (
        [make_wheel("piece-0", size=50_000)],
        tmp_path / "bundle",
        tmp_path / "person",
    )
    home.mkdir()
    with FaultIndex(wheels) as index:
        session = open_session(str(tmp_path / "maker"), index.url, lock_of(wheels))
        session.change(extra_indexes=(network.default_index(session.system) or "",))
        list(
            bundling.bundle(
                [session.knowledge.profiles[0]],
                session.exports.target_platform(),
                str(folder),
                session.home.site(),
            )
        )
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
    version = alone(folder, "--version", home=home)
    assert (version.returncode, version.stdout.split()[:1]) == (0, ["unsloth-setup"]), (
        version.stderr[-2000:]
    )
    checked = alone(folder, "bundle", "--verify", str(folder), "--json", home=home)
    assert checked.returncode == 0, checked.stderr[-2000:]
    assert sum("program/wheels/" in f["path"] for f in json.loads(checked.stdout)["files"]) == len(
        bundled_program.PACKAGES
    )
    assert "practice-cpu" in alone(folder, "profiles", home=home).stdout
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*")} == before
    changed = folder / "program" / "app" / "__main__.py"
    changed.write_text("print('hostile')\n")
    refused = alone(folder, "--version", home=home)
    assert (
        refused.returncode != 0
        and "program/app/__main__.py differs" in refused.stderr
        and "hostile" not in refused.stdout
    )


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.posix
@pytest.mark.skipif(sys.platform == "win32", reason="networks are cut with unshare")
def test_practice_cpu_is_installed_from_the_bundle_alone_with_the_network_cut(
    tmp_path: Path,
) -> None:
    folder, home, answers = tmp_path / "bundle", tmp_path / "person", tmp_path / "answers.toml"
    home.mkdir()
    answers.write_text('verify = "quick"\n')
    packed = subprocess.run(
        [
            sys.executable,
            "-m",
            "app",
            "bundle",
            "--profile",
            "practice-cpu",
            "--output",
            str(folder),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert packed.returncode == 0, packed.stderr[-2000:]
    done = alone(
        folder,
        "--home",
        str(home / "setup"),
        "--answers",
        str(answers),
        "--yes",
        "--json",
        home=home,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1])["outcome"] == "finished"
    assert json.loads((home / "setup" / "active.json").read_text())["active"].startswith(
        "practice-cpu-"
    )


def model_folder(folder: Path) -> Path:
    """A folder that looks like a model, with what training does not need beside it."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "tokenizer.json").write_text('{"a": 1}')
    (folder / "model.safetensors").write_bytes(b"weights" * 1000)
    (folder / "LICENSE").write_text("free")
    (folder / "training_args.bin").write_bytes(b"code")
    (folder / "checkpoint-1").mkdir()
    return folder


def pack(folder: Path, model: str, monkeypatch: pytest.MonkeyPatch, name: str = "bundle") -> str:
    """A bundle of one small wheel and a model; its lock."""
    wheels = [make_wheel("piece-0", size=5_000)]
    monkeypatch.setattr(bundling, "pack_python", lambda *_: iter(()))
    monkeypatch.setattr(bundling, "pack_program", lambda *_: iter(()))
    with FaultIndex(wheels) as index:
        session = open_session(str(folder / "maker"), index.url, lock_of(wheels))
        known = load(resource_reader(), resource_names()).llama_cpp
        session.knowledge = msgspec.structs.replace(session.knowledge, llama_cpp=known)
        list(session.exports.bundle(str(folder / name), profiles=["small"], models=[model]))
    return lock_of(wheels)


def test_a_model_travels_in_a_bundle_and_is_found_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packed with hashes, taken by the install without any network, once; training finds it then."""
    own = model_folder(tmp_path / "my-model")
    lock = pack(tmp_path, str(own), monkeypatch)
    listed = json.loads((tmp_path / "bundle" / "bundle.json").read_text())
    assert [m["name"] for m in listed["models"]] == ["my-model"]
    packed = {f["path"] for f in listed["files"] if f["path"].startswith("models/")}
    assert packed == {
        f"models/models--my-model/{name}"
        for name in ("config.json", "tokenizer.json", "model.safetensors", "LICENSE")
    }
    assert any("GGUF" in note for note in listed["notes"])  # that index has no llama.cpp
    session = open_session(str(tmp_path / "other"), "http://127.0.0.1:9/simple", lock)
    session.change(offline=str(tmp_path / "bundle"))
    session.choose("small")
    planned = session.plans.install()
    assert [s.kind for s in planned.steps][-1] == "take-model"
    assert sum(s.disk_bytes for s in planned.steps if s.kind == "take-model") > 7000
    list(session.execution.run(replace_checks(planned)))
    assert session.execution.outcome == "finished", session.execution.error
    shutil.rmtree(own)
    assert training_models.resolve(session, "my-model")[0] == "my-model"
    assert training_models.is_here(session, "my-model")
    taken = next(s for s in planned.steps if s.kind == "take-model")
    assert handler(taken).done(taken, session.home.site()) is not None


def replace_checks(planned: Plan) -> Plan:
    """The same plan with its model alone: the other steps are tried above."""
    return msgspec.structs.replace(
        planned, steps=tuple(s for s in planned.steps if s.kind == "take-model")
    )


def test_a_model_that_was_damaged_on_the_way_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is named; nothing of it counts as the model."""
    lock = pack(tmp_path, str(model_folder(tmp_path / "my-model")), monkeypatch)
    weights = tmp_path / "bundle" / "models" / "models--my-model" / "model.safetensors"
    weights.write_bytes(b"x" + weights.read_bytes()[1:])
    session = open_session(str(tmp_path / "other"), "http://127.0.0.1:9/simple", lock)
    session.change(offline=str(tmp_path / "bundle"))
    session.choose("small")
    list(session.execution.run(replace_checks(session.plans.install())))
    assert session.execution.outcome == "failed" and session.execution.error is not None
    assert (
        session.execution.error.code == "model-damaged"
        and "model.safetensors" in session.execution.error.message
    )
    assert not training_models.is_here(session, "my-model")


def test_an_update_keeps_the_models_of_a_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one is added; both are listed."""
    pack(tmp_path, str(model_folder(tmp_path / "first")), monkeypatch)
    wheels = [make_wheel("piece-0", size=5_000)]
    with FaultIndex(wheels) as index:
        session = open_session(str(tmp_path / "maker"), index.url, lock_of(wheels))
        more = [str(model_folder(tmp_path / "second"))]
        list(session.exports.bundle(str(tmp_path / "bundle"), None, ["small"], True, more))
    found = session.exports.check_bundle(str(tmp_path / "bundle"))
    assert [m.name for m in found.models] == ["first", "second"]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [("nobody/nothing", "no environment is active"), ("../x", "no folder"), ("empty", "holds no model")],
)  # fmt: skip
def test_a_model_that_cannot_be_packed_is_said_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, words: str
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=words):
        pack(tmp_path, str(tmp_path / wanted) if wanted == "empty" else wanted, monkeypatch)
    assert not (tmp_path / "bundle").exists()
