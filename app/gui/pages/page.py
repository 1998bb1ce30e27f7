"""The frame of every page: title, body that scrolls, and a bar with one primary button."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, QTimer
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
    QWizardPage,
)

from app.engine.stages import Stage
from app.gui import theme
from app.gui.formatting import translate
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Heading, Label

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from app.engine.session import Session
    from app.gui.frame import Frame


_LINK_GAP = 24  # pixels between links that share a row with the buttons


class Bar(QFrame):
    """The foot of a page: quiet links at the left, buttons at the right, the primary one last."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("bar")
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(theme.PAGE_MARGIN, 14, theme.PAGE_MARGIN, 14)
        row.setSpacing(10)
        self._left, self._right = QHBoxLayout(), QHBoxLayout()
        self._left.setSpacing(_LINK_GAP)
        self._right.setSpacing(10)
        row.addLayout(self._left, 1)
        row.addLayout(self._right)
        self._left.addStretch(1)
        self._right.addStretch(0)  # keeps the buttons at the right where the links stand above them
        self.primary: Button | None = None
        self._later: QTimer | None = None

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The links find their place."""
        super().resizeEvent(event)
        self.fold()

    def refit(self) -> None:
        """Something was added or says something else: the rows are measured once all of it is
        there. The first paint has room for its two."""
        if not Button.mnemonics:
            return
        if self._later is None:
            self._later = QTimer(self)
            self._later.setSingleShot(True)
            self._later.timeout.connect(self.fold)
        self._later.start(0)

    def fold(self) -> None:
        """Links and notes go above the buttons where one row is too short for both."""
        width = self.width()
        closer = _LINK_GAP - self._left.spacing()  # where the links stand above the buttons now
        needed = (
            self._left.minimumSize().width()
            + closer * max(self._left.count() - 1, 0)
            + self._right.minimumSize().width()
            + 2 * theme.PAGE_MARGIN
            + 10
        )
        kind = QBoxLayout.Direction
        wanted = kind.TopToBottom if needed > width else kind.LeftToRight
        if wanted != self._row.direction():
            self._row.setDirection(wanted)
            self._left.setSpacing(14 if wanted == kind.TopToBottom else _LINK_GAP)

    def minimumSizeHint(self) -> QSize:
        """As wide as the wider of both rows."""
        wide = (
            max(self._left.minimumSize().width(), self._right.minimumSize().width())
            + 2 * theme.PAGE_MARGIN
        )
        return QSize(wide, super().minimumSizeHint().height())

    def link(self, text: str, act: Callable[[], object], about: str = "") -> Button:
        """Add a quiet act at the left."""
        return self._add_at_left(Button(text, act, "link", about))

    def note(self, text: str) -> Label:
        """Add a quiet sentence at the left."""
        made = Label(text, "small", "muted")
        self._left.insertWidget(self._left.count() - 1, made, 100)
        self.refit()
        return made

    def button(self, text: str, act: Callable[[], object], about: str = "") -> Button:
        """Add an ordinary button; it stands left of the primary one whenever it is added."""
        made = Button(text, act, "normal", about)
        at = self._right.count() - (1 if self.primary is not None else 0)
        self._right.insertWidget(at, made)
        self.refit()
        return made

    def main(self, text: str, act: Callable[[], object], about: str = "") -> Button:
        """Add the page's one primary button."""
        self.primary = Button(text, act, "primary", about)
        self._right.addWidget(self.primary)
        self.refit()
        return self.primary

    def set_compact(self, short: bool) -> None:
        """Less air above and below the buttons."""
        upper = 7 if short else 14
        self._row.setContentsMargins(theme.PAGE_MARGIN, upper, theme.PAGE_MARGIN, upper)

    def _add_at_left(self, made: Button) -> Button:
        self._left.insertWidget(self._left.count() - 1, made)
        self.refit()
        return made


class Filling(QVBoxLayout):
    """Takes the height that there is. By its texts' wish for height the whole page would scroll,
    and not its parts.
    """

    def hasHeightForWidth(self) -> bool:
        """Not asked for."""
        return False


class Page(QWizardPage):
    """A page of the wizard. Subclasses fill ``body`` and ``bar`` in ``build`` and refresh in
    ``enter``.

    Nothing is made before a page is first shown. ``rebuild`` throws the contents away and builds
    again: for another language, or when the machine has changed under the page.
    """

    stage: Stage
    # False: the body fills the page and its parts scroll; the whole does only where they cannot be
    # smaller
    scrolls = True

    def __init__(self, wizard: Frame) -> None:
        super().__init__()
        self.frame = wizard
        self.setObjectName("page")
        # QWizard puts a spring under every page that does not ask for the whole height.
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(0, 0, 0, 0)
        self._outer.setSpacing(0)
        self._content: QWidget | None = None
        self.title_label: Label
        self.subtitle_label: Label
        self.body: QVBoxLayout
        self.bar: Bar

    @property
    def session(self) -> Session:
        """The session."""
        return self.frame.session

    @property
    def built(self) -> bool:
        """Whether its widgets are there; not before it is first shown, and not while it waits to be
        built again.
        """
        return self._content is not None

    # ---- for subclasses

    def build(self) -> None:
        """Fill ``body`` and ``bar``; called once before the page is first shown, and again by
        ``rebuild``.
        """
        raise NotImplementedError

    def enter(self) -> None:
        """The page is about to be seen (each time)."""

    def complete(self) -> None:
        """Once after the window's first paint: the place for what the first page can do without for
        a moment.
        """

    def leave(self) -> None:
        """Another page is about to be seen."""

    def set_header(self, title: str, subtitle: str = "") -> None:
        """Set the title and the sentence under it."""
        self.title_label.setText(title)
        self.subtitle_label.setText(subtitle)
        self.setAccessibleName(title)
        self.setAccessibleDescription(subtitle)
        if self.frame.currentPage() is self:
            self.frame.name_window(title)

    def announce_head(self, *, urgent: bool = False) -> None:
        """Let a screen reader say title and subtitle: a verdict, an end, something in the way."""
        if self.frame.currentPage() is not self or not self.frame.painted:
            return
        from app.gui.announce import announce  # the first paint does without

        announce(self, f"{self.title_label.text()}. {self.subtitle_label.text()}", urgent=urgent)

    # ---- for the wizard

    def prepare(self) -> None:
        """Build the page if that has not happened, then ``enter``."""
        if self._content is None:
            self._build_frame()
            self.build()
        self.enter()
        self.set_tab_order()
        self.frame.name_window(self.title_label.text())

    def set_tab_order(self) -> None:
        """Let the Tab key go as the eye does; to be asked for again where parts of the page were
        made again.
        """
        if self._content is not None and self.frame.painted:
            from app.gui.widgets.tab_order import (
                set_tab_order,  # the first page is in order by itself
            )

            set_tab_order(self._content)

    def take_focus(self) -> None:
        """Put the keyboard on the primary button, else on the first control that can be seen:
        QWizard would leave it on a hidden button of its own.
        """
        if self._content is None or self.frame.currentPage() is not self:
            return
        primary, held = self.bar.primary, self.frame.focusWidget()
        if primary is not None and primary.isEnabled():
            primary.setFocus()
            return
        if held is not None and self.isAncestorOf(held) and held.isVisibleTo(self):
            return
        from app.gui.widgets.tab_order import tab_stops

        for stop in tab_stops(self._content):
            if stop.isEnabled() and stop.isVisibleTo(self):
                stop.setFocus()
                return

    def rebuild(self) -> None:
        """Make everything again."""
        if self._content is not None:
            old, self._content = self._content, None
            self._outer.removeWidget(old)
            old.hide()
            old.deleteLater()

    def _build_frame(self) -> None:
        content = QFrame()
        content.setObjectName(
            "page"
        )  # a frame, because it paints the sheet's ground where QWizard would show its own white
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        if self.frame.ready and self.session.simulated:
            column.addWidget(self._build_banner())
        self.title_label = Heading("", "h1", level=1, wrap=False)
        self.subtitle_label = Label("", "text", "muted")
        self._head = head = QVBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.title_label)
        head.addWidget(self.subtitle_label)
        column.addLayout(head)
        holder = QWidget()
        self.body = QVBoxLayout(holder) if self.scrolls else Filling(holder)
        self.body.setContentsMargins(
            theme.PAGE_MARGIN, 0, theme.PAGE_MARGIN, 16 if self.scrolls else 0
        )
        self.body.setSpacing(theme.GAP)
        column.addWidget(self._build_scroll_area(holder), 1)
        self.bar = Bar()
        column.addWidget(self.bar)
        self._outer.addWidget(content)
        self._content = content
        self.set_compact()

    def set_compact(self) -> None:
        """Less air above and below in a short window."""
        if self._content is None:
            return
        short = self.frame.cramped[1]
        self._head.setContentsMargins(
            theme.PAGE_MARGIN, 12 if short else 28, theme.PAGE_MARGIN, 10 if short else 16
        )
        self._head.setSpacing(2 if short else 6)
        self.bar.set_compact(short)

    def _build_banner(self) -> QFrame:
        banner = QFrame()
        banner.setObjectName("banner")
        row = QHBoxLayout(banner)
        row.setContentsMargins(theme.PAGE_MARGIN, 6, theme.PAGE_MARGIN, 6)
        text = Label(
            translate("Window", "Simulation: this is another computer, nothing is changed."), "link"
        )
        row.addWidget(text, 1)
        home = self.frame.home_session
        if home is not None:
            back = Button(
                translate("Window", "Back to this PC"),
                lambda: self.frame.after_handler(lambda: self.frame.open_session(home)),
                "link",
            )
            back.setFont(theme.font("link"))
            row.addWidget(back)
        banner.setAccessibleName(text.text())
        return banner

    def _build_scroll_area(self, holder: QWidget) -> QScrollArea:
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setProperty(
            "horizontalScrollBarPolicy", 1
        )  # always off; see theme.MIDDLE for why these are numbers
        area.setProperty("focusPolicy", 0)  # none: the keyboard goes to what is inside
        area.setWidget(holder)
        bar, body = area.verticalScrollBar(), self.body

        def keep_edge(_low: int, high: int) -> None:
            # The cards keep their right edge when a scroll bar appears beside them.
            wide = bar.sizeHint().width() if high > 0 else 0
            body.setContentsMargins(
                theme.PAGE_MARGIN, 0, theme.PAGE_MARGIN - wide, 16 if self.scrolls else 0
            )

        bar.rangeChanged.connect(keep_edge)
        return area
