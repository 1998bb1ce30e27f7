"""Clean-up: what older attempts left, and which of it goes to the quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.decide.plans.builder import GUIDE_PACKAGES, Holder, find_guide_environments
from app.engine.stages import Stage
from app.gui import formatting, theme
from app.gui.formatting import translate
from app.gui.messages import localize
from app.gui.pages.page import Page
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Card, Elided, Heading, Label, heading, line
from app.gui.widgets.combo import Combo
from app.gui.widgets.removed_packages import RemovedPackages
from app.model.errors import ExpectedError
from app.model.home_layout import HomeLayout
from app.model.machine import Leftover

if TYPE_CHECKING:
    from app.gui.frame import Frame


class CleanUp(Page):
    """Nothing is ticked; what is chosen is moved, not deleted."""

    stage: Stage = "clean-up"

    def __init__(self, wizard: Frame) -> None:
        super().__init__(wizard)
        self._shown: tuple[Leftover, ...] | None = None
        self._held: tuple[Holder, ...] | None = None
        wizard.surveyed.connect(self._on_surveyed)

    def build(self) -> None:
        """The list's card and the one that explains the quarantine."""
        self.set_header(
            translate("CleanUp", "Clean-up"),
            translate(
                "CleanUp",
                "Older attempts left this. Keeping it does no harm: the new setup does not use it.",
            ),
        )
        self.list_card = Card()
        self.list_card.box.setSpacing(0)
        top, self.sum = heading(translate("CleanUp", "Found"))
        self.list_card.box.addLayout(top)
        self.list_card.box.addSpacing(6)
        self.body.addWidget(self.list_card)
        explained = Card(tight=True)
        self.explanation = Label("", "small", "muted")
        self.put_back = Button(
            translate("CleanUp", "&Put back what was moved away"), self._put_back, "link"
        )
        explained.box.addWidget(self.explanation)
        explained.box.addWidget(self.put_back)
        self.body.addWidget(explained)
        self.taken = RemovedPackages(self.frame)
        self.taken.filled.connect(self.set_tab_order)
        self.body.addWidget(self.taken)
        self.guide_card = self._build_guide_card()
        self.body.addWidget(self.guide_card)
        self.body.addStretch(1)
        self.bar.button(translate("CleanUp", "&Back"), self.frame.backward)
        self.bar.main(translate("CleanUp", "&Next: the plan"), self._go_next)
        self.boxes: dict[str, QCheckBox] = {}
        self._rows: list[QWidget] = []
        self._shown = self._held = None

    def _build_guide_card(self) -> Card:
        """The guide's own clean-up: five packages out of one environment. Nothing is chosen by
        itself.
        """
        card = Card()
        card.box.setSpacing(8)
        card.box.addWidget(Heading(translate("CleanUp", "The guide's own clean-up")))
        card.box.addWidget(
            Label(
                translate(
                    "CleanUp",
                    "The guide takes {packages} out of an environment before it installs. Nothing "
                    "here needs that: the new "
                    "setup has an environment of its own. Choose one if you want it all the same; "
                    "the list of everything in "
                    "it is saved first, so that they can be put back here.",
                ).format(packages=", ".join(GUIDE_PACKAGES)),
                "small",
                "muted",
            )
        )
        self.guide = Combo()
        self.guide.setSizeAdjustPolicy(Combo.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.guide.setMinimumContentsLength(12)
        self.guide.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.guide.currentIndexChanged.connect(lambda _at: self._reset_tick())
        name = Label(
            translate("CleanUp", "&Take the guide's five packages out of"),
            "small",
            "muted",
            wrap=False,
        )
        name.setBuddy(self.guide)
        self.guide.setAccessibleName(name.text())
        card.box.addWidget(name)
        card.box.addWidget(self.guide)
        self.take_out = QCheckBox(translate("CleanUp", "Take these packages out"))
        self.take_out.setFont(theme.font("value"))
        card.box.addWidget(self.take_out, 0, Qt.AlignmentFlag.AlignLeft)
        return card

    def _reset_tick(self) -> None:
        """Another environment is another question: the tick names it and is not set."""
        python = self.guide.currentData()
        self.take_out.setChecked(False)
        self.take_out.setVisible(python is not None)
        if python is not None:
            self.take_out.setText(
                translate("CleanUp", "Take them out of {environment}").format(
                    environment=environment_name(self.session.place, python)
                )
            )
            self.take_out.setAccessibleName(
                translate("CleanUp", "Take them out of {environment}").format(environment=python)
            )
            self.take_out.setToolTip(python)

    def enter(self) -> None:
        """List what the survey found; earlier ticks stay."""
        facts = self.session.facts
        leftovers = facts.leftovers if facts is not None else ()
        held = find_guide_environments(facts, self.session.place) if facts is not None else ()
        if leftovers != self._shown:
            self._shown = leftovers
            self._list_leftovers(leftovers)
        if held != self._held:
            self._held = held
            self._offer_environments(held)
        self._explain_quarantine()
        self._update_sum()
        self.taken.refresh()

    def _offer_environments(self, held: tuple[Holder, ...]) -> None:
        self.guide.clear()
        self.guide.addItem(translate("CleanUp", "no environment"), None)
        for holder in held:
            self.guide.addItem(f"{holder.python} · {holder.holds}", holder.python)
            self.guide.setItemData(
                self.guide.count() - 1, holder.python, Qt.ItemDataRole.ToolTipRole
            )
        at = self.guide.findData(self.session.answers.uninstall_from)
        self.guide.setCurrentIndex(max(0, at))
        self._reset_tick()
        self.take_out.setChecked(at > 0)
        self.guide_card.setVisible(bool(held))

    def _explain_quarantine(self) -> None:
        """What the quarantine is, and the way back out of it where something lies there."""
        try:
            moved = bool(self.session.undo.quarantined())
        except ExpectedError:
            moved = False  # a journal that cannot be read is a finding of its own
        self.put_back.setVisible(moved)
        text = translate(
            "CleanUp",
            "What you choose is moved into a quarantine folder on its own disk when the plan "
            "runs. It can "
            "be put back, here and on the last page.",
        )
        if any(x.kind == "own" for x in self._shown or ()):
            text += " " + translate(
                "CleanUp", "Only what this program made itself is deleted for good."
            )
        self.explanation.setText(text)

    def _put_back(self) -> None:
        from app.gui.dialogs.restore import offer

        if offer(self.frame, self.session):
            self._explain_quarantine()
            self.frame.start_survey()

    def _on_surveyed(self, _fault: BaseException | None) -> None:
        if self.frame.currentPage() is self and self._shown is not None:
            self._save_answers()
            self.enter()

    def _list_leftovers(self, leftovers: tuple[Leftover, ...]) -> None:
        for old in self._rows:
            self.list_card.box.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._rows, self.boxes = [], {}
        ticked = set(self.session.answers.clean_up)
        for leftover in leftovers:
            for widget in (line(), self._build_row(leftover, leftover.id in ticked)):
                self._rows.append(widget)
                self.list_card.box.addWidget(widget)

    def _build_row(self, leftover: Leftover, ticked: bool) -> QWidget:
        row = QWidget()
        box = QHBoxLayout(row)
        box.setContentsMargins(0, 12, 0, 12)
        box.setSpacing(14)
        title = kind_title(leftover)
        tick = QCheckBox(title)
        tick.setFont(theme.font("value"))
        tick.setChecked(ticked)
        tick.setAccessibleName(f"{title}, {leftover.path}, {formatting.size(leftover.size)}")
        tick.toggled.connect(lambda _on: self._update_sum())
        self.boxes[leftover.id] = tick
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(tick, 0, Qt.AlignmentFlag.AlignLeft)
        under = QVBoxLayout()
        under.setContentsMargins(
            32, 0, 0, 0
        )  # under the tick's text, which has room for a ring around it
        under.setSpacing(3)
        under.addWidget(Elided(leftover.path, "mono", "muted"))
        if leftover.detail:
            under.addWidget(Label(localize(leftover.detail), "small", "muted"))
        column.addLayout(under)
        box.addLayout(column, 1)
        size = Label(formatting.size(leftover.size), "value", wrap=False, tabular=True)
        size.setMinimumHeight(28)  # in line with the button beside it
        box.addWidget(size, 0, Qt.AlignmentFlag.AlignTop)
        look = Button(
            translate("CleanUp", "Open"), lambda: self.session.desktop.open(leftover.path), "small"
        )
        look.setAccessibleName(
            translate("CleanUp", "Open the folder {path}").format(path=leftover.path)
        )
        box.addWidget(look, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _update_sum(self) -> None:
        chosen = [x for x in self._shown or () if self.boxes[x.id].isChecked()]
        whole = formatting.size(sum(x.size or 0 for x in self._shown or ()))
        if not chosen:
            self.sum.setText(
                translate("CleanUp", "{size} in all, nothing chosen").format(size=whole)
            )
            return
        freed = formatting.size(sum(x.size or 0 for x in chosen))
        self.sum.setText(
            translate("CleanUp", "{part} of {size} go to the quarantine").format(
                part=freed, size=whole
            )
        )

    def leave(self) -> None:
        """Remember what is chosen."""
        self._save_answers()

    def _save_answers(self) -> None:
        """Ticks of things that a new survey no longer finds are dropped, so that no plan asks for
        them.
        """
        facts = self.session.facts
        there = {x.id for x in facts.leftovers} if facts is not None else set()
        self.session.change(
            clean_up=tuple(
                name for name, box in self.boxes.items() if box.isChecked() and name in there
            ),
            uninstall_from=self.guide.currentData() if self.take_out.isChecked() else None,
        )

    def _go_next(self) -> None:
        self.frame.forward()


def environment_name(place: HomeLayout, python: str) -> str:
    """The folder of an environment by its interpreter, which may lie in one for programs."""
    folder = place.folder_of(python)
    if folder.lower().endswith(("/bin", "\\scripts")):
        folder = place.folder_of(folder)
    return folder.replace("\\", "/").rpartition("/")[2] or python


def kind_title(leftover: Leftover) -> str:
    """What kind of thing it is, in plain words."""
    return {
        "venv": translate("CleanUp", "Virtual environment"),
        "conda": translate("CleanUp", "Conda environment"),
        "user-site": translate("CleanUp", "Packages in the user's own Python folder"),
        "cache": translate("CleanUp", "Package cache"),
        "model-cache": translate("CleanUp", "Downloaded models"),
        "own": translate("CleanUp", "Made by this program"),
        "folder": translate("CleanUp", "Folder"),
    }[leftover.kind]
