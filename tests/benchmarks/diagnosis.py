"""How long the diagnosis takes over large logs, and how much memory.

``python tests/benchmarks/diagnosis.py``.

Each log is read by the real command in a process of its own (Linux: its peak is told by wait4).
Goals: 50 MB in 2 s of processor time; 200 MB and a line of 100 MB without a hang; less than 300 MB
of memory beyond nothing else running. Prints one line for each; the exit code is 1 where a goal is
missed.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ERROR = b"RuntimeError: Unsloth: No working quantizer found in /home/kim/llama.cpp\n"
CAUSE = "gguf_llama_cpp_missing"
MB = 1_000_000


def lines(size: int) -> Iterator[bytes]:
    """What a long run prints, differing in its figures, with the error two thirds down."""
    rand = random.Random(7)
    written, in_traceback = 0, False
    while written < size:
        step = rand.randrange(1 << 20)
        block = b"".join(
            b"INFO step %d of the loader: queue %d, %d rows, warning count %d, rate %.3f\n"
            % (step + n, rand.randrange(64), rand.randrange(9999), n % 7, rand.random())
            for n in range(2000)
        )
        written += len(block)
        yield block
        if not in_traceback and written > size * 2 // 3:
            in_traceback = True
            yield ERROR


def one_line(size: int) -> Iterator[bytes]:
    """One line without an end, and the error below it."""
    part = b"100%|##########| 1/1 loss=1.25 error_rate=0.01 " * 20_000
    for _ in range(size // len(part)):
        yield part
    yield b"\n" + ERROR


CASES: dict[str, tuple[Callable[[int], Iterator[bytes]], int, float]] = {
    "50 MB": (lines, 50 * MB, 2.0),
    "200 MB": (lines, 200 * MB, 10.0),
    "200 MB in UTF-16": (lines, 100 * MB, 10.0),
    "a line of 100 MB": (one_line, 100 * MB, 5.0),
}
MOST = 300 * MB


def run(log: Path) -> tuple[float, int, str | None]:
    """Processor time of the command, its peak of memory in bytes, and the cause that it names."""
    command = [sys.executable, "-m", "app", "diagnose", "--log", str(log), "--json"]
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen(command, stdout=out, cwd=ROOT)
        if sys.platform == "win32":
            raise SystemExit("Windows counts the memory of children elsewhere; run it on Linux.")
        _pid, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        answer = json.loads(out.read() or b"{}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, answer.get("cause")


def main() -> int:
    """Print the figures of every case."""
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.log"
        empty.write_bytes(b"")
        alone, base, _ = run(empty)
        print(f"nothing to read: {alone:.2f} s, {base / MB:.0f} MB")
        for name, (make, size, seconds) in CASES.items():
            log = Path(folder) / "log"
            with log.open("wb") as target:
                for block in make(size):
                    target.write(block.decode().encode("utf-16-le") if "UTF-16" in name else block)
            took, peak, cause = run(log)
            good = cause == CAUSE and took - alone <= seconds and peak <= MOST
            missed += not good
            print(
                f"{name}: {took - alone:.2f} s beyond the start (at most {seconds}), peak "
                f"{peak / MB:.0f} MB (at most {MOST // MB}), {cause}: {'good' if good else 'missed'}"
            )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
