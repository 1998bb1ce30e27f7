"""The way of the Tab key: as parts are laid out, and not as they happened to be made."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout, QScrollArea, QWidget


def tab_stops(widget: QWidget) -> Iterator[QWidget]:
    """A widget and what lies in it, where the Tab key may stop: from its layouts, which go as the
    eye does.
    """
    stop = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
    if stop:
        yield widget
    if isinstance(widget, QScrollArea):  # a list that scrolls by keyboard may hold links
        inside = widget.widget()
        if inside is not None:
            yield from tab_stops(inside)
        return
    layout = widget.layout()
    if layout is not None and not stop:  # what else lies within a control is its own affair
        yield from _widgets_of_layout(layout)


def _widgets_of_layout(layout: QLayout) -> Iterator[QWidget]:
    for at in range(layout.count()):
        item = layout.itemAt(at)
        if item is None:
            continue
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            yield from tab_stops(widget)
        elif inner is not None:
            yield from _widgets_of_layout(inner)


def set_tab_order(*parts: QWidget) -> None:
    """Let the Tab key go through these parts as they are laid out, one part after the other."""
    for one, other in pairwise([stop for part in parts for stop in tab_stops(part)]):
        QWidget.setTabOrder(one, other)
