"""Makes every profile's and kernel's hash-pinned locks from their ``.in`` files.

It records the size of every wheel.

    python build/make_locks.py [PROFILE …] [--check] [--sizes] [--find-links DIR]

Without a name all profiles are made. ``--check`` writes nothing and ends with 1 where a lock would
differ. ``--sizes`` resolves each lock on the default index and writes ``<lock>.wheels.json``
(names, files and sizes, never addresses). The PyTorch index's wheels are not resolved: their hashes
come from ``torch_wheels.toml`` beside this file.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec

ROOT = Path(__file__).resolve().parent.parent
RECIPES = (ROOT / "resources" / "profiles", ROOT / "resources" / "kernels")
TRIPLES = {"windows": "x86_64-pc-windows-msvc", "linux": "x86_64-manylinux_2_28"}
# Unpacked bytes for each byte of wheel. Packages: the unpacked figures of five Windows locks over
# their wheels, 2.6 to 3.5 (see ``unpacked`` in the locks.toml files). Torch and NVIDIA's libraries
# are mostly packed code: 1.75, estimated.
SPREAD, SPREAD_CUDA = 3.0, 1.75
BIG = ("torch", "nvidia-", "triton", "cuda-")


class Made(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One lock to make, a ``[[lock]]`` table of a profile's ``locks.toml``.

    ``source`` is the ``.in`` file; ``pins`` instead of it are wheels of the PyTorch index's folder
    ``pytorch``. ``newest`` leaves out what was uploaded later; ``leave_out`` is resolved but not
    written. ``unpacked`` is the measured size on disk where somebody measured it.
    """

    file: str
    platform: str
    python: str
    source: str = ""
    override: str = ""
    newest: str = ""
    newest_of: dict[str, str] = {}
    leave_out: tuple[str, ...] = ()
    pytorch: str = ""
    pins: tuple[str, ...] = ()
    unpacked: int = 0


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole ``locks.toml``."""

    lock: tuple[Made, ...]


class Absent(msgspec.Struct, frozen=True):
    """A ``[[without]]`` table of ``profile.toml``: what packages declare and this profile leaves out."""

    name: str


class Absents(msgspec.Struct, frozen=True):
    """What ``profile.toml`` says to the lock maker."""

    without: tuple[Absent, ...] = ()


class Known(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One wheel of the PyTorch index as public records hold it."""

    file: str
    index: str
    sha256: str = ""
    size: int = 0
    estimated: bool = False
    sources: int = 0


class KnownWheels(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole ``torch_wheels.toml``."""

    wheel: tuple[Known, ...]


def known_wheels() -> tuple[Known, ...]:
    """The records beside this file."""
    return msgspec.toml.decode(
        (ROOT / "build" / "torch_wheels.toml").read_bytes(), type=KnownWheels
    ).wheel


def uv(arguments: list[str], folder: Path) -> str:
    """Run uv and return what it printed. Raises SystemExit where it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "uv", *arguments],
        cwd=folder,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"uv {' '.join(arguments[:3])} in {folder.name}: {done.stderr.strip()}")
    return done.stdout


def platform_arguments(made: Made) -> list[str]:
    """What says for which computer uv resolves."""
    return [
        "--python-version",
        made.python,
        "--python-platform",
        TRIPLES[made.platform],
        "--only-binary",
        ":all:",
    ]


def absent(folder: Path) -> list[str]:
    """The names that ``profile.toml`` leaves out although installed packages declare them."""
    text = (folder / "profile.toml").read_bytes()
    return [one.name for one in msgspec.toml.decode(text, type=Absents).without]


def resolved(made: Made, folder: Path, find_links: str) -> str:
    """The text of a lock that uv resolves on the default index, without what the profile leaves out."""
    words = [
        "pip",
        "compile",
        made.source,
        "--quiet",
        "--generate-hashes",
        "--no-header",
        "--no-annotate",
        *platform_arguments(made),
    ]
    if made.override:
        words += ["--overrides", made.override]
    if made.newest:
        words += ["--exclude-newer", made.newest]
    for name, when in made.newest_of.items():
        words += ["--exclude-newer-package", f"{name}={when}"]
    for name in made.leave_out:
        words += ["--no-emit-package", name]
    if find_links:
        words += ["--find-links", find_links]
    shown = " ".join(w for w in words if w not in ("--quiet", "--find-links", find_links))
    names = absent(folder)
    with tempfile.TemporaryDirectory() as scratch:
        if names:
            excludes = Path(scratch) / "without.txt"
            excludes.write_text("\n".join(names) + "\n", encoding="utf-8")
            words += ["--excludes", str(excludes)]
            shown += f" --excludes [{' '.join(names)}]"
        printed = uv(words, folder)
    lines = [x for x in printed.splitlines() if not x.startswith(("--", "#")) and x.strip()]
    return f"# Made by build/make_locks.py: uv {shown}\n" + "\n".join(lines) + "\n"


def wheel_of(pin: str, made: Made, known: tuple[Known, ...]) -> Known | None:
    """The record of a pinned wheel for the lock's Python and system."""
    name, version = pin.split("==")
    tag = "cp" + made.python.replace(".", "")
    system = {"windows": "win_amd64", "linux": "linux_x86_64"}[made.platform]
    for wheel in known:
        if wheel.file.startswith(f"{name}-{version}-{tag}-") and (
            wheel.file.endswith(system + ".whl")
            or (made.platform == "linux" and "manylinux" in wheel.file)
        ):
            return wheel
    return None


def pinned(made: Made, known: tuple[Known, ...]) -> str:
    """The text of a lock of the PyTorch index's wheels; one without a record stands there without a
    hash.
    """
    text = (
        f"# Made by build/make_locks.py from torch_wheels.toml: the PyTorch index's folder "
        f"{made.pytorch}\n"
    )
    for pin in made.pins:
        wheel = wheel_of(pin, made, known)
        text += (
            pin
            + (f" \\\n    --hash=sha256:{wheel.sha256}" if wheel and wheel.sha256 else "")
            + "\n"
        )
    return text


def wheels_of(made: Made, folder: Path, find_links: str) -> list[dict[str, Any]]:
    """Name, version, file and size of each wheel of a resolved lock, as the default index tells
    them.
    """
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "pylock.toml"
        uv(
            [
                "pip",
                "compile",
                made.file,
                "--quiet",
                "--no-deps",
                "--format",
                "pylock.toml",
                "-o",
                str(target),
                *platform_arguments(made),
                *(["--find-links", find_links] if find_links else []),
            ],
            folder,
        )
        packages = tomllib.loads(target.read_text("utf-8"))["packages"]
    return [
        {
            "name": p["name"],
            "version": p["version"],
            "file": unquote(w["url"].rsplit("/", 1)[-1]),
            "size": w.get("size", 0),
        }
        for p in packages
        for w in p["wheels"][:1]
    ]


def sized(made: Made, folder: Path, known: tuple[Known, ...], find_links: str) -> str:
    """The text of ``<lock>.wheels.json``; JSON, because a thousand wheels in TOML take a quarter of
    a second to read.
    """
    estimated = False
    if made.pins:
        wheels: list[dict[str, Any]] = []
        for pin in made.pins:
            wheel = wheel_of(pin, made, known)
            name, version = pin.split("==")
            estimated = estimated or wheel is None or wheel.estimated or not wheel.size
            wheels.append(
                {
                    "name": name,
                    "version": version,
                    "file": wheel.file if wheel else "",
                    "size": wheel.size if wheel else 0,
                }
            )
    else:
        wheels = wheels_of(made, folder, find_links)
        estimated = any(not w["size"] for w in wheels)
    disk = made.unpacked or int(
        sum(w["size"] * (SPREAD_CUDA if w["name"].startswith(BIG) else SPREAD) for w in wheels)
    )
    head = {
        "download": sum(w["size"] for w in wheels),
        "disk": disk,
        "measured": bool(made.unpacked),
        "estimated": estimated,
    }
    rows = ",\n".join("  " + json.dumps({k: v for k, v in w.items() if v}) for w in wheels)
    return json.dumps(head)[:-1] + ', "wheel": [\n' + rows + "\n]}\n"


def make(
    profile: str, check: bool, sizes: bool, find_links: str, known: tuple[Known, ...]
) -> list[str]:
    """Make one profile's locks; returns the files that would have changed (with ``check``) or have
    changed.
    """
    folder = next((f / profile for f in RECIPES if (f / profile).is_dir()), None)
    if folder is None:
        raise SystemExit(f"There is no profile {profile}.")
    recipe = msgspec.toml.decode((folder / "locks.toml").read_bytes(), type=Recipe)
    changed = []
    for made in recipe.lock:
        texts = {
            made.file: pinned(made, known) if made.pins else resolved(made, folder, find_links)
        }
        if sizes:
            if not check:
                (folder / made.file).write_text(texts[made.file], encoding="utf-8", newline="\n")
            texts[made.file.replace(".lock.txt", ".wheels.json")] = sized(
                made, folder, known, find_links
            )
        for name, text in texts.items():
            target = folder / name
            if not target.exists() or target.read_text("utf-8") != text:
                changed.append(f"{profile}/{name}")
                if not check:
                    target.write_text(text, encoding="utf-8", newline="\n")
        sys.stderr.write(f"{profile}/{made.file}: {texts[made.file].count('==')} packages\n")
    return changed


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("profiles", nargs="*", help="profile ids; all where none is named")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; end with 1 where a lock would differ"
    )
    parser.add_argument(
        "--sizes", action="store_true", help="record the size of every wheel as well"
    )
    parser.add_argument(
        "--find-links", default="", help="a folder with wheels that the default index lacks"
    )
    chosen = parser.parse_args()
    known = known_wheels()
    ids = chosen.profiles or sorted(
        p.name for f in RECIPES for p in f.iterdir() if (p / "locks.toml").exists()
    )
    changed = [
        f for i in ids for f in make(i, chosen.check, chosen.sizes, chosen.find_links, known)
    ]
    for file in changed:
        print(("would change " if chosen.check else "wrote ") + file)
    return 1 if chosen.check and changed else 0


if __name__ == "__main__":
    raise SystemExit(main())
