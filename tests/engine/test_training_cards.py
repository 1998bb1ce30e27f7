"""Several cards from the wish to the child: how many there are, which it is given."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec
import pytest

from app.decide.training.script_head import settings_of
from app.engine import training_cards, training_runs
from app.engine.session import Session
from app.model.errors import InputError
from app.model.machine import Driver, Gpu, MachineFacts, Os
from app.model.plan import RunTraining
from app.model.training import TrainingRequest
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

CARDS = tuple(
    Gpu(index=n, vendor="nvidia", name="NVIDIA H200", compute_capability="9.0",
        memory_total=140 * 2**30, uuid=f"GPU-{n}{n}")
    for n in range(3)
)  # fmt: skip


def on_cards(folder: Path, *gpus: Gpu) -> Session:
    """A session over a setup for cards, in a PC with these."""
    home = folder / "home"
    if not home.exists():
        make_home(home)
        pointer = json.loads((home / "active.json").read_text())
        (home / "active.json").write_text(json.dumps({**pointer, "profile": "torch212-2026.10"}))
    session = open_session(home)
    session.facts = MachineFacts(
        os=Os(family="linux"), gpus=gpus, driver=Driver(version="580.95.05", nvml="ok")
    )
    return session


@pytest.fixture
def request_(tmp_path: Path) -> TrainingRequest:
    """Eight sound rows and a model's folder, on two cards."""
    data, model = write_rows(tmp_path / "rows.jsonl"), make_model(tmp_path / "model")
    return TrainingRequest(data=str(data), model=str(model), cards=2)


def test_the_child_sees_the_chosen_cards_alone(tmp_path: Path, request_: TrainingRequest) -> None:
    """The first two of three, by their ids; what ran says that it trains on two."""
    session = on_cards(tmp_path, *CARDS)
    plan = plan_of(session, request_)
    events = list(session.execution.run(plan))
    seen = next(measured(events, "pretended.environment")).detail
    assert (seen["CUDA_VISIBLE_DEVICES"], seen["CUDA_DEVICE_ORDER"]) == (
        "GPU-00,GPU-11",
        "PCI_BUS_ID",
    )
    script = (tmp_path / "home" / "runs" / run_of(plan) / "train.py").read_text("utf-8")
    assert settings_of(script)["CARDS"] == 2


def test_one_card_is_as_before(tmp_path: Path, request_: TrainingRequest) -> None:
    """No card is named to the child where all are of one kind."""
    session = on_cards(tmp_path, *CARDS)
    events = list(
        session.execution.run(plan_of(session, msgspec.structs.replace(request_, cards=None)))
    )
    assert "CUDA_VISIBLE_DEVICES" not in next(measured(events, "pretended.environment")).detail


def test_memory_is_that_of_one_card(tmp_path: Path, request_: TrainingRequest) -> None:
    """Each card holds the whole model and a batch of its own."""
    session = on_cards(tmp_path, *CARDS)
    one = msgspec.structs.replace(request_, model=None, cards=1)
    two = msgspec.structs.replace(one, cards=2)
    assert training_runs.settings(session, one)[1] == training_runs.settings(session, two)[1]


@pytest.mark.parametrize(("gpus", "wanted", "said"), [
    (CARDS[:1], 2, "--cards is 2; expected 1 at most. NVIDIA H200 is the only NVIDIA card."),
    (CARDS, 4, "--cards is 4; expected 3 at most. 3 cards are equal: NVIDIA H200."),
    ((), 2, "--cards is 2; expected 1 at most. This PC has no NVIDIA card."),
    (CARDS, 0, "--cards is 0; expected a number from 1 to 64."),
])  # fmt: skip
def test_more_than_there_are_is_one_sentence(
    tmp_path: Path, request_: TrainingRequest, gpus: tuple[Gpu, ...], wanted: int, said: str
) -> None:
    session = on_cards(tmp_path, *gpus)
    with pytest.raises(InputError) as refused:
        plan_of(session, msgspec.structs.replace(request_, cards=wanted))
    assert str(refused.value) == said


def test_a_setup_for_the_processor_takes_none(tmp_path: Path, request_: TrainingRequest) -> None:
    session = open_session(make_home(tmp_path / "home"))
    with pytest.raises(InputError, match="expected 1: this setup trains on the processor"):
        plan_of(session, request_)


@pytest.mark.parametrize(("own", "left"), [
    ("0,2", ["GPU-00", "GPU-22"]), ("1", ["GPU-11"]), ("", ["GPU-00", "GPU-11", "GPU-22"]), ("GPU-22,GPU-11", ["GPU-11", "GPU-22"]),
])  # fmt: skip
def test_the_users_own_choice_of_cards_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str, left: list[str]
) -> None:
    """Of those that he leaves visible; a variable that hides all is left out, as for every child."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", own)
    found = training_cards.usable(on_cards(tmp_path, *CARDS))
    assert [gpu.uuid for gpu in found.cards] == left


def test_a_run_goes_on_with_as_many_cards(tmp_path: Path, request_: TrainingRequest) -> None:
    """Another number is named as a difference; a card that is gone as one that is missing."""
    session = on_cards(tmp_path, *CARDS)
    plan = plan_of(session, request_)
    list(session.execution.run(plan))
    folder = tmp_path / "home" / "runs" / run_of(plan)
    record = json.loads((folder / "output" / "run.json").read_text())
    (folder / "output" / "run.json").write_text(json.dumps({**record, "state": "stopped"}))
    again = TrainingRequest(resume=run_of(plan))
    steps = [step for step in plan_of(session, again).steps if isinstance(step, RunTraining)]
    assert [step.cards for step in steps] == [("GPU-00", "GPU-11")]
    with pytest.raises(InputError, match="cards was 2 and is 3"):
        plan_of(session, msgspec.structs.replace(again, cards=3))
    with pytest.raises(InputError, match="--cards is 2; expected 1 at most"):
        plan_of(on_cards(tmp_path, CARDS[0]), again)
