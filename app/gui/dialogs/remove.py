"""The dialog that removes what this program put here, each with size and tick.

Nothing is ticked beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox

from app.gui import formatting, theme
from app.gui.formatting import translate
from app.gui.messages import localize
from app.gui.widgets.buttons import Button
from app.gui.widgets.card import Container, Elided, Label, across, line
from app.gui.widgets.dialog import Dialog
from app.model.errors import ExpectedError

if TYPE_CHECKING:
    from app.engine.uninstalling import Uninstallable
    from app.gui.frame import Frame


class Remove(Dialog):
    """A row for each thing. *Remove* is asked for by ticks alone; what goes is said before, and each
    row says what became of it. ``removed`` tells whether anything went.
    """

    def __init__(self, frame: Frame, items: Sequence[Uninstallable]) -> None:
        super().__init__(
            frame,
            translate("Remove", "Remove"),
            translate(
                "Remove",
                "All that this program put on this PC. What you tick is deleted for good; all else "
                "stays.",
            ),
            width=700,
        )
        self._frame, self._items = frame, {item.id: item for item in items}
        self.ticks: dict[str, QCheckBox] = {}
        self._messages: dict[str, Label] = {}
        self.removed = self.running = False
        for item in items:
            self.body.addWidget(self._build_row(item))
            self.body.addWidget(line())
        if not items:
            self.body.addWidget(
                Label(translate("Remove", "Nothing of this program is left here."), "text", "muted")
            )
        self.body.addStretch(1)
        self.sum = Label("", "small", "muted", tabular=True)
        self._outer.insertWidget(self._outer.count() - 1, self.sum)
        every = Button(translate("Remove", "Tick &everything"), self._tick_all, "link")
        every.setVisible(any(item.in_all for item in items))
        self._buttons.insertWidget(0, every)
        self.remove = self.button(translate("Remove", "&Remove"), self._remove_chosen)
        self.leave = self.button(translate("Remove", "Close"), self.reject, primary=True)
        self.leave.setFocus()
        self._update_sum()

    def _build_row(self, item: Uninstallable) -> Container:
        row = Container(gap=2)
        tick = QCheckBox(localize(item.title).replace("&", "&&"))
        tick.setFont(theme.font("value"))
        tick.setAccessibleName(f"{localize(item.title)}, {formatting.size(item.size)}, {item.path}")
        tick.toggled.connect(lambda _on: self._update_sum())
        self.ticks[item.id] = tick
        size = Label(formatting.size(item.size), "value", wrap=False, tabular=True)
        row.box.addLayout(across(tick, None, size))
        under = Container(gap=2)
        under.box.setContentsMargins(32, 0, 0, 4)
        under.box.addWidget(Elided(item.path, "mono", "muted"))
        message = Label(localize(item.keep), "small", "muted")
        message.setVisible(bool(item.keep))
        self._messages[item.id] = message
        under.box.addWidget(message)
        row.box.addWidget(under)
        return row

    def chosen(self) -> list[Uninstallable]:
        """What is ticked and still there."""
        return [
            self._items[name]
            for name, tick in self.ticks.items()
            if tick.isChecked() and tick.isEnabled()
        ]

    def _tick_all(self) -> None:
        """All that removing everything takes; what a person may miss is ticked one by one."""
        for name, tick in self.ticks.items():
            if tick.isEnabled() and self._items[name].in_all:
                tick.setChecked(True)

    def _update_sum(self) -> None:
        chosen = self.chosen()
        self.remove.setEnabled(bool(chosen) and not self.running)
        if self.running:
            return
        whole = sum(item.size for name, item in self._items.items() if self.ticks[name].isEnabled())
        part = sum(item.size for item in chosen)
        self.sum.setText(
            translate("Remove", "{part} of {whole} go, {rest} stay.").format(
                part=formatting.size(part),
                whole=formatting.size(whole),
                rest=formatting.size(whole - part),
            )
            if chosen
            else translate("Remove", "{whole} in all; nothing is ticked.").format(
                whole=formatting.size(whole)
            )
        )

    def _remove_chosen(self) -> None:
        chosen = self.chosen()
        if not chosen or self.running:
            return
        self.running = True
        for tick in self.ticks.values():
            tick.setEnabled(False)
        self.leave.setEnabled(False)
        self._update_sum()
        self.sum.setText(
            translate("Remove", "Removing {name} …").format(name=localize(chosen[0].title))
        )
        waiting = [item.id for item in chosen]
        stream = self._frame.stream(
            lambda: self._frame.session.undo.remove(chosen), partial(self._on_removed, waiting)
        )
        stream.ended.connect(partial(self._on_ended, waiting))
        before = self._frame.busy
        self._frame.busy = lambda: stream.running
        stream.ended.connect(lambda _fault: setattr(self._frame, "busy", before))
        stream.start()

    def _on_removed(self, waiting: list[str], item: Uninstallable) -> None:
        self.removed = True
        if item.id in waiting:
            waiting.remove(item.id)
        self.ticks[item.id].setChecked(False)
        self._show_message(
            item.id, localize(item.left) or translate("Remove", "Removed."), bool(item.left)
        )
        if waiting:
            self.sum.setText(
                translate("Remove", "Removing {name} …").format(
                    name=localize(self._items[waiting[0]].title)
                )
            )

    def _on_ended(self, waiting: list[str], fault: BaseException | None) -> None:
        self.running = False
        for name, tick in self.ticks.items():
            tick.setEnabled(name in waiting or not self._is_gone(name))
        if fault is not None and waiting:
            why = localize(fault.message) if isinstance(fault, ExpectedError) else str(fault)
            self._show_message(
                waiting[0], f"{why} {localize(getattr(fault, 'hint', ''))}".strip(), True
            )
        self.leave.setEnabled(True)
        self.leave.setFocus(Qt.FocusReason.OtherFocusReason)
        self._update_sum()

    def _is_gone(self, name: str) -> bool:
        return bool(self._messages[name].property("gone"))

    def _show_message(self, name: str, text: str, failed: bool) -> None:
        label = self._messages[name]
        label.setProperty("gone", not failed)
        label.set_ink("err" if failed else "ok")
        label.setText(text)
        label.show()

    def reject(self) -> None:
        """Not in the middle of a removal: what is ticked has to come to its end."""
        if not self.running:
            super().reject()


def offer(frame: Frame, items: Sequence[Uninstallable]) -> bool:
    """Show the dialog; whether anything was removed."""
    dialog = Remove(frame, items)
    dialog.exec()
    return dialog.removed
