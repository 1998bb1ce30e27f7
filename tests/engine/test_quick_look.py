"""What is read and looked at only where it is asked for."""

from __future__ import annotations

from pathlib import Path

from app.adapters.files import LocalFiles
from app.adapters.local_system import open_system
from app.adapters.resources import resource_names, resource_reader
from app.engine import surveying
from app.engine.session import Session
from app.knowledge import load
from app.model.answers import Answers


def test_where_nothing_is_installed_the_quick_look_leaves_the_survey_to_others(
    tmp_path: Path,
) -> None:
    read = resource_reader()
    answers = Answers(home=str(tmp_path / "home"))
    known = load(read, resource_names())
    session = Session(open_system(), known, answers, lambda name: read(name) or b"")
    assert surveying.find_in_place(session) is None and session.facts is None


def test_sizes_are_those_of_the_files_themselves(tmp_path: Path) -> None:
    """Slashes and dots as in packages' records; a link is not its target, a folder no file."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c.py").write_bytes(b"12345")
    (tmp_path / "beside").write_bytes(b"123")
    names = ["b/c.py", "../beside", "b/./c.py", "b/gone.py", "gone/c.py"]
    assert LocalFiles().lengths(str(tmp_path / "a"), names) == [5, 3, 5, None, None]
    assert LocalFiles().lengths(str(tmp_path / "nowhere"), ["x"]) == [None]


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
