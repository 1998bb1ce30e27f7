"""Automatic fixes.

What each puts before the plan, and that a working environment is never among what goes.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from app.decide.plans.fixes import REMEDIES, VARIABLES, fix_of, plan_fix
from app.knowledge import Knowledge
from app.model.errors import InputError
from app.model.home_layout import HomeLayout
from app.model.plan import Activate, CreateEnvironment, Plan, RemoveTree, SetVariables

PLACE = HomeLayout("/home/kim/UnslothSetup", "linux")
PLAN = Plan(
    title="t",
    profile="p",
    environment="p-1",
    steps=(
        CreateEnvironment(
            id="environment",
            title="e",
            environment="p-1",
            python="3.11",
            touches=("/home/kim/UnslothSetup/envs/p-1",),
        ),
        Activate(id="activate", title="a", environment="p-1", profile="p"),
    ),
)


def test_refetching_throws_only_the_wheelhouse_away() -> None:
    first = plan_fix("refetch", PLAN, PLACE).steps[0]
    assert isinstance(first, RemoveTree) and first.path == PLACE.wheels


def test_a_broken_environment_is_made_anew_and_a_working_one_stays() -> None:
    first = plan_fix("rebuild-environment", PLAN, PLACE, ("other",)).steps[0]
    assert isinstance(first, RemoveTree) and first.path == PLACE.environment("p-1")
    beside = plan_fix("rebuild-environment", PLAN, PLACE, ("p-1",))
    assert beside.environment == "p-1.2"
    assert not any(isinstance(s, RemoveTree) for s in beside.steps)
    assert beside.steps[0].touches == ("/home/kim/UnslothSetup/envs/p-1.2",)
    assert plan_fix("rebuild-environment", beside, PLACE, ("p-1.2",)).environment == "p-1.3"


def test_the_setup_to_go_back_to_is_not_thrown_away_either() -> None:
    """Active is another one; the plan's own is the one before, which a rollback would take."""
    beside = plan_fix("rebuild-environment", PLAN, PLACE, ("other", "p-1"))
    assert beside.environment == "p-1.2"
    assert not any(isinstance(s, RemoveTree) for s in beside.steps)
    assert plan_fix("rebuild-environment", PLAN, PLACE, ("p-1", "p-1.2")).environment == "p-1.3"


@pytest.mark.parametrize("remedy", sorted(VARIABLES))
def test_variables_are_set_in_an_environment_that_is_made_anew(remedy: str) -> None:
    kinds = [s.kind for s in plan_fix(remedy, PLAN, PLACE).steps]
    assert kinds == ["remove-tree", "create-environment", "set-variables", "activate"]
    beside = plan_fix(remedy, PLAN, PLACE, ("p-1",))  # the one that works is not touched
    assert beside.environment == "p-1.2"
    step = next(s for s in beside.steps if isinstance(s, SetVariables))
    assert (step.environment, step.variables) == ("p-1.2", VARIABLES[remedy])
    assert step.touches[0].startswith(
        "/home/kim/UnslothSetup/envs/p-1.2/lib/python3.11/site-packages/"
    )
    other = next(r for r in VARIABLES if r != remedy)
    assert sum(isinstance(s, SetVariables) for s in plan_fix(other, beside, PLACE).steps) == 1


def test_mending_twice_does_not_pile_up() -> None:
    once = plan_fix("refetch", PLAN, PLACE)
    assert len(plan_fix("clear-cache", once, PLACE).steps) == len(once.steps)


def test_an_unknown_fix_is_named() -> None:
    with pytest.raises(InputError, match="no fix 'pray'"):
        plan_fix("pray", PLAN, PLACE)


def test_every_remedy_that_the_data_name_exists() -> None:
    named = set()
    for path in (Path(__file__).parents[3] / "resources" / "known_issues").glob("*.toml"):
        for known_issue in tomllib.loads(path.read_text(encoding="utf-8")).get("known_issue", []):
            named.add(known_issue["fix"].get("remedy"))
    assert named - {None} <= REMEDIES.keys()
    assert len(named) > 3


def test_every_automatic_fix_says_exactly_what_it_does(knowledge: Knowledge) -> None:
    for known_issue in knowledge.known_issues.causes:
        fix = fix_of(known_issue.fix)
        assert bool(fix.does) is fix.automatic, known_issue.label
        assert bool(fix.remedy) is fix.automatic, known_issue.label
    for remedy, sentence in REMEDIES.items():
        assert sentence.endswith("."), remedy
        assert sentence.split()[0] in ("Runs", "Deletes", "Makes", "Trusts", "Plans"), remedy
