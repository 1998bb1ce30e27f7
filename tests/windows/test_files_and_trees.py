"""What Windows does otherwise than POSIX.

Files in use, names, process trees whose parent dies, console code pages.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from app.adapters.files import LocalFiles
from app.adapters.processes.local_processes import LocalProcesses
from app.model.errors import ExpectedError
from app.ports import Command, Exit, Output

pytestmark = [pytest.mark.windows]
NAMES = ["with space", "Jürgen Müßig", "日本語", "O'Brien & Co (x86)", "percent%PATH%", "a" * 120]
ROOT = Path(__file__).resolve().parents[2]


def command(program: str, *arguments: str, folder: str | None = None) -> Command:
    return Command(
        argv=(sys.executable, "-c", program, *arguments), env=dict(os.environ), folder=folder
    )


def output(items: list[object]) -> bytes:
    return b"".join(i.data for i in items if isinstance(i, Output))


@pytest.mark.parametrize("name", NAMES)
def test_any_folder_name_can_be_written_read_and_worked_in(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    files = LocalFiles()
    files.write(str(folder / f"{name}.txt"), name.encode("utf-8"))
    assert files.read(str(folder / f"{name}.txt")) == name.encode("utf-8")
    assert files.names(str(folder)) == (f"{name}.txt",)
    seen = list(
        LocalProcesses(threading.Event()).stream(
            command(
                "import os, sys; sys.stdout.buffer.write(os.path.basename(os.getcwd()).encode() + "
                "b'|' + sys.argv[1].encode())",
                name,
                folder=str(folder),
            )
        )
    )
    assert output(list(seen)) == f"{name}|{name}".encode()
    assert isinstance(seen[-1], Exit)
    assert seen[-1].code == 0
    files.remove(str(folder))
    assert not folder.exists()


def test_far_beyond_260_characters(tmp_path: Path) -> None:
    deep = str(tmp_path.joinpath(*["verzeichnis äöü 0123456789 0123456789"] * 10, "file.bin"))
    assert len(deep) > 400
    files = LocalFiles()
    files.write(deep, b"x" * 10)
    files.append(deep, b"y")
    assert files.size(deep) == 11
    assert files.sha256(deep) == "bcab104eeb097627cd780495fb0cb380c2f2daad3470b0d5ecd03440882381a4"
    files.move(deep, deep + "2")
    assert files.read(deep + "2") == b"x" * 10 + b"y"
    files.remove(str(tmp_path / "verzeichnis äöü 0123456789 0123456789"))
    assert files.names(str(tmp_path)) == ()


def test_a_file_that_is_open_is_named_and_stays(tmp_path: Path) -> None:
    """Another program holds it as most do, without sharing the right to delete."""
    path = tmp_path / "held.dll"
    path.write_bytes(b"old")
    with path.open("rb"):
        with pytest.raises(ExpectedError) as raised:
            LocalFiles().remove(str(path))
        assert raised.value.code == "file_in_use"
        assert "held.dll" in raised.value.message
    assert path.read_bytes() == b"old"


def test_a_running_program_cannot_be_replaced_and_that_is_said(tmp_path: Path) -> None:
    program = tmp_path / "program.exe"
    program.write_bytes(Path(os.environ["COMSPEC"]).read_bytes())
    running = subprocess.Popen(
        [str(program), "/c", "ping -n 30 127.0.0.1"],
        stdout=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )
    try:
        with pytest.raises(ExpectedError) as raised:
            LocalFiles().write(str(program), b"new")
        assert raised.value.code in {"file_in_use", "permission_denied"}
    finally:
        running.kill()
        running.wait()
    assert program.read_bytes() != b"new"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["program.exe"], (
        "a temporary file was left"
    )


def test_a_held_replacement_waits_for_a_short_reader(tmp_path: Path) -> None:
    """A virus scanner opens a new file for a moment: the replacement must outlast that."""
    path = tmp_path / "active.json"
    path.write_bytes(b"old")
    reader = path.open("rb")
    release = threading.Timer(0.3, reader.close)
    release.start()
    try:
        LocalFiles().write(str(path), b"new")
    finally:
        release.join()
        reader.close()
    assert path.read_bytes() == b"new"


MIDDLE = """
import os, sys, threading
from app.ports import Command
from app.adapters.processes.local_processes import LocalProcesses
grand = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
child = ("import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', sys.argv[1]], stdout=subprocess.PIPE); "
         "print(p.stdout.readline().decode().strip(), flush=True); p.wait()")
stream = LocalProcesses(threading.Event()).stream(Command(argv=(sys.executable, "-c", child, grand), env=dict(os.environ)))
print(next(stream).data.decode().strip(), flush=True)
for _ in stream:
    pass
"""


def test_if_this_program_is_killed_its_grandchildren_end_too() -> None:
    middle = subprocess.Popen(
        [sys.executable, "-c", MIDDLE], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, cwd=ROOT
    )
    assert middle.stdout is not None
    grandchild = int(middle.stdout.readline())
    assert psutil.pid_exists(grandchild)
    middle.kill()  # TerminateProcess: nothing in it can run any more
    middle.wait()
    deadline = time.monotonic() + 60
    while psutil.pid_exists(grandchild) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(grandchild)


def test_bytes_of_an_old_code_page_arrive_untouched() -> None:
    """A program of 1998 writes code page 850; the adapter hands over bytes, and the reader replaces
    what is not UTF-8.
    """
    seen = list(
        LocalProcesses(threading.Event()).stream(
            command("import sys; sys.stdout.buffer.write('Müßig'.encode('cp850'))")
        )
    )
    assert output(list(seen)) == "Müßig".encode("cp850")


def test_a_crash_keeps_its_windows_code() -> None:
    seen = list(
        LocalProcesses(threading.Event()).stream(
            command("import ctypes; ctypes.windll.kernel32.ExitProcess(0xC0000005)")
        )
    )
    assert isinstance(seen[-1], Exit)
    assert seen[-1].code & 0xFFFFFFFF == 0xC0000005


def test_a_process_that_died_before_it_was_ready_is_started_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    starts: list[int] = []

    class Dying(subprocess.Popen[bytes]):
        def __init__(self, *words: object, **how: object) -> None:
            starts.append(1)
            if len(starts) < 3:
                raise OSError(22, "Internal error", None, 1359)
            super().__init__(*words, **how)  # type: ignore[call-overload]  # what start() gives, passed on

    monkeypatch.setattr("app.adapters.processes.process_tree.subprocess.Popen", Dying)
    seen = list(LocalProcesses(threading.Event()).stream(command("print('here')")))
    assert output(list(seen)).strip() == b"here"
    assert len(starts) == 3


def test_any_other_fault_of_a_start_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    starts: list[int] = []

    def refused(*words: object, **how: object) -> None:
        starts.append(1)
        raise OSError(13, "Access is denied", None, 5)

    monkeypatch.setattr("app.adapters.processes.process_tree.subprocess.Popen", refused)
    with pytest.raises(ExpectedError):
        next(LocalProcesses(threading.Event()).stream(command("")))
    assert len(starts) == 1


def test_nothing_behind_a_junction_is_counted_or_removed(tmp_path: Path) -> None:
    """Caches are often moved to another disk so."""
    behind, tree = tmp_path / "behind", tmp_path / "tree"
    behind.mkdir()
    (behind / "large").write_bytes(b"x" * 9000)
    tree.mkdir()
    if sys.platform == "win32":
        import _winapi

        try:
            _winapi.CreateJunction(str(behind), str(tree / "way"))
        except OSError as error:
            pytest.skip(f"this Windows makes no junctions: {error.strerror} (Wine)")
    files = LocalFiles()
    assert files.size(str(tree)) == 0
    files.remove(str(tree))
    assert not tree.exists() and (behind / "large").stat().st_size == 9000
