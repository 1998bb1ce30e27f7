"""Makes the Windows installers from the packed program: ``python build/make_installer.py``.

Reads ``dist/UnslothSetup/`` (``build/make_exe.py`` makes it) and writes to ``dist/`` an installer
for one user, one for everybody, which asks for an administrator's rights at its start, and
``winget/``, the manifest of both. Signs what it makes when ``UNSLOTH_SIGN_PFX`` names a certificate.
Unsigned, the same folder gives the same bytes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path, PurePosixPath

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from build import start, windows_lab
from build.make_exe import DIST, EPOCH, FOLDER, WORK
from build.packing import records, sign, winget
from build.packing.resource import PUBLISHER

SCRIPT = start.ROOT / "build" / "packing" / "installer.nsi"
LIMIT = 600.0


def installer_name(version: str, everybody: bool) -> str:
    """The file's name, as others name theirs: who it is for stands in it."""
    return f"UnslothSetup-{version}-{'all-users' if everybody else 'user'}-setup.exe"


def _quote_path(name: PurePosixPath) -> str:
    return str(name).replace("/", "\\").replace("$", "$$")


def install_lines(folder: Path) -> str:
    """NSIS lines that lay every file of ``folder`` down, in one order on every system."""
    lines = []
    place = None
    for path in records.files_below(folder):
        relative = PurePosixPath(path.relative_to(folder).as_posix())
        if relative.parent != place:
            place = relative.parent
            below = "" if str(place) == "." else "\\" + _quote_path(place)
            lines.append(f'SetOutPath "$INSTDIR{below}"')
        lines.append(f'File "/oname={_quote_path(PurePosixPath(relative.name))}" "{path}"')
    return "\n".join(lines) + "\n"


def uninstall_lines(folder: Path) -> str:
    """NSIS lines that take exactly these files away, and the folders that are empty then."""
    names = [PurePosixPath(p.relative_to(folder).as_posix()) for p in records.files_below(folder)]
    folders = {parent for name in names for parent in name.parents if str(parent) != "."}
    lines = [f'Delete "$INSTDIR\\{_quote_path(name)}"' for name in names]
    deepest_first = sorted(folders, key=lambda f: (-len(f.parts), str(f)))
    lines += [f'RMDir "$INSTDIR\\{_quote_path(f)}"' for f in deepest_first]
    return "\n".join(lines) + "\n"


def make(
    folder: Path, version: str, everybody: bool, target: Path, signing: Path | None = None
) -> None:
    """Make one installer of ``folder``. ``signing``: a shell script that signs the file it is given.

    Raises ``CannotStart`` with what makensis said.
    """
    work = WORK / f"{target.stem}-lists"
    work.mkdir(parents=True, exist_ok=True)
    (work / "files.nsh").write_text(install_lines(folder), "utf-8-sig")
    (work / "unfiles.nsh").write_text(uninstall_lines(folder), "utf-8-sig")
    size = sum(p.stat().st_size for p in records.files_below(folder))
    defined = {
        "VERSION": version,
        "PUBLISHER": PUBLISHER,
        "DIST": folder,
        "OUT": target,
        "ICON": WORK / "UnslothSetup.ico",
        "SIZE_KB": size // 1024,
        "FILES": work / "files.nsh",
        "UNFILES": work / "unfiles.nsh",
    }
    if everybody:
        defined["ALLUSERS"] = 1
    if signing is not None:
        defined["SIGN"] = signing
    words = ["makensis", "-V2", "-WX", "-INPUTCHARSET", "UTF8"]
    words += [f"-D{name}={value}" for name, value in defined.items()]
    done = subprocess.run(
        [*windows_lab.command("debian"), *words, str(SCRIPT)],
        cwd=start.ROOT,
        env={**windows_lab.environment(), "SOURCE_DATE_EPOCH": EPOCH, "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=LIMIT,
    )
    if done.returncode:
        start.say(done.stdout.decode("utf-8", "replace"))
        raise start.CannotStart(f"makensis ended with exit code {done.returncode}; see above.")


def make_both() -> list[Path]:
    """Both installers and the manifest for winget. Raises ``CannotStart``."""
    contents = WORK / "contents.json"
    if not (FOLDER / "UnslothSetup.exe").is_file() or not contents.is_file():
        raise start.CannotStart(f"There is no program in {FOLDER}; run: python build/make_exe.py")
    version = json.loads(contents.read_text("utf-8"))["version"]
    signer = sign.signer()
    made = [DIST / installer_name(version, everybody) for everybody in (False, True)]
    # squeezing takes one core for more than a minute each
    with sign.script(signer) as signing, ThreadPoolExecutor(len(made)) as pool:
        each = pool.map(make, repeat(FOLDER), repeat(version), (False, True), made, repeat(signing))
        list(each)  # raises what one of them raised
    hashes = {p.name: records.sha256(p) for p in made}
    place = DIST / "winget"
    shutil.rmtree(place, ignore_errors=True)
    winget.write(place, version, hashes, os.environ.get("UNSLOTH_RELEASE_URL", ""))
    (DIST / "records").mkdir(exist_ok=True)
    (DIST / "records" / "installers.sha256").write_text(records.hash_list(DIST, made), "utf-8")
    return made


def main(arguments: Sequence[str]) -> int:
    """Make both installers. Returns the exit code."""
    if arguments:
        start.say("make_installer.py takes no arguments.")
        return 2
    try:
        reason = windows_lab.cannot_run_here()
        if reason:
            raise start.CannotStart(f"There is no makensis: {reason}.")
        start.ensure_venv(tools=True)
        windows_lab.ensure_debian()
        for path in make_both():
            print(f"{path.stat().st_size:>12,}  {path}")
    except start.CannotStart as fault:
        start.say(f"No installer: {fault}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
