"""Alt and a letter do one thing.

On no page, in neither language, have two controls the same letter.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QShortcut
from PySide6.QtWidgets import QAbstractButton, QTabBar, QWidget
from pytestqt.qtbot import QtBot

from app.gui.dialogs.machines import Machines
from app.gui.dialogs.paste_log import PasteLog
from app.gui.dialogs.plan_details import PlanDetails
from app.gui.dialogs.report_preview import ReportPreview
from app.gui.pages.install import Install
from app.gui.pages.verify import Verify
from app.gui.widgets.diagnosis_card import DiagnosisCard, remedy_label
from app.gui.wizard import Wizard
from app.model.event import Failed, Started
from app.model.pointer import Pointer
from tests.gui.fake_session import Staged, inside
from tests.gui.sample_run import DIAGNOSIS, ENV, PLAN, VERDICT, Act, failed_install, good_install
from tests.gui.test_text_clipping import language  # noqa: F401


def failed_check() -> Iterator[Act]:
    """The first check of an install fails."""
    yield "check-versions", Started(title="Python and packages")
    yield (
        "check-versions",
        Failed(code="check-failed", message="The check failed.", diagnosis=DIAGNOSIS),
    )


@pytest.fixture
def session(tmp_path: Path, language: str) -> Staged:  # noqa: F811
    staged = Staged(tmp_path)
    staged.change(language=language)
    staged.offered |= {"kernel", "shortcut"}
    staged.active = Pointer(
        active=ENV, profile="torch28-2025.11", previous="older", at="2026-11-24T15:00:00Z"
    )
    staged.moved = {"Q:\\1": "C:\\old"}
    staged.execution.verification = VERDICT
    return staged


def letters(window: QWidget) -> dict[str, list[str]]:
    """The keys with Alt that work now, and what each is for."""
    found: dict[str, list[str]] = {}
    for button in inside(window, QAbstractButton):
        if button.isVisible() and not button.shortcut().isEmpty():
            found.setdefault(button.shortcut().toString(), []).append(button.text())
    shortcuts: list[QShortcut] = list(window.findChildren(QShortcut))
    for shortcut in shortcuts:
        name = shortcut.parent()
        if (
            isinstance(name, QWidget)
            and name.isVisible()
            and shortcut.key().toString().startswith("Alt+")
        ):
            found.setdefault(shortcut.key().toString(), []).append(getattr(name, "text", str)())
    for tabs in inside(window, QTabBar):
        for text in (tabs.tabText(at) for at in range(tabs.count())):
            found.setdefault(f"Alt+{text[text.index('&') + 1].upper()}", []).append(text)
    return found


def twice(window: QWidget, qtbot: QtBot) -> dict[str, list[str]]:
    """Those that several controls claim."""
    qtbot.wait(50)  # letters work from the first paint on
    qtbot.waitUntil(lambda: bool(letters(window)), timeout=10_000)
    found = letters(window)
    return {key: names for key, names in found.items() if len(names) > 1}


@pytest.mark.parametrize(
    "page", ["welcome", "this-pc", "setup", "clean-up", "install", "verify", "ready", "train"]
)
def test_on_every_page(qtbot: QtBot, wizard: Wizard, page: str) -> None:
    qtbot.waitUntil(lambda: not wizard.is_surveying, timeout=30_000)
    wizard.go(page)  # type: ignore[arg-type]
    assert twice(wizard, qtbot) == {}


@pytest.mark.parametrize("acts", [failed_install, failed_check])
def test_where_a_step_failed(qtbot: QtBot, wizard: Wizard, session: Staged, acts: object) -> None:
    session.acts = acts  # type: ignore[assignment]
    wizard.go("install")
    page = wizard.page_of("install")
    assert isinstance(page, Install)
    page.start(PLAN)
    qtbot.waitUntil(lambda: not page.running, timeout=30_000)
    assert inside(page, DiagnosisCard) and twice(wizard, qtbot) == {}
    if acts is failed_check:
        session.verdict = None
        wizard.go("verify")
        verify = wizard.page_of("verify")
        assert isinstance(verify, Verify)
        verify._show_changes(("torch 2.6.0 instead of 2.8.0",))
        assert twice(wizard, qtbot) == {}


def test_while_a_run_is_watched_and_after_it_was_stopped(
    qtbot: QtBot, wizard: Wizard, session: Staged
) -> None:
    acts = list(good_install())
    session.gate = (
        next(n for n, (step, _) in enumerate(acts) if step.startswith("check")) + 2,
        threading.Event(),
    )
    wizard.go("install")
    page = wizard.page_of("install")
    assert isinstance(page, Install)
    page.start(PLAN)
    qtbot.waitUntil(lambda: page._watching, timeout=30_000)
    running = twice(wizard, qtbot)
    session.execution.stop()
    qtbot.waitUntil(lambda: not page.running, timeout=30_000)
    assert running == {}
    assert page.bar.primary is not None and twice(wizard, qtbot) == {}


def test_every_remedy_beside_what_stands_around_it(
    qtbot: QtBot, wizard: Wizard, session: Staged
) -> None:
    def letter(text: str) -> str:
        return text[text.index("&") + 1].upper()

    session.acts = failed_check
    wizard.go("install")
    page = wizard.page_of("install")
    assert isinstance(page, Install)
    page.start(PLAN)
    qtbot.waitUntil(lambda: not page.running, timeout=30_000)
    fix = inside(page, DiagnosisCard)[0].fix_button
    taken = {
        key.removeprefix("Alt+")
        for key, names in letters(wizard).items()
        if fix is None or names != [fix.text()]
    }
    for remedy in (
        "other-profile",
        "rebuild-environment",
        "refetch",
        "system-certificates",
        "clear-cache",
        "free-space",
        None,
    ):
        assert letter(remedy_label(remedy)) not in taken, remedy_label(remedy)


@pytest.mark.parametrize("kind", [ReportPreview, PlanDetails, PasteLog, Machines])
def test_in_every_sheet_with_letters(
    qtbot: QtBot, wizard: Wizard, session: Staged, kind: type
) -> None:
    sheet = kind(wizard, *{PlanDetails: (PLAN,), PasteLog: (session,)}.get(kind, ()))
    qtbot.addWidget(sheet)
    sheet.show()
    assert twice(sheet, qtbot) == {}
    sheet.close()
