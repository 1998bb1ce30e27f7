"""What children see of the user's variables.

Nothing that hides the card, and of several cards the one that was planned for.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.adapters.local_system import open_system
from app.adapters.resources import resource_names, resource_reader
from app.engine.session import Session
from app.knowledge import Knowledge, load
from app.model.answers import Answers
from app.model.machine import Gpu, MachineFacts, Os
from app.steps.child_environment import child_environment
from app.steps.step_context import StepContext

CARD = Gpu(
    vendor="nvidia",
    name="NVIDIA GeForce RTX 3090",
    compute_capability="8.6",
    memory_total=24 * 2**30,
)
OTHER = Gpu(
    vendor="nvidia",
    index=1,
    name="NVIDIA GeForce RTX 4090",
    compute_capability="8.9",
    memory_total=24 * 2**30,
)


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load(resource_reader(), resource_names())


def seen(knowledge: Knowledge, *gpus: Gpu) -> dict[str, str]:
    """The variables of a child of a session with this computer, with these cards in it."""
    facts = MachineFacts(os=Os(family="linux"), gpus=gpus)
    session = Session(open_system(), knowledge, Answers(home="/nowhere"), lambda _: b"", facts)
    return child_environment(session.home.site())


@pytest.mark.parametrize("hidden", ["-1", "", "NoDevFiles"])
def test_what_hides_the_card_is_left_out(
    knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch, hidden: str
) -> None:
    """The finding variable-conflict says so."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    assert "CUDA_VISIBLE_DEVICES" not in seen(knowledge, CARD)


def test_a_card_that_the_user_chose_stays_chosen(
    knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert seen(knowledge, CARD, OTHER)["CUDA_VISIBLE_DEVICES"] == "1"


def test_of_several_kinds_the_one_that_was_planned_for_is_checked(
    knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The finding several-gpus says so; CUDA alone would take the fastest."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    env = seen(knowledge, CARD, OTHER)
    assert (env["CUDA_VISIBLE_DEVICES"], env["CUDA_DEVICE_ORDER"]) == ("1", "PCI_BUS_ID")
    assert "CUDA_VISIBLE_DEVICES" not in seen(knowledge, CARD)
    assert "CUDA_VISIBLE_DEVICES" not in seen(knowledge, CARD, second_of(CARD))


def second_of(gpu: Gpu) -> Gpu:
    """A second card of the same kind."""
    return Gpu(
        vendor="nvidia",
        index=1,
        name=gpu.name,
        compute_capability=gpu.compute_capability,
        memory_total=gpu.memory_total,
    )


def test_a_variable_that_is_left_out_is_so_in_any_spelling(
    site: StepContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert "CUDA_VISIBLE_DEVICES" in child_environment(site)
    assert "CUDA_VISIBLE_DEVICES" not in child_environment(
        replace(site, left_out=frozenset({"CUDA_VISIBLE_DEVICES"}))
    )
