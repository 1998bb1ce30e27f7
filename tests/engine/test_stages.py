"""The way through a session, without Qt."""

from __future__ import annotations

import subprocess
import sys

import pytest

from app.engine.stages import (
    STAGES,
    Stage,
    WizardState,
    next_stage,
    previous_stage,
    stage_path,
    states,
)


def test_all_eight_stages_follow_each_other() -> None:
    standing = WizardState(leftovers=2)
    assert stage_path(standing) == STAGES
    assert [next_stage(s, standing) for s in STAGES] == [*STAGES[1:], None]
    assert [previous_stage(s, standing) for s in STAGES] == [None, *STAGES[:-1]]


def test_clean_up_is_skipped_only_when_it_is_known_to_be_empty() -> None:
    assert next_stage("setup", WizardState(leftovers=0)) == "install"
    assert previous_stage("install", WizardState(leftovers=0)) == "setup"
    assert next_stage("setup", WizardState(leftovers=None)) == "clean-up"
    assert "clean-up" not in stage_path(WizardState(leftovers=0))


def test_a_visit_that_declines_verification_ends_after_the_install() -> None:
    assert next_stage("install", WizardState(verify=False)) == "ready"


def test_a_stage_that_has_become_empty_can_still_be_left() -> None:
    assert next_stage("clean-up", WizardState(leftovers=0)) == "install"
    assert previous_stage("clean-up", WizardState(leftovers=0)) == "setup"


@pytest.mark.parametrize("now", STAGES)
def test_states_say_what_is_behind_and_what_is_to_come(now: Stage) -> None:
    shown = states(now, WizardState(leftovers=0))
    assert list(shown) == list(STAGES)
    assert shown[now] == "now"
    at = STAGES.index(now)
    for i, stage in enumerate(STAGES):
        if stage == "clean-up" and i != at:
            assert shown[stage] == "skipped"
        elif i != at:
            assert shown[stage] == ("done" if i < at else "open")


def test_the_stages_need_no_qt() -> None:
    code = (
        "import sys, app.engine.stages; sys.exit(any(m.startswith('PySide6') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
