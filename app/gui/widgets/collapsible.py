"""Parts side by side that go below one another where the window is narrow."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget


class Collapsible(QWidget):
    """Put parts into ``box``. Below ``wide`` pixels they stand under one another; it can be as
    narrow as its widest part.

    Without ``wide`` they do so where they do not fit. ``turned`` says whether they now stand under
    one another.
    """

    turned = Signal(bool)

    def __init__(self, wide: int | None = None, gap: int = 8) -> None:
        super().__init__()
        self._wide = wide
        self.box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self.box.setContentsMargins(0, 0, 0, 0)
        self.box.setSpacing(gap)

    @property
    def folded(self) -> bool:
        """Whether the parts stand under one another."""
        return self.box.direction() == QBoxLayout.Direction.TopToBottom

    def minimumSizeHint(self) -> QSize:
        """The widest part's width, whichever way they stand now."""
        items = [self.box.itemAt(n) for n in range(self.box.count())]
        margins, widest = (
            self.box.contentsMargins(),
            max((i.minimumSize().width() for i in items if i is not None), default=0),
        )
        return QSize(widest + margins.left() + margins.right(), super().minimumSizeHint().height())

    def _needed_width(self) -> int:
        items = [self.box.itemAt(n) for n in range(self.box.count())]
        margins = self.box.contentsMargins()
        return (
            sum(i.sizeHint().width() for i in items if i is not None)
            + self.box.spacing() * (len(items) - 1)
            + margins.left()
            + margins.right()
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fold or unfold for the new width."""
        super().resizeEvent(event)
        self.refit()

    def refit(self) -> None:
        """Fold or unfold for the width that there is; call it where a part has another text."""
        narrow = self.width() < (self._needed_width() if self._wide is None else self._wide)
        if narrow != self.folded:
            self.box.setDirection(
                QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
            )
            self.updateGeometry()
            self.turned.emit(narrow)
