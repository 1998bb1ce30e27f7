"""Setup: the best setup large, the others folded away, where everything goes and comes from."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QButtonGroup, QFileDialog

from app.decide.verification.proof import in_brief
from app.engine.stages import Stage
from app.gui import formatting, theme
from app.gui.formatting import translate
from app.gui.mending import label, leading, mend
from app.gui.messages import localize
from app.gui.pages.page import Page
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Card, Container, Elided, Label, across, empty
from app.gui.widgets.choice import ChoiceCard, cost
from app.model.advice import Choice, Finding

if TYPE_CHECKING:
    from app.gui.frame import Frame

SOURCE_FIELDS = ("index", "pytorch_index", "python_mirror", "proxy", "certificates", "offline")


class Setup(Page):
    """The recommended setup, folder and sources in sight; the other setups behind one button, those
    that cannot work with their reason.
    """

    stage: Stage = "setup"

    def __init__(self, wizard: Frame) -> None:
        super().__init__(wizard)
        self._shown: tuple[Choice, ...] | None = None
        self._unfolded = False
        self._act: Callable[[], object] = wizard.forward
        wizard.surveyed.connect(self._on_surveyed)

    def build(self) -> None:
        """The cards come in ``enter``; here is what surrounds them."""
        self.set_header(
            translate("Setup", "Setup"),
            translate(
                "Setup",
                "Ranked for this PC. Each is pinned: the same files every time, each checked by "
                "its hash.",
            ),
        )
        self.fixed = Label("", "small", "muted")
        self.body.addWidget(self.fixed)
        self.cards = Container(gap=theme.GAP)
        self.body.addWidget(self.cards)
        row = across(self._build_folder_card(), self._build_sources_card(), gap=theme.GAP)
        row.setStretch(0, 8)
        row.setStretch(1, 5)
        self.body.addLayout(row)
        self.more = Button("", self._toggle_others, "link")
        self.body.addWidget(self.more)
        self.others = Container(gap=theme.GAP)
        self.body.addWidget(self.others)
        self.body.addStretch(1)
        self.compare = self.bar.link(
            translate("Setup", "C&ompare two setups"), self._show_comparison
        )
        self.reason = self.bar.note("")
        self.bar.button(translate("Setup", "&Back"), self.frame.backward)
        self.bar.main("", self._press_primary)
        self._shown = None
        self.group = QButtonGroup(self)

    def enter(self) -> None:
        """Rank again where the facts have changed."""
        self._show_fixed()
        self._show_ranking()
        self._show_folder()
        self._show_sources()

    def _show_fixed(self) -> None:
        """What this PC's policy file fixes is said, and cannot be changed here."""
        fixed = self.session.fixed
        words = {
            "profile": translate("Setup", "the setup"),
            "home": translate("Setup", "the folder"),
            "all_users": translate("Setup", "the folder"),
            **dict.fromkeys(SOURCE_FIELDS, translate("Setup", "sources")),
        }
        named = list(dict.fromkeys(words[name] for name in fixed if name in words))
        self.fixed.setText(
            translate("Setup", "Fixed by this PC's administrator: {what}.").format(
                what=", ".join(named)
            )
        )
        self.fixed.setVisible(bool(named))
        self.change.setEnabled(not {"home", "all_users"} & fixed.keys())

    # ---- the cards

    def _on_surveyed(self, _fault: BaseException | None) -> None:
        if self.frame.currentPage() is self:
            self._show_ranking()

    def _show_ranking(self) -> None:
        if self.session.facts is None:
            self._wait_for_facts()
            return
        choices = self.session.choices()
        if choices == self._shown:
            self._label_next()
            return
        self._shown = choices
        for old in self.group.buttons():
            self.group.removeButton(old)
        for holder in (self.cards, self.others):
            empty(holder)
        chosen = self._preselected(choices)
        first = next((c for c in choices if c.recommended), choices[0])
        family = self.session.facts.os.family
        for choice in (first, *(c for c in choices if c is not first)):
            card = self._build_card(choice, family, prominent=choice is first)
            (self.cards if choice is first else self.others).box.addWidget(card)
            self.group.addButton(card.radio)
            if choice is chosen:
                card.radio.setChecked(True)
                self.session.choose(choice.profile.id)
        if chosen is not None and chosen is not first:
            self._unfolded = True
        self._show_others()
        self._label_next()

    def _wait_for_facts(self) -> None:
        """Which setups fit is known once the PC was looked at; until then nothing can be chosen."""
        if not self.cards.box.count():
            card = Card()
            waits = translate(
                "Setup",
                "This PC is still being looked at. Its card and driver say which setups fit.",
            )
            card.box.addWidget(Label(waits, "text", "muted"))
            self.cards.box.addWidget(card)
        self.more.hide()
        self.compare.setEnabled(False)
        if self.bar.primary is not None:
            self.bar.primary.setText(translate("Setup", "Looking …"))
            self.bar.primary.setEnabled(False)
            self.bar.refit()

    def _toggle_others(self) -> None:
        self._unfolded = not self._unfolded
        self._show_others()

    def _show_others(self) -> None:
        """The other setups, or only how many there are; one that is chosen stays in sight."""
        count = self.others.box.count()
        self.others.setVisible(self._unfolded and count > 0)
        self.more.setVisible(count > 0)
        self.more.setText(
            translate("Setup", "Hide the other setups")
            if self._unfolded
            else translate("Setup", "Other setups ({n})").format(n=count)
        )
        self.set_tab_order()

    def _preselected(self, choices: tuple[Choice, ...]) -> Choice | None:
        possible = [c for c in choices if c.verdict != "blocked"]
        wanted = self.session.profile.id if self.session.profile is not None else None
        # The one without a card is chosen by a person, or where it is the best that there is.
        serving = [c for c in possible if c.profile.needs.gpu or c.recommended]
        return next(
            (c for c in possible if c.profile.id == wanted),
            serving[0] if serving and "profile" not in self.session.fixed else None,
        )

    def _build_card(self, choice: Choice, family: str, *, prominent: bool) -> ChoiceCard:
        profile = choice.profile
        big, size = prominent, cost(choice, family)
        pinned = translate("Setup", "pinned {date}").format(date=formatting.day(profile.pinned_on))
        foot = size if big else formatting.joined([size, pinned])
        card = ChoiceCard(
            localize(profile.title),
            formatting.joined([localize(profile.subtitle), pinned]),
            localize(choice.why),
            foot,
            tag(choice),
            prominent=big,
            possible=choice.verdict != "blocked"
            and self.session.fixed.get("profile", profile.id) == profile.id,
            proof=localize(in_brief(profile, family)),
        )
        card.radio.toggled.connect(lambda on: self._choose_setup(choice) if on else None)
        if profile.guide:
            card.link(translate("Setup", "What the guide gets wrong"), self._show_corrections)
        blocking = next(
            (f for f in choice.findings if f.severity == "blocks" and f.action is not None), None
        )
        if choice.verdict == "blocked" and blocking is not None:
            card.link(label(blocking), lambda: self._go_to_remedy(blocking))
        card.details(lambda: self._build_details(choice))
        return card

    def _build_details(self, choice: Choice) -> Container:
        from app.gui.pages.setup_details import details

        facts = self.session.facts
        return details(choice, facts.os.family if facts is not None else "windows")

    def _choose_setup(self, choice: Choice) -> None:
        self.session.choose(choice.profile.id)
        self._label_next()

    def _label_next(self) -> None:
        primary = self.bar.primary
        if primary is None:
            return
        able = any(b.isChecked() for b in self.group.buttons())
        lead = (
            None
            if able or not self._shown
            else leading(self._recommended_or_first(self._shown).findings)
        )
        if lead is not None:
            self._act = lambda: self._go_to_remedy(lead)
            primary.setText(label(lead))
        else:
            self._act = self.frame.forward
            primary.setText(
                translate("Setup", "&Next: clean-up")
                if self.frame.wizard_state.leftovers
                else translate("Setup", "&Next: the plan")
            )
        primary.setEnabled(able or lead is not None)
        self.bar.refit()
        self.reason.setText(
            ""
            if able
            else translate(
                "Setup",
                "Nothing is chosen: the setup for this card needs something first; its card says "
                "what.",
            )
            if self.group.buttons() and any(b.isEnabled() for b in self.group.buttons())
            else translate("Setup", "No setup can work here yet; each card says what it needs.")
        )
        self.compare.setEnabled(self._shown is not None and len(self._shown) > 1)

    def _press_primary(self) -> None:
        self._act()

    @staticmethod
    def _recommended_or_first(choices: tuple[Choice, ...]) -> Choice:
        return next((c for c in choices if c.recommended), choices[0])

    def _go_to_remedy(self, finding: Finding) -> None:
        """Go to the mending; what comes next on this page is to look whether it helped."""
        sentence = mend(self, finding, lambda _one: self.frame.go("this-pc"))
        if self.built and sentence:
            self.reason.setText(sentence)
        if self.built and self.bar.primary is not None and sentence:
            self._act = self.frame.start_survey
            self.bar.primary.setText(translate("Setup", "&Look again"))
            self.bar.primary.setEnabled(True)

    def ask(self, wanted: str) -> None:
        """Ask for the ``folder`` or the ``sources`` at once: somebody was sent here for it."""
        if wanted == "folder":
            self._change_folder()
        else:
            self._change_sources()

    # ---- where to, where from

    def _build_folder_card(self) -> Card:
        card = Card()
        card.box.setSpacing(6)
        card.box.addWidget(
            Label(
                translate("Setup", "Folder for everything (environment, cache, models)"),
                "small",
                "muted",
            )
        )
        self.folder = Elided("", "mono")
        well = Card(tight=True)
        well.setObjectName("inset")
        well.box.setContentsMargins(14, 8, 14, 8)
        well.box.addWidget(self.folder)
        self.change = Button(
            translate("Setup", "C&hange"),
            self._change_folder,
            about=translate("Setup", "Choose another folder"),
        )
        row = across(well, self.change)
        row.setStretch(0, 1)
        card.box.addLayout(row)
        return card

    def _build_sources_card(self) -> Card:
        card = Card()
        card.box.addWidget(Label(translate("Setup", "Sources"), "small", "muted"))
        self.sources = Label("", "value")
        card.box.addWidget(self.sources)
        card.box.addStretch(1)
        self.mirrors = Button(
            translate("Setup", "&Mirrors, proxy, offline folder"), self._change_sources, "link"
        )
        card.box.addWidget(self.mirrors)
        return card

    def _show_folder(self) -> None:
        self.folder.set_content(self.session.place.home)

    def _show_sources(self) -> None:
        self.sources.setText(sources_in_brief(self))

    def _change_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(
            self, translate("Setup", "Folder for everything"), self.session.place.home
        )
        if path:
            self.session.change(home=path)
            self._show_folder()
            self._show_ranking()
            self.frame.refresh_rail()

    def _change_sources(self) -> None:
        from app.gui.dialogs.sources import ask_sources

        if ask_sources(self.frame):
            self._show_sources()
            self._show_ranking()

    def _show_corrections(self) -> None:
        from app.gui.pages.setup_details import show_corrections

        show_corrections(self)

    def _show_comparison(self) -> None:
        from app.gui.pages.setup_details import show_comparison

        if self._shown is not None and self.session.facts is not None:
            show_comparison(self, self._shown, self.session.facts.os.family)


def tag(choice: Choice) -> tuple[str, theme.Tone]:
    """The card's word and its tone."""
    tone: theme.Tone = (
        "warn" if choice.verdict == "blocked" else "good" if choice.recommended else "grey"
    )
    return localize(choice.tag), tone


def sources_in_brief(page: Page) -> str:
    """Indexes and proxy in one line."""
    answers = page.session.answers
    if answers.offline:
        return translate("Setup", "Offline folder {path}").format(path=answers.offline)
    found = page.session.network.sources()
    index = translate("Setup", "Own index") if found.index else translate("Setup", "Default index")
    default = "https://download.pytorch.org/whl"
    torch = (
        translate("Setup", "PyTorch index")
        if found.pytorch_index == default
        else translate("Setup", "PyTorch mirror")
    )
    proxy = translate("Setup", "through a proxy") if found.proxy else translate("Setup", "no proxy")
    return formatting.joined([f"{index}, {torch}", proxy])
