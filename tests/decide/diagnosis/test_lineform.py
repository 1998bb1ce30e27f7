"""What other programs put around the lines of a log hides no cause, and makes none of what is
harmless.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.decide.diagnosis.explain import explain
from app.decide.diagnosis.lineform import bare
from tests.decide.diagnosis.test_explain import KNOWN_ISSUES

FAILED = (
    "Traceback (most recent call last):\n"
    '  File "C:\\Users\\kim\\env\\Lib\\site-packages\\torch\\_dynamo\\output_graph.py", line '
    "1446, in call\n"
    "torch._dynamo.exc.BackendCompilerFailed: backend='inductor' raised:\n"
    "ImportError: cannot import name 'AttrsDescriptor' from 'triton.backends.compiler' "
    "(C:\\env\\triton\\backends\\compiler.py)"
)
HARMLESS = (
    "A matching Triton is not available, some optimizations will not be enabled\n"
    "Traceback (most recent call last):\n"
    '  File "D:\\x\\xformers\\__init__.py", line 57, in _is_triton_available\n'
    "    import triton  # noqa\n"
    "ModuleNotFoundError: No module named 'triton'\n"
    "xformers version: 0.0.27"
)


def before(prefix: str) -> Callable[[str], str]:
    return lambda log: "\n".join(prefix + line for line in log.split("\n"))


def broken(width: int) -> Callable[[str], str]:
    """As a console breaks it: after so many letters, wherever they stand."""
    return lambda log: "\n".join(
        line[at : at + width]
        for line in log.split("\n")
        for at in range(0, max(len(line), 1), width)
    )


FORMS: dict[str, Callable[[str], str]] = {
    "brackets": before("[2026-11-24 15:00:00.123] "),
    "iso": before("2026-11-24T15:00:00.1234567Z "),
    "clock": before("[15:00:00] "),
    "journald": before("Nov 24 15:00:00 host python[394]: "),
    "compose": before("trainer-1  | "),
    "docker build": before("#12 3.456 "),
    "loguru": before("2026-11-24 15:00:00.123 | WARNING  | app.main:run:42 - "),
    "glog": before("W1124 15:00:00.123000 24492 Lib\\site-packages\\torch\\x.py:29] "),
    "rank": before("[rank0]: "),
    "ray": before("(EngineCore_0 pid=9492) "),
    "quoted": before("> "),
    "logging": before("2026-11-24 15:00:00,123 - app.main - INFO - "),
    "logging, short": before("INFO:app.main:"),
    "deepspeed": before("[2026-11-24 15:00:00,123] [INFO] [launch.py:42:main] "),
    "level": before("[INFO] "),
    "bars": before("\r 10%|█         | 50/500 [00:12<01:50,  4.1it/s]"),
    "json": lambda log: json.dumps({"level": "info", "message": log}),
}


@pytest.mark.parametrize(
    "form", [*FORMS.values(), broken(80), broken(66)], ids=[*FORMS, "80 wide", "66 wide"]
)
def test_a_cause_is_found_in_every_form(form: Callable[[str], str]) -> None:
    log = f"one line\n{form(FAILED)}\n"
    found = explain(log, KNOWN_ISSUES)
    assert found.cause == "triton_version_mismatch"
    assert found.evidence
    assert all(e.text in log.split("\n")[e.line - 1] for e in found.evidence)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_what_is_harmless_stays_so_in_every_form(form: Callable[[str], str]) -> None:
    assert explain(form(HARMLESS), KNOWN_ISSUES).cause is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[15:00:00] error", "error           "[:16]),
        (">>> import torch", ">>> import torch"),
        (
            "100%|███| 3/3 [00:05<00:00]",
            "100%|███| 3/3 [00:05<00:00]",
        ),  # it ended: that tells something
        ("w1124 15:00:00.1 9 a/x.py:2] no", "no a/x.py".ljust(31)),
        ('{"message": "one\\ntwo \\"c:\\\\new\\""}', '{"message": "one \ntwo "c:\\new""}   '),
        (r"c:\new folder\next", r"c:\new folder\next"),
    ],
)
def test_forms_one_by_one(text: str, expected: str) -> None:
    assert bare(text) == expected


def test_evidence_of_a_written_out_line_is_the_line_alone() -> None:
    found = explain(
        json.dumps({"message": "start\nModuleNotFoundError: No module named 'triton'\nend"}),
        KNOWN_ISSUES,
    )
    assert [line.text for line in found.evidence] == [
        "ModuleNotFoundError: No module named 'triton'"
    ]


def test_a_broken_line_is_whole_again_and_a_frame_stays() -> None:
    whole = "error: " + "a long way to say " * 12 + "no module named 'triton'"
    assert whole in bare(broken(80)(whole))
    frame = "\n".join("│" + "x" * 78 + "│" for _ in range(4))
    assert bare(frame) == frame
    padded = "\n".join(f"line {number}".ljust(80) for number in range(4))
    assert bare(padded) == padded


@given(st.text(alphabet=st.sampled_from("ab:[]|>%#0123456789 \\n\"'{}-/.\n"), max_size=400))
@settings(max_examples=200, deadline=None)
def test_a_text_stays_as_long_as_it_was(text: str) -> None:
    assert len(bare(text)) == len(text)
