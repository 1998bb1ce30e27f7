"""A training run while it works: both losses, and what the script last told of itself."""

from __future__ import annotations

from typing import Any

from app.gui import formatting
from app.gui.charts.bar_charts import format_figure
from app.gui.charts.training_charts import LossChart
from app.gui.formatting import translate
from app.gui.widgets.card import Card, Fact, Heading, Label, grid_of
from app.model.event import Measured


class ProgressCard(Card):
    """Takes what is measured of the step ``train`` and shows it."""

    def __init__(self) -> None:
        super().__init__()
        self.box.setSpacing(12)
        self.box.addWidget(Heading(translate("Train", "Loss")))
        self.chart = LossChart(translate("Train", "Training and evaluation loss"))
        self.box.addWidget(self.chart, 1)
        waiting = translate("Train", "not known yet")
        self.step = Fact(translate("Train", "Step"), waiting)
        self.loss = Fact(translate("Train", "Training loss"), waiting)
        self.evaluation = Fact(translate("Train", "Evaluation loss"), waiting)
        self.speed = Fact(translate("Train", "Tokens a second"), waiting)
        self.left = Fact(translate("Train", "Time left"), waiting)
        self.memory = Fact(translate("Train", "Card memory, temperature"), waiting)
        facts = (self.step, self.loss, self.evaluation, self.speed, self.left, self.memory)
        self.box.addLayout(grid_of(facts, (1, 1, 1)))
        self.seconds_left: float | None = None
        self.notes = Label("", "small", "muted")
        self.notes.hide()
        self.box.addWidget(self.notes)

    def take(self, what: Measured) -> None:
        """One measured value."""
        number = _number(what.value)
        if what.name == "train.steps" and number is not None:
            begin = int(what.detail.get("begin") or 0)
            self.chart.expect(begin + 1, int(number))
            self._stand(begin)
        elif what.name == "train.loss":
            self._loss(what.value, what.detail)
        elif what.name == "train.evaluation_loss" and number is not None:
            step = int(what.detail.get("step") or self._last())
            self.chart.add(step, number, evaluation=True)
            self.evaluation.set_content(format_figure(number))
        elif what.name == "train.note":
            text = str(what.value)
            self.notes.setText("\n".join(filter(None, (self.notes.text(), text))))
            self.notes.show()

    def _loss(self, value: Any, detail: dict[str, Any]) -> None:
        number = _number(value)
        step = int(detail.get("step") or self._last() + 1)
        self._stand(step)
        if number is not None:
            self.chart.add(step, number)
            self.loss.set_content(format_figure(number))
        speed, left, memory = (
            _number(detail.get(name)) for name in ("tokens_per_s", "seconds_left", "memory")
        )
        if speed is not None:
            self.speed.set_content(formatting.count(round(speed)))
        if left is not None:
            self.seconds_left = left
            self.left.set_content(formatting.about(left))
        if "memory" in detail:
            self.memory.set_content(
                " · ".join([formatting.memory(memory), *_temperature(detail)])
                if memory is not None
                else translate("Train", "runs on no card")
            )

    def _stand(self, step: int) -> None:
        self.step.set_content(
            translate("Train", "{step} of {total}").format(
                step=formatting.count(step), total=formatting.count(self.chart.total)
            )
        )

    def _last(self) -> int:
        return self.chart.training[-1][0] if self.chart.training else self.chart.begin - 1


def _temperature(detail: dict[str, Any]) -> list[str]:
    """Nothing before the first answer; why there is none stands in a note."""
    if "temperature" not in detail:
        return []
    degrees = _number(detail["temperature"])
    return [translate("Train", "temperature unknown") if degrees is None else f"{degrees:.0f} °C"]


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
