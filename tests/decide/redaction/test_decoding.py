"""A form's words are read as a form sends them, found by their signs in percent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.decide.redaction.decoding import _FORM, _plus_as_space
from tests import fuzzing

PIECES = ["%20", "%", "+", "a", "b ", " ", "\n", "\t", "%zz", "x%41", "100%", "\u00a0", "\u2028"]


@fuzzing.runs(300)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_plus_is_a_space_in_the_words_of_a_form_alone(text: str) -> None:
    assert _plus_as_space(text) == _FORM.sub(lambda word: word.group().replace("+", " "), text)


def test_a_long_word_is_read_once() -> None:
    word = "+%zz" * 200_000 + "%41+"
    assert _plus_as_space(word) == word
    assert _plus_as_space("%41+" * 200_000) == "%41 " * 200_000
