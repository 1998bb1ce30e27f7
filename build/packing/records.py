"""The papers that go with a packed program: sizes, file list with hashes, bill of materials,
licences.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# Expressions as SPDX writes them, where a distribution's own metadata says it in other words.
SPDX = {
    "PySide6_Essentials": "LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only",
    "shiboken6": "LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only",
    "pyinstaller": "GPL-2.0-or-later WITH Bootloader-exception",
    "nvidia-ml-py": "BSD-3-Clause",
    "psutil": "BSD-3-Clause",
}


def sha256(path: Path) -> str:
    """The hash of one file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_below(folder: Path) -> list[Path]:
    """Every file below a folder, in one order on every system."""
    return sorted(
        (p for p in folder.rglob("*") if p.is_file()),
        key=lambda p: p.relative_to(folder).as_posix(),
    )


def hash_list(root: Path, parts: Iterable[Path]) -> str:
    """One line for each file, as ``sha256sum -c`` reads it, with paths from ``root``."""
    return "".join(f"{sha256(p)}  {p.relative_to(root).as_posix()}\n" for p in parts)


def _purl(name: str, version: str) -> str:
    return f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"


def _component(distribution: dict[str, Any]) -> dict[str, Any]:
    """One distribution as a library of the bill of materials."""
    name, version = distribution["name"], distribution["version"]
    python = name == "CPython"
    ref = f"pkg:generic/cpython@{version}" if python else _purl(name, version)
    licence = SPDX.get(name) or distribution["licence"]
    expression = (
        " " not in licence or " OR " in licence or " AND " in licence or " WITH " in licence
    )
    told = (
        {"expression": licence}
        if expression and licence != "unknown"
        else {"license": {"name": licence}}
    )
    return {
        "type": "library",
        "bom-ref": ref,
        "name": name,
        "version": version,
        "purl": ref,
        "licenses": [told],
    }


def bill_of_materials(contents: dict[str, Any], folder: Path, made_at: str) -> dict[str, Any]:
    """CycloneDX 1.6: every distribution inside, and every file of the folder with its hash and
    where it came from.
    """
    version = contents["version"]
    origin = {p["name"]: p["origin"] for p in contents["pieces"] if p["kind"] == "file"}
    files: list[dict[str, Any]] = []
    for path in files_below(folder):
        name = path.relative_to(folder).as_posix()
        source = origin.get(name.removeprefix("_internal/"), "Unsloth Setup")
        files.append(
            {
                "type": "file",
                "bom-ref": f"file:{name}",
                "name": name,
                "hashes": [{"alg": "SHA-256", "content": sha256(path)}],
                "properties": [{"name": "origin", "value": source}],
            }
        )
    libraries = [_component(d) for d in contents["distributions"]]
    program = {
        "type": "application",
        "bom-ref": "unsloth-setup",
        "name": "Unsloth Setup",
        "version": version,
        "licenses": [{"expression": "Apache-2.0"}],
    }
    serial = uuid.uuid5(
        uuid.NAMESPACE_URL, "unsloth-setup:" + "".join(f["hashes"][0]["content"] for f in files)
    )
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"timestamp": made_at, "component": program},
        "components": [*libraries, *files],
        "dependencies": [{"ref": "unsloth-setup", "dependsOn": [c["bom-ref"] for c in libraries]}],
    }


def write_licences(contents: dict[str, Any], target: Path) -> list[str]:
    """Write the licence texts of everything inside; returns the names that ship no text of their
    own.
    """
    without = []
    for distribution in contents["distributions"]:
        folder = target / f"{distribution['name']}-{distribution['version']}"
        for name, text in distribution["texts"].items():
            path = folder / name.removeprefix("licenses/").replace("/", "_")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        if not distribution["texts"]:
            without.append(distribution["name"])
    lines = [
        f"{d['name']} {d['version']}: {SPDX.get(d['name']) or d['licence']}"
        for d in contents["distributions"]
    ]
    target.mkdir(parents=True, exist_ok=True)
    (target / "README.txt").write_text(
        "What is inside this program, and under which licence:\n\n" + "\n".join(lines) + "\n",
        "utf-8",
    )
    return without


def left_out_table(contents: dict[str, Any]) -> str:
    """What stays out: bytes saved for each reason, largest first, as a Markdown table."""
    sums: dict[str, tuple[int, list[str]]] = {}
    for item in contents["left_out"]:
        size, names = sums.get(item["reason"], (0, []))
        sums[item["reason"]] = (size + item["bytes"], [*names, item["name"].rpartition("/")[2]])
    rows = ["| left out | why | bytes |", "|---|---|---|"]
    for reason, (size, names) in sorted(sums.items(), key=lambda kv: -kv[1][0]):
        shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
        rows.append(f"| {shown} | {reason} | {size:,} |")
    return "\n".join(rows) + "\n"


def dump(value: Any) -> str:
    """JSON as people can read it."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
