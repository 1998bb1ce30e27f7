"""That a word stands in a large text is told from its parts, and told right."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.decide.diagnosis.regex_prefilter import _LARGE, SearchedText
from tests import fuzzing

# few signs, so that words meet: of each kind that parts treat in their own way
SIGNS = st.text(
    alphabet="ab0\u0130\u017fA?-_.@:/\\\"'( \n\u00e9\u03a9\ud800", min_size=1, max_size=6
)


@fuzzing.runs(400)
@given(st.lists(SIGNS, min_size=1, max_size=12), SIGNS)
def test_a_large_text_holds_what_it_holds(pieces: list[str], word: str) -> None:
    text = "".join(pieces)
    searched = SearchedText(text + "\n" * (_LARGE + 1))
    assert searched.holds(word, exact=True) == (word in searched.text)
    small = word.lower()
    assert searched.holds(small) == (small in searched.lower)
    assert searched.may_hold(small) or small not in searched.lower
