"""A message reads as English and stays a template with its values."""

from __future__ import annotations

import copy

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.decide.redaction.masking import SecretMasker
from app.model.advice import Finding
from app.model.encoding import encode, to_builtins
from app.model.message import Message, joined, lower_first, upper_first, without_stop
from app.steps.script_events import read_event


def test_it_reads_as_english_and_keeps_what_it_is_made_of() -> None:
    made = Message(
        "{share:.0%} of {size:.1f} GB in {folder}: {why}.",
        share=0.25,
        size=4.2,
        folder="C:\\unsloth",
        why=Message("{count:,} files", count=12345),
    )
    assert made == "25% of 4.2 GB in C:\\unsloth: 12,345 files."
    assert made.text == "{share:.0%} of {size:.1f} GB in {folder}: {why}."
    assert made.values["size"] == 4.2
    assert isinstance(made.values["why"], Message)


@given(st.text())
def test_a_value_is_never_read_as_a_template(value: str) -> None:
    assert Message("<{value}>", value=value) == f"<{value}>"
    assert Message("<{value}>", value=value).map_values(str) == f"<{value}>"


def test_a_place_without_a_value_and_braces_of_other_kinds_stay() -> None:
    assert Message('{name}: {"version": "1.2"} {}', other=1) == '{name}: {"version": "1.2"} {}'


def test_several_values_stand_with_commas() -> None:
    assert Message("{names} are gone.", names=["a", Message("{n} more", n=2)]) == (
        "a, 2 more are gone."
    )


def test_an_exception_is_kept_as_its_text() -> None:
    made = Message("It failed: {error}.", error=ValueError("no"))
    assert made.values == {"error": "no"}


def test_messages_in_a_row_stay_messages() -> None:
    made = joined("; ", [Message("{n} files", n=2), "plain"])
    assert made == "2 files; plain"
    assert isinstance(made.values["1"], Message)


@pytest.mark.parametrize(
    ("text", "small", "capital"),
    [
        (Message("The disk {d} is full", d="C"), "the disk C is full", "The disk C is full"),
        (
            Message("{what} is full", what=Message("The disk")),
            "the disk is full",
            "The disk is full",
        ),
        ("it is a link", "it is a link", "It is a link"),
        (Message("{n} files", n=2), "2 files", "2 files"),
        ("", "", ""),
    ],
)
def test_the_first_letter_follows_the_sentence(text: str, small: str, capital: str) -> None:
    assert (lower_first(text), upper_first(text)) == (small, capital)
    assert isinstance(lower_first(text), Message) is isinstance(text, Message)


def test_a_stop_at_the_end_goes() -> None:
    made = without_stop(Message("{a} is gone.", a="x"))
    assert made == "x is gone"
    assert isinstance(made, Message)
    assert without_stop("Gone.") == "Gone"


def test_json_has_plain_english() -> None:
    finding = Finding(
        id="x",
        severity="warns",
        title=Message("{name} is full", name="C:"),
        detail="",
        seen="",
        remedy="",
    )
    assert to_builtins(finding)["title"] == "C: is full"
    assert type(to_builtins(finding)["title"]) is str
    assert msgspec.json.decode(encode(finding), type=Finding) == finding


def test_what_has_no_form_in_json_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="object has no form in JSON"):
        encode(object())


def test_a_copy_is_the_same_message() -> None:
    made = Message("{a} and {b:.1f}", a=Message("one"), b=2.0)
    other = copy.deepcopy(made)
    assert (other, other.text, other.values) == (made, made.text, made.values)


def test_secrets_go_out_of_the_values() -> None:
    masker = SecretMasker(["hunter22"])
    masked = masker.text(Message("{host} refuses {user}.", host="pypi", user="kim:hunter22"))
    assert masked == "pypi refuses kim:***."
    assert isinstance(masked, Message)
    assert masker.text(Message("It is hunter{n}.", n=22)) == "It is ***."


def test_a_check_hands_its_message_on_whole() -> None:
    line = (
        b'{"what": "failed", "code": "wrong", "message": "It ran, but the loss is 3.25.", '
        b'"template": {"text": "It ran, but {why}.", "values": {"why": '
        b'{"text": "the loss is {loss:.2f}", "values": {"loss": 3.251}}}}}'
    )
    event = read_event(line)
    assert event is not None
    message = event.message  # type: ignore[union-attr]
    assert message == "It ran, but the loss is 3.25."
    assert isinstance(message, Message)
    why = message.values["why"]
    assert isinstance(why, Message)
    assert why.values == {"loss": 3.251}


@pytest.mark.parametrize(
    "template",
    [
        b'{"text": "Something else."}',
        b'{"text": "Loss {x:.2f}", "values": {"x": "nan"}}',
        b'{"values": 3}',
        b'"text"',
        b'{"text": "{a}", "values": {"a": {"text": 5}}}',
    ],
)
def test_a_template_that_does_not_agree_leaves_the_sentence(template: bytes) -> None:
    event = read_event(
        b'{"what": "failed", "code": "wrong", "message": "Loss nan", "template": ' + template + b"}"
    )
    assert event is not None
    assert type(event.message) is str  # type: ignore[union-attr]
