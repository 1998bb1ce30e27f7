"""Starts the program out of this bundle, without network: ``python start.py`` installs, ``python
start.py COMMAND …`` does more.

It needs the Python that the bundle was made for and nothing else. The program's packages are
unpacked into a temporary folder that goes again at the end.
"""

import hashlib
import json
import os
import shutil
import stat
import sys
import tempfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
WHEELS = os.path.join(HERE, "program", "wheels")


def listed():
    """The bundle's own list: hash by path."""
    with open(os.path.join(HERE, "bundle.json"), encoding="utf-8") as file:
        return {one["path"]: one["sha256"] for one in json.load(file)["files"]}


def compare(known):
    """The program must be what the list names: no file changed, missing or added, no link."""
    missing = {path for path in known if path.startswith("program/")}
    if not missing:
        sys.exit("The bundle's list names no program; copy the bundle again.")
    for folder, folders, names in os.walk(os.path.join(HERE, "program")):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in [
            *names,
            *(one for one in folders if os.path.islink(os.path.join(folder, one))),
        ]:
            path = os.path.join(folder, name)
            short = os.path.relpath(path, HERE).replace(os.sep, "/")
            if os.path.islink(path) or known.get(short) != sha256(path):
                sys.exit(f"{short} differs from the bundle's list; copy the bundle again.")
            missing.discard(short)
    for short in sorted(missing):
        sys.exit(f"{short} is missing from the bundle; copy it again.")


def sha256(path):
    """The hash of a file, in hex."""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def unpack(wheel, target):
    """Unpack one wheel; programs of it land in ``bin``. No path of it may lead outside."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            parts = name.split("/")
            if name.endswith("/"):
                continue
            if ".." in parts or name.startswith("/") or "\\" in name or ":" in name:
                sys.exit(
                    f"{wheel} holds the path {name!r}, which leads outside; it is not unpacked."
                )
            if parts[0].endswith(".data") and parts[1] == "scripts":
                parts = ["bin", *parts[2:]]
            path = os.path.join(target, *parts)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with archive.open(name) as source, open(path, "wb") as file:
                shutil.copyfileobj(source, file)
            if parts[0] == "bin":
                os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)


def main():
    """Check the program against the list, unpack its packages, run it."""
    compare(listed())
    sys.dont_write_bytecode = True
    target = tempfile.mkdtemp(prefix="unsloth-setup-")
    sys.pycache_prefix = (
        target  # byte code that lies in the bundle is compared with nothing, so it is not used
    )
    try:
        for name in sorted(os.listdir(WHEELS)):
            unpack(os.path.join(WHEELS, name), target)
        sys.path[:0] = [os.path.join(HERE, "program"), target]
        from app.__main__ import main as run
        from app.cli import COMMANDS

        words = sys.argv[1:]
        if not any(
            word in COMMANDS or word in ("-h", "--help", "-V", "--version") for word in words
        ):
            with open(os.path.join(HERE, "bundle.json"), encoding="utf-8") as file:
                profile = json.load(file)["profile"]
            words = ["install", "--offline", HERE, "--profile", profile, *words]
        return run(words)
    finally:
        shutil.rmtree(target, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
