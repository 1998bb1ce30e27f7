"""Tells the end of a run by the system's notification, where nobody looks at the window."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from app.gui.formatting import translate
from app.gui.messages import localize

_SHOWN_MS = 15_000  # systems have settings of their own and mostly go by those


class Notifications(Protocol):
    """The system's notifications as the window uses them."""

    def watched(self) -> bool:
        """Whether a window of this program is in front, so that nothing needs to be told."""

    def show(self, title: str, text: str) -> None:
        """Let the system tell it; nothing happens where it has no place for that."""


class TrayNotifications:
    """Qt's tray icon, which is there while its message counts (a balloon or toast on Windows, the
    desktop's notification service on Linux), and a mark on the task bar.
    """

    def __init__(self, window: QWidget) -> None:
        self._window = window
        self._icon: QSystemTrayIcon | None = None

    def watched(self) -> bool:
        """By Qt's state of the whole program, its dialogs included."""
        return QGuiApplication.applicationState() == Qt.ApplicationState.ApplicationActive

    def show(self, title: str, text: str) -> None:
        """A tray that is missing or takes no messages leaves the mark on the task bar."""
        QApplication.alert(self._window)
        if not (QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()):
            return
        if self._icon is None:
            self._icon = QSystemTrayIcon(self._window)
            self._icon.messageClicked.connect(self._bring_back)
            self._icon.activated.connect(self._bring_back)
            application = QApplication.instance()
            if isinstance(application, QGuiApplication):
                application.applicationStateChanged.connect(self._hide_when_seen)
        self._icon.setIcon(QApplication.windowIcon())
        self._icon.setToolTip(title)
        self._icon.show()
        self._icon.showMessage(title, text, QApplication.windowIcon(), _SHOWN_MS)

    def _bring_back(self) -> None:
        self._window.setWindowState(self._window.windowState() & ~Qt.WindowState.WindowMinimized)
        self._window.raise_()
        self._window.activateWindow()

    def _hide_when_seen(self, state: Qt.ApplicationState) -> None:
        if self._icon is not None and state == Qt.ApplicationState.ApplicationActive:
            self._icon.hide()


def tell_end(notifications: Notifications, plan: str, outcome: str) -> None:
    """That the run of a plan (its title) has ended, and how. A person who stopped it was there."""
    if outcome == "stopped" or notifications.watched():
        return
    text = (
        translate("Notification", "{plan}: ended.")
        if outcome == "finished"
        else translate("Notification", "{plan}: failed. The window says why.")
    )
    notifications.show(QApplication.applicationDisplayName(), text.format(plan=localize(plan)))
