"""The three cards of the proof: expected output, benchmark, first fine-tune.

The output line by line, the benchmark against its reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.gui import formatting, theme
from app.gui.charts.bar_charts import Bar, BenchBars, Tabled, format_figure
from app.gui.charts.line_charts import LossCurve, Telemetry
from app.gui.formatting import translate
from app.gui.messages import localize
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Card, Heading, Label, line, titled
from app.gui.widgets.collapsible import Collapsible
from app.gui.widgets.icons import Mark, State
from app.gui.widgets.popover import Popover
from app.gui.widgets.tag import Tag
from app.model.verdict import Bench, Comparison, FineTune, Remark, SeveralCards

_MARKS: dict[str, State] = {
    "same": "ok",
    "explained": "info",
    "below": "warn",
    "different": "err",
    "missing": "warn",
}


def verdict_word(result: str, running: bool = False) -> str:
    """A line's verdict in a word."""
    if result == "missing":
        return (
            translate("Proof", "not checked yet")
            if running
            else translate("Proof", "did not come out")
        )
    return {
        "same": translate("Proof", "same"),
        "explained": translate("Proof", "corrected"),
        "below": translate("Proof", "below"),
        "different": translate("Proof", "wrong"),
    }[result]


SHORT = 24  # letters of a value that stays on one line, its *why* beside it
FEW = 7  # lines shown at first, so that the benchmark below is in sight too
_WEIGHT = {"different": 0, "below": 0, "missing": 1, "explained": 2, "same": 3}


class ExpectedOutput(Card):
    """What the guide prints, what is right here, what came out; *why* opens the reason.

    The lines that say most come first into sight; a link shows all of them. ``filled`` when lines
    were made again.
    """

    filled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.box.setSpacing(6)
        self._head = Collapsible(gap=0)  # the note goes below the title where one row is too short
        name = Heading(translate("Proof", "Expected output"), wrap=False)
        name.setMinimumHeight(theme.TITLE)
        self.note = Label("", "small", "muted", wrap=False)
        self._head.box.addWidget(name)
        self._head.box.addStretch(1)
        self._head.box.addWidget(self.note)
        self.box.addWidget(self._head)
        self._holder: QWidget | None = None
        self.lines: tuple[Comparison, ...] = ()
        self.waiting = Label(
            translate("Proof", "Compared line by line as the checks come in."), "small", "muted"
        )
        self.box.addWidget(self.waiting)
        self._all = False
        self._running = False
        self.rest = Label("", "small", "muted")
        self.rest.hide()
        self.box.addWidget(self.rest)
        self.more = Button("", self._toggle_all, "link")
        self.more.hide()
        self.box.addWidget(self.more)
        self.box.addStretch(1)

    def set_content(self, lines: Sequence[Comparison], running: bool) -> None:
        """Show the lines; while the checks run, one that is missing is still to come."""
        if tuple(lines) == self.lines and running == self._running:
            return
        self.lines, self._running = tuple(lines), running
        self._show_lines()

    def _toggle_all(self) -> None:
        self._all = not self._all
        self._show_lines()

    def in_sight(self) -> list[Comparison]:
        """The lines that are shown now, in the guide's order."""
        if self._all:
            return list(self.lines)
        ranked = sorted(
            self.applying(),
            key=lambda c: 4 if self._running and c.result == "missing" else _WEIGHT[c.result],
        )
        chosen = {c.check for c in ranked[:FEW]}
        return [c for c in self.lines if c.check in chosen]

    def applying(self) -> list[Comparison]:
        """The lines that say something here: not those of which nothing is right and nothing came,
        as of a card where the setup uses none.
        """
        return [c for c in self.lines if not (c.expected == "None" and c.result == "explained")]

    def _show_lines(self) -> None:
        lines, running = self.applying(), self._running
        rest = len(self.lines) - len(lines)
        self.rest.setText(
            translate("Proof", "One line of the guide is about a card; this setup uses none.")
            if rest == 1
            else translate(
                "Proof", "{n} lines of the guide are about a card; this setup uses none."
            ).format(n=rest)
        )
        self.rest.setVisible(rest > 0 and not self._all)
        self.waiting.setVisible(not self.lines)
        self.more.setVisible(len(lines) > FEW or rest > 0)
        self.more.setText(
            translate("Proof", "Show fewer")
            if self._all
            else translate("Proof", "Show all {n} lines").format(n=len(self.lines))
        )
        if self._holder is not None:
            self.box.removeWidget(self._holder)
            self._holder.hide()
            self._holder.deleteLater()
            self._holder = None
        if self.lines:
            self._holder = self._build_grid(running)
            self.box.insertWidget(1, self._holder)
            self.filled.emit()
        same, corrected = (sum(c.result == kind for c in lines) for kind in ("same", "explained"))
        wrong = sum(c.result in ("different", "below") for c in lines)
        missing = sum(c.result == "missing" for c in lines)
        self.note.setText(
            formatting.joined(
                [
                    translate("Proof", "{n} same").format(n=same),
                    translate("Proof", "{n} corrected").format(n=corrected),
                    translate("Proof", "{n} wrong").format(n=wrong),
                    translate("Proof", "{n} to come").format(n=missing)
                    if missing and running
                    else translate("Proof", "{n} missing").format(n=missing)
                    if missing
                    else "",
                ]
            )
            if lines
            else ""
        )
        self._head.refit()

    def _build_grid(self, running: bool) -> QWidget:
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(7)
        for column, title in enumerate(
            (
                translate("Proof", "Guide"),
                translate("Proof", "Right here"),
                translate("Proof", "Came out"),
            ),
            1,
        ):
            grid.addWidget(Label(title, "small", "muted", wrap=False), 0, column)
        grid.setRowMinimumHeight(0, 24)  # the names of the columns stand clear of the card's own
        for at, c in enumerate(self.in_sight()):
            grid.addWidget(line(), 2 * at + 1, 0, 1, 4)
            self._add_line(grid, 2 * at + 2, c, running)
        for column, stretch in ((1, 11), (2, 10), (3, 7)):
            grid.setColumnStretch(column, stretch)
        return holder

    def _add_line(self, grid: QGridLayout, row: int, c: Comparison, running: bool) -> None:
        coming = running and c.result == "missing"
        verdict = verdict_word(c.result, running)
        grid.addWidget(
            Mark(
                "wait" if coming else _MARKS[c.result], f"{localize(c.title or c.check)}: {verdict}"
            ),
            row,
            0,
        )
        grid.addWidget(_build_cell(guide_text(c), wrap=True), row, 1)
        right = QHBoxLayout()
        right.setSpacing(6)
        right.addWidget(_build_cell(localize(c.expected)), 1 if len(c.expected) > SHORT else 0)
        if c.why and c.result != "same":
            why = Button(translate("Proof", "why"), None, "link")
            why.setFont(theme.font("link"))
            why.setAccessibleName(
                translate("Proof", "Why {title} differs").format(title=localize(c.title or c.check))
            )
            why.clicked.connect(partial(self._explain_line, why, c))
            right.addWidget(why)
        if len(c.expected) <= SHORT:
            right.addStretch(1)
        grid.addLayout(right, row, 2)
        came = _build_cell(
            localize(c.actual)
            if c.actual is not None
            else ""
            if coming
            else translate("Proof", "nothing")
        )
        came.setAccessibleName(f"{localize(c.title or c.check)}: {came.text()}, {verdict}")
        grid.addWidget(came, row, 3)

    def _explain_line(self, beside: QWidget, c: Comparison, _checked: bool = False) -> None:
        Popover(beside, localize(c.title or c.check), localize(c.why), c.evidence).pop(beside)


def guide_text(c: Comparison) -> str:
    """The guide's line with its name in front, once."""
    if not c.title or c.title.lower() in c.guide.lower():
        return c.guide or localize(c.title)
    sign = (
        "" if c.guide[:1].isdigit() else ":"
    )  # a figure is read with its name, a word only after a pause
    return f"{localize(c.title)}{sign} {c.guide}" if c.guide else localize(c.title)


def _build_cell(text: str, wrap: bool = False) -> QLabel:
    made = Label(text, "small", wrap=wrap or len(text) > SHORT)
    made.setToolTip(text)
    return made


class FineTuneCard(Card):
    """The loss as it falls, how fast, how much memory, and whether it passed."""

    def __init__(self) -> None:
        super().__init__()
        self.tag = Tag("")
        self.about = Label("", "small", "muted")
        self.curve = LossCurve(translate("Proof", "Loss of the first fine-tune"))
        self.tabled = Tabled(self.curve)
        self.foot = Label("", "small", "muted", tabular=True)
        self.together = Label("", "small", "muted")
        self.box.addLayout(titled(translate("Proof", "First fine-tune"), self.tag))
        self.box.addWidget(self.about)
        self.box.addWidget(self.tabled, 1)
        self.box.addWidget(self.foot)
        self.box.addWidget(self.together)
        self.clear()

    def clear(self) -> None:
        """Nothing has run."""
        self.show_together(None)
        self.curve.set_content(())
        self.tag.set_content("", "grey")
        self.about.setText(
            translate("Proof", "A small model is made here and trained for 20 steps.")
        )
        self.foot.setText("")

    def add(self, loss: float) -> None:
        """One step more."""
        if not self.curve.losses:
            self.tag.set_content(translate("Proof", "Training"), "info")
        self.curve.add(loss)
        self.foot.setText(
            translate("Proof", "Step {n}, loss {loss}").format(
                n=len(self.curve.losses), loss=format_figure(loss)
            )
        )

    def show_together(self, found: SeveralCards | None) -> None:
        """What several cards did at once; nothing where the PC has one."""
        said = ""
        if found is not None and found.loss_first is not None and found.loss_last is not None:
            same = {
                True: translate("Proof", "the same weights on all"),
                False: translate("Proof", "other weights on each"),
                None: "",
            }
            parts = [
                translate("Proof", "On {n} cards at once: loss {first} to {last}").format(
                    n=found.processes,
                    first=format_figure(found.loss_first),
                    last=format_figure(found.loss_last),
                ),
                translate("Proof", "{n} tokens/s").format(
                    n=format_figure(round(found.tokens_per_s))
                )
                if found.tokens_per_s
                else "",
                same[found.equal],
            ]
            said = formatting.joined([part for part in parts if part])
        elif found is not None:
            said = translate("Proof", "On several cards at once: not passed")
        self.together.setText(said)
        self.together.setVisible(bool(said))

    def show_stopped(self) -> None:
        """The run was stopped; what was drawn of it stays."""
        if self.curve.losses:
            self.tag.set_content(translate("Proof", "Stopped"), "grey")

    def set_content(self, result: FineTune | None) -> None:
        """The judged result; the curve stays where it has more than the result."""
        if result is None:
            return
        if result.losses:
            self.curve.set_content(result.losses, result.steps)
        self.tag.set_content(
            translate("Proof", "Passed") if result.passed else translate("Proof", "Not passed"),
            "good" if result.passed else "err",
        )
        saved = {
            True: translate("Proof", "adapter saved and loaded again: same answer"),
            False: translate("Proof", "the saved adapter gave another answer when loaded again"),
            None: "",
        }
        how = (
            translate("Proof", "simulated")
            if result.trainer == "simulated"
            else result.trainer or translate("Proof", "LoRA")
        )
        self.about.setText(
            ", ".join(
                filter(
                    None,
                    [
                        translate("Proof", "{n} steps").format(n=result.steps),
                        how,
                        saved[result.reloaded_equal],
                    ],
                )
            )
        )
        self.foot.setText(
            formatting.joined(
                [
                    translate("Proof", "{n} tokens/s").format(
                        n=format_figure(round(result.tokens_per_s))
                    )
                    if result.tokens_per_s
                    else "",
                    translate("Proof", "peak {size}").format(
                        size=formatting.memory(result.peak_vram)
                    )
                    if result.peak_vram
                    else "",
                ]
            )
        )


class BenchCard(Card):
    """Bars with reference marks, what to know about them, and the sensors over time."""

    def __init__(self) -> None:
        super().__init__()
        self.title = Heading(translate("Proof", "Benchmark"), wrap=False)
        self.note = Label("", "small", "muted", wrap=False)
        head = Collapsible(wide=520)
        head.box.addWidget(self.title)
        head.box.addStretch(1)
        head.box.addWidget(self.note)
        self.box.addWidget(head)
        self.waiting = Label(
            translate("Proof", "Measured after the checks; it takes at most half a minute."),
            "small",
            "muted",
        )
        self.bars = BenchBars(translate("Proof", "Benchmark"))
        self.tabled = Tabled(self.bars)
        self.sensors = Telemetry(translate("Proof", "Clock, power and temperature of the card"))
        self.sensor_table = Tabled(self.sensors)
        self._remarks = QVBoxLayout()
        self._remarks.setSpacing(0)
        for part in (self.waiting, self.tabled):
            self.box.addWidget(part)
        self.box.addLayout(self._remarks)
        self.box.addWidget(self.sensor_table)
        self._said: tuple[Remark, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.set_content((), (), "")

    def set_content(self, benches: Sequence[Bench], remarks: Sequence[Remark], card: str) -> None:
        """Show figures and remarks; ``card`` is the name of what they are compared with."""
        states = {"as_expected": "good", "below": "below", "wrong": "wrong"}
        bars = [
            Bar(
                title=localize(b.title or b.name),
                value=b.value,
                unit=b.unit,
                reference=b.reference,
                state=states.get(b.result, "none" if b.value is not None else "waiting"),  # type: ignore[arg-type]
                note=localize(b.note),
            )
            for b in benches
        ]
        self.bars.set_content(bars)
        compared = any(b.reference for b in benches)
        self.waiting.setVisible(not bars)
        self.tabled.setVisible(bool(bars))
        self.tabled.updateGeometry()
        self.title.setText(
            translate("Proof", "Benchmark against a healthy {card}").format(card=card)
            if compared and card
            else translate("Proof", "Benchmark")
        )
        self.note.setText(
            translate("Proof", "the mark is the reference for this card")
            if compared
            else translate("Proof", "nothing to compare it with")
            if bars
            else ""
        )
        self._show_remarks(tuple(remarks))
        self.show_sensors()

    def show_sensors(self) -> None:
        """The curves, once there is more than one sample."""
        self.sensor_table.setVisible(any(len(lane.samples) > 1 for lane in self.sensors.lanes))
        self.sensor_table.updateGeometry()

    def _show_remarks(self, remarks: tuple[Remark, ...]) -> None:
        if remarks == self._said:
            return
        self._said = remarks
        while self._remarks.count():
            widget = self._remarks.takeAt(0).widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for at, remark in enumerate(remarks):
            self._remarks.addSpacing(6 if not at else 0)
            self._remarks.addWidget(line())
            self._remarks.addWidget(
                self._build_remark(remark, self.sensors.summary() if not at else "")
            )

    def _build_remark(self, remark: Remark, beside: str) -> QWidget:
        made = QWidget()
        kinds: dict[str, tuple[State, str]] = {
            "blocks": ("err", translate("Proof", "fault")),
            "warns": ("warn", translate("Proof", "warning")),
            "informs": ("info", translate("Proof", "note")),
        }
        state, word = kinds[remark.severity]
        grid = QGridLayout(made)
        grid.setContentsMargins(0, 11, 0, 6)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(1)
        grid.addWidget(Mark(state, word), 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(Label(localize(remark.title), "value"), 0, 1)
        grid.addWidget(Label(localize(remark.detail), "small", "muted"), 1, 1)
        grid.addWidget(Label(beside, "small", "muted", wrap=False, tabular=True), 0, 2)
        grid.setColumnStretch(1, 1)
        made.setAccessibleName(f"{word}: {localize(remark.title)}")
        made.setAccessibleDescription(localize(remark.detail))
        return made
