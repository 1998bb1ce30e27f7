"""What a report holds as JSON keeps to the published schemas, so that others can rely on them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from app.__main__ import open_session
from app.report import build
from tests.redaction import redactor
from tests.test_report import NAMES, TEMPLATE, members, report

ROOT = Path(__file__).parents[1]
SCHEMAS = {
    p.stem: json.loads(p.read_bytes()) for p in (ROOT / "resources" / "schemas").glob("*.json")
}
KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def wrong(value: Any, schema: dict[str, Any], whole: dict[str, Any], at: str = "$") -> list[str]:
    """Where a value breaks a schema (the words of JSON Schema that ours use)."""
    if "$ref" in schema:
        return wrong(value, whole["$defs"][schema["$ref"].rsplit("/", 1)[1]], whole, at)
    if "anyOf" in schema:
        each = [wrong(value, one, whole, at) for one in schema["anyOf"]]
        return [] if not all(each) else min(each, key=len)
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at}: {value!r} is none of {schema['enum']}"]
    kinds = KINDS.get(schema.get("type", ""), (object,))
    if not isinstance(value, kinds) or (
        isinstance(value, bool) and bool not in kinds and object not in kinds
    ):
        return [f"{at}: {value!r} is no {schema['type']}"]
    found: list[str] = []
    if isinstance(value, dict):
        known = schema.get("properties", {})
        found += [
            f"{at}: {name} is missing" for name in schema.get("required", ()) if name not in value
        ]
        rest = schema.get("additionalProperties", {})
        for name, one in value.items():
            if name in known:
                found += wrong(one, known[name], whole, f"{at}.{name}")
            elif rest is False:
                found.append(f"{at}: {name} is not known")
            elif isinstance(rest, dict):
                found += wrong(one, rest, whole, f"{at}.{name}")
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        found += [
            problem
            for n, one in enumerate(value)
            for problem in wrong(one, schema["items"], whole, f"{at}[{n}]")
        ]
    return found


def check(data: bytes) -> None:
    found = members(data)
    for name in ("report", "machine", "verification"):
        if f"{name}.json" in found:
            document = json.loads(found[f"{name}.json"])
            assert document["schema"] == f"{name}/1"
            assert wrong(document, SCHEMAS[name], SCHEMAS[name]) == [], name
    assert json.loads(found["report.json"])["files"] == sorted(found)


def test_a_full_report_keeps_to_the_schemas() -> None:
    check(build(report(), redactor(report().facts, NAMES), TEMPLATE))


@pytest.mark.parametrize(
    "machine", sorted(p.name for p in (ROOT / "resources" / "machines").glob("*.json"))
)
def test_a_report_of_each_machine_keeps_to_the_schemas(machine: str, tmp_path: Path) -> None:
    session = open_session(
        argparse.Namespace(
            answers=None,
            home=None,
            profile=None,
            offline=None,
            index=None,
            pytorch_index=None,
            machine=str(ROOT / "resources" / "machines" / machine),
        )
    )
    check(Path(session.exports.write_report(str(tmp_path / "report.zip"))).read_bytes())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("schema", "report/2"),
        ("headline", None),
        ("steps", [{"id": "a"}]),
        ("more", 1),
        ("taken_out", {"user": "many"}),
        ("overall", "fine"),
    ],
)
def test_the_check_sees_what_is_wrong(field: str, value: Any) -> None:
    document = json.loads(members(build(report(), redactor(None, NAMES), TEMPLATE))["report.json"])
    assert wrong(document | {field: value}, SCHEMAS["report"], SCHEMAS["report"])
