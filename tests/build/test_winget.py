"""winget's manifest, held to the schemas that Microsoft publishes (MIT; tests/build/winget)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from build.packing import winget

SCHEMAS = Path(__file__).parent / "winget"
HASHES = {
    "UnslothSetup-1.0.0-user-setup.exe": "ab" * 32,
    "UnslothSetup-1.0.0-all-users-setup.exe": "cd" * 32,
}


def faults(document: dict[str, Any]) -> list[str]:
    """What the published schema of this kind of document finds wrong."""
    name = f"manifest.{document['ManifestType']}.{winget.VERSION}.json"
    schema = json.loads((SCHEMAS / name).read_text("utf-8"))
    return [e.message for e in jsonschema.Draft7Validator(schema).iter_errors(document)]


@pytest.mark.parametrize("address", ["", "https://example.org/releases/1.0.0/"])
def test_each_document_keeps_to_its_schema(address: str) -> None:
    documents = winget.documents("1.0.0", HASHES, address)
    assert len(documents) == 3
    for name, document in documents.items():
        assert faults(document) == [], name


def test_the_schema_would_find_a_fault() -> None:
    document = winget.documents("1.0.0", HASHES, "")[f"{winget.PACKAGE}.installer.yaml"]
    document["Installers"][0]["InstallerSha256"] = "short"
    assert faults(document)


def test_both_installers_are_named_with_their_scope_and_hash() -> None:
    document = winget.documents("1.0.0", HASHES, "https://example.org/r/")[
        f"{winget.PACKAGE}.installer.yaml"
    ]
    by_scope = {i["Scope"]: i for i in document["Installers"]}
    assert by_scope["user"]["InstallerUrl"] == (
        "https://example.org/r/UnslothSetup-1.0.0-user-setup.exe"
    )
    assert by_scope["user"]["InstallerSha256"] == "AB" * 32
    assert by_scope["machine"]["ElevationRequirement"] == "elevatesSelf"
    assert "ElevationRequirement" not in by_scope["user"]


def test_the_files_are_plain_yaml_blocks(tmp_path: Path) -> None:
    winget.write(tmp_path, "1.0.0", HASHES, "")
    assert len(list(tmp_path.iterdir())) == 3
    text = (tmp_path / f"{winget.PACKAGE}.installer.yaml").read_text("utf-8")
    assert text.startswith("# yaml-language-server: $schema=")
    assert 'ManifestVersion: "1.12.0"\n' in text
    assert (
        "Installers:\n"
        '  - Architecture: "x64"\n'
        '    Scope: "machine"\n'
        f'    InstallerUrl: "{winget.NO_ADDRESS}/UnslothSetup-1.0.0-all-users-setup.exe"\n'
    ) in text
    assert "ExpectedReturnCodes:\n  - InstallerReturnCode: 1\n" in text
    assert 'Platform:\n  - "Windows.Desktop"\n' in text
