"""Lists what the guide's clean-up took out of environments, with the way back.

A quiet row each: where, when, what.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from shiboken6 import isValid

from app.gui import formatting
from app.gui.error_dialog import show_fault
from app.gui.formatting import translate
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Card, Elided, Label, line
from app.gui.widgets.dialog import Dialog
from app.model.event import Failed, Line, StepEvent, Stopped
from app.model.terminal_text import plain
from app.steps.put_packages_back import SavedPackages

if TYPE_CHECKING:
    from app.gui.frame import Frame


class RemovedPackages(Card):
    """Hidden as long as nothing is missing anywhere. ``refresh`` asks again, beside the page;
    ``filled`` when the rows are there.
    """

    filled = Signal()

    def __init__(self, wizard: Frame) -> None:
        super().__init__(tight=True)
        self._wizard = wizard
        self.box.setSpacing(6)
        self.rows: dict[str, RemovedRow] = {}
        self._parts: list[QWidget] = []
        self.setVisible(False)

    def refresh(self) -> None:
        """Find out what is missing now; a row that is putting back stays as it is."""
        if any(row.running for row in self.rows.values()):
            return
        found: list[SavedPackages] = []
        stream = self._wizard.stream(self._wizard.session.undo.removed_packages, found.append)
        stream.ended.connect(
            lambda fault: self._show_rows(found) if fault is None and isValid(self) else None
        )
        stream.start()

    def _show_rows(self, found: list[SavedPackages]) -> None:
        if any(row.running for row in self.rows.values()):
            return
        for old in self._parts:
            self.box.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._parts, self.rows = [], {}
        for taken in found:
            row = RemovedRow(self._wizard, taken)
            self.rows[taken.saved] = row
            for part in (line(), row) if self._parts else (row,):
                self._parts.append(part)
                self.box.addWidget(part)
        self.setVisible(bool(found))
        self.filled.emit()


class RemovedRow(QWidget):
    """One saved list. Its button shows first what would be installed, then becomes the one that
    stops it.
    """

    def __init__(self, wizard: Frame, taken: SavedPackages) -> None:
        super().__init__()
        self._wizard, self._taken, self.running = wizard, taken, False
        root = root_of(taken, wizard)
        self.name = translate("TakenOut", "Packages taken out of {environment} on {date}").format(
            environment=root.replace("\\", "/").rpartition("/")[2] or root,
            date=formatting.day(taken.day),
        )
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 6, 0, 6)
        box.setSpacing(14)
        column = QVBoxLayout()
        column.setSpacing(3)
        column.addWidget(Label(self.name, "value"))
        column.addWidget(Elided(root, "mono", "muted"))
        self.status_line = Elided(describe_removed(taken), "small", "muted")
        column.addWidget(self.status_line)
        box.addLayout(column, 1)
        self.button = Button(translate("TakenOut", "Put back …"), self._on_button, "small")
        self.button.setAccessibleName(
            translate("TakenOut", "Put back: {name}").format(name=self.name)
        )
        box.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)

    def _on_button(self) -> None:
        if self.running:
            self._stream.stop()
        elif not self._wizard.busy() and Offer(self._wizard, self._taken).exec():
            self._run_plan()

    def _run_plan(self) -> None:
        """Carry the plan out beside the page, through the runner that every plan goes through, and
        say how it goes.
        """
        session, before = self._wizard.session, self._wizard.busy
        ends: list[Failed | Stopped] = []

        def take(event: StepEvent) -> None:
            if isinstance(event.what, Line) and isValid(self.status_line):
                lines = plain(event.what.text.decode("utf-8", "replace")).strip().splitlines()
                if lines:
                    self.status_line.set_content(lines[-1].strip())
            elif isinstance(event.what, Failed | Stopped):
                ends.append(event.what)

        def ended(fault: BaseException | None) -> None:
            self.running, self._wizard.busy = False, before
            if not isValid(
                self
            ):  # the page was built again meanwhile, in another language for example
                return
            self.button.setText(translate("TakenOut", "Put back …"))
            if fault is None and not ends:
                self.button.setVisible(False)
                self.status_line.set_ink("ok")
                self.status_line.set_content(translate("TakenOut", "Back where they were"))
                self._wizard.start_survey()
                return
            self.status_line.set_content(
                translate("TakenOut", "Stopped. What is missing can be put back later.")
                if fault is None
                else describe_removed(self._taken)
            )
            if fault is not None:
                show_fault(self._wizard, fault)

        def events() -> Iterator[StepEvent]:
            return session.execution.run_aside(session.plans.packages_back(self._taken.saved))

        self.running = True
        self.button.setText(translate("TakenOut", "Stop"))
        self.status_line.set_content(translate("TakenOut", "Putting the packages back …"))
        stream = self._wizard.stream(events, take, stop=session.execution.stop)
        self._stream = stream
        stream.ended.connect(ended)
        self._wizard.busy = lambda: stream.running
        stream.start()


class Offer(Dialog):
    """What would be installed where, before anything is."""

    def __init__(self, wizard: Frame, taken: SavedPackages) -> None:
        super().__init__(
            wizard,
            translate("TakenOut", "Put packages back"),
            translate(
                "TakenOut",
                "These are installed again, in the very versions that were taken out, from the "
                "indexes that are set. "
                "Nothing else in the environment changes.",
            ),
            width=560,
        )
        self.body.addWidget(Elided(root_of(taken, wizard), "mono", "muted"))
        listed = Card(tight=True)
        for package in taken.packages:
            listed.box.addWidget(Elided(package, "mono"))
        self.body.addWidget(listed)
        self.body.addStretch(1)
        self.button(translate("TakenOut", "Cancel"))
        self.button(translate("TakenOut", "&Put back"), self.accept, primary=True)


def root_of(taken: SavedPackages, wizard: Frame) -> str:
    """The environment's folder: its interpreter lies in it, or in one named for programs below it."""
    place = wizard.session.place
    folder = place.folder_of(taken.python)
    return place.folder_of(folder) if folder.lower().endswith(("/bin", "\\scripts")) else folder


def describe_removed(taken: SavedPackages) -> str:
    """The missing packages on one line, a few by name."""
    few = [package.replace("==", " ") for package in taken.packages[:5]]
    more = len(taken.packages) - len(few)
    return ", ".join(few) + (
        " " + translate("TakenOut", "and {n} more").format(n=more) if more else ""
    )
