"""The page of plan and install: all that will happen, then the run.

What failed is explained.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from app.engine.stages import Stage
from app.gui import formatting, theme
from app.gui.error_dialog import show_fault
from app.gui.formatting import translate
from app.gui.mending import label, leading, mend
from app.gui.messages import localize, localize_all, localize_fault
from app.gui.pages.plan_page import PlanPage, RunView
from app.gui.plan_run import PlanRun
from app.gui.run_progress import expected_seconds
from app.gui.widgets.card import Card, Container, Fact, Label, at_top, grid_of
from app.gui.widgets.collapsible import Collapsible
from app.gui.widgets.diagnosis_card import DiagnosisCard, diagnosis_of
from app.gui.widgets.plan_list import PlanList
from app.model.errors import ExpectedError
from app.model.event import Started, StepEvent
from app.model.plan import FetchWheels, Plan, ProvidePython, RunCheck

if TYPE_CHECKING:
    from app.gui.frame import Frame
    from app.model.advice import Choice, Finding
    from app.model.verdict import Verification


class Install(PlanPage):
    """The fifth page. Nothing runs before the person has seen the plan and pressed Install."""

    stage: Stage = "install"

    def __init__(self, wizard: Frame) -> None:
        super().__init__(wizard)
        self.plan: Plan | None = None
        self._watching = False
        self._asked: Plan | None = None  # what is in place of it is being looked at

    def build(self) -> None:
        """Two sheets: the plan and the run."""
        self._sheets = QStackedWidget()
        self.body.addWidget(self._sheets, 1)

    def enter(self) -> None:
        """Show the run that is going on; else go on with one that was cut off; else show the plan."""
        if self.running and self.run is not None:
            if self.view is None:
                self.set_header(translate("Install", "Installing"), localize(self.run.plan.title))
                self._show_sheet(self.view_again(self.run))
                self._build_run_bar()
            return
        resumed, self.frame.resume = self.frame.resume, None
        if resumed is not None:
            self.start(resumed)
            return
        try:
            plan = self.session.plans.install()
        except ExpectedError as error:
            self._show_blocked(error)
            return
        if (
            self.run is not None
            and self.view is not None
            and self.run.plan == plan
            and self.plan == plan
        ):
            return  # how its run ended is still what there is to say
        if self.session.environments.has(plan.environment):
            self._look_first(plan)
        else:
            self.show_plan(plan)

    def _look_first(self, plan: Plan) -> None:
        """What is there of this very setup: its records and files are read, which takes seconds."""
        self.plan, self.view, self._asked = plan, None, plan
        self.set_header(
            translate("Install", "Plan"),
            translate("Install", "Looking at what is in place. Nothing is changed by it."),
        )
        self._show_sheet(QWidget())
        bar = self.fresh_bar()
        bar.main(translate("Install", "&Back"), self.frame.backward)
        session = self.session

        def look() -> Iterator[tuple[Plan, str, Verification | None]]:
            repaired, broken = session.plans.repair(plan)
            place = None if broken else session.environments.already_in_place(plan, whole=True)
            yield repaired, broken, place

        stream = self.frame.stream(look, partial(self._on_looked, plan))
        stream.ended.connect(partial(self._look_ended, plan))
        stream.start()

    def _on_looked(self, plan: Plan, found: tuple[Plan, str, Verification | None]) -> None:
        if self.built and self._asked is plan:  # else another plan is on the page by now
            repaired, broken, place = found
            self.show_plan(repaired, place=place, broken=broken)

    def _look_ended(self, plan: Plan, fault: BaseException | None) -> None:
        if fault is None or self._asked is not plan or not self.built:
            return
        if isinstance(fault, ExpectedError):
            self._show_blocked(fault)
        else:
            show_fault(self.frame, fault)

    def _show_sheet(self, sheet: QWidget) -> None:
        while self._sheets.count():
            old = self._sheets.widget(0)
            self._sheets.removeWidget(old)
            old.deleteLater()
        self._sheets.addWidget(sheet)

    # ---- the plan

    def show_plan(
        self,
        plan: Plan,
        fix: bool = False,
        place: Verification | None = None,
        broken: str = "",
    ) -> None:
        """Everything that will happen, before it does; ``fix``: the plan mends what failed; ``place``:
        what proves that all of it is in place; ``broken``: what it mends of an environment.
        """
        self.plan, self.view, self._asked = plan, None, None  # the sheet of an earlier run goes
        choice = self.session.best()
        title = translate("Install", "Plan of the fix") if fix else translate("Install", "Plan")
        if broken:
            title = translate("Install", "Plan of the repair")
        promise = self._describe_plan(plan, choice, place)
        if broken:
            found = translate("Install", "To be mended: {what}. The environment is made again.")
            promise = f"{found.format(what=localize(broken))} {promise}"
        self.set_header(title, promise)
        sheet = QWidget()
        box = QVBoxLayout(sheet)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.GAP)
        box.addWidget(self._build_sums(plan, localize(choice.profile.title)))
        listed = PlanList(plan)
        listed.details_wanted.connect(self.show_details)
        box.addWidget(listed, 1)
        self._show_sheet(sheet)
        self._build_plan_bar(plan, choice, place)
        if choice.verdict == "blocked":
            self.announce_head(urgent=True)

    def _describe_plan(self, plan: Plan, choice: Choice, place: Verification | None) -> str:
        if place is not None:
            return translate(
                "Install", "This setup is in place and proven; there is nothing to do."
            )
        if choice.verdict == "blocked" and not self.is_replay(plan):
            stops = [f.title for f in choice.findings if f.severity == "blocks"]
            return translate("Install", "This PC cannot take the setup yet: {reason}.").format(
                reason="; ".join(localize_all(tuple(stops))) or localize(choice.why)
            )
        if self.session.simulated:
            if self.is_replay(plan):
                return translate(
                    "Install",
                    "The report holds a recorded run of this plan; it is played back, nothing is "
                    "changed.",
                )
            return translate("Install", "Simulation. This is all that would happen, in this order.")
        return translate(
            "Install", "Nothing has been changed yet. This is all that will happen, in this order."
        )

    def _build_sums(self, plan: Plan, setup: str) -> Card:
        card = Card()
        # In a short window the list below gives way, not the lines of this card.
        card.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        facts = (
            Fact(translate("Install", "Setup"), setup),
            Fact(translate("Install", "Download"), formatting.size(plan.download_bytes)),
            Fact(translate("Install", "On disk"), formatting.size(plan.disk_bytes)),
            Fact(
                translate("Install", "Time"),
                formatting.about(sum(expected_seconds(s) for s in plan.steps)),
                translate("Install", "With a line of 10 MB/s"),
            ),
        )
        row = Collapsible(wide=560, gap=18)
        row.box.addLayout(at_top(facts[0]), 5)
        rest = Container()
        rest.box.addLayout(grid_of(facts[1:], (2, 2, 3)))
        rest.box.addStretch(1)
        row.box.addWidget(rest, 7)
        card.box.addWidget(row)
        card.box.addSpacing(6)
        card.box.addWidget(
            Label(
                translate(
                    "Install",
                    "Everything goes to {folder}. The setup that you use today stays as it "
                    "is until the new one is proven.",
                ).format(folder=self.session.place.home),
                "small",
                "muted",
            )
        )
        return card

    def _build_plan_bar(self, plan: Plan, choice: Choice, place: Verification | None) -> None:
        bar = self.fresh_bar()
        bar.link(translate("Install", "Details of every step"), self.show_details)
        bar.button(translate("Install", "&Back"), self.frame.backward)
        if place is not None:
            bar.button(translate("Install", "&Run it again"), partial(self.start, plan))
            bar.main(translate("Install", "&Verify"), self.frame.forward)
        elif self.is_replay(plan):
            bar.main(translate("Install", "&Play the recorded run"), partial(self.start, plan))
        elif choice.verdict == "blocked":
            lead = leading(choice.findings)
            if lead is not None:
                bar.main(label(lead), partial(self._mend_block, lead))
            else:
                bar.main(translate("Install", "&See what to do"), lambda: self.frame.go("this-pc"))
        else:
            bar.main(translate("Install", "&Install"), partial(self.start, plan))
        self.focus_primary()

    def _mend_block(self, finding: Finding) -> None:
        """Go to the mending of the one thing in the way; then This PC is where one looks again."""
        sentence = mend(self, finding, lambda _one: self.frame.go("this-pc"))
        if sentence and self.built and self.bar.primary is not None:
            self.set_header(self.title_label.text(), sentence)
            bar = self.fresh_bar()
            bar.button(translate("Install", "&Back"), self.frame.backward)
            bar.main(translate("Install", "&Look again"), self._look_again)
            self.focus_primary()

    def _look_again(self) -> None:
        self.frame.go("this-pc")
        self.frame.start_survey()

    def show_details(self) -> None:
        """The plan for experts."""
        from app.gui.dialogs.plan_details import PlanDetails

        if self.plan is not None:
            PlanDetails(self.frame, self.plan).exec()

    def _show_blocked(self, error: ExpectedError) -> None:
        self.set_header(translate("Install", "Plan"), localize(error.message))
        card = Card()
        card.box.addWidget(Label(localize(error.hint or error.message)))
        sheet = QWidget()
        box = QVBoxLayout(sheet)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(card)
        box.addStretch(1)
        self._show_sheet(sheet)
        bar = self.fresh_bar()
        bar.main(translate("Install", "&Back"), self.frame.backward)
        self.focus_primary()

    # ---- the run

    def start(self, plan: Plan) -> None:
        """Run the plan; steps that are done already are passed over."""
        if self.running:
            return
        self.plan, self._asked = plan, None
        self._watching = False
        self.set_header(translate("Install", "Installing"), localize(plan.title))
        self._show_sheet(self.begin(plan))
        self._build_run_bar()

    def _build_run_bar(self) -> None:
        bar = self.fresh_bar()
        bar.note(
            translate("Install", "Simulation: nothing is changed on this computer.")
            if self.session.simulated
            else translate(
                "Install",
                "The PC stays awake. You can close this window; the same start goes on here.",
            )
        )
        self.stop_button(bar)
        if self.view is not None:  # not on Stop: Enter must not end what Enter has begun
            self.view.panel.pane.setFocus()

    def on_step_event(self, event: StepEvent) -> None:
        """From the first check on, the next page shows them live."""
        if (
            not self.built
            or self._watching
            or not isinstance(event.what, Started)
            or self.plan is None
        ):
            return
        if any(s.id == event.step and isinstance(s, RunCheck) for s in self.plan.steps):
            self._watching = True
            self.bar.button(
                translate("Install", "Watch the chec&ks"), lambda: self.frame.go("verify")
            )

    def on_run_end(self, run: PlanRun, view: RunView) -> None:
        """Finished, failed or stopped: each has its title, its card and its way on."""
        if run.outcome == "finished":
            self._show_finished(run)
        elif run.outcome == "stopped":
            self._show_stopped(run)
        else:
            self._show_failed(run, view)
        self.announce_head(urgent=run.outcome != "finished")
        self.focus_primary()

    def _show_finished(self, run: PlanRun) -> None:
        self.set_header(
            translate("Install", "Installed"),
            formatting.joined(
                [
                    self.describe_simulation(run.plan),
                    localize(run.plan.title),
                    translate("Install", "all steps done in {time}").format(
                        time=formatting.seconds(run.run_progress.now)
                    ),
                ]
            ),
        )
        bar = self.fresh_bar()
        bar.link(translate("Install", "Save report"), self.save_report)
        bar.main(translate("Install", "See the &proof"), self.frame.forward)
        if self.frame.currentPage() is self:
            self.frame.forward()

    def _show_stopped(self, run: PlanRun) -> None:
        self.set_header(
            translate("Install", "Stopped"),
            translate(
                "Install",
                "What was fetched and installed is kept; going on starts at the step that was "
                "stopped.",
            ),
        )
        bar = self.fresh_bar()
        bar.button(translate("Install", "&Back"), self.frame.backward)
        bar.main(translate("Install", "&Go on"), partial(self.start, run.plan))

    def _show_failed(self, run: PlanRun, view: RunView) -> None:
        step, failed = run.failures[0] if run.failures else ("", None)
        found = next((s for s in run.plan.steps if s.id == step), None)
        title = localize(found.title if found is not None else run.plan.title)
        self.set_header(
            translate("Install", "Not finished"),
            localize_fault(run.fault)
            if run.fault is not None
            else translate(
                "Install", "“{step}” failed. The setup that you use today was not touched."
            ).format(step=title),
        )
        if failed is not None:
            card = DiagnosisCard(diagnosis_of(failed), step=title, report=False, retry=False)
            card.fix_wanted.connect(partial(self.apply_fix, run.plan))
            card.issue_wanted.connect(self.copy_issue)
            view.show_card(card)
        bar = self.fresh_bar()
        bar.link(translate("Install", "Save report"), self.save_report)
        bar.button(translate("Install", "Back to the &plan"), partial(self.show_plan, run.plan))
        if isinstance(found, FetchWheels | ProvidePython):
            bar.button(translate("Install", "S&ources …"), partial(self._other_sources, run.plan))
        if isinstance(found, RunCheck):
            bar.button(translate("Install", "See the &checks"), self.frame.forward)
        bar.main(translate("Install", "&Try again"), partial(self.start, run.plan))

    def _other_sources(self, plan: Plan) -> None:
        """Mirrors, proxy and certificates, with their test; with others the plan is tried again."""
        from app.gui.dialogs.sources import ask_sources

        if ask_sources(self.frame) and not self.running:
            self.start(plan)

    def apply_fix(self, plan: Plan, remedy: str) -> None:
        """Carry an automatic fix out. It is a plan like any other: shown first, but for a mere
        second try.
        """
        if self.running:
            return
        try:
            mended = self.session.plans.remedy(remedy, plan)
        except ExpectedError as error:
            show_fault(self.frame, error)
            return
        if remedy == "retry":
            self.start(mended)
        else:
            self.show_plan(mended, fix=True)
