"""Sentences read back from disk, in the pretended language: no English stays among them."""

# ruff: noqa: F811  (fixtures are taken from another module)
from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec
import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from app.engine.session import Session
from app.gui import languages
from app.gui.messages import localize
from app.gui.pages.verify import Verify
from app.gui.widgets.card import Label
from app.gui.widgets.plan_list import PlanList
from app.gui.wizard import Wizard
from app.model.event import Failed, Measured
from app.model.message import Message
from app.model.stored_messages import collect_messages
from app.model.verdict import Verification
from build.pseudo import PseudoTranslator, pseudo
from tests.gui.fake_session import inside
from tests.gui.test_home import home, session, wizard, words  # noqa: F401
from tests.journeys.small import plan


@pytest.fixture
def pseudo_language(wizard: Wizard, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every text of the window and of data has a translation in it."""
    translator = PseudoTranslator()
    QCoreApplication.installTranslator(translator)
    monkeypatch.setattr(languages, "_spoken", ["qps"])
    yield
    QCoreApplication.removeTranslator(translator)


def leave_verdict(session: Session) -> Verification:
    """Judge a run whose packages differ from one another's wishes, as every verification is judged
    and written, and forget it, as a program does that ends.
    """
    asked = [
        {"by": "unsloth", "name": "triton", "asked": ">=3.0.0", "found": None},
        {"by": "thing", "name": "other", "asked": "<2", "found": "2.1"},
    ]
    measured = [
        ("check", Measured(name="python.version", value="3.11.9")),
        ("check", Measured(name="torch.version", value="2.13.0+cpu")),
        ("check", Measured(name="packages.unmet", value=2, detail={"rows": asked})),
    ]
    failures = {"check": Failed(code="wrong-result", message=Message("{n} are off.", n=7))}
    session.execution._judge_run(plan("small-1"), measured, failures)
    verdict, session.execution.verification = session.execution.verification, None
    assert verdict is not None
    return verdict


def test_the_verdict_of_an_earlier_day_speaks_the_windows_language(
    qtbot: QtBot,
    wizard: Wizard,
    session: Session,
    pseudo_language: None,
) -> None:
    verdict = leave_verdict(session)
    sentences = [Message(p.text, **p.values) for p in collect_messages(verdict)]
    assert sentences, "a verdict with figures in its sentences"
    home(qtbot, wizard)
    wizard.go("verify")
    assert isinstance(wizard.currentPage(), Verify)
    shown = words(wizard)
    for remark in verdict.remarks:
        assert isinstance(remark.detail, Message)
        assert localize(remark.detail) in shown and str(remark.detail) not in shown
    stored = session.environments.verification("small-1")
    assert stored is not None and stored == verdict
    assert [localize(row.why) for row in stored.comparisons] == [
        localize(row.why) for row in verdict.comparisons
    ]


def test_what_is_missing_is_told_in_the_windows_language(
    qtbot: QtBot, wizard: Wizard, session: Session, pseudo_language: None
) -> None:
    files, place = session.system.files, session.place
    packages = place.site_packages("small-1", session.knowledge.profile("small").python)
    gone = next(path for path, _ in files.walk(packages) if path.endswith("__init__.py"))
    files.remove(gone)
    home(qtbot, wizard)
    assert pseudo("1 file of {name} is missing: {first}.")[:10] in words(wizard)
    assert "is missing:" not in words(wizard)


def test_a_plan_that_was_cut_off_speaks_the_windows_language(
    session: Session,
    pseudo_language: None,
) -> None:
    title = Message("{count} packages into the environment", count=12)
    old = plan("small-2")
    steps = [msgspec.structs.replace(step, title=title) for step in old.steps]
    made = msgspec.structs.replace(
        old, title=Message("Install {profile}", profile="Small"), steps=tuple(steps)
    )
    session.home.journal.began("cut", made)
    again = session.undo.unfinished()
    assert again is not None and again.plan == made
    assert localize(again.plan.title) == pseudo("Install {profile}").format(profile=pseudo("Small"))
    said = pseudo("{count} packages into the environment").format(count=12)
    listed = PlanList(again.plan)
    assert said in [label.text() for label in inside(listed, Label)]


def test_a_home_of_before_stays_readable_and_is_english(session: Session) -> None:
    verdict = leave_verdict(session)
    path = session.place.verification("small-1")
    fields = json.loads(session.system.files.read(path) or b"")
    assert fields.pop("messages")
    session.system.files.write(path, json.dumps(fields).encode())
    stored = session.environments.verification("small-1")
    assert stored == verdict and collect_messages(stored) == ()
