"""An install looks first at all but the sizes of what lies about."""

from __future__ import annotations

from pathlib import Path

from app.adapters.local_system import open_system
from app.adapters.resources import resource_names, resource_reader
from app.engine import surveying
from app.engine.session import Session
from app.knowledge import load
from app.model.answers import Answers


def test_sizes_follow_where_they_count(tmp_path: Path) -> None:
    """The same leftovers with and without; none is called unmeasurable before it was measured."""
    read = resource_reader()
    home = tmp_path / "home"
    (home / "cache").mkdir(parents=True)
    (home / "cache" / "big").write_bytes(bytes(100_000))
    known = load(read, resource_names())
    session = Session(open_system(), known, Answers(home=str(home)), lambda name: read(name) or b"")
    surveying.look_quickly(session)
    quick = session.known_facts()
    assert all(left.size is None for left in quick.leftovers)
    assert not [note for note in quick.notes if note.about.startswith("leftovers.")]
    surveying.measure_leftovers(session)
    whole = session.known_facts()
    assert [left.path for left in whole.leftovers] == [left.path for left in quick.leftovers]
    late = {note.about for note in whole.notes}
    assert all(left.size is not None or f"leftovers.{left.id}" in late for left in whole.leftovers)
    kept = session.known_facts()
    surveying.look_quickly(session)
    assert session.known_facts() is kept


def test_the_diagnosis_is_read_when_it_is_asked_for() -> None:
    read, seen = resource_reader(), []

    def watched(name: str) -> bytes | None:
        seen.append(name)
        return read(name)

    known = load(watched, resource_names())
    assert not [name for name in seen if name.startswith(("known_issues/", "guide/"))]
    assert known.known_issues.causes and known.guide.memory
    count = len(seen)
    assert known.known_issues is known.known_issues and len(seen) == count
