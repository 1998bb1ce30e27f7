"""What goes with the packed programs.

Hashes, the bill of materials, licences in every form, and the versions inside; and that everything
inside can be signed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from PyInstaller.archive.readers import CArchiveReader

from build import start
from build.packing import records, sign
from tests.build.signing import PASSWORD, make_authority, time_stamps
from tests.packed.screen import DIST, FORMS, NEEDS_PROGRAMS, lab

pytestmark = NEEDS_PROGRAMS
INTERNAL = FORMS["folder"] / "_internal"


def bill() -> dict[str, Any]:
    """The bill of materials with every file."""
    read: dict[str, Any] = json.loads((DIST / "records/sbom.cdx.json").read_text("utf-8"))
    return read


def test_every_hash_is_right_and_the_bill_names_every_file() -> None:
    listed = [
        line.split("  ", 1)
        for line in (DIST / "records/files.sha256").read_text("utf-8").splitlines()
    ]
    assert len(listed) > 100
    for digest, name in listed:
        assert hashlib.sha256((DIST / name).read_bytes()).hexdigest() == digest, name
    files = {c["name"]: c for c in bill()["components"] if c["type"] == "file"}
    there = {p.relative_to(FORMS["folder"]).as_posix(): p for p in FORMS["folder"].rglob("*")}
    assert set(files) == {name for name, path in there.items() if path.is_file()}
    for name, component in files.items():
        [told] = component["hashes"]
        assert told["content"] == records.sha256(there[name]), name


def test_the_bill_names_what_is_inside_and_nothing_of_the_tools() -> None:
    libraries = {c["name"]: c for c in bill()["components"] if c["type"] == "library"}
    assert {"CPython", "PySide6_Essentials", "msgspec", "uv", "urllib3", "psutil"} <= set(libraries)
    assert {"Qt", "PCRE2", "HarfBuzz-NG", "OpenSSL", "libffi", "zlib (Python)"} <= set(libraries)
    assert not {"pytest", "mypy", "ruff", "setuptools", "hypothesis"} & set(libraries)
    for name, component in libraries.items():
        assert component.get("licenses"), f"{name} has no licence"


FILE_VERSIONS = """
import json, pefile, sys
found = {}
for path in sys.argv[1:]:
    pe = pefile.PE(path)
    strings = {k.decode(): v.decode() for info in pe.FileInfo[0] if hasattr(info, "StringTable")
               for table in info.StringTable for k, v in table.entries.items()}
    found[path.replace(chr(92), "/").rpartition("/")[2]] = strings["ProductVersion"]
print(json.dumps(found))
"""


def test_the_versions_that_are_told_are_those_inside() -> None:
    names = ["python313.dll", "libcrypto-3.dll", "libssl-3.dll"]
    seen = lab("python", "-c", FILE_VERSIONS, *(str(INTERNAL / n) for n in names))
    assert seen.returncode == 0, seen.stderr
    inside = json.loads(seen.stdout)
    found = {c["name"]: c.get("version") for c in bill()["components"] if c["type"] == "library"}
    sizes = json.loads((DIST / "records/sizes.json").read_text("utf-8"))
    assert inside["python313.dll"] == found["CPython"] == sizes["python"]
    assert inside["libcrypto-3.dll"] == inside["libssl-3.dll"] == found["OpenSSL"]
    assert sizes["openssl"] == found["OpenSSL"]
    assert tuple(int(n) for n in found["CPython"].split(".")) >= (3, 13, 11)


def test_licences_are_in_the_folder_and_in_the_single_files() -> None:
    place = FORMS["folder"] / "licences"
    names = {p.relative_to(place).as_posix() for p in place.rglob("*") if p.is_file()}
    assert {"README.txt", "LGPL-3.0-only.txt", "GPL-3.0-only.txt", "qt-third-party.txt"} <= names
    assert {"Apache-2.0.txt", "nvidia-ml-py.txt", "sbom.cdx.json"} <= names
    shown = (INTERNAL / "resources/licences/LICENCES.txt").read_text("utf-8")
    for words in ("GNU LESSER GENERAL PUBLIC LICENSE", "qt/6.8/6.8.3/submodules", "HarfBuzz"):
        assert words in shown
    for path in FORMS["single"].iterdir():
        held = CArchiveReader(str(path))
        by_name = {name.replace("\\", "/"): name for name in held.toc}
        for name in ("LICENCES.txt", "sbom.cdx.json"):
            data = held.extract(by_name[f"resources/licences/{name}"])
            assert data == (INTERNAL / "resources/licences" / name).read_bytes()


@pytest.mark.skipif(
    shutil.which(sign.TOOL) is None and not start.is_debian_root(),
    reason="osslsigncode is not installed, and this is not root on Debian",
)
def test_signed_whole_it_still_runs(tmp_path: Path) -> None:
    """Everything unsigned inside, then the programs, with time stamps; and Windows still starts it."""
    folder = tmp_path / "UnslothSetup"
    shutil.copytree(FORMS["folder"], folder)
    strangers = {p for p in folder.rglob("*") if p.is_file() and sign.is_signed(p) is True}
    before = {p: p.read_bytes() for p in strangers}
    pfx, public = make_authority(tmp_path)
    with time_stamps(tmp_path) as (address, stamped_by, asked):
        done = sign.sign_inside(folder, sign.Signer(pfx, PASSWORD, address))
    ours = [p for p in folder.rglob("*") if p.is_file() and sign.is_signed(p) is not None]
    assert done == len(asked) == len(ours) - len(strangers)
    assert {"_core.cp313-win_amd64.pyd", "UnslothSetup.exe", "unsloth-setup.exe"} <= {
        p.name for p in ours
    } - {p.name for p in strangers}
    assert all(sign.is_signed(p) for p in ours)
    assert all(sign.verify(p, public, stamped_by) for p in ours if p not in strangers)
    assert all(p.read_bytes() == data for p, data in before.items()), "another's signature changed"
    seen = lab("exec", str(folder / "unsloth-setup.exe"), "profiles", "--json")
    assert seen.returncode == 0, seen.stderr
    assert len(json.loads(seen.stdout)) == 7


def test_the_folder_was_not_signed_by_accident() -> None:
    """A build without a certificate says so, and leaves unsigned what nobody else has signed."""
    sizes = json.loads((DIST / "records/sizes.json").read_text("utf-8"))
    signed = sign.is_signed(FORMS["folder"] / "UnslothSetup.exe")
    assert signed is not sizes["signature"].startswith("not signed")
