"""The session stays thin: it holds facts, choices and answers, and named parts do its work."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from app.adapters.local_system import open_system
from app.adapters.resources import resource_names, resource_reader
from app.engine.session import Session
from app.knowledge import load
from app.model.advice import Choice
from app.model.answers import Answers
from app.model.machine import MachineFacts, Os

ENGINE = Path(__file__).resolve().parents[2] / "app" / "engine"
MOST = 25  # public members of a session
LINES = 400  # of each file that a session is made of
PARTS = (
    *("home", "network", "plans", "execution", "simulation"),
    *("environments", "undo", "exports", "desktop"),
)


@pytest.fixture
def session() -> Session:
    """A session over this computer that has asked nothing yet."""
    return Session(
        open_system(),
        load(resource_reader(), resource_names()),
        Answers(home="/nowhere"),
        lambda _: b"",
    )


def public(thing: object) -> set[str]:
    """All names of an object without an underscore, its own and its class's."""
    return {name for name in (*vars(thing), *vars(type(thing))) if not name.startswith("_")}


def test_a_session_has_few_public_members(session: Session) -> None:
    found = public(session)
    assert len(found) <= MOST, sorted(found)
    assert set(PARTS) < found


def test_a_session_is_composed_and_inherits_nothing(session: Session) -> None:
    assert Session.__mro__ == (Session, object)
    for name in PARTS:
        kind = type(getattr(session, name))
        assert kind.__mro__ == (kind, object), name
        assert kind.__module__.startswith("app.engine."), name


def test_each_file_of_the_session_is_short(session: Session) -> None:
    files = {"session"} | {
        type(getattr(session, name)).__module__.rsplit(".", 1)[1] for name in PARTS
    }
    assert len(files) == len(PARTS) + 1
    long = {
        name: count
        for name in files
        if (count := len((ENGINE / f"{name}.py").read_text(encoding="utf-8").splitlines())) > LINES
    }
    assert not long


def test_no_part_reaches_into_another(session: Session) -> None:
    """A part asks the session's public members and its own; what is private stays so."""
    found: list[str] = []
    for name in PARTS:
        path = ENGINE / f"{type(getattr(session, name)).__module__.rsplit('.', 1)[1]}.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
                owner = ast.unparse(node.value)
                if owner != "self" and not node.attr.startswith("__"):
                    found.append(f"{path.name}: {owner}.{node.attr}")
    assert not found


def test_choices_are_ranked_once_for_the_same_facts_and_answers(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.facts = MachineFacts(os=Os(family="linux"))
    asked: list[MachineFacts] = []
    rank: Callable[..., tuple[Choice, ...]] = session._rank

    def counted(facts: MachineFacts) -> tuple[Choice, ...]:
        asked.append(facts)
        return rank(facts)

    monkeypatch.setattr(session, "_rank", counted)
    first = session.choices()
    assert session.findings() and session.best() is first[0]
    assert session.choices() is first and len(asked) == 1
    session.change(verify="none")
    session.choices()
    assert len(asked) == 2
    other = MachineFacts(os=Os(family="windows"))
    session.facts = other
    assert session.choices() != first and asked[-1] is other and len(asked) == 3
    session.choose(first[-1].profile.id)
    assert session.best().profile is session.profile and len(asked) == 3
