"""Real children: output in order, whole trees ended, limits, silence, tools that cannot be started."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Any

import psutil
import pytest

from app.adapters.processes import process_tree
from app.adapters.processes.local_processes import LocalProcesses
from app.model import limits
from app.model.errors import ExpectedError, StoppedError
from app.ports import Command, Exit, Output


def command(code: str, *more: str) -> Command:
    return Command(argv=(sys.executable, "-u", "-c", code, *more), env=dict(os.environ))


def test_output_of_both_streams_arrives_and_the_exit_code_comes_last() -> None:
    items = list(
        LocalProcesses(threading.Event()).stream(
            command("import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)")
        )
    )
    text = b"".join(item.data for item in items if isinstance(item, Output))
    assert text.split() == [b"out", b"err"]
    assert items[-1] == Exit(code=7)


def test_a_million_lines_arrive_whole() -> None:
    items = LocalProcesses(threading.Event()).stream(
        command("import sys; sys.stdout.write('abcdefghi\\n' * 1_000_000)")
    )
    assert sum(item.data.count(b"\n") for item in items if isinstance(item, Output)) == 1_000_000


def test_stop_ends_child_and_grandchild_and_waits_for_neither() -> None:
    stop = threading.Event()
    grand = (
        "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', 'import time; "
        "time.sleep(300)']); "
        "print(p.pid, flush=True); time.sleep(300)"
    )
    stream = LocalProcesses(stop).stream(command(grand))
    first = next(stream)
    assert isinstance(first, Output)
    pid = int(first.data)
    assert psutil.pid_exists(pid)
    stop.set()
    began = time.monotonic()
    with pytest.raises(StoppedError):
        for _ in stream:
            pass
    assert (
        time.monotonic() - began < 60
    )  # both would sleep for 300 s; people see a second (0.1 s between looks)
    deadline = time.monotonic() + 60
    while _alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _alive(pid)


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_closed_stream_leaves_no_child() -> None:
    stream = LocalProcesses(threading.Event()).stream(
        command("import os, time; print(os.getpid(), flush=True); time.sleep(60)")
    )
    first = next(stream)
    assert isinstance(first, Output)
    stream.close()  # type: ignore[attr-defined]
    assert not _alive(int(first.data))


def test_the_time_limit_names_the_program() -> None:
    with pytest.raises(ExpectedError, match="did not end within"):
        list(
            LocalProcesses(threading.Event()).stream(
                command("import time; time.sleep(30)"), limit_seconds=0.3
            )
        )


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(ExpectedError, match="no-such-program"):
        list(LocalProcesses(threading.Event()).stream(Command(argv=("no-such-program-anywhere",))))
    assert LocalProcesses(threading.Event()).capture(["no-such-program-anywhere"]).code is None


def test_capture_gives_up_in_time() -> None:
    began = time.monotonic()
    assert (
        LocalProcesses(threading.Event())
        .capture([sys.executable, "-c", "import time; time.sleep(90)"], 0.4)
        .code
        is None
    )
    assert time.monotonic() - began < 60


def _words(code: str) -> tuple[bytes, int]:
    items = list(LocalProcesses(threading.Event()).stream(command(code)))
    last = items[-1]
    assert isinstance(last, Exit)
    return b"".join(item.data for item in items if isinstance(item, Output)), last.code


def test_last_words_are_read_although_the_reader_comes_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = process_tree._read_pipe

    def late(*arguments: Any, **named: Any) -> bytes:
        data = real(*arguments, **named)
        if data:
            time.sleep(1.5)
        return data

    monkeypatch.setattr(process_tree, "_read_pipe", late)
    monkeypatch.setattr(limits, "HELD_OPEN", 0)
    output, code = _words("import sys, time; time.sleep(0.3); sys.exit('the reason')")
    assert (output.strip(), code) == (b"the reason", 1)


def test_the_wait_after_the_end_counts_from_the_end_for_what_was_left_behind() -> None:
    output, code = _words(
        "import subprocess, sys; subprocess.Popen([sys.executable, '-u', '-c', 'import time\\n"
        "while True: print(1); time.sleep(0.01)']); print('mine', flush=True)"
    )
    assert b"mine" in output
    assert code == 0


def test_what_a_child_prints_without_end_does_not_fill_the_memory() -> None:
    stream = LocalProcesses(threading.Event()).stream(
        command("import os\nwhile True: os.write(1, b'x' * 65536)")
    )
    before, seen = psutil.Process().memory_info().rss, 0
    for item in stream:
        seen += len(item.data) if isinstance(item, Output) else 0
        if seen > 500_000_000:
            break
    stream.close()  # type: ignore[attr-defined]
    assert psutil.Process().memory_info().rss - before < 100_000_000


@pytest.mark.parametrize("pipe", [1, 2])
def test_an_answer_without_end_is_ended_and_costs_no_memory(pipe: int) -> None:
    before = psutil.Process().memory_info().rss
    answer = LocalProcesses(threading.Event()).capture(
        [sys.executable, "-c", f"import os\nwhile True: os.write({pipe}, b'x' * 65536)"], 120.0
    )
    assert (answer.code, answer.err) == (None, "printed more than 8 MB")
    assert psutil.Process().memory_info().rss - before < 100_000_000


def test_an_answer_takes_what_it_left_behind_along() -> None:
    answer = LocalProcesses(threading.Event()).capture(
        [
            sys.executable,
            "-c",
            "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; "
            "time.sleep(300)']); print(p.pid)",
        ],
        60.0,
    )
    assert answer.code == 0
    deadline = time.monotonic() + 60
    while _alive(int(answer.out)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _alive(int(answer.out))


def test_a_name_with_a_nul_is_an_answer_and_not_a_fault() -> None:
    assert LocalProcesses(threading.Event()).capture(["a\0b"]).code is None
    with pytest.raises(ExpectedError, match="could not be started"):
        list(LocalProcesses(threading.Event()).stream(Command(argv=("a\0b",))))
