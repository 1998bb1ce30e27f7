"""A plan before it runs: every step with its bytes and what it touches."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from app.gui import formatting, theme
from app.gui.formatting import translate
from app.gui.run_progress import ProgressRow, rows_of
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Card, Elided, Label, heading, line
from app.gui.widgets.icons import Mark
from app.model.plan import Plan, Quarantine, RemoveTree, UninstallPackages


def bytes_of(row: ProgressRow) -> str:
    """``3.5 GB to fetch · 8.1 GB on disk``; empty for steps that need none."""
    fetched, disk = (
        sum(getattr(s, name) for s in row.steps) for name in ("download_bytes", "disk_bytes")
    )
    return formatting.joined(
        [
            translate("Plan", "{size} to fetch").format(size=formatting.size(fetched))
            if fetched
            else "",
            translate("Plan", "{size} on disk").format(size=formatting.size(disk)) if disk else "",
        ]
    )


def taken_away(row: ProgressRow) -> str:
    """What a row takes away from the user, and the way back; empty where it takes nothing away."""
    for step in row.steps:
        if isinstance(step, UninstallPackages):
            return translate(
                "Plan",
                "Takes packages out of an environment that is in use: {python}. The list of "
                "everything in it is saved first.",
            ).format(python=step.python)
        if isinstance(step, Quarantine):
            return translate(
                "Plan", "Moves {path} into the quarantine; it can be put back."
            ).format(path=step.path)
        if isinstance(step, RemoveTree):
            return translate("Plan", "Deletes {path} for good.").format(path=step.path)
    return ""


def steps_word(first: int, count: int) -> str:
    """``step 3``, or ``steps 7 to 12`` of a row that holds several."""
    if count == 1:
        return translate("Plan", "step {n}").format(n=first)
    return translate("Plan", "steps {first} to {last}").format(first=first, last=first + count - 1)


class PlanList(Card):
    """The steps in order. ``details_wanted`` asks for everything about them."""

    details_wanted = Signal()

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        rows = rows_of(plan)
        title, _ = heading(
            translate("Plan", "What will happen"),
            translate("Plan", "{n} steps").format(n=len(plan.steps)),
        )
        self.box.addLayout(title)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(0)
        number = 1
        for at, row in enumerate(rows):
            if at:
                column.addWidget(line())
            column.addWidget(self._build_row(row, number))
            number += len(row.steps)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName(translate("Plan", "Steps of the plan"))
        area.setWidget(holder)
        self.box.addWidget(area, 1)
        self.setMinimumHeight(170)

    def _build_row(self, row: ProgressRow, number: int) -> QWidget:
        made = QWidget()
        grid = QGridLayout(made)
        grid.setContentsMargins(0, 9, 0, 9)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        size, taken = bytes_of(row), taken_away(row)
        grid.addWidget(
            Mark("warn" if taken else "wait", steps_word(number, len(row.steps))),
            0,
            0,
            Qt.AlignmentFlag.AlignTop,
        )
        several = len(row.steps) > 1
        name = f"{row.title} ({steps_word(number, len(row.steps))})" if several else row.title
        grid.addWidget(Label(name, "value"), 0, 1)
        grid.addWidget(
            Label(size, "small", "muted", wrap=False, tabular=True),
            0,
            2,
            Qt.AlignmentFlag.AlignRight,
        )
        touched = list(dict.fromkeys(path for step in row.steps for path in step.touches))
        if touched:
            grid.addWidget(Elided(touched[0], "small", "muted"), 1, 1)
            if len(touched) > 1:
                more = translate("Plan", "and {n} more").format(n=len(touched) - 1)
                link = Button(more, self.details_wanted.emit, "link")
                link.setAccessibleName(
                    translate("Plan", "and {n} more paths of the step {title}").format(
                        n=len(touched) - 1, title=row.title
                    )
                )
                link.setFont(theme.font("link"))
                grid.addWidget(link, 1, 2, Qt.AlignmentFlag.AlignRight)
        if taken:
            grid.addWidget(Label(taken, "small", "warn"), 2, 1, 1, 2)
        grid.setRowMinimumHeight(1, 20)  # as tall with a link as without
        grid.setColumnStretch(1, 1)
        made.setAccessibleName(formatting.joined([row.title, size]))
        made.setAccessibleDescription("\n".join(filter(None, (taken, *touched))))
        return made
