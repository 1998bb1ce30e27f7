"""Fetching a model with the hub's own client against a hub on loopback.

Whole, cut, killed, refused, wrong, slow to answer.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.engine import training_models
from app.engine.session import Session
from app.model.errors import ExitCode, ExpectedError, InputError
from app.model.event import Failed, Progress, StepEvent
from app.model.plan import FetchModel, Plan
from app.model.training import ModelInfo, TrainingRequest
from app.steps import model_cache
from tests.training.conftest import TRAINING_PYTHON, with_unsloth
from tests.training.homes import ENVIRONMENT, make_home, open_session, plan_of, write_rows
from tests.training.model_hub import COMMIT, Hub, serve

pytestmark = [with_unsloth, pytest.mark.real]
NAME, SECRET = "someone/small", "hf_" + "x1Y2z3" * 5
LARGE = random.Random(1).randbytes(25 << 20)  # more than two of the client's pieces of 10 MiB
FILES = {"config.json": b"{}", "tokenizer.json": b'{"a": 1}', "model.safetensors": LARGE, "README.md": b"hi",
         "pytorch_model.bin": b"the same weights once more", "training_args.bin": b"code"}  # fmt: skip


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """A hub that the user's own variables name, with a token of his."""
    with serve(dict(FILES)) as made:
        for name, value in {
            "HF_ENDPOINT": made.url,
            "HF_TOKEN": SECRET,
            "HF_HOME": str(tmp_path / "hf"),
        }.items():
            monkeypatch.setenv(name, value)
        yield made


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A home whose environment has the hub's client."""
    return open_session(make_home(tmp_path / "home", TRAINING_PYTHON))


def look(session: Session) -> ModelInfo | None:
    """What is asked before."""
    work = training_models.look(session, NAME, ENVIRONMENT)
    while True:
        try:
            next(work)
        except StopIteration as end:
            found: ModelInfo | None = end.value
            return found


def fetch(session: Session) -> list[StepEvent]:
    """The step alone."""
    step = FetchModel(
        id="model", title="Model", environment=ENVIRONMENT, model=NAME,
        cache=model_cache.own_cache(session.place),
    )  # fmt: skip
    return list(session.execution.run(Plan(title="Model", steps=(step,))))


def here(session: Session) -> Path | None:
    """Where the model lies whole."""
    found = model_cache.find(NAME, session.system, session.place)
    return Path(found[1]) if found is not None else None


def gets(hub: Hub, file: str) -> list[str]:
    """The ranges that were asked of a file."""
    return [wish for how, path, wish in hub.requests if how == "GET" and path.endswith(file)]


def test_a_model_is_asked_for_counted_fetched_and_checked(
    hub: Hub, session: Session, tmp_path: Path
) -> None:
    """In the plan with its bytes and licence; only what training needs comes; the token is in no file."""
    info = look(session)
    assert info is not None and info.bytes == sum(
        len(FILES[n]) for n in FILES if not n.endswith(".bin")
    )
    assert (info.licence, info.gated, info.files) == ("apache-2.0", False, 4) and not gets(hub, "n")
    rows = write_rows(tmp_path / "rows.jsonl")
    plan = plan_of(session, TrainingRequest(data=str(rows), model=NAME))
    assert [s.kind for s in plan.steps] == ["fetch-model", "prepare-training", "run-training"]
    assert plan.download_bytes == info.bytes and "apache-2.0" in plan.steps[0].title
    events = list(session.execution.run(plan))
    assert session.execution.outcome == "finished", events[-3:]
    told = [e.what for e in events if isinstance(e.what, Progress) and e.what.unit == "bytes"]
    assert told[-1].done == told[-1].total == info.bytes
    folder = here(session)
    assert folder is not None and str(folder).startswith(session.place.models)
    assert (folder / "model.safetensors").read_bytes() == LARGE
    assert sorted(p.name for p in folder.iterdir()) == sorted(
        n for n in FILES if not n.endswith(".bin")
    )
    assert f"Bearer {SECRET}" in hub.tokens
    hub.requests.clear()
    assert [s.kind for s in plan_of(session, TrainingRequest(data=str(rows), model=NAME)).steps] == [
        "prepare-training", "run-training"
    ]  # fmt: skip
    assert hub.requests == [] and look(session) is None
    for path in (tmp_path / "home").rglob("*"):
        if path.is_file() and "envs" not in path.parts and path.stat().st_size < 1 << 20:
            assert SECRET.encode() not in path.read_bytes(), path


def test_a_line_that_is_cut_is_taken_up(hub: Hub, session: Session) -> None:
    """Twice within one fetch: what had come stays."""
    hub.faults["cut"] = (12 << 20, 2)
    fetch(session)
    assert session.execution.outcome == "finished" and here(session) is not None
    assert gets(hub, "model.safetensors")[1:] != ["", ""], "the second go began again"


def test_a_fetch_that_was_stopped_goes_on(hub: Hub, session: Session) -> None:
    """Nothing counts as here before all is."""
    hub.faults["dies"] = 12 << 20
    events = fetch(session)
    failed = [e.what for e in events if isinstance(e.what, Failed)]
    assert failed and failed[0].code in ("network", "hub") and "goes on" in failed[0].hint
    assert here(session) is None
    hub.faults.clear()
    hub.requests.clear()
    fetch(session)
    assert session.execution.outcome == "finished" and here(session) is not None
    assert gets(hub, "model.safetensors") == [f"bytes={10 << 20}-"]


@pytest.mark.parametrize(("status", "headers", "code", "exit_code", "words"), [
    (401, {"X-Error-Code": "GatedRepo"}, "model-gated", ExitCode.BLOCKED, "accepted its licence"),
    (403, {"X-Error-Code": "GatedRepo"}, "model-gated", ExitCode.BLOCKED, "accepted its licence"),
    (401, {"X-Error-Message": "Invalid credentials in Authorization header"}, "token-invalid", ExitCode.BLOCKED, "token"),
    (401, {"X-Error-Message": "User Access Token \"mine\" is expired"}, "token-invalid", ExitCode.BLOCKED, "expired"),
    (401, {}, "model-refused", ExitCode.BLOCKED, "does not give"),
    (403, {"X-Error-Message": "not for you"}, "model-refused", ExitCode.BLOCKED, "not for you"),
    (404, {"X-Error-Code": "RepoNotFound"}, "model-unknown", ExitCode.BAD_INPUT, "knows no model"),
    (429, {"Retry-After": "0"}, "rate-limit", ExitCode.STEP_FAILED, "no more requests"),
    (418, {}, "hub", ExitCode.STEP_FAILED, "418"),
])  # fmt: skip
def test_what_the_hub_refuses_is_a_sentence_before_anything_is_fetched(
    hub: Hub, session: Session, status: int, headers: dict[str, str], code: str, exit_code: ExitCode, words: str,
) -> None:  # fmt: skip
    """Each with what to do; without the token."""
    hub.faults["status"] = (status, headers)
    with pytest.raises(ExpectedError, match=words) as fault:
        look(session)
    assert (fault.value.code, fault.value.exit_code) == (code, exit_code)
    assert fault.value.hint and SECRET not in fault.value.message + fault.value.details


def test_other_bytes_than_the_hub_names_are_never_taken(hub: Hub, session: Session) -> None:
    """Fetched once more, then refused; nothing of them stays."""
    hub.faults["wrong"] = "model.safetensors"
    events = fetch(session)
    failed = [e.what for e in events if isinstance(e.what, Failed)]
    assert failed[0].code == "model-damaged" and here(session) is None
    assert len(gets(hub, "model.safetensors")) == 2
    assert not [
        p
        for p in Path(session.place.models).rglob("*")
        if p.is_file() and p.stat().st_size == len(LARGE)
    ]


def test_a_hub_cannot_name_other_folders(hub: Hub, session: Session, tmp_path: Path) -> None:
    """Neither by a file's name nor by what it calls the bytes."""
    hub.files["..\\x.json"] = hub.files["../y.json"] = hub.files[".hidden.json"] = b"{}"
    hub.faults["etag"] = "../../../../stray"
    events = fetch(session)
    failed = [e.what for e in events if isinstance(e.what, Failed)]
    assert failed and failed[0].code == "hub" and here(session) is None
    names = {p.name for p in tmp_path.rglob("*") if "envs" not in p.parts}
    assert not {
        n for n in names if n.endswith(("x.json", "y.json", ".hidden.json")) or "stray" in n
    }


def test_a_hub_that_is_not_reached_is_said(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No traceback."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ExpectedError, match="not reached") as fault:
        look(session)
    assert fault.value.code == "network"


def test_a_model_in_the_users_own_cache_is_not_fetched_again(
    hub: Hub, session: Session, tmp_path: Path
) -> None:
    """It is trained from where it lies; half of one is not taken."""
    folder = tmp_path / "hf" / "hub" / "models--someone--small"
    snapshot = folder / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(COMMIT)
    for name in ("config.json", "tokenizer.json"):
        (snapshot / name).write_bytes(FILES[name])
    assert here(session) is None
    (snapshot / "model.safetensors").write_bytes(b"")
    assert here(session) == snapshot
    rows = write_rows(tmp_path / "rows.jsonl")
    plan: Any = plan_of(session, TrainingRequest(data=str(rows), model=NAME))
    assert [s.kind for s in plan.steps] == ["prepare-training", "run-training"]
    assert plan.steps[0].record.settings.models == str(tmp_path / "hf" / "hub")
    assert hub.requests == []


@pytest.mark.parametrize(
    "name", ["a/b/c", "../x", "x y", "C:\\models\\x", "", "some--one/x", "ü/x", "a.gguf"]
)
def test_what_is_no_name_is_asked_of_nobody(hub: Hub, session: Session, name: str) -> None:
    """One sentence; no request."""
    with pytest.raises(InputError, match="expected"):
        training_models.resolve(session, name)
    assert hub.requests == [] and os.environ["HF_ENDPOINT"] == hub.url
