"""The home page over environments that were really installed.

What it says, what leads, and undoing all of it without a command.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.engine.session import Session
from app.gui import languages
from app.gui.dialogs.remove import Remove
from app.gui.main import application
from app.gui.pages.home import Home
from app.gui.pages.install import Install
from app.gui.pages.welcome import Welcome
from app.gui.widgets.buttons import Button
from app.gui.widgets.dialog import Dialog
from app.gui.wizard import Wizard
from app.model.verdict import Verification
from app.probe import survey
from tests.fault_index import FaultIndex, lock_of, make_wheel
from tests.gui.fake_session import flush_and_close, inside
from tests.journeys.small import open_session, plan

WHEELS = [make_wheel("piece-0", size=50_000), make_wheel("piece-1", size=20_000)]
WAIT = 60_000


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A home with one environment, installed from a loopback index by the real steps."""
    with FaultIndex(WHEELS) as index:
        made = open_session(str(tmp_path / "home"), index.url, lock_of(WHEELS))
        for _ in made.execution.run(plan("small-1")):
            pass
        assert made.execution.outcome == "finished" and made.facts is not None
        facts = made.facts
        made.survey = lambda: survey.replay_facts(facts)  # type: ignore[method-assign]
        yield made


@pytest.fixture
def wizard(qtbot: QtBot, session: Session) -> Iterator[Wizard]:
    application()
    languages.install_language("en")
    made = Wizard(session)
    qtbot.addWidget(made)
    made.resize(1120, 740)
    yield made
    flush_and_close(made)


def prove(session: Session, name: str, overall: str = "works") -> None:
    """What a verification leaves."""
    import msgspec

    verdict = Verification(profile="small", environment=name, overall=overall)  # type: ignore[arg-type]
    session.system.files.write(session.place.verification(name), msgspec.json.encode(verdict))


def home(qtbot: QtBot, wizard: Wizard) -> Home:
    """The home page with its status."""
    wizard.show()

    def there() -> bool:
        page = wizard.currentPage()
        found = getattr(page, "home", None)
        return found is not None and found.status is not None and found.items is not None

    qtbot.waitUntil(there, timeout=WAIT)
    page = wizard.currentPage()
    assert isinstance(page, Welcome) and page.home is not None
    return page.home


def primary(wizard: Wizard) -> Button:
    found = wizard.page_of(wizard.stage).bar.primary
    assert found is not None
    return found


def press(widget: QWidget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def words(widget: QWidget) -> str:
    return "\n".join(label.text() for label in inside(widget, QLabel) if label.isVisible())


def in_dialog(act: object) -> list[str]:
    """Call ``act`` with the next modal dialog once it is on screen; what it said, in order."""
    heard: list[str] = []

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, Dialog):
            QTimer.singleShot(20, look)
            return
        heard.append(words(dialog))
        act(dialog)  # type: ignore[operator]

    QTimer.singleShot(20, look)
    return heard


def button(widget: QWidget, text: str) -> Button:
    return next(b for b in inside(widget, Button) if b.text().replace("&", "") == text)


def test_home_says_what_is_installed_proven_and_taken(
    qtbot: QtBot, wizard: Wizard, session: Session
) -> None:
    prove(session, "small-1")
    shown = home(qtbot, wizard)
    texts = words(wizard)
    assert "Your setup" in texts and "Small" in texts
    assert shown.tag.text() == "Works" and "was verified on this PC" in texts
    assert shown.changed.value.text() == "nothing" and shown.proven.value.text() != "never"
    items = session.undo.uninstallable()
    assert items and shown.items == items  # figures of one place
    assert primary(wizard).text() == "Train on your data" and primary(wizard).isEnabled()
    press(primary(wizard))
    assert wizard.stage == "train"


def test_what_was_never_verified_leads_to_verify(
    qtbot: QtBot, wizard: Wizard, session: Session
) -> None:
    Path(session.place.verification("small-1")).unlink(missing_ok=True)
    shown = home(qtbot, wizard)
    assert shown.tag.text() == "Not checked" and shown.proven.value.text() == "never"
    assert primary(wizard).text() == "Verify"


def test_a_changed_environment_is_told_and_mended_by_its_plan(
    qtbot: QtBot, wizard: Wizard, session: Session
) -> None:
    prove(session, "small-1")
    gone = next(Path(session.place.environment("small-1")).rglob("piece_0/__init__.py"))
    gone.unlink()
    shown = home(qtbot, wizard)
    assert shown.tag.text() == "Changed" and "piece-0" in words(shown.changes).replace("_", "-")
    assert primary(wizard).text() == "Put the locked state back"
    press(primary(wizard))
    assert wizard.stage == "install"


def test_broken_is_said_and_the_repair_is_a_plan(
    qtbot: QtBot, wizard: Wizard, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    prove(session, "small-1", "broken")
    monkeypatch.setattr(session.plans, "install", lambda: plan("small-1"))
    shown = home(qtbot, wizard)
    assert shown.tag.text() == "Does not work" and primary(wizard).text() == "Mend it"
    press(primary(wizard))
    install = wizard.page_of("install")
    assert isinstance(install, Install)
    qtbot.waitUntil(lambda: install.title_label.text() == "Plan of the repair", timeout=WAIT)
    assert "found it broken" in install.subtitle_label.text()
    assert install.plan is not None and install.plan.environment != "small-1"  # beside it


def test_going_back_says_first_what_the_last_verification_said(
    qtbot: QtBot, wizard: Wizard, session: Session
) -> None:
    for _ in session.execution.run(session.plans.remedy("rebuild-environment", plan("small-1"))):
        pass
    prove(session, "small-1", "broken")
    shown = home(qtbot, wizard)
    heard = in_dialog(lambda dialog: press(button(dialog, "Stay")))
    press(shown.back)
    assert "said: it does not work" in heard[0]
    pointer = session.home.pointer()
    assert pointer is not None and pointer.active == "small-1.2"  # nothing was changed
    in_dialog(lambda dialog: press(button(dialog, "Go back all the same")))
    press(shown.back)
    pointer = session.home.pointer()
    assert pointer is not None and pointer.active == "small-1"
    assert "is active now" in shown.status_line.text()
    qtbot.waitUntil(lambda: shown.tag.text() == "Does not work", timeout=WAIT)


def test_nothing_goes_that_was_not_ticked(qtbot: QtBot, wizard: Wizard, session: Session) -> None:
    prove(session, "small-1")
    shown = home(qtbot, wizard)
    seen: list[bool] = []

    def leave(dialog: Remove) -> None:
        seen.append(dialog.remove.isEnabled())
        assert not any(tick.isChecked() for tick in dialog.ticks.values())
        focus = dialog.focusWidget()
        assert focus is dialog.leave  # Enter changes nothing
        QTest.keyClick(dialog, Qt.Key.Key_Return)

    in_dialog(leave)
    press(shown.remove)
    assert seen == [False] and session.home.pointer() is not None


def test_everything_is_undone_from_the_window(
    qtbot: QtBot, wizard: Wizard, session: Session, tmp_path: Path
) -> None:
    prove(session, "small-1")
    shown = home(qtbot, wizard)

    def remove_all(dialog: Remove) -> None:
        press(button(dialog, "Tick everything"))
        assert all(tick.isChecked() for tick in dialog.ticks.values())
        assert " go, " in dialog.sum.text()
        press(dialog.remove)
        qtbot.waitUntil(lambda: not dialog.running, timeout=WAIT)
        assert "Removed." in words(dialog)
        press(dialog.leave)

    in_dialog(remove_all)
    press(shown.remove)
    assert not (tmp_path / "home").exists()

    def welcomed() -> bool:
        page = wizard.currentPage()
        return isinstance(page, Welcome) and page.built and page.home is None

    qtbot.waitUntil(welcomed, timeout=WAIT)
    assert "What will happen" in words(wizard)


def test_a_program_that_is_not_here_is_said_and_where_it_is_got(
    qtbot: QtBot, wizard: Wizard, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    prove(session, "small-1")
    opened: list[str] = []
    launched: list[tuple[tuple[str, ...], str, str]] = []
    computer = session.system.computer
    monkeypatch.setattr(computer, "open", opened.append)
    monkeypatch.setattr(computer, "which", lambda name: "/usr/bin/code" if name == "code" else None)
    monkeypatch.setattr(
        computer, "launch", lambda argv, folder, env: launched.append((tuple(argv), folder, env))
    )
    shown = home(qtbot, wizard)
    press(button(shown, "Get Jupyter"))
    assert (
        opened == ["https://jupyter.org/install"]
        and "was not found here" in shown.status_line.text()
    )


def test_vs_code_opens_in_a_folder_that_names_the_environment_to_it(
    qtbot: QtBot,
    wizard: Wizard,
    session: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A person's own settings stay; the line to add is said and VS Code opens all the same."""
    prove(session, "small-1")
    launched: list[tuple[tuple[str, ...], str, str]] = []
    computer, place = session.system.computer, session.place
    monkeypatch.setattr(computer, "which", lambda name: "/usr/bin/code" if name == "code" else None)
    monkeypatch.setattr(
        computer, "launch", lambda argv, folder, env: launched.append((tuple(argv), folder, env))
    )
    chosen = ["", str(tmp_path / "new"), str(tmp_path / "mine")]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: chosen.pop(0))
    mine = tmp_path / "mine" / ".vscode" / "settings.json"
    mine.parent.mkdir(parents=True)
    mine.write_text("{}")
    shown = home(qtbot, wizard)
    press(button(shown, "Open VS Code …"))
    assert launched == []
    press(button(shown, "Open VS Code …"))
    new, environment = str(tmp_path / "new"), place.environment("small-1")
    assert launched == [(("/usr/bin/code", new), new, environment)]
    written = json.loads((tmp_path / "new" / ".vscode" / "settings.json").read_text("utf-8"))
    assert Path(written["python.defaultInterpreterPath"]).samefile(
        place.environment_python("small-1")
    )
    assert new in shown.status_line.text()
    press(button(shown, "Open VS Code …"))
    assert launched[1][0] == ("/usr/bin/code", str(tmp_path / "mine")) and mine.read_text() == "{}"
    assert "is not replaced" in shown.status_line.text()
    assert "python.defaultInterpreterPath" in shown.status_line.text()
