"""A home and a bundle that version 1.0 made open, verify, roll back and uninstall.

Cut down to their papers.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from app.adapters.local_system import open_system
from app.adapters.resources import resource_names, resource_reader
from app.engine import bundling
from app.engine.session import Session
from app.knowledge import load
from app.model.answers import Answers
from app.model.errors import ExpectedError, InputError
from app.model.home_layout import HomeLayout
from app.model.plan import CreateEnvironment, Plan

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it was made on Linux")
MADE = Path(__file__).with_name("first_version")
NAME = "practice-cpu-e5a290fd"
FOLDERS = ("cache", "checks", "envs", "kernels", "locks", "logs", "reports", "wheels", "work")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home as it lay, at another place and with the paths of that place; its folders hold a file each."""
    home, data = tmp_path / "home", tmp_path / "data"
    shutil.copytree(MADE / "home", home)
    for folder in FOLDERS:
        (home / folder).mkdir(exist_ok=True)
        (home / folder / "made").write_text("by 1.0")
    (home / "running.lock").touch()
    environment = home / "envs" / NAME
    (home / "envs" / "made").unlink()
    packages = environment / "lib" / "python3.11" / "site-packages"
    packages.mkdir(parents=True)
    (environment / "bin").mkdir()
    (environment / "bin" / "python").symlink_to(sys.executable)
    (environment / "lib64").symlink_to("lib")
    kernel = data / "jupyter" / "kernels" / f"unsloth-{NAME}" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text("{}")
    words = {"@HOME@": home, "@WORK@": home / "work", "@DATA@": data, "@PYTHON@": sys.prefix}
    for path in home.rglob("*"):
        if path.is_file() and not path.is_symlink():
            text = path.read_text("utf-8")
            for word, instead in words.items():
                text = text.replace(word, str(instead))
            path.write_text(text, "utf-8")
    return home


def open_session(home: Path) -> Session:
    def resource(name: str) -> bytes:
        return resource_reader()(name) or b""

    knowledge = load(resource_reader(), resource_names())
    return Session(open_system(), knowledge, Answers(home=str(home)), resource)


def test_it_opens_with_what_was_proven(home: Path) -> None:
    session = open_session(home)
    assert session.home.state().ours and not session.home.state().marked
    assert [(e.name, e.active, e.proven) for e in session.environments.listed()] == [
        (NAME, True, True)
    ]
    recorded = session.environments.verification(NAME)
    assert recorded is not None and recorded.overall == "works"
    assert session.undo.unfinished() is None
    pointer = session.home.pointer()
    assert pointer is not None and pointer.profile == "practice-cpu"
    assert [step.kind for step in session.plans.verify(quick=True).steps].count("run-check") > 2
    assert not (home / "unsloth-setup-home.json").exists()  # looking changes nothing


def test_its_verification_tells_the_truth_about_it(home: Path) -> None:
    """Of the cut-down environment every package is gone: the check says so, and the record is kept."""
    session = open_session(home)
    assert "torch 2.13.0+cpu is missing from the environment." in session.environments.changes(
        session.plans.verify(quick=True)
    )
    plan = session.plans.verify(quick=True)
    for _ in session.execution.run(plan):
        pass
    assert (
        session.execution.verification is not None
        and session.execution.verification.overall == "broken"
    )
    assert json.loads((home / "unsloth-setup-home.json").read_text())["adopted"] is True
    assert (home / "wheels" / "made").exists()


def test_it_is_gone_back_in(home: Path) -> None:
    """Its second environment, made by hand here: the machinery of going back is 1.0's pointer."""
    shutil.copytree(home / "envs" / NAME, home / "envs" / "practice-cpu-2", symlinks=True)
    pointer = json.loads((home / "active.json").read_text())
    pointer |= {"previous": NAME, "active": "practice-cpu-2"}
    (home / "active.json").write_text(json.dumps(pointer))
    session = open_session(home)
    assert (
        session.undo.rollback_info().environment == NAME
        and not session.undo.rollback_info().doubtful
    )
    back = session.undo.rollback()
    assert (back.active, back.previous, back.profile) == (NAME, "practice-cpu-2", "practice-cpu")


def test_there_is_nothing_before_it_to_go_back_to(home: Path) -> None:
    with pytest.raises(ExpectedError, match="no earlier environment") as raised:
        open_session(home).undo.rollback()
    assert raised.value.exit_code == 7


def test_uninstalling_it_leaves_nothing_but_what_a_person_put_there(home: Path) -> None:
    (home / "thesis.txt").write_text("mine")
    session = open_session(home)
    items = session.undo.uninstallable()
    assert {item.id for item in items if not item.in_all} == set()
    removed = list(session.undo.remove(items))
    assert [item.left for item in removed] == [""] * len(items)
    assert not list((home.parent / "data").rglob("kernel.json"))
    assert {p.name for p in home.iterdir()} == {
        *("thesis.txt", "journal.jsonl"),
    }
    (home / "thesis.txt").unlink()
    list(open_session(home).undo.remove(()))
    assert not home.exists()


def test_at_a_place_where_none_is_made_today_all_but_installing_still_works(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.probe.home.place_refused", lambda *_: "profile")
    session = open_session(home)
    assert session.home.state().ours and session.home.state().refused == "profile"
    session.choose("practice-cpu")
    assert {"home-not-ours"} == {
        f.id for f in session.findings() if f.severity == "blocks" and f.id.startswith("home")
    }
    install = Plan(
        title="x",
        profile="practice-cpu",
        environment="new",
        steps=(CreateEnvironment(id="e", title="e", environment="new", python="3.11"),),
    )
    with pytest.raises(ExpectedError) as raised:
        list(session.execution.run(install))
    assert (raised.value.code, raised.value.exit_code) == ("home-not-ours", 3)
    list(session.execution.run(session.plans.verify(quick=True)))
    assert session.execution.verification is not None
    assert session.exports.write_report().startswith(str(home))
    list(session.undo.remove(session.undo.uninstallable()))
    assert not home.exists()


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """The bundle with three of its files; their names end in .txt in this repository."""
    target = tmp_path / "bundle"
    shutil.copytree(MADE / "bundle", target)
    for path in target.rglob("*.txt"):
        path.rename(path.with_suffix(""))
    return target


def place(path: Path) -> HomeLayout:
    return HomeLayout(str(path), "linux")


def test_its_bundle_is_checked_by_its_list(bundle: Path) -> None:
    files = open_system().files
    made = bundling.check(str(bundle), place(bundle), files)
    assert (made.program, made.profile, len(made.files)) == ("1.0.0", "practice-cpu", 3)
    (bundle / "checks" / "telling.py").write_text("print()")
    with pytest.raises(InputError, match=r"checks/telling\.py"):
        bundling.check(str(bundle), place(bundle), files)


def test_a_file_that_a_person_put_into_its_bundle_is_named_before_anything_is_made(
    bundle: Path,
) -> None:
    (bundle / "cache").mkdir()
    (bundle / "cache" / "mine.txt").write_text("mine")
    before = (bundle / "bundle.json").read_bytes()
    session = open_session(bundle.parent / "home")
    session.choose("practice-cpu")
    with pytest.raises(InputError, match=r"cache/mine\.txt"):
        next(iter(session.exports.bundle(str(bundle), "linux")))
    assert (bundle / "cache" / "mine.txt").exists()
    assert (bundle / "bundle.json").read_bytes() == before


@pytest.mark.parametrize("target", ["/", "~", "/etc", "full"])
def test_a_bundle_is_made_in_no_folder_of_somebody_elses(tmp_path: Path, target: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    whole = {"~": str(Path.home()), "full": str(tmp_path / "full")}.get(target, target)
    session = open_session(tmp_path / "home")
    session.choose("practice-cpu")
    with pytest.raises(InputError) as raised:
        next(iter(session.exports.bundle(whole, "linux")))
    assert raised.value.exit_code == 2 and "expected" in raised.value.message
    assert [p.name for p in (tmp_path / "full").iterdir()] == ["thesis.txt"]
