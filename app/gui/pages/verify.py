"""The page of verification: the checks live, then the verdict in plain words.

Expected output, benchmark and first fine-tune.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from PySide6.QtCore import Qt

from app.engine.stages import Stage
from app.gui import formatting, theme
from app.gui.charts.meter import Meter
from app.gui.formatting import translate
from app.gui.messages import localize
from app.gui.pages.install import Install
from app.gui.pages.plan_page import PlanPage, RunView
from app.gui.pages.verdict_words import headline, sentence
from app.gui.plan_run import PlanRun
from app.gui.summaries import short_card, shown_card
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Card, Container, Label, across, heading
from app.gui.widgets.collapsible import Collapsible
from app.gui.widgets.diagnosis_card import DiagnosisCard, diagnosis_of
from app.gui.widgets.verification_cards import BenchCard, ExpectedOutput, FineTuneCard
from app.model.errors import ExpectedError
from app.model.event import Failed, Line, Measured, StepEvent
from app.model.plan import Plan, RunCheck
from app.model.verdict import FineTune, Verification

if TYPE_CHECKING:
    from app.gui.frame import Frame


class Verify(PlanPage):
    """The sixth page. It watches the checks of the install while they run, and runs them again any
    time.
    """

    stage: Stage = "verify"
    scrolls = True

    def __init__(self, wizard: Frame) -> None:
        super().__init__(wizard)
        self._watched: PlanRun | None = None
        self._measured: list[tuple[str, Measured]] = []
        self._failures: dict[str, Failed] = {}
        self._fresh = False  # something was measured since the last judgement
        self._as_table = False
        self._turner: Button | None = None

    # ---- what is on it

    def build(self) -> None:
        """Three cards; above them a thin bar while checks run, below them the log when it is asked
        for.
        """
        self._progress = Container(gap=6)
        self._meter = Meter(translate("Verify", "Progress of the checks"), 0.0, height=6)
        self._doing = Label("", "small", "muted", wrap=False)
        self._progress.box.addWidget(self._meter)
        self._progress.box.addWidget(self._doing)
        self._faults = Container(gap=theme.GAP)
        self.expected, self.tuning, self.bench = ExpectedOutput(), FineTuneCard(), BenchCard()
        self.expected.filled.connect(self.set_tab_order)
        row = Collapsible(wide=640, gap=theme.GAP)
        row.box.addWidget(self.expected, 175)
        row.box.addWidget(self.tuning, 106)
        self._log = Container()
        self.body.addWidget(self._progress)
        self.body.addWidget(self._faults)
        self.body.addWidget(row)
        self.body.addWidget(self.bench)
        self.body.addWidget(self._log)
        self.body.addStretch(1)
        for part in (self._progress, self._faults, self._log):
            part.hide()  # an empty holder would leave its gap

    def enter(self) -> None:
        """Watch checks that are running; else show the last verdict; else offer to run them."""
        if self.running and self.run is not None:
            if self.view is None:  # built again meanwhile, in another language
                self._clear_cards()
                self._replay_events()
                self._show_panel(self.view_again(self.run))
            self._watch_run(self.run)
            return
        other = (
            getattr(self.frame.page(self.frame.visitedIds()[-2]), "run", None)
            if len(self.frame.visitedIds()) > 1
            else None
        )
        if isinstance(other, PlanRun) and other.running and other.session is self.session:
            self._watch_run(other)
            return
        try:
            verdict = self._known_verdict()
        except ExpectedError as error:  # a broken pointer file
            self._show_nothing_yet(localize(error.message))
            return
        if verdict is None:
            self._show_nothing_yet()
            return
        self._forget_results()
        self._replay_events()
        self.show_result(verdict)
        self._look_for_changes()

    def _known_verdict(self) -> Verification | None:
        if self.session.execution.verification is not None or self.session.simulated:
            return self.session.execution.verification
        pointer = self.session.home.pointer()
        return (
            self.session.environments.verification(pointer.active) if pointer is not None else None
        )

    def _show_nothing_yet(self, fault: str = "") -> None:
        self.set_header(
            translate("Verify", "Verify"),
            fault
            or translate(
                "Verify",
                "Nothing has been checked yet. It takes about two minutes and changes nothing.",
            ),
        )
        bar = self.fresh_bar()
        bar.button(translate("Verify", "&Back"), self.frame.backward)
        bar.main(translate("Verify", "&Verify"), self.run_again)
        self.focus_primary()

    def _look_for_changes(self) -> None:
        """What has changed in the environment since it was proven: asked in a thread, for it reads
        every package's record.
        """
        if self.session.simulated or self.session.home.pointer() is None:
            return
        plan = self.session.plans.verify(quick=True)
        self.frame.stream(
            lambda: iter((self.session.environments.changes(plan),)), self._show_changes
        ).start()

    def _show_changes(self, changes: tuple[str, ...]) -> None:
        if not changes or self.frame.currentPage() is not self or self.running:
            return
        card = Card()
        card.box.setSpacing(8)
        row, _ = heading(
            translate("Verify", "Changed since it was installed"),
            translate("Verify", "{n} differences from the lock").format(n=len(changes)),
        )
        card.box.addLayout(row)
        for change in changes[:5]:
            card.box.addWidget(Label(localize(change), "small"))
        if len(changes) > 5:
            card.box.addWidget(
                Label(
                    translate("Verify", "and {n} more").format(n=len(changes) - 5), "small", "muted"
                )
            )
        back = Button(translate("Verify", "&Put the locked state back"), self._put_back)
        card.box.addLayout(across(back, None))
        self._faults.box.insertWidget(0, card)
        self._faults.show()

    def _put_back(self) -> None:
        """The plan again: its steps find what differs and mend only that."""
        install = self.frame.page_of("install")
        plan = self.session.plans.install()
        self.frame.go("install")
        if isinstance(install, Install) and not install.running:
            install.show_plan(plan)

    # ---- running

    def run_again(self) -> None:
        """Run all checks."""
        if self.running:
            return
        if self.session.facts is None and self.frame.is_surveying:
            # which cards there are decides what is checked
            self.set_header(
                translate("Verify", "Verify"), translate("Verify", "This PC is looked at first.")
            )
            once = Qt.ConnectionType.SingleShotConnection
            self.frame.surveyed.connect(self._run_after_survey, once)
            return
        try:
            plan = self._build_plan()
        except ExpectedError as error:
            from app.gui.error_dialog import show_fault

            show_fault(self.frame, error)
            return
        self._clear_cards()
        self._show_panel(self.begin(plan))
        if self.run is not None:
            self._watch_run(self.run)

    def _run_after_survey(self, _fault: object) -> None:
        if self.frame.currentPage() is self:
            self.run_again()

    def _show_panel(self, view: RunView) -> None:
        self._log.box.addWidget(view.panel)
        view.panel.setFixedHeight(300)

    def rebuild(self) -> None:
        """Everything again; what is watched is replayed when the page is next entered."""
        super().rebuild()
        self._watched, self._turner = None, None
        self._clock.stop()

    def _build_plan(self) -> Plan:
        """The checks alone; of a simulated machine those of its install plan."""
        if not self.session.simulated:
            return self.session.plans.verify()
        plan = self.session.plans.install()
        return msgspec.structs.replace(
            plan, steps=tuple(s for s in plan.steps if isinstance(s, RunCheck))
        )

    def _forget_results(self) -> None:
        """What was seen of an earlier run or an earlier stay on this page."""
        self._measured, self._failures = [], {}
        self.tuning.clear()
        self.bench.sensors.clear()

    def _clear_cards(self) -> None:
        self._forget_results()
        self.expected.set_content((), running=True)
        self.bench.set_content((), (), "")
        _empty_holder(self._faults)
        _empty_holder(self._log)

    def _watch_run(self, run: PlanRun) -> None:
        """Follow a run: first what has happened already, then each event as it comes."""
        if self._watched is not run:
            self._watched = run
            if run is not self.run:
                self._clear_cards()
                self._replay_events()
                if self._apply_event not in run.watchers:
                    run.watchers.append(self._apply_event)
                    run.ended.connect(lambda _fault: self._on_watched_end(run))
        self.set_header(translate("Verify", "Verifying"), self._describe_progress(run))
        self._progress.show()
        self._clock.start()
        self._build_running_bar(run)

    def _describe_progress(self, run: PlanRun) -> str:
        step = localize(
            run.run_progress.step.title if run.run_progress.step is not None else run.plan.title
        )
        return formatting.joined([self.describe_simulation(run.plan), step])

    def _build_running_bar(self, run: PlanRun) -> None:
        bar = self.fresh_bar()
        if run is self.run:
            first = bar.link(translate("Verify", "Show the log"), self._show_log)
            self.stop_button(bar)
        else:
            first = bar.link(
                translate("Verify", "Back to the install"), lambda: self.frame.go("install")
            )
            bar.note(translate("Verify", "The checks belong to the install that is running."))
        if self.frame.currentPage() is self:
            first.setFocus()  # not on Stop, and not on what was there before

    def _show_log(self) -> None:
        self._log.setVisible(not self._log.isVisible())

    def _replay_events(self) -> None:
        for event in tuple(self.session.execution.events):
            if not isinstance(event.what, Line):
                self._apply_event(event)

    def _apply_event(self, event: StepEvent) -> None:
        if not self.built:  # the replay brings it again
            return
        what = event.what
        if isinstance(what, Measured):
            self._measured.append((event.step, what))
            self._show_measured(what)
            self._fresh = True
        elif isinstance(what, Failed):
            self._failures[event.step] = what
            self._fresh = True

    def on_step_event(self, event: StepEvent) -> None:
        """An event of this page's own run."""
        self._apply_event(event)

    def _show_measured(self, what: Measured) -> None:
        """What is drawn as it comes; everything else waits for the next judgement."""
        number = (
            what.value
            if isinstance(what.value, int | float) and not isinstance(what.value, bool)
            else None
        )
        if what.name == "fine_tune.loss" and number is not None:
            self.tuning.add(float(number) if math.isfinite(number) else math.nan)
        elif what.name == "bench.telemetry":
            d = what.detail
            self.bench.sensors.add(
                float(d.get("t") or 0.0),
                _number_or_none(d.get("sm_mhz", what.value)),
                _number_or_none(d.get("power_w")),
                _number_or_none(d.get("temp_c")),
            )
            self.bench.show_sensors()

    def refresh_head(self) -> None:
        """Progress, and the judgement of what is there so far."""
        run = self._watched
        if run is None or not run.running:
            return
        if self._fresh:
            self._fresh = False
            self._show_verdict(self._judge_so_far(run.plan), running=True)
        checks = [s.id for s in run.plan.steps if isinstance(s, RunCheck)]
        done = sum(len([i for i in row.ended if i in checks]) for row in run.run_progress.rows)
        self._meter.set_content(done / max(1, len(checks)))
        self._doing.setText(
            translate("Verify", "{done} of {all} checks done").format(done=done, all=len(checks))
        )
        if not run.stopping:
            self.set_header(translate("Verify", "Verifying"), self._describe_progress(run))
        if run is self.run:
            self.progress_changed.emit(run.run_progress.share)

    def _judge_so_far(self, plan: Plan) -> Verification:
        """What the measurements so far amount to: the same pure function that gives the verdict."""
        from app.decide.verification import judge

        knowledge, facts = self.session.knowledge, self.session.known_facts()
        return judge.judge(
            self._measured,
            self._failures,
            knowledge.profile(plan.profile),
            facts,
            knowledge.cards,
            knowledge.guide,
        )

    # ---- the verdict

    def on_run_end(self, run: PlanRun, view: RunView) -> None:
        """This page's own run has ended."""
        if run.outcome == "stopped":
            self._progress.hide()
            self.tuning.show_stopped()
            self.set_header(
                translate("Verify", "Stopped"),
                translate("Verify", "The checks were not finished; nothing was changed."),
            )
            bar = self.fresh_bar()
            bar.button(translate("Verify", "&Back"), self.frame.backward)
            bar.main(translate("Verify", "&Run again"), self.run_again)
            self.focus_primary()
        elif self.session.execution.verification is not None:
            self.show_result(self.session.execution.verification)
        else:
            self._progress.hide()
            self._show_nothing_yet()

    def _on_watched_end(self, run: PlanRun) -> None:
        if run is not self._watched or run is self.run or self._content is None:
            return
        self._clock.stop()
        if self.session.execution.verification is not None:
            self.show_result(self.session.execution.verification)
            return
        self._progress.hide()
        self.tuning.show_stopped()
        self.set_header(
            translate("Verify", "Stopped"),
            translate("Verify", "The checks were not finished; nothing was changed."),
        )
        bar = self.fresh_bar()
        bar.main(translate("Verify", "&Back"), lambda: self.frame.go("install"))
        self.focus_primary()

    def show_result(self, verdict: Verification) -> None:
        """Title, cards and buttons of the final result."""
        self._progress.hide()
        self._show_verdict(verdict, running=False)
        self.set_header(
            headline(verdict),
            formatting.joined(
                [self._describe_origin(), sentence(verdict, self._needs_card(verdict))]
            ),
        )
        self._show_failures(verdict)
        self.announce_head(urgent=verdict.overall == "broken")
        bar = self.fresh_bar()
        bar.link(translate("Verify", "Save report"), self.save_report)
        self._turner = bar.link(self._turn_label(), self._toggle_tables)
        bar.link(
            translate("Verify", "Compare a pasted output"),
            self._open_comparison,
            translate("Verify", "The output of the guide's own script, compared in the same way"),
        )
        bar.button(translate("Verify", "&Run again"), self.run_again)
        if verdict.overall in ("works", "works_slowly"):
            bar.main(translate("Verify", "&Finish"), self.frame.forward)
        else:
            bar.main(translate("Verify", "&Choose another setup"), lambda: self.frame.go("setup"))
        self.focus_primary()

    def _describe_origin(self) -> str:
        """Where the figures come from, if not from this PC."""
        if not self.session.simulated:
            return ""
        if self.session.execution.last_plan is not None and self.is_replay(
            self.session.execution.last_plan
        ):
            return translate("Verify", "Recorded on another PC")
        return translate("Verify", "Simulation, invented figures")

    def _needs_card(self, verdict: Verification) -> bool:
        """Whether the setup is one for cards; a simulation of the other names no device."""
        return next(
            (p.needs.gpu for p in self.session.knowledge.profiles if p.id == verdict.profile), True
        )

    def _show_verdict(self, verdict: Verification, running: bool) -> None:
        self.expected.set_content(verdict.comparisons, running)
        for sample in verdict.telemetry if self.bench.sensors.empty else ():
            self.bench.sensors.add(
                float(sample.get("t") or 0.0),
                _number_or_none(sample.get("sm_mhz")),
                _number_or_none(sample.get("power_w")),
                _number_or_none(sample.get("temp_c")),
            )
        facts = self.session.facts
        card = shown_card(facts.gpus) if facts is not None else None
        name = short_card(card.name or "").removeprefix("GeForce ") if card is not None else ""
        self.bench.set_content(verdict.benchmark, verdict.remarks, name)
        if not running or self._has_result():
            self.tuning.set_content(
                verdict.fine_tune
                if verdict.fine_tune is not None or running
                else _failed_fine_tune(self._failures)
            )
        self.tuning.show_together(verdict.several_cards)

    def _has_result(self) -> bool:
        return any(m.name == "fine_tune.result" for _, m in self._measured)

    def _show_failures(self, verdict: Verification) -> None:
        _empty_holder(self._faults)
        if verdict.overall in ("works", "works_slowly"):
            return
        plan = self._watched.plan if self._watched is not None else self.session.execution.last_plan
        titles: Mapping[str, str] = (
            {s.id: localize(s.title) for s in plan.steps} if plan is not None else {}
        )
        for step, failed in list(self._failures.items())[:2]:
            card = DiagnosisCard(diagnosis_of(failed), step=titles.get(step, step), retry=False)
            card.report_wanted.connect(self.save_report)
            card.fix_wanted.connect(self._apply_fix)
            card.issue_wanted.connect(self.copy_issue)
            self._faults.box.addWidget(card)
            self._faults.show()

    def _open_comparison(self) -> None:
        from app.gui.dialogs.compare_output import CompareOutput

        CompareOutput(self.frame).exec()

    def _apply_fix(self, remedy: str) -> None:
        """A fix is a plan, and plans are shown on the page before."""
        if remedy == "retry":
            self.run_again()
            return
        install = self.frame.page_of("install")
        plan = self.session.plans.install()
        self.frame.go("install")
        if isinstance(install, Install):
            install.apply_fix(plan, remedy)

    def _toggle_tables(self) -> None:
        """Pictures or tables."""
        self._as_table = not self._as_table
        for part in (self.tuning.tabled, self.bench.tabled, self.bench.sensor_table):
            part.show_table(self._as_table)
        if self._turner is not None:
            self._turner.setText(self._turn_label())
            self.bar.refit()

    def _turn_label(self) -> str:
        return (
            translate("Verify", "Show as charts")
            if self._as_table
            else translate("Verify", "Show as table")
        )


def _failed_fine_tune(failures: Mapping[str, Failed]) -> FineTune | None:
    """A result that says no for a fine-tune that failed before it had one."""
    if "check-fine_tune" not in failures:
        return None
    return FineTune(
        steps=0,
        loss_first=None,
        loss_last=None,
        tokens_per_s=None,
        peak_vram=None,
        reloaded_equal=None,
    )


def _number_or_none(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _empty_holder(holder: Container) -> None:
    """Take everything out of a holder and hide it, for an empty one would leave its gap."""
    holder.hide()
    while holder.box.count():
        item = holder.box.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()
