"""What pages and dialogs use of the window: session, stages, streams, survey."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWizard, QWizardPage

from app.engine import stages
from app.engine.stages import STAGES, Stage, WizardState
from app.gui import languages
from app.gui.notifications import Notifications, TrayNotifications

if TYPE_CHECKING:
    from app.engine.session import Session
    from app.gui.stream import Stream
    from app.gui.widgets.dialog import Dialog
    from app.gui.widgets.rail import Rail
    from app.model.machine import MachineFacts, ProbeResult
    from app.model.plan import Plan

Shipped = tuple[tuple[str, "MachineFacts"], ...]
Machines = Shipped | Callable[[], Shipped]


class Frame(QWizard):
    """A window over one session, before it has pages: those know this class, and only the window
    itself knows them.

    ``session`` may be a function that opens it: then the window is painted first and the session
    opened in a thread afterwards (reading what the program knows takes as long as Qt itself).
    ``opened`` tells when it is there. ``rehearse`` gives a session on another machine by the name
    of a shipped one or the path of a machine file; ``machines`` are the shipped ones (name, facts),
    or a function that lists them when they are asked for. ``sighted`` and ``surveyed`` tell how the
    survey goes on; ``surveyed`` carries the fault that ended it or ``None``.
    """

    opened = Signal()
    sighted = Signal(object)
    surveyed = Signal(object)
    rail: Rail

    def __init__(
        self,
        session: Session | Callable[[], Session],
        rehearse: Callable[[str], Session] | None = None,
        machines: Machines = (),
    ) -> None:
        super().__init__()
        self._session: Session | None = None
        self._opening: Callable[[], Session] | None = None
        if callable(session):
            self._opening = session
        else:
            self._session = session
        self.rehearse, self._machines = rehearse, machines
        self.fault: BaseException | None = None  # why the session could not be opened
        self._wanted: Stage | None = None  # pressed before the session was there
        self._wishes: dict[str, Any] = {}  # answers given before the session was there
        self.faults: list[tuple[BaseException, Callable[[], object] | None]] = []  # to be shown
        self._question: Dialog | None = None  # asked because of what is running
        self.home_session: Session | None = None  # the real one, while another machine is tried
        self.sightings: list[ProbeResult] = []
        self.survey_seconds = 0.0
        self._look_began = 0.0
        self.resume: Plan | None = None  # set by Welcome: the plan page goes on with it at once
        self.busy: Callable[[], bool] = lambda: False  # set by a page whose plan is running
        self.notifications: Notifications = TrayNotifications(self)
        self._streams: list[Stream] = []
        self._survey: Stream | None = None
        self._begun = False
        self._left = False
        self.cramped = (False, False)  # narrow, short

    # ---- what the window itself does

    def go(self, stage: Stage) -> None:
        """To any stage."""
        raise NotImplementedError

    def page_of(self, stage: Stage) -> QWizardPage:
        """The page of a stage, made if it is not there yet."""
        raise NotImplementedError

    def rebuild_stage(self, stage: Stage) -> None:
        """Build all pages again and show one."""
        raise NotImplementedError

    def apply_theme(self, choice: Any) -> None:
        """Dress the program in the chosen theme."""
        raise NotImplementedError

    def refresh_rail(self) -> None:
        """Show where the session stands and what is known of the machine."""
        raise NotImplementedError

    # ---- the session

    @property
    def session(self) -> Session:
        """The session. Only the first page is seen before it is there; pages gone to later may count
        on it.
        """
        if self._session is None:
            raise LookupError("the session is still being opened")
        return self._session

    @property
    def ready(self) -> bool:
        """Whether the session is there."""
        return self._session is not None

    @property
    def painted(self) -> bool:
        """Whether the window has been painted once."""
        return self._begun

    @property
    def machines(self) -> Shipped:
        """The shipped machines to try: name, facts."""
        if callable(self._machines):
            self._machines = self._machines()
        return self._machines

    # ---- the way through

    @property
    def stage(self) -> Stage:
        """The stage on screen."""
        return STAGES[max(0, self.currentId())]

    @property
    def wizard_state(self) -> WizardState:
        """What decides which stages this session passes."""
        if self._session is None:
            return WizardState()
        facts, verify = self._session.facts, self._session.answers.verify != "none"
        if facts is None:
            return WizardState(verify=verify)
        from app.decide.plans.builder import find_guide_environments  # the first paint does without

        # What takes no room is nothing to stop for; what could not be measured is.
        worth = [left for left in facts.leftovers if left.size is None or left.size > 0]
        return WizardState(
            leftovers=len(worth) + len(find_guide_environments(facts, self._session.place)),
            verify=verify,
        )

    def forward(self) -> None:
        """To the following stage."""
        after = stages.next_stage(self.stage, self.wizard_state)
        if after is not None:
            self.go(after)

    def backward(self) -> None:
        """To the stage before."""
        earlier = stages.previous_stage(self.stage, self.wizard_state)
        if earlier is not None:
            self.go(earlier)

    def name_window(self, title: str) -> None:
        """Put the page into the window's title, where screen readers and the task bar find it."""
        program = "Unsloth Setup"
        self.setWindowTitle(program if title in ("", program) else f"{title} · {program}")

    # ---- streams and the survey

    def stream(
        self,
        make: Callable[[], Iterator[Any]],
        take: Callable[[Any], None],
        *,
        stop: Callable[[], object] | None = None,
    ) -> Stream:
        """Run a generator of the session in a thread; the window closes it with itself. Call
        ``start()`` on it.
        """
        from app.gui.stream import Stream

        # Those whose widget went, with a page that was built again, end without a word.
        self._streams = [one for one in self._streams if not one.abandoned]
        made = Stream(make, take, stop=stop, parent=self)
        self._streams.append(made)
        made.ended.connect(lambda _fault: self._stream_ended(made))
        return made

    def drop(self, stream: Stream) -> None:
        """Hear no more of a stream whose answer nobody waits for; it ends by itself, unwaited for."""
        stream.abandon()
        if stream in self._streams:
            self._streams.remove(stream)
        stream.deleteLater()

    def _stream_ended(self, stream: Stream) -> None:
        if stream in self._streams:
            self._streams.remove(stream)
        # Whoever ran it hears of its end after this window, and is no longer busy then.
        QTimer.singleShot(0, self._drop_question)

    @property
    def is_surveying(self) -> bool:
        """Whether the survey is running."""
        return self._survey is not None and self._survey.running

    @property
    def survey_so_far(self) -> float:
        """Seconds since the survey began."""
        return time.monotonic() - self._look_began

    def start_survey(self) -> None:
        """Survey the machine (again)."""
        if self.is_surveying:
            return
        self.sightings = []
        self._look_began = time.monotonic()
        self._survey = self.stream(self.session.survey, self._on_probe_result)
        self._survey.ended.connect(self._on_survey_ended)
        self._survey.start()

    def _on_probe_result(self, sighting: ProbeResult) -> None:
        self.sightings.append(sighting)
        self.survey_seconds = time.monotonic() - self._look_began
        self.sighted.emit(sighting)

    def _on_survey_ended(self, fault: BaseException | None) -> None:
        self.refresh_rail()
        self.surveyed.emit(fault)

    def after_handler(self, act: Callable[[], object]) -> None:
        """Call ``act`` once the handler of the event that is being handled has returned.

        For acts that build pages again or open a dialog: a widget must not be deleted while one of
        its own handlers is at work, and a dialog runs an event loop inside the handler.
        """
        QTimer.singleShot(0, act)

    # ---- questions about what is running

    def ask_running(self, title: str, text: str, yes: str, no: str) -> bool:
        """Ask about what is running: whether ``yes`` was chosen. The question goes, unanswered,
        when nothing runs any more.
        """
        from app.gui.widgets.dialog import question

        if self._question is not None:
            return False
        self._question = question(self, title, text, yes, no)
        try:
            return bool(self._question.exec()) and self.busy()
        finally:
            self._question = None

    def _drop_question(self) -> None:
        if self._question is not None and not self.busy():
            self._question.reject()

    # ---- another machine, another language, another look

    def open_session(self, session: Session) -> None:
        """Go on with another session: another machine, or back on this one. What the former one
        runs ends with it; a plan that really runs here is never left.
        """
        if self.busy() and not self.session.simulated:
            return
        self._end_session()
        if session.simulated and self.home_session is None:
            self.home_session = self._session
        elif self.home_session is session:
            self.home_session = None
        self._session = session
        self.rebuild_stage("welcome")
        self.start_survey()

    def _end_session(self) -> None:
        """Take along what belongs to the session: its streams, its survey, what it saw and asked."""
        for stream in self._streams:
            stream.abandon()
            stream.deleteLater()
        self._streams.clear()
        self._survey, self.sightings, self.survey_seconds = None, [], 0.0
        self.resume = None
        self.busy = lambda: False
        self._drop_question()

    def preference(self, name: str) -> Any:
        """An answer of the user, also one given before the session was there; ``None`` where
        nothing was said.
        """
        if self._session is None:
            return self._wishes.get(name)
        return getattr(self._session.answers, name)

    def _set_answers(self, **fields: Any) -> None:
        if self._session is None:
            self._wishes.update(fields)
        else:
            self._session.change(**fields)

    def set_language(self, code: str | None) -> None:
        """Change the language at once."""
        self._set_answers(language=code)
        languages.install_language(code)
        self.rebuild_stage(self.stage)

    def set_theme(self, choice: str) -> None:
        """Change the theme at once."""
        self._set_answers(theme=choice)
        self.apply_theme(choice)
