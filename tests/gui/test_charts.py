"""What charts say in words and in their tables, and where their bars end.

They paint in light, dark and doubled.
"""

from __future__ import annotations

import math

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from app.gui import theme
from app.gui.charts.bar_charts import Bar, BenchBars, Chart, Tabled, format_figure
from app.gui.charts.line_charts import LossCurve, Sparkline, Telemetry, bounds, polyline

BARS = (
    Bar("bf16 matrix product", 68.4, "TFLOP/s", 71.0, "good"),
    Bar("PC to card", 12.4, "GB/s", 25.0, "below", "8 lanes"),
    Bar("int8", None, "TOP/s"),
    Bar("on the processor", 0.11, "TFLOP/s", None, "none"),
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (846.2, "846"),
        (68.43, "68.4"),
        (5.123, "5.12"),
        (0.0341, "0.034"),
        (71.0, "71"),
        (5120.0, "5,120"),
        (0.0, "0"),
        (9.999, "10"),
    ],
)
def test_figures_have_about_three_digits(value: float, text: str) -> None:
    assert format_figure(value) == text


def shown(chart: Chart, qtbot: QtBot, wide: int = 700, high: int = 140) -> QImage:
    qtbot.addWidget(chart)
    chart.resize(wide, high)
    return chart.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def columns_of(image: QImage, colour: QColor, y: int) -> list[int]:
    return [x for x in range(image.width()) if image.pixelColor(x, y).name() == colour.name()]


def test_a_bar_ends_where_its_share_of_the_reference_says(qtbot: QtBot) -> None:
    chart = BenchBars("Benchmark")
    chart.set_content(BARS)
    image, t = shown(chart, qtbot, high=chart.sizeHint().height()), theme.current()
    row = chart.sizeHint().height() // len(BARS)
    ends = []
    for at, token in ((0, "accent"), (1, "warn")):
        filled = columns_of(image, t.colour(token), at * row + row // 2 + 6)
        marks = columns_of(image, t.colour("ref"), at * row + row // 2 - 9)
        assert filled and marks
        ends.append((filled[-1] - filled[0]) / (marks[0] - filled[0]))
    assert ends[0] == pytest.approx(68.4 / 71, abs=0.02)
    assert ends[1] == pytest.approx(12.4 / 25, abs=0.02)
    assert not columns_of(image, t.colour("accent"), 2 * row + row // 2), (
        "nothing was measured: no bar"
    )


def test_bars_say_in_words_what_they_show(qtbot: QtBot) -> None:
    chart = BenchBars("Benchmark")
    qtbot.addWidget(chart)
    chart.set_content(BARS)
    assert chart.rows()[1] == ("PC to card", "12.4 GB/s", "25 GB/s", "50 %", "below", "8 lanes")
    assert chart.rows()[2][4] == "not measured yet"
    assert chart.rows()[3] == ("on the processor", "0.11 TFLOP/s", "", "", "not compared", "")
    description = chart.accessibleDescription()
    assert (
        "3 of 4 measured, 1 below the reference" in description
        and "PC to card, 12.4 GB/s, 25 GB/s, 50 %, below, 8 lanes" in description
    )


def test_a_table_lies_behind_each_chart(qtbot: QtBot) -> None:
    chart = LossCurve("Loss", 20)
    for n in range(5):
        chart.add(8.4 - n * 0.2)
    card = Tabled(chart)
    qtbot.addWidget(card)
    card.show_table(True)
    assert card.currentWidget() is card.table
    assert card.table.rowCount() == 5
    item = card.table.item(4, 1)
    assert item is not None and item.text() == "7.600"
    card.show_table(False)
    assert card.currentWidget() is chart


def test_the_loss_falls_from_left_to_right(qtbot: QtBot) -> None:
    chart = LossCurve("Loss", 20)
    chart.set_content([8.4 - 0.1 * n for n in range(20)])
    image, accent = shown(chart, qtbot, 320, 160), theme.current().colour("accent")

    def height(x: int) -> float:
        rows = [y for y in range(image.height()) if _near(image.pixelColor(x, y), accent)]
        return sum(rows) / len(rows)

    assert height(60) < height(150) < height(290)
    assert chart.summary() == "20 of 20 steps, loss from 8.4 to 6.5"


def _near(one: QColor, other: QColor) -> bool:
    return (
        abs(one.red() - other.red())
        + abs(one.green() - other.green())
        + abs(one.blue() - other.blue())
        < 60
    )


def test_a_loss_that_ran_away_is_in_the_table_and_breaks_nothing(qtbot: QtBot) -> None:
    chart = LossCurve("Loss", 3)
    for loss in (8.0, math.nan, math.inf):
        chart.add(loss)
    shown(chart, qtbot)
    assert [row[1] for row in chart.rows()] == ["8.000", "nan", "∞"] or chart.rows()[1][
        1
    ].lower() == "nan"


def test_points_stay_in_their_box() -> None:
    box = QRectF(10, 20, 100, 50)
    low, high = bounds([5.0, 5.0])
    assert low < 5.0 < high
    points = polyline([1.0, 3.0, 2.0], box, 1.0, 3.0, 5)
    assert [(p.x(), p.y()) for p in points.toList()] == [(10, 70), (35, 20), (60, 45)]


def test_sensors_leave_out_what_the_card_does_not_tell(qtbot: QtBot) -> None:
    chart = Telemetry("Sensors")
    assert chart.empty
    chart.add(0.5, 1755.0, None, 70.0)
    chart.add(1.0, 1740.0, None, 74.0)
    shown(chart, qtbot)
    assert chart.summary() == "74 °C · 1,740 MHz"
    assert chart.rows() == [("0.5 s", "1,755", "", "70"), ("1.0 s", "1,740", "", "74")]
    assert chart.sizeHint().height() == 2 * chart.LANE


def test_the_sparkline_keeps_the_last_minutes(qtbot: QtBot) -> None:
    chart = Sparkline("Speed")
    for n in range(500):
        chart.add(1e6 + n * 1e4)
    shown(chart, qtbot, 120, 16)
    assert len(chart.values) == Sparkline.KEEP
    assert chart.summary() == "now 6.0 MB/s, at best 6.0 MB/s"


@pytest.mark.parametrize("tokens", [theme.LIGHT, theme.DARK])
def test_every_chart_paints_in_every_look(
    qtbot: QtBot, tokens: theme.Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(theme, "_current", tokens)
    loss, bars, sensors, spark = LossCurve("L"), BenchBars("B"), Telemetry("T"), Sparkline("S")
    bars.set_content(BARS)
    for n in range(6):
        loss.add(5.0 - n * 0.1)
        sensors.add(n, 1000.0 + n, 200.0, 60.0)
        spark.add(1e6 * n)
    for chart in (loss, bars, sensors, spark):
        image = shown(chart, qtbot)
        colours = {
            image.pixelColor(x, y).name()
            for x in range(0, image.width(), 3)
            for y in range(0, image.height(), 3)
        }
        assert len(colours) > 2, f"{chart.accessibleName()} drew nothing"
