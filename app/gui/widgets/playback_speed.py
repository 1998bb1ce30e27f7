"""How fast a recorded run plays back: three small buttons, one of them pressed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QButtonGroup

from app.gui.formatting import translate
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Container, Label

PACES = (1, 10, 60)


class PlaybackSpeed(Container):
    """``change`` is called with the factor that was pressed; ``now`` is the one in force."""

    def __init__(self, now: float, change: Callable[[float], object]) -> None:
        super().__init__(across=True, gap=6)
        self.box.addWidget(Label(translate("Pace", "Played back"), "small", "muted", wrap=False))
        self.buttons: dict[int, Button] = {}
        group = QButtonGroup(self)
        for factor in PACES:
            button = Button(f"{factor}×", partial(change, float(factor)), "small")
            button.setCheckable(True)
            button.setChecked(factor == now)
            button.setAccessibleName(
                translate("Pace", "As fast as it happened")
                if factor == 1
                else translate("Pace", "{n} times as fast as it happened").format(n=factor)
            )
            button.setToolTip(button.accessibleName())
            group.addButton(button)
            self.buttons[factor] = button
            self.box.addWidget(button)
