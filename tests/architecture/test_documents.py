"""The documents say what is there: rooms, links, pictures, versions, dependencies."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from app import __version__
from app.cli.command_table import COMMANDS
from app.engine.stages import STAGES
from app.model.errors import ExitCode

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "STYLE.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "tests/windows/README.md",
]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def text(name: str) -> str:
    """One document."""
    return (ROOT / name).read_text("utf-8")


def test_every_room_is_in_the_description_of_the_house() -> None:
    described = text("ARCHITECTURE.md")
    rooms = [
        p
        for p in (ROOT / "app").iterdir()
        if (p.is_dir() and any(p.glob("*.py"))) or (p.suffix == ".py" and p.name != "__init__.py")
    ]
    missing = [p.name for p in rooms if not re.search(rf"\b{re.escape(p.name)}", described)]
    assert not missing, f"ARCHITECTURE.md does not name {missing}"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_paths_in_documents_exist(name: str) -> None:
    paths = set(
        re.findall(r"`((?:app|build|tests|resources|docs|\.ci)/[\w./-]*[\w/])`", text(name))
    )
    paths |= {m for m in re.findall(r"\]\(([^)#:]+)\)", text(name)) if not m.startswith("http")}
    gone = [p for p in paths if not (ROOT / p).exists() and not p.startswith("dist/")]
    assert not gone, f"{name} names what is not there: {gone}"


def test_the_newest_change_is_this_version() -> None:
    found = re.search(r"^## (\S+)", text("CHANGELOG.md"), re.MULTILINE)
    assert found is not None
    assert found[1] == __version__


def test_the_lock_fits_what_the_project_asks_for() -> None:
    pins = dict(
        re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)", text("requirements-dev.txt"), re.MULTILINE)
    )
    asked = [
        Requirement(r) for r in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    ]
    for requirement in asked:
        pin = pins.get(canonicalize_name(requirement.name))
        assert pin is not None, f"{requirement} is not in requirements-dev.txt; make it again"
        assert requirement.specifier.contains(pin, prereleases=True), (
            f"{requirement} and the pin {pin} disagree"
        )


def test_the_program_runs_with_what_was_tested() -> None:
    """Each pin with its hashes stands alike in the lock of the tools; whatever the project asks for
    is among them.
    """
    small, whole = (
        re.sub(r"^ *#.*\n| ;[^\\\n]*(?= )", "", text(name), flags=re.MULTILINE)
        for name in ("requirements.txt", "requirements-dev.txt")
    )
    entry = re.compile(r"^([a-z0-9-]+)==([^\n]*\n(?:    [^\n]*\n?)+)", re.MULTILINE)
    own, tested = (dict(entry.findall(one.replace(" \\", ""))) for one in (small, whole))
    asked = {canonicalize_name(Requirement(r).name) for r in PROJECT["dependencies"]}
    assert asked <= own.keys()
    differs = [name for name, pin in own.items() if tested.get(name) != pin]
    assert not differs, f"other pins than in requirements-dev.txt: {differs}"


def test_the_licence_is_whole() -> None:
    assert PROJECT["license"] == "Apache-2.0"
    assert "Apache License" in text("LICENSE")
    assert "END OF TERMS AND CONDITIONS" in text("LICENSE")


@pytest.mark.posix
def test_ci_can_be_called() -> None:
    assert os.access(ROOT / ".ci/run", os.X_OK)
    assert "build/test.py" in text(".ci/run")


def test_every_dependency_says_why_it_is_there() -> None:
    lines = (
        text("pyproject.toml")
        .split("dependencies = [", 1)[1]
        .split("]\n", 1)[0]
        .strip()
        .splitlines()
    )
    silent = [line.strip() for line in lines if "#" not in line]
    assert not silent, f"no reason beside {silent}"


def test_each_claim_of_safety_names_the_test_that_tries_it() -> None:
    claims = text("SECURITY.md").split("What the program does for your safety\n", 1)[1]
    claims = claims.split("\n\nWhat it does not defend against", 1)[0]
    bare = [c[:60] for c in re.split(r"^- ", claims, flags=re.MULTILINE)[1:] if "`tests/" not in c]
    assert bare == []


def test_the_commands_that_documents_name_exist() -> None:
    commands = {row.name for row in COMMANDS}
    named = set(re.findall(r"^\| `([^|]+)` \|", text("README.md"), re.MULTILINE))
    words = {cell.split()[0] for group in named for cell in re.split(r"`, `", group)}
    assert words == commands - {"help"}
    for name in DOCUMENTS:
        shown = set(re.findall(r"python build/start\.py ([a-z]+[a-z-]*)\b", text(name)))
        assert shown <= commands, name


def test_the_options_that_documents_name_exist() -> None:
    known = set(re.findall(r"--[a-z][a-z-]+", text("docs/COMMANDS.md")))
    for script in [*(ROOT / "build").glob("*.py"), *(ROOT / "build/packing").glob("*.py")]:
        known |= set(re.findall(r"--[a-z][a-z-]+", script.read_text("utf-8")))
    for script in (ROOT / "tests").rglob("*.py"):
        known |= set(re.findall(r"--[a-z][a-z-]+", script.read_text("utf-8")))
    for name in DOCUMENTS:
        named = set(re.findall(r"`[^`\n]*?(--[a-z][a-z-]+)[^`\n]*`", text(name)))
        assert named - known <= {"--gpus", "--strict", "--what-if", "--file"}, (name, named - known)


def test_the_exit_codes_in_the_readme_are_the_programs() -> None:
    paths = re.search(r"Exit codes: ([^.]+)\.", text("README.md").replace("\n", " "))
    assert paths is not None
    assert {int(n) for n in re.findall(r"\b\d\b", paths[1])} == {int(code) for code in ExitCode}


def test_counts_in_documents_are_true() -> None:
    numbers = [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
    ]
    paths = re.findall(
        r"\b(\w+) (pages|profiles|setups)\b", text("ARCHITECTURE.md") + text("README.md")
    )
    there = {
        "pages": len(STAGES),
        "profiles": len(list((ROOT / "resources/profiles").glob("*/profile.toml"))),
    }
    there["setups"] = there["profiles"]
    for word, what in paths:
        count = (
            numbers.index(word) + 1 if word in numbers else int(word) if word.isdigit() else None
        )
        assert count in (None, there[what]), f"{word} {what}"
