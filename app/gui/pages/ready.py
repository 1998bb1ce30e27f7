"""Ready: a starter script sized to the card, what can be opened, the report, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QPlainTextEdit, QSizePolicy

from app.engine.stages import Stage
from app.gui import formatting, theme
from app.gui.error_dialog import show_fault
from app.gui.file_names import proposed
from app.gui.formatting import translate
from app.gui.messages import localize
from app.gui.pages.page import Page
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Card, Container, Heading, Label, heading
from app.gui.widgets.collapsible import Collapsible
from app.gui.widgets.removed_packages import RemovedPackages
from app.gui.widgets.training_settings import TrainingSettings
from app.model.errors import ExpectedError
from app.model.event import Started, StepEvent
from app.model.plan import Plan
from app.model.pointer import Pointer
from app.model.profile import Profile

if TYPE_CHECKING:
    from app.gui.frame import Frame


class Ready(Page):
    """The last page: everything that one does with a setup that works."""

    stage: Stage = "ready"

    def __init__(self, wizard: Frame) -> None:
        super().__init__(wizard)
        self._later = QTimer(self)  # the script follows the knobs when they rest
        self._later.setSingleShot(True)
        self._later.setInterval(150)
        self._later.timeout.connect(self._write_script)

    def build(self) -> None:
        """Knobs and script above, acts below."""
        self._built = self._read_state()
        self._tells: dict[str, Label] = {}
        profile = self._shown
        facts = self.session.facts
        self.knobs = TrainingSettings(self.session.knowledge.guide, profile, facts)
        self.knobs.changed.connect(self._later.start)
        card = Card()
        card.box.setSpacing(10)
        row, _ = heading(
            translate("Ready", "Starter training script"),
            translate("Ready", "runs as it is, on a tiny data set"),
        )
        card.box.addLayout(row)
        card.box.addWidget(self.knobs)
        self.script = QPlainTextEdit()
        self.script.setReadOnly(True)
        self.script.setFont(theme.font("mono"))
        self.script.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.script.setTabChangesFocus(True)
        self.script.setAccessibleName(translate("Ready", "The script"))
        self.script.setMinimumHeight(132)
        # It takes what height there is: by the editor's own wish the page would scroll where it
        # need not.
        self.script.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        card.box.addWidget(self.script, 1)
        acts, low = Collapsible(wide=560, gap=10), Container(across=True, gap=10)
        self.status_line = Label("", "small", "muted")
        low.box.addWidget(Button(translate("Ready", "&Copy the script"), self._copy))
        low.box.addWidget(Button(translate("Ready", "&Save the script …"), self._save))
        low.box.addWidget(self.status_line, 1)
        acts.box.addWidget(low, 1)
        if self.session.knowledge.guide.memory:
            acts.box.addWidget(
                Button(
                    translate("Ready", "The guide's memory table"), self._show_memory_table, "link"
                )
            )
        card.box.addWidget(acts)
        self.body.addWidget(card, 1)
        lower = Collapsible(wide=620, gap=theme.GAP)
        lower.box.addWidget(self._build_use_card(), 1)
        lower.box.addWidget(self._build_care_card(), 1)
        self.body.addWidget(lower)
        self.taken = RemovedPackages(self.frame)
        self.taken.filled.connect(self.set_tab_order)
        self.body.addWidget(self.taken)

    def enter(self) -> None:
        """Title, script and bar as things stand now; all again where another setup has become active
        since.
        """
        if self._read_state() != self._built:
            self.rebuild()
            self.prepare()
            return
        profile = self._shown
        name = localize(profile.title) if profile is not None else ""
        verdict = self.session.execution.verification
        proven = verdict is not None and verdict.overall == "works" and not self.session.simulated
        self.set_header(
            translate("Ready", "Ready"),
            formatting.joined(
                [
                    translate("Ready", "Simulation") if self.session.simulated else "",
                    name,
                    translate("Ready", "proven on this machine") if proven else "",
                ]
            ),
        )
        self._write_script()
        self.status_line.setText(self._fault)
        self.taken.refresh()
        bar = self.bar
        if bar.primary is None:
            bar.button(translate("Ready", "&Back"), self.frame.backward)
            bar.button(translate("Ready", "Train on &your data"), self.frame.forward)
            bar.main(translate("Ready", "C&lose"), self.frame.close)

    def _read_state(self) -> tuple[object, ...]:
        """What is installed and what can be done with it; a broken pointer file leaves only what
        needs none.
        """
        self._pointer: Pointer | None = None
        self._fault = ""
        try:
            self._pointer = None if self.session.simulated else self.session.home.pointer()
            self._offers = self.session.desktop.offers() | (
                {"put-back"} if self.session.undo.quarantined() else set()
            )
        except ExpectedError as error:
            self._fault, self._offers = localize(error.message), {"report"}
        self._shown = self._active_profile()
        return self._pointer, frozenset(self._offers), self._shown, self.session.facts

    def _active_profile(self) -> Profile | None:
        if self._pointer is not None:
            try:
                return self.session.knowledge.profile(self._pointer.profile)
            except ExpectedError:
                return (
                    self.session.profile
                )  # made by a newer program: this one does not know the profile
        if self.session.profile is not None or self.session.facts is None:
            return self.session.profile
        return self.session.best().profile

    def rebuild(self) -> None:
        """Everything again; the script of the old settings is not written any more."""
        self._later.stop()
        super().rebuild()

    def _show_message(self, text: str, place: str = "") -> None:
        """Say how an act went where its button is: in its own card (``use``, ``keep``), or beside
        the script. If the page is still there.
        """
        if not self.built:
            return
        label = self._tells.get(place, self.status_line)
        label.setText(text)
        label.setVisible(bool(text) or label is self.status_line)

    # ---- the script

    def _write_script(self) -> None:
        chosen = self.knobs.chosen()
        if chosen is None:
            self.script.setPlainText("")
            return
        try:
            text = self.session.exports.training_script(
                model=chosen.model,
                length=chosen.length,
                batch=chosen.batch,
                bits=chosen.bits,
                rank=chosen.rank,
            )
        except ExpectedError as error:
            text = f"# {localize(error.message)}\n"
        at = self.script.verticalScrollBar().value()
        self.script.setPlainText(text)
        self.script.verticalScrollBar().setValue(at)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.script.toPlainText())
        self._show_message(translate("Ready", "Copied"))

    def _save(self) -> None:
        path, _kind = QFileDialog.getSaveFileName(
            self,
            translate("Ready", "Save the script"),
            proposed("train.py"),
            translate("Ready", "Python scripts (*.py)"),
        )
        if path:
            data = self.script.toPlainText().encode()
            if self._has_succeeded(lambda: self.session.desktop.save(path, data)):
                self._show_message(translate("Ready", "Saved as {path}").format(path=path))

    def _show_memory_table(self) -> None:
        from app.gui.dialogs.memory_table import MemoryTable

        MemoryTable(self.frame, self.session.knowledge.guide).exec()

    # ---- what can be done with it

    def _build_use_card(self) -> Card:
        offers = self._offers
        acts: list[tuple[str, str, Callable[[], object]]] = [
            ("folder", translate("Ready", "Open the &folder"), self._open_folder),
            (
                "terminal",
                translate("Ready", "&Terminal with it active"),
                self._open_terminal,
            ),
            (
                "kernel",
                translate("Ready", "Make a &Jupyter kernel"),
                partial(self._make_extra, "kernel"),
            ),
            (
                "shortcut",
                translate("Ready", "Start-m&enu entry"),
                partial(self._make_extra, "shortcut"),
            ),
        ]
        return self._build_actions(
            "use",
            translate("Ready", "Use it"),
            [(label, act) for name, label, act in acts if name in offers],
            translate("Ready", "There is no installed setup to open yet."),
        )

    def _build_care_card(self) -> Card:
        offers = self._offers
        acts: list[tuple[str, str, Callable[[], object]]] = [
            ("verify", translate("Ready", "&Verify again"), lambda: self.frame.go("verify")),
            ("report", translate("Ready", "Diagnostics &report …"), self.save_report),
            ("rollback", translate("Ready", "&Go back to the previous setup"), self._roll_back),
            ("put-back", translate("Ready", "&Put back what was moved away"), self._put_back),
        ]
        return self._build_actions(
            "keep",
            translate("Ready", "Keep it"),
            [(label, act) for name, label, act in acts if name in offers],
            "",
        )

    def _build_actions(
        self, place: str, title: str, acts: list[tuple[str, Callable[[], object]]], none: str
    ) -> Card:
        card = Card()
        card.box.setSpacing(10)
        card.box.addWidget(Heading(title))
        for at in range(0, len(acts), 2):
            pair = Collapsible()
            for label, act in acts[at : at + 2]:
                pair.box.addWidget(Button(label, act), 0, Qt.AlignmentFlag.AlignLeft)
            pair.box.setStretch(pair.box.count() - 1, 1)
            card.box.addWidget(pair)
        if not acts:
            card.box.addWidget(Label(none, "small", "muted"))
        told = self._tells[place] = Label("", "small", "accent")
        told.hide()
        card.box.addWidget(told)
        card.box.addStretch(1)
        # Both cards are as wide as one another, whatever their buttons say.
        card.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        return card

    def _open_folder(self) -> None:
        pointer, place = self._pointer, self.session.place
        folder = place.environment(pointer.active) if pointer is not None else place.home
        if self._has_succeeded(lambda: self.session.desktop.open(folder)):
            self._show_message(translate("Ready", "{path} was opened.").format(path=folder), "use")

    def _open_terminal(self) -> None:
        message = self._run_or_show_error(self.session.desktop.open_terminal)
        if isinstance(message, str):
            self._show_message(localize(message), "use")

    def _make_extra(self, kind: str) -> None:
        """Make the Jupyter kernel or the menu entry beside the page, one at a time, and say how it
        goes.
        """
        if self.frame.busy():
            self._show_message(
                translate("Ready", "Something is being made still; one after the other."), "use"
            )
            return
        plan = self._run_or_show_error(
            self.session.plans.kernel if kind == "kernel" else self.session.plans.shortcut
        )
        then = (
            self._kernel_made() if kind == "kernel" else translate("Ready", "It is in the menu now")
        )
        if not isinstance(plan, Plan):
            return
        titles = {step.id: localize(step.title) for step in plan.steps}

        def take(event: StepEvent) -> None:
            if isinstance(event.what, Started):
                self._show_message(f"{titles.get(event.step, '')} …", "use")

        def ended(fault: BaseException | None) -> None:
            self.frame.busy = before
            self._show_message(then if fault is None else "", "use")
            if fault is not None:
                show_fault(self.frame, fault)

        before = self.frame.busy
        stream = self.frame.stream(
            lambda: self.session.execution.run_aside(plan), take, stop=self.session.execution.stop
        )
        stream.ended.connect(ended)
        self.frame.busy = lambda: stream.running
        stream.start()

    def _kernel_made(self) -> str:
        """What a new kernel is good for here: who lists it, as far as that program was found."""
        if any(editor.name == "jupyter" for editor in self.session.desktop.editors()):
            return translate("Ready", "Jupyter lists it now")
        return translate(
            "Ready",
            "The kernel is made. Jupyter was not found on this PC: it lists the kernel once it is "
            "installed, and so does VS Code.",
        )

    def _roll_back(self) -> None:
        from app.gui.dialogs.go_back import offer

        message = offer(self.frame)
        if message:
            self.rebuild()
            self.prepare()
            self._show_message(message, "keep")

    def _put_back(self) -> None:
        from app.gui.dialogs.restore import offer

        if self._run_or_show_error(lambda: offer(self.frame, self.session)):
            self.rebuild()
            self.prepare()

    def save_report(self) -> None:
        """Show what the report leaves out, then write it."""
        from app.gui.dialogs.report_preview import save_report

        self._run_or_show_error(lambda: save_report(self.frame))

    def _has_succeeded(self, act: Callable[[], object]) -> bool:
        """Whether an act went through; a fault is shown."""
        try:
            act()
        except ExpectedError as error:
            show_fault(self.frame, error)
            return False
        return True

    def _run_or_show_error(self, act: Callable[[], object]) -> object:
        try:
            return act()
        except ExpectedError as error:
            show_fault(self.frame, error)
            return None
