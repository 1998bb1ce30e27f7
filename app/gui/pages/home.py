"""The home page: what is installed, how far proven, and every way on and back.

When it was proven, what changed, what it takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QSizePolicy

from app.decide.plans.differences import differences
from app.engine.editors import GET, EditorName
from app.engine.updates import Announcement
from app.gui import formatting, theme
from app.gui.dialogs import code_folder
from app.gui.error_dialog import show_fault
from app.gui.formatting import translate
from app.gui.messages import localize, localize_fault
from app.gui.summaries import setup_title
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import (
    Card,
    Container,
    Elided,
    Fact,
    Heading,
    Label,
    across,
    empty,
    empty_box,
    grid_of,
    line,
)
from app.gui.widgets.collapsible import Collapsible
from app.gui.widgets.removed_packages import RemovedPackages
from app.gui.widgets.tag import Tag
from app.model.errors import ExpectedError

if TYPE_CHECKING:
    from app.engine.uninstalling import Uninstallable
    from app.gui.pages.page import Page
    from app.model.profile import Profile
    from app.model.status import Status

_FEW = 4  # changes shown at once


class Home(Container):
    """The cards of the first page where an environment is installed. All figures are those of the
    status; they come in a thread, and the primary button is named when they are there.
    """

    def __init__(self, page: Page, *, leads: bool = True) -> None:
        super().__init__(gap=theme.GAP)
        self._page = page
        self._frame = page.frame
        self.status: Status | None = None
        self.items: tuple[Uninstallable, ...] | None = None
        self._remove_wanted = False
        self.box.addWidget(self._build_installed_card())
        self.newer = Card()
        self.newer.box.setSpacing(6)
        self.newer.hide()
        self.box.addWidget(self.newer)
        self.status_line = Label("", "text", "accent")
        self.status_line.hide()
        self.box.addWidget(self.status_line)
        row = Collapsible(wide=620, gap=theme.GAP)
        row.box.addWidget(self._build_use_card(), 1)
        row.box.addWidget(self._build_care_card(), 1)
        self.box.addWidget(row)
        self.taken = RemovedPackages(self._frame)
        self.taken.filled.connect(page.set_tab_order)
        self.box.addWidget(self.taken)
        self._leads = leads
        self._act: Callable[[], object] = lambda: None
        if leads:
            page.bar.button(translate("Home", "&Look at this PC"), self._frame.forward)
            page.bar.main(translate("Home", "Looking …"), self._press_primary).setEnabled(False)

    # ---- what is installed

    def _build_installed_card(self) -> Card:
        card = Card()
        card.setProperty("chosen", True)
        card.box.setSpacing(8)
        self.title = Heading("", "big")
        self.tag = Tag("")
        self.tag.hide()
        row = across(self.title, self.tag, top=True)
        row.setStretch(0, 1)
        card.box.addLayout(row)
        self.proof = Label(translate("Home", "Looking at what is installed."), "text", "muted")
        card.box.addWidget(self.proof)
        self.proven = Fact(translate("Home", "Last proven"), "…")
        self.changed = Fact(translate("Home", "Changed since"), "…")
        self.disk = Fact(translate("Home", "On disk"), "…")
        card.box.addSpacing(4)
        facts = Container()
        facts.box.addLayout(grid_of((self.proven, self.changed, self.disk), (1, 1, 1)))
        card.box.addWidget(facts)
        self.changes = Container(gap=3)
        self.changes.hide()
        card.box.addWidget(self.changes)
        self.path = Elided("", "mono", "muted")
        card.box.addWidget(self.path)
        self.program = Label("", "small", "muted")
        self.program.hide()
        card.box.addWidget(self.program)
        return card

    def refresh(self) -> None:
        """Ask for the status and the sizes, each in a thread of its own; called again after each
        change.
        """
        session = self._page.session
        if not self._page.built:
            return

        def status() -> Iterator[Status]:
            yield session.environments.status()

        def sizes() -> Iterator[tuple[Uninstallable, ...]]:
            yield session.undo.uninstallable()

        def announced() -> Iterator[Announcement | None]:
            yield session.network.newer_program()

        # A line that is cut is no news here: the page Sources asks and tells it.
        self._frame.stream(announced, self.show_program).start()
        asked = self._frame.stream(status, self.show_status)
        asked.ended.connect(self._status_ended)
        asked.start()
        counted = self._frame.stream(sizes, self._show_sizes)
        counted.ended.connect(self._sizes_ended)
        counted.start()
        self.taken.refresh()
        if session.facts is not None and not self._frame.is_surveying:
            self.show_newer()

    def _status_ended(self, fault: BaseException | None) -> None:
        if fault is not None and self._page.built and self.status is None:
            self.proof.setText(localize_fault(fault))
            self._set_primary_action(translate("Home", "&Look at this PC"), self._frame.forward)

    def show_status(self, status: Status) -> None:
        """Everything that the status says."""
        if not self._page.built:
            return
        if not status.installed:
            self._frame.after_handler(lambda: self._frame.rebuild_stage("welcome"))
            return
        self.status = status
        self.title.setText(setup_title(self._page.session, status.profile or ""))
        word, tone = verdict_word(status)
        self.tag.set_content(word, tone)
        self.tag.show()
        self.proof.setText(localize(proof_sentence(status)))
        self.proven.set_content(
            moment(status.proven_at) if status.proven_at else translate("Home", "never")
        )
        count = len(status.drift)
        self.changed.set_content(
            translate("Home", "nothing")
            if not count
            else translate("Home", "1 difference")
            if count == 1
            else translate("Home", "{n} differences").format(n=count)
        )
        self._show_changes(status)
        self.path.set_content(status.path or "")
        self._set_primary_action(*self._choose_primary_action(status))
        self.back.setEnabled(status.previous is not None)
        self.back.setToolTip(
            "" if status.previous else translate("Home", "There is no earlier setup to go back to.")
        )
        self.setAccessibleName(f"{self.title.text()}: {word}. {self.proof.text()}")

    def show_program(self, newer: Announcement | None) -> None:
        """That a newer version of this program was announced; nothing is fetched."""
        if newer is None or not self._page.built:
            return
        self.program.setText(
            translate("Home", "Version {version} of this program was announced: {page}").format(
                version=newer.version, page=newer.page or "…"
            )
        )
        self.program.show()

    def _show_changes(self, status: Status) -> None:
        empty(self.changes)
        for change in status.drift[:_FEW]:
            self.changes.box.addWidget(Label(f"• {localize(change.text)}", "small"))
        if len(status.drift) > _FEW:
            more = translate("Home", "and {n} more changes").format(n=len(status.drift) - _FEW)
            self.changes.box.addWidget(Label(more, "small", "muted"))
        self.changes.setVisible(bool(status.drift))

    def _choose_primary_action(self, status: Status) -> tuple[str, Callable[[], object]]:
        """What is the thing to do next, by what is known: mend, prove, or train."""
        if status.verdict == "broken":
            return translate("Home", "&Mend it"), self._plan_repair
        if status.drift:
            return translate("Home", "&Put the locked state back"), self._plan_repair
        if status.verdict == "not_checked":
            return translate("Home", "&Verify"), lambda: self._frame.go("verify")
        return translate("Home", "Train on &your data"), lambda: self._frame.go("train")

    def _set_primary_action(self, text: str, act: Callable[[], object]) -> None:
        self._act = act
        primary = self._page.bar.primary
        if primary is None or not self._leads:
            return
        primary.setText(text)
        primary.setEnabled(True)
        self._page.bar.refit()
        self._page.take_focus()

    def _press_primary(self) -> None:
        self._act()

    def _plan_repair(self) -> None:
        """The plan that mends it, shown on the page of plans as any other."""
        if self.status is not None and self.status.profile is not None:
            self._run_or_show_error(lambda: self._page.session.choose(self.status.profile))  # type: ignore[union-attr,arg-type]
            self._frame.go("install")

    # ---- what can be done with it

    def _build_use_card(self) -> Card:
        card, acts = self._build_actions(translate("Home", "Use it"))
        acts(translate("Home", "Training &script"), lambda: self._frame.go("ready"))
        acts(translate("Home", "Open &terminal"), self._open_terminal)
        acts(translate("Home", "Open the &folder"), self._open_folder)
        here = {editor.name: editor for editor in self._page.session.desktop.editors()}
        for name, title in editor_titles().items():
            editor = here.get(name)
            if editor is not None and name == "vscode":
                acts(
                    translate("Home", "Open {program} …").format(program=title),
                    lambda one=editor: self._show_message(
                        self._run_or_show_error(lambda: code_folder.offer(self._frame, one))
                    ),
                    translate("Home", "In a folder of yours, with settings that name this setup"),
                )
            elif editor is not None:
                acts(
                    translate("Home", "Open {program}").format(program=title),
                    lambda one=editor: self._show_message(
                        self._run_or_show_error(lambda: self._page.session.desktop.open_editor(one))
                    ),
                )
            else:
                acts(
                    translate("Home", "Get {program}").format(program=title),
                    lambda name=name: self._get_editor(name),
                    translate("Home", "{program} was not found on this PC").format(program=title),
                )
        card.box.addStretch(1)
        return card

    def _build_care_card(self) -> Card:
        card, acts = self._build_actions(translate("Home", "Keep it"))
        acts(translate("Home", "Ver&ify again"), lambda: self._frame.go("verify"))
        self.back = acts(translate("Home", "&Go back …"), self._go_back)
        self.back.setEnabled(False)
        if self._has_quarantined():
            acts(translate("Home", "Put back what was moved away"), self._put_back)
        acts(translate("Home", "Diagnostics &report …"), self._save_report)
        self.remove = acts(translate("Home", "Remo&ve …"), self._open_remove)
        card.box.addStretch(1)
        return card

    def _build_actions(self, title: str) -> tuple[Card, Callable[..., Button]]:
        card = Card()
        card.box.setSpacing(10)
        card.box.addWidget(Heading(title))
        halves: list[Container] = []

        def add(text: str, act: Callable[[], object], about: str = "") -> Button:
            made = Button(text, act, about=about)
            if halves:  # the place beside the one before
                halves.pop().box.addWidget(made)
                return made
            pair, half = Collapsible(), Container()
            pair.box.addWidget(made, 1)
            pair.box.addWidget(half, 1)
            halves.append(half)
            card.box.addWidget(pair)
            return made

        card.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        return card, add

    def _open_terminal(self) -> None:
        self._show_message(self._run_or_show_error(self._page.session.desktop.open_terminal))

    def _open_folder(self) -> None:
        status, session = self.status, self._page.session
        place = (status.environment if status is not None else None) or session.place.home
        if self._has_succeeded(lambda: session.desktop.open(place)):
            self._show_message(translate("Home", "{path} was opened.").format(path=place))

    def _get_editor(self, name: EditorName) -> None:
        if self._has_succeeded(lambda: self._page.session.desktop.open(GET[name])):
            title = editor_titles()[name]
            self._show_message(
                translate("Home", "{program} was not found here; {address} was opened.").format(
                    program=title, address=GET[name]
                )
            )

    def _has_quarantined(self) -> bool:
        try:
            return bool(self._page.session.undo.quarantined())
        except ExpectedError:
            return False  # a journal that cannot be read is a finding of its own

    def _put_back(self) -> None:
        from app.gui.dialogs.restore import offer

        if self._run_or_show_error(lambda: offer(self._frame, self._page.session)):
            self._refresh_everything()

    def _save_report(self) -> None:
        from app.gui.dialogs.report_preview import save_report

        self._run_or_show_error(lambda: save_report(self._frame))

    def _go_back(self) -> None:
        from app.gui.dialogs.go_back import offer

        message = offer(self._frame)
        if message:
            self._show_message(message)
            self.refresh()

    # ---- what it takes, and removing it

    def _show_sizes(self, items: tuple[Uninstallable, ...]) -> None:
        if not self._page.built:
            return
        self.items = items
        self.disk.set_content(formatting.size(sum(item.size for item in items)))
        self.disk.setToolTip(
            "\n".join(f"{localize(i.title)}: {formatting.size(i.size)}" for i in items if i.size)
        )
        if self._remove_wanted:
            self._remove_wanted = False
            self._frame.after_handler(self._open_remove)

    def _sizes_ended(self, fault: BaseException | None) -> None:
        if fault is not None and self._page.built:
            self.disk.set_content(translate("Home", "not known"), localize_fault(fault))

    def _open_remove(self) -> None:
        """The list with sizes, as soon as those are counted."""
        if self.items is None:
            self._remove_wanted = True
            self._show_message(translate("Home", "Counting what is there …"))
            return
        from app.gui.dialogs.remove import offer

        self._show_message("")
        if offer(self._frame, self.items):
            self._refresh_everything()

    def _refresh_everything(self) -> None:
        """Something went or came: the survey, the rail and this page are asked again."""
        self._frame.after_handler(lambda: self._frame.rebuild_stage("welcome"))
        self._frame.after_handler(self._frame.start_survey)

    # ---- a newer setup

    def show_newer(self) -> None:
        """A setup that is ranked best here and was pinned later: what it changes, in words and
        bytes. Known once the survey is over.
        """
        session = self._page.session
        pointer = self._run_or_show_error(session.home.pointer)
        if pointer is None or session.facts is None:
            return
        newer = self._run_or_show_error(lambda: session.environments.newer_profile(pointer.profile))
        profiles = {p.id: p for p in session.knowledge.profiles}
        old = profiles.get(pointer.profile)
        empty_box(self.newer.box)
        if not isinstance(newer, str) or old is None:
            self.newer.hide()
            return
        self._fill_newer(old, profiles[newer])
        self.newer.show()
        self._page.set_tab_order()

    def _fill_newer(self, old: Profile, new: Profile) -> None:
        session = self._page.session
        family = session.facts.os.family if session.facts is not None else "windows"
        box = self.newer.box
        see = Button(translate("Home", "&Update …"), lambda: self._update_setup(new.id))
        title = translate("Home", "A newer setup fits this PC: {title}").format(
            title=localize(new.title)
        )
        row = across(Heading(title), see, top=True)
        row.setStretch(0, 1)
        box.addLayout(row)
        for sentence in differences(old, new, family, session.knowledge.advisories):
            box.addWidget(Label(f"• {localize(sentence)}", "small"))
        box.addWidget(line())
        box.addWidget(
            Label(
                translate(
                    "Home",
                    "It is made beside the one that you have, which stays active until the new one "
                    "is proven; you can go back.",
                ),
                "small",
                "muted",
            )
        )

    def _update_setup(self, profile: str) -> None:
        self._run_or_show_error(lambda: self._page.session.choose(profile))
        self._frame.go("setup")

    # ---- small things

    def _show_message(self, text: object) -> None:
        """What came of the last act, whole, where the eye is; copied paths can be selected."""
        if isinstance(text, str):
            self.status_line.setText(localize(text))
            self.status_line.setVisible(bool(text))

    def _has_succeeded(self, act: Callable[[], object]) -> bool:
        """Whether an act went through; a fault is shown."""
        try:
            act()
        except ExpectedError as error:
            show_fault(self._frame, error)
            return False
        return True

    def _run_or_show_error(self, act: Callable[[], Any]) -> Any:
        try:
            return act()
        except ExpectedError as error:
            show_fault(self._frame, error)
            return None


def editor_titles() -> dict[EditorName, str]:
    """The programs by the names that people know."""
    return {"jupyter": "Jupyter", "vscode": "VS Code"}


def verdict_word(status: Status) -> tuple[str, theme.Tone]:
    """What the status amounts to, in a word and a tone."""
    if status.verdict == "broken":
        return translate("Home", "Does not work"), "err"
    if status.drift:
        return translate("Home", "Changed"), "warn"
    if status.verdict == "works":
        return translate("Home", "Works"), "good"
    if status.verdict == "works_slowly":
        return translate("Home", "Works slowly"), "warn"
    return translate("Home", "Not checked"), "grey"


def proof_sentence(status: Status) -> str:
    """How far it is proven, claiming no more than its records."""
    if status.verdict == "broken":
        return translate(
            "Home", "It is the active setup, and its last verification found it broken."
        )
    if status.drift:
        return translate(
            "Home", "It is the active setup; since its install something in it was changed."
        )
    if status.verdict in ("works", "works_slowly"):
        return translate("Home", "It is the active setup, and was verified on this PC.")
    return translate("Home", "It is the active setup; it has not been verified yet.")


def moment(at: str) -> str:
    """A moment in UTC as people here write it: day and time of their own clock."""
    from PySide6.QtCore import QDateTime, QLocale, Qt

    when = QDateTime.fromString(at, Qt.DateFormat.ISODate)
    if not when.isValid():
        return at
    return QLocale().toString(when.toLocalTime(), translate("Words", "d MMM yyyy, HH:mm"))
