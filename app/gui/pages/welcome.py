"""The first page: what will happen, the language, a run to go on with.

It says what the setup will take here; where an environment is installed, the home page stands in
its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from app.engine.stages import Stage
from app.gui import formatting, languages, theme
from app.gui.formatting import translate
from app.gui.pages.page import Page
from app.gui.widgets.card import Card, Container, Fact, Heading, Label, across, at_top
from app.gui.widgets.tag import Number

if TYPE_CHECKING:
    from app.engine.undo import Unfinished
    from app.gui.frame import Frame
    from app.gui.pages.home import Home


class Welcome(Page):
    """The first page; painted before anything is looked at."""

    stage: Stage = "welcome"

    def __init__(self, wizard: Frame) -> None:
        super().__init__(wizard)
        wizard.surveyed.connect(self._on_surveyed)

    def build(self) -> None:
        """Three lines at once; what it takes and the settings follow with the next paint
        (``complete``).
        """
        self.set_header(
            translate("Welcome", "Welcome"),
            translate(
                "Welcome", "From this PC to a first fine-tune that ran here, with the proof."
            ),
        )
        unfinished, installed = self._read_standing()
        self.download: Fact | None = None
        self.home: Home | None = None
        if unfinished is not None:
            from app.gui.messages import (
                localize,
            )  # the first paint does without, as nearly always nothing was cut off

            self.body.addWidget(
                self._build_notice(
                    translate("Welcome", "Go on where you stopped"),
                    translate(
                        "Welcome",
                        "{title}: {done} of {total} steps are done. What has been fetched is kept.",
                    ).format(
                        title=localize(unfinished.title),
                        done=unfinished.steps_done,
                        total=unfinished.steps_total,
                    ),
                )
            )
        if installed:
            from app.gui.pages.home import Home

            self.set_header(
                translate("Home", "Your setup"),
                translate("Home", "What is installed here, what it can do, and every way back."),
            )
            self.home = Home(self, leads=unfinished is None)
            self.body.addWidget(self.home)
        else:
            self.body.addWidget(self._build_overview())
        self.body.addStretch(1)
        self._fill_bar(unfinished, installed)
        if self.frame.painted:
            self.complete()

    def complete(self) -> None:
        """The second row of cards; a home page has none of it."""
        if self.download is not None or self.home is not None:
            return
        row = across(self._build_cost_card(), self._build_settings_card(), gap=theme.GAP)
        row.setStretch(0, 3)
        row.setStretch(1, 2)
        self.body.insertLayout(self.body.count() - 1, row)
        self._show_figures()

    def enter(self) -> None:
        """Figures, if the survey is over already; built again where an environment came or went."""
        if (self.home is not None) != self._read_standing()[1] and self.built:
            self.rebuild()
            self.prepare()
            return
        self._show_figures()
        if self.home is not None:
            self.home.refresh()

    def _read_standing(self) -> tuple[Unfinished | None, bool]:
        """A run that was cut off, and whether an environment is active here."""
        if not self.frame.ready:
            return None, False
        from app.model.errors import ExpectedError

        # A broken journal or pointer is a finding of the survey, not a reason for having no first
        # page.
        try:
            return self.session.undo.unfinished(), self.session.home.pointer() is not None
        except ExpectedError:
            return None, False

    def _build_notice(self, title: str, text: str) -> Card:
        card = Card()
        card.setProperty("chosen", True)
        card.box.addWidget(Heading(title, "big"))
        card.box.addWidget(Label(text, "text", "muted"))
        return card

    def _build_overview(self) -> Card:
        card = Card()
        card.box.setSpacing(0)
        card.box.addWidget(Heading(translate("Welcome", "What will happen"), wrap=False))
        lines = (
            (
                translate("Welcome", "Looking"),
                translate(
                    "Welcome",
                    "The card, its driver, the disk and what older attempts left. Nothing is "
                    "changed by it.",
                ),
            ),
            (
                translate("Welcome", "Installing"),
                translate(
                    "Welcome",
                    "A setup that fits this card, pinned and checked file by file, in a folder of "
                    "its own. What works "
                    "today stays as it is until the new one is proven.",
                ),
            ),
            (
                translate("Welcome", "Proving"),
                translate(
                    "Welcome",
                    "Checks, a benchmark and a small fine-tune on this card. You get the result "
                    "as a report.",
                ),
            ),
        )
        for number, (title, text) in enumerate(lines, 1):
            card.box.addSpacing(12)
            card.box.addWidget(_build_line(number, title, text))
        return card

    def _build_cost_card(self) -> Card:
        card = Card()
        card.box.setSpacing(10)
        card.box.addWidget(Heading(translate("Welcome", "What it takes here")))
        self.download = Fact(translate("Welcome", "Download"))
        self.disk = Fact(translate("Welcome", "On disk"))
        self.free = Fact(translate("Welcome", "Free now"))
        row = across(self.download, self.disk, self.free)
        for i in range(3):
            row.setStretch(i, 1)
        card.box.addLayout(row)
        self.cost_note = Label("", "small", "muted")
        card.box.addWidget(self.cost_note)
        card.box.addStretch(1)
        return card

    def _build_settings_card(self) -> Card:
        from PySide6.QtWidgets import QSizePolicy

        from app.gui.widgets.combo import Combo

        card = Card()
        card.box.setSpacing(6)
        self.language = Combo()
        for code, name in languages.offered():
            self.language.addItem(name, code)
        spoken = self.frame.preference("language")
        self.language.setCurrentIndex(self.language.findData(languages.chosen(spoken)))
        self.language.activated.connect(
            lambda _at: self._change_language(self.language.currentData())
        )
        self.appearance = Combo()
        for code, name in (
            ("system", translate("Welcome", "As the system")),
            ("light", translate("Welcome", "Light")),
            ("dark", translate("Welcome", "Dark")),
        ):
            self.appearance.addItem(name, code)
        self.appearance.setCurrentIndex(
            self.appearance.findData(self.frame.preference("theme") or "system")
        )
        self.appearance.activated.connect(
            lambda _at: self._change_theme(self.appearance.currentData())
        )
        for name, box in (
            (translate("Welcome", "Language"), self.language),
            (translate("Welcome", "Appearance"), self.appearance),
        ):
            label = Label(name, "small", "muted", wrap=False)
            label.setBuddy(box)
            box.setAccessibleName(name)
            box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            card.box.addWidget(label)
            card.box.addWidget(box)
            card.box.addSpacing(4)
        return card

    def _change_language(self, code: str) -> None:
        """The box is built again by it, so its own handler has to be over first."""
        self.frame.after_handler(lambda: self.frame.set_language(code))

    def _change_theme(self, choice: str) -> None:
        self.frame.after_handler(lambda: self.frame.set_theme(choice))

    def _fill_bar(self, unfinished: Unfinished | None, installed: bool) -> None:
        if unfinished is not None:
            self.bar.button(translate("Welcome", "&Begin again"), self.frame.forward)
            self.bar.main(
                translate("Welcome", "&Go on where you stopped"), lambda: self._go_on(unfinished)
            )
        elif not installed:  # a home page has its own bar
            self.bar.note(
                translate("Welcome", "Nothing is installed before you have seen the plan.")
            )
            self.bar.main(translate("Welcome", "&Look at this PC"), self.frame.forward)

    def _go_on(self, unfinished: Unfinished) -> None:
        self.session.choose(unfinished.profile)
        self.frame.resume = unfinished.plan
        self.frame.go("install")

    def _on_surveyed(self, fault: BaseException | None) -> None:
        if self.frame.currentPage() is self:
            self._show_figures()
            if self.home is not None and fault is None:
                self.home.show_newer()

    def _show_figures(self) -> None:
        if self.download is None:
            return
        facts = self.session.facts if self.frame.ready else None
        if facts is None or self.frame.is_surveying:
            for fact in (self.download, self.disk, self.free):
                fact.set_content("…")
            self.cost_note.setText(translate("Welcome", "Looking at this PC."))
            return
        from app.gui.messages import localize
        from app.gui.summaries import home_disk

        best, plan, disk = self.session.best(), self.session.plans.install(), home_disk(facts)
        self.download.set_content(formatting.size(plan.download_bytes))
        self.disk.set_content(formatting.size(plan.disk_bytes))
        self.free.set_content(formatting.size(disk.free if disk is not None else None))
        self.cost_note.setText(
            translate("Welcome", "For {title}. You can choose another setup.").format(
                title=localize(best.profile.title)
            )
        )


def _build_line(number: int, title: str, text: str) -> QWidget:
    row = Container(across=True, gap=14)
    column = Container(gap=3)
    column.box.addWidget(Label(title, "value", wrap=False))
    column.box.addWidget(Label(text, "small", "muted"))
    row.box.addLayout(at_top(Number(number)))
    row.box.addWidget(column, 1)
    row.setAccessibleName(f"{number}. {title}: {text}")
    return row
