"""The log pane under a million lines: rate against a bare read loop, stalls, memory, search.

One run, printed side by side.

``python tests/benchmarks/log_pane.py [LINES]``. The child is a C program where gcc is there (a line
a ``write``, as uv does on standard error), else Python (64 KiB a ``write``). Goals: issue of the
figures, PERFORMANCE in the design papers.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

import psutil
from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication

from app.adapters.files import LocalFiles
from app.adapters.processes.local_processes import LocalProcesses
from app.gui.log_view.pane import LogPane
from app.gui.log_view.store import LogStore, Search
from app.gui.stream import Stream
from app.model.event import Line, StepEvent
from app.ports import Command, Output

C_CHILD = r"""
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(int n, char **v) {
    long lines = atol(v[1]);
    char text[160];
    for (long i = 0; i < lines; i++) {
        int k = sprintf(text, "[%ld/%ld] Building CUDA object csrc/kernels/kernel_%ld.cu.obj with -O3 --use_fast_math\n",
                        i, lines, i % 997);
        for (char *p = text; k > 0;) { ssize_t w = write(1, p, k); if (w <= 0) return 3; p += w; k -= w; }
    }
    return 0;
}
"""
PY_CHILD = """
import sys
n = int(sys.argv[1])
for i in range(n):
    sys.stdout.write(f"[{i}/{n}] Building CUDA object csrc/kernels/kernel_{i % 997}.cu.obj with -O3 --use_fast_math\\n")
"""


def child(folder: Path, lines: int) -> list[str]:
    """The command that writes the lines."""
    gcc = shutil.which("gcc")
    if gcc:
        (folder / "child.c").write_text(C_CHILD)
        subprocess.run([gcc, "-O2", "-w", "-o", folder / "child", folder / "child.c"], check=True)
        return [str(folder / "child"), str(lines)]
    (folder / "child.py").write_text(PY_CHILD)
    return [sys.executable, str(folder / "child.py"), str(lines)]


def bare(argv: list[str]) -> float:
    """Seconds that a loop of ``os.read`` in a thread takes to drain the child, with nothing else
    going on.
    """
    took: list[float] = []

    def drain() -> None:
        began = time.perf_counter()
        with subprocess.Popen(argv, stdout=subprocess.PIPE) as running:
            assert running.stdout is not None
            while os.read(running.stdout.fileno(), 65536):
                pass
        took.append(time.perf_counter() - began)

    thread = threading.Thread(target=drain)
    thread.start()
    thread.join()
    return took[0]


def cat(argv: list[str]) -> float:
    """Seconds that the child takes when ``cat`` reads it."""
    began = time.perf_counter()
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as running:
        subprocess.run(["cat"], stdin=running.stdout, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def shown(
    argv: list[str], log: Path, pane: LogPane, stop: threading.Event
) -> tuple[float, float, list[float]]:
    """The product's way: child, adapter, log file, events, queue, window. Seconds until the child has
    ended, until the last line is on screen, and how late each beat of a 5 ms timer came (ms)."""
    ended: list[float] = []

    def run() -> Iterator[StepEvent]:
        write = LocalFiles().open_log(str(log))
        for piece in LocalProcesses(stop).stream(Command(argv=tuple(argv), env=dict(os.environ))):
            if isinstance(piece, Output):
                write(piece.data)
                yield StepEvent(at=0.0, step="s", what=Line(text=piece.data))
        ended.append(time.perf_counter())

    def take(event: StepEvent) -> None:
        if isinstance(event.what, Line):
            pane.grow(event.what.text, at=time.time())

    beats: list[float] = []
    last = time.perf_counter()

    def beat() -> None:
        nonlocal last
        now = time.perf_counter()
        beats.append(max(0.0, (now - last) * 1e3 - 5))
        last = now

    heart = QTimer()
    heart.setTimerType(Qt.TimerType.PreciseTimer)
    heart.timeout.connect(beat)
    heart.start(5)
    loop = QEventLoop()
    stream = Stream(run, take)
    stream.ended.connect(loop.quit)
    began = time.perf_counter()
    stream.start()
    loop.exec()
    while not pane.store.catch_up(0.0):
        QApplication.processEvents()
    pane.touch()
    QApplication.processEvents()
    heart.stop()
    return ended[0] - began, time.perf_counter() - began, beats


def main() -> None:
    """Measure and print."""
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    app = QApplication([])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        argv = child(folder, lines)
        pane = LogPane()
        pane.resize(1000, 650)
        pane.show()
        app.processEvents()
        rows: dict[str, list[float]] = {k: [] for k in ("bare", "cat", "child", "screen", "stall")}
        grown = 0.0
        process = psutil.Process()
        for turn in range(3):
            rows["bare"].append(bare(argv))
            rows["cat"].append(cat(argv) if shutil.which("cat") else float("nan"))
            log = folder / f"{turn}.log"
            pane.show_log(LogStore(str(log)))
            before = process.memory_info().rss
            ended, screen, beats = shown(argv, log, pane, threading.Event())
            grown = max(grown, process.memory_info().rss - before)
            assert pane.rows() == lines, f"{pane.rows()} of {lines} lines on screen"
            assert f"[{lines - 1}/{lines}]" in pane.visible_text(), "the last line is not in sight"
            rows["child"].append(ended)
            rows["screen"].append(screen)
            rows["stall"].append(max(beats))
        m = {k: statistics.median(v) for k, v in rows.items()}
        how = "a line a write" if shutil.which("gcc") else "64 KiB a write"
        print(f"lines                     {lines:,}, {how}, every line on disk")
        print(f"bare os.read loop         {lines / m['bare'] / 1e6:.2f} M lines/s")
        print(
            f"log pane                  {lines / m['screen'] / 1e6:.2f} M lines/s, "
            f"{m['bare'] / m['screen']:.2f} of the bare loop (goal 0.6)"
        )
        print(f"child slowed by           {m['child'] / m['cat']:.2f} times cat (goal 1.5)")
        print(
            f"longest stall, median     {m['stall']:.1f} ms (goal 16), worst run "
            f"{max(rows['stall']):.1f} ms (goal 33)"
        )
        print(f"memory                    {grown / 1e6:.1f} MB over before (goal 20)")
        for text in ("KERNEL_96.cu.obj", "zzz no such text"):
            timed, longest = [], 0.0
            for _ in range(3):
                search = Search(pane.store, text)
                began = time.perf_counter()
                done = False
                while not done:
                    slice_began = time.perf_counter()
                    done = search.step()
                    longest = max(longest, time.perf_counter() - slice_began)
                timed.append(time.perf_counter() - began)
            plain = plain_search(pane.store.path or "", text)
            print(
                f"search {text!r:19}{statistics.median(timed) * 1e3:6.0f} ms, {search.total} hits, "
                f"longest slice {longest * 1e3:.1f} ms (goal 50 and 2; one lower().count of the "
                f"whole file {plain * 1e3:.0f} ms)"
            )


def plain_search(path: str, text: str) -> float:
    """Seconds that the whole file in one piece takes, read included."""
    began = time.perf_counter()
    Path(path).read_bytes().lower().count(text.lower().encode())
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
