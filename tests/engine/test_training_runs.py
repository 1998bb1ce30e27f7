"""Training from request to run.

What is asked first, what is written, stops, resumes, and what children see.
"""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

import msgspec
import pytest

from app.decide.training.script_head import settings_of
from app.engine import training_models, training_records, training_runs
from app.engine.session import Session
from app.engine.status import status
from app.model import limits
from app.model.dataset import Confirmation, ReadOptions
from app.model.errors import ExitCode, ExpectedError, InputError, NotInstalledError
from app.model.event import Failed, Measured, Progress, StepEvent, Stopped
from app.model.machine import Gpu
from app.model.plan import Plan
from app.model.training import TrainingPreview, TrainingRequest
from app.ports import Cards
from app.steps.card_temperature import used_cards
from app.steps.run_training import _Sieve
from tests.training.homes import (
    make_home,
    make_model,
    measured,
    open_session,
    plan_of,
    run_of,
    write_rows,
)

if sys.platform == "win32":
    pytest.skip("links into another environment are of POSIX", allow_module_level=True)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with an active environment."""
    return make_home(tmp_path / "home")


@pytest.fixture
def request_(tmp_path: Path) -> TrainingRequest:
    """Eight sound rows and a model's folder."""
    return TrainingRequest(
        data=str(write_rows(tmp_path / "rows.jsonl")), model=str(make_model(tmp_path / "model"))
    )


def preview_of(session: Session, request: TrainingRequest) -> TrainingPreview:
    """The last item of a preview."""
    last = list(training_runs.preview(session, request))[-1]
    assert isinstance(last, TrainingPreview)
    return last


def test_a_run_is_a_folder_with_its_data_script_and_record(
    home: Path, request_: TrainingRequest
) -> None:
    """What ran is what lies there: the rows in one form, the script with its settings, where they came from."""
    session = open_session(home)
    plan = plan_of(session, msgspec.structs.replace(request_, epochs=2.0, rank=8, seed=7))
    events = list(session.execution.run(plan))
    assert session.execution.outcome == "finished", events[-3:]
    folder = home / "runs" / run_of(plan)
    assert {p.name for p in folder.iterdir()} == {
        "data.jsonl",
        "train.py",
        "training.json",
        "output",
    }
    assert {p.name for p in (folder / "output").iterdir()} == {"adapter", "chat.py", "run.json"}
    head = settings_of((folder / "train.py").read_text("utf-8"))
    assert (head["EPOCHS"], head["RANK"], head["ALPHA"], head["SEED"]) == (2.0, 8, 8, 7)
    assert head["MODEL"] == request_.model and head["DATA"] == "data.jsonl"
    rows = [json.loads(line) for line in (folder / "data.jsonl").read_text("utf-8").splitlines()]
    assert len(rows) == 8 and rows[3]["messages"][1]["content"] == "It is 3."
    record = json.loads((folder / "training.json").read_text())
    assert record["mapping"] == {"question": "instruction", "answer": "output"}
    assert [e.value for e in measured(events, "train.loss")] == [1.0, 1 / 2, 1 / 3, 1 / 4]
    listed = status(session).runs
    assert [(r.id, r.state, r.resumable) for r in listed] == [(run_of(plan), "finished", False)]


class Thermometer:
    """A stand-in for NVIDIA's library: one answer after the other, the last for ever."""

    def __init__(self, *answers: Cards) -> None:
        self.answers, self.asked = list(answers), 0

    def cards(self) -> Cards:
        """The next answer."""
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


ON_CARD = '{"steps": 60, "seconds": 0.05, "memory": 2147483648}'


@pytest.mark.parametrize(("pretend", "answer", "degrees", "note"), [
    (ON_CARD, Cards(gpus=(Gpu(index=0, vendor="nvidia"),), temperatures={0: 63}), 63, ""),
    (ON_CARD, Cards(gpus=(Gpu(index=0, vendor="nvidia"),)), None, "names none for this card"),
    (ON_CARD, Cards(note="NVIDIA's management library gave no answer: it hung"), None, "it hung"),
    ('{"steps": 60, "seconds": 0.05}', Cards(temperatures={0: 63}), "not asked", ""),
])  # fmt: skip
def test_the_cards_temperature_stands_beside_the_loss_or_is_said_to_be_unknown(
    home: Path, request_: TrainingRequest, pretend: str, answer: Cards, degrees: object, note: str
) -> None:
    """It is asked while the run works, and never where the run is on no card."""
    session, asked = open_session(home, pretend), Thermometer(answer)
    session.system.nvml = asked
    plan = plan_of(session, request_)
    events = list(session.execution.run(plan))
    assert session.execution.outcome == "finished", events[-3:]
    losses = list(measured(events, "train.loss"))
    assert [e.detail["step"] for e in losses] == list(range(1, 61))
    told = [e.detail["temperature"] for e in losses if "temperature" in e.detail]
    notes = [str(e.value) for e in measured(events, "train.note")]
    if degrees == "not asked":
        assert (told, notes, asked.asked) == ([], [], 0)
    else:
        assert told and set(told) == {degrees} and asked.asked >= 1
        assert [note in one for one in notes] == [True] * bool(note)


@pytest.mark.parametrize(("visible", "used"), [
    (None, (0, 1, 2)), ("1", (1,)), ("2,0", (2, 0)), ("GPU-b", (1,)), ("", ()), ("0,-1,2", (0,)), (" 1 , 2", (1, 2)),
])  # fmt: skip
def test_the_temperature_is_that_of_the_cards_which_a_run_may_use(
    visible: str | None, used: tuple[int, ...]
) -> None:
    cards = [Gpu(index=n, vendor="nvidia", uuid=f"GPU-{'abc'[n]}1") for n in range(3)]
    assert used_cards(visible, cards) == used
    assert used_cards("GPU-x", cards[:1]) == (0,)


@pytest.mark.parametrize(("agreed", "refused"), [
    (Confirmation(), "'note'"), (Confirmation(ignore_columns=("note",)), "line 9"),
    (Confirmation(skip_bad_rows=True), "'note'"), (Confirmation(ignore_columns=("*",), skip_bad_rows=True), None),
])  # fmt: skip
def test_what_would_be_lost_must_be_confirmed(
    home: Path, tmp_path: Path, agreed: Confirmation, refused: str | None
) -> None:
    """Columns and bad rows, each by its own confirmation; the preview shows both and asks."""
    data = write_rows(tmp_path / "rows.jsonl", note="mine")
    data.write_text(data.read_text() + '{"instruction": "no answer", "output": "", "note": ""}\n')
    session = open_session(home)
    request = TrainingRequest(
        data=str(data), model=str(make_model(tmp_path / "model")), agreed=agreed
    )
    seen = preview_of(session, request)
    assert seen.dataset.unused == ("note",) and [b.line for b in seen.dataset.bad_rows] == [9]
    assert seen.tokens is not None and seen.tokens["training"] == 8
    assert bool(seen.open_questions) == (refused is not None)
    if refused is None:
        assert training_records.runs(session) == ()
        list(session.execution.run(plan_of(session, request)))
        record = json.loads(next((home / "runs").glob("*/training.json")).read_text())
        assert (record["left_out"], record["unused"], record["rows"]) == (1, ["note"], 8)
        return
    with pytest.raises(InputError, match=refused):
        plan_of(session, request)
    assert not (home / "runs").exists()


def test_a_preview_leaves_nothing_behind(home: Path, request_: TrainingRequest) -> None:
    """No run, no data, no script; what was there before is the same."""
    before = {p for p in home.rglob("*") if "envs" not in p.parts}
    assert preview_of(open_session(home), request_).open_questions == ()
    after = {p for p in home.rglob("*") if "envs" not in p.parts}
    assert {p.name for p in after - before} <= {"work", "journal.jsonl"}


def test_a_file_whose_shape_is_unknown_is_shown_with_its_question(
    home: Path, tmp_path: Path
) -> None:
    """No rows can be shown before a mapping; with one they are."""
    data = tmp_path / "rows.csv"
    data.write_text("Frage,Antwort\nwas,das\n")
    request = TrainingRequest(data=str(data), model=str(make_model(tmp_path / "model")))
    seen = preview_of(open_session(home), request)
    assert seen.tokens is None and "'Frage' and 'Antwort'" in seen.open_questions[0]
    mapped = ReadOptions(mapping={"question": "Frage", "answer": "Antwort"})
    seen = preview_of(open_session(home), msgspec.structs.replace(request, read=mapped))
    assert seen.tokens is not None and seen.open_questions == ()


def stop_at(session: Session, plan: Plan, step: int, times: int) -> list[StepEvent]:
    """The events of a run that is asked to stop when it has come to a step."""
    events = []
    for event in session.execution.run(plan):
        events.append(event)
        what = event.what
        stopping = isinstance(what, Progress) and what.done >= step and times > 0
        if stopping and not session.system.stop.is_set():
            times -= 1
            session.execution.stop()
    return events


def test_stop_lets_a_checkpoint_be_written_and_resume_goes_on(
    home: Path, request_: TrainingRequest
) -> None:
    """The script comes to its own end; the same run goes on at its step and finishes."""
    session = open_session(home, '{"steps": 40, "seconds": 0.05}')
    plan = plan_of(session, request_)
    events = stop_at(session, plan, 3, 1)
    assert session.execution.outcome == "stopped" and isinstance(events[-1].what, Stopped)
    stopped = next(measured(events, "train.stopped")).value
    run = training_records.runs(session)[0]
    assert (run.state, run.resumable, run.step) == ("stopped", True, stopped)
    again = plan_of(session, TrainingRequest(resume=run.id))
    assert [s.kind for s in again.steps] == ["run-training"] and f"step {stopped}" in again.steps[
        0
    ].title
    events = list(session.execution.run(again))
    assert session.execution.outcome == "finished"
    assert next(measured(events, "train.loss")).detail["step"] == stopped + 1
    with pytest.raises(InputError, match="finished"):
        plan_of(session, TrainingRequest(resume=run.id))


def test_a_second_stop_ends_a_script_that_does_not_hear(
    home: Path, request_: TrainingRequest
) -> None:
    """The run is cut off where it was and can be gone on with all the same."""
    session = open_session(home, '{"steps": 100000, "seconds": 0.02, "deaf": true}')
    events = stop_at(session, plan_of(session, request_), 3, 2)
    assert session.execution.outcome == "stopped" and not list(measured(events, "train.stopped"))
    assert training_records.runs(session)[0].resumable


def test_resume_names_what_differs(home: Path, tmp_path: Path, request_: TrainingRequest) -> None:
    """Settings and data, before anything begins; the data in the folder, by the script itself."""
    session = open_session(home, '{"steps": 40, "seconds": 0.05}')
    stop_at(session, plan_of(session, request_), 2, 1)
    run = training_records.runs(session)[0].id
    other = str(write_rows(tmp_path / "other.jsonl", 9))
    with pytest.raises(InputError, match=r"rank was 16 and is 8; the data are others"):
        plan_of(session, TrainingRequest(resume=run, rank=8, data=other))
    assert plan_of(session, TrainingRequest(resume=run, rank=16, data=request_.data)).steps
    data = home / "runs" / run / "data.jsonl"
    data.write_bytes(data.read_bytes() + b'{"text": "more"}\n')
    with pytest.raises(ExpectedError, match="the data are others") as fault:
        plan_of(session, TrainingRequest(resume=run))
    assert fault.value.exit_code == ExitCode.BAD_INPUT
    with pytest.raises(InputError, match=f"expected one of {run}"):
        plan_of(session, TrainingRequest(resume="no-such-run"))
    (home / "runs" / run / "train.py").write_text("")  # a person emptied it
    with pytest.raises(InputError, match=r"train\.py did not say from which step"):
        plan_of(session, TrainingRequest(resume=run))


@pytest.mark.parametrize(("code", "expected"), [(4, ExitCode.STEP_FAILED), (2, ExitCode.BAD_INPUT)])
def test_a_fault_of_the_script_is_its_own_sentence(
    home: Path, request_: TrainingRequest, code: int, expected: ExitCode
) -> None:
    """Name, sentence and hint come through; the run is shown as failed and can be gone on with."""
    session = open_session(home, json.dumps({"fail": code}))
    events = list(session.execution.run(plan_of(session, request_)))
    failed = next(e.what for e in events if isinstance(e.what, Failed))
    assert (failed.code, failed.message, failed.hint) == (
        "memory-full", "The memory is full.", "Take --batch 1."
    )  # fmt: skip
    assert session.execution.error is not None and session.execution.error.exit_code == expected
    assert training_records.runs(session)[0].state == "failed"


def test_data_that_changed_after_the_look_are_not_trained_on(
    home: Path, request_: TrainingRequest
) -> None:
    """What was shown and agreed to is what is trained, or nothing."""
    session = open_session(home)
    plan = plan_of(session, request_)
    write_rows(Path(str(request_.data)), 9)
    list(session.execution.run(plan))
    assert session.execution.error is not None and session.execution.error.code == "data-changed"
    assert training_records.runs(session) == ()


def test_an_output_that_holds_something_is_refused(
    home: Path, tmp_path: Path, request_: TrainingRequest
) -> None:
    """Unless it may be written into; nothing in it goes."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("kept")
    request = msgspec.structs.replace(request_, output=str(out))
    session = open_session(home)
    with pytest.raises(InputError, match="not empty"):
        plan_of(session, request)
    list(session.execution.run(plan_of(session, msgspec.structs.replace(request, overwrite=True))))
    assert session.execution.outcome == "finished" and (out / "mine.txt").read_text() == "kept"
    run = training_records.runs(session)[0]
    assert run.adapter == str(out / "adapter")


def test_a_child_sees_the_users_choices_about_multicast_and_none_of_his_caches(
    home: Path, request_: TrainingRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NVLink multicast as the user has it, another hub and token as he has them; statistics off."""
    own = {
        "NCCL_NVLS_ENABLE": "0",
        "TORCH_SYMM_MEM_DISABLE_MULTICAST": "1",
        "NVSHMEM_DISABLE_NVLS": "1",
    }
    for name, value in {
        **own,
        "HF_ENDPOINT": "http://127.0.0.1:1",
        "HF_HUB_CACHE": "/elsewhere",
    }.items():
        monkeypatch.setenv(name, value)
    session = open_session(home)
    events = list(session.execution.run(plan_of(session, request_)))
    seen = next(measured(events, "pretended.environment")).detail
    assert own.items() <= seen.items()
    assert seen["HF_ENDPOINT"] == "http://127.0.0.1:1" and "HF_HUB_CACHE" not in seen
    assert seen["UNSLOTH_DISABLE_STATISTICS"] == seen["HF_HUB_DISABLE_TELEMETRY"] == "1"
    assert seen["HF_HUB_OFFLINE"] == "1"
    for name in ("HF_XET_CACHE", "HF_DATASETS_CACHE", "HF_ASSETS_CACHE", "TRITON_CACHE_DIR"):
        assert seen[name].startswith(str(home)), name
    script = (home / "runs" / training_records.runs(session)[0].id / "train.py").read_text("utf-8")
    assert settings_of(script)["MODELS"] == str(home / "models" / "hub")


@pytest.mark.parametrize(("change", "words"), [
    ({"model": "C:/no/folder/here"}, "no folder"), ({"model": "some.gguf"}, "GGUF"), ({"rank": 0}, "--?rank|rank"),
    ({"epochs": 0.0}, "--epochs"), ({"learning_rate": float("nan")}, "--learning-rate"), ({"data": "/no/such"}, "no file"),
    ({"data": "/dev/zero"}, "no file but a pipe or a device"), ({"bits": 8}, "4 or 16"),
    ({"seed": -1}, "--seed"), ({"data": "/tmp"}, "folder"),
])  # fmt: skip
def test_values_that_no_training_can_have_are_one_sentence(
    home: Path, request_: TrainingRequest, change: dict[str, object], words: str
) -> None:
    """Named with what was expected, before anything is written."""
    with pytest.raises(InputError, match=words):
        plan_of(open_session(home), msgspec.structs.replace(request_, **change))
    assert not (home / "runs").exists()


def test_without_an_environment_nothing_can_be_trained(
    tmp_path: Path, request_: TrainingRequest
) -> None:
    """As exit code 7 says."""
    with pytest.raises(NotInstalledError):
        plan_of(open_session(tmp_path / "empty"), request_)


def test_a_long_run_is_handed_on_in_an_even_share() -> None:
    """Every step of a short run; of a million steps at most five thousand, the last among them."""
    for total in (3, limits.TRAINING_POINTS, 1_000_001):
        sieve = _Sieve()
        sieve.passes(Measured(name="train.steps", value=total))
        kept = [
            n
            for n in range(1, total + 1)
            if sieve.passes(Measured(name="train.loss", detail={"step": n}))
        ]
        assert kept[-1] == total and len(kept) <= limits.TRAINING_POINTS + 1
        assert total > limits.TRAINING_POINTS or len(kept) == total


def test_the_memory_of_a_model_that_no_list_names_is_told_from_its_configuration(
    tmp_path: Path,
) -> None:
    """The same figure as for the listed model of that shape; nothing for a kind that is not known."""
    session = open_session(make_home(tmp_path / "home"))
    listed = next(m for m in session.knowledge.guide.models if m.label == "0.5B")
    config = {
        "model_type": "qwen2", "hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24,
        "num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 151936,
        "tie_word_embeddings": True, "torch_dtype": "bfloat16",
    }  # fmt: skip
    model = make_model(tmp_path / "model")
    (model / "config.json").write_text(json.dumps(config))
    assert training_models.shape(session, str(model)) == listed.shape
    _, memory = training_runs.settings(session, TrainingRequest(model=str(model)))
    assert "494 million parameters" in memory.text
    for other in (
        '{"model_type": "mamba"}',
        "not json",
        '{"model_type": "llama", "hidden_size": "x"}',
    ):
        (model / "config.json").write_text(other)
        assert training_models.shape(session, str(model)) is None


def test_a_report_holds_numbers_of_a_run_and_nothing_of_its_data(
    home: Path, tmp_path: Path
) -> None:
    """Neither rows nor answers, names of columns nor that of the file."""
    data = tmp_path / "Zebra77.csv"
    data.write_text("Zebra77q,Zebra77a,Zebra77x\nZebra77 was,Zebra77 das,1\nb,c,2\n")
    mapping = ReadOptions(mapping={"question": "Zebra77q", "answer": "Zebra77a"})
    request = TrainingRequest(
        data=str(data), model=str(make_model(tmp_path / "model")), read=mapping,
        agreed=Confirmation(ignore_columns=("Zebra77x",)),
    )  # fmt: skip
    session = open_session(home)
    events = list(session.execution.run(plan_of(session, request)))
    assert "Zebra77" in str(events) and session.execution.outcome == "finished"
    path = tmp_path / "report.zip"
    session.exports.write_report(str(path))
    with zipfile.ZipFile(path) as packed:
        found = {name: packed.read(name).decode("utf-8", "replace") for name in packed.namelist()}
    assert [name for name, text in found.items() if "Zebra77" in text] == []
    assert '"train.loss"' in found["events.jsonl"] and '"steps": 4' in found["events.jsonl"]


def test_what_runs_inside_finds_the_fetched_models(
    home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where models were fetched; a cache that the user chose stays."""
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    session = open_session(home)
    words = ("python", "-c", "import os; print(os.environ.get('HF_HUB_CACHE'))")
    (home / "models" / "hub").mkdir(parents=True)
    assert session.desktop.run_inside(words) == 0
    monkeypatch.setenv("HF_HUB_CACHE", "/mine")
    assert session.desktop.run_inside(words) == 0
    assert capfd.readouterr().out.split() == [str(home / "models" / "hub"), "/mine"]
