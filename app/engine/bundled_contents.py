"""What a bundle's environments are made of, for those who have to answer for it.

Each package's licence texts, and a bill of materials for each profile.
"""

from __future__ import annotations

import email
from collections.abc import Iterator, Sequence
from datetime import datetime
from email.message import Message

from app.model.event import AnyPayload
from app.model.home_layout import HomeLayout
from app.model.plan import FetchWheels
from app.model.profile import Platform, Profile
from app.report.bill_of_materials import BomPart, bill_of_materials, python_purl
from app.steps import fetch_wheels
from app.steps.step_context import StepContext
from app.steps.subprocesses import say

_WORDS = ("LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS")
_MOST = 2 << 20  # bytes of one paper; the longest of the profiles' wheels has 0.5 MB


def pack_contents(
    profiles: Sequence[Profile],
    platform: Platform,
    target: HomeLayout,
    site: StepContext,
    notes: list[str],
) -> Iterator[AnyPayload]:
    """``licences/NAME-VERSION/…`` out of the wheels and ``sbom/PROFILE.cdx.json`` (CycloneDX 1.6). What
    cannot be read becomes a note.
    """
    files, own = site.system.files, _path_in_bundle(target, platform, site)
    texts: dict[str, dict[str, bytes]] = {}
    parts: dict[str, BomPart] = {}
    when = datetime.fromisoformat(site.system.clock.now().replace("Z", "+00:00"))
    for profile in profiles:
        inside: list[BomPart] = []
        for part in (p for p in profile.parts if p.platform == platform):
            step = FetchWheels(id="", title="", profile=profile.id, part=part.id, index=part.index)
            for name in sorted(fetch_wheels.recorded_files(step, own)):
                if name not in parts:
                    parts[name], texts[name] = _read_wheel(name, target, site)
                inside.append(parts[name])
        whole = BomPart(name=profile.id, version=profile.pinned_on, kind="application")
        try:
            bill = bill_of_materials(whole, {one.name: one for one in inside}.values(), when)
        except ImportError:  # a program out of a bundle comes without the library that writes bills
            notes.append("There are no bills of materials in it: a whole program writes them.")
            break
        files.write(target.at("sbom", f"{profile.id}.cdx.json"), bill.encode())
    for name, found in texts.items():
        one = parts[name]
        for paper, data in found.items():
            below = paper.replace("\\", "/").split("/")
            files.write(target.at("licences", f"{one.name}-{one.version}", *below), data)
    count = sum(len(found) for found in texts.values())
    bare = sorted(parts[name].name for name, found in texts.items() if not found)
    yield say(f"{count} licence texts of {len(parts)} packages; {len(profiles)} bills of materials")
    if bare:
        yield say(f"Without a licence text in their files: {', '.join(bare)}")


def _path_in_bundle(target: HomeLayout, platform: Platform, site: StepContext) -> StepContext:
    from dataclasses import replace

    return replace(site, place=target, platform=platform)


def _read_wheel(
    name: str, target: HomeLayout, site: StepContext
) -> tuple[BomPart, dict[str, bytes]]:
    """One wheel as a part of the bill, and its licence texts by their path."""
    path = target.wheel(name)
    papers = site.system.files.members(path, _is_paper, _MOST)
    said = next((data for key, data in papers.items() if key.endswith("/METADATA")), b"")
    told = email.message_from_bytes(said)
    distribution = str(told.get("Name") or name.split("-", maxsplit=1)[0])
    version = str(told.get("Version") or name.split("-")[1])
    part = BomPart(
        name=distribution,
        version=version,
        licence=_licence_of(told),
        purl=python_purl(distribution, version),
        sha256=site.system.files.sha256(path),
    )
    texts = {}
    for key, data in papers.items():
        below = key.partition(".dist-info/")[2]
        if below != "METADATA" and ".." not in below.split("/") and ":" not in below:
            texts[below] = data
    return part, texts


def _is_paper(name: str) -> bool:
    top, _, below = name.partition(".dist-info/")
    if "/" in top or not below or below.endswith("/"):
        return False
    return below == "METADATA" or any(word in below.upper() for word in _WORDS)


def _licence_of(told: Message) -> str:
    """SPDX expression, else the classifiers' words, else the first line of what was written."""
    expression = told.get("License-Expression")
    if expression:
        return str(expression)
    classes = [str(one) for one in told.get_all("Classifier", []) if one.startswith("License ::")]
    if classes:
        return ", ".join(one.split(" :: ")[-1] for one in classes)
    return str(told.get("License") or "").strip().partition("\n")[0][:200]
