"""How far an install is, told while uv says nothing: packages that are there, then byte code."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.model.event import Line, Progress
from app.model.plan import InstallWheels
from app.steps import install_wheels, subprocesses
from app.steps.step_context import StepContext


def test_packages_are_counted_and_then_those_with_byte_code(site: StepContext) -> None:
    profile = next(iter(site.profiles.values()))
    step = InstallWheels(id="i", title="", environment="one", profile=profile.id, parts=())
    packages = Path(site.place.site_packages("one", profile.python))
    packages.mkdir(parents=True)

    def told() -> tuple[float, float | None, str]:
        found = install_wheels._how_far(step, site, 2)
        return found.done, found.total, found.note

    assert told() == (0, 2, "linking files")
    for name in ("alpha", "beta"):
        (packages / f"{name}-1.0.dist-info").mkdir()
        (packages / name).mkdir()
        (packages / name / "__init__.py").write_text("")
    assert told() == (0, 2, "compiling byte code")
    (packages / "alpha" / "__pycache__").mkdir()
    assert told() == (1, 2, "compiling byte code")


@pytest.mark.posix
def test_a_silent_child_is_watched(site: StepContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocesses, "_BEAT", 0.2)
    Path(site.place.home).mkdir(parents=True, exist_ok=True)
    looks = iter(range(1000))

    def watch() -> Progress:
        return Progress(done=next(looks), unit="packages")

    script = "sleep 1.5; echo over"
    events = list(subprocesses.run_child(site, ("/bin/sh", "-c", script), "It", watch=watch))
    done = [event.done for event in events if isinstance(event, Progress)]
    assert len(done) >= 2 and done == sorted(done)
    assert any(isinstance(event, Line) and b"over" in event.text for event in events)
