"""Which stage of a session follows which; what may be skipped and why."""

from __future__ import annotations

from typing import Literal, NamedTuple

Stage = Literal["welcome", "this-pc", "setup", "clean-up", "install", "verify", "ready", "train"]
StageState = Literal["done", "now", "open", "skipped"]

STAGES: tuple[Stage, ...] = (
    "welcome",
    "this-pc",
    "setup",
    "clean-up",
    "install",
    "verify",
    "ready",
    "train",
)


class WizardState(NamedTuple):
    """What decides about the way through a session. ``leftovers`` is ``None`` before the survey has
    counted them.
    """

    leftovers: int | None = None
    verify: bool = True

    def skips(self, stage: Stage) -> bool:
        """Whether a stage has nothing to do: clean-up with no leftovers, verification that the
        answers decline.
        """
        return (stage == "clean-up" and self.leftovers == 0) or (
            stage == "verify" and not self.verify
        )


def stage_path(standing: WizardState) -> tuple[Stage, ...]:
    """The stages of this session, in order."""
    return tuple(s for s in STAGES if not standing.skips(s))


def next_stage(stage: Stage, standing: WizardState) -> Stage | None:
    """The stage after ``stage``; ``None`` after the last. ``stage`` itself may be one that is
    skipped by now.
    """
    return next((s for s in STAGES[STAGES.index(stage) + 1 :] if not standing.skips(s)), None)


def previous_stage(stage: Stage, standing: WizardState) -> Stage | None:
    """The stage before ``stage``; ``None`` before the first."""
    return next((s for s in reversed(STAGES[: STAGES.index(stage)]) if not standing.skips(s)), None)


def states(now: Stage, standing: WizardState) -> dict[Stage, StageState]:
    """How each stage looks in an overview while ``now`` is on screen."""
    at = STAGES.index(now)
    found: dict[Stage, StageState] = {}
    for i, stage in enumerate(STAGES):
        if i == at:
            found[stage] = "now"
        elif standing.skips(stage):
            found[stage] = "skipped"
        else:
            found[stage] = "done" if i < at else "open"
    return found
