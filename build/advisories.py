"""Compares advisories in OSV form with ``resources/advisories.toml``; says what changed.

    python build/advisories.py FILE_OR_ADDRESS …

A record, a list of records, an answer of an OSV server (``{"vulns": […]}``), or one record a line.
Only packages that some lock holds count. Ends with 1 where something differs. Nothing is written:
a summary for people is written by people.
"""

from __future__ import annotations

import argparse
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from packaging.utils import canonicalize_name  # noqa: E402

from app.adapters.resources import resource_names, resource_reader  # noqa: E402
from app.decide.findings.advisories import locked_versions  # noqa: E402
from app.knowledge import load  # noqa: E402
from app.model.advisory import Advisory  # noqa: E402


def differences(
    records: Sequence[dict[str, Any]], known: Sequence[Advisory], held: set[str]
) -> list[str]:
    """One sentence for each record that says something else than is known here."""
    found = []
    for record in records:
        ids = {str(record.get("id")), *map(str, record.get("aliases") or ())}
        ours = next((a for a in known if ids & {a.id, *a.aliases}), None)
        name = ours.id if ours else min(ids, key=lambda i: (not i.startswith("CVE-"), i))
        if record.get("withdrawn"):
            if ours:
                found.append(f"{name} was withdrawn on {str(record['withdrawn'])[:10]}")
            continue
        for package, affected in _affected_ranges(record):
            if canonicalize_name(package) not in held:
                continue
            if ours is None:
                summary = record.get("summary") or str(record.get("details", ""))[:120]
                found.append(f"{name} ({package} {affected}) is not here: {summary}")
            elif package == ours.package and affected and affected != ours.affected:
                found.append(f"{name}: affected is {ours.affected} here, {affected} there")
    return found


def _affected_ranges(record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each package of a record with its range as PEP 440 writes it; empty where none is given."""
    for affected in record.get("affected") or ():
        if affected.get("package", {}).get("ecosystem") != "PyPI":
            continue
        pieces = []
        for one in affected.get("ranges") or ():
            if one.get("type") != "ECOSYSTEM":
                continue
            for event in one.get("events") or ():
                pieces += [f">={v}" for v in [event.get("introduced")] if v not in (None, "0")]
                pieces += [f"<{event['fixed']}"] if "fixed" in event else []
                pieces += [f"<={event['last_affected']}"] if "last_affected" in event else []
        yield affected["package"]["name"], ",".join(pieces)


def read(place: str) -> list[dict[str, Any]]:
    """The records of a file or an address. Raises ``SystemExit`` with a sentence."""
    try:
        if place.startswith("https://"):
            with urllib.request.urlopen(place, timeout=60) as answer:  # noqa: S310 - https alone
                data = answer.read(64 << 20)
        else:
            data = Path(place).read_bytes()
    except OSError as error:
        raise SystemExit(f"{place} cannot be read: {error}") from error
    try:
        found = msgspec.json.decode(data)
    except msgspec.DecodeError:
        try:
            found = [msgspec.json.decode(line) for line in data.splitlines() if line.strip()]
        except msgspec.DecodeError as error:
            raise SystemExit(f"{place} is not in OSV form: {error}") from error
    if isinstance(found, dict):
        found = found["vulns"] if isinstance(found.get("vulns"), list) else [found]
    if not isinstance(found, list) or not all(isinstance(r, dict) and "id" in r for r in found):
        raise SystemExit(f"{place} is not in OSV form: expected records with an id.")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 1 where something differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("place", nargs="+", help="a file, or an address that begins with https://")
    chosen = parser.parse_args(arguments)
    knowledge = load(resource_reader(), resource_names())
    held = {name for profile in knowledge.profiles for name in locked_versions(profile)}
    records = [record for place in chosen.place for record in read(place)]
    found = differences(records, knowledge.advisories, held)
    for line in found:
        print(line)
    print(f"{len(records)} records read, {len(found)} differ from resources/advisories.toml.")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
