"""Packs the program for Windows: ``python build/make_exe.py [--keep-lab]``.

From Linux through the lab, or on Windows.

Writes below ``dist/``: the folder ``UnslothSetup/`` (the main form) and its zip, ``single/`` with
one file for each program, and ``records/`` with sizes, hashes, bill of materials, licences and what
was left out. Signs the programs when ``UNSLOTH_SIGN_PFX`` names a certificate.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from build import start, windows_lab
from build.packing import records, sign

DIST = start.ROOT / "dist"
WORK = start.ROOT / "build" / "packed"
FOLDER = DIST / "UnslothSetup"
SINGLE = DIST / "single"
PROGRAMS = ("UnslothSetup.exe", "unsloth-setup.exe")
EPOCH = "1767225600"  # 2026-01-01: the time that headers and papers carry, so that builds are equal
LIMIT = 1200.0


def draw_icon() -> None:
    """Draw the icon on this machine, offscreen: pixels differ between machines no more than Qt's
    raster engine does.
    """
    WORK.mkdir(parents=True, exist_ok=True)
    start.run_quietly(
        [
            start.venv_python(),
            "-P",
            "-m",
            "build.packing.icon",
            start.ROOT / "resources/icons/app.svg",
            WORK / "UnslothSetup.ico",
        ],
        {**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )


def pack(form: str = "both") -> None:
    """Run PyInstaller on Windows Python and lay its results out.

    ``form``: ``folder``, ``single`` or ``both``. Single files made alone take their libraries from
    the folder that is there, as they were signed in it.
    """
    arguments = ["-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"]
    arguments += ["--distpath", "dist", "--workpath", "build/packed", "installer.spec"]
    if sys.platform == "win32":
        command, env = [str(start.venv_python()), *arguments], dict(os.environ)
    else:
        command, env = [*windows_lab.python_command(), *arguments], windows_lab.environment()
    # The same sources give the same bytes: sets are stored in one order, headers carry one time.
    env |= {"PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": EPOCH, "UNSLOTH_PACK": form}
    try:
        done = subprocess.run(
            command, cwd=start.ROOT, env=env, stdin=subprocess.DEVNULL, check=False, timeout=LIMIT
        )
    except subprocess.TimeoutExpired:
        raise start.CannotStart(f"PyInstaller was ended after {LIMIT:.0f} s.")
    if done.returncode:
        raise start.CannotStart(
            f"PyInstaller ended with exit code {done.returncode}; what it said stands above."
        )
    if form != "folder":
        SINGLE.mkdir(exist_ok=True)
        for name in PROGRAMS:
            (DIST / name).replace(SINGLE / name)


def pack_and_sign() -> str:
    """Pack both forms, signed where a certificate is named; returns what was done.

    What is unsigned inside comes first, so that single files hold it signed too; the programs last.
    """
    signer = sign.signer()
    if signer is None:
        pack()
        return "not signed (UNSLOTH_SIGN_PFX names no certificate)"
    pack("folder")
    inside = sign.sign_inside(FOLDER, signer)
    pack("single")
    for name in PROGRAMS:
        sign.sign(SINGLE / name, signer)
    return f"signed with {signer.pfx.name}: {inside} in the folder, {len(PROGRAMS)} single files"


def zip_folder(target: Path) -> None:
    """Pack the folder into one zip whose bytes depend on its files alone."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for path in records.files_below(FOLDER):
            entry = zipfile.ZipInfo(
                f"UnslothSetup/{path.relative_to(FOLDER).as_posix()}", (2026, 1, 1, 0, 0, 0)
            )
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            packed.writestr(entry, path.read_bytes())


def write_records(signed: str) -> dict[str, object]:
    """Write everything in ``dist/records/``; returns the sizes."""
    contents = json.loads((WORK / "contents.json").read_text("utf-8"))
    target = DIST / "records"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    made_at = datetime.fromtimestamp(int(EPOCH), UTC)
    for place in (FOLDER / "licences", target / "licences"):
        records.write_licences(contents, place)
        (place / "sbom.cdx.json").write_text(
            records.bill_of_materials(contents, None, made_at), "utf-8", newline="\n"
        )
    packed = DIST / f"UnslothSetup-{contents['version']}-win64.zip"
    zip_folder(packed)
    (target / "sbom.cdx.json").write_text(
        records.bill_of_materials(contents, FOLDER, made_at), "utf-8", newline="\n"
    )
    parts = [*records.files_below(FOLDER), *records.files_below(SINGLE), packed]
    (target / "files.sha256").write_text(records.hash_list(DIST, parts), "utf-8")
    (target / "left-out.md").write_text(records.left_out_table(contents), "utf-8")
    sizes: dict[str, object] = {
        "folder_bytes": sum(p.stat().st_size for p in records.files_below(FOLDER)),
        "folder_files": len(records.files_below(FOLDER)),
        "zip_bytes": packed.stat().st_size,
        "single_bytes": {p.name: p.stat().st_size for p in records.files_below(SINGLE)},
        "left_out_bytes": sum(i["bytes"] for i in contents["left_out"]),
        "version": contents["version"],
        "signature": signed,
        "python": next(d["version"] for d in contents["distributions"] if d["name"] == "CPython"),
        "openssl": next(p["version"] for p in contents["parts"] if p["name"] == "OpenSSL"),
        "made_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    (target / "sizes.json").write_text(records.dump(sizes), "utf-8")
    return sizes


def main(arguments: Sequence[str]) -> int:
    """Pack, sign, record. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Pack the program for Windows.")
    parser.add_argument(
        "--keep-lab", action="store_true", help="leave the lab's display and wineserver running"
    )
    chosen = parser.parse_args(arguments)
    try:
        start.check_python()
        start.ensure_venv(tools=True)
        start.ensure_qt_libraries()
        if sys.platform != "win32":
            reason = windows_lab.cannot_run_here()
            if reason:
                raise start.CannotStart(f"There is no Windows Python: {reason}.")
            windows_lab.ensure_lab()
        draw_icon()
        pack()
        sizes = write_records(pack_and_sign())
    except start.CannotStart as fault:
        start.say(f"Not packed: {fault}")
        return 1
    finally:
        if sys.platform != "win32" and not chosen.keep_lab:
            windows_lab.stop()
    print(records.dump(sizes), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
