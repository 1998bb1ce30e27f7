"""The steps of a plan with their state: a mark, the title, what it does now, a thin bar."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from app.gui import formatting
from app.gui.charts.meter import Meter
from app.gui.formatting import translate
from app.gui.run_progress import ProgressRow, RowState
from app.gui.widgets.card import Card, Container, Label, line
from app.gui.widgets.icons import Mark, State
from app.model.plan import Activate, FirstImport

_MARKS: dict[RowState, State] = {
    "wait": "wait",
    "run": "run",
    "down": "down",
    "ok": "ok",
    "skip": "skip",
    "err": "err",
    "stop": "stop",
}


def state_word(state: RowState) -> str:
    """A state in a word, for a screen reader."""
    return {
        "wait": translate("Steps", "waiting"),
        "run": translate("Steps", "running"),
        "down": translate("Steps", "downloading"),
        "ok": translate("Steps", "done"),
        "skip": translate("Steps", "was already done"),
        "err": translate("Steps", "failed"),
        "stop": translate("Steps", "stopped"),
    }[state]


def mark_of(row: ProgressRow) -> tuple[State, str]:
    """The sign of a row and its word; one that waits for the network carries a warning's."""
    return (
        ("warn", translate("Steps", "waiting for the network"))
        if row.waiting
        else (_MARKS[row.state], state_word(row.state))
    )


def detail(row: ProgressRow, rate: float | None) -> str:
    """The quiet line under a step's title. ``rate`` is the line's speed in bytes a second."""
    if row.state in ("run", "down"):
        return _running_detail(row, rate)
    if row.state == "ok":
        return formatting.seconds(row.seconds) if row.seconds is not None else state_word("ok")
    if row.state == "wait":
        return _waiting_detail(row)
    if row.state == "stop":
        return state_word("stop")
    return shorten(row.note) or state_word(row.state)


def shorten(sentence: str, most: int = 64) -> str:
    """A sentence that fits a narrow column, cut between words; its whole stands on the card beside."""
    if len(sentence) <= most:
        return sentence
    return sentence[:most].rsplit(" ", 1)[0].rstrip(" ,;:.") + " …"


def _running_detail(row: ProgressRow, rate: float | None) -> str:
    progress = row.progress
    if progress is not None and progress.unit == "bytes":
        if row.waiting:
            return translate("Steps", "waiting for the network")  # how much is here, the bars show
        speed = progress.rate or rate
        left = ""
        if progress.total and speed:
            seconds = (progress.total - progress.done) / speed
            left = (
                translate("Steps", "{n} min").format(n=round(seconds / 60))
                if seconds >= 60
                else translate("Steps", "{n} s").format(n=round(seconds))
            )
        return formatting.joined([formatting.of(progress.done, progress.total), left])
    counted = ""
    if progress is not None and progress.total:
        done, total = formatting.count(int(progress.done)), formatting.count(int(progress.total))
        counted = translate("Steps", "{done} of {total}").format(done=done, total=total)
    if len(row.steps) > 1:
        place = translate("Steps", "{n} of {all}").format(
            n=min(row.done + 1, len(row.steps)), all=len(row.steps)
        )
        return formatting.joined([place, row.note, counted])
    return formatting.joined(
        [counted, progress.note if progress is not None else ""]
    ) or state_word("run")


def _waiting_detail(row: ProgressRow) -> str:
    step = row.steps[0]
    if isinstance(step, Activate):
        return translate("Steps", "the old one stays until here")
    if isinstance(step, FirstImport):
        return translate("Steps", "about a minute")
    fetched = sum(s.download_bytes for s in row.steps)
    return formatting.size(fetched) if fetched else ""


class StepRow(QWidget):
    """One row of the list."""

    def __init__(self, row: ProgressRow) -> None:
        super().__init__()
        self.row = row
        self.mark = Mark("wait", size=18)
        self.title = Label(row.title, "value", "muted")
        self.note = Label("", "small", "muted", tabular=True)
        self.meter = Meter(
            translate("Steps", "Progress of {step}").format(step=row.title), height=4
        )
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 12, 0, 12)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(1)
        grid.addWidget(self.mark, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.title, 0, 1)
        grid.addWidget(self.note, 1, 1)
        grid.setRowMinimumHeight(0, 20)
        self._under = Container()
        self._under.box.setContentsMargins(0, 5, 0, 0)
        self._under.box.addWidget(self.meter)
        grid.addWidget(self._under, 2, 1)
        grid.setColumnStretch(1, 1)
        self.refresh(None)

    @property
    def tall(self) -> tuple[bool, bool]:
        """Which of the lines below the title are there: note, bar."""
        return not self.note.isHidden(), not self._under.isHidden()

    def refresh(self, rate: float | None) -> None:
        """Show how the row is now."""
        row = self.row
        text = detail(row, rate)
        mark, word = mark_of(row)
        self.mark.show_state(mark, word)
        self.title.set_ink("muted" if row.state == "wait" else "text")
        self.note.setText(text)
        self.note.set_ink("err" if row.state == "err" else "warn" if row.waiting else "muted")
        self.note.setVisible(bool(text))
        self.note.setToolTip(row.note if row.state == "err" else "")
        working = row.state in ("run", "down") and row.share is not None
        self._under.setVisible(working)
        if working:
            self.meter.set_content(row.share, text)
        self.setAccessibleName(f"{row.title}: {word}")
        self.setAccessibleDescription(row.note if row.state == "err" else text)


class StepList(Card):
    """All rows in a card that scrolls; the row at work is kept in sight. ``WIDE`` beside a log,
    else as wide as there is room.
    """

    WIDE = 280

    def __init__(self, rows: list[ProgressRow]) -> None:
        super().__init__()
        self.box.setContentsMargins(0, 7, 0, 7)
        self.setAccessibleName(translate("Steps", "Steps"))
        self._rows: dict[int, StepRow] = {}
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(13, 0, 13, 0)
        column.setSpacing(0)
        for at, row in enumerate(rows):
            if at:
                column.addWidget(line())
            made = StepRow(row)
            self._rows[id(row)] = made
            column.addWidget(made)
        column.addStretch(1)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidget(holder)
        self.box.addWidget(self._area)
        self.spread(False)
        self.setMinimumHeight(84)  # one row, whatever stands below

    def spread(self, on: bool) -> None:
        """Take all the width there is, or the narrow column's."""
        self.setMinimumWidth(0 if on else self.WIDE)
        self.setMaximumWidth(16777215 if on else self.WIDE)  # Qt's own word for no limit

    def widget_of(self, row: ProgressRow) -> StepRow:
        """The row's widget."""
        return self._rows[id(row)]

    def refresh(self, row: ProgressRow, rate: float | None) -> None:
        """Show how one row is now."""
        shown = self.widget_of(row)
        before = shown.mark.state, shown.tall
        shown.refresh(rate)
        if (shown.mark.state, shown.tall) != before:
            # At once, not with the next turn of the loop: till then its lines would be cut.
            holder = self._area.widget()
            layout = holder.layout() if holder is not None else None
            if layout is not None:
                layout.activate()
                holder.resize(
                    holder.width(), max(holder.height(), layout.heightForWidth(holder.width()))
                )
            self._area.ensureWidgetVisible(shown, 0, 24)
