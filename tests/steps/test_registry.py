"""Every kind of step has a file that runs it, and no file is named for a kind that is gone."""

from __future__ import annotations

from typing import get_args

from app.model.plan import AnyStep
from app.steps.registry import HANDLERS


def test_every_kind_of_step_has_its_file() -> None:
    assert {kind.__struct_config__.tag for kind in get_args(AnyStep)} == set(HANDLERS)
    for kind, file in HANDLERS.items():
        assert callable(file.done) and callable(file.run), kind
