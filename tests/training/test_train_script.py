"""What the training script does without any library.

Settings, data, its record of a run, checkpoints, stopping.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.training.conftest import SCRIPTS, read_event, run_script

ROWS = [
    {"messages": [{"role": "user", "content": f"q{n}"}, {"role": "assistant", "content": f"a{n}"}]}
    for n in range(9)
]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script as a module; its main guard keeps it still."""
    spec = importlib.util.spec_from_file_location("training_script", SCRIPTS / "train.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A small data.jsonl."""
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder that looks like a model."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


def wishes(script: ModuleType, data: Path, model: Path, *more: str) -> Any:
    """Parsed options of a run below the data's folder."""
    output = str(data.parent / "out")
    return script.options(["--data", str(data), "--model", str(model), "--output", output, *more])


def checkpoint(run: Any, step: int, seal: bool = True) -> Path:
    """A checkpoint as the trainer leaves it; sealed as the script does."""
    folder = Path(run.checkpoints) / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "adapter_model.safetensors").write_bytes(bytes(100))
    (folder / "optimizer.pt").write_bytes(bytes(50))
    if seal:
        run.seal(str(folder))
    return folder


def test_every_setting_at_the_head_is_an_option(script: ModuleType) -> None:
    """Names, defaults and options are one list; each assignment stands between the two marks."""
    text = (SCRIPTS / "train.py").read_text("utf-8")
    head = text.partition("# ---- Settings.")[2].partition("# ---- End of the settings.")[0]
    named = [line.partition(" = ")[0] for line in head.splitlines()[1:] if " = " in line]
    assert tuple(named) == script.SETTINGS
    parsed = script.options([])
    for name in script.SETTINGS:
        if name not in ("DATA", "OUTPUT"):
            assert getattr(parsed, name.lower()) == getattr(script, name)
    assert parsed.data == str(SCRIPTS / "data.jsonl")


def test_imports_nothing_but_the_library_of_python() -> None:
    """So that a wrong file or setting is told at once; heavy libraries come later."""
    tree = ast.parse((SCRIPTS / "train.py").read_text("utf-8"))
    top = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    assert top <= sys.stdlib_module_names


@pytest.mark.parametrize(("line", "said"), [
    ("not json", "Line 2 of"), ('{"messages": []}', "is not a row"), ('{"text": " "}', "is not a row"), ("[1]", "is not a row"),
    ('{"messages": [{"role": "user", "content": "q"}]}', "is not a row"),
    ('{"messages": [{"role": "tool", "content": "q"}]}', "is not a row"),
    ('{"messages": [7, 8]}', "is not a row"), ('{"messages": [{"role": "system", "content": "s"}]}', "is not a row"),
    ("[" * 100_000, "Line 2 of"), ('{"messages": "text"}', "is not a row"),
])  # fmt: skip
def test_a_bad_row_is_named_by_line(data: Path, model: Path, line: str, said: str) -> None:
    """One sentence and exit code 2; nothing is written."""
    data.write_text(json.dumps(ROWS[0]) + "\n" + line + "\n", encoding="utf-8")
    ended = run_script(
        "--data",
        str(data),
        "--model",
        str(model),
        "--output",
        str(data.parent / "out"),
        python=sys.executable,
    )
    assert ended.code == 2
    assert said in ended.events[-1]["message"] and "Line 2" in ended.events[-1]["message"]
    assert "Traceback" not in ended.output and not (data.parent / "out").exists()


@pytest.mark.parametrize(
    "kind", ["none", "empty", "utf16", "no model", "adapter", "gguf", "no weights", "no folder"]
)
def test_wrong_files_are_one_sentence(data: Path, model: Path, kind: str) -> None:
    """Told within moments, before anything heavy is loaded."""
    name = str(model)
    if kind == "none":
        data.unlink()
    elif kind == "empty":
        data.write_text("\n\n")
    elif kind == "utf16":
        data.write_bytes("text".encode("utf-16"))
    elif kind == "no model":
        (model / "config.json").unlink()
    elif kind == "adapter":
        (model / "config.json").rename(model / "adapter_config.json")
    elif kind == "gguf":
        name = "model.gguf"
    elif kind == "no weights":
        (model / "model.safetensors").unlink()
    else:
        name = str(model / "missing")
    ended = run_script(
        "--data",
        str(data),
        "--model",
        name,
        "--output",
        str(data.parent / "out"),
        python=sys.executable,
    )
    assert ended.code == 2 and ended.events[-1]["what"] == "failed"
    assert "Traceback" not in ended.output and "\n" not in ended.events[-1]["message"]


@pytest.mark.parametrize("options", [["--epochs", "0"], ["--rank", "0"], ["--bits", "8"], ["--evaluate", "0.9"], ["--len", "512"],
                                     ["--learning-rate", "nan"], ["--batch", "x"], ["--cards", "0"]])  # fmt: skip
def test_impossible_settings(data: Path, options: list[str]) -> None:
    """argparse's exit code 2; no abbreviations."""
    assert run_script("--data", str(data), *options, python=sys.executable).code == 2


def test_an_output_that_is_not_empty_is_refused(
    script: ModuleType, data: Path, model: Path
) -> None:
    """Without --resume or --overwrite nothing in it is touched."""
    run = script.Run(wishes(script, data, model))
    Path(run.folder).mkdir()
    (Path(run.folder) / "mine.txt").write_text("kept")
    with pytest.raises(script.Problem, match="is not empty"):
        run.open(False, False)
    assert run.open(False, True) is None
    assert (Path(run.folder) / "mine.txt").read_text() == "kept"


def test_resume_takes_the_last_complete_checkpoint(
    script: ModuleType, data: Path, model: Path
) -> None:
    """A checkpoint that was being written, or that lost bytes, is passed over and cleared away."""
    run = script.Run(wishes(script, data, model))
    run.open(False, False)
    for step in (3, 6, 9):
        checkpoint(run, step)
    assert sorted(p.name for p in Path(run.checkpoints).iterdir()) == [
        "checkpoint-6",
        "checkpoint-9",
    ]
    (Path(run.checkpoints) / "checkpoint-9" / "optimizer.pt").write_bytes(bytes(20))
    checkpoint(run, 12, seal=False)
    again = script.Run(wishes(script, data, model))
    assert Path(again.open(True, False)).name == "checkpoint-6"
    assert [p.name for p in Path(run.checkpoints).iterdir()] == ["checkpoint-6"]
    assert script.read_json(run.path)["step"] == 6


def test_cut_off_before_the_first_checkpoint_begins_anew(
    script: ModuleType, data: Path, model: Path
) -> None:
    """--resume is then a start from the beginning."""
    script.Run(wishes(script, data, model)).open(False, False)
    assert script.Run(wishes(script, data, model)).open(True, False) is None


@pytest.mark.parametrize(("change", "said"), [
    (["--learning-rate", "1e-3"], "learning_rate was 0.0002 and is 0.001"), (["--epochs", "5"], "epochs was 3.0 and is 5.0"),
    (["--cards", "2"], "cards was 1 and is 2"), (["--seed", "1"], "seed was 3407 and is 1"),
    ("data", "the data are others"), ("model", "its files have changed"),
    ("finished", "is finished"), ("record", "no run to go on with"),
])  # fmt: skip
def test_resume_says_what_differs(
    script: ModuleType, data: Path, model: Path, change: Any, said: str
) -> None:
    """In one sentence, before anything is loaded; --check-resume says the same."""
    options = wishes(script, data, model)
    run = script.Run(options)
    run.open(False, False)
    checkpoint(run, 3)
    more = change if isinstance(change, list) else []
    if change == "data":
        data.write_text(data.read_text() + json.dumps(ROWS[0]) + "\n")
    elif change == "model":
        (model / "config.json").write_text('{"hidden_size": 1}')
    elif change == "finished":
        run.save(state="finished")
    elif change == "record":
        Path(run.path).unlink()
    for flag in ("--resume", "--check-resume"):
        ended = run_script(
            "--data",
            str(data),
            "--model",
            str(model),
            "--output",
            run.folder,
            flag,
            *more,
            python=sys.executable,
        )
        assert ended.code == 2 and said in ended.events[-1]["message"], ended.output
    assert (Path(run.checkpoints) / "checkpoint-3").is_dir()


def test_what_does_not_shape_training_may_differ(
    script: ModuleType, data: Path, model: Path
) -> None:
    """How often checkpoints are written, and how the model's folder is called, change nothing."""
    run = script.Run(wishes(script, data, model))
    run.open(False, False)
    checkpoint(run, 3)
    again = script.Run(wishes(script, data, model, "--checkpoint-minutes", "1"))
    assert Path(again.open(True, False)).name == "checkpoint-3"


def test_a_run_of_an_older_script_was_on_one_card(
    script: ModuleType, data: Path, model: Path
) -> None:
    """Its record names no cards."""
    run = script.Run(wishes(script, data, model))
    run.open(False, False)
    earlier = script.read_json(run.path)
    del earlier["settings"]["CARDS"]
    run.compare(earlier)
    with pytest.raises(script.Problem, match="cards was 1 and is 2"):
        script.Run(wishes(script, data, model, "--cards", "2")).compare(earlier)


@pytest.mark.parametrize(("cards", "batch", "steps"), [(1, 1, 18), (2, 1, 9), (1, 2, 9), (4, 1, 6)])
def test_each_card_takes_a_batch_of_its_own(
    script: ModuleType, cards: int, batch: int, steps: int
) -> None:
    """Three epochs of 21 rows, four batches for each step; the preview counts so too."""
    wish = SimpleNamespace(cards=cards, batch=batch, accumulate=4, epochs=3.0, max_steps=0)
    assert script.Prepared.steps(SimpleNamespace(training=range(21)), wish) == steps


@pytest.mark.posix
def test_without_accelerate_several_cards_are_refused_in_a_sentence(
    data: Path, model: Path
) -> None:
    """Nothing is written; nothing is left in the folder of temporary files."""
    output = data.parent / "out"
    words = ["--data", str(data), "--model", str(model), "--output", str(output), "--cards", "2"]
    ended = run_script(*words, python=sys.executable)
    assert (ended.code, ended.events[-1]["code"]) == (4, "no-accelerate")
    assert "Traceback" not in ended.output and not output.exists()


@pytest.mark.posix
def test_a_lock_is_held_as_long_as_its_process_lives(script: ModuleType, tmp_path: Path) -> None:
    """Also by one that is killed; a file that is gone is held by nobody."""
    path = tmp_path / "alive"
    path.touch()
    assert not script.is_held(path) and not script.is_held(tmp_path / "none")
    code = "import fcntl, sys; f = open(sys.argv[1], 'wb'); fcntl.flock(f, 2); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert script.is_held(path)
        holder.kill()
    assert not script.is_held(path)


def test_one_of_several_leaves_the_wish_to_its_parent(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each process is started with the parent's options. Seen on two cards: the first one took the
    file that asks all of them to stop, and ended alone, without a checkpoint.
    """
    if sys.platform == "win32":
        pytest.skip("several cards are for Linux")
    import fcntl

    wish = tmp_path / "stop-file"
    wish.touch()
    monkeypatch.setattr(script, "SHARED", str(tmp_path))
    monkeypatch.setattr(script, "PROCESSES", 2)
    looks = iter([TimeoutError(), TimeoutError(), EOFError()])  # two looks, then enough

    def look(_: int) -> bytes:
        raise next(looks)

    stop = script.Stop(str(wish))
    stop.bell = SimpleNamespace(recv=look)
    with (tmp_path / "alive").open("wb") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        with pytest.raises(EOFError):
            stop._run()
    assert wish.exists() and not stop.wished.is_set()


def test_a_reader_that_is_gone_leaves_the_run_cut_off(data: Path, model: Path) -> None:
    """As after a crash of the program: no failure that nobody foresaw, and no traceback."""
    argv = [sys.executable, str(SCRIPTS / "train.py"), "--json", "--model", str(model)]
    argv += ["--data", str(data), "--output", str(data.parent / "out")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == 6 and b"Traceback" not in said


def test_smaller_settings_keep_the_rows_of_a_step(script: ModuleType) -> None:
    """Half a batch is gathered twice as often; each way says what it costs."""
    ways = script.smaller(
        SimpleNamespace(batch=8, accumulate=2, bits=16, length=1024, rank=16, alpha=16)
    )
    assert ways[0]["options"] == {"batch": 4, "accumulate": 4}
    assert [next(iter(way["options"])) for way in ways] == ["batch", "bits", "length", "rank"]
    assert all(way["costs"] for way in ways)
    assert (
        script.smaller(SimpleNamespace(batch=1, accumulate=2, bits=4, length=256, rank=8, alpha=8))
        == []
    )


@pytest.mark.parametrize(("fault", "code"), [
    (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"), "memory-full"), (MemoryError(), "memory-full"),
    (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), "memory-full"),
    (OSError(12, "Cannot allocate memory"), "memory-full"),
    (OSError("The paging file is too small for this operation to complete. (os error 1455)"), "memory-full"),
    (OSError(28, "No space left on device"), "disk-full"), (OSError("You are trying to access a gated repo."), "model-gated"),
    (OSError("x is not a local folder and is not a valid model identifier listed on the hub"), "model"),
    (ValueError("Transformers does not recognize this architecture"), "model-too-new"),
    (Exception("Error while deserializing header: HeaderTooLarge"), "model-damaged"), (KeyError("x"), None),
])  # fmt: skip
def test_faults_of_libraries_are_named(
    script: ModuleType, data: Path, model: Path, fault: Exception, code: str | None
) -> None:
    """A person's file, card or connection; what nobody foresaw stays unnamed."""
    problem = script.explain(fault, wishes(script, data, model))
    assert (problem.code if problem else None) == code


STOPPER = """
import importlib.util, sys, time
spec = importlib.util.spec_from_file_location("t", sys.argv[1])
t = importlib.util.module_from_spec(spec)
spec.loader.exec_module(t)
t.AS_JSON = True
stop = t.Stop(sys.argv[2]); stop.watch(); stop.enter(sys.argv[3])
t.measured("ready", 1)
if sys.argv[4] == "busy":
    import hashlib  # one long computation that leaves the interpreter free, as PyTorch's are
    hashlib.pbkdf2_hmac("sha256", b"a", b"b", 2 * 10**8)
stop.wished.wait(60)
t.measured("wished", 1)
time.sleep(60)
"""


def stopper(tmp_path: Path, phase: str, kind: str, act: Any) -> tuple[int, list[dict[str, Any]]]:
    """A process that waits, and what it says when ``act`` has stopped it."""
    argv = [
        sys.executable,
        "-c",
        STOPPER,
        str(SCRIPTS / "train.py"),
        str(tmp_path / "stop"),
        phase,
        kind,
    ]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        guard = threading.Timer(120, process.kill)  # no test waits for ever
        guard.start()
        events = []
        for line in process.stdout:
            event = read_event(line)
            if event is not None:
                events.append(event)
                act(event["name"], process)
        guard.cancel()
        return process.wait(), events


@pytest.mark.parametrize("way", ["interrupt", "terminate", "file"])
@pytest.mark.posix
def test_a_stop_is_noticed_and_a_second_one_ends(tmp_path: Path, way: str) -> None:
    """The first is taken and told; the process lives on to save; the second ends it at once."""

    def act(name: str, process: subprocess.Popen[str]) -> None:
        if name in ("ready", "wished"):
            if way == "file":
                (tmp_path / "stop").touch()
            else:
                process.send_signal(signal.SIGINT if way == "interrupt" else signal.SIGTERM)

    code, events = stopper(tmp_path, "training", "waiting", act)
    assert code == 6
    assert sorted(e["name"] for e in events) == ["ready", "train.ended", "train.stopping", "wished"]
    assert not (tmp_path / "stop").exists()


@pytest.mark.posix
def test_a_stop_is_told_while_the_main_thread_computes(tmp_path: Path) -> None:
    """Before training there is nothing to save: the process ends although its main thread never looks."""

    def act(name: str, process: subprocess.Popen[str]) -> None:
        if name == "ready":
            process.send_signal(signal.SIGINT)

    code, events = stopper(tmp_path, "preparing", "busy", act)
    assert code == 6 and events[-1]["name"] == "train.stopped" and events[-1]["value"] == 0
