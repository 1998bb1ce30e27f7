"""The packing's own parts: what stays out, the records, the icon, the manifest."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from build.packing import excludes, icon, records
from build.packing.resource import MANIFEST

ROOT = Path(__file__).resolve().parents[2]
CONTENTS = {
    "version": "1.0.0",
    "pieces": [
        {"kind": "file", "name": "PySide6/Qt6Core.dll", "origin": "PySide6_Essentials", "bytes": 5},
        {"kind": "module", "name": "app", "origin": "Unsloth Setup", "bytes": 1},
    ],
    "distributions": [
        {"name": "PySide6_Essentials", "version": "6.8.3", "licence": "several", "texts": {}},
        {
            "name": "msgspec",
            "version": "0.22.0",
            "licence": "BSD-3-Clause",
            "texts": {"licenses/LICENSE": "BSD text"},
        },
        {
            "name": "CPython",
            "version": "3.11.9",
            "licence": "PSF-2.0",
            "texts": {"LICENSE.txt": "PSF text"},
        },
    ],
    "left_out": [
        {"name": "PySide6/opengl32sw.dll", "bytes": 20639880, "reason": "OpenGL"},
        {"name": "a/b.qm", "bytes": 5, "reason": "words"},
        {"name": "a/c.qm", "bytes": 6, "reason": "words"},
    ],
}


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        ("PySide6\\Qt6Core.dll", True),
        ("PySide6/plugins/platforms/qwindows.dll", True),
        ("PySide6/translations/qtbase_de.qm", True),
        ("PySide6/Qt6Svg.dll", True),
        ("uv/uv.exe", True),
        ("resources/profiles/practice-cpu/profile.toml", True),
        ("libcrypto-3.dll", True),
        ("PySide6\\opengl32sw.dll", False),
        ("PySide6/translations/qtbase_da.qm", False),
        ("PySide6/translations/qtbase_fr.qm", False),
        ("PySide6/translations/qt_help_de.qm", False),
        ("PySide6/Qt6Network.dll", False),
        ("PySide6/plugins/imageformats/qjpeg.dll", False),
        ("PySide6/plugins/imageformats/qsvg.dll", True),
        ("PySide6/plugins/iconengines/qsvgicon.dll", True),
    ],
)
def test_what_goes_in(name: str, inside: bool) -> None:
    kept, left = excludes.sift([(name, "", "BINARY")])
    assert (len(kept), len(left)) == ((1, 0) if inside else (0, 1))


def test_no_module_that_is_left_out_is_imported_here() -> None:
    """Importing the command line must not need what the package lacks."""
    names = [name for name, _ in excludes.MODULES]
    program = f"""
import sys
for name in {names!r}:
    sys.modules[name] = None
import app.cli.commands, app.engine.session, app.adapters.local_system
import app.adapters.download.web, app.probe.survey, app.steps.registry
"""
    seen = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert seen.returncode == 0, seen.stderr


def test_the_bill_of_materials_names_every_file_and_library(tmp_path: Path) -> None:
    for name, data in (("UnslothSetup.exe", b"MZ"), ("_internal/PySide6/Qt6Core.dll", b"qt")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    bill = json.loads(
        records.dump(records.bill_of_materials(CONTENTS, tmp_path, "2026-11-24T00:00:00Z"))
    )
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    refs = [c["bom-ref"] for c in bill["components"]]
    assert len(set(refs)) == len(refs)
    assert set(bill["dependencies"][0]["dependsOn"]) <= set(refs)
    files = {c["name"]: c for c in bill["components"] if c["type"] == "file"}
    assert set(files) == {"UnslothSetup.exe", "_internal/PySide6/Qt6Core.dll"}
    core = files["_internal/PySide6/Qt6Core.dll"]
    assert core["properties"] == [{"name": "origin", "value": "PySide6_Essentials"}]
    assert core["hashes"] == [
        {"alg": "SHA-256", "content": records.sha256(tmp_path / "_internal/PySide6/Qt6Core.dll")}
    ]
    licences = {c["name"]: c["licenses"] for c in bill["components"] if c["type"] == "library"}
    assert licences["PySide6_Essentials"] == [
        {"expression": "LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only"}
    ]
    assert licences["msgspec"] == [{"expression": "BSD-3-Clause"}]


def test_the_hash_list_can_be_checked(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_bytes(b"b")
    (tmp_path / "a").mkdir()
    (tmp_path / "a/a.txt").write_bytes(b"a")
    listed = records.hash_list(tmp_path, records.files_below(tmp_path))
    assert [line.split("  ")[1] for line in listed.splitlines()] == ["a/a.txt", "b.txt"]
    assert listed.startswith(
        "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb  a/a.txt\n"
    )


def test_licences_are_written_and_missing_texts_are_named(tmp_path: Path) -> None:
    assert records.write_licences(CONTENTS, tmp_path) == ["PySide6_Essentials"]
    assert (tmp_path / "msgspec-0.22.0/LICENSE").read_text("utf-8") == "BSD text"
    assert "PySide6_Essentials 6.8.3: LGPL-3.0-only" in (tmp_path / "README.txt").read_text("utf-8")


def test_left_out_is_summed_by_reason() -> None:
    table = records.left_out_table(CONTENTS).splitlines()
    assert table[2] == "| opengl32sw.dll | OpenGL | 20,639,880 |"
    assert table[3] == "| b.qm, c.qm | words | 11 |"


def test_the_icon_holds_every_size(tmp_path: Path) -> None:
    target = tmp_path / "app.ico"
    subprocess.run(
        [
            sys.executable,
            "-m",
            "build.packing.icon",
            str(ROOT / "resources/icons/app.svg"),
            str(target),
        ],
        cwd=ROOT,
        check=True,
    )
    data = target.read_bytes()
    assert struct.unpack("<HHH", data[:6]) == (0, 1, len(icon.SIZES))
    for i, size in enumerate(icon.SIZES):
        edge, length, offset = struct.unpack("<B7xII", data[6 + 16 * i : 22 + 16 * i])
        assert edge == size % 256
        assert data[offset : offset + 8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">II", data[offset + 16 : offset + 24]) == (size, size)
        assert offset + length <= len(data)


def test_the_manifest_asks_for_what_was_promised() -> None:
    tree = ElementTree.fromstring(MANIFEST.encode("utf-8"))  # noqa: S314  our own text
    texts = {node.tag.rpartition("}")[2]: (node.text or "").strip() for node in tree.iter()}
    assert texts["dpiAwareness"] == "PerMonitorV2"
    assert texts["longPathAware"] == "true"
    levels = [
        node.attrib["level"] for node in tree.iter() if node.tag.endswith("requestedExecutionLevel")
    ]
    assert levels == ["asInvoker"]
