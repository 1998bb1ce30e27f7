"""The plan as a script: whole, quoted, and accepted by the shell that would run it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import tree_sitter
import tree_sitter_powershell

from app.engine.scripts import as_file, plan_script
from app.model.errors import InputError
from app.model.home_layout import HomeLayout
from app.model.plan import (
    Activate,
    CreateEnvironment,
    FetchWheels,
    FirstImport,
    FixOpenmp,
    InstallWheels,
    Plan,
    ProvidePython,
    Quarantine,
)
from app.model.profile import Part, Profile, Versions
from app.model.sources import Sources


def parsed(text: str) -> tree_sitter.Node:
    """The syntax tree of a PowerShell script."""
    language = tree_sitter.Language(tree_sitter_powershell.language())
    return tree_sitter.Parser(language).parse(text.encode()).root_node


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
        FirstImport(id="j", title="First import", environment="p-1", profile="p"),
        Activate(id="a", title="Switch", environment="p-1", profile="p"),
    ),
)


OPENMP = FixOpenmp(id="o", title="OpenMP", environment="p-1")
WINDOWS = msgspec.structs.replace(PLAN, steps=(*PLAN.steps, OPENMP))


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
    assert shlex.quote("/home/o'neil/$(touch owned)/Set up") in text
    assert "--require-hashes --index-url https://download.pytorch.org/whl/cu128" in text
    assert text.count(LOCK.rstrip()) == 2


def test_the_powershell_script_quotes_its_paths() -> None:
    text = plan_script(
        PLAN,
        HomeLayout("C:\\Users\\O'Neil\\Set up", "windows"),
        {"p": profile()},
        Sources(),
        "powershell",
    )
    assert "$HOME_DIR = 'C:\\Users\\O''Neil\\Set up'" in text
    assert not parsed(text).has_error
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


# ---- what only newer PowerShells know

TOO_NEW = {
    "pipeline chain": "a && b",
    "other chain": "a || b",
    "ternary": "$x = $y ? 1 : 2",
    "null coalescing": "$x = $y ?? 1",
    "null assignment": "$x ??= 1",
    "null member": "${x}?.Length",
    "parallel": "1..3 | ForEach-Object -Parallel { $_ }",
    "variable of 6": "if ($IsWindows) { a }",
    "escape of 6": '"`u{2014}"',
    "encoding of 6": "Set-Content -Encoding utf8NoBOM x y",
    "join of 6": "a | Join-String",
    "hash table of 6": "ConvertFrom-Json -AsHashtable",
}
_NEWER = re.compile(
    r"&&|\|\||\?\?|\?\.|\?\[|(?<=\s)\?(?=\s)|-Parallel\b|\$Is(?:Windows|Linux|MacOS|CoreCLR)\b|`u\{|"
    r"utf8(?:No)?BOM|Join-String|-AsHashtable|Test-Json|Get-Error\b",
    re.IGNORECASE,
)
_TEXTS = frozenset(
    {"comment", "verbatim_string_characters", "verbatim_here_string_characters"}
)  # what stands in them is no code


def code(node: tree_sitter.Node) -> Iterator[str]:
    """What is code in a script: all but comments and verbatim texts."""
    if node.type in _TEXTS:
        return
    if not node.children:
        yield (node.text or b"").decode()
    for child in node.children:
        yield from code(child)


@pytest.mark.parametrize("kind", TOO_NEW)
def test_what_powershell_5_does_not_know_is_noticed(kind: str) -> None:
    tree = parsed(TOO_NEW[kind] + "\n")
    assert tree.has_error or _NEWER.search(" ".join(code(tree))) or _NEWER.search(TOO_NEW[kind])


HOSTILE = (
    "C:\\Users\\O'Neil\\Set up",
    "C:\\Users\\D\u2019Arcy; Remove-Item evil #",
    "C:\\a$(calc)`$x & b | c > d",
    "C:\\[x]\\{y}\\@'",
    "C:\\Jürgen\\100 %",
)


@pytest.mark.parametrize("home", HOSTILE)
@pytest.mark.parametrize("index", [None, "https://me:s3cret@h.example/s;calc#$(calc)'&calc"])
def test_the_powershell_script_is_one_that_5_reads_whatever_it_names(
    home: str, index: str | None
) -> None:
    def made(home: str, index: str | None) -> str:
        place = HomeLayout(home, "windows")
        return plan_script(
            WINDOWS, place, {"p": profile()}, Sources(index=index), "powershell", home + "\\uv.exe"
        )

    text = made(home, index)
    tree = parsed(text)
    assert not tree.has_error
    assert not _NEWER.search(" ".join(code(tree)))
    plain = made("C:\\x", index and "https://h.example/simple")
    assert [n.type for n in walk(tree)] == [n.type for n in walk(parsed(plain))]
    assert "s3cret" not in text


def walk(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    yield node
    for child in node.children:
        yield from walk(child)


def test_its_file_is_one_that_windows_reads() -> None:
    place = HomeLayout("C:\\Users\\Jürgen", "windows")
    text = plan_script(PLAN, place, {"p": profile()}, Sources(), "powershell")
    data = as_file(text, "powershell")
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\n") == data.count(b"\r\n") == text.count("\n")
    assert data.decode("utf-8-sig").replace("\r\n", "\n") == text
    assert as_file("a\n", "sh") == b"a\n"


FAKE_UV = """#!/bin/sh
printf '%s\\n' "$@" END >> "$LOG"
env | grep -E '^(UV_|PIP_|PYTHONPATH)' >> "$LOG.env" || true
if [ "$1" = venv ]; then
  for last; do :; done
  mkdir -p "$last/bin"
  printf '#!/bin/sh\\nexit 0\\n' > "$last/bin/python"
  chmod +x "$last/bin/python"
fi
"""


@pytest.mark.posix
@pytest.mark.skipif(sys.platform == "win32", reason="asks a POSIX shell")
@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize("packed", [True, False])
def test_the_posix_script_runs_twice_and_nothing_of_a_name_is_run(
    tmp_path: Path, shell: str, packed: bool
) -> None:
    tools = tmp_path / "tools $(touch PWNED) '\""
    tools.mkdir()
    (tools / "uv").write_text(FAKE_UV)
    (tools / "uv").chmod(0o755)
    home = tmp_path / "home '$(touch PWNED)`touch PWNED`;touch PWNED;\"\\"
    index = "https://h.example/'$(touch${IFS}PWNED)'/simple&touch+PWNED;touch%20PWNED"
    text = plan_script(
        PLAN,
        HomeLayout(str(home), "linux"),
        {"p": profile()},
        Sources(index=index),
        "sh",
        str(tools / "uv") if packed else "/nowhere/uv",
    )
    path = tmp_path / "plan.sh"
    path.write_bytes(as_file(text, "sh"))
    env = {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "LOG": str(tmp_path / "log"),
        "UV_INDEX": "https://evil.example",
        "PIP_INDEX_URL": "https://evil.example",
        "PYTHONPATH": "/evil",
    }
    for _ in range(2):
        done = subprocess.run(
            [shell, str(path)], cwd=tmp_path, env=env, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert not list(tmp_path.rglob("PWNED"))
    calls = [c.split("\n") for c in (tmp_path / "log").read_text().split("END\n") if c]
    assert [c[0] for c in calls] == ["python", "venv", "pip", "pip", "python", "pip", "pip"]
    assert index in calls[3]
    seen = (tmp_path / "log.env").read_text()
    assert "evil" not in seen
    assert f"UV_CACHE_DIR={home}/cache" in seen
    assert (home / "torch.lock.txt").read_text() == LOCK


def test_a_setting_that_is_no_address_is_refused() -> None:
    sources = Sources(refused="The setting index-url (pip: x) names 'y', which is no address.")
    with pytest.raises(InputError, match="no address"):
        plan_script(PLAN, HomeLayout("/h", "linux"), {"p": profile()}, sources, "sh")
