"""Tells a screen reader that a label is a heading, and of which level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from PySide6.QtGui import QAccessible, QAccessibleAttributesInterface
from PySide6.QtWidgets import QAccessibleWidget
from shiboken6 import Shiboken, VoidPtr

if TYPE_CHECKING:
    from PySide6.QtWidgets import QLabel

# Qt's cache deletes an interface with its label, and PySide does not hand it over: without a
# reference here Python would delete it first.
_held: list[_Heading] = []


def tell_heading(label: QLabel, level: int) -> None:
    """Give a label the role of a heading, 1 for a page's or dialog's title and 2 for a card's.

    Qt's widgets have no property for it; their accessible interface has to be another one.
    """
    _held[:] = [one for one in _held if Shiboken.isValid(one)]
    made = _Heading(label, level)
    _held.append(made)
    QAccessible.registerAccessibleInterface(made)


class _Level(QAccessibleAttributesInterface):
    def __init__(self, level: int) -> None:
        super().__init__()
        self._level = level

    def attributeKeys(self) -> list[QAccessible.Attribute]:
        return [QAccessible.Attribute.Level]

    def attributeValue(self, key: QAccessible.Attribute) -> int | None:
        return self._level if key == QAccessible.Attribute.Level else None


class _Heading(QAccessibleWidget):
    """What Qt tells of any widget, with the role, the level and the label's own text.

    It asks the label and never keeps the interface that Qt made before: Qt deletes that one
    with the label, Python would go on taking its address for it, and whatever came to lie
    there next (a QTextDocument, once) was handed out as that old interface.
    """

    def __init__(self, label: QLabel, level: int) -> None:
        super().__init__(label, QAccessible.Role.Heading)
        self._level = _Level(level)

    def text(self, t: QAccessible.Text) -> str:
        if t == QAccessible.Text.Name:
            label = cast("QLabel", self.object())
            return label.accessibleName() or label.text()
        return super().text(t)

    def interface_cast(self, kind: QAccessible.InterfaceType) -> Any:
        if kind == QAccessible.InterfaceType.AttributesInterface:
            return VoidPtr(Shiboken.getCppPointer(self._level)[0])
        return VoidPtr(0)  # PySide 6.8.3 takes None and 0 for addresses, and the program dies
