"""Check: the interpreter and the installed packages against the lock. Arguments: the lock's files."""

import argparse
import csv
import importlib.metadata
import os
import platform
import re
import struct
import sys
from typing import Any

sys.path.insert(
    0, os.path.dirname(os.path.abspath(__file__))
)  # python -I leaves the script's folder out

import telling

PINNED = re.compile(
    r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^]]*\])?\s*==\s*([^\s;\\]+)\s*(?:;\s*([^\\]*))?"
)
SHOWN = (
    "torch",
    "torchvision",
    "unsloth",
    "unsloth-zoo",
    "triton",
    "triton-windows",
    "xformers",
    "bitsandbytes",
    "transformers",
    "trl",
    "peft",
    "datasets",
    "accelerate",
    "tokenizers",
    "numpy",
    "torchao",
)


def canonical(name: str) -> str:
    """A distribution's name as the index compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def holds(marker: str) -> bool:
    """Whether an environment marker is true here; one that cannot be read counts as true."""
    try:
        from packaging.markers import Marker

        return bool(Marker(marker.strip()).evaluate())
    except Exception:
        return True


def pins(text: str) -> dict[str, str]:
    """Name to version of every pinned line of a lock that applies to this system."""
    found = {}
    for line in text.splitlines():
        match = PINNED.match(line)
        if match and (not match[3] or holds(match[3])):
            found[canonical(match[1])] = match[2]
    return found


def installed() -> dict[str, str]:
    """Name to version of every distribution in this environment."""
    found: dict[str, str] = {}
    for item in importlib.metadata.distributions():
        name = item.metadata["Name"]
        if name:
            found.setdefault(canonical(name), item.version)
    return found


def damaged(names: set[str]) -> list[str]:
    """Files of these distributions that are gone or of another size than their RECORD says (70 ms
    for 24,000 files).

    A virus scanner takes single files away, a cut-off copy leaves half ones; the versions are right
    all the same. Byte code does not count: it is made again, and not as it came.
    """
    found = []
    for item in importlib.metadata.distributions():
        if canonical(item.metadata["Name"] or "") not in names:
            continue
        for row in csv.reader((item.read_text("RECORD") or "").splitlines()):
            if (
                len(row) == 3
                and row[2]
                and not row[0].endswith(".pyc")
                and size(str(item.locate_file(row[0]))) != int(row[2])
            ):
                found.append(row[0])
    return found


def unmet() -> list[dict[str, Any]] | None:
    """Requirements that installed packages declare for this system and that nothing here meets, as ``pip check`` lists
    them: who asks, for what, and the version found. ``None`` where there is no ``packaging`` to read them with.
    """
    try:
        from packaging.requirements import InvalidRequirement, Requirement
    except ImportError:
        return None
    have = installed()
    found = []
    for item in importlib.metadata.distributions():
        for line in item.requires or ():
            try:
                asked = Requirement(line)
            except InvalidRequirement:  # of a package older than the form
                continue
            if asked.marker is not None and not asked.marker.evaluate({"extra": ""}):
                continue
            version = have.get(canonical(asked.name))
            if version is None or not asked.specifier.contains(version, prereleases=True):
                found.append(
                    {
                        "by": canonical(item.metadata["Name"]),
                        "name": canonical(asked.name),
                        "asked": str(asked.specifier),
                        "found": version,
                    }
                )
    return sorted(found, key=lambda row: (str(row["name"]), str(row["by"])))


def size(path: str) -> int:
    """Bytes of a file, ``-1`` where there is none. Windows takes long paths in this spelling alone."""
    whole = "\\\\?\\" + os.path.abspath(path) if os.name == "nt" else path
    try:
        return os.stat(whole).st_size
    except OSError:
        return -1


def same(wanted: str, found: str) -> bool:
    """Whether a version is the pinned one. A pin without a local part (2.4.0) accepts any build of
    it (2.4.0+cu121).
    """
    return wanted == found or ("+" not in wanted and wanted == found.partition("+")[0])


def check() -> None:
    """Compare, and fail where a pinned package is missing or of another version."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", help="locks: pinned requirements with hashes")
    parser.add_argument(
        "--lock", action="append", default=[], help="a lock; may be given several times"
    )
    parser.add_argument(
        "--without", action="append", default=[], help="a requirement that is left out on purpose"
    )
    arguments = parser.parse_args()
    telling.measured(
        "python.version",
        platform.python_version(),
        full=sys.version,
        bits=struct.calcsize("P") * 8,
        implementation=platform.python_implementation(),
        system=platform.platform(),
    )
    have = installed()
    telling.measured(
        "packages.installed", have, shown={name: have[name] for name in SHOWN if name in have}
    )
    wanted: dict[str, str] = {}
    for file in arguments.files + arguments.lock:
        try:
            with open(file, encoding="utf-8") as lock:
                wanted |= pins(lock.read())
        except OSError as fault:
            raise telling.CannotRun(
                "lock-unreadable",
                telling.Message(
                    "The lock {file} cannot be read: {reason}.", file=file, reason=fault.strerror
                ),
            ) from fault
    if not wanted:
        telling.skipped("packages.checked", "no lock was given")
        return
    differ: list[dict[str, Any]] = [
        {"name": name, "wanted": pin, "found": have.get(name)}
        for name, pin in sorted(wanted.items())
        if not same(pin, have.get(name, ""))
    ]
    extra = sorted(set(have) - set(wanted) - {"pip", "setuptools", "wheel", "uv"})
    telling.measured("packages.checked", len(wanted), "packages", differ=differ, extra=extra)
    if (lacking := unmet()) is not None:
        telling.measured(
            "packages.unmet", len(lacking), "requirements", rows=lacking, without=arguments.without
        )
    if differ:
        named = ", ".join(
            f"{row['name']} {row['found'] or 'missing'} instead of {row['wanted']}"
            for row in differ[:4]
        )
        raise telling.CheckFailed(
            "packages-differ",
            telling.Message(
                "{count} of {all} packages are not what the lock says: {named}.",
                count=len(differ),
                all=len(wanted),
                named=named,
            ),
            "\n".join(str(row) for row in differ),
        )
    lost = damaged(set(wanted))
    telling.measured("packages.damaged", len(lost), "files", files=lost[:20])
    if lost:
        named = ", ".join(lost[:4]) + (f" and {len(lost) - 4} more" if len(lost) > 4 else "")
        raise telling.CheckFailed(
            "packages-damaged",
            telling.Message(
                "Files of the installed packages are missing or cut off: {named}.", named=named
            ),
            "\n".join(lost[:100]),
        )


if __name__ == "__main__":
    telling.run(check)
