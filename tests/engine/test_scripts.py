"""The plan as a script: whole, quoted, and accepted by the shell that would run it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.engine.scripts import plan_script
from app.model.home_layout import HomeLayout
from app.model.plan import (
    Activate,
    CreateEnvironment,
    FetchWheels,
    InstallWheels,
    Plan,
    ProvidePython,
    Quarantine,
)
from app.model.profile import Part, Profile, Versions
from app.model.sources import Sources

LOCK = "one==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n"


def profile() -> Profile:
    parts = tuple(
        Part(id=part, title=part, platform=platform, lock="l", index=index, requirements=LOCK)
        for platform in ("linux", "windows")
        for part, index in (("torch", "pytorch/cu128"), ("packages", "default"))
    )
    return Profile(
        id="p",
        title="P",
        subtitle="",
        summary="",
        python="3.12",
        versions=Versions(torch="2.8.0"),
        pinned_on="",
        proven="",
        parts=parts,
    )


PLAN = Plan(
    title="Set-up of P",
    profile="p",
    environment="p-1",
    steps=(
        ProvidePython(id="python", title="Python 3.12", version="3.12"),
        FetchWheels(id="f", title="PyTorch", profile="p", part="torch"),
        CreateEnvironment(id="e", title="Own environment", environment="p-1", python="3.12"),
        InstallWheels(
            id="i", title="Packages", environment="p-1", profile="p", parts=("torch", "packages")
        ),
        Activate(id="a", title="Switch", environment="p-1", profile="p"),
    ),
)


@pytest.mark.posix
@pytest.mark.skipif(sys.platform == "win32", reason="asks a POSIX shell")
def test_the_posix_script_is_valid_and_survives_a_hostile_home(tmp_path: Path) -> None:
    text = plan_script(
        PLAN,
        HomeLayout("/home/o'neil/$(touch owned)/Set up", "linux"),
        {"p": profile()},
        Sources(),
        "sh",
    )
    path = tmp_path / "plan.sh"
    path.write_text(text)
    assert subprocess.run(["sh", "-n", str(path)], check=False).returncode == 0
    assert "'/home/o'\\''neil/$(touch owned)/Set up'" in text
    assert "--require-hashes --index-url https://download.pytorch.org/whl/cu128" in text.replace(
        "'", ""
    )
    assert text.count(LOCK) == 2


def test_the_powershell_script_quotes_its_paths() -> None:
    text = plan_script(
        PLAN,
        HomeLayout("C:\\Users\\O'Neil\\Set up", "windows"),
        {"p": profile()},
        Sources(),
        "powershell",
    )
    assert "$HOME_DIR = 'C:\\Users\\O''Neil\\Set up'" in text
    assert '"$ENV_DIR\\Scripts\\python.exe"' in text
    assert "throw" in text


EVIL = "Remove-Item evil"


@pytest.mark.parametrize("quote", ["\u2018", "\u2019", "\u201a", "\u201b", "'"])
def test_no_quote_of_a_path_ends_a_text_of_powershell(quote: str) -> None:
    """PowerShell takes typographic quotes for straight ones; a person called D’Arcy has one in his
    home, too.
    """
    home = f"C:\\Users\\D{quote}; {EVIL} #"
    text = plan_script(PLAN, HomeLayout(home, "windows"), {"p": profile()}, Sources(), "powershell")
    assert f"$HOME_DIR = 'C:\\Users\\D{quote}{quote}; {EVIL} #'" in text


@pytest.mark.parametrize("shell", ["sh", "powershell"])
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x85", "\u2028", "\x0b"])
def test_a_line_break_in_a_name_does_not_end_a_comment(shell: str, end: str) -> None:
    path = f"/home/x{end}{EVIL}"
    move = Quarantine(id="q", title=f"Move {path} away", leftover="l", path=path, touches=(path,))
    text = plan_script(
        Plan(title=f"P{end}{EVIL}", profile="p", environment="p-1", steps=(move, *PLAN.steps)),
        HomeLayout("/home/kim/setup", "linux"),
        {"p": profile()},
        Sources(),
        shell,
    )
    assert text.count(EVIL) == 3
    assert all(line.startswith("#") for line in text.splitlines() if EVIL in line)
