"""Proposes a newer pinned set for a profile: python build/propose_profile.py PROFILE --output DIR.

Takes the exact pins out of the profile's requirements, lets uv resolve the newest set that fits on
the default index (so Unsloth's own caps hold, and torch decides its Triton), and writes a candidate
folder: ``SYSTEM.in`` with the new pins, ``SYSTEM.lock.txt`` with hashes, and ``CANDIDATE.md`` with
the difference in words and what must be proven. A version that only the PyTorch index has is
written with "hash unknown". Nothing under ``resources/`` changes: no user is offered the candidate.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import msgspec  # noqa: E402
from packaging.requirements import Requirement  # noqa: E402
from packaging.utils import canonicalize_name  # noqa: E402
from packaging.version import Version  # noqa: E402

from app.adapters.resources import resource_names, resource_reader  # noqa: E402
from app.knowledge import load  # noqa: E402
from app.model.profile import Profile  # noqa: E402
from build.make_locks import Made, Recipe, resolved  # noqa: E402

# The packages that a profile's title names: their pins are what a candidate is about.
LEADING = ("unsloth", "unsloth-zoo", "torch", "torchvision", "torchaudio", "triton-windows")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+?)(?: \\)?$", re.MULTILINE)


class Candidate(NamedTuple):
    """What uv resolved for one system: the requirements asked, and name to version."""

    platform: str
    asked: str
    lock: str
    versions: dict[str, str]


def loosened(requirements: str) -> str:
    """The requirements without the exact pins of the leading packages; every other line stays."""
    lines = []
    for line in requirements.splitlines():
        bare = line.partition("#")[0].strip()
        if not bare or bare.startswith("-"):
            lines.append(line)
            continue
        requirement = Requirement(bare)
        if canonicalize_name(requirement.name) in LEADING:
            marker = f" ; {requirement.marker}" if requirement.marker else ""
            line = requirement.name + marker
        lines.append(line)
    return "\n".join(lines) + "\n"


def locked(profile: Profile, platform: str) -> dict[str, str]:
    """Name to version of everything that the profile pins for a system now."""
    return {
        canonicalize_name(wheel.name): wheel.version
        for part in profile.parts
        if part.platform == platform
        for wheel in part.wheels
    }


def differences(now: Mapping[str, str], then: Mapping[str, str]) -> list[str]:
    """One sentence for each package that is raised, lowered, added or gone; leading ones first."""

    def rank(name: str) -> tuple[bool, str]:
        return name not in LEADING, name

    sentences = []
    for name in sorted({*now, *then}, key=rank):
        old, new = now.get(name), then.get(name)
        if old == new:
            continue
        if old is None:
            sentences.append(f"{name} {new} is new.")
        elif new is None:
            sentences.append(f"{name} {old} is no longer needed.")
        elif Version(old).public == Version(new).public:
            sentences.append(
                f"{name} stays {Version(new).public}, as another build ({old}, {new})."
            )
        else:
            word = "rises" if Version(new) > Version(old) else "falls"
            sentences.append(f"{name} {word} from {old} to {new}.")
    return sentences


def to_prove(sentences: Sequence[str], versions: Mapping[str, str], profile: Profile) -> list[str]:
    """What a person with the hardware must show before the candidate becomes a profile."""
    words = [
        "`python build/start.py install`, then `verify --save-proof FILE`, on each system of the "
        "profile: the record belongs into the profile's folder `proof/`.",
        "The starter script and `train` for the profile's own trl, stopped and resumed.",
        "Each export that `profile.toml` names, loaded again.",
        "`python build/advisories.py` against the new pins.",
    ]
    if profile.needs.gpu:
        words.insert(1, "The same on one card of each architecture that `[rank]` proposes it for.")
        words.append("The memory estimate against new runs (`tests/decide/training/`).")
    if any(s.startswith("torch ") for s in sentences):
        words.append("The driver and capability figures of `[needs]` for the new PyTorch.")
    if "triton" in versions and "triton-windows" in versions:
        fits = (
            Version(versions["triton"]).release[:2]
            == Version(versions["triton-windows"]).release[:2]
        )
        words.append(
            f"triton-windows {versions['triton-windows']} beside a torch that asks for triton "
            f"{versions['triton']}: " + ("the pair fits." if fits else "THE PAIR DOES NOT FIT.")
        )
    return words


def resolve(profile: Profile, made: Made, folder: Path, find_links: str) -> Candidate:
    """Let uv find the newest set for one system. Raises ``SystemExit`` with uv's words."""
    source = (folder / made.source).read_text("utf-8")
    asked = loosened(source)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        (place / "asked.in").write_text(asked, "utf-8")
        (place / "profile.toml").write_bytes((folder / "profile.toml").read_bytes())
        if made.override:
            (place / made.override).write_bytes((folder / made.override).read_bytes())
        # Wheels of the PyTorch index are left out of the lock, and wanted here.
        left_out = tuple(n for n in made.leave_out if n not in locked(profile, made.platform))
        newest = msgspec.structs.replace(
            made, source="asked.in", newest="", newest_of={}, leave_out=left_out
        )
        text = resolved(newest, place, find_links)
    versions: dict[str, str] = {
        canonicalize_name(name): version for name, version in _PIN.findall(text)
    }
    return Candidate(made.platform, asked, text, versions)


def described(profile: Profile, candidates: Sequence[Candidate]) -> str:
    """``CANDIDATE.md``: the difference in words, what is unknown, what must be proven."""
    lines = [f"# A candidate after `{profile.id}`", ""]
    lines += ["Resolved by `python build/propose_profile.py`. Nothing of it is proven.", ""]
    for one in candidates:
        sentences = differences(locked(profile, one.platform), one.versions)
        lines += [f"## {one.platform.capitalize()}: {len(one.versions)} packages", ""]
        lines += [f"- {s}" for s in sentences] or ["- Nothing differs."]
        lines += [
            f"- {wheel.name} comes from the PyTorch index in {profile.id}: hash unknown for its "
            f"build of {one.versions.get(canonicalize_name(wheel.name), wheel.version)}."
            for part in profile.parts
            if part.platform == one.platform
            for wheel in part.wheels
            if "+" in wheel.version
        ]
        lines += ["", "To be proven:", ""]
        # On Windows torch names no Triton; on Linux the same torch names the one that it was built for.
        pair: dict[str, str] = {}
        for other in candidates:
            if other.versions.get("torch") == one.versions.get("torch"):
                pair |= {n: v for n, v in other.versions.items() if n == "triton"}
        lines += [f"- {w}" for w in to_prove(sentences, {**pair, **one.versions}, profile)]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("profile", help="the profile whose requirements are loosened")
    parser.add_argument("--output", type=Path, required=True, help="a folder that is not there yet")
    parser.add_argument("--platform", choices=("linux", "windows"), action="append")
    parser.add_argument("--find-links", default="", help="a folder with wheels of other indexes")
    chosen = parser.parse_args()
    if chosen.output.exists():
        raise SystemExit(f"{chosen.output} is there already; expected a folder to be made.")
    profile = load(resource_reader(), resource_names()).profile(chosen.profile)
    folder = ROOT / "resources" / "profiles" / profile.id
    recipe = msgspec.toml.decode((folder / "locks.toml").read_bytes(), type=Recipe)
    wanted = [
        m
        for m in recipe.lock
        if m.source and m.platform in (chosen.platform or ("linux", "windows"))
    ]
    candidates = [resolve(profile, made, folder, chosen.find_links) for made in wanted]
    chosen.output.mkdir(parents=True)
    for one in candidates:
        (chosen.output / f"{one.platform}.in").write_text(one.asked, "utf-8")
        (chosen.output / f"{one.platform}.lock.txt").write_text(one.lock, "utf-8")
    (chosen.output / "CANDIDATE.md").write_text(described(profile, candidates), "utf-8")
    print(chosen.output / "CANDIDATE.md")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
