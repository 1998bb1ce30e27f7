"""The window: a QWizard whose side is the rail, over one session.

The way from page to page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, assert_never, cast

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWizard

from app.engine import stages
from app.engine.stages import STAGES, Stage
from app.gui import languages, theme
from app.gui.formatting import translate
from app.gui.frame import Frame, Machines
from app.gui.widgets.buttons import Button
from app.gui.widgets.rail import Rail

if TYPE_CHECKING:
    from PySide6.QtGui import QCloseEvent, QKeyEvent, QPaintEvent, QResizeEvent

    from app.engine.session import Session
    from app.gui.pages.page import Page


def make_page(stage: Stage, wizard: Wizard) -> Page:
    """The page of a stage. Imported when first gone to, so that the window does not wait for eight
    pages.
    """
    if stage == "welcome":
        from app.gui.pages.welcome import Welcome

        return Welcome(wizard)
    if stage == "this-pc":
        from app.gui.pages.this_pc import ThisPc

        return ThisPc(wizard)
    if stage == "setup":
        from app.gui.pages.setup import Setup

        return Setup(wizard)
    if stage == "clean-up":
        from app.gui.pages.clean_up import CleanUp

        return CleanUp(wizard)
    if stage == "install":
        from app.gui.pages.install import Install

        return Install(wizard)
    if stage == "verify":
        from app.gui.pages.verify import Verify

        return Verify(wizard)
    if stage == "train":
        from app.gui.pages.train import Train

        return Train(wizard)
    if stage == "ready":
        from app.gui.pages.ready import Ready

        return Ready(wizard)
    assert_never(stage)


def titles() -> list[tuple[Stage, str]]:
    """The stages' names in the rail."""
    return [
        ("welcome", translate("Rail", "Welcome")),
        ("this-pc", translate("Rail", "This PC")),
        ("setup", translate("Rail", "Setup")),
        ("clean-up", translate("Rail", "Clean-up")),
        ("install", translate("Rail", "Install")),
        ("verify", translate("Rail", "Verify")),
        ("ready", translate("Rail", "Ready")),
        ("train", translate("Rail", "Train")),
    ]


class Wizard(Frame):
    """The whole window: ``Frame`` with its rail, its pages and the keyboard."""

    def __init__(
        self,
        session: Session | Callable[[], Session],
        rehearse: Callable[[str], Session] | None = None,
        machines: Machines = (),
    ) -> None:
        super().__init__(session, rehearse, machines)
        self._set_up_frame()
        self.apply_theme("system" if self._session is None else self._session.answers.theme)
        self._add_rail()
        self.setPage(0, make_page("welcome", self))
        self.setStartId(0)
        self.currentIdChanged.connect(self._on_page_shown)

    # ---- what it looks like

    def _set_up_frame(self) -> None:
        if (
            self.wizardStyle() != QWizard.WizardStyle.ModernStyle
        ):  # to set it again costs several milliseconds
            self.setWizardStyle(QWizard.WizardStyle.ModernStyle)
        # With it the side widget runs down to the window's edge instead of ending above the
        # buttons.
        self.setOption(QWizard.WizardOption.ExtendedWatermarkPixmap)
        self.setOption(QWizard.WizardOption.NoDefaultButton)
        self.setButtonLayout(
            []
        )  # every page brings its own bar: one primary button with a name of its own
        # The empty place of QWizard's own buttons.
        self._button_rows = cast("list[QHBoxLayout]", self.findChildren(QHBoxLayout))
        self.setMinimumSize(640, 330)  # below it buttons and figures would be cut
        self.resize(1120, 740)

    def _add_rail(self) -> None:
        # Qt takes no ownership in PySide6 6.8.3; without this reference the program dies at show().
        self.rail = Rail(titles(), self.open_menu, self.go_back_to)
        self.setSideWidget(self.rail)
        self.refresh_rail()

    def _remove_margins(self) -> None:
        """Take away QWizard's own margins; all space belongs to rail and page.

        Only parts whose class Qt names are asked for: to wrap one of QWizard's own widgets makes
        PySide set up every class of the module, a quarter of the start. So the style sheet hides
        the ruler.
        """
        side, page = self.rail.parentWidget(), self.currentPage()
        for held in (side, page.parentWidget() if page is not None else None):
            layout = held.layout() if held is not None else None
            if layout is not None:
                layout.setContentsMargins(0, 0, 0, 0)
        for row in self._button_rows:
            row.setContentsMargins(0, 0, 0, 0)

    def apply_theme(self, choice: Any) -> None:
        """Dress the program in the chosen theme."""
        tokens = theme.apply(choice)
        self.setStyleSheet(theme.sheet(tokens))
        if self.painted:
            self.refresh_rail()  # its ticks are pictures in the colours of before

    def _scheme_changed(self) -> None:
        if self.preference("theme") in (None, "system"):
            QTimer.singleShot(0, lambda: self.apply_theme("system"))

    def refresh_rail(self) -> None:
        """Show where the session stands and what is known of the machine."""
        home = getattr(self.page(0), "home", None) is not None
        self.rail.steps["welcome"].rename(
            translate("Rail", "Home") if home else translate("Rail", "Welcome")
        )
        self.rail.show_states(stages.states(self.stage, self.wizard_state))
        facts = self._session.facts if self._session is not None else None
        if facts is not None:
            from app.gui.summaries import summarize_machine

            self.rail.show_machine(*summarize_machine(facts))

    def showEvent(self, event: Any) -> None:
        """Fit small screens before the first paint."""
        room = (
            self.screen().availableGeometry().size() if self.screen() is not None else self.size()
        )
        if room.width() < self.width() or room.height() < self.height():
            self.resize(self.size().boundedTo(room))
        super().showEvent(event)
        self._remove_margins()
        QTimer.singleShot(0, self._stay_on_screen)

    def _stay_on_screen(self) -> None:
        """The frame that the system puts around is known once it is there; with it the window may
        reach below the screen, and its buttons with it.
        """
        screen = self.screen()
        if screen is None or not self.isVisible():
            return
        room, whole = screen.availableGeometry(), self.frameGeometry()
        if self.width() > room.width() or self.height() > room.height():
            return  # larger than the screen by somebody's own wish
        wide = self.width() - max(0, whole.width() - room.width())
        tall = self.height() - max(0, whole.height() - room.height())
        if (wide, tall) != (self.width(), self.height()):
            self.resize(wide, tall)
            whole = self.frameGeometry()
        left = min(max(whole.left(), room.left()), max(room.left(), room.right() - whole.width()))
        top = min(max(whole.top(), room.top()), max(room.top(), room.bottom() - whole.height()))
        if (left, top) != (whole.left(), whole.top()):
            self.move(left, top)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A cramped window, as a small screen at a large scale gives it, keeps what is needed and
        lets go of the air.
        """
        super().resizeEvent(event)
        if (
            not self.pageIds()
        ):  # Windows sends one while the frame is being made, before there is a rail
            return
        cramped = self.width() < theme.NARROW, self.height() < theme.SHORT
        if cramped != self.cramped:
            self.cramped = cramped
            self.rail.set_compact(*cramped)
            for number in self.pageIds():
                self.page_of(STAGES[number]).set_compact()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The survey starts once the window has been painted, never before."""
        super().paintEvent(event)
        if not self._begun:
            self._begun = True
            QTimer.singleShot(0, self._on_first_paint)

    # ---- the session

    def _on_first_paint(self) -> None:
        if self._left:  # closed before it was painted
            return
        from PySide6.QtCore import Qt
        from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut

        window = self.windowHandle()
        if window is not None:  # a dialog has no such buttons by itself
            window.setFlag(Qt.WindowType.WindowMinMaxButtonsHint)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._scheme_changed)
        for keys in (Qt.Key.Key_F10, Qt.Key.Key_Menu):
            QShortcut(QKeySequence(keys), self, self.open_menu)
        QShortcut(QKeySequence(Qt.Key.Key_F1), self, self._show_keys)
        Button.mnemonics = True
        self._underline_mnemonics(False)
        for number in self.pageIds():
            self.page_of(STAGES[number]).complete()
        if self._opening is None:
            self.start_survey()
            return
        opening = self._opening

        def one() -> Iterator[Any]:
            yield opening()

        stream = self.stream(one, self._on_session_opened)
        stream.ended.connect(self._open_failed)
        stream.start()

    def _on_session_opened(self, session: Session) -> None:
        self._session, self._opening = session, None
        if self._wishes:
            session.change(**self._wishes)
            self._wishes = {}
        if session.answers.theme != "system":
            self.apply_theme(session.answers.theme)
        if session.answers.language is not None:
            languages.install_language(session.answers.language)
        self.opened.emit()
        self.rebuild_stage(self.stage)
        self.start_survey()
        if self._wanted is not None:
            wanted, self._wanted = self._wanted, None
            self.go(wanted)

    def _open_failed(self, fault: BaseException | None) -> None:
        if fault is None:
            return
        from app.gui.error_dialog import show_fault

        self.fault = fault
        show_fault(self, fault, self.close)

    # ---- the way through

    def page_of(self, stage: Stage) -> Page:
        """The page of a stage, made if it is not there yet."""
        number = STAGES.index(stage)
        found = self.page(number)
        if found is None:
            found = make_page(stage, self)
            self.setPage(number, found)
        return found  # type: ignore[return-value]

    def nextId(self) -> int:
        """The number of the following stage, -1 after the last."""
        after = stages.next_stage(self.stage, self.wizard_state)
        return -1 if after is None else STAGES.index(after)

    def go(self, stage: Stage) -> None:
        """To any stage. QWizard's own history serves where it can; a jump starts a new one."""
        if stage == self.stage:
            return
        if self._session is None:
            self._wanted = stage
            return
        self.page_of(stage)
        number, visited = STAGES.index(stage), self.visitedIds()
        left = self.page_of(self.stage)
        if left.built:  # else its choices belong to a session that has ended
            left.leave()
        if len(visited) > 1 and visited[-2] == number:
            self.back()
        elif number == self.nextId() and number not in visited:
            self.next()
        else:
            self.setStartId(number)
            self.restart()

    def go_back_to(self, stage: Stage) -> None:
        """To a stage that was passed, from the rail. While a plan runs it stays in sight."""
        if self.ready and not self.busy():
            self.after_handler(lambda: self.go(stage))

    def _on_page_shown(self, number: int) -> None:
        if number < 0:
            return
        page = self.page_of(STAGES[number])
        page.prepare()
        self._remove_margins()
        self.refresh_rail()
        page.take_focus()

    # ---- another machine, another language, another look

    def rebuild_stage(self, stage: Stage) -> None:
        """Build all pages again and show one."""
        for number in self.pageIds():
            self.page(number).rebuild()  # type: ignore[attr-defined]
        self.rail.set_titles(titles())
        self.refresh_rail()
        if stage == self.stage:
            self._on_page_shown(self.currentId())
        else:
            self.go(stage)

    def open_menu(self) -> None:
        """The quiet menu at the rail's foot."""
        if not self.ready:
            return
        from app.gui.menu import open_menu

        open_menu(self)

    # ---- the keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Alt shows which letters press which button. Esc is for dialogs and popovers; a page does
        not end the program by it.
        """
        from PySide6.QtCore import Qt

        if event.key() == Qt.Key.Key_Escape:
            return
        if event.key() == Qt.Key.Key_Alt:
            self._underline_mnemonics(True)
        super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """And hides them again."""
        from PySide6.QtCore import Qt

        if event.key() == Qt.Key.Key_Alt:
            self._underline_mnemonics(False)
        super().keyReleaseEvent(event)

    def _show_keys(self) -> None:
        from app.gui.menu import show_keys

        show_keys(self)

    def _underline_mnemonics(self, shown: bool) -> None:
        for button in cast("list[QPushButton]", self.findChildren(QPushButton)):
            if isinstance(button, Button):
                button.underline(shown)

    # ---- leaving

    def reject(self) -> None:
        """The close button: a running plan is asked about, everything else may just be left."""
        if self.isVisible() and self.busy() and not self._confirm_leaving():
            return
        self.end_streams()
        super().reject()

    def end_streams(self) -> None:
        """Stop whatever runs and wait for it: the window, or the whole session, is being left."""
        self._left = True
        for stream in list(self._streams):
            stream.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask first where something runs."""
        event.ignore()
        self.reject()

    def _confirm_leaving(self) -> bool:
        return self.ask_running(
            translate("Window", "Stop and close"),
            translate(
                "Window",
                "A plan is running. It stops now and goes on at the same place when you start "
                "the program again.",
            ),
            translate("Window", "Stop and close"),
            translate("Window", "Keep it running"),
        )
