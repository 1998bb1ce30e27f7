"""Every bound stands in ``app/model/limits.py`` with its reason and is used.

No other stands in the code.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.model import limits

ROOT = Path(__file__).parents[2]
SOURCES = {
    path: path.read_text("utf-8")
    for path in (ROOT / "app").rglob("*.py")
    if "gui" not in path.parts and path.name != "limits.py"
}
# Arguments that hold someone up or let something through; ``limit`` of a failed download is a count.
_NAMES = {"timeout", "seconds", "limit", "limit_seconds"}
_ASKS = {"capture", "examine", "reach", "in_time"}


def test_every_bound_is_registered_with_unit_and_reason() -> None:
    constants = {n: v for n, v in vars(limits).items() if n.isupper() and n != "ALL"}
    assert constants == {name: bound.value for name, bound in limits.ALL.items()}
    for name, bound in limits.ALL.items():
        assert bound.value > 0, name
        assert bound.unit in ("bytes", "seconds", "items", "levels"), name
        assert len(bound.why.split()) > 6, name
        assert bound.why.endswith("."), name


@pytest.mark.parametrize("name", sorted(limits.ALL))
def test_every_bound_is_used(name: str) -> None:
    own = (ROOT / "app/model/limits.py").read_text("utf-8")
    used = sum(len(re.findall(rf"limits\.{name}\b", text)) for text in SOURCES.values())
    assert used or len(re.findall(rf"\b{name}\b", own)) > 2


def _numbers(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        asked = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        named = [(k.arg, k.value) for k in call.keywords if k.arg in _NAMES]
        for name, value in [*named, *((asked, a) for a in call.args if asked in _ASKS)]:
            number = value.value if isinstance(value, ast.Constant) else None
            if isinstance(number, int | float) and number:
                yield call.lineno, f"{name}={number}"


def test_no_bound_stands_in_the_code() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line} {what}"
        for path, text in SOURCES.items()
        for line, what in _numbers(ast.parse(text))
        if not (path.parent.name == "download" and what.startswith("limit="))
        # looks at the stop wish, and simulated figures
        and not what.startswith("timeout=0.")
        and path.name != "simulated_results.py"
    ]
    assert found == []


def test_parts_fit_into_the_whole_that_holds_them() -> None:
    """A probe's own bound is above those of what it asks, so that one hanging part costs one fact."""
    assert limits.PROBE_CARDS > limits.NATIVE_LIBRARY
    assert limits.PROBE_PROGRAMS > limits.FOLDER * 2 + limits.PYTHONS
    assert limits.PYTHONS > limits.PYTHON_ANSWER * 2
    assert limits.PROBE_QUICK > limits.VOLUME * 3
    assert limits.PROBE_NETWORK > limits.TOOL + limits.REACHING
    assert limits.PROBE_LEFTOVERS > limits.LEFTOVER_SIZES
    assert limits.NO_PROGRESS > limits.TRIES * (limits.RETRY_AFTER + limits.READ)
    assert limits.CLOSING < 5  # Windows' own


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        (" 12 ", 12),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("\u00b2", None),
        ("\u0661", None),
        ("1_0", None),
        ("9" * 15, 999_999_999_999_999),
        ("9" * 16, None),
    ],
)
def test_a_number_from_outside(text: str, number: int | None) -> None:
    assert limits.whole_number(text) == number
