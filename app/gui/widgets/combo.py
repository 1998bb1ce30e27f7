"""A combo box that the wheel does not turn.

Its text ends in an ellipsis where it does not fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent, QWheelEvent


class Combo(QComboBox):
    """The box of every choice in this program.

    Whoever scrolls the page means the page: a closed box hands the wheel on, so that nothing is
    chosen by accident. The style would cut the text at the arrow, in the middle of a letter; the
    tool tip has the whole.
    """

    def __init__(self) -> None:
        super().__init__()
        self.currentTextChanged.connect(self.setToolTip)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Not for a closed box; the open list is a widget of its own and scrolls."""
        event.ignore()

    def visible_text(self) -> str:
        """What of the chosen text can be read."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        room = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        return self.fontMetrics().elidedText(
            self.currentText(), Qt.TextElideMode.ElideRight, room.width() - 2
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """The box as the style draws it, around what of the text fits."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        option.currentText = self.visible_text()  # type: ignore[attr-defined]  # it is there; PySide6's stubs lack it
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()
