"""Tells a screen reader that a label is a heading, and of which level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QAccessible, QAccessibleAttributesInterface, QAccessibleObject
from shiboken6 import Shiboken, VoidPtr

if TYPE_CHECKING:
    from PySide6.QtCore import QRect
    from PySide6.QtGui import QAccessibleInterface, QWindow
    from PySide6.QtWidgets import QLabel

# Qt's cache deletes an interface with its label, and PySide does not hand it over: without a
# reference here Python would delete it first.
_held: list[_Heading] = []


def tell_heading(label: QLabel, level: int) -> None:
    """Give a label the role of a heading, 1 for a page's or dialog's title and 2 for a card's.

    Qt's widgets have no property for it; their accessible interface has to be another one.
    """
    _held[:] = [one for one in _held if Shiboken.isValid(one)]
    made = _Heading(label, QAccessible.queryAccessibleInterface(label), level)
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


class _Heading(QAccessibleObject):
    """What Qt tells of a label, but for the role and the level."""

    def __init__(self, label: QLabel, plain: QAccessibleInterface, level: int) -> None:
        super().__init__(label)
        self._plain, self._level = plain, _Level(level)

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.Heading

    def text(self, t: QAccessible.Text) -> str:
        return self._plain.text(t)

    def state(self) -> QAccessible.State:
        return self._plain.state()

    def rect(self) -> QRect:
        return self._plain.rect()

    def window(self) -> QWindow:
        return self._plain.window()

    def parent(self) -> QAccessibleInterface:
        return self._plain.parent()

    def child(self, index: int) -> QAccessibleInterface:
        return self._plain.child(index)

    def childCount(self) -> int:
        return self._plain.childCount()

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return self._plain.indexOfChild(child)

    def focusChild(self) -> QAccessibleInterface:
        return self._plain.focusChild()

    def interface_cast(self, kind: QAccessible.InterfaceType) -> Any:
        if kind == QAccessible.InterfaceType.AttributesInterface:
            return VoidPtr(Shiboken.getCppPointer(self._level)[0])
        return VoidPtr(0)  # PySide 6.8.3 takes None and 0 for addresses, and the program dies
