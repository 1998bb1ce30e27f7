"""One run of one plan as the window sees it: the stream, the tally, the log.

Several pages may watch it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QDateTime, QObject, Signal

from app.gui.log_view.pane import LogPane
from app.gui.log_view.store import LogStore
from app.gui.notifications import tell_end
from app.gui.run_progress import RunProgress
from app.model.event import Failed, Line, StepEvent
from app.model.plan import Plan

if TYPE_CHECKING:
    from app.gui.frame import Frame


class PlanRun(QObject):
    """Runs a plan of the session. ``watchers`` are called with each event, in the window's thread;
    ``pane`` shows its log.

    Watchers are plain calls: a signal for each event would cost more than the event. ``ended`` is
    emitted once, with the fault that ended the run or ``None``.
    """

    ended = Signal(object)

    def __init__(self, wizard: Frame, plan: Plan, pane: LogPane) -> None:
        super().__init__(wizard)
        self.session, self._notifications = wizard.session, wizard.notifications
        self.plan, self.pane = plan, pane
        self.run_progress = RunProgress(plan)
        self.failures: list[tuple[str, Failed]] = []
        self.watchers: list[Callable[[StepEvent], None]] = []
        self.store = LogStore()
        self.running = False
        self.stopping = False
        self.fault: BaseException | None = None
        self._began: float | None = None
        self._stream = wizard.stream(
            lambda: self.session.execution.run(plan),
            self._on_event,
            stop=self.session.execution.stop,
        )
        self._stream.ended.connect(self._on_end)

    def start(self) -> None:
        """Begin."""
        self.running = True
        self._stream.start()

    def stop(self) -> None:
        """Ask it to stop; its last events still come."""
        self.stopping = True
        self._stream.stop()

    @property
    def outcome(self) -> str:
        """``finished``, ``failed`` or ``stopped``; empty while it runs."""
        if self.running:
            return ""
        if self.fault is not None:
            return "failed"
        return self.session.execution.outcome or ("failed" if self.failures else "finished")

    def _on_event(self, event: StepEvent) -> None:
        if self._began is None:
            self._began = QDateTime.currentMSecsSinceEpoch() / 1000 - event.at
            # By now the run has its log; a simulated one has none and its lines are kept in memory.
            self.store = LogStore(
                None if self.session.simulated else self.session.execution.log_path
            )
            self.pane.show_log(self.store)
        if isinstance(event.what, Line):
            self.pane.grow(event.what.text, self._began + event.at)
        elif isinstance(event.what, Failed):
            self.failures.append((event.step, event.what))
        for watcher in self.watchers:
            watcher(event)

    def _on_end(self, fault: BaseException | None) -> None:
        self.running, self.fault = False, fault
        self.ended.emit(fault)
        if not self.session.simulated:
            tell_end(self._notifications, self.plan.title, self.outcome)
