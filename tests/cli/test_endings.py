"""The table of endings, row by row.

Each situation is brought about with the real program, and its exit code and last object are what
the table says.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

import app.__main__ as program
from app import knowledge
from app.adapters.files import LocalFiles
from app.cli import endings
from app.cli import main as commands
from app.cli.command_table import COMMANDS, command
from app.cli.endings import NONE, OWN, Ending
from app.model.errors import ExitCode
from build import reference
from tests.fault_index import FaultIndex, lock_of, make_wheel
from tests.journeys import command as small
from tests.training import homes

ROOT = Path(__file__).parents[2]
MACHINES = ROOT / "resources" / "machines"
MACHINE = str(MACHINES / "rtx3090-windows.json")
BLOCKED = str(MACHINES / "rtx3090-driver-452.json")
FAILING = 'import sys; print("no"); sys.exit(3)\n'
if sys.platform == "win32":
    pytest.skip("the small profile's journeys are of POSIX", allow_module_level=True)
pytestmark = [pytest.mark.posix, pytest.mark.slow]


class Stage:
    """A home with a small environment in it, made once, and what the rows are played with."""

    def __init__(self, folder: Path, index: FaultIndex, locks: tuple[Path, Path]) -> None:
        self.folder, self.index, self.locks = folder, index, locks
        self.made = folder / "made"

    def home(self, name: str) -> Path:
        """A copy that a row may change."""
        target = self.folder / name / "home"
        shutil.copytree(self.made, target, symlinks=True)
        return target

    def answers(self, text: str = 'verify = "none"') -> str:
        """An answer file."""
        path = self.folder / f"answers-{abs(hash(text))}.toml"
        path.write_text(text + "\n")
        return str(path)

    def common(self, home: Path, text: str = 'verify = "none"') -> list[str]:
        """The options of every command on that home."""
        return ["--home", str(home), "--answers", self.answers(text)]

    def install(self, home: Path, text: str = 'verify = "none"') -> list[str]:
        """The words of a real install."""
        own = ["--yes", "--index", self.index.url, "--profile", "small"]
        return ["install", *own, *self.common(home, text)]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Two versions installed one after the other, so that there is one to go back to."""
    folder = tmp_path_factory.mktemp("stage")
    old, new = small.wheels("1.0"), small.wheels("2.0")
    extra = make_wheel("extra", needs=("torch",))
    locks = (folder / "old.txt", folder / "new.txt")
    for path, wheels in zip(locks, (old, new), strict=True):
        path.write_text(lock_of(wheels))
    with FaultIndex([*old, *new, extra]) as index:
        made = Stage(folder, index, locks)
        for lock in locks:
            done = small.run(made.made, lock, index.url, "install")
            assert done.returncode == 0, done.stderr[-2000:]
        yield made


@pytest.fixture
def known(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The small profile is known in this process too."""
    monkeypatch.setenv("SMALL_LOCK", str(stage.locks[1]))
    monkeypatch.setattr(knowledge, "load", small.load)
    monkeypatch.setattr(program, "_load_resource", small.resource)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))


def verified(home: Path, overall: str) -> Path:
    """The active environment's record says this."""
    name = json.loads((home / "active.json").read_text())["active"]
    record = home / "verified" / f"{name}.json"
    record.parent.mkdir(exist_ok=True)
    record.write_text(json.dumps({"schema": "verification/1", "overall": overall}))
    return home


def failing(name: str) -> bytes:
    """The program's files with checks that fail."""
    return FAILING.encode() if name.startswith("checks/") else program_resource(name)


program_resource = program._load_resource
Words = tuple[list[str], AbstractContextManager[Any]]


def played(row: Ending, stage: Stage, tmp: Path, patch: pytest.MonkeyPatch) -> Words:
    """The command line that brings a row about, and what has to hold meanwhile."""
    name = "-".join([*row.command.split(), row.situation])
    first = row.command.split()
    on_machine = ["--machine", MACHINE]

    def on_home(home: Path, *more: str) -> Words:
        return [*first, *more, *stage.common(home)], nullcontext()

    if row.situation == "fault":
        whole = command(first[0])
        patch.setattr(commands, "command", lambda _: whole._replace(handler=_fault))
        return required(row.command, tmp), nullcontext()
    if row.situation == "wrong-option":
        words = required(row.command, tmp)
        return [words[0], "--frobnicate", *words[1:]], nullcontext()
    if row.situation == "wrong-file":
        broken = tmp / "broken.toml"
        broken.write_text("profile = 3\n")
        words = required(row.command, tmp)
        return [words[0], "--answers", str(broken), *words[1:]], nullcontext()
    if first[0] == "train":
        return training_words(row, stage, tmp, patch)
    if first[0] == "packages":
        return package_words(row, stage, tmp)
    if first[0] == "export":
        return export_words(row, stage, tmp)
    if first[0] == "workspace":
        first = [*first, str(tmp / "mine")]
    if row.situation == "nothing-installed":
        more = ["--yes"] if first[0] == "uninstall" else ["--", "true"] if first[0] == "run" else []
        return [*first, "--home", str(tmp / "none"), *more], nullcontext()
    if row.situation == "busy":
        home = stage.home(name)
        held = LocalFiles().hold(str(home / "running.lock"), "a test")
        if first[0] == "install":
            shutil.rmtree(home / "envs")
            return stage.install(home), held
        if first[0] == "verify":
            return [*first, "--quick", *stage.common(home)], held
        return [*first, *(["--yes"] if first[0] == "uninstall" else []), *stage.common(home)], held
    if row.situation == "exists":
        there = tmp / "there"
        if first[0] == "deploy-files":
            there.mkdir()
            (there / "mine.txt").write_text("mine")
            return [*first, str(there)], nullcontext()
        if first[0] == "bundle":
            there.mkdir()
            (there / "mine.txt").write_text("mine")
            own = ["--profile", "practice-cpu", "--output", str(there)]
            return ["bundle", *own, *on_machine], nullcontext()
        there.write_text("mine")
        return [*first, *on_machine, "--output", str(there)], nullcontext()
    special: dict[str, Callable[[], Words]] = {
        "detect done": lambda: (["detect", *on_machine], nullcontext()),
        "record done": lambda: (["record", *on_machine], nullcontext()),
        "plan done": lambda: (["plan", *on_machine], nullcontext()),
        "plan blocked": lambda: (["plan", "--machine", BLOCKED], nullcontext()),
        "plan nothing-to-do": lambda: (
            ["plan", "--index", stage.index.url, *stage.common(stage.made)],
            nullcontext(),
        ),
        "install done": lambda: (["install", "--yes", *on_machine], nullcontext()),
        "install nothing-to-do": lambda: (
            [word for word in stage.install(stage.made) if word != "--yes"],
            nullcontext(),
        ),
        "install blocked": lambda: (["install", "--yes", "--machine", BLOCKED], nullcontext()),
        "install unwritable": lambda: (stage.install(_blocker(tmp) / "home"), nullcontext()),
        "install step-failed": lambda: (_starved(stage, tmp), nullcontext()),
        "install broken": lambda: (_broken(stage, name, patch), nullcontext()),
        "install unanswered": lambda: (["install", *on_machine], nullcontext()),
        "verify done": lambda: (["verify", *on_machine], nullcontext()),
        "verify broken": lambda: (_unproven(stage, name, patch), nullcontext()),
        "status done": lambda: on_home(verified(stage.home(name), "works")),
        "status broken": lambda: on_home(verified(stage.home(name), "broken")),
        "status not-verified": lambda: on_home(stage.made),
        "report done": lambda: (
            ["report", *on_machine, "--output", str(tmp / "r.zip")],
            nullcontext(),
        ),
        "diagnose done": lambda: (["diagnose", "--log", _log(tmp, "oom")], nullcontext()),
        "diagnose no-cause": lambda: (["diagnose", "--log", _log(tmp, "fine")], nullcontext()),
        "profiles done": lambda: (["profiles"], nullcontext()),
        "rollback done": lambda: on_home(stage.home(name)),
        "rollback no-earlier": lambda: on_home(_alone(stage.home(name))),
        "uninstall done": lambda: on_home(stage.made),
        "uninstall --remove all done": lambda: on_home(stage.home(name), "--yes"),
        "uninstall --remove all unanswered": lambda: on_home(stage.made),
        "bundle done": lambda: (_bundled(stage, tmp, patch), nullcontext()),
        "verify-bundle done": lambda: (["verify-bundle", _whole_bundle(tmp)], nullcontext()),
        "script done": lambda: (["script", *on_machine], nullcontext()),
        "workspace done": lambda: on_home(stage.home(name)),
        "workspace settings-there": lambda: on_home(_settings_there(tmp, stage.home(name))),
        "env path done": lambda: on_home(stage.made),
        "run child": lambda: (
            ["run", *stage.common(stage.made), "--", "python", "-c", "import torch"],
            nullcontext(),
        ),
        "shell child": lambda: on_home(stage.made),
        "deploy-files done": lambda: (["deploy-files", str(tmp / "deploy")], nullcontext()),
        "dsc done": lambda: (["dsc", "schema"], nullcontext()),
        "dsc blocked": lambda: (
            _instance(patch, home=str(_blocker(tmp) / "home"), **_small(stage)),
            nullcontext(),
        ),
        "dsc step-failed": lambda: (
            _instance(patch, home=_starved(stage, tmp)[-3], **_small(stage)),
            nullcontext(),
        ),
        "completion done": lambda: (["completion", "bash"], nullcontext()),
    }
    patch.setenv("SHELL", "/bin/true")
    return special[f"{row.command} {row.situation}"]()


def training_words(row: Ending, stage: Stage, tmp: Path, patch: pytest.MonkeyPatch) -> Words:
    """The same for training, with a script that stands in for the real one; see
    tests/training/test_train_command_real.py for that.
    """
    home = tmp / "none" if row.situation == "nothing-installed" else stage.home(f"train-{tmp.name}")
    data, model = homes.write_rows(tmp / "rows.jsonl"), homes.make_model(tmp / "model")
    words = [*row.command.split(), "--data", str(data), "--model", str(model), *stage.common(home)]
    held: AbstractContextManager[Any] = nullcontext()
    pretend = {"step-failed": '{"fail": 4}', "stopped": '{"steps": 100000, "seconds": 0.05}'}
    patch.setattr(program, "_load_resource", homes.pretended(pretend.get(row.situation, "{}")))
    if row.situation == "bad-data":
        data.write_text('{"Frage": "q", "Antwort": "a"}\n')
    elif row.situation == "exists":
        (tmp / "out").mkdir()
        (tmp / "out" / "mine.txt").write_text("mine")
        words += ["--output", str(tmp / "out")]
    elif row.situation == "busy":
        held = LocalFiles().hold(str(home / "running.lock"), "a test")
    elif row.situation == "stopped":
        held = homes.terminated_when(lambda: any(home.glob("runs/*/output/run.json")))
    return words, held


def export_words(row: Ending, stage: Stage, tmp: Path) -> Words:
    """The same for an export, by the real script, of a run that a file alone tells of."""
    if row.situation == "nothing-installed":
        return ["export", "RUN", "--format", "adapter", "--home", str(tmp / "none")], nullcontext()
    home = stage.home(f"export-{tmp.name}")
    name = json.loads((home / "active.json").read_text())["active"]
    run = homes.trained(home, homes.make_model(tmp / "model"), name, "small")
    held: AbstractContextManager[Any] = nullcontext()
    kind = {"no-llama-cpp": "gguf", "step-failed": "merged"}.get(row.situation, "adapter")
    if row.situation == "exists":
        (home / "runs" / run / "exports" / "adapter" / "mine").mkdir(parents=True)
    elif row.situation == "busy":
        held = LocalFiles().hold(str(home / "running.lock"), "a test")
    run = "no-such-run" if row.situation == "no-such-run" else run
    more = ["--quantization", "q4_k_m"] if kind == "gguf" else []
    return ["export", run, "--format", kind, *more, *stage.common(home)], held


def package_words(row: Ending, stage: Stage, tmp: Path) -> Words:
    """The same for a person's own packages, asked of the index of the small profile."""
    if row.situation == "nothing-installed":
        return ["packages", "list", "--home", str(tmp / "none")], nullcontext()
    home = stage.home(f"packages-{tmp.name}")
    asked = {
        "nothing-to-do": "torch",
        "unanswered": "extra",
        "clash": "torch==1.0",
        "bad-name": "nowhere",
    }
    names = [asked[row.situation]] if row.situation in asked else []
    more = ["--yes"] if row.situation not in ("unanswered", "done") else []
    words = [*row.command.split(), *names, "--index", stage.index.url, *more]
    return [*words, *stage.common(home)], nullcontext()


def required(name: str, tmp: Path) -> list[str]:
    """A command with the words that it cannot do without."""
    more = {
        "run": ["true"],
        "env": ["path"],
        "workspace": [str(tmp / "mine")],
        "completion": ["bash"],
        "verify-bundle": [str(tmp)],
        "train": ["--data", str(tmp / "rows.jsonl")],
        "export": ["RUN", "--format", "adapter"],
        "packages": ["list"],
    }
    more["dsc"] = ["schema"]
    more["deploy-files"] = [str(tmp / "deploy")]
    return [name, *more.get(name, [])]


def _fault(_: object) -> ExitCode:
    raise RuntimeError("a fault that nobody expects")


def _blocker(tmp: Path) -> Path:
    (tmp / "file").write_text("")
    return tmp / "file"


def _settings_there(tmp: Path, home: Path) -> Path:
    settings = tmp / "mine" / ".vscode" / "settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text("{}")
    return home


def _starved(stage: Stage, tmp: Path) -> list[str]:
    """The index has none of the wheels that the lock names."""
    stage.index.fail("whl$", "status", code=404)
    return stage.install(tmp / "home")


def _broken(stage: Stage, name: str, patch: pytest.MonkeyPatch) -> list[str]:
    patch.setattr(program, "_load_resource", failing)
    home = stage.home(name)
    (home / "active.json").unlink()
    return stage.install(home, 'verify = "quick"')


def _unproven(stage: Stage, name: str, patch: pytest.MonkeyPatch) -> list[str]:
    patch.setattr(program, "_load_resource", failing)
    return ["verify", "--quick", *stage.common(stage.home(name))]


def _small(stage: Stage) -> dict[str, str]:
    return {"profile": "small", "index": stage.index.url, "answers": stage.answers()}


def _instance(patch: pytest.MonkeyPatch, **fields: str) -> list[str]:
    """A desired state on standard input."""
    data = io.BytesIO(json.dumps(fields).encode())
    patch.setattr(sys, "stdin", io.TextIOWrapper(data))
    return ["dsc", "set"]


def _log(tmp: Path, kind: str) -> str:
    words = {
        "oom": "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\n",
        "fine": "Successfully installed torch-2.8.0\n",
    }
    (tmp / kind).write_text(words[kind])
    return str(tmp / kind)


def _alone(home: Path) -> Path:
    pointer = json.loads((home / "active.json").read_text())
    (home / "active.json").write_text(json.dumps({**pointer, "previous": None}))
    return home


def _bundled(stage: Stage, tmp: Path, patch: pytest.MonkeyPatch) -> list[str]:
    patch.setenv("UV_PYTHON_INSTALL_MIRROR", "https://127.0.0.1:9")
    own = ["--profile", "small", "--output", str(tmp / "bundle"), "--index", stage.index.url]
    return ["bundle", *own, "--home", str(tmp / "home")]


def _whole_bundle(tmp: Path) -> str:
    listed = {"program": "1", "profile": "small", "platform": "linux", "files": []}
    (tmp / "bundle").mkdir()
    (tmp / "bundle" / "bundle.json").write_text(json.dumps({"schema": "bundle/1", **listed}))
    return str(tmp / "bundle")


@pytest.mark.parametrize(
    "row", endings.endings(), ids=lambda row: f"{row.command} {row.situation}".replace(" ", "_")
)
def test_a_command_ends_as_the_table_says(
    row: Ending,
    stage: Stage,
    known: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("UNSLOTH_SETUP_HOME", str(tmp_path / "own"))
    words, meanwhile = played(row, stage, tmp_path, monkeypatch)
    if row.last != NONE and "json" in command(words[0]).options:
        words.insert(1, "--json")
    with meanwhile:
        code = program.main(words)
    stage.index.rules.clear()
    output = capfd.readouterr()
    assert code == row.code, output.err[-2000:]
    assert "Traceback" not in output.err
    if row.last == NONE:
        assert "result/1" not in output.out
        return
    streams = output.out.startswith("{") and "\n{" in output.out
    last = json.loads(output.out.splitlines()[-1] if streams else output.out)
    if row.last == OWN:
        assert isinstance(last, list)
        return
    assert last["schema"] == row.last
    if row.situation == "nothing-to-do":
        assert last.get("changed", last.get("changes")) in (False, 0)
    if row.last == "result/1":
        assert last["outcome"] == row.outcome
        error = last["error"]
        assert (error or {}).get("code", "") == row.error or (row.error == "*" and error["code"])
        assert error is None or error["message"].strip()
        assert {"environment", "python", "log", "report"} == last["paths"].keys()


def test_every_command_stands_in_the_table_with_every_situation_named() -> None:
    rows = endings.endings()
    assert {row.command.split(maxsplit=1)[0] for row in rows} == {one.name for one in COMMANDS}
    assert {row.situation for row in rows} == endings.SITUATIONS.keys()
    assert set(ExitCode) == endings.MEANINGS.keys() == {row.code for row in rows}
    assert len({(row.command, row.situation) for row in rows}) == len(rows)


def test_the_reference_and_the_man_page_are_up_to_date() -> None:
    assert (ROOT / "docs" / "COMMANDS.md").read_text("utf-8") == reference.page()
    assert (ROOT / "docs" / "unsloth-setup.1").read_text("utf-8") == reference.man()
