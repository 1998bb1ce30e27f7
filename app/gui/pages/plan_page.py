"""A page that runs a plan: progress on top, steps at the left, log at the right.

Stop, failure and going on again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from app.gui import formatting
from app.gui.announce import announce
from app.gui.charts.line_charts import Sparkline
from app.gui.charts.meter import Meter
from app.gui.formatting import translate
from app.gui.log_view.panel import LogPanel
from app.gui.pages.page import Bar, Page
from app.gui.plan_run import PlanRun
from app.gui.run_progress import RunProgress
from app.gui.widgets.card import Container, Label, across
from app.gui.widgets.collapsible import Collapsible
from app.gui.widgets.playback_speed import PlaybackSpeed
from app.gui.widgets.step_list import StepList, state_word
from app.model.errors import ExpectedError
from app.model.event import Failed, Finished, Line, Progress, Skipped, StepEvent
from app.model.plan import Plan

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from app.gui.frame import Frame

REFRESH_MS = 200  # the head's figures change no more often than people can read


class RunView(QWidget):
    """What a running plan looks like; ``pace`` chooses how fast a recorded run plays back, where
    one does.
    """

    def __init__(
        self, run_progress: RunProgress, panel: LogPanel, pace: PlaybackSpeed | None = None
    ) -> None:
        super().__init__()
        self.run_progress = run_progress
        self.meter = Meter(translate("Run", "Total progress"), 0.0, height=6)
        self.bytes = Label("", "small", "muted", wrap=False, tabular=True)
        self.speed = Label("", "small", "muted", wrap=False, tabular=True)
        self.spark = Sparkline(translate("Run", "Download speed"))
        self.steps = StepList(run_progress.rows)
        self.panel = panel
        self.pace = pace
        self._sampled = -1.0
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        box.addWidget(self.meter)
        self._head = Container(across=True, gap=18)
        self._head.box.addLayout(across(self.bytes, None, self.spark, self.speed))
        if pace is not None:
            self._head.box.addWidget(pace)
        box.addWidget(self._head)
        right = Container(gap=14)
        self._right = right.box
        self._right.addWidget(panel, 1)
        # Under one another where the log's tools would not fit beside the steps.
        lower = Collapsible(wide=self.steps.WIDE + 14 + 400, gap=14)
        lower.box.addWidget(self.steps)
        lower.box.addWidget(right, 1)
        lower.turned.connect(self._arrange_steps)
        self._lower = lower
        box.addSpacing(8)
        box.addWidget(lower, 1)
        self._cards: QScrollArea | None = None
        self.refresh()

    def _arrange_steps(self, folded: bool) -> None:
        """Steps beside the log, or above it; a card that says what failed takes their room there."""
        self.steps.spread(folded)
        self.steps.setVisible(not folded or self._cards is None)
        self._lower.box.setStretch(0, 2 if folded else 0)
        self._lower.box.setStretch(1, 3)

    def take(self, event: StepEvent) -> None:
        """One event of the run: its row and the speed; the head follows by ``refresh``."""
        row = self.run_progress.take(event)
        if row is not None:
            self.steps.refresh(row, self.run_progress.rate)
            if row.state in ("ok", "skip", "err") and isinstance(
                event.what, Finished | Skipped | Failed
            ):
                announce(self, f"{row.title}: {state_word(row.state)}", urgent=row.state == "err")
        payload = event.what
        if (
            isinstance(payload, Progress)
            and payload.unit == "bytes"
            and payload.rate is not None
            and event.at - self._sampled >= 0.5
        ):
            self._sampled = event.at
            self.spark.add(payload.rate)

    def refresh(self) -> None:
        """The head's figures."""
        run_progress = self.run_progress
        total = run_progress.to_fetch
        self.bytes.setText(formatting.of(run_progress.fetched, total) if total else "")
        loading = (
            run_progress.current is not None
            and run_progress.current.state == "down"
            and not run_progress.waiting_seconds
        )
        self.speed.setText(formatting.rate(run_progress.rate) if loading else "")
        self.spark.setVisible(loading and len(self.spark.values) > 1)
        # a training fetches nothing: an empty line would stand there as a gap
        self._head.setVisible(bool(total) or loading or self.pace is not None)
        self.meter.set_content(
            run_progress.share,
            translate("Run", "{share} % done").format(share=round(run_progress.share * 100)),
        )

    def show_card(self, card: QWidget | None) -> None:
        """Put a card above the log, or take it away. A tall one scrolls and leaves the log half of
        the room.
        """
        if self._cards is not None:
            self._right.removeWidget(self._cards)
            self._cards.hide()
            self._cards.deleteLater()
            self._cards = None
        if card is not None:
            self._cards = QScrollArea()
            self._cards.setWidgetResizable(True)
            self._cards.setFrameShape(QScrollArea.Shape.NoFrame)
            self._cards.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            self._cards.setWidget(card)
            self._right.insertWidget(0, self._cards)
            QTimer.singleShot(
                0, self._fit_card
            )  # its fonts and paddings are known once it stands there
        self._arrange_steps(self._lower.folded)

    def _fit_card(self) -> None:
        """The whole card where it fits; the log keeps its head and some lines."""
        card = self._cards.widget() if self._cards is not None else None
        if card is not None and self._cards is not None:
            tall = card.heightForWidth(self._cards.width()) + 1
            self._cards.setFixedHeight(min(tall, max(200, self.height() - self.panel.least - 66)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another room, another height of the card."""
        super().resizeEvent(event)
        self._fit_card()


class PlanPage(Page):
    """A page that shows a plan and runs it. Subclasses say what they show before and after the run.

    ``progress_changed`` carries the share that is done (0 to 1), and -1 when nothing runs: for the
    task bar.
    """

    scrolls = False
    progress_changed = Signal(float)

    def __init__(self, wizard: Frame) -> None:
        super().__init__(wizard)
        self.run: PlanRun | None = None
        self._title = ""  # the page's own, while it says that the network is waited for
        self.view: RunView | None = None
        self._clock = QTimer(self)
        self._clock.setInterval(REFRESH_MS)
        self._clock.timeout.connect(self.refresh_head)
        self.progress_changed.connect(self._on_task_bar)

    # ---- for subclasses

    def on_step_event(self, event: StepEvent) -> None:
        """One event other than a line of the log."""

    def on_run_end(self, run: PlanRun, view: RunView) -> None:
        """The run has ended; ``run.outcome`` says how."""
        raise NotImplementedError

    # ---- the run

    @property
    def running(self) -> bool:
        """Whether a plan of this page is at work."""
        return self.run is not None and self.run.running

    def begin(self, plan: Plan) -> RunView:
        """Start a plan and return what shows it; the page puts that where it belongs."""
        panel, self._title = LogPanel(self.open_log), ""
        self.run = PlanRun(self.frame, plan, panel.pane)
        self.view = RunView(self.run.run_progress, panel, self._build_playback_speed(plan))
        self.run.watchers.append(self._on_event)
        self.run.ended.connect(self._on_ended)
        self.frame.busy = lambda: self.running
        self._clock.start()
        self.run.start()
        return self.view

    def view_again(self, run: PlanRun) -> RunView:
        """A new view of a run that goes on, after the page was built again (another language)."""
        panel = LogPanel(self.open_log)
        run.pane = panel.pane
        panel.pane.show_log(run.store)
        self.view = RunView(run.run_progress, panel, self._build_playback_speed(run.plan))
        return self.view

    def _build_playback_speed(self, plan: Plan) -> PlaybackSpeed | None:
        return (
            PlaybackSpeed(self.session.simulation.speed, self._change_pace)
            if self.is_replay(plan)
            else None
        )

    def _change_pace(self, factor: float) -> None:
        self.session.simulation.speed = factor

    def is_replay(self, plan: Plan) -> bool:
        """Whether this is a run that a report recorded on its sender's PC."""
        return self.session.simulated is not None and self.session.simulation.is_replay(plan)

    def describe_simulation(self, plan: Plan) -> str:
        """What the subtitle says first where nothing real happens: a simulation, or a recorded run;
        else nothing.
        """
        if not self.session.simulated:
            return ""
        return (
            translate("Run", "Recorded run")
            if self.is_replay(plan)
            else translate("Run", "Simulation")
        )

    def rebuild(self) -> None:
        """Everything again; the run itself goes on, and is forgotten when it belongs to another
        session.
        """
        super().rebuild()
        self.view, self._title = None, ""
        if self.run is not None and self.run.session is not self.session:
            self.run = None
            self._clock.stop()
            self.progress_changed.emit(-1.0)

    def stop_button(self, bar: Bar) -> None:
        """The button that stops the run. Once it was pressed it rests, also where the page was
        built again since.
        """
        # The question runs an event loop, and the button may be replaced meanwhile.
        self._stopper = bar.button(
            translate("Run", "&Stop"), lambda: self.frame.after_handler(self.ask_stop)
        )
        self._stopper.setEnabled(self.run is None or not self.run.stopping)

    def ask_stop(self) -> None:
        """Stop, after one question."""
        if self.run is None or not self.run.running or self.run.stopping:
            return
        if (
            self.frame.ask_running(
                translate("Run", "Stop"),
                translate(
                    "Run",
                    "Stopping ends the step that is running. What has been fetched and installed "
                    "is kept, and the "
                    "same plan goes on from here.",
                ),
                translate("Run", "Stop now"),
                translate("Run", "Go on"),
            )
            and self.run is not None
            and self.run.running
        ):
            self.run.stop()
            self._stopper.setEnabled(False)
            self.set_header(
                translate("Run", "Stopping"), translate("Run", "The running step is being ended.")
            )

    def open_log(self) -> None:
        """The whole log in the system's own program."""
        if self.session.execution.log_path:
            self.session.desktop.open(self.session.execution.log_path)

    def _on_event(self, event: StepEvent) -> None:
        if isinstance(event.what, Line):
            return
        if self.view is not None:
            self.view.take(event)
        self.on_step_event(event)

    def _on_ended(self, fault: object) -> None:
        self._clock.stop()
        self.progress_changed.emit(-1.0)
        if self.view is not None and self.run is not None:
            self.view.refresh()
            self.view.panel.pane.touch()
            self.on_run_end(self.run, self.view)
        if isinstance(fault, BaseException):
            from app.gui.error_dialog import show_fault

            show_fault(self.frame, fault)

    def _on_task_bar(self, share: float) -> None:
        self.session.desktop.show_progress(int(self.frame.winId()), share)

    def refresh_head(self) -> None:
        """Title, subtitle, total progress: as things stand."""
        if self.view is None or self.run is None or not self.run.running:
            return
        self.view.refresh()
        self.progress_changed.emit(self.view.run_progress.share)
        if self.run.stopping:
            return
        silence = self.view.run_progress.waiting_seconds
        if silence:
            self._title = self._title or self.title_label.text()
            self.set_header(
                translate("Run", "Waiting for the network"),
                translate(
                    "Run",
                    "No data for {time}. It goes on by itself when the network answers; what has "
                    "arrived is kept.",
                ).format(time=formatting.seconds(silence, whole=True)),
            )
        else:
            title, self._title = self._title or self.title_label.text(), ""
            self.set_header(title, self.describe_progress(self.run))

    def describe_progress(self, run: PlanRun) -> str:
        """``PyTorch for CUDA 12.8 · step 3 of 7 · about 6 minutes left``; said to be a simulation
        where it is one.
        """
        run_progress, row = run.run_progress, run.run_progress.current
        return formatting.joined(
            [
                self.describe_simulation(run.plan),
                row.title if row else "",
                translate("Run", "step {n} of {all}").format(
                    n=run_progress.number, all=len(run_progress.plan.steps)
                ),
                translate("Run", "{time} left").format(
                    time=formatting.about(run_progress.seconds_left)
                ),
            ]
        )

    # ---- the bar and the report

    def fresh_bar(self) -> Bar:
        """A new, empty bar in the place of the old one."""
        old, layout = self.bar, self._content.layout() if self._content is not None else None
        self.bar = Bar()
        if layout is not None:
            layout.replaceWidget(old, self.bar)
        self.bar.set_compact(self.frame.cramped[1])
        old.hide()
        old.deleteLater()
        return self.bar

    def focus_primary(self) -> None:
        """Enter is for the primary button again."""
        if self.bar.primary is not None and self.frame.currentPage() is self:
            self.bar.primary.setFocus()

    def copy_issue(self) -> None:
        """Put the text for an issue into the clipboard, the person taken out; made in a thread."""
        stream = self.frame.stream(
            lambda: iter((self.session.exports.issue_text(),)), QGuiApplication.clipboard().setText
        )
        stream.start()

    def save_report(self) -> None:
        """Show what the report leaves out, then write it."""
        from app.gui.dialogs.report_preview import save_report

        try:
            save_report(self.frame)
        except ExpectedError as error:
            from app.gui.error_dialog import show_fault

            show_fault(self.frame, error)
