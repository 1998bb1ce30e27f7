"""The real command line with one small profile known beside the real ones.

SMALL_LOCK=FILE python -m tests.journeys.command ARGS.

With SMALL_ROOM the profile says that it takes 110 MB.
The profile's four packages have the names that a first import asks for, so every step of an install
runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

import app.__main__ as program
from app import knowledge
from app.cli import command_table as table
from tests.fault_index import SmallWheel, make_wheel
from tests.journeys import small

ROOT = Path(__file__).parents[2]
NAMES = ("torch", "transformers", "datasets", "peft")
_load, _resource = knowledge.load, program._load_resource


def wheels(version: str = "1.0", size: int = 20_000) -> list[SmallWheel]:
    """The profile's packages."""
    return [make_wheel(name, version, size=size) for name in NAMES]


def words(home: Path, lock: Path, url: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """A command as a list, and its variables. ``arguments`` begin with the command's name."""
    answers = home.parent / "answers.toml"
    if not answers.exists():
        answers.write_text('verify = "none"\n')
    taken = table.command(arguments[0]).options
    own = ["--home", str(home), "--answers", str(answers)] if "home" in taken else []
    if arguments[0] == "install":
        own += ["--yes", "--index", url, "--profile", "small"]
    return [sys.executable, "-m", "tests.journeys.command", *arguments, *own], {
        **os.environ,
        "SMALL_LOCK": str(lock),
    }


def run(
    home: Path,
    lock: Path,
    url: str,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    **how: Any,
) -> subprocess.CompletedProcess[str]:
    """One command from outside, to its end."""
    command, own = words(home, lock, url, *arguments)
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**own, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        **how,
    )


def load(read: knowledge.Read, names: knowledge.Names) -> knowledge.Knowledge:
    """What the program knows, and the small profile."""
    known, lock = _load(read, names), Path(os.environ["SMALL_LOCK"]).read_text()
    own = small.profile(lock)
    if "SMALL_ROOM" in os.environ:
        own = msgspec.structs.replace(
            own,
            parts=tuple(
                msgspec.structs.replace(p, download=10_000_000, disk=100_000_000) for p in own.parts
            ),
        )
    return msgspec.structs.replace(known, profiles=(own, *known.profiles))


def resource(name: str) -> bytes:
    """The program's own files, each check in the place of one that needs no torch."""
    return small.CHECK.encode() if name.startswith("checks/") else _resource(name)


if __name__ == "__main__":
    knowledge.load, program._load_resource = load, resource
    sys.exit(program.main(sys.argv[1:]))
