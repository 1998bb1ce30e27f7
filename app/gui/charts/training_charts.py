"""Charts of a training run: the losses as they fall, and how long the rows are beside the context."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QLocale, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy

from app.gui import formatting, theme
from app.gui.charts.bar_charts import Chart, Rows, format_figure
from app.gui.charts.line_charts import bounds

Points = list[tuple[int, float]]


class LossChart(Chart):
    """Training loss as a line, evaluation loss as a dashed line with dots, over the run's steps."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.training: Points = []
        self.evaluation: Points = []
        self.begin, self.total = 1, 1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.changed()

    def expect(self, begin: int, total: int) -> None:
        """From which step to which the run goes."""
        self.begin, self.total = begin, max(begin, total)
        self.changed()

    def add(self, step: int, loss: float, *, evaluation: bool = False) -> None:
        """One measured loss; one that is no number is in the table, not in the picture."""
        (self.evaluation if evaluation else self.training).append((step, loss))
        self.total = max(self.total, step)
        self.changed()

    def set_content(self, training: Points, evaluation: Points) -> None:
        """All of a run at once."""
        self.training, self.evaluation = list(training), list(evaluation)
        steps = [step for step, _ in (*training, *evaluation)]
        self.begin, self.total = min(steps, default=1), max(steps, default=1)
        self.changed()

    def headers(self) -> Sequence[str]:
        """Step and both losses."""
        return self.tr("Step"), self.tr("Training loss"), self.tr("Evaluation loss")

    def rows(self) -> Rows:
        """A row for each step at which something was measured."""
        return self._rows(self.training, self.evaluation)

    def changed(self) -> None:
        """As every chart, with the last steps alone: thousands may come, one at a time."""
        last = self._rows(self.training[-40:], self.evaluation[-10:])[-40:]
        lines = [", ".join(filter(None, row)) for row in last]
        self.setAccessibleDescription("\n".join([self.summary(), *lines]))
        self.update()

    def _rows(self, training: Points, evaluation: Points) -> list[tuple[str, ...]]:
        first, second = dict(training), dict(evaluation)
        return [
            (str(step), *(_written(found.get(step)) for found in (first, second)))
            for step in sorted({*first, *second})
        ]

    def summary(self) -> str:
        """From where to where both went."""
        if not self.training:
            return self.tr("No step yet")
        told = self.tr("Step {step} of {total}, training loss from {first} to {last}").format(
            step=self.training[-1][0],
            total=self.total,
            first=format_figure(self.training[0][1]),
            last=format_figure(self.training[-1][1]),
        )
        if self.evaluation:
            told += self.tr(", evaluation loss {last}").format(
                last=format_figure(self.evaluation[-1][1])
            )
        return told

    def sizeHint(self) -> QSize:
        """As in a card of its own."""
        return QSize(420, 170)

    def minimumSizeHint(self) -> QSize:
        """Still readable."""
        return QSize(180, 130)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Which line is which above, three values at the left, first and last step below."""
        painter, t = self.start()
        painter.setFont(theme.font("tiny", True))
        metrics = QFontMetricsF(painter.font())
        high_text = metrics.height()
        seen = [v for _, v in (*self.training, *self.evaluation) if math.isfinite(v)]
        low, high = bounds(seen) if seen else (0.0, 1.0)
        if seen and min(seen) >= 0:
            low = max(0.0, low)  # the air below is not to be read as a loss below nothing
        marks = [
            QLocale().toString(v, ord("f"), 1 if high - low >= 0.5 else 3)
            for v in (high, (high + low) / 2, low)
        ]
        left = max(metrics.horizontalAdvance(mark) for mark in marks) + 10
        top = high_text * 1.5 + 6
        box = QRectF(left, top, self.width() - left - 8, self.height() - top - high_text - 8)
        for i, mark in enumerate(marks):
            y = box.top() + box.height() * i / 2
            painter.setPen(t.colour("line"))
            painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
            if seen:
                painter.setPen(t.colour("muted"))
                beside = QRectF(0, y - high_text / 2, left - 8, high_text)
                painter.drawText(beside, Qt.AlignmentFlag.AlignRight, mark)
        painter.setPen(t.colour("muted"))
        foot = QRectF(box.left(), box.bottom() + 4, box.width(), high_text)
        step = self.tr("step {n}")
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, step.format(n=self.begin))
        if self.total > self.begin:
            painter.drawText(foot, Qt.AlignmentFlag.AlignRight, step.format(n=self.total))
        training = QPen(t.colour("accent"), 2.2)
        evaluation = QPen(t.colour("warn"), 1.8, Qt.PenStyle.DashLine)
        self._draw(painter, training, self.training, box, (low, high), dots=False)
        self._draw(painter, evaluation, self.evaluation, box, (low, high), dots=True)
        x = box.left()
        for pen, name in ((training, self.tr("Training")), (evaluation, self.tr("Evaluation"))):
            painter.setPen(pen)
            painter.drawLine(QPointF(x, high_text / 2 + 2), QPointF(x + 22, high_text / 2 + 2))
            painter.setPen(t.colour("text"))
            wide = metrics.horizontalAdvance(name)
            painter.drawText(QRectF(x + 28, 2, wide + 2, high_text), 0, name)
            x += 28 + wide + 22
        painter.end()

    def _draw(
        self,
        painter: QPainter,
        pen: QPen,
        points: Points,
        box: QRectF,
        span: tuple[float, float],
        *,
        dots: bool,
    ) -> None:
        low, high = span
        wide, tall = max(1, self.total - self.begin), (high - low) or 1.0
        at = [
            QPointF(
                box.left() + (step - self.begin) / wide * box.width(),
                box.bottom() - (loss - low) / tall * box.height(),
            )
            for step, loss in points
            if math.isfinite(loss)
        ]
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if len(at) > 1:
            painter.drawPolyline(QPolygonF(at))
        if at and (dots or len(at) == 1):
            painter.setBrush(pen.color())
            painter.setPen(Qt.PenStyle.NoPen)
            for point in at:
                painter.drawEllipse(point, 3.0, 3.0)


class LengthChart(Chart):
    """How many rows are how long, in tokens; a line at the context, hatched bars beyond it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.edges: list[int] = []
        self.counts: list[int] = []
        self.context = self.median = self.longest = self.cut = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.changed()

    def set_content(self, tokens: dict[str, object]) -> None:
        """What the training script's preview says (``length`` and ``cut``)."""
        told = tokens.get("length")
        length = told if isinstance(told, dict) else {}
        self.edges = [int(edge) for edge in length.get("edges", ())]
        self.counts = [int(count) for count in length.get("counts", ())]
        self.context, self.median, self.longest = (
            int(length.get(name) or 0) for name in ("context", "median", "longest")
        )
        cut = tokens.get("cut")
        self.cut = cut if isinstance(cut, int) else 0
        self.changed()

    def headers(self) -> Sequence[str]:
        """Length and rows."""
        return self.tr("Tokens, up to"), self.tr("Rows")

    def rows(self) -> Rows:
        """A row for each bar."""
        return [
            (formatting.count(edge), formatting.count(count))
            for edge, count in zip(self.edges, self.counts, strict=False)
        ]

    def summary(self) -> str:
        """Median, longest, and what is cut."""
        if not self.longest:
            return ""
        told = self.tr("Half of the rows have at most {median} tokens, the longest {longest}.")
        cut = (
            self.tr("{n} rows are longer than the context of {context} tokens and are cut.")
            if self.cut
            else self.tr("All fit in the context of {context} tokens.")
        )
        return f"{told} {cut}".format(
            median=formatting.count(self.median),
            longest=formatting.count(self.longest),
            n=formatting.count(self.cut),
            context=formatting.count(self.context),
        )

    def sizeHint(self) -> QSize:
        """A low band."""
        return QSize(320, 112)

    def minimumSizeHint(self) -> QSize:
        """Still readable."""
        return QSize(160, 112)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Bars, their counts above, the first and last edge below, a dashed line at the context."""
        if not self.counts or not self.edges:
            return
        painter, t = self.start()
        painter.setFont(theme.font("tiny", True))
        metrics = QFontMetricsF(painter.font())
        tall = metrics.height()
        box = QRectF(4, tall + 4, self.width() - 8, self.height() - 2 * tall - 12)
        most, wide = max(self.counts) or 1, box.width() / len(self.counts)
        last = self.edges[-1] or 1
        for i, (edge, count) in enumerate(zip(self.edges, self.counts, strict=False)):
            height = box.height() * count / most
            bar = QRectF(
                box.left() + i * wide + 2, box.bottom() - height, max(2.0, wide - 4), height
            )
            beyond = self.context and edge > self.context
            painter.setPen(t.colour("warn") if beyond else Qt.PenStyle.NoPen)
            painter.setBrush(t.colour("warn" if beyond else "accent"))
            if beyond:
                brush = painter.brush()
                brush.setStyle(Qt.BrushStyle.BDiagPattern)
                painter.setBrush(brush)
            if count:
                painter.drawRect(bar)
                painter.setPen(t.colour("muted"))
                over = QRectF(bar.left() - wide, bar.top() - tall - 1, bar.width() + 2 * wide, tall)
                text = formatting.count(count)
                if metrics.horizontalAdvance(text) <= wide + 8:
                    painter.drawText(over, Qt.AlignmentFlag.AlignHCenter, text)
        painter.setPen(t.colour("line"))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        painter.setPen(t.colour("muted"))
        foot = QRectF(box.left(), box.bottom() + 3, box.width(), tall)
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, "0")
        painter.drawText(
            foot,
            Qt.AlignmentFlag.AlignRight,
            self.tr("{n} tokens").format(n=formatting.count(last)),
        )
        if 0 < self.context < last:
            x = box.left() + box.width() * self.context / last
            painter.setPen(QPen(t.colour("text"), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, box.top() - 2), QPointF(x, box.bottom()))
            name = self.tr("context {n}").format(n=formatting.count(self.context))
            half = metrics.horizontalAdvance(name) / 2 + 1
            x = min(max(x, box.left() + half + 14), box.right() - half - 90)
            painter.drawText(QRectF(x - half, foot.top(), 2 * half, tall), 0, name)
        painter.end()


def _written(value: float | None) -> str:
    return "" if value is None else QLocale().toString(value, ord("f"), 3)
