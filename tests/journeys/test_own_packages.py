"""A person's own packages beside the proven ones.

Added by hash, refused where they clash, told, kept, taken back.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fault_index import FaultIndex, lock_of, make_wheel
from tests.journeys import command

pytestmark = [pytest.mark.slow, pytest.mark.posix]
if sys.platform == "win32":
    pytest.skip("the small profile's journeys are of POSIX", allow_module_level=True)
OWN = [
    make_wheel("extra", "1.0", needs=("torch", "helper>=1")), make_wheel("helper", "1.5"),
    make_wheel("other", "3.0"), make_wheel("clash", "1.0", needs=("torch>1.5",)),
    make_wheel("other", "2.0"), make_wheel("torch", "2.0"),
    make_wheel("pip", "26.3"), make_wheel("pip", "27.0"),
]  # fmt: skip


class Home:
    """A home with the small setup installed, and commands on it."""

    def __init__(self, folder: Path, index: FaultIndex, lock: Path) -> None:
        self.folder, self.index, self.lock = folder, index, lock

    def run(self, *words: str) -> tuple[int, dict[str, Any], str]:
        """Exit code, last object, what was said."""
        more = ["--index", self.index.url] if words[0] == "packages" else []
        done = command.run(self.folder, self.lock, self.index.url, *words, "--json", *more)
        told = done.stdout.strip()
        last = (
            told.splitlines()[-1]
            if words[0] in ("packages", "install") and words[:2] != ("packages", "list")
            else told
        )
        return done.returncode, json.loads(last), done.stderr

    @property
    def python(self) -> Path:
        """The active environment's interpreter."""
        active: str = json.loads((self.folder / "active.json").read_text())["active"]
        return self.folder / "envs" / active / "bin" / "python"

    def installed(self) -> dict[str, str]:
        """Name to version."""
        code = "import importlib.metadata as m; print({d.metadata['Name']: d.version for d in m.distributions()})"
        done = subprocess.run([self.python, "-c", code], capture_output=True, text=True, check=True)
        found: dict[str, str] = json.loads(done.stdout.replace("'", '"'))
        return found

    def pip(self, *words: str) -> None:
        """What a person does by other means."""
        uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv"
        index = ["--default-index", self.index.url] if words[0] == "install" else []
        argv = [uv, "pip", *words, "--python", str(self.python), *index]
        subprocess.run(argv, check=True, capture_output=True)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Installed once."""
    folder = tmp_path_factory.mktemp("installed")
    wheels = command.wheels()
    lock = folder / "lock.txt"
    lock.write_text(lock_of(wheels))
    with FaultIndex([*wheels, *OWN]) as index:
        made = Home(folder / "home", index, lock)
        assert made.run("install")[0] == 0
        yield made


@pytest.fixture
def home(installed: Home, tmp_path: Path) -> Home:
    """A copy that may be changed."""
    shutil.copytree(installed.folder, tmp_path / "home", symlinks=True)
    return Home(tmp_path / "home", installed.index, installed.lock)


def test_added_told_kept_and_taken_back(home: Home) -> None:
    """With what they need and by hash; no damage for status and plan; there again after a rebuild."""
    before = home.installed()
    code, last, said = home.run("packages", "add", "extra", "--yes")
    assert code == 0, said
    assert {one["name"]: one["version"] for one in last["packages"]} == {
        "extra": "1.0",
        "helper": "1.5",
    }
    assert all(len(one["sha256"][0]) == 64 for one in last["packages"])
    assert home.installed() == {**before, "extra": "1.0", "helper": "1.5"}
    assert home.run("packages", "add", "extra", "--yes")[1]["changed"] is False
    assert home.run("packages", "add", "other==2.0", "--yes")[0] == 0
    code, status, _ = home.run("status")
    assert set(status["packages_added"]) == {"extra", "helper", "other"} and status["drift"] == []
    listed = home.run("packages", "list")[1]
    assert [one["name"] for one in listed["added"]] == ["extra", "helper", "other"] and not listed[
        "changed"
    ]
    shutil.rmtree(home.python.parents[1])
    code, last, said = home.run("install")
    assert code == 0, said
    assert home.installed() == {**before, "extra": "1.0", "helper": "1.5", "other": "2.0"}
    assert home.run("packages", "undo", "--yes")[0] == 0
    assert home.installed() == {**before, "extra": "1.0", "helper": "1.5"}
    assert home.run("packages", "undo", "--yes")[0] == 0 and home.installed() == before
    code, last, _ = home.run("packages", "undo", "--yes")
    assert code == 7 and last["error"]["code"] == "nothing-added"


@pytest.mark.parametrize(("name", "code", "error"), [
    ("clash", 3, "packages-clash"), ("torch==2.0", 3, "packages-clash"), ("nowhere", 2, "no-such-package"),
    ("git+https://example.org/x", 2, "bad-input"), ("x @ https://example.org/x.whl", 2, "bad-input"), ("a b", 2, "bad-input"),
])  # fmt: skip
def test_what_would_change_the_setup_is_refused(
    home: Home, name: str, code: int, error: str
) -> None:
    """And so is what is no package; nothing is installed."""
    before = home.installed()
    ended, last, said = home.run("packages", "add", name, "--yes")
    assert ended == code, said
    assert last["error"]["code"] == error and last["changed"] is False
    assert home.installed() == before and not (home.folder / "packages.json").exists()


def test_what_pip_changed_is_found_and_taken_back_first(home: Home) -> None:
    """Added, changed and taken out by other means; what was added by this program stays."""
    assert home.run("packages", "add", "extra", "--yes")[0] == 0
    before = home.installed()
    home.pip("install", "torch==2.0", "other")
    home.pip("uninstall", "peft")
    changed = {one["package"] for one in home.run("packages", "list")[1]["changed"]}
    assert changed == {"torch", "other", "peft"}
    assert {one["package"] for one in home.run("status")[1]["drift"]} >= changed
    code, _, said = home.run("packages", "undo")
    assert code == 6 and "Takes out other" in said and "peft, torch" in said
    assert home.run("packages", "undo", "--yes")[0] == 0
    assert home.installed() == before
    assert not home.run("packages", "list")[1]["changed"]


def test_an_environment_of_an_older_lock_is_told_by_that_lock_and_gone_back_to(home: Home) -> None:
    """The program is newer and its lock holds pip: nothing of the older environment is missing."""
    old = home.python.parents[1].name
    newer = home.folder.parent / "newer.txt"
    newer.write_text(lock_of([*command.wheels(), make_wheel("pip", "26.3")]))
    home.lock = newer
    assert home.run("status")[1]["drift"] == []
    assert not home.run("packages", "list")[1]["changed"]
    before = home.installed()
    home.pip("install", "torch==2.0")
    assert [one["package"] for one in home.run("status")[1]["drift"]] == ["torch"]
    code, _, said = home.run("packages", "undo", "--yes")
    assert code == 0, said
    assert home.installed() == before
    assert home.run("install")[0] == 0
    assert home.python.parents[1].name != old and home.installed() == {**before, "pip": "26.3"}
    status = home.run("status")[1]
    assert status["drift"] == [] and status["packages_added"] == [] and status["previous"] == old
    home.pip("install", "pip==27.0")
    assert [one["package"] for one in home.run("packages", "list")[1]["changed"]] == ["pip"]
    assert home.run("packages", "undo", "--yes")[0] == 0
    assert home.installed() == {**before, "pip": "26.3"}
    assert home.run("rollback")[0] == 0
    assert home.python.parents[1].name == old and home.installed() == before
    assert home.run("status")[1]["drift"] == []
