"""Starts the program out of this bundle, without network.

``python start.py`` installs, ``python start.py COMMAND ...`` does more.

It needs the Python that the bundle was made for and nothing else. The program's packages are
unpacked into a temporary folder that goes again at the end. Python 2.7 and 3.6 can read this file
and say what is needed.
"""

# Before any other import: a file beside this one, in the working folder or where PYTHONPATH leads
# is compared with nothing, so nothing is imported from there.
import sys

OWN = tuple({sys.prefix, sys.exec_prefix, getattr(sys, "base_prefix", sys.prefix)})
FIRST = 0 if getattr(sys.flags, "safe_path", False) else 1  # 1: behind this file's own folder
sys.path[:] = [entry for entry in sys.path[FIRST:] if entry.startswith(OWN)]

import hashlib
import io
import json
import os
import re
import shutil
import stat
import tempfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
WHEELS = os.path.join(HERE, "program", "wheels")
LIST = os.path.join(HERE, "bundle.json")
LONGEST = 64 * 1024 * 1024  # bytes of a list; 40,000 files need some 8 MB
AGAIN = "; copy the bundle again."


def refuse(sentence):
    """Say why this bundle is not started, and end as for a wrong input file."""
    if sys.stderr is not None:
        sys.stderr.write(sentence + "\n")
    sys.exit(2)


def listed():
    """The bundle's own list: its profile, and hash by path. One sentence where it is no such list."""
    try:
        with io.open(LIST, "rb") as file:
            data = file.read(LONGEST + 1)
    except EnvironmentError as error:
        refuse("{} cannot be read ({}){}".format(LIST, error.strerror or error, AGAIN))
    if len(data) > LONGEST:
        refuse("{} is longer than any bundle's list{}".format(LIST, AGAIN))
    try:
        found = json.loads(data.decode("utf-8"))
    except (ValueError, RuntimeError):  # cut off, other bytes, or nested without end
        refuse("{} is cut off or damaged: it is no JSON{}".format(LIST, AGAIN))
    files = found.get("files") if isinstance(found, dict) else None
    profile = found.get("profile") if isinstance(found, dict) else None
    if not isinstance(files, list) or not (isinstance(profile, str) or not files):
        refuse(
            "{} is not the list of a bundle: it names no profile or no files{}".format(LIST, AGAIN)
        )
    known = {}
    for one in files:
        path = one.get("path") if isinstance(one, dict) else None
        hashed = one.get("sha256") if isinstance(one, dict) else None
        if not isinstance(path, str) or not isinstance(hashed, str):
            refuse("{} is damaged: a file in it has no path or no hash{}".format(LIST, AGAIN))
        known[path] = hashed
    many = found.get("profiles")
    if isinstance(many, list) and len(many) > 1:
        profile = None  # several: the best of them for this computer
    return profile, known


def compare(known):
    """The program must be what the list names: no file changed, missing or added, no link."""
    missing = {path for path in known if path.startswith("program/")}
    if not missing:
        refuse("The bundle's list names no program" + AGAIN)
    for folder, folders, names in os.walk(os.path.join(HERE, "program")):
        folders[:] = [name for name in folders if name != "__pycache__"]
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in names + links:
            path = os.path.join(folder, name)
            short = os.path.relpath(path, HERE).replace(os.sep, "/")
            if os.path.islink(path) or known.get(short) != sha256(path):
                refuse("{} differs from the bundle's list{}".format(short, AGAIN))
            missing.discard(short)
    for short in sorted(missing):
        refuse("{} is missing from the bundle{}".format(short, AGAIN))


def check_python(known):
    """The packages of the program hold code for one Python: this one must be it."""
    tags = {tag for path in known for tag in re.findall(r"-cp(3\d+)-cp3\d+-[^/]*\.whl\Z", path)}
    here = "{}{}".format(sys.version_info[0], sys.version_info[1])
    if (tags and here not in tags) or sys.version_info < (3, 11):
        wanted = " or ".join("3." + tag[1:] for tag in sorted(tags)) or "3.11 or newer"
        refuse(
            "This is Python {}.{} at {}; this bundle needs Python {}.".format(
                sys.version_info[0], sys.version_info[1], sys.executable, wanted
            )
        )


def sha256(path):
    """The hash of a file, in hex; of one that cannot be read none."""
    try:
        with io.open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except EnvironmentError:
        return ""


def unpack(wheel, target):
    """Unpack one wheel; programs of it land in ``bin``. No path of it may lead outside."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            parts = name.split("/")
            if name.endswith("/"):
                continue
            if ".." in parts or name.startswith("/") or "\\" in name or ":" in name:
                refuse(
                    "{} holds the path {!r}, which leads outside; it is not unpacked.".format(
                        wheel, name
                    )
                )
            if parts[0].endswith(".data") and len(parts) > 2 and parts[1] == "scripts":
                parts = ["bin"] + parts[2:]
            path = os.path.join(target, *parts)
            if not os.path.isdir(os.path.dirname(path)):
                os.makedirs(os.path.dirname(path))
            with archive.open(name) as source, io.open(path, "wb") as file:
                shutil.copyfileobj(source, file)
            if parts[0] == "bin":
                os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)


def main():
    """Check the program against the list, unpack its packages, run it."""
    profile, known = listed()
    check_python(known)
    compare(known)
    sys.dont_write_bytecode = True
    target = tempfile.mkdtemp(prefix="unsloth-setup-")
    # Byte code that lies in the bundle is compared with nothing, so it is not used.
    sys.pycache_prefix = target
    try:
        try:
            for name in sorted(os.listdir(WHEELS)):
                unpack(os.path.join(WHEELS, name), target)
        except EnvironmentError as error:  # no room for 40 MB, most likely
            refuse("{}: {}.".format(error.filename or target, error.strerror or error))
        sys.path[:0] = [os.path.join(HERE, "program"), target]
        from app.__main__ import main as run
        from app.cli import COMMANDS

        words = sys.argv[1:]
        if not any(
            word in COMMANDS or word in ("-h", "--help", "-V", "--version") for word in words
        ):
            chosen = ["--profile", profile] if profile else []
            words = ["install", "--offline", HERE] + chosen + words
        return run(words)
    finally:
        shutil.rmtree(target, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
