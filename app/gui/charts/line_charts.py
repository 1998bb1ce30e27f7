"""Curves: the loss as it falls, clocks, power and temperature over time, the speed of a download."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QLocale, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy

from app.gui import formatting, theme
from app.gui.charts.bar_charts import Chart, Rows, format_figure


def bounds(values: Sequence[float], least: float = 1e-9) -> tuple[float, float]:
    """The lowest and highest value with a little air, never the same."""
    low, high = min(values), max(values)
    air = max((high - low) * 0.06, abs(high) * 0.01, least)
    return low - air, high + air


def polyline(
    values: Sequence[float], box: QRectF, low: float, high: float, slots: int
) -> QPolygonF:
    """Values from left to right in a box with room for ``slots`` of them."""
    wide = box.width() / max(1, slots - 1)
    tall = box.height() / ((high - low) or 1.0)
    return QPolygonF(
        [
            QPointF(box.left() + i * wide, box.bottom() - (v - low) * tall)
            for i, v in enumerate(values)
        ]
    )


class LossCurve(Chart):
    """The loss at each training step, drawn as it comes; ``total`` is the number of steps expected."""

    def __init__(self, name: str, total: int = 20) -> None:
        super().__init__(name)
        self.losses: list[float] = []
        self.total = total
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.changed()

    def add(self, loss: float) -> None:
        """One more step."""
        self.losses.append(loss)
        self.total = max(self.total, len(self.losses))
        self.changed()

    def set_content(self, losses: Sequence[float], total: int | None = None) -> None:
        """All steps at once; none empties the curve."""
        self.losses = list(losses)
        self.total = max(total or self.total, len(self.losses))
        self.changed()

    def headers(self) -> Sequence[str]:
        """Step and loss."""
        return self.tr("Step"), self.tr("Loss")

    def rows(self) -> Rows:
        """A row for each step."""
        return [(str(i), QLocale().toString(v, ord("f"), 3)) for i, v in enumerate(self.losses, 1)]

    def summary(self) -> str:
        """From where to where it went."""
        if not self.losses:
            return self.tr("No step yet")
        return self.tr("{done} of {total} steps, loss from {first} to {last}").format(
            done=len(self.losses),
            total=self.total,
            first=format_figure(self.losses[0]),
            last=format_figure(self.losses[-1]),
        )

    def sizeHint(self) -> QSize:
        """As in a card beside a table."""
        return QSize(260, 150)

    def minimumSizeHint(self) -> QSize:
        """Still readable."""
        return QSize(160, 96)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Three lines with their values, the curve, first and last step below."""
        painter, t = self.start()
        painter.setFont(theme.font("tiny", True))
        metrics = QFontMetricsF(theme.font("tiny", True))
        seen = [
            v for v in self.losses if math.isfinite(v)
        ]  # a loss that ran away is in the table, not in the picture
        low, high = bounds(seen or [0.0, 10.0])
        labels = [
            QLocale().toString(v, ord("f"), 1 if high - low >= 0.5 else 2)
            for v in (high, (high + low) / 2, low)
        ]
        left = max(metrics.horizontalAdvance(label) for label in labels) + 10
        box = QRectF(
            left,
            metrics.height() / 2 + 2,
            self.width() - left - 6,
            self.height() - metrics.height() * 2 - 10,
        )
        for i, label in enumerate(labels):
            y = box.top() + box.height() * i / 2
            painter.setPen(t.colour("line"))
            painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
            painter.setPen(t.colour("muted"))
            if seen:
                beside = QRectF(0, y - metrics.height() / 2, left - 8, metrics.height())
                painter.drawText(beside, Qt.AlignmentFlag.AlignRight, label)
        foot = QRectF(box.left(), box.bottom() + 5, box.width(), metrics.height())
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, self.tr("step {n}").format(n=1))
        painter.drawText(
            foot, Qt.AlignmentFlag.AlignRight, self.tr("step {n}").format(n=self.total)
        )
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(
            QPen(
                t.colour("accent"),
                2.2,
                Qt.PenStyle.SolidLine,
                Qt.PenCapStyle.RoundCap,
                Qt.PenJoinStyle.RoundJoin,
            )
        )
        if len(seen) > 1:
            painter.drawPolyline(polyline(seen, box, low, high, self.total))
        elif seen:
            painter.drawEllipse(polyline(seen, box, low, high, self.total).first(), 1.5, 1.5)
        painter.end()


@dataclass
class Lane:
    """One quantity over time: its name, its unit, samples as (seconds, value)."""

    name: str
    unit: str
    samples: list[tuple[float, float]] = field(default_factory=list)


class Telemetry(Chart):
    """Clock, power and temperature of the card below one another, over the same time."""

    LANE = 46

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.lanes: tuple[Lane, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clear()

    def clear(self) -> None:
        """Begin again."""
        self.lanes = (
            Lane(self.tr("Clock"), "MHz"),
            Lane(self.tr("Power"), "W"),
            Lane(self.tr("Temperature"), "°C"),
        )
        self.changed()

    def add(
        self, seconds: float, clock: float | None, power: float | None, temperature: float | None
    ) -> None:
        """One sample; what the card does not tell is left out."""
        for lane, value in zip(self.lanes, (clock, power, temperature), strict=True):
            if value is not None:
                lane.samples.append((seconds, value))
        self.changed()

    @property
    def empty(self) -> bool:
        """Whether nothing was told."""
        return not any(lane.samples for lane in self.lanes)

    def headers(self) -> Sequence[str]:
        """Time and the lanes."""
        return self.tr("Time"), *(f"{lane.name}, {lane.unit}" for lane in self.lanes)

    def rows(self) -> Rows:
        """A row for each moment."""
        times = sorted({at for lane in self.lanes for at, _ in lane.samples})
        found = [dict(lane.samples) for lane in self.lanes]
        return [
            (
                formatting.seconds(float(at)),
                *(format_figure(v[at]) if at in v else "" for v in found),
            )
            for at in times
        ]

    def summary(self) -> str:
        """The last of each: ``74 °C · 338 W · 1,755 MHz``."""
        return formatting.joined(
            [
                f"{format_figure(round(lane.samples[-1][1]))} {lane.unit}"
                for lane in reversed(self.lanes)
                if lane.samples
            ]
        )

    def sizeHint(self) -> QSize:
        """A strip each."""
        return QSize(300, self.LANE * max(1, len([x for x in self.lanes if x.samples])))

    def minimumSizeHint(self) -> QSize:
        """Narrower is fine."""
        return QSize(160, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Name and range at the left, the curve at the right."""
        painter, t = self.start()
        small = theme.font("tiny", True)
        metrics = QFontMetricsF(small)
        painter.setFont(small)
        lanes = [lane for lane in self.lanes if lane.samples]
        end = max((lane.samples[-1][0] for lane in lanes), default=1.0)
        start = min((lane.samples[0][0] for lane in lanes), default=0.0)
        texts = [self._range_text(lane) for lane in lanes]
        left = max([96.0, *(metrics.horizontalAdvance(text) + 14 for text in texts)])
        for at, (lane, text) in enumerate(zip(lanes, texts, strict=True)):
            box = QRectF(left, at * self.LANE + 6, self.width() - left - 4, self.LANE - 12)
            painter.setPen(t.colour("text"))
            painter.drawText(
                QRectF(0, box.top(), left, box.height() / 2),
                Qt.AlignmentFlag.AlignBottom,
                lane.name,
            )
            painter.setPen(t.colour("muted"))
            painter.drawText(
                QRectF(0, box.center().y(), left, box.height() / 2), Qt.AlignmentFlag.AlignTop, text
            )
            painter.setPen(t.colour("line"))
            painter.drawLine(box.bottomLeft(), box.bottomRight())
            low, high = bounds([v for _, v in lane.samples], 1.0)
            span = (end - start) or 1.0
            points = [
                QPointF(
                    box.left() + (s - start) / span * box.width(),
                    box.bottom() - (v - low) / (high - low) * box.height(),
                )
                for s, v in lane.samples
            ]
            painter.setPen(QPen(t.colour("info"), 1.6))
            painter.drawPolyline(QPolygonF(points))
        painter.end()

    def _range_text(self, lane: Lane) -> str:
        low, high = min(v for _, v in lane.samples), max(v for _, v in lane.samples)
        if round(low) == round(high):
            return f"{format_figure(round(high))} {lane.unit}"
        return self.tr("{low} to {high} {unit}").format(
            low=format_figure(round(low)), high=format_figure(round(high)), unit=lane.unit
        )


class Sparkline(Chart):
    """The speed of a download over the last minutes, small, without axes. Values are bytes a
    second.
    """

    KEEP = 180

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.values: list[float] = []
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def add(self, value: float) -> None:
        """One more sample; the oldest go."""
        self.values = [*self.values[1 - self.KEEP :], value]
        self.changed()

    def clear(self) -> None:
        """Begin again."""
        self.values = []
        self.changed()

    def headers(self) -> Sequence[str]:
        """Sample and speed."""
        return self.tr("Sample"), self.tr("Speed")

    def rows(self) -> Rows:
        """A row for each sample."""
        return [(str(i), formatting.rate(v)) for i, v in enumerate(self.values, 1)]

    def summary(self) -> str:
        """Now and at best."""
        if not self.values:
            return ""
        now, best = formatting.rate(self.values[-1]) or "0", formatting.rate(max(self.values))
        return self.tr("now {now}, at best {best}").format(now=now, best=best)

    def sizeHint(self) -> QSize:
        """As high as a line of text."""
        return QSize(120, 16)

    def minimumSizeHint(self) -> QSize:
        """As it is."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A line over a soft ground."""
        if len(self.values) < 2:
            return
        painter, t = self.start()
        box = QRectF(self.rect()).adjusted(1, 2, -1, -1)
        line = polyline(self.values, box, 0.0, max(self.values) or 1.0, len(self.values))
        ground = QColor(t.colour("accent"))
        ground.setAlphaF(0.14)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawPolygon(
            QPolygonF(
                [
                    QPointF(box.left(), box.bottom()),
                    *line.toList(),
                    QPointF(box.right(), box.bottom()),
                ]
            )
        )
        painter.setPen(QPen(t.colour("accent"), 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(line)
        painter.end()
