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
from app.model.event import Failed
from app.model.machine import Driver, Family, Gpu, MachineFacts, Os
from app.model.plan import RunCheck, RunTraining
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


def checks(session: Session) -> list[RunCheck]:
    """The checks of several cards in the plan of a verification."""
    plan = session.plans.verify()
    return [s for s in plan.steps if isinstance(s, RunCheck) and s.check == "several_cards"]


def test_equal_cards_are_verified_together_after_one(tmp_path: Path) -> None:
    """All of them, by their ids; a failure is none of the run, and one card has to pass before."""
    session = on_cards(tmp_path, *CARDS)
    [check] = checks(session)
    assert check.cards == ("GPU-00", "GPU-11", "GPU-22")
    assert (check.arguments, check.needs) == (("--cards", "3"), ("check-fine_tune",))
    assert not check.decides and session.plans.verify().steps[-1] == check
    assert training_cards.why_alone(session, session.knowledge.profile("torch212-2026.10")) == ""
    assert not any(s.id == check.id for s in session.plans.verify(quick=True).steps)


@pytest.mark.parametrize(("gpus", "family", "why"), [
    (CARDS[:1], "linux", ""), (CARDS, "windows", "several cards train together on Linux only"), ((), "linux", ""),
    ((CARDS[0], msgspec.structs.replace(CARDS[1], name="NVIDIA H100")), "linux", "is used alone"),
])  # fmt: skip
def test_elsewhere_there_is_no_such_check(
    tmp_path: Path, gpus: tuple[Gpu, ...], family: Family, why: str
) -> None:
    """And where there are several cards, why."""
    session = on_cards(tmp_path, *gpus)
    session.facts = msgspec.structs.replace(session.known_facts(), os=Os(family=family))
    assert checks(session) == []
    profile = session.knowledge.profile("torch212-2026.10")
    told = training_cards.why_alone(session, profile)
    assert why in told and bool(told) == bool(why)
    assert training_cards.why_alone(session, session.knowledge.profile("practice-cpu")) == ""


def test_the_users_own_choice_decides_what_is_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,0")
    assert checks(on_cards(tmp_path, *CARDS))[0].cards == ("GPU-00", "GPU-22")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2")
    session = on_cards(tmp_path, *CARDS)
    assert checks(session) == []
    assert training_cards.why_alone(session, session.knowledge.profile("torch212-2026.10")) == ""


CHECK = """
import json, os, sys
print(json.dumps({"what": "measured", "name": "x", "value": sys.argv[1:], "detail": dict(os.environ)}))
print(json.dumps({"what": "failed", "code": "several-cards-failed", "message": "NCCL: no."}))
sys.exit(1)
"""


def test_the_check_sees_all_cards_and_what_the_user_chose_about_multicast(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the order of the bus; its failure is told, and the run has not failed."""
    own = {"NCCL_NVLS_ENABLE": "0", "TORCH_SYMM_MEM_DISABLE_MULTICAST": "1", "NVSHMEM_DISABLE_NVLS": "1"}  # fmt: skip
    for name, value in {**own, "CUDA_DEVICE_ORDER": "FASTEST_FIRST"}.items():
        monkeypatch.setenv(name, value)
    session = on_cards(tmp_path, *CARDS)
    read = session.resource
    session.resource = lambda name: (
        CHECK.encode() if name == "checks/several_cards.py" else read(name)
    )
    [check] = checks(session)
    alone = msgspec.structs.replace(session.plans.verify(), steps=(check,))
    events = list(session.execution.run(alone))
    seen = next(measured(events, "x"))
    assert seen.value == ["--cards", "3"] and own.items() <= seen.detail.items()
    assert seen.detail["CUDA_VISIBLE_DEVICES"] == "GPU-00,GPU-11,GPU-22"
    assert seen.detail["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
    assert [e.what.code for e in events if isinstance(e.what, Failed)] == ["several-cards-failed"]
    assert (session.execution.outcome, session.execution.error) == ("finished", None)
    verdict = session.execution.verification
    assert verdict is not None and verdict.overall != "broken"
    assert verdict.several_cards is not None and verdict.several_cards.why == "NCCL: no."
