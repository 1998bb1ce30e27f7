"""Every card profile's Windows packages are fetched from the index for real.

Each file is checked by the lock's hash.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from app.adapters.local_system import open_system
from app.adapters.resources import resource_names, resource_reader
from app.knowledge import load
from app.model.answers import Answers
from app.model.home_layout import HomeLayout
from app.model.plan import FetchWheels
from app.model.profile import Profile
from app.model.sources import Sources
from app.probe import network
from app.steps import fetch_wheels
from app.steps.step_context import StepContext

if sys.platform == "win32":
    pytest.skip("fetched once, from Linux: the files are the same", allow_module_level=True)
pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.posix]

CARD_PROFILES = [p for p in load(resource_reader(), resource_names()).profiles if p.needs.gpu]


@pytest.mark.parametrize("profile", CARD_PROFILES, ids=[p.id for p in CARD_PROFILES])
def test_the_windows_lock_can_be_had_whole(profile: Profile, tmp_path: Path) -> None:
    system = open_system()
    part = next(p for p in profile.parts if p.platform == "windows" and p.index == "default")
    answers = Answers()
    effects: list[tuple[str, dict[str, str]]] = []
    site = StepContext(
        system=system,
        place=HomeLayout(str(tmp_path / "home"), system.computer.family),
        profiles={profile.id: profile},
        answers=answers,
        sources=network.sources(system, answers),
        resource=str.encode,
        record=lambda *effect: effects.append(effect),
        platform="windows",
    )
    site = replace(site, sources=replace_links(site))
    step = FetchWheels(
        id="fetch", title=part.title, profile=profile.id, part=part.id, index=part.index
    )
    list(fetch_wheels.run(step, site))
    assert fetch_wheels.done(step, site) is not None
    files = [p for p in (tmp_path / "home" / "wheels").iterdir() if p.suffix == ".whl"]
    assert len(files) == len(part.wheels)
    assert {canonicalize_name(p.name.split("-")[0]) for p in files} == {
        canonicalize_name(w.name) for w in part.wheels
    }
    # Of two files that fit equally (py310 and py311 of one package) the index may offer the other
    # one first.
    assert sum(p.stat().st_size for p in files) == pytest.approx(part.download, rel=0.01)
    for path in files:
        path.unlink()


def replace_links(site: StepContext) -> Sources:
    """The user's sources without folders of this computer: what is proven is the index."""
    from msgspec.structs import replace as changed

    return changed(site.sources, find_links=(), extra_indexes=())
