"""Pictures of a report as inline SVG: the loss as it falls, the benchmark against its reference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from app.model.verdict import Bench

WIDTH, HEIGHT = 640, 200
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 12, 28


def loss_curve(losses: Sequence[float]) -> str:
    """The loss of each training step as a line with a few marks; empty when there is nothing to
    draw.
    """
    values = [v for v in losses if math.isfinite(v)]
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    low, high = (
        (low - 0.5, high + 0.5)
        if high - low < 1e-9
        else (low - (high - low) * 0.08, high + (high - low) * 0.08)
    )
    across = (WIDTH - LEFT - RIGHT) / (len(values) - 1)
    down = (HEIGHT - TOP - BOTTOM) / (high - low)

    def place(index: int, value: float) -> str:
        return f"{LEFT + index * across:.1f},{TOP + (high - value) * down:.1f}"

    grid = []
    for part in range(5):
        value = low + (high - low) * part / 4
        y = TOP + (high - value) * down
        grid.append(
            f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>'
            f'<text class="tick" x="{LEFT - 8}" y="{y + 4:.1f}" '
            f'text-anchor="end">{value:.2f}</text>'
        )
    every = max(1, round(len(values) / 8))
    for index in range(0, len(values), every):
        grid.append(
            f'<text class="tick" x="{LEFT + index * across:.1f}" y="{HEIGHT - 8}" '
            f'text-anchor="middle">{index + 1}</text>'
        )
    points = " ".join(place(i, v) for i, v in enumerate(values))
    dots = (
        "".join(
            f'<circle class="dot" r="2.5" cx="{place(i, v).split(",")[0]}" '
            f'cy="{place(i, v).split(",")[1]}"/>'
            for i, v in enumerate(values)
        )
        if len(values) <= 60
        else ""
    )
    label = f"Loss over {len(values)} steps, from {values[0]:.2f} to {values[-1]:.2f}"
    return (
        f'<svg class="curve" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{label}">{"".join(grid)}'
        f'<polyline class="loss" points="{points}"/>{dots}</svg>'
    )


def bench_bar(bench: Bench) -> str:
    """One figure as a bar; the mark at 100 % is the reference of this very card."""
    if bench.ratio is None or not math.isfinite(bench.ratio):
        return ""
    width = max(0.0, min(bench.ratio, 1.25)) / 1.25 * 100
    mark = 100 / 1.25
    kind = {"as_expected": "ok", "below": "warn", "wrong": "err"}.get(bench.result, "grey")
    label = escape(f"{bench.ratio * 100:.0f} % of the reference")
    return (
        f'<svg class="bench" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" '
        f'aria-label="{label}">'
        f'<rect class="track" width="100" height="8" rx="1"/><rect class="{kind}" '
        f'width="{width:.1f}" height="8" rx="1"/>'
        f'<rect class="mark" x="{mark:.1f}" width="0.7" height="8"/></svg>'
    )
