"""A fault on the screen is one sentence and one primary act that has the keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot

from app.gui.error_dialog import _build_dialog
from app.gui.pages.install import Install
from app.gui.pages.verify import Verify
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Heading
from app.gui.wizard import Wizard
from app.model.errors import ExpectedError, InputError
from app.model.verdict import Remark
from tests.gui.fake_session import Staged, inside
from tests.gui.sample_run import PLAN, VERDICT, failed_install

EXPECTED = (
    InputError("rows.jsonl is empty; expected rows.", hint="Choose another file."),
    ExpectedError(
        "busy", "Another run is at work in this home.", hint="Wait for it, or close its window."
    ),
    ExpectedError("check-failed", "The check “Benchmark” did not pass.", details="Traceback …"),
)


def primaries(buttons: list[Button]) -> list[Button]:
    return [b for b in buttons if b.kind == "primary" and not b.isHidden()]


@pytest.mark.parametrize("error", [*EXPECTED, ValueError("a\nb"), KeyError("x"), OSError(28, "no")])
def test_a_fault_is_one_sentence_with_one_way_on(
    qtbot: QtBot,
    wizard: Wizard,
    error: Exception,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)  # the invented PC's home is no absolute path on every system
    qtbot.waitUntil(lambda: wizard.painted and wizard.ready)
    dialog = _build_dialog(wizard, error)
    qtbot.addWidget(dialog)
    dialog.fit()
    dialog.show()
    title = inside(dialog, Heading)[0].text()
    assert title and "\n" not in title and title.count(". ") == 0
    for raw in ("Traceback", "Error(", "KeyError", "ValueError", "[Errno"):
        assert raw not in title  # it may stand in the details below
    ways = primaries(inside(dialog, Button))
    assert [b.text() for b in ways] == ["Close"]
    qtbot.waitUntil(dialog.isVisible)
    assert dialog.focusWidget() is ways[0] or ways[0].isDefault()
    for field in inside(dialog, QPlainTextEdit):
        assert field.isReadOnly() and field.accessibleName()


def test_a_failed_install_leads_by_one_button(
    qtbot: QtBot, wizard: Wizard, session: Staged
) -> None:
    session.acts = failed_install
    wizard.go("install")
    page = wizard.page_of("install")
    assert isinstance(page, Install)
    page.start(PLAN)
    qtbot.waitUntil(lambda: not page.running)
    qtbot.waitUntil(page.bar.isVisible)
    assert len(primaries(inside(page, Button))) == 1
    assert page.subtitle_label.text().count("\n") == 0 and page.subtitle_label.text()


@pytest.mark.parametrize("overall", ["broken", "works_slowly"])
def test_a_verdict_that_is_not_good_leads_by_one_button(
    qtbot: QtBot, wizard: Wizard, session: Staged, overall: str
) -> None:
    import msgspec

    remark = Remark(severity="blocks", title="The adapter could not be loaded again", detail="")
    session.execution.verification = msgspec.structs.replace(
        VERDICT,
        overall=overall,
        remarks=(remark,) if overall == "broken" else VERDICT.remarks,
    )
    wizard.go("verify")
    page = wizard.page_of("verify")
    assert isinstance(page, Verify)
    qtbot.waitUntil(page.bar.isVisible)
    assert len(primaries(inside(page, Button))) == 1
    assert page.title_label.text() and "\n" not in page.subtitle_label.text()
