"""Work in the background: what it says is passed on, its result or its fault comes when asked for."""

from __future__ import annotations

import threading
from collections.abc import Generator

import pytest

from app.model.errors import ExpectedError
from app.model.event import AnyPayload, Line
from app.steps.background import Background
from app.steps.subprocesses import say


def test_its_words_and_its_result_are_passed_on() -> None:
    gate = threading.Event()

    def work() -> Generator[AnyPayload, None, int]:
        yield say("begun")
        gate.wait(60)
        yield say("over")
        return 7

    later = Background(work())
    assert later.result() is None
    gate.set()
    later.wait(60)
    assert later.result() == 7
    assert [w.text for w in later.passed_on() if isinstance(w, Line)] == [b"begun\n", b"over\n"]
    assert list(later.passed_on()) == []


def test_its_fault_comes_when_asked() -> None:
    def work() -> Generator[AnyPayload, None, int]:
        yield say("begun")
        raise ExpectedError("index_denied", "The index refused.")

    later = Background(work())
    later.wait(60)
    with pytest.raises(ExpectedError) as caught:
        later.result()
    assert caught.value.code == "index_denied"
