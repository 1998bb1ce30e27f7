"""The person is in no field of a report, whatever is planted where, and the report still replays."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, get_type_hints

import msgspec
import pytest

from app.model.event import Line, StepEvent
from app.model.machine import MachineFacts
from app.report import build, read_events, read_machine, read_profile
from tests.redaction import redactor
from tests.test_report import NAMES, TEMPLATE, members, report


def planted(value: Any, secret: str) -> Any:
    """The value with a secret behind every text in it, but for the words that a schema prescribes."""
    if isinstance(value, msgspec.Struct):
        fields = [
            f
            for f in value.__struct_fields__
            if "Literal[" not in repr(get_type_hints(type(value))[f])
        ]
        return msgspec.structs.replace(
            value, **{f: planted(getattr(value, f), secret) for f in fields}
        )
    if isinstance(value, dict):
        return {f"{k} {secret}": planted(v, secret) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(planted(v, secret) for v in value)
    if isinstance(value, bytes):
        return value + f" {secret}\n".encode(
            "utf-16-le" if value.startswith(b"\xff\xfe") else "utf-8"
        )
    return f"{value} {secret}" if isinstance(value, str) else value


@pytest.mark.parametrize(
    "secret",
    [
        "hf_Q1w2E3r4T5y6U7i8O9p0A1s2D3f4G5h677",
        "Zacharias77",
        "C:\\Users\\Zacharias77\\x",
        "jane77@firma.example.de",
        "https://u:geheim77@x.example/",
        "52.77.10.11",
        "a0:b1:c2:d3:e4:77",
        "Authorization: Basic amFuZTpnZWhlaW03Nw==",
        "2a02:8109:77::17",
        "GPU-77777777-1234-1234-1234-123456789abc",
    ],
)
def test_a_secret_survives_in_no_field_of_a_report(secret: str) -> None:
    everywhere = planted(report(), secret)
    core = re.search(r"[\w.:@=-]*(?:77|Nw==)[\w.:@-]*", secret)
    assert core is not None
    for name, data in members(
        build(everywhere, redactor(everywhere.facts, {"user": "Zacharias77"}), TEMPLATE)
    ).items():
        for needle in {
            core.group(),
            core.group().split(":")[-1] if "://" in secret else core.group(),
            "Zacharias77",
        }:
            assert needle not in name
            assert needle.encode() not in data, (
                name,
                data[max(0, data.find(needle.encode()) - 100) :][:200],
            )
    replayed = build(everywhere, redactor(everywhere.facts, {"user": "Zacharias77"}), TEMPLATE)
    assert msgspec.json.decode(read_machine(replayed), type=MachineFacts).os.family == "windows"
    assert len(read_events(replayed)) >= len(report().events) - 1


def words_of(value: Any) -> Iterator[str]:
    """Every name and every short text in a value."""
    if isinstance(value, msgspec.Struct):
        yield from value.__struct_fields__
        yield str(value.__struct_config__.tag or "")
        for field in value.__struct_fields__:
            yield from words_of(getattr(value, field))
    elif isinstance(value, dict | list | tuple):
        for one in value.values() if isinstance(value, dict) else value:
            yield from words_of(one)
    elif isinstance(value, str) and len(value) < 30:
        yield value


@pytest.mark.parametrize(
    "name",
    sorted({w for w in words_of(report()) if len(w.strip()) > 2} | {"legacy", "ready", "blocked"}),
)
def test_a_user_whose_name_is_a_word_of_the_report_gets_one_that_replays(name: str) -> None:
    found = members(
        data := build(report(), redactor(report().facts, {"user": name, "host": name}), TEMPLATE)
    )
    summary = json.loads(found["report.json"])
    assert summary["schema"] == "report/1"
    assert summary["diagnosis"]["cause"] == "file_in_use"
    assert summary["findings"][0]["id"] == "wsl"
    assert read_profile(data) == "torch28-2025.11"
    assert {e.step for e in read_events(data)} == {"python", "fetch", "install"}
    assert msgspec.json.decode(read_machine(data), type=MachineFacts).os.family == "windows"


def test_logs_that_differ_in_a_name_alone_are_both_kept() -> None:
    logs = {"run-Jürgen.log": b"one\n", "run-üserxx.log": b"two\n"}
    found = members(
        build(msgspec.structs.replace(report(), logs=logs), redactor(None, NAMES), TEMPLATE)
    )
    assert sorted(d for n, d in found.items() if n.startswith("logs/")) == [b"one\n", b"two\n"]


def test_a_key_over_many_lines_takes_no_line_away() -> None:
    key = (
        "-----BEGIN RSA PRIVATE KEY-----\n"
        + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo3\n" * 5
        + "-----END RSA PRIVATE KEY-----\n"
    )
    log = f"line 1\n{key}line 9\n".encode()
    events = (
        StepEvent(at=1, step="fetch", what=Line(text=log[:60])),
        StepEvent(at=2, step="fetch", what=Line(text=log[60:])),
    )
    data = build(
        msgspec.structs.replace(report(), logs={"a.log": log}, events=events), redactor(), TEMPLATE
    )
    for text in (
        members(data)["logs/a.log"],
        b"".join(e.what.text for e in read_events(data) if isinstance(e.what, Line)),
    ):
        assert text.splitlines()[8] == b"line 9"
        assert b"QUJD" not in text
