"""Train: a person's own data, what the model will see of them, the run as it works, and its result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from app.engine import model_exports, training_records, training_runs
from app.engine.stages import Stage
from app.gui import formatting, theme
from app.gui.error_dialog import show_fault
from app.gui.formatting import translate
from app.gui.messages import localize
from app.gui.pages.plan_page import PlanPage, RunView
from app.gui.pages.train_form import TrainForm
from app.gui.plan_run import PlanRun
from app.gui.widgets.card import Card, Container, Fact, empty, grid_of
from app.gui.widgets.plan_list import PlanList
from app.gui.widgets.training_outcome import after_failure, answers_of
from app.gui.widgets.training_progress import ProgressCard
from app.gui.widgets.training_result import AnswersCard, ExportCard, PromptCard
from app.model.errors import ExpectedError, StoppedError
from app.model.event import Measured, StepEvent
from app.model.plan import ExportModel, Plan, RunTraining
from app.model.training import RunSummary, TrainingRequest

if TYPE_CHECKING:
    from app.engine.session import Session
    from app.gui.frame import Frame


class Train(PlanPage):
    """The eighth page. Nothing of the program waits for it; nothing runs before its plan was seen."""

    stage: Stage = "train"
    scrolls = True

    def __init__(self, wizard: Frame) -> None:
        super().__init__(wizard)
        self._request: TrainingRequest | None = None
        self._smaller: tuple[dict[str, Any], str] | None = None
        self._answers: list[dict[str, Any]] = []
        self._exported = ""

    # ---- what is on it

    def build(self) -> None:
        """Four sheets, one of them shown: the form, the plan, the run, the result."""
        self._form, self._planned, self._at_work, self._result = (
            Container(gap=theme.GAP) for _ in range(4)
        )
        for sheet in self._sheets():
            self.body.addWidget(sheet)
        self.body.addStretch(1)
        self.form: TrainForm | None = None
        self.progress: ProgressCard | None = None
        self._show(self._form)

    def _sheets(self) -> tuple[Container, ...]:
        return self._form, self._planned, self._at_work, self._result

    def _show(self, shown: Container) -> None:
        for sheet in self._sheets():
            sheet.setVisible(sheet is shown)

    def enter(self) -> None:
        """The run that works; else how it ended; else the form, where there is a setup to train in."""
        if self.running and self.run is not None:
            if self.view is None:
                self._watch(self.view_again(self.run), self.run.plan)
                for event in tuple(self.session.execution.events):
                    self.on_step_event(event)
            return
        if self._result.isVisibleTo(self) or self._planned.isVisibleTo(self):
            return
        try:
            _, profile = training_runs.active(self.session)
        except ExpectedError as error:
            self._unavailable(error)
            return
        if self.form is None:
            self.form = TrainForm(self.frame, profile)
            self._form.box.addWidget(self.form)
            self.form.judged.connect(self._judge)
            runs = self.form.runs
            runs.resume_wanted.connect(self._go_on)
            runs.result_wanted.connect(self.show_result)
            runs.folder_wanted.connect(self._open_run)
        self.show_form()

    def _unavailable(self, error: ExpectedError) -> None:
        """A simulated PC, or no setup yet: said, and the way to one."""
        simulated = self.session.simulated
        why = (
            translate("Train", "This is a simulation: there are no data and no card to train with.")
            if simulated
            else localize(error.message)
        )
        self.set_header(translate("Train", "Train"), why)
        self._show(self._form)
        bar = self.fresh_bar()
        bar.button(translate("Train", "&Back"), self.frame.backward)
        if not simulated:
            bar.main(translate("Train", "&Choose a setup"), lambda: self.frame.go("setup"))
        self.focus_primary()

    def rebuild(self) -> None:
        """Everything again; a preview of the former widgets is not waited for."""
        if self.built and self.form is not None:
            self.form.leave()
        super().rebuild()

    # ---- the form

    def show_form(self) -> None:
        """Data, choices, preview, earlier runs."""
        self._show(self._form)
        self.set_header(
            translate("Train", "Train on your data"),
            translate("Train", "Nothing is sent anywhere; your file is only read."),
        )
        bar = self.fresh_bar()
        self._note = bar.note("")
        bar.button(translate("Train", "&Back"), self.frame.backward)
        bar.main(translate("Train", "Show the &plan"), self._ask_plan)
        if self.form is not None:
            self.form.show_now()

    def _judge(self, still: str) -> None:
        """Whether the plan can be asked for, and what is still open."""
        if self.bar.primary is None or not self._form.isVisibleTo(self):
            return
        self._note.setText(still)
        self.bar.primary.setEnabled(self.form is not None and self.form.complete)
        self.set_tab_order()

    # ---- the plan

    def _ask_plan(self) -> None:
        request = self.form.request() if self.form is not None else None
        if request is not None:
            self._make_plan(request)

    def _make_plan(self, request: TrainingRequest) -> None:
        self._request = request

        def work(session: Session) -> Iterator[object]:
            yield (yield from training_runs.plan(session, request))

        self._aside(work, self._planned_for, self._refused)

    def _planned_for(self, item: object) -> None:
        if isinstance(item, Plan) and self.built:
            self.show_plan(item)

    def _refused(self, fault: BaseException) -> None:
        if isinstance(fault, ExpectedError) and self._form.isVisibleTo(self):
            if self.form is not None:
                self.form.tell(fault, self._request)
        else:
            show_fault(self.frame, fault)

    def _aside(
        self,
        work: Callable[[Session], Iterator[object]],
        take: Callable[[Any], None],
        refused: Callable[[BaseException], None],
    ) -> None:
        """Ask the engine beside the page; the bar rests meanwhile."""
        bar = self.bar
        bar.setEnabled(False)

        def ended(fault: BaseException | None) -> None:
            if bar is self.bar and self.built:
                bar.setEnabled(True)
                self.focus_primary()
            if fault is not None and not isinstance(fault, StoppedError):
                refused(fault)

        own = self.session.execution.beside()
        stream = self.frame.stream(lambda: work(own), take, stop=own.execution.stop)
        stream.ended.connect(ended)
        stream.start()

    def show_plan(self, plan: Plan, back: Callable[[], None] | None = None) -> None:
        """What will happen, before it does. ``back`` leads to where it was asked for (default: the form)."""
        empty(self._planned)
        self.set_header(
            translate("Train", "Plan"),
            formatting.joined(
                [
                    localize(plan.title),
                    translate(
                        "Train", "Nothing has been changed yet. This is all that will happen."
                    ),
                ]
            ),
        )
        card = Card()
        preview = self.form.preview if self.form is not None else None
        tokens = preview.tokens if preview is not None else None
        seconds = preview.seconds if preview is not None else None
        unknown = translate("Train", "not known")
        facts = [
            Fact(translate("Train", "Download"), formatting.size(plan.download_bytes)),
            Fact(translate("Train", "On disk"), formatting.size(plan.disk_bytes)),
        ]
        trains = any(isinstance(step, RunTraining) for step in plan.steps)
        if trains and self._request is not None and self._request.resume is None:
            facts += [
                Fact(
                    translate("Train", "Training steps"),
                    formatting.count(int(tokens["steps"])) if tokens is not None else unknown,
                ),
                Fact(
                    translate("Train", "Time"),
                    formatting.about(seconds) if seconds is not None else unknown,
                ),
            ]
        card.box.addLayout(grid_of(facts, (1,) * len(facts)))
        self._planned.box.addWidget(card)
        listed = PlanList(plan)
        listed.setMinimumHeight(210)
        listed.details_wanted.connect(partial(self._details, plan))
        self._planned.box.addWidget(listed)
        self._show(self._planned)
        bar = self.fresh_bar()
        bar.link(translate("Train", "Details of every step"), partial(self._details, plan))
        bar.button(translate("Train", "&Back"), back or self.show_form)
        bar.main(translate("Train", "&Start"), partial(self.start, plan))
        self.focus_primary()
        self.set_tab_order()

    def _details(self, plan: Plan) -> None:
        from app.gui.dialogs.plan_details import PlanDetails

        PlanDetails(self.frame, plan).exec()

    # ---- the run

    def start(self, plan: Plan) -> None:
        """Run a plan: a training, or an export."""
        if self.running or self.frame.busy():
            return
        self._smaller, self._answers, self._exported = None, [], ""
        self._watch(self.begin(plan), plan)

    def _watch(self, view: RunView, plan: Plan) -> None:
        empty(self._at_work)
        trains = any(isinstance(step, RunTraining) for step in plan.steps)
        self.progress = ProgressCard() if trains else None
        if self.progress is not None:
            self._at_work.box.addWidget(self.progress)
        view.setMinimumHeight(300)
        self._at_work.box.addWidget(view)
        self._show(self._at_work)
        title = translate("Train", "Training") if trains else translate("Train", "Export")
        self.set_header(title, localize(plan.title))
        bar = self.fresh_bar()
        self._stopper = bar.button(translate("Train", "&Stop"), self._stop)
        if trains:
            bar.note(translate("Train", "Stop writes a checkpoint first; the run can go on later."))
        self.set_tab_order()
        self._stopper.setFocus()

    def _stop(self) -> None:
        """The first time a checkpoint is written; the second time it ends at once, after a question."""
        run = self.run
        if run is None or not run.running:
            return
        if not run.stopping:
            run.stop()
            self._stopper.setText(translate("Train", "&End at once"))
            self.bar.refit()
            self.set_header(
                translate("Train", "Stopping"),
                translate("Train", "A checkpoint is being written, then it ends."),
            )
            return
        self.frame.after_handler(self._end_at_once)

    def _end_at_once(self) -> None:
        if (
            self.frame.ask_running(
                translate("Train", "End at once"),
                translate("Train", "What was learnt since the last checkpoint is lost."),
                translate("Train", "End at once"),
                translate("Train", "Wait for it"),
            )
            and self.run is not None
        ):
            self.run.stop()

    def describe_progress(self, run: PlanRun) -> str:
        """What is at work, and the time left as the script tells it."""
        row = run.run_progress.current
        left = self.progress.seconds_left if self.progress is not None else None
        return formatting.joined(
            [
                row.title if row else "",
                translate("Train", "{time} left").format(time=formatting.about(left))
                if left is not None
                else "",
            ]
        )

    def on_step_event(self, event: StepEvent) -> None:
        """An event of the run."""
        what = event.what
        if not isinstance(what, Measured) or not self.built:
            return
        if self.progress is not None:
            self.progress.take(what)
        if what.name == "train.answer":
            self._answers.append({**what.detail, "answer": what.value})
        elif what.name == "train.smaller" and isinstance(what.value, dict):
            self._smaller = what.value, str(what.detail.get("costs", ""))
        elif what.name == "export.done":
            self._exported = str(what.value)

    def on_run_end(self, run: PlanRun, view: RunView) -> None:
        """Finished: the result. Stopped: whether it can go on. Failed: why, and what is smaller."""
        made = next((s.run for s in run.plan.steps if isinstance(s, RunTraining | ExportModel)), "")
        exported = any(isinstance(step, ExportModel) for step in run.plan.steps)
        if run.outcome == "finished" or (exported and run.outcome == "stopped"):
            self.show_result(made)
        elif run.outcome == "stopped":
            self._stopped(made)
        else:
            self._failed(run)

    def _stopped(self, made: str) -> None:
        summary = self._summary(made)
        at = ""
        if summary is not None and summary.total is not None:
            at = translate("Train", "At step {step} of {total}.").format(
                step=summary.step, total=summary.total
            )
        self.set_header(translate("Train", "Stopped"), at)
        bar = self.fresh_bar()
        bar.button(translate("Train", "&Back"), self.show_form)
        if summary is not None and summary.resumable:
            note = bar.note(translate("Train", "Looking whether the run can go on …"))

            def check(session: Session) -> Iterator[object]:
                yield (yield from training_runs.check_resume(session, made))

            def offer(step: object) -> None:
                if isinstance(step, int) and self.built and note.window() is self.frame:
                    note.setText(
                        translate("Train", "Checked: it goes on from step {n}.").format(n=step)
                    )
                    bar.main(translate("Train", "&Go on"), partial(self._go_on, made))
                    self.focus_primary()

            def refuse(fault: BaseException) -> None:
                if isinstance(fault, ExpectedError):
                    note.setText(localize(fault.message))
                else:
                    show_fault(self.frame, fault)

            self._aside(check, offer, refuse)
        elif summary is not None:
            bar.note(localize(summary.why))
        self.set_tab_order()

    def _go_on(self, run: str) -> None:
        """The plan; for it the run's own script compares data, model and settings first."""
        self._make_plan(TrainingRequest(resume=run))

    def _failed(self, run: PlanRun) -> None:
        self.set_header(
            translate("Train", "Export failed")
            if any(isinstance(step, ExportModel) for step in run.plan.steps)
            else translate("Train", "Training failed"),
            localize(run.failures[0][1].message) if run.failures else "",
        )
        is_new = self._request is not None and self._request.resume is None
        card = after_failure(
            run.plan, run.failures, self._smaller if is_new else None, self._take_smaller
        )
        if card is not None:
            card.report_wanted.connect(self.save_report)
            card.issue_wanted.connect(self.copy_issue)
            self._at_work.box.insertWidget(0, card)
        bar = self.fresh_bar()
        bar.button(translate("Train", "&Back"), self.show_form)
        self.set_tab_order()

    def _take_smaller(self) -> None:
        """The same run with the smaller settings: one click to its plan."""
        if self._smaller is None or self._request is None or self.form is None:
            return
        options = self.form.take_smaller(self._smaller[0])
        self._make_plan(msgspec.structs.replace(self._request, **options))

    # ---- the result

    def _summary(self, run: str) -> RunSummary | None:
        return next((r for r in training_records.runs(self.session) if r.id == run), None)

    def show_result(self, run: str) -> None:
        """Answers side by side, export, a prompt, the folder; told from the run's own files."""
        summary = self._summary(run)
        if summary is None:
            self.show_form()
            return
        empty(self._result)
        record = training_records.record_of(self.session, run)
        told = training_records.progress(self.session, record)
        self.set_header(
            translate("Train", "Trained") if summary.state == "finished" else run,
            translate("Train", "The adapter lies in {folder}").format(folder=summary.adapter)
            if summary.adapter
            else summary.output,
        )
        self._result.box.addWidget(AnswersCard(self._answers or answers_of(told)))
        self.export, self.prompt = ExportCard(), PromptCard()
        self.export.wanted.connect(partial(self._export, run))
        self.prompt.asked.connect(partial(self._prompt, run))
        if self._exported:
            self.export.tell(
                translate("Train", "Exported to {folder}").format(folder=self._exported)
            )
        for part in (self.prompt, self.export):
            part.setVisible(summary.adapter is not None)
            self._result.box.addWidget(part)
        self._show(self._result)
        bar = self.fresh_bar()
        bar.link(translate("Train", "Earlier runs"), self.show_form)
        bar.button(translate("Train", "Open the &folder"), partial(self._open_run, run))
        bar.main(translate("Train", "&New training"), self._another)
        self.focus_primary()
        self.set_tab_order()

    def _another(self) -> None:
        """The form again; what a run costs is told again, for one was measured since."""
        self.show_form()
        if self.form is not None:
            self.form.read()

    def _open_run(self, run: str) -> None:
        summary = self._summary(run)
        if summary is not None:
            self.session.desktop.open(summary.adapter or summary.folder)

    def _export(self, run: str, kind: Any, tools: str) -> None:
        try:
            plan = model_exports.plan(self.session, run, kind, llama_cpp=tools or None)
        except ExpectedError as error:
            self.export.tell(localize(error.message))
            return
        if plan.download_bytes:  # what is fetched is shown before
            self.show_plan(plan, partial(self.show_result, run))
        else:
            self.start(plan)

    def _prompt(self, run: str, prompt: str) -> None:
        card, own = self.prompt, self.session.execution.beside()

        def take(item: object) -> None:
            if isinstance(item, Measured) and item.name == "chat.piece":
                card.set_content(str(item.value))

        def ended(fault: BaseException | None) -> None:
            card.on_run_end(localize(fault.message) if isinstance(fault, ExpectedError) else "")
            if fault is not None and not isinstance(fault, ExpectedError):
                show_fault(self.frame, fault)

        stream = self.frame.stream(
            lambda: model_exports.ask(own, run, prompt), take, stop=own.execution.stop
        )
        stream.ended.connect(ended)
        stream.start()
