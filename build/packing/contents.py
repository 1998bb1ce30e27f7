"""What went into the packed program and which distribution each piece came from.

Runs beside PyInstaller.
"""

from __future__ import annotations

import decimal
import json
import pyexpat
import ssl
import sys
import tomllib
import zlib
from collections.abc import Collection, Iterable, Sequence
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from build.packing.excludes import Entry

PARTS = Path(__file__).resolve().parents[2] / "resources" / "licences" / "parts.toml"


def _comparison_key(path: str | Path) -> str:
    """A path to compare with: Windows ignores case and the kind of slash."""
    return str(path).replace("\\", "/").lower()


def owners() -> dict[str, Distribution]:
    """Which distribution each installed file belongs to."""
    owned: dict[str, Distribution] = {}
    for distribution in distributions():
        for file in distribution.files or ():
            owned[_comparison_key(Path(str(distribution.locate_file(file))).resolve())] = (
                distribution
            )
    return owned


def describe(distribution: Distribution) -> dict[str, Any]:
    """Name, version, licence and licence texts of one distribution."""
    meta = distribution.metadata
    texts = {}
    for file in distribution.files or ():
        if any(
            word in file.name.upper() for word in ("LICENSE", "LICENCE", "COPYING", "NOTICE")
        ) and ".dist-info" in str(file):
            path = Path(str(distribution.locate_file(file)))
            if path.is_file():
                texts[str(file).replace("\\", "/").split(".dist-info/", 1)[1]] = path.read_text(
                    "utf-8", "replace"
                )
    entries = [
        *(meta.get_all("License-Expression") or ()),
        ", ".join(
            c.split(" :: ")[-1]
            for c in meta.get_all("Classifier") or ()
            if c.startswith("License ::")
        ),
        *(line for text in meta.get_all("License") or () for line in text.splitlines()[:1]),
    ]
    return {
        "name": meta["Name"],
        "version": distribution.version,
        "licence": next((t for t in entries if t), "unknown"),
        "texts": texts,
    }


def inner_parts(files: Collection[str]) -> list[dict[str, str]]:
    """What lies inside the distributions and is there: of ``parts.toml`` all whose file is among
    ``files``.
    Versions come from this Python where it can tell them.
    """
    versions = {
        "OpenSSL": ssl.OPENSSL_VERSION.split()[1],
        "zlib (Python)": zlib.ZLIB_RUNTIME_VERSION,
        "Expat": pyexpat.EXPAT_VERSION.removeprefix("expat_"),
        "libmpdec": decimal.__libmpdec_version__,
    }
    there = {name.lower() for name in files}
    found = []
    for part in tomllib.loads(PARTS.read_text("utf-8"))["part"]:
        if part.get("file", "").lower() not in {"", *there}:
            continue
        version = versions.get(part["name"], part.get("version", ""))
        found.append({key: part.get(key, "") for key in ("name", "licence", "inside", "text")})
        found[-1]["version"] = version
    return found


def write_contents(
    target: Path,
    version: str,
    files: Iterable[Entry],
    modules: Iterable[Entry],
    left_out: Sequence[dict[str, str | int]],
) -> None:
    """Write ``contents.json``: files and modules with their origin, the distributions, and what was
    left out.
    """
    owned = owners()
    pieces: list[dict[str, Any]] = []
    used: dict[str, Distribution] = {}
    for kind, entries in (("file", files), ("module", modules)):
        for name, source, _ in entries:
            distribution = owned.get(_comparison_key(Path(source).resolve())) if source else None
            if distribution is not None:
                used[distribution.metadata["Name"]] = distribution
            origin = (
                distribution.metadata["Name"] if distribution is not None else _find_origin(source)
            )
            size = Path(source).stat().st_size if source and Path(source).is_file() else 0
            pieces.append(
                {"kind": kind, "name": name.replace("\\", "/"), "origin": origin, "bytes": size}
            )
    python_licence = Path(sys.base_prefix) / "LICENSE.txt"
    described = [describe(d) for _, d in sorted(used.items())]
    described.append(
        {
            "name": "CPython",
            "version": sys.version.split()[0],
            "licence": "PSF-2.0",
            "texts": {"LICENSE.txt": python_licence.read_text("utf-8")}
            if python_licence.is_file()
            else {},
        }
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(
        json.dumps(
            {
                "version": version,
                "pieces": pieces,
                "distributions": described,
                "parts": inner_parts({p["name"] for p in pieces if p["kind"] == "file"}),
                "left_out": list(left_out),
            },
            indent=1,
        ),
        "utf-8",
    )


def _find_origin(source: str) -> str:
    """Where a piece that no distribution owns comes from: Python itself, or this project."""
    return (
        "CPython"
        if _comparison_key(source).startswith(_comparison_key(Path(sys.base_prefix).resolve()))
        else "Unsloth Setup"
    )
