"""The manifest by which winget finds, installs, upgrades and removes the program.

Three YAML files, as its published schema (version 1.12) describes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from build.packing.resource import PUBLISHER

VERSION = "1.12.0"
PACKAGE = "UnslothSetup.UnslothSetup"
LOCALE = "en-US"
# What the installers' exit codes mean, beside 0 (build/packing/installer.nsi).
_RETURNS = ((1, "cancelledByUser"), (3, "downgrade"), (4, "packageInUseByApplication"))
# Where releases lie is not decided: a publisher names it by UNSLOTH_RELEASE_URL. This one answers to nobody.
NO_ADDRESS = "https://release.invalid"


def documents(version: str, hashes: Mapping[str, str], address: str) -> dict[str, dict[str, Any]]:
    """The three documents by their file names.

    ``hashes``: SHA-256 in hex by the installer's file name; ``address``: the folder that they are
    fetched from, without which the manifest names one that no name server knows.
    """
    base = (address or NO_ADDRESS).rstrip("/")
    common = {"PackageIdentifier": PACKAGE, "PackageVersion": version}

    def kind(name: str) -> dict[str, Any]:
        return {"ManifestType": name, "ManifestVersion": VERSION}

    installers = [
        {
            "Architecture": "x64",
            "Scope": "machine" if "all-users" in name else "user",
            "InstallerUrl": f"{base}/{name}",
            "InstallerSha256": digest.upper(),
            **({"ElevationRequirement": "elevatesSelf"} if "all-users" in name else {}),
        }
        for name, digest in sorted(hashes.items())
    ]
    return {
        f"{PACKAGE}.yaml": {**common, "DefaultLocale": LOCALE, **kind("version")},
        f"{PACKAGE}.installer.yaml": {
            **common,
            "Platform": ["Windows.Desktop"],
            "MinimumOSVersion": "10.0.17763.0",
            "InstallerType": "nullsoft",
            "InstallModes": ["interactive", "silent"],
            "UpgradeBehavior": "install",
            "ExpectedReturnCodes": [
                {"InstallerReturnCode": code, "ReturnResponse": answer} for code, answer in _RETURNS
            ],
            "AppsAndFeaturesEntries": [
                {
                    "DisplayName": "Unsloth Setup",
                    "Publisher": PUBLISHER,
                    "ProductCode": "UnslothSetup",
                }
            ],
            "Installers": installers,
            **kind("installer"),
        },
        f"{PACKAGE}.locale.{LOCALE}.yaml": {
            **common,
            "PackageLocale": LOCALE,
            "Publisher": PUBLISHER,
            "PackageName": "Unsloth Setup",
            "License": "Apache-2.0",
            "ShortDescription": (
                "Takes a PC with an NVIDIA card to a proven Unsloth fine-tuning environment."
            ),
            "Tags": ["cuda", "fine-tuning", "llm", "nvidia", "unsloth"],
            **kind("defaultLocale"),
        },
    }


def to_yaml(value: Any, indent: str = "") -> str:
    """Plain values as YAML blocks; every text is quoted as JSON does, which YAML reads alike."""
    if isinstance(value, Mapping):
        lines = []
        for key, inner in value.items():
            if isinstance(inner, Mapping | list):
                lines.append(f"{indent}{key}:\n{to_yaml(inner, indent + '  ')}")
            else:
                lines.append(f"{indent}{key}: {json.dumps(inner, ensure_ascii=False)}\n")
        return "".join(lines)
    lines = []
    for inner in value:
        if isinstance(inner, Mapping):
            block = to_yaml(inner, indent + "  ")
            lines.append(f"{indent}- {block[len(indent) + 2 :]}")
        else:
            lines.append(f"{indent}- {json.dumps(inner, ensure_ascii=False)}\n")
    return "".join(lines)


def write(folder: Path, version: str, hashes: Mapping[str, str], address: str) -> None:
    """Write the three files; each names its schema first, as winget's own tools do."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in documents(version, hashes, address).items():
        schema = f"https://aka.ms/winget-manifest.{document['ManifestType']}.{VERSION}.schema.json"
        head = f"# yaml-language-server: $schema={schema}\n\n"
        (folder / name).write_text(head + to_yaml(document), "utf-8", newline="\n")
