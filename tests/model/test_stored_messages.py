"""Messages written down and read again: the same sentences, in English and taken apart."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.model.encoding import encode
from app.model.message import Message, joined
from app.model.plan import Activate, Plan, decode_plan
from app.model.stored_messages import MessageParts, collect_messages, restore_messages
from app.model.verdict import Comparison, Remark, Verification

VALUES = st.recursive(
    st.text(max_size=8) | st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.builds(lambda value: Message("because {why}", why=value), inner)
    ),
    max_leaves=4,
)


def written_and_read(plan: Plan) -> Plan:
    """What comes back of a plan by its JSON and that of its messages."""
    kept = msgspec.json.decode(encode(collect_messages(plan)), type=tuple[MessageParts, ...])
    return restore_messages(decode_plan(encode(plan)), kept)


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same down to the templates."""
    if isinstance(one, Message):
        return (
            isinstance(other, Message)
            and (str(one), one.text, one.values.keys())
            == (str(other), other.text, other.values.keys())
            and all(same(one.values[name], other.values[name]) for name in one.values)
        )
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return not isinstance(other, Message) and bool(one == other)


@given(VALUES)
def test_what_is_read_again_is_the_same_message(value: Any) -> None:
    title = Message("Install {what}", what=value)
    plan = Plan(title=title, steps=(Activate(id="a", title=title, environment="e", profile="p"),))
    back = written_and_read(plan)
    assert back == plan
    assert same(title, back.title) and same(title, back.steps[0].title)


def test_every_sentence_of_a_verdict_comes_back_however_deep() -> None:
    why = joined(" ", [Message("It needs {a}.", a="x"), Message("{n:.1f} GB free.", n=2.5)])
    row = Comparison(check="c", guide="1", expected="2", actual=None, result="explained", why=why)
    verdict = Verification(
        comparisons=(row,),
        remarks=(Remark(severity="warns", title="Plain", detail=Message("Only {n}.", n=3)),),
    )
    kept = collect_messages(verdict)
    plain = msgspec.json.decode(encode(verdict), type=Verification)
    back = restore_messages(plain, kept)
    assert same(why, back.comparisons[0].why) and same(
        verdict.remarks[0].detail, back.remarks[0].detail
    )
    assert type(back.remarks[0].title) is str
    assert back == verdict


def test_a_sentence_without_values_needs_no_parts() -> None:
    assert collect_messages(Plan(title=Message("Clean up"))) == ()


@pytest.mark.parametrize(
    "values", [{"n": "x"}, {"n": {"other": 1}}, {"n": {"text": 1}}, {"n": [{"values": {}}]}]
)
def test_parts_that_fit_no_message_leave_the_english(values: dict[str, Any]) -> None:
    plan = Plan(title="Install 3")
    assert restore_messages(plan, [MessageParts(text="Install {n:d}", values=values)]) == plan
