"""Writes the papers of a packed program: sizes, hashes, bill of materials, licences."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from app.report import bill_of_materials as bill
from app.report.bill_of_materials import BomPart, python_purl
from build import start

LICENCES = start.ROOT / "resources" / "licences"

# Expressions as SPDX writes them, where a distribution's own metadata says it in other words.
SPDX = {
    "PySide6_Essentials": "LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only",
    "shiboken6": "LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only",
    "pyinstaller": "GPL-2.0-or-later WITH Bootloader-exception",
    "nvidia-ml-py": "BSD-3-Clause",
    "psutil": "BSD-3-Clause",
}
_GNU = ("LGPL-3.0-only.txt", "GPL-3.0-only.txt", "GPL-2.0-only.txt")
# Texts of resources/licences/ for distributions that bring none, or not those that are used here.
ADDED: dict[str, tuple[str, ...]] = {
    "PySide6_Essentials": _GNU,
    "shiboken6": _GNU,
    "nvidia-ml-py": ("nvidia-ml-py.txt",),
    "packageurl-python": ("packageurl-python.txt",),
    "CPython": ("python-incorporated.txt",),
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


def bill_of_materials(contents: dict[str, Any], folder: Path | None, made_at: datetime) -> str:
    """CycloneDX 1.6: every distribution and what lies inside it; of ``folder``, where one is given,
    every file with its hash and where it came from.
    """
    version = contents["version"]
    origin = {p["name"]: p["origin"] for p in contents["pieces"] if p["kind"] == "file"}
    parts = [
        BomPart(
            name=d["name"],
            version=d["version"],
            licence=licence_of(d),
            purl=(
                f"pkg:generic/cpython@{d['version']}"
                if d["name"] == "CPython"
                else python_purl(d["name"], d["version"])
            ),
        )
        for d in contents["distributions"]
    ]
    parts += [
        BomPart(name=p["name"], version=p["version"], licence=p["licence"], inside=p["inside"])
        for p in contents["parts"]
    ]
    for path in files_below(folder) if folder else ():
        name = path.relative_to(folder or "").as_posix()
        source = origin.get(name.removeprefix("_internal/"), "Unsloth Setup")
        parts.append(BomPart(name=name, kind="file", sha256=sha256(path), origin=source))
    program = BomPart("Unsloth Setup", version, "application", "Apache-2.0")
    return bill.bill_of_materials(program, parts, made_at)


def licence_of(distribution: dict[str, Any]) -> str:
    """The licence as SPDX writes it, or in the distribution's own words."""
    return SPDX.get(distribution["name"]) or str(distribution["licence"])


def licence_texts(contents: dict[str, Any]) -> dict[str, str]:
    """Every text that goes with the program, by its path below the folder of licences.

    Raises ``CannotStart`` that names what is inside without any text of a licence.
    """
    texts = {"README.txt": _build_overview(contents)}
    without = []
    for distribution in contents["distributions"]:
        name = distribution["name"]
        own = {
            f"{name}-{distribution['version']}/{file.removeprefix('licenses/').replace('/', '_')}": text
            for file, text in distribution["texts"].items()
            if "Commercial" not in file  # Qt's other licence, which is not taken here
        }
        added = ADDED.get(name, ())
        texts |= own
        if not own and not added:
            without.append(name)
    if without:
        raise start.CannotStart(
            f"There is no text of a licence for {', '.join(without)}; put it into "
            f"{LICENCES} and name it in build/packing/records.py."
        )
    named = {file for files in ADDED.values() for file in files}
    named |= {part["text"] for part in contents["parts"] if part["text"]}
    return texts | {file: (LICENCES / file).read_text("utf-8") for file in sorted(named)}


def _build_overview(contents: dict[str, Any]) -> str:
    """What is inside, under which licence, and where its source is."""
    lines = ["What is inside this program, and under which licence:", ""]
    for distribution in contents["distributions"]:
        lines.append(
            f"{distribution['name']} {distribution['version']}: {licence_of(distribution)}"
        )
    lines += ["", "Inside these:", ""]
    for part in contents["parts"]:
        named = f"{part['name']} {part['version']}".strip()
        lines.append(f"{named} (in {part['inside']}): {part['licence']}")
    qt = next(d["version"] for d in contents["distributions"] if d["name"].startswith("PySide6"))
    lines += [
        "",
        "Qt and Qt for Python are used under the GNU Lesser General Public License, version 3.",
        "They are unchanged. In the program folder they are files of their own (_internal/PySide6,",
        "_internal/shiboken6), which you may replace by your own build of the same version. Sources:",
        f"https://download.qt.io/official_releases/qt/{qt.rpartition('.')[0]}/{qt}/submodules/",
        f"https://download.qt.io/official_releases/QtForPython/pyside6/PySide6-{qt}-src/",
        "",
    ]
    return "\n".join(lines)


def one_text(texts: dict[str, str]) -> str:
    """All texts in one, the overview first: what the program shows and a single file carries."""
    first = texts["README.txt"]
    rest = [f"{'=' * 78}\n{name}\n\n{text}" for name, text in texts.items() if name != "README.txt"]
    return "\n".join([first, *rest])


def write_licences(contents: dict[str, Any], target: Path) -> None:
    """Write every text of a licence below ``target``. Raises ``CannotStart`` as ``licence_texts``."""
    for name, text in licence_texts(contents).items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")


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
