"""The keys of the window, for who has no mouse or wants none."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QWidget

from app.gui.formatting import translate
from app.gui.widgets.card import Label
from app.gui.widgets.dialog import Dialog


class Keys(Dialog):
    """One line for each key; F1 opens it on every page."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(
            parent,
            translate("Keys", "Keys"),
            translate("Keys", "Everything here can be done without a mouse."),
            width=560,
        )
        rows = (
            (
                translate("Keys", "Enter"),
                translate("Keys", "presses the button with the ring, else the green one"),
            ),
            (
                translate("Keys", "Tab, Shift+Tab"),
                translate("Keys", "to the next or the previous control"),
            ),
            (
                translate("Keys", "Space, arrows"),
                translate("Keys", "tick a box, choose in a list"),
            ),
            (
                translate("Keys", "Alt"),
                translate("Keys", "shows a letter in each button; with it the button is pressed"),
            ),
            (
                translate("Keys", "Esc"),
                translate("Keys", "closes a dialog; the window stays"),
            ),
            (translate("Keys", "F10"), translate("Keys", "opens the menu")),
            (translate("Keys", "F1"), translate("Keys", "shows these keys")),
        )
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        for at, (key, does) in enumerate(rows):
            grid.addWidget(Label(key, "value", wrap=False), at, 0)
            grid.addWidget(Label(does), at, 1)
        self.body.addLayout(grid)
        self.body.addStretch(1)
        self.button(translate("Keys", "Close"), self.accept, primary=True)
