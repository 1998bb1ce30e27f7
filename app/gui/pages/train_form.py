"""The form of a training run: data, model, settings, their preview, earlier runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, Signal

from app.engine import training_cards, training_records, training_runs
from app.gui import formatting, theme
from app.gui.error_dialog import show_fault
from app.gui.formatting import translate
from app.gui.messages import localize
from app.gui.widgets.card import Container, empty
from app.gui.widgets.training_choices import ChoicesCard
from app.gui.widgets.training_data import DataCard
from app.gui.widgets.training_preview import PreviewCard
from app.gui.widgets.training_result import RunsCard
from app.model.errors import ExpectedError, StoppedError
from app.model.event import Progress
from app.model.training import TrainingPreview, TrainingRequest

if TYPE_CHECKING:
    from app.gui.frame import Frame
    from app.gui.stream import Stream
    from app.model.profile import Profile

REST_MS = 500  # choices are read once nothing was turned for so long


class TrainForm(Container):
    """Four cards under one another. ``judged`` says after each change what is still to be answered;
    ``complete`` whether a plan can be asked for.
    """

    judged = Signal(str)

    def __init__(self, frame: Frame, profile: Profile) -> None:
        super().__init__(gap=theme.GAP)
        self._frame, self._profile = frame, profile
        self.session = frame.session
        self.preview: TrainingPreview | None = None
        self.complete = False
        self._reading: Stream | None = None
        self._once_more = self._unread = self._left = False
        self._doing = ""  # while the data are read
        self._more: dict[str, Any] = {}  # settings that were taken and have no knob
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(REST_MS)
        self._later.timeout.connect(self.read)
        self.data, self.shown, self.runs = DataCard(), PreviewCard(), RunsCard()
        self._knobs = Container()
        for part in (self.data, self._knobs, self.shown, self.runs):
            self.box.addWidget(part)
        self.data.chosen.connect(lambda _path: self.read())
        self.data.reread.connect(self.read)
        self.data.answered.connect(self.judge)
        self._put_choices()
        frame.surveyed.connect(self._surveyed)

    def _put_choices(self) -> None:
        empty(self._knobs)
        facts, cards = self.session.facts, 1
        if facts is not None and self._profile.needs.gpu:
            cards = len(training_cards.usable(self.session).cards)
        self.choices = ChoicesCard(self.session.knowledge.guide, self._profile, facts, cards)
        self.choices.changed.connect(self._later.start)
        self._knobs.box.addWidget(self.choices)

    def _surveyed(self, _fault: object) -> None:
        """Choices that were offered before the card was known are made again."""
        if not self._left and self.choices.facts is None and self.session.facts is not None:
            chosen = self.choices.changes()
            self._put_choices()
            self.choices.restore(chosen)
            self._later.start()

    def show_now(self) -> None:
        """Earlier runs as they stand now."""
        self.runs.set_content(training_records.runs(self.session))
        self.judge()
        if self._unread:
            self.read()

    def leave(self) -> None:
        """Nobody waits for it any more."""
        self._left = True
        self._later.stop()
        if self._reading is not None:
            self._reading.stop()

    # ---- what is wanted

    def request(self) -> TrainingRequest | None:
        """What is asked for by now; ``None`` before there are data."""
        if not self.data.path:
            return None
        return TrainingRequest(
            data=self.data.path,
            read=self.data.read_options(),
            agreed=self.data.confirmation(),
            **{**self.choices.wishes(), **self._more},
        )

    def take_smaller(self, options: dict[str, Any]) -> dict[str, Any]:
        """Turn the knobs to settings that take less memory; those that a request can have."""
        known = {k: v for k, v in options.items() if k in TrainingRequest.__struct_fields__}
        self._more |= self.choices.take_smaller(known)
        return known

    # ---- what it would be

    def read(self) -> None:
        """Ask for the preview of what is chosen now; one at a time, the newest wish last."""
        request = self.request()
        if request is None or self._left:
            return
        if self._frame.busy():
            self._unread = True  # read when the form is shown again
            return
        if self._reading is not None:
            self._once_more = True
            self._reading.stop()
            return
        self.preview, self._unread = None, False
        self.data.tell("")
        own = self.session.execution.beside()
        stream = self._frame.stream(
            lambda: training_runs.preview(own, request), self._heard, stop=own.execution.stop
        )
        self._reading = stream
        stream.ended.connect(self._read_ended)
        self._tell_reading(
            translate("Train", "Reading the file and asking the model's tokenizer …")
        )
        stream.start()

    def _tell_reading(self, text: str) -> None:
        """What is being done: beside the file the first time; later at the foot, where nothing
        that the person is turning moves away.
        """
        self._doing = text
        if self.data.dataset is None:
            self.data.tell(text)
        self.judge()

    def _heard(self, item: object) -> None:
        if isinstance(item, TrainingPreview):
            self.preview = item
        elif isinstance(item, Progress) and item.unit == "rows":
            self._tell_reading(
                translate("Train", "Reading: {n} rows").format(n=formatting.count(int(item.done)))
            )

    def _read_ended(self, fault: BaseException | None) -> None:
        self._reading = None
        again, self._once_more = self._once_more, False
        if self._left:
            return
        if again:
            self.read()
            return
        self.data.tell("")
        if self.preview is not None:
            self.data.show_dataset(self.preview.dataset)
            self.shown.set_content(self.preview)
        elif fault is not None and not isinstance(fault, StoppedError):
            self.shown.hide()
            if isinstance(fault, ExpectedError):
                self.tell(fault, None)
            else:
                show_fault(self._frame, fault)
        self.judge()

    def tell(self, fault: ExpectedError, request: TrainingRequest | None) -> None:
        """Why something cannot be: beside the runs where one was to go on, else beside the data."""
        text = " ".join(filter(None, (localize(fault.message), localize(fault.hint))))
        if request is not None and request.resume is not None:
            self.runs.tell(text)
        else:
            self.data.tell(text, fault=True)

    def judge(self) -> None:
        """Whether the plan can be asked for, and what is still open."""
        still, preview = "", self.preview
        if not self.data.path:
            still = translate("Train", "Choose your data first.")
        elif self._reading is not None:
            still = self._doing
        elif preview is not None:
            asked = training_runs.open_questions(preview.dataset, self.data.confirmation())
            if asked:
                still = translate("Train", "To be answered above: {n}").format(n=len(asked))
        self.complete = preview is not None and preview.tokens is not None and not still
        self.judged.emit(still)
