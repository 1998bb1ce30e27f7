"""The packing's own parts: what stays out, the records, the icon, the manifest."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cyclonedx.schema
import jsonschema
import pytest
import referencing

from app.report.bill_of_materials import BomPart, bill_of_materials
from build import start
from build.packing import excludes, icon, records
from build.packing.contents import PARTS
from build.packing.resource import MANIFEST

ROOT = Path(__file__).resolve().parents[2]
MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)
CONTENTS: dict[str, Any] = {
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
            "version": "3.13.11",
            "licence": "PSF-2.0",
            "texts": {"LICENSE.txt": "PSF text"},
        },
    ],
    "parts": [
        {
            "name": "Qt",
            "version": "6.8.3",
            "licence": "LGPL-3.0-only",
            "inside": "PySide6_Essentials",
            "text": "LGPL-3.0-only.txt",
        },
        {
            "name": "PCRE2",
            "version": "10.45",
            "licence": "BSD-3-Clause",
            "inside": "Qt",
            "text": "qt-third-party.txt",
        },
        {
            "name": "OpenSSL",
            "version": "3.0.18",
            "licence": "Apache-2.0",
            "inside": "CPython",
            "text": "Apache-2.0.txt",
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
        ("PySide6/translations/qtbase_yy.qm", False),
        ("PySide6/translations/qtbase_xx.qm", False),
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
import app.report.bill_of_materials, cyclonedx.model.bom, cyclonedx.output.json
import app.cli.main, app.engine.session, app.adapters.local_system
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
    text = records.bill_of_materials(CONTENTS, tmp_path, MADE_AT)
    assert text == records.bill_of_materials(CONTENTS, tmp_path, MADE_AT)
    bill = json.loads(text)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["timestamp"].startswith("2026-01-01T00:00:00")
    refs = [c["bom-ref"] for c in bill["components"]]
    assert len(set(refs)) == len(refs)
    files = {c["name"]: c for c in bill["components"] if c["type"] == "file"}
    assert set(files) == {"UnslothSetup.exe", "_internal/PySide6/Qt6Core.dll"}
    core = files["_internal/PySide6/Qt6Core.dll"]
    assert core["properties"] == [{"name": "origin", "value": "PySide6_Essentials"}]
    assert core["hashes"] == [
        {"alg": "SHA-256", "content": records.sha256(tmp_path / "_internal/PySide6/Qt6Core.dll")}
    ]
    libraries = {c["name"]: c for c in bill["components"] if c["type"] == "library"}
    assert libraries["PySide6_Essentials"]["licenses"] == [
        {"expression": "LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only"}
    ]
    assert libraries["PySide6_Essentials"]["purl"] == "pkg:pypi/pyside6-essentials@6.8.3"
    assert libraries["msgspec"]["licenses"] == [{"license": {"id": "BSD-3-Clause"}}]
    assert libraries["OpenSSL"]["version"] == "3.0.18"
    holds = {d["ref"]: d.get("dependsOn", []) for d in bill["dependencies"]}
    assert holds["pkg:generic/cpython@3.13.11"] == ["library:OpenSSL"]
    assert holds["pkg:pypi/pyside6-essentials@6.8.3"] == ["library:Qt"]
    assert holds["library:Qt"] == ["library:PCRE2"]
    assert holds["application:Unsloth Setup"] == [
        "pkg:generic/cpython@3.13.11",
        "pkg:pypi/msgspec@0.22.0",
        "pkg:pypi/pyside6-essentials@6.8.3",
    ]


def test_the_bill_of_materials_keeps_to_its_published_schema(tmp_path: Path) -> None:
    (tmp_path / "UnslothSetup.exe").write_bytes(b"MZ")
    text = records.bill_of_materials(CONTENTS, tmp_path, MADE_AT)
    name = Path(cyclonedx.schema.__file__).parent / "_res" / "bom-1.6.SNAPSHOT.schema.json"
    schema = json.loads(name.read_text("utf-8"))
    others = {}
    for path in name.parent.glob("*.schema.json"):
        other = json.loads(path.read_text("utf-8"))
        others[f"http://cyclonedx.org/schema/{path.name}"] = referencing.Resource.from_contents(
            other
        )
    checked = jsonschema.Draft7Validator(
        schema, registry=referencing.Registry().with_resources(others.items())
    )
    assert not [error.message for error in checked.iter_errors(json.loads(text))]
    broken = {**json.loads(text), "components": [{"type": "gadget", "name": ""}]}
    assert [error.message for error in checked.iter_errors(broken)]


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ([BomPart("a", "1"), BomPart("a", "2")], "a is named twice"),
        ([BomPart("a", inside="b")], "a lies in b, which the bill does not name"),
    ],
)
def test_a_bill_that_cannot_be_right_is_refused(parts: list[BomPart], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        bill_of_materials(BomPart("whole", kind="application"), parts, MADE_AT)


def test_the_hash_list_can_be_checked(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_bytes(b"b")
    (tmp_path / "a").mkdir()
    (tmp_path / "a/a.txt").write_bytes(b"a")
    listed = records.hash_list(tmp_path, records.files_below(tmp_path))
    assert [line.split("  ")[1] for line in listed.splitlines()] == ["a/a.txt", "b.txt"]
    assert listed.startswith(
        "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb  a/a.txt\n"
    )


def test_licences_are_written(tmp_path: Path) -> None:
    records.write_licences(CONTENTS, tmp_path)
    assert (tmp_path / "msgspec-0.22.0/LICENSE").read_text("utf-8") == "BSD text"
    assert (tmp_path / "CPython-3.13.11/LICENSE.txt").read_text("utf-8") == "PSF text"
    for name, words in (
        ("LGPL-3.0-only.txt", "GNU LESSER GENERAL PUBLIC LICENSE"),
        ("GPL-3.0-only.txt", "GNU GENERAL PUBLIC LICENSE"),
        ("qt-third-party.txt", "PCRE2"),
        ("Apache-2.0.txt", "Apache License"),
    ):
        assert words in (tmp_path / name).read_text("utf-8")
    overview = (tmp_path / "README.txt").read_text("utf-8")
    assert "PySide6_Essentials 6.8.3: LGPL-3.0-only" in overview
    assert "OpenSSL 3.0.18 (in CPython): Apache-2.0" in overview
    assert "qt/6.8/6.8.3/submodules" in overview
    assert not list(tmp_path.rglob("*Commercial*"))
    whole = records.one_text(records.licence_texts(CONTENTS))
    assert whole.startswith(overview)
    assert "PSF text" in whole


def test_something_without_a_text_of_its_licence_is_not_packed() -> None:
    stranger = {"name": "stranger", "version": "1", "licence": "MIT", "texts": {}}
    contents = {**CONTENTS, "distributions": [*CONTENTS["distributions"], stranger]}
    with pytest.raises(start.CannotStart, match="no text of a licence for stranger"):
        records.licence_texts(contents)


def test_every_part_inside_another_has_a_text_and_a_place() -> None:
    parts = tomllib.loads(PARTS.read_text("utf-8"))["part"]
    names = [part["name"] for part in parts]
    assert len(names) == len(set(names))
    for part in parts:
        assert part["inside"] in {"CPython", "PySide6_Essentials", *names}
        if not part["licence"].startswith("LicenseRef-"):
            assert (records.LICENCES / part["text"]).is_file(), part["name"]
    for files in records.ADDED.values():
        assert all((records.LICENCES / file).stat().st_size > 500 for file in files)
    notices = (records.LICENCES / "qt-third-party.txt").read_text("utf-8")
    assert all(p["name"] in notices for p in parts if p["inside"] == "Qt")


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
