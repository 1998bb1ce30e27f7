"""The walls of the house: who imports whom, who touches the machine, and what no file may contain."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINTER = Path(sys.executable).with_name(
    "lint-imports.exe" if sys.platform == "win32" else "lint-imports"
)
# The forbidden words are composed here, so that this file does not hold them.
REGISTRY_HOSTS = [
    "py" + "pi.org",
    "python" + "hosted.org",
    "files." + "pypi",
    "registry.npm" + "js",
    "npm" + "js.com",
    "deb." + "debian.org",
    "security." + "debian.org",
    "crates" + ".io",
    "yarn" + "pkg.com",
    "rubygems" + ".org",
    "archive.u" + "buntu.com",
    "ana" + "conda.com/pkgs",
    "conda.ana" + "conda.org",
    "docker" + ".io/",
    "ghcr" + ".io/",
    "quay" + ".io/",
    "nvcr" + ".io/",
    "tuna.tsing" + "hua",
    "mirrors.ali" + "yun",
]
MACHINE_PATHS = ["/wo" + "rk/", "/ro" + "ot/", "/opt/whe" + "els", "/opt/py" + "pi"]
WIDTH = 97  # of a first line: 100 columns less the three quotes
VAGUE_NAMES = {"utils", "misc", "helpers", "common", "manager", "logic", "base"}


def tracked() -> list[Path]:
    """Every file under version control."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    return [
        ROOT / name
        for name in listed.stdout.decode("utf-8").split("\0")
        if name and (ROOT / name).is_file()
    ]


def sources(*folders: str) -> Iterator[Path]:
    """Every Python file below these folders."""
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def where(path: Path) -> str:
    """A path as people write it."""
    return path.relative_to(ROOT).as_posix()


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    """import-linter's verdict on a copy of the house."""
    return subprocess.run(
        [str(LINTER), "--no-cache"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        env={
            "PYTHONPATH": str(root),
            "PATH": "",
            "PYTHONIOENCODING": "utf-8",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )


@pytest.mark.posix
def test_the_rooms_keep_their_walls() -> None:
    seen = lint(ROOT)
    assert seen.returncode == 0, seen.stdout + seen.stderr


@pytest.mark.posix
@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("app/model/value.py", "import app.ports"),
        ("app/decide/__init__.py", "import app.knowledge"),
        ("app/steps/step_context.py", "import app.engine"),
        ("app/probe/__init__.py", "import app.steps"),
        ("app/adapters/__init__.py", "import app.decide"),
        ("app/engine/__init__.py", "import app.adapters"),
        ("app/engine/__init__.py", "import PySide6"),
        ("app/engine/__init__.py", "import subprocess"),
        ("app/gui/__init__.py", "import psutil"),
        ("app/decide/__init__.py", "import os"),
    ],
)
def test_a_broken_wall_is_seen(tmp_path: Path, file: str, line: str) -> None:
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / file).open("a", encoding="utf-8") as broken:
        broken.write(f"\n{line}\n")
    seen = lint(tmp_path)
    assert seen.returncode != 0, f"{line} in {file} was not noticed"
    assert "BROKEN" in seen.stdout, seen.stdout + seen.stderr


def calls_open(tree: ast.AST) -> list[int]:
    """Lines that call the built-in ``open`` or ``io.open``."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            dotted = ast.unparse(node.func) if isinstance(node.func, ast.Attribute) else ""
            if name == "open" or dotted in {"io.open", "builtins.open", "codecs.open"}:
                found.append(node.lineno)
    return sorted(found)


def test_files_are_opened_in_adapters_alone() -> None:
    found = [
        f"{where(p)}:{n}"
        for p in sources("app")
        if "adapters" not in p.relative_to(ROOT / "app").parts
        for n in calls_open(ast.parse(p.read_text("utf-8")))
    ]
    assert not found, f"open() outside of app/adapters: {found}"


def test_the_open_wall_sees_what_it_must() -> None:
    assert calls_open(
        ast.parse("x = 1\nwith open('f') as f: f.read()\nio.open('g')\nself.open('h')")
    ) == [2, 3]


def test_every_file_says_what_it_is_for() -> None:
    silent = []
    for path in sources("app", "build", "tests", "resources/checks"):
        first, *rest = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n")
        if not first.endswith((".", "?")) or (rest and rest[0]) or len(first) > WIDTH:
            silent.append(where(path))
    assert not silent, f"first line of the docstring is no sentence on one line: {silent}"


def test_public_functions_are_described() -> None:
    silent = []
    for path in sources("app", "build"):
        tree = ast.parse(path.read_text("utf-8"))
        owners: list[ast.Module | ast.ClassDef] = [
            tree,
            *(n for n in tree.body if isinstance(n, ast.ClassDef)),
        ]
        for owner in owners:
            for node in owner.body:
                if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith(
                    "_"
                ):
                    inherited = isinstance(owner, ast.ClassDef) and isinstance(
                        node, ast.FunctionDef
                    )
                    if not ast.get_docstring(node) and not inherited:
                        silent.append(f"{where(path)}:{node.lineno} {node.name}")
    assert not silent, f"public and without a docstring: {silent}"


def test_no_vague_names() -> None:
    found = [
        where(p)
        for p in sources("app", "build")
        if p.stem in VAGUE_NAMES or VAGUE_NAMES & set(p.parts)
    ]
    assert not found, f"a room is missing or the function is: {found}"


def test_no_swallowed_faults() -> None:
    """A broad handler stands in the faces, the survey and what it asks side by side; none is
    silent.
    """
    allowed = {
        "app/probe/survey.py",
        "app/model/in_time.py",
        "app/__main__.py",
        "app/cli/main.py",
    }
    found = []
    for path in sources("app", "build"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.ExceptHandler):
                continue
            names = ast.unparse(node.type) if node.type else "BaseException"
            broad = bool(re.search(r"\b(Base)?Exception\b", names))
            silent = len(node.body) == 1 and isinstance(node.body[0], ast.Pass)
            face = where(path) in allowed or where(path).startswith("app/gui/")
            if (broad and not face) or (silent and broad):
                found.append(f"{where(path)}:{node.lineno} except {names}")
    assert not found, f"faults that nobody would hear of: {found}"


@pytest.mark.posix
def test_no_registry_address_and_no_machine_path() -> None:
    found = []
    for path in tracked():
        data = path.read_bytes()
        if b"\0" in data:
            continue  # a picture, a font, a compiled catalogue
        text = data.decode("utf-8", "replace").lower()
        found += [f"{where(path)}: {word}" for word in REGISTRY_HOSTS if word in text]
        found += [
            f"{where(path)}: {word}"
            for word in MACHINE_PATHS
            if re.search(r"(?<![\w.}*-])" + word, text)
        ]
    assert not found, f"an address of a registry or a path of one machine: {found}"


@pytest.mark.posix
def test_nothing_is_left_for_later() -> None:
    words = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
    found = [
        f"{where(p)}:{n}"
        for p in tracked()
        if p.suffix in {".py", ".sh", ".toml", ".c"}
        for n, line in enumerate(p.read_text("utf-8", "replace").splitlines(), 1)
        if words.search(line)
    ]
    assert not found, f"left for later: {found}"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_a_lock_names_hashes_and_no_address(name: str) -> None:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    pins = [i for i, line in enumerate(lines) if re.match(r"[A-Za-z0-9]", line)]
    assert len(pins) > 10
    for i in pins:
        assert "==" in lines[i], lines[i]
        assert "--hash=sha256:" in lines[i + 1], f"{lines[i]} has no hash"
    assert not [line for line in lines if "://" in line or line.startswith("-")]
