"""A bench for journeys with faults.

One home folder, one index, the program as a process, and what must hold afterwards.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from app.adapters.computer import FAMILY
from app.model.home_layout import interpreter
from tests.fault_index import FaultIndex, SmallWheel, lock_of

ROOT = Path(__file__).parents[2]
USE = "import piece_0, piece_3; assert piece_0.__version__ == piece_3.__version__"
_OWN_NAMES = ("RECORD", "uv_cache.json")  # times, and the environment's own path, are in them
_UNFINISHED = (".part", ".tmp", ".ranges", ".gone", ".lock.new")


def tree(folder: Path) -> dict[str, str]:
    """Every file of an environment with its hash, its own path taken out; byte code has times in
    it.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        if (
            path.is_file()
            and not path.is_symlink()
            and path.suffix != ".pyc"
            and path.name not in _OWN_NAMES
        ):
            data = (
                path.read_bytes()
                .replace(str(folder).encode(), b"HERE")
                .replace(folder.name.encode(), b"NAME")
            )
            found[str(path.relative_to(folder))] = hashlib.sha256(data).hexdigest()
    return found


def unfinished(home: Path) -> list[str]:
    """Temporary files that a run should not have left: half-fetched, half-written, set aside, being
    unpacked.
    """
    return [
        str(p.relative_to(home))
        for p in home.rglob("*")
        if p.name.endswith(_UNFINISHED) or p.name.startswith((".tmp", "unpacking"))
    ]


def processes_of(home: Path) -> list[str]:
    """Command lines of processes that name a home folder or run from it."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "exe"]):
        words = [*(process.info["cmdline"] or []), process.info["exe"] or ""]
        if process.info["pid"] != os.getpid() and any(str(home) in word for word in words):
            found.append(" ".join(words))
    return found


def active(home: Path) -> str:
    """The name of the active environment; empty where there is none."""
    path = home / "active.json"
    return str(json.loads(path.read_text())["active"]) if path.exists() else ""


def usable(home: Path) -> str:
    """Use the active environment as a person would; what went wrong, or nothing."""
    python = interpreter(str(home / "envs" / active(home)), FAMILY)
    done = subprocess.run([python, "-c", USE], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"{python}: {done.returncode} {done.stderr[-500:]}"


class Watch:
    """Uses the active environment over and over while something else happens; ``faults`` lists
    every time it could not.
    """

    def __init__(self, home: Path) -> None:
        self.home, self.faults, self.looks = home, [""][:0], 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            fault = usable(self.home)
            self.looks += 1
            if fault:
                self.faults.append(fault)
            if self._over.wait(0.2):
                return


@dataclass
class Run:
    """How a run of the program ended: exit code, its events, what it said beside them."""

    code: int
    events: list[dict[str, Any]]
    stderr_text: str

    @property
    def failed(self) -> dict[str, Any]:
        """The event of the step that failed. Raises ``StopIteration`` where none did."""
        return next(e for e in self.events if e["what"] == "failed")


@dataclass
class Bench:
    """One home with an active environment, an index, and the tree that an undisturbed run makes."""

    folder: Path
    index: FaultIndex
    wheels: Sequence[SmallWheel]
    home: Path = field(init=False)
    expected: dict[str, str] = field(init=False)
    number: int = 0

    def __post_init__(self) -> None:
        self.home, self.temporary = self.folder / "home", self.folder / "temporary"
        self.temporary.mkdir(parents=True)
        (self.folder / "lock.txt").write_text(lock_of(list(self.wheels)))
        done = self.run(self.name)
        assert done.code == 0, (done.events[-3:], done.stderr_text[-2000:])
        self.expected = tree(self.home / "envs" / self.name)
        assert any(path.endswith("data.bin") for path in self.expected)

    @property
    def name(self) -> str:
        """The environment that the present run makes."""
        return f"small-{self.number}"

    def fresh(self) -> None:
        """The next environment, with nothing fetched; only the active one stays of those before."""
        self.index.rules.clear()
        self.index.pages.clear()
        self.number += 1
        for name in ("wheels", "cache", "locks"):
            shutil.rmtree(self.home / name, ignore_errors=True)
        for old in (self.home / "envs").iterdir():
            if old.name != active(self.home):
                shutil.rmtree(old)

    def start(
        self, name: str, url: str | None = None, env: Mapping[str, str] | None = None, **how: Any
    ) -> subprocess.Popen[str]:
        """The program as a process of its own."""
        command = [
            sys.executable,
            "-m",
            "tests.journeys.small",
            str(self.home),
            url or self.index.url,
            str(self.folder / "lock.txt"),
            name,
        ]
        own = {
            "TMPDIR": str(self.temporary),
            "TEMP": str(self.temporary),
            "TMP": str(self.temporary),
        }
        return subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, **own, **(env or {})},
            **how,
        )

    def ended(self, child: subprocess.Popen[str]) -> Run:
        """Wait for the program and read what it told. The limit only ends a test that hangs."""
        out, output = child.communicate(timeout=300)
        lines = out.splitlines()
        return Run(
            child.returncode, [json.loads(line) for line in lines if line.endswith("}")], output
        )

    def run(
        self,
        name: str,
        url: str | None = None,
        env: Mapping[str, str] | None = None,
        meanwhile: Callable[[subprocess.Popen[str]], None] | None = None,
        **how: Any,
    ) -> Run:
        """One whole run; ``meanwhile`` may disturb it."""
        child = self.start(name, url, env, **how)
        if meanwhile is not None:
            meanwhile(child)
        return self.ended(child)

    def disturbed(
        self,
        url: str | None = None,
        env: Mapping[str, str] | None = None,
        meanwhile: Callable[[subprocess.Popen[str]], None] | None = None,
        **how: Any,
    ) -> Run:
        """One run with a fault in it, during which the old environment is used again and again."""
        with Watch(self.home) as watch:
            done = self.run(self.name, url, env, meanwhile, **how)
        assert watch.looks > 1
        assert watch.faults == []
        self.nobody_is_left()
        return done

    def nobody_is_left(self) -> None:
        """No process works on in the home folder. A killed one may take a moment to go."""
        until = time.monotonic() + 30
        while processes_of(self.home) and time.monotonic() < until:
            time.sleep(0.05)
        assert processes_of(self.home) == []

    def holds(self) -> None:
        """What must be true once the fault is over: the next run finishes, and all is as if nothing
        had happened.
        """
        self.index.rules.clear()
        self.index.pages.clear()
        before = active(self.home)
        assert usable(self.home) == ""
        done = self.run(self.name)
        assert done.code == 0, (done.events[-3:], done.stderr_text[-2000:])
        assert active(self.home) == self.name
        made = tree(self.home / "envs" / self.name)
        assert {path for path, _ in made.items() ^ self.expected.items()} == set()
        assert usable(self.home) == ""
        assert before == self.name or (self.home / "envs" / before).is_dir()
        assert unfinished(self.home) == []
        assert [str(p) for p in self.temporary.rglob("*")] == []
        self.nobody_is_left()


def wait_for(child: subprocess.Popen[str], wanted: Callable[[], bool]) -> bool:
    """Wait until something is so, as long as the program runs; whether it came to be."""
    while child.poll() is None:
        if wanted():
            return True
        time.sleep(0.002)
    return False
